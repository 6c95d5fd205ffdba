namespace Isthmus.Information;

/// <summary>
/// The width σ of the Gaussian kernel exp(−‖a − b‖²/2σ²). Programs differ in the convention: where a width is called s in
/// exp(−‖a − b‖²/s), σ = √(s/2).
/// </summary>
public readonly record struct KernelWidth
{
    private const int MedianRows = 1000;

    private readonly double _fixed;
    private readonly Rule _rule;

    private KernelWidth(Rule rule, double width) => (_rule, _fixed) = (rule, width);

    private enum Rule
    {
        Scott,
        Silverman,
        Median,
        Fixed,
    }

    /// <summary>n^(−1/(d+4)) times the root mean variance of the columns (Scott, "Multivariate Density Estimation", 1992).</summary>
    public static KernelWidth Scott => new(Rule.Scott, 0);

    /// <summary>(4/(d+2))^(1/(d+4)) n^(−1/(d+4)) times the root mean variance of the columns (Silverman 1986, equation 4.14).</summary>
    public static KernelWidth Silverman => new(Rule.Silverman, 0);

    /// <summary>The median distance between two of the first 1,000 rows (the median heuristic of kernel tests).</summary>
    public static KernelWidth Median => new(Rule.Median, 0);

    /// <summary>A given σ, above 0.</summary>
    public static KernelWidth Of(double sigma)
    {
        if (!(sigma > 0) || !double.IsFinite(sigma)) throw new InputException(FormattableString.Invariant($"kernel width {sigma}: it must be above 0"));
        return new KernelWidth(Rule.Fixed, sigma);
    }

    /// <summary>σ for these samples.</summary>
    public double For(Samples samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var (n, d) = (samples.Count, samples.Dimensions);
        if (_rule == Rule.Fixed) return _fixed;
        if (_rule == Rule.Median) return MedianDistance(samples);
        var variance = 0.0;
        foreach (var sd in Conditioning.Deviations(samples)) variance += sd * sd / d;
        var scale = variance > 0 ? Math.Sqrt(variance) : 1;
        return scale * Math.Pow(n, -1.0 / (d + 4)) * (_rule == Rule.Silverman ? Math.Pow(4.0 / (d + 2), 1.0 / (d + 4)) : 1);
    }

    private static double MedianDistance(Samples samples)
    {
        var (n, d) = (Math.Min(samples.Count, MedianRows), samples.Dimensions);
        var distances = new List<double>();
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var squares = 0.0;
                for (var c = 0; c < d; c++) squares += (samples[i, c] - samples[j, c]) * (samples[i, c] - samples[j, c]);
                if (squares > 0) distances.Add(squares);
            }
        }
        if (distances.Count == 0) return 1;
        distances.Sort();
        return Math.Sqrt(distances[distances.Count / 2]);
    }
}
