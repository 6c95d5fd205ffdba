namespace Isthmus.Information;

/// <summary>Closed forms between Gaussians with diagonal covariance: the yardsticks of variational rates.</summary>
public static class GaussianDivergence
{
    /// <summary>D(N(mean, variance) ‖ N(otherMean, otherVariance)), summed over dimensions.</summary>
    public static Bits KullbackLeibler(ReadOnlySpan<double> mean, ReadOnlySpan<double> variance, ReadOnlySpan<double> otherMean, ReadOnlySpan<double> otherVariance)
    {
        var nats = 0.0;
        for (var k = 0; k < Dimensions(mean, variance, otherMean, otherVariance); k++)
        {
            var difference = mean[k] - otherMean[k];
            nats += 0.5 * (variance[k] / otherVariance[k] + difference * difference / otherVariance[k] - 1 + Math.Log(otherVariance[k] / variance[k]));
        }
        return Bits.FromNats(nats);
    }

    /// <summary>The Cauchy–Schwarz divergence −ln (∫pq)² / (∫p² ∫q²), in nats of its own: not Shannon information.</summary>
    public static double CauchySchwarz(ReadOnlySpan<double> mean, ReadOnlySpan<double> variance, ReadOnlySpan<double> otherMean, ReadOnlySpan<double> otherVariance)
    {
        var nats = 0.0;
        for (var k = 0; k < Dimensions(mean, variance, otherMean, otherVariance); k++)
        {
            var (difference, sum) = (mean[k] - otherMean[k], variance[k] + otherVariance[k]);
            nats += difference * difference / sum + Math.Log(sum) - 0.5 * Math.Log(4 * variance[k] * otherVariance[k]);
        }
        return nats;
    }

    private static int Dimensions(ReadOnlySpan<double> mean, ReadOnlySpan<double> variance, ReadOnlySpan<double> otherMean, ReadOnlySpan<double> otherVariance)
    {
        if (variance.Length != mean.Length || otherMean.Length != mean.Length || otherVariance.Length != mean.Length)
            throw new ArgumentException(FormattableString.Invariant(
                $"gaussian divergence: {mean.Length} and {otherMean.Length} means, {variance.Length} and {otherVariance.Length} variances; all must be as many"));
        for (var k = 0; k < mean.Length; k++)
            if (!(variance[k] > 0 && otherVariance[k] > 0)) throw new InputException(FormattableString.Invariant($"gaussian divergence: variance {k} is not above 0"));
        return mean.Length;
    }
}
