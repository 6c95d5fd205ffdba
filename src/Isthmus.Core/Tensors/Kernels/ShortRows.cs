using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>What products and convolutions do with short rows, all rows in one call: the widest lanes that fit a row, its end by an overlapping lane.</summary>
internal static unsafe class ShortRows
{
    /// <summary>Partial sums of a dot product, whatever the machine's lanes.</summary>
    public const int DotSums = 32;

    /// <summary>What a row's columns become when whole lanes of <see cref="Add"/> cover them.</summary>
    public static int Rounded(int columns)
    {
        var lane = columns > 8 ? 16 : columns > 4 ? 8 : 4;
        return (columns + lane - 1) / lane * lane;
    }

    /// <summary>Copies rows into a contiguous block; up to a lane behind the block is overwritten and behind each row is read.</summary>
    public static void Pour(int rows, int columns, float* from, nint fromRow, float* to)
    {
        if (Lane16.IsAccelerated && columns > 8) Pour<Lane16>(rows, columns, from, fromRow, to);
        else if (Lane8.IsAccelerated && columns > 4) Pour<Lane8>(rows, columns, from, fromRow, to);
        else if (Lane4.IsAccelerated && columns > 1) Pour<Lane4>(rows, columns, from, fromRow, to);
        else Pour<Lane1>(rows, columns, from, fromRow, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pour<T>(int rows, int columns, float* from, nint fromRow, float* to) where T : struct, ILane<T>
    {
        if (columns <= T.Width)
            for (; rows > 0; rows--, from += fromRow, to += columns) T.Store(T.Load(from), to);
        else
            for (; rows > 0; rows--, from += fromRow, to += columns)
                for (var i = 0; i < columns; i += T.Width) T.Store(T.Load(from + i), to + i);
    }

    /// <summary>Sets rows to 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Zero(int rows, int columns, float* to, nint toRow)
    {
        if (columns == 0) return;
        for (var r = 0; r < rows; r++, to += toRow)
            for (var i = 0; i < columns; i++) to[i] = 0f;
    }

    /// <summary>to[r][i] = from[r][i * step].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pick(int rows, int columns, float* from, nint fromRow, nint step, float* to, nint toRow)
    {
        for (var r = 0; r < rows; r++, from += fromRow, to += toRow)
            for (var i = 0; i < columns; i++) to[i] = from[i * step];
    }

    /// <summary>to[r][i * step] = from[r][i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Place(int rows, int columns, float* from, nint fromRow, float* to, nint toRow, nint step)
    {
        for (var r = 0; r < rows; r++, from += fromRow, to += toRow)
            for (var i = 0; i < columns; i++) to[i * step] = from[i];
    }

    /// <summary>a[r][t] = from[r][2t] and b[r][t] = from[r][2t + 1], for rows of so many columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unzip(int rows, int columns, float* from, nint fromRow, float* a, float* b, nint toRow)
    {
        var width = Lanes.ZipWidth(columns);
        var last = (columns - width) & ~1;
        for (var r = 0; r < rows; r++, from += fromRow, a += toRow, b += toRow)
        {
            var i = 0;
            if (width > 0)
            {
                for (; i < last; i += width) Lanes.Unzip(width, from + i, a + i / 2, b + i / 2);
                Lanes.Unzip(width, from + last, a + last / 2, b + last / 2);
                i = last + width;
            }
            for (; i < columns; i++) (i % 2 == 0 ? a : b)[i / 2] = from[i];
        }
    }

    /// <summary>to[r][2t] = a[r][t] and to[r][2t + 1] = b[r][t], for rows of so many columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Zip(int rows, int columns, float* a, float* b, nint fromRow, float* to, nint toRow)
    {
        var width = Lanes.ZipWidth(columns);
        var last = (columns - width) & ~1;
        for (var r = 0; r < rows; r++, to += toRow, a += fromRow, b += fromRow)
        {
            var i = 0;
            if (width > 0)
            {
                for (; i < last; i += width) Lanes.Zip(width, a + i / 2, b + i / 2, to + i);
                Lanes.Zip(width, a + last / 2, b + last / 2, to + last);
                i = last + width;
            }
            for (; i < columns; i++) to[i] = (i % 2 == 0 ? a : b)[i / 2];
        }
    }

    /// <summary>to[r][i] = from[r][i].</summary>
    public static void Copy(int rows, int columns, float* from, nint fromRow, float* to, nint toRow)
    {
        if (Lane16.IsAccelerated && columns >= 16) Copy<Lane16>(rows, columns, from, fromRow, to, toRow);
        else if (Lane8.IsAccelerated && columns >= 8) Copy<Lane8>(rows, columns, from, fromRow, to, toRow);
        else if (Lane4.IsAccelerated && columns >= 4) Copy<Lane4>(rows, columns, from, fromRow, to, toRow);
        else Copy<Lane1>(rows, columns, from, fromRow, to, toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<T>(int rows, int columns, float* from, nint fromRow, float* to, nint toRow) where T : struct, ILane<T>
    {
        var end = columns - T.Width;
        for (; rows > 0; rows--, from += fromRow, to += toRow)
        {
            for (var i = 0; i < end; i += T.Width) T.Store(T.Load(from + i), to + i);
            T.Store(T.Load(from + end), to + end);
        }
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

    /// <summary>to[r][i] = fma(scale, from[r][i], to[r][i]); up to a lane behind each row is read, and written as it was.</summary>
    public static void Add(int rows, int columns, float scale, float* from, nint fromRow, float* to, nint toRow)
    {
        if (Lane16.IsAccelerated && columns > 8) Add<Lane16>(rows, columns, scale, from, fromRow, to, toRow);
        else if (Lane8.IsAccelerated && columns > 4) Add<Lane8>(rows, columns, scale, from, fromRow, to, toRow);
        else if (Lane4.IsAccelerated && columns > 1) Add<Lane4>(rows, columns, scale, from, fromRow, to, toRow);
        else Add<Lane1>(rows, columns, scale, from, fromRow, to, toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add<T>(int rows, int columns, float scale, float* from, nint fromRow, float* to, nint toRow) where T : struct, ILane<T>
    {
        var s = T.Of(scale);
        var end = (columns - 1) / T.Width * T.Width;
        var mask = T.Load(Lanes.FirstOnes(columns - end));
        for (; rows > 0; rows--, from += fromRow, to += toRow)
        {
            for (var i = 0; i < end; i += T.Width) T.Store(T.Fma(s, T.Load(from + i), T.Load(to + i)), to + i);
            var old = T.Load(to + end);
            T.Store(T.Select(mask, T.Fma(s, T.Load(from + end), old), old), to + end);
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
        var first = T.Of(bias);
        for (; rows > 0; rows -= 2, x += 2 * xRow, y += 2 * columns)
        {
            // Two rows share a weight; the last row of an odd number is done twice.
            var (xNext, yNext) = rows > 1 ? (xRow, columns) : (0, 0);
            for (var i = 0; i < columns; i += T.Width)
            {
                var at = Math.Min(i, columns - T.Width);
                T upper = T.Of(0f), lower = upper;
                for (var t = 0; t < count; t++)
                {
                    var weight = T.Of(w[t]);
                    var input = x + taps[t] + at;
                    upper = T.Fma(weight, T.Load(input), upper);
                    lower = T.Fma(weight, T.Load(input + xNext), lower);
                }
                T.Store(upper + first, y + at);
                T.Store(lower + first, y + yNext + at);
            }
        }
    }

    /// <summary>
    /// sums[r % 2][i % 16] = fma(x[r][i], y[r][i], the same) for ascending r and i; y's rows are contiguous; up to 16 floats behind a
    /// row are read.
    /// </summary>
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
        const int Side = DotSums / 2;
        var end = (columns - 1) / Side * Side;
        for (var lane = 0; lane < Side; lane += T.Width)
        {
            T even = T.Load(sums + lane), odd = T.Load(sums + Side + lane), mask = T.Load(Lanes.FirstOnes(columns - end) + lane);
            float* a = x + lane, b = y + lane;
            var r = 0;
            for (; r + 2 <= rows; r += 2, a += 2 * xRow, b += 2 * columns)
            {
                for (var i = 0; i < end; i += Side)
                {
                    even = T.Fma(T.Load(a + i), T.Load(b + i), even);
                    odd = T.Fma(T.Load(a + xRow + i), T.Load(b + columns + i), odd);
                }
                even = T.Select(mask, T.Fma(T.Load(a + end), T.Load(b + end), even), even);
                odd = T.Select(mask, T.Fma(T.Load(a + xRow + end), T.Load(b + columns + end), odd), odd);
            }
            if (r < rows)
            {
                for (var i = 0; i < end; i += Side) even = T.Fma(T.Load(a + i), T.Load(b + i), even);
                even = T.Select(mask, T.Fma(T.Load(a + end), T.Load(b + end), even), even);
            }
            T.Store(even, sums + lane);
            T.Store(odd, sums + Side + lane);
        }
    }
}
