namespace Isthmus.Information;

/// <summary>Closed forms for jointly Gaussian variables whose correlations are known.</summary>
public static class GaussianMeasures
{
    /// <summary>I = −½ Σ log2 (1 − ρ_i²) of independent pairs with correlations ρ_i.</summary>
    /// <exception cref="InputException">A correlation is not strictly between −1 and 1.</exception>
    public static Bits MutualInformation(params double[] correlations)
    {
        GaussianBottleneck.RequireCorrelations(correlations);
        return Bits.FromNats(correlations.Sum(rho => -Numerics.Log1P(-rho * rho) / 2));
    }

    /// <summary>The positive correlation of one pair whose mutual information is given: √(1 − e^(−2I)), I in nats.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The information is negative.</exception>
    public static double Correlation(Bits information)
    {
        if (!(information.Value >= 0)) throw new ArgumentOutOfRangeException(nameof(information), information, "at least 0 bits is required");
        return Math.Sqrt(-Numerics.ExpM1(-2 * information.Nats));
    }

    /// <summary>The differential entropy ½ log2 (2πe σ²) of a Gaussian.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The variance is not positive.</exception>
    public static Bits Entropy(double variance)
    {
        if (!(variance > 0)) throw new ArgumentOutOfRangeException(nameof(variance), variance, "a positive variance is required");
        return Bits.FromNats(Math.Log(2 * Math.PI * Math.E * variance) / 2);
    }
}
