using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>What convolutions do with short rows, all rows in one call: the widest lanes that fit a row, its end by an overlapping lane.</summary>
internal static unsafe class ConvRows
{
    /// <summary>Partial sums of a dot product, whatever the machine's lanes.</summary>
    public const int DotSums = 16;

    /// <summary>Copies rows into a contiguous block; up to a lane behind the block is overwritten and behind each row is read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy<T>(int rows, int columns, float* from, nint fromRow, float* to) where T : struct, ILane<T>
    {
        for (var r = 0; r < rows; r++, from += fromRow, to += columns)
            for (var i = 0; i < columns; i += T.Width) T.Store(T.Load(from + i), to + i);
    }

    /// <summary>Copies rows.</summary>
    public static void CopyExact(int rows, int columns, float* from, nint fromRow, float* to, nint toRow)
    {
        for (var r = 0; r < rows; r++, from += fromRow, to += toRow)
            new Span<float>(from, columns).CopyTo(new Span<float>(to, columns));
    }

    /// <summary>to[i] = from[i] + bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Bias<T>(int columns, float* from, float bias, float* to) where T : struct, ILane<T>
    {
        var b = T.Of(bias);
        var i = 0;
        for (; i + T.Width <= columns; i += T.Width) T.Store(T.Load(from + i) + b, to + i);
        for (; i < columns; i++) to[i] = from[i] + bias;
    }

    /// <summary>to[r][i] = fma(scale, from[r][i], to[r][i]).</summary>
    public static void Add(int rows, int columns, float scale, float* from, nint fromRow, float* to, nint toRow)
    {
        if (Lane16.IsAccelerated && columns >= 16) Add<Lane16>(rows, columns, scale, from, fromRow, to, toRow);
        else if (Lane8.IsAccelerated && columns >= 8) Add<Lane8>(rows, columns, scale, from, fromRow, to, toRow);
        else if (Lane4.IsAccelerated && columns >= 4) Add<Lane4>(rows, columns, scale, from, fromRow, to, toRow);
        else Add<Lane1>(rows, columns, scale, from, fromRow, to, toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add<T>(int rows, int columns, float scale, float* from, nint fromRow, float* to, nint toRow) where T : struct, ILane<T>
    {
        var s = T.Of(scale);
        var end = columns - T.Width;
        for (var r = 0; r < rows; r++, from += fromRow, to += toRow)
        {
            var last = T.Fma(s, T.Load(from + end), T.Load(to + end));
            for (var i = 0; i < end; i += T.Width) T.Store(T.Fma(s, T.Load(from + i), T.Load(to + i)), to + i);
            T.Store(last, to + end);
        }
    }

    /// <summary>y[r][i] = the sum by fma in ascending t of w[t] * x[r][taps[t] + i], plus bias; y's rows are contiguous.</summary>
    public static void Filter(int rows, int columns, float* x, nint xRow, int count, int* taps, float* w, float bias, float* y)
    {
        if (Lane16.IsAccelerated && columns >= 16) Filter<Lane16>(rows, columns, x, xRow, count, taps, w, bias, y);
        else if (Lane8.IsAccelerated && columns >= 8) Filter<Lane8>(rows, columns, x, xRow, count, taps, w, bias, y);
        else if (Lane4.IsAccelerated && columns >= 4) Filter<Lane4>(rows, columns, x, xRow, count, taps, w, bias, y);
        else Filter<Lane1>(rows, columns, x, xRow, count, taps, w, bias, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Filter<T>(int rows, int columns, float* x, nint xRow, int count, int* taps, float* w, float bias, float* y) where T : struct, ILane<T>
    {
        for (var r = 0; r < rows; r++, x += xRow, y += columns)
            for (var i = 0; i < columns; i += T.Width)
            {
                var at = Math.Min(i, columns - T.Width);
                var sum = T.Of(0f);
                for (var t = 0; t < count; t++) sum = T.Fma(T.Of(w[t]), T.Load(x + taps[t] + at), sum);
                T.Store(sum + T.Of(bias), y + at);
            }
    }

    /// <summary>sums[i % 16] = fma(x[r][i], y[r][i], sums[i % 16]) for the whole sixteens of all rows, then for what is left of them.</summary>
    public static void Dot(int rows, int columns, float* x, nint xRow, float* y, float* sums)
    {
        if (Lane16.IsAccelerated) Dot<Lane16>(rows, columns, x, xRow, y, sums);
        else if (Lane8.IsAccelerated) Dot<Lane8>(rows, columns, x, xRow, y, sums);
        else if (Lane4.IsAccelerated) Dot<Lane4>(rows, columns, x, xRow, y, sums);
        else Dot<Lane1>(rows, columns, x, xRow, y, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot<T>(int rows, int columns, float* x, nint xRow, float* y, float* sums) where T : struct, ILane<T>
    {
        var whole = columns / DotSums * DotSums;
        for (var lane = 0; lane < DotSums; lane += T.Width)
        {
            var sum = T.Load(sums + lane);
            for (var r = 0; r < rows; r++)
                for (var i = lane; i < whole; i += DotSums) sum = T.Fma(T.Load(x + r * xRow + i), T.Load(y + (nint)r * columns + i), sum);
            T.Store(sum, sums + lane);
        }
        for (var r = 0; r < rows; r++, x += xRow, y += columns)
            for (var i = whole; i < columns; i++) sums[i - whole] = MathF.FusedMultiplyAdd(x[i], y[i], sums[i - whole]);
    }
}
