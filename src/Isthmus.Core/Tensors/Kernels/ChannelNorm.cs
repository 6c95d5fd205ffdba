using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// The last step of batch and group normalisation over [n, c, l]: each element is brought to its statistics' mean 0 and variance 1, then
/// scaled and shifted by channel. Statistics number s belongs to channel s (batch), or to a run of neighbouring channels of one sample (group).
/// </summary>
internal unsafe struct ChannelNorm
{
    /// <summary>Input, its output or derivative, and the derivative by the output (backward only).</summary>
    public float* X, Out, Dy;
    /// <summary>By channel; each may be null.</summary>
    public float* Gamma, Beta;
    /// <summary>By statistics; the two means, of g = dy gamma and of g times the normalised x, are for the backward pass.</summary>
    public float* Mean, Rstd, MeanG, MeanGx;
    /// <summary>Channels, elements of a channel, and neighbouring channels with common statistics (0: one per channel, for all samples).</summary>
    public long C, L, PerGroup;

    /// <summary>Out = (x - mean) rstd gamma + beta.</summary>
    public readonly void Forward(long n)
    {
        if (L == 1 && PerGroup == 0) Rows.EachRow(new FeatureForward { Of = this }, n, C);
        else Rows.EachRow(new ChannelForward { Of = this }, n * C, L);
    }

    /// <summary>Out = rstd (dy gamma - meanG - normalised x meanGx).</summary>
    public readonly void Backward(long n)
    {
        if (L == 1 && PerGroup == 0) Rows.EachRow(new FeatureBackward { Of = this }, n, C);
        else Rows.EachRow(new ChannelBackward { Of = this }, n * C, L);
    }

    private readonly long Statistics(long row) => PerGroup == 0 ? row % C : row / PerGroup;

    /// <summary>A row is one channel of one sample.</summary>
    private struct ChannelForward : IRowBody
    {
        public ChannelNorm Of;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var (s, c) = (Of.Statistics(row), row % Of.C);
            T mean = T.Of(Of.Mean[s]), scale = T.Of(Of.Rstd[s] * (Of.Gamma == null ? 1 : Of.Gamma[c])), beta = T.Of(Of.Beta == null ? 0 : Of.Beta[c]);
            float* x = Of.X + row * Of.L, y = Of.Out + row * Of.L;
            for (long i = 0; i < Of.L; i += 16)
            {
                var count = (int)Math.Min(16, Of.L - i);
                T.StorePart(T.Fma(T.LoadPart(x + i, count, 0f) - mean, scale, beta), y + i, count);
            }
        }
    }

    /// <summary>A row is one sample of single numbers, a channel each.</summary>
    private struct FeatureForward : IRowBody
    {
        public ChannelNorm Of;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            T one = T.Of(1f), zero = T.Of(0f);
            float* x = Of.X + row * Of.C, y = Of.Out + row * Of.C;
            for (long i = 0; i < Of.C; i += 16)
            {
                var count = (int)Math.Min(16, Of.C - i);
                var scale = T.LoadPart(Of.Rstd + i, count, 0f) * (Of.Gamma == null ? one : T.LoadPart(Of.Gamma + i, count, 0f));
                var beta = Of.Beta == null ? zero : T.LoadPart(Of.Beta + i, count, 0f);
                T.StorePart(T.Fma(T.LoadPart(x + i, count, 0f) - T.LoadPart(Of.Mean + i, count, 0f), scale, beta), y + i, count);
            }
        }
    }

    private struct ChannelBackward : IRowBody
    {
        public ChannelNorm Of;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var (s, c) = (Of.Statistics(row), row % Of.C);
            T mean = T.Of(Of.Mean[s]), rstd = T.Of(Of.Rstd[s]), gamma = T.Of(Of.Gamma == null ? 1 : Of.Gamma[c]), meanG = T.Of(Of.MeanG[s]), meanGx = T.Of(Of.MeanGx[s]);
            float* x = Of.X + row * Of.L, dy = Of.Dy + row * Of.L, dx = Of.Out + row * Of.L;
            for (long i = 0; i < Of.L; i += 16)
            {
                var count = (int)Math.Min(16, Of.L - i);
                var h = (T.LoadPart(x + i, count, 0f) - mean) * rstd;
                T.StorePart(rstd * T.Fma(-h, meanGx, T.Fma(T.LoadPart(dy + i, count, 0f), gamma, -meanG)), dx + i, count);
            }
        }
    }

    private struct FeatureBackward : IRowBody
    {
        public ChannelNorm Of;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var one = T.Of(1f);
            float* x = Of.X + row * Of.C, dy = Of.Dy + row * Of.C, dx = Of.Out + row * Of.C;
            for (long i = 0; i < Of.C; i += 16)
            {
                var count = (int)Math.Min(16, Of.C - i);
                var rstd = T.LoadPart(Of.Rstd + i, count, 0f);
                var gamma = Of.Gamma == null ? one : T.LoadPart(Of.Gamma + i, count, 0f);
                var h = (T.LoadPart(x + i, count, 0f) - T.LoadPart(Of.Mean + i, count, 0f)) * rstd;
                var g = T.Fma(T.LoadPart(dy + i, count, 0f), gamma, -T.LoadPart(Of.MeanG + i, count, 0f));
                T.StorePart(rstd * T.Fma(-h, T.LoadPart(Of.MeanGx + i, count, 0f), g), dx + i, count);
            }
        }
    }
}
