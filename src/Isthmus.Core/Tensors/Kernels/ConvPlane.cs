namespace Isthmus.Tensors.Kernels;

/// <summary>
/// One channel's input, padded, each row sorted by column modulo the stride. So the inputs that one tap (kh, kw) of the kernel
/// meets along a row of outputs lie side by side, for every stride and dilation.
/// </summary>
internal readonly unsafe struct ConvPlane
{
    private readonly ConvShape _s;
    private readonly int _rows, _phase, _top, _left;

    /// <summary>The plane under a piece of the outputs.</summary>
    public ConvPlane(in ConvShape s, in ConvPiece piece)
    {
        _s = s;
        _top = piece.Row * s.StrideH - s.PadH;
        _left = piece.Column * s.StrideW - s.PadW;
        _rows = (piece.Rows - 1) * s.StrideH + (s.KH - 1) * s.DilationH + 1;
        _phase = ((piece.Columns - 1) * s.StrideW + (s.KW - 1) * s.DilationW) / s.StrideW + 1;
    }

    /// <summary>The plane of a whole image, with the inputs that no output sees.</summary>
    public ConvPlane(in ConvShape s)
        : this(s, new ConvPiece(0, 1, 0, s.OutH, 0, s.OutW))
    {
        _rows = Math.Max(_rows, s.H + s.PadH);
        _phase = Math.Max(_phase, (s.W + s.PadW - 1) / s.StrideW + 1);
    }

    private int RowLength => _phase * _s.StrideW;
    /// <summary>Floats of a plane; a lane more may be read.</summary>
    public int Size => _rows * RowLength;
    /// <summary>From the inputs of one row of outputs to those of the next.</summary>
    public int OutputRow => _s.StrideH * RowLength;

    /// <summary>Where the inputs of each tap begin; this thread's, until the next call.</summary>
    public int* Taps()
    {
        var taps = (int*)Scratch.Get(Scratch.Use.Taps, _s.Taps);
        for (int kh = 0, tap = 0; kh < _s.KH; kh++)
            for (var kw = 0; kw < _s.KW; kw++, tap++)
                taps[tap] = kh * _s.DilationH * RowLength + kw * _s.DilationW % _s.StrideW * _phase + kw * _s.DilationW / _s.StrideW;
        return taps;
    }

    /// <summary>Fills a plane from a channel.</summary>
    public void Fill(float* channel, float* plane)
    {
        var first = Math.Clamp(-_top, 0, _rows);
        var last = Math.Clamp(_s.H - _top, first, _rows);
        new Span<float>(plane, first * RowLength).Clear();
        new Span<float>(plane + last * RowLength, (_rows - last) * RowLength).Clear();
        if (first == last) return;
        channel += (nint)(_top + first) * _s.W;
        plane += first * RowLength;
        for (var q = 0; q < _s.StrideW; q++, plane += _phase)
        {
            var left = _left + q;
            var (from, until) = Inside(left);
            ConvRows.Zero(last - first, from, plane, RowLength);
            if (from < until) ConvRows.Pick(last - first, until - from, channel + left + from * _s.StrideW, _s.W, _s.StrideW, plane + from, RowLength);
            ConvRows.Zero(last - first, _phase - until, plane + until, RowLength);
        }
    }

    /// <summary>Writes a whole image's plane back to a channel.</summary>
    public void Spread(float* plane, float* channel)
    {
        plane += _s.PadH * RowLength;
        for (var q = 0; q < _s.StrideW; q++, plane += _phase)
        {
            var left = q - _s.PadW;
            var (from, until) = Inside(left);
            if (from < until) ConvRows.Place(_s.H, until - from, plane + from, RowLength, channel + left + from * _s.StrideW, _s.W, _s.StrideW);
        }
    }

    /// <summary>Which of a phase's columns left, left + stride, ... are inside the input.</summary>
    private (int From, int Until) Inside(int left)
    {
        var from = left >= 0 ? 0 : Math.Min(_phase, (_s.StrideW - 1 - left) / _s.StrideW);
        var until = left >= _s.W ? 0 : Math.Min(_phase, (_s.W - 1 - left) / _s.StrideW + 1);
        return (from, Math.Max(from, until));
    }
}
