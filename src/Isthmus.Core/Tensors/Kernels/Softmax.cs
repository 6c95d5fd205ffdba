using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// softmax(x)_c = e^(x_c - max) / sum of e^(x - max), row by row. A row of -inf only, or with +inf or NaN, gives NaN as in PyTorch.
/// Outputs may be the input arrays themselves.
/// </summary>
internal static unsafe class Softmax
{
    /// <summary>y = softmax of each row of x.</summary>
    public static void Forward(float* x, long rows, long cols, float* y) => Rows.EachRow(new ForwardRow { X = x, Y = y, Cols = cols }, rows, cols);

    /// <summary>dx = y (dy - sum of y dy), from the softmax y and the derivative dy after it.</summary>
    public static void Backward(float* y, float* dy, long rows, long cols, float* dx) => Rows.EachRow(new BackwardRow { Y = y, Dy = dy, Dx = dx, Cols = cols }, rows, cols);

    /// <summary>The largest element of a row, -inf where there is none; NaN may be passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float RowMax<T>(float* x, long n) where T : struct, ILane<T>
    {
        var max = T.Of(float.NegativeInfinity);
        for (long i = 0; i < n; i += 16)
        {
            var v = T.LoadPart(x + i, (int)Math.Min(16, n - i), float.NegativeInfinity);
            max = T.Larger(max, v);
        }
        return T.Largest(max);
    }

    /// <summary>
    /// The sum of e^(x - shift) over a row, in blocks of 4096. Whole sixteens of exponentials go to y unless it is null, the rest is
    /// handed back: read again at once, what was stored in part would be waited for.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static float SumOfExp<T>(float* x, long n, float shift, float* y, out T rest) where T : struct, ILane<T>
    {
        double total = 0;
        var by = T.Of(shift);
        rest = T.Of(0f);
        for (long at = 0; at < n; at += 4096)
        {
            var sum = T.Of(0f);
            var end = Math.Min(n, at + 4096);
            for (var i = at; i < end; i += 16)
            {
                var e = VectorMath.Exp(T.LoadPart(x + i, (int)Math.Min(16, end - i), float.NegativeInfinity) - by);
                if (i + 16 > end) rest = e;
                else if (y != null) T.Store(e, y + i);
                sum += e;
            }
            total += T.Sum(sum);
        }
        return (float)total;
    }

    /// <summary>The same, where only the sum is wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float SumOfExp<T>(float* x, long n, float shift) where T : struct, ILane<T> => SumOfExp<T>(x, n, shift, null, out _);

    private struct ForwardRow : IRowBody
    {
        public float* X, Y;
        public long Cols;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var y = Y + row * Cols;
            var x = X + row * Cols;
            var scale = T.Of(1f / SumOfExp<T>(x, Cols, RowMax<T>(x, Cols), y, out var rest));
            long i = 0;
            for (; i + 16 <= Cols; i += 16) T.Store(T.Load(y + i) * scale, y + i);
            if (i < Cols) T.StorePart(rest * scale, y + i, (int)(Cols - i));
        }
    }

    private struct BackwardRow : IRowBody
    {
        public float* Y, Dy, Dx;
        public long Cols;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* y = Y + row * Cols, dy = Dy + row * Cols, dx = Dx + row * Cols;
            var dot = T.Of(Rows.Reduce<ProductTerm, T>(new ProductTerm(), y, dy, Cols));
            for (long i = 0; i < Cols; i += 16)
            {
                var count = (int)Math.Min(16, Cols - i);
                T.StorePart(T.LoadPart(y + i, count, 0f) * (T.LoadPart(dy + i, count, 0f) - dot), dx + i, count);
            }
        }
    }
}

/// <summary>log softmax(x)_c = x_c - max - log(sum of e^(x - max)), row by row, with the special values of <see cref="Softmax"/>.</summary>
internal static unsafe class LogSoftmax
{
    /// <summary>y = log softmax of each row of x.</summary>
    public static void Forward(float* x, long rows, long cols, float* y) => Rows.EachRow(new ForwardRow { X = x, Y = y, Cols = cols }, rows, cols);

    /// <summary>dx = dy - e^y (sum of dy), from the log softmax y and the derivative dy after it.</summary>
    public static void Backward(float* y, float* dy, long rows, long cols, float* dx) => Rows.EachRow(new BackwardRow { Y = y, Dy = dy, Dx = dx, Cols = cols }, rows, cols);

    private struct ForwardRow : IRowBody
    {
        public float* X, Y;
        public long Cols;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* x = X + row * Cols, y = Y + row * Cols;
            var max = Softmax.RowMax<T>(x, Cols);
            var log = T.Of(LogSumExp.Log<T>(Softmax.SumOfExp<T>(x, Cols, max)));
            for (long i = 0; i < Cols; i += 16)
            {
                var count = (int)Math.Min(16, Cols - i);
                T.StorePart(T.LoadPart(x + i, count, 0f) - T.Of(max) - log, y + i, count);
            }
        }
    }

    private struct BackwardRow : IRowBody
    {
        public float* Y, Dy, Dx;
        public long Cols;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* y = Y + row * Cols, dy = Dy + row * Cols, dx = Dx + row * Cols;
            var sum = T.Of(-Rows.Reduce<PlainTerm, T>(new PlainTerm(), dy, dy, Cols));
            for (long i = 0; i < Cols; i += 16)
            {
                var count = (int)Math.Min(16, Cols - i);
                T.StorePart(T.Fma(VectorMath.Exp(T.LoadPart(y + i, count, 0f)), sum, T.LoadPart(dy + i, count, 0f)), dx + i, count);
            }
        }
    }
}

/// <summary>log(sum of e^x), row by row; -inf for a row of -inf only, +inf for one with +inf.</summary>
internal static unsafe class LogSumExp
{
    /// <summary>y[r] = log(sum of e^x[r, :]).</summary>
    public static void Forward(float* x, long rows, long cols, float* y) => Rows.EachRow(new ForwardRow { X = x, Y = y, Cols = cols }, rows, cols);

    /// <summary>The logarithm of one number; in lanes, which spare the masks their way through integer registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Log<T>(float x) where T : struct, ILane<T> => T.Largest(VectorMath.Log(T.Of(x)));

    private struct ForwardRow : IRowBody
    {
        public float* X, Y;
        public long Cols;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var x = X + row * Cols;
            var max = Softmax.RowMax<T>(x, Cols);
            if (float.IsInfinity(max)) max = 0;
            Y[row] = max + Log<T>(Softmax.SumOfExp<T>(x, Cols, max));
        }
    }
}
