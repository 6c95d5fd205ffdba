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
    }

    private int RowLength => _phase * _s.StrideW;
    /// <summary>Floats of a plane; a lane more may be read.</summary>
    public int Size => _rows * RowLength;
    /// <summary>From the inputs of one row of outputs to those of the next.</summary>
    public int OutputRow => _s.StrideH * RowLength;

    /// <summary>Where the inputs of a tap begin.</summary>
    public int Tap(int kh, int kw) =>
        kh * _s.DilationH * RowLength + kw * _s.DilationW % _s.StrideW * _phase + kw * _s.DilationW / _s.StrideW;

    /// <summary>Fills a plane from a channel.</summary>
    public void Fill(float* channel, float* plane)
    {
        for (var r = 0; r < _rows; r++, plane += RowLength)
        {
            var h = _top + r;
            if (h < 0 || h >= _s.H) new Span<float>(plane, RowLength).Clear();
            else
                for (var q = 0; q < _s.StrideW; q++) FillRow(channel + (nint)h * _s.W, _left + q, plane + q * _phase);
        }
    }

    /// <summary>Writes a whole image's plane back to a channel.</summary>
    public void Spread(float* plane, float* channel)
    {
        for (var h = 0; h < _s.H; h++, channel += _s.W)
            for (var q = 0; q < _s.StrideW; q++)
            {
                var (from, to) = Inside(q - _s.PadW);
                var row = plane + (h + _s.PadH) * RowLength + q * _phase;
                if (_s.StrideW == 1) new Span<float>(row + from, to - from).CopyTo(new Span<float>(channel, to - from));
                else
                    for (int i = from, w = from * _s.StrideW + q - _s.PadW; i < to; i++, w += _s.StrideW) channel[w] = row[i];
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillRow(float* x, int left, float* to)
    {
        var (from, until) = Inside(left);
        for (var i = 0; i < from; i++) to[i] = 0f;
        for (var i = until; i < _phase; i++) to[i] = 0f;
        x += left;
        if (_s.StrideW == 1) new Span<float>(x + from, until - from).CopyTo(new Span<float>(to + from, until - from));
        else
            for (int i = from, w = from * _s.StrideW; i < until; i++, w += _s.StrideW) to[i] = x[w];
    }

    /// <summary>Which of a phase's columns left, left + stride, ... are inside the input.</summary>
    private (int From, int To) Inside(int left)
    {
        var from = left >= 0 ? 0 : Math.Min(_phase, (_s.StrideW - 1 - left) / _s.StrideW);
        var to = left >= _s.W ? 0 : Math.Min(_phase, (_s.W - 1 - left) / _s.StrideW + 1);
        return (from, Math.Max(from, to));
    }
}
