using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>Windows over planes of h times w; a kernel of 0 divides each side into equal shares, which overlap where they do not come out even.</summary>
internal readonly record struct PoolShape(long Planes, int H, int W, int OutH, int OutW, int Kernel, int Stride, int Padding, bool Line = false)
{
    /// <summary>The places of a whole window, padding included; signals have windows of one row.</summary>
    public int Places => Line ? Kernel : Kernel * Kernel;

    /// <summary>The rows of window o, from..to.</summary>
    public (int From, int To) Rows(int o) => Window(o, H, OutH);

    /// <summary>The columns of window o, from..to.</summary>
    public (int From, int To) Columns(int o) => Window(o, W, OutW);

    private (int From, int To) Window(int o, int size, int parts)
    {
        if (Kernel == 0) return ((int)((long)o * size / parts), (int)((((long)o + 1) * size + parts - 1) / parts));
        var from = (o * Stride) - Padding;
        return (Math.Max(0, from), Math.Min(size, from + Kernel));
    }
}

/// <summary>Largest elements, means and sums of windows, one plane at a time; padding counts into a mean as zeros.</summary>
internal static unsafe class Pooling
{
    /// <summary>y = the largest element of each window; NaN where one is there.</summary>
    public static void Max(in PoolShape s, float* x, float* y) => Rows.EachRow(new MaxBody { S = s, X = x, Y = y }, s.Planes, (long)s.H * s.W);

    /// <summary>dx gets each window's dy at its largest element, the first of equals.</summary>
    public static void MaxBackward(in PoolShape s, float* x, float* dy, float* dx) =>
        Rows.EachRow(new MaxBody { S = s, X = x, Y = dy, Dx = dx }, s.Planes, (long)s.H * s.W);

    /// <summary>y = the sum of each window, or its mean.</summary>
    public static void Sum(in PoolShape s, bool mean, float* x, float* y) => Rows.EachRow(new SumBody { S = s, Mean = mean, X = x, Y = y }, s.Planes, (long)s.H * s.W);

    /// <summary>dx = at each place the sum of dy, or of its share of a mean, over the windows that hold it.</summary>
    public static void SumBackward(in PoolShape s, bool mean, float* dy, float* dx) =>
        Rows.EachRow(new SumBody { S = s, Mean = mean, Y = dy, Dx = dx }, s.Planes, (long)s.H * s.W);

    private struct MaxBody : IRowBody
    {
        public PoolShape S;
        public float* X, Y, Dx;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long plane) where T : struct, ILane<T>
        {
            var (size, outs) = ((long)S.H * S.W, (long)S.OutH * S.OutW);
            float* x = X + plane * size, y = Y + plane * outs;
            if (Dx != null) new Span<float>(Dx + plane * size, (int)size).Clear();
            for (var oh = 0; oh < S.OutH; oh++)
            {
                var (top, bottom) = S.Rows(oh);
                for (var ow = 0; ow < S.OutW; ow++)
                {
                    var (left, right) = S.Columns(ow);
                    var best = (long)top * S.W + left;
                    for (var h = top; h < bottom; h++)
                        for (var w = left; w < right; w++)
                        {
                            var at = (long)h * S.W + w;
                            if (x[at] > x[best] || (float.IsNaN(x[at]) && !float.IsNaN(x[best]))) best = at;
                        }
                    if (Dx == null) *y++ = x[best];
                    else Dx[plane * size + best] += *y++;
                }
            }
        }
    }

    private struct SumBody : IRowBody
    {
        public PoolShape S;
        public bool Mean;
        public float* X, Y, Dx;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long plane) where T : struct, ILane<T>
        {
            var (size, outs) = ((long)S.H * S.W, (long)S.OutH * S.OutW);
            float* x = X + plane * size, y = Y + plane * outs, dx = Dx + plane * size;
            if (Dx != null) new Span<float>(dx, (int)size).Clear();
            for (var oh = 0; oh < S.OutH; oh++)
            {
                var (top, bottom) = S.Rows(oh);
                for (var ow = 0; ow < S.OutW; ow++)
                {
                    var (left, right) = S.Columns(ow);
                    var scale = !Mean ? 1f : 1f / (S.Kernel == 0 ? (bottom - top) * (right - left) : S.Places);
                    var (sum, share) = (0f, Dx == null ? 0f : *y * scale);
                    for (var h = top; h < bottom; h++)
                        for (var w = left; w < right; w++)
                            if (Dx == null) sum += x[(long)h * S.W + w];
                            else dx[(long)h * S.W + w] += share;
                    if (Dx == null) *y = sum * scale;
                    y++;
                }
            }
        }
    }
}
