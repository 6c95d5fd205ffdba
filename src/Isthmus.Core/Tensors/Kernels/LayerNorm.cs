using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// y = (x - mean) / sqrt(variance + eps) gamma + beta over each row (Ba, Kiros, Hinton 2016), with the variance divided by the number of columns.
/// gamma and beta may each be null.
/// </summary>
internal static unsafe class LayerNorm
{
    /// <summary>Writes y and keeps each row's mean and 1 / sqrt(variance + eps); y may be x.</summary>
    public static void Forward(float* x, long rows, long cols, float* gamma, float* beta, float eps, float* y, float* mean, float* rstd) =>
        Rows.EachRow(new ForwardRow { X = x, Gamma = gamma, Beta = beta, Y = y, Mean = mean, Rstd = rstd, Cols = cols, Eps = eps }, rows, cols);

    /// <summary>Derivatives by x, gamma and beta from dy; each of the three outputs may be null. dx may be dy if the other two are null.</summary>
    public static void Backward(float* dy, float* x, long rows, long cols, float* gamma, float* mean, float* rstd, float* dx, float* dgamma, float* dbeta)
    {
        if (dgamma != null) Rows.ReduceMiddle(new NormalisedProduct(mean, rstd), dy, x, 1, rows, cols, dgamma);
        if (dbeta != null) Rows.SumColumns(dy, rows, cols, dbeta);
        if (dx != null) Rows.EachRow(new BackwardRow { Dy = dy, X = x, Gamma = gamma, Mean = mean, Rstd = rstd, Dx = dx, Cols = cols }, rows, cols);
    }

    /// <summary>The mean of a row and 1 / sqrt(variance + eps), in two passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (float Mean, float Rstd) Statistics<T>(float* x, long n, float eps) where T : struct, ILane<T>
    {
        var mean = (float)((double)Rows.Reduce<PlainTerm, T>(new PlainTerm(), x, x, n) / n);
        var variance = (double)Rows.Reduce<CentredSquareTerm, T>(new CentredSquareTerm(mean), x, x, n) / n;
        return (mean, (float)(1 / Math.Sqrt(variance + eps)));
    }

    /// <summary>dy (x - mean) rstd, whose column sums are the derivative by gamma.</summary>
    private readonly struct NormalisedProduct(float* mean, float* rstd) : IColumnTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Of<T>(T a, T b, long row, long col, int count) where T : struct, ILane<T> => a * ((b - T.Of(mean[row])) * T.Of(rstd[row]));
    }

    private struct ForwardRow : IRowBody
    {
        public float* X, Gamma, Beta, Y, Mean, Rstd;
        public long Cols;
        public float Eps;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* x = X + row * Cols, y = Y + row * Cols;
            var (m, s) = Statistics<T>(x, Cols, Eps);
            (Mean[row], Rstd[row]) = (m, s);
            T mean = T.Of(m), rstd = T.Of(s), one = T.Of(1f), zero = T.Of(0f);
            for (long i = 0; i < Cols; i += 16)
            {
                var count = (int)Math.Min(16, Cols - i);
                var gamma = Gamma == null ? one : T.LoadPart(Gamma + i, count, 1f);
                var beta = Beta == null ? zero : T.LoadPart(Beta + i, count, 0f);
                T.StorePart(T.Fma((T.LoadPart(x + i, count, 0f) - mean) * rstd, gamma, beta), y + i, count);
            }
        }
    }

    private struct BackwardRow : IRowBody
    {
        public float* Dy, X, Gamma, Mean, Rstd, Dx;
        public long Cols;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* x = X + row * Cols, dy = Dy + row * Cols, dx = Dx + row * Cols;
            T mean = T.Of(Mean[row]), rstd = T.Of(Rstd[row]), one = T.Of(1f);
            // With g = dy gamma and h the normalised x: dx = rstd (g - mean(g) - h mean(g h)).
            double sumG = 0, sumGh = 0;
            for (long at = 0; at < Cols; at += 4096)
            {
                T g0 = T.Of(0f), g1 = g0;
                var end = Math.Min(Cols, at + 4096);
                for (var i = at; i < end; i += 16)
                {
                    var count = (int)Math.Min(16, end - i);
                    var g = T.LoadPart(dy + i, count, 0f) * (Gamma == null ? one : T.LoadPart(Gamma + i, count, 1f));
                    g0 += g;
                    g1 = T.Fma(g, (T.LoadPart(x + i, count, 0f) - mean) * rstd, g1);
                }
                sumG += T.Sum(g0);
                sumGh += T.Sum(g1);
            }
            T meanG = T.Of((float)(sumG / Cols)), meanGh = T.Of((float)(sumGh / Cols));
            for (long i = 0; i < Cols; i += 16)
            {
                var count = (int)Math.Min(16, Cols - i);
                var g = T.LoadPart(dy + i, count, 0f) * (Gamma == null ? one : T.LoadPart(Gamma + i, count, 1f));
                var h = (T.LoadPart(x + i, count, 0f) - mean) * rstd;
                T.StorePart(rstd * T.Fma(-h, meanGh, g - meanG), dx + i, count);
            }
        }
    }
}
