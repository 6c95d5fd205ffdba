using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Group normalisation over [n, c, l] (Wu, He 2018): in each sample, runs of c/groups neighbouring channels are brought to mean 0 and
/// variance 1, then each channel is scaled by gamma and shifted by beta, which may each be null. As many groups as channels make instance normalisation.
/// </summary>
internal static unsafe class GroupNorm
{
    /// <summary>Writes y and keeps mean and 1 / sqrt(variance + eps) of each sample's groups, [n, groups]; y may be x.</summary>
    public static void Forward(float* x, long n, long c, long l, long groups, float* gamma, float* beta, float eps, float* y, float* mean, float* rstd)
    {
        Rows.EachRow(new Statistics { X = x, Mean = mean, Rstd = rstd, Cols = c / groups * l, Eps = eps }, n * groups, c / groups * l);
        new ChannelNorm { X = x, Out = y, Gamma = gamma, Beta = beta, Mean = mean, Rstd = rstd, C = c, L = l, PerGroup = c / groups }.Forward(n);
    }

    /// <summary>Derivatives from dy; each of the three outputs may be null. dx may be dy.</summary>
    public static void Backward(float* dy, float* x, long n, long c, long l, long groups, float* gamma, float* mean, float* rstd, float* dx, float* dgamma, float* dbeta)
    {
        var memory = (float*)NativeMemory.Alloc((nuint)(2 * n * (c + groups)), sizeof(float));
        try
        {
            float* sums = memory, products = sums + n * c, meanG = products + n * c, meanGx = meanG + n * groups;
            Rows.EachRow(new ChannelSums { Dy = dy, X = x, Mean = mean, Rstd = rstd, Sums = sums, Products = products, PerGroup = c / groups, L = l }, n * c, l);
            if (dgamma != null) Rows.SumColumns(products, n, c, dgamma);
            if (dbeta != null) Rows.SumColumns(sums, n, c, dbeta);
            if (dx == null) return;
            GroupMeans(sums, gamma, n, c, l, groups, meanG);
            GroupMeans(products, gamma, n, c, l, groups, meanGx);
            new ChannelNorm { X = x, Out = dx, Dy = dy, Gamma = gamma, Mean = mean, Rstd = rstd, MeanG = meanG, MeanGx = meanGx, C = c, L = l, PerGroup = c / groups }.Backward(n);
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    private static void GroupMeans(float* sums, float* gamma, long n, long c, long l, long groups, float* means)
    {
        var each = c / groups;
        for (long row = 0; row < n * groups; row++)
        {
            double sum = 0;
            for (var i = row * each; i < (row + 1) * each; i++) sum += (double)sums[i] * (gamma == null ? 1 : gamma[i % c]);
            means[row] = (float)(sum / (each * l));
        }
    }

    private struct Statistics : IRowBody
    {
        public float* X, Mean, Rstd;
        public long Cols;
        public float Eps;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T> => (Mean[row], Rstd[row]) = LayerNorm.Statistics<T>(X + row * Cols, Cols, Eps);
    }

    /// <summary>For each sample's channel the sum of dy and of dy times the normalised x.</summary>
    private struct ChannelSums : IRowBody
    {
        public float* Dy, X, Mean, Rstd, Sums, Products;
        public long PerGroup, L;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* dy = Dy + row * L, x = X + row * L;
            Sums[row] = Rows.Reduce<PlainTerm, T>(new PlainTerm(), dy, dy, L);
            Products[row] = Rstd[row / PerGroup] * Rows.Reduce<CentredProductTerm, T>(new CentredProductTerm(Mean[row / PerGroup]), dy, x, L);
        }
    }
}
