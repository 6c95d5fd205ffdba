using System.Globalization;

namespace Isthmus.Coding;

/// <summary>
/// Tables of rounded real variables: P(k) = F(k + ½) − F(k − ½), with an escape for the tails (J. Ballé, D. Minnen, S. Singh,
/// S. J. Hwang, N. Johnston, "Variational image compression with a scale hyperprior", ICLR 2018, equation 6). All arithmetic is
/// <c>+ − × ÷</c> in a fixed order, so two machines that build a table build the same integers; what a receiver uses should come
/// frozen from the model file all the same (<see cref="TableSet"/>).
/// </summary>
public static class PriorTables
{
    /// <summary>The mass outside a table that goes through its escape: 10^-9, both tails together.</summary>
    public const double TailMass = 1e-9;

    private const int MostEntries = 8191; // wider densities leave the rest to the escape

    /// <summary>The table of round(x) for x of a density.</summary>
    /// <param name="density">The shape.</param>
    /// <param name="scale">Its scale, positive and finite, in units of the integers.</param>
    /// <param name="center">Its median, within ±2^30, for integers that are not centred on zero.</param>
    /// <param name="precision">p: frequencies sum to 2^p.</param>
    /// <exception cref="ArgumentOutOfRangeException">Scale or centre out of range.</exception>
    public static FrequencyTable Discretize(Density density, double scale, double center = 0, int precision = 16)
    {
        if (!(scale > 0) || double.IsInfinity(scale)) throw new ArgumentOutOfRangeException(nameof(scale), scale, "a positive, finite scale is required");
        if (!(Math.Abs(center) <= 1 << 30)) throw new ArgumentOutOfRangeException(nameof(center), center, "a centre within ±2^30 is required");
        var middle = (int)Math.Floor(center + 0.5);
        var radius = (int)Math.Min((MostEntries - 1) / 2, Math.Ceiling(scale * TailQuantile(density)));
        var pmf = new double[2 * radius + 1];
        var inside = 0.0;
        for (var i = 0; i < pmf.Length; i++)
        {
            var x = middle - radius + i - center;
            inside += pmf[i] = Mass(density, (x - 0.5) / scale, (x + 0.5) / scale);
        }
        return FrequencyTable.FromPmf(pmf, middle - radius, precision, escape: Math.Max(TailMass, 1 - inside), everySymbol: true);
    }

    /// <summary>The mass that a density of scale 1 gives to an interval, without cancellation in either tail.</summary>
    /// <param name="density">The shape.</param>
    /// <param name="from">The lower end.</param>
    /// <param name="to">The upper end, not below the lower.</param>
    public static double Mass(Density density, double from, double to)
    {
        if (!(from <= to)) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"PriorTables.Mass: [{from}, {to}] is no interval"));
        return from + to > 0 ? Cdf(density, -from) - Cdf(density, -to) : Cdf(density, to) - Cdf(density, from);
    }

    /// <summary>P(X ≤ x) for a density of scale 1. Relative error below 2e-13.</summary>
    public static double Cdf(Density density, double x) => density switch
    {
        Density.Gaussian => FixedMath.NormalCdf(x),
        Density.Laplace => x < 0 ? 0.5 * FixedMath.Exp(x) : 1 - 0.5 * FixedMath.Exp(-x),
        Density.Logistic => FixedMath.Sigmoid(x),
        _ => throw new ArgumentOutOfRangeException(nameof(density), density, "no such density"),
    };

    // The x above which half of TailMass lies, by bisection down to neighbouring doubles.
    private static double TailQuantile(Density density)
    {
        var (low, high) = (0.0, 64.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = 0.5 * (low + high);
            if (Cdf(density, -middle) > TailMass / 2) low = middle;
            else high = middle;
        }
        return high;
    }
}
