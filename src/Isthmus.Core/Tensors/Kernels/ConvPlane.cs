using System.Runtime.CompilerServices;

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
        // A lane at a row's end does not reach the next row, whose sum would wait for its store.
        _phase = Math.Max(_phase, ShortRows.Rounded(s.OutW) + (s.KW - 1) * s.DilationW / s.StrideW);
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill(float* channel, float* plane)
    {
        var first = Math.Clamp(-_top, 0, _rows);
        var last = Math.Clamp(_s.H - _top, first, _rows);
        new Span<float>(plane, first * RowLength).Clear();
        new Span<float>(plane + last * RowLength, (_rows - last) * RowLength).Clear();
        if (first == last) return;
        channel += (nint)(_top + first) * _s.W;
        plane += first * RowLength;
        var rows = last - first;
        for (var q = 0; q < _s.StrideW; q++)
        {
            var (from, until) = Inside(_left + q);
            ShortRows.Zero(rows, from, plane + q * _phase, RowLength);
            ShortRows.Zero(rows, _phase - until, plane + q * _phase + until, RowLength);
            if (_s.StrideW > 2) ShortRows.Pick(rows, until - from, channel + _left + q + from * _s.StrideW, _s.W, _s.StrideW, plane + q * _phase + from, RowLength);
        }
        if (_s.StrideW > 2) return;
        var (column, columns) = Covered;
        if (columns <= 0) return;
        channel += column;
        if (_s.StrideW == 1) ShortRows.Copy(rows, columns, channel, _s.W, plane + column - _left, RowLength);
        else ShortRows.Unzip(rows, columns, channel, _s.W, plane + At(column), plane + At(column + 1), RowLength);
    }

    /// <summary>Writes a whole image's plane back to a channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Spread(float* plane, float* channel)
    {
        plane += _s.PadH * RowLength;
        if (_s.StrideW == 1) ShortRows.Copy(_s.H, _s.W, plane + _s.PadW, RowLength, channel, _s.W);
        else if (_s.StrideW == 2) ShortRows.Zip(_s.H, _s.W, plane + At(0), plane + At(1), RowLength, channel, _s.W);
        else
            for (var q = 0; q < _s.StrideW; q++)
            {
                var (from, until) = Inside(q - _s.PadW);
                ShortRows.Place(_s.H, until - from, plane + q * _phase + from, RowLength, channel + q - _s.PadW + from * _s.StrideW, _s.W, _s.StrideW);
            }
    }

    /// <summary>The input's columns that the plane covers: the first, and how many.</summary>
    private (int Column, int Columns) Covered
    {
        get
        {
            var column = Math.Max(0, _left);
            return (column, Math.Min(_s.W, _left + RowLength) - column);
        }
    }

    /// <summary>Where an input's column is in a row of the plane.</summary>
    private int At(int column) => (column - _left) % _s.StrideW * _phase + (column - _left) / _s.StrideW;

    /// <summary>Which of a phase's columns left, left + stride, ... are inside the input.</summary>
    private (int From, int Until) Inside(int left)
    {
        var from = left >= 0 ? 0 : Math.Min(_phase, (_s.StrideW - 1 - left) / _s.StrideW);
        var until = left >= _s.W ? 0 : Math.Min(_phase, (_s.W - 1 - left) / _s.StrideW + 1);
        return (from, Math.Max(from, until));
    }
}
