using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Batch normalisation over [n, c, l] (Ioffe, Szegedy 2015): each channel is brought to mean 0 and variance 1 over samples and places, then
/// scaled by gamma and shifted by beta, which may each be null. Variances are taken in two passes, in fixed order.
/// </summary>
internal static unsafe class BatchNorm
{
    /// <summary>
    /// Normalises by the batch's own statistics, keeps mean and 1 / sqrt(variance + eps) of each channel, and moves the running statistics by momentum
    /// towards the batch's mean and unbiased variance unless they are null. y may be x.
    /// </summary>
    public static void Forward(float* x, long n, long c, long l, float* gamma, float* beta, float eps, float momentum, float* runningMean, float* runningVariance, float* y, float* mean, float* rstd)
    {
        var count = (double)n * l;
        Sums<PlainTerm, PlainColumn>(new PlainColumn(), x, x, null, n, c, l, mean);
        for (long i = 0; i < c; i++) mean[i] = (float)(mean[i] / count);
        Sums<CentredSquareTerm, CentredSquareColumn>(new CentredSquareColumn(mean), x, x, mean, n, c, l, rstd);
        for (long i = 0; i < c; i++)
        {
            if (runningMean != null) runningMean[i] += momentum * (mean[i] - runningMean[i]);
            if (runningVariance != null) runningVariance[i] += momentum * ((float)(rstd[i] / Math.Max(1, count - 1)) - runningVariance[i]);
            rstd[i] = (float)(1 / Math.Sqrt(rstd[i] / count + eps));
        }
        new ChannelNorm { X = x, Out = y, Gamma = gamma, Beta = beta, Mean = mean, Rstd = rstd, C = c, L = l }.Forward(n);
    }

    /// <summary>Normalises by the running statistics; rstd is kept for the backward pass. y may be x.</summary>
    public static void Evaluate(float* x, long n, long c, long l, float* gamma, float* beta, float eps, float* runningMean, float* runningVariance, float* y, float* rstd)
    {
        for (long i = 0; i < c; i++) rstd[i] = (float)(1 / Math.Sqrt((double)runningVariance[i] + eps));
        new ChannelNorm { X = x, Out = y, Gamma = gamma, Beta = beta, Mean = runningMean, Rstd = rstd, C = c, L = l }.Forward(n);
    }

    /// <summary>
    /// Derivatives from dy, with the mean and rstd of the forward pass; batch says whether these were the batch's own, which then depend on
    /// x. dgamma and dbeta are always written; dx may be null, or dy itself.
    /// </summary>
    public static void Backward(float* dy, float* x, long n, long c, long l, float* gamma, float* mean, float* rstd, bool batch, float* dx, float* dgamma, float* dbeta)
    {
        Sums<PlainTerm, PlainColumn>(new PlainColumn(), dy, dy, null, n, c, l, dbeta);
        Sums<CentredProductTerm, CentredProductColumn>(new CentredProductColumn(mean), dy, x, mean, n, c, l, dgamma);
        for (long i = 0; i < c; i++) dgamma[i] *= rstd[i];
        if (dx == null) return;
        var means = (float*)NativeMemory.AllocZeroed((nuint)(2 * c), sizeof(float));
        try
        {
            for (long i = 0; batch && i < c; i++)
            {
                var g = (gamma == null ? 1 : gamma[i]) / ((double)n * l);
                means[i] = (float)(g * dbeta[i]);
                means[c + i] = (float)(g * dgamma[i]);
            }
            new ChannelNorm { X = x, Out = dx, Dy = dy, Gamma = gamma, Mean = mean, Rstd = rstd, MeanG = means, MeanGx = means + c, C = c, L = l }.Backward(n);
        }
        finally
        {
            NativeMemory.Free(means);
        }
    }

    /// <summary>y[channel] = sum of the terms of a and b over samples and places; the two terms say the same of a row and of a column.</summary>
    private static void Sums<TTerm, TColumn>(TColumn column, float* a, float* b, float* centre, long n, long c, long l, float* y)
        where TTerm : unmanaged, ICentredTerm<TTerm> where TColumn : unmanaged, IColumnTerm
    {
        if (l == 1) Rows.ReduceMiddle(column, a, b, 1, n, c, y);
        else Rows.EachRow(new ChannelSum<TTerm> { A = a, B = b, Centre = centre, Y = y, N = n, C = c, L = l }, c, n * l);
    }

    private struct ChannelSum<TTerm> : IRowBody where TTerm : unmanaged, ICentredTerm<TTerm>
    {
        public float* A, B, Centre, Y;
        public long N, C, L;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long channel) where T : struct, ILane<T>
        {
            var term = TTerm.At(Centre == null ? 0 : Centre[channel]);
            double sum = 0;
            for (long n = 0; n < N; n++)
            {
                var at = (n * C + channel) * L;
                sum += Rows.Reduce<TTerm, T>(term, A + at, B + at, L);
            }
            Y[channel] = (float)sum;
        }
    }
}
