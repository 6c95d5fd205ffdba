using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>y = x / sqrt(mean(x^2) + eps) gamma over each row (Zhang, Sennrich 2019); gamma may be null.</summary>
internal static unsafe class RmsNorm
{
    /// <summary>Writes y and keeps each row's 1 / sqrt(mean(x^2) + eps); y may be x.</summary>
    public static void Forward(float* x, long rows, long cols, float* gamma, float eps, float* y, float* rstd) =>
        Rows.EachRow(new ForwardRow { X = x, Gamma = gamma, Y = y, Rstd = rstd, Cols = cols, Eps = eps }, rows, cols);

    /// <summary>Derivatives by x and gamma from dy; each output may be null. dx may be dy if dgamma is null.</summary>
    public static void Backward(float* dy, float* x, long rows, long cols, float* gamma, float* rstd, float* dx, float* dgamma)
    {
        if (dgamma != null) Rows.ReduceMiddle(new NormalisedProduct(rstd), dy, x, 1, rows, cols, dgamma);
        if (dx != null) Rows.EachRow(new BackwardRow { Dy = dy, X = x, Gamma = gamma, Rstd = rstd, Dx = dx, Cols = cols }, rows, cols);
    }

    private readonly struct NormalisedProduct(float* rstd) : IColumnTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Of<T>(T a, T b, long row, long col, int count) where T : struct, ILane<T> => a * (b * T.Of(rstd[row]));
    }

    private struct ForwardRow : IRowBody
    {
        public float* X, Gamma, Y, Rstd;
        public long Cols;
        public float Eps;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* x = X + row * Cols, y = Y + row * Cols;
            var s = (float)(1 / Math.Sqrt((double)Rows.Reduce<SquareTerm, T>(new SquareTerm(), x, x, Cols) / Cols + Eps));
            Rstd[row] = s;
            T rstd = T.Of(s), one = T.Of(1f);
            for (long i = 0; i < Cols; i += 16)
            {
                var count = (int)Math.Min(16, Cols - i);
                T.StorePart(T.LoadPart(x + i, count, 0f) * rstd * (Gamma == null ? one : T.LoadPart(Gamma + i, count, 1f)), y + i, count);
            }
        }
    }

    private struct BackwardRow : IRowBody
    {
        public float* Dy, X, Gamma, Rstd, Dx;
        public long Cols;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* x = X + row * Cols, dy = Dy + row * Cols, dx = Dx + row * Cols;
            T rstd = T.Of(Rstd[row]), one = T.Of(1f);
            // With g = dy gamma and h = x rstd: dx = rstd (g - h mean(g h)).
            double sum = 0;
            for (long at = 0; at < Cols; at += 4096)
            {
                var partial = T.Of(0f);
                var end = Math.Min(Cols, at + 4096);
                for (var i = at; i < end; i += 16)
                {
                    var count = (int)Math.Min(16, end - i);
                    var g = T.LoadPart(dy + i, count, 0f) * (Gamma == null ? one : T.LoadPart(Gamma + i, count, 1f));
                    partial = T.Fma(g, T.LoadPart(x + i, count, 0f) * rstd, partial);
                }
                sum += T.Sum(partial);
            }
            var mean = T.Of((float)(sum / Cols));
            for (long i = 0; i < Cols; i += 16)
            {
                var count = (int)Math.Min(16, Cols - i);
                var g = T.LoadPart(dy + i, count, 0f) * (Gamma == null ? one : T.LoadPart(Gamma + i, count, 1f));
                T.StorePart(rstd * T.Fma(-(T.LoadPart(x + i, count, 0f) * rstd), mean, g), dx + i, count);
            }
        }
    }
}
