using System.Globalization;

namespace Isthmus.Information;

/// <summary>A point of a rate–distortion curve.</summary>
/// <param name="Beta">The slope −dR/dD in nats per unit of distortion; infinite for the smallest distortion.</param>
/// <param name="RateBits">I(X;X̂) of the channel.</param>
/// <param name="Distortion">E d(X, X̂) of the channel, in the units of d.</param>
/// <param name="GapBits">How far the rate can at most be above R(D): a proven bound, not a guess.</param>
/// <param name="Channel">q(x̂|x), one row for each x.</param>
public sealed record RateDistortionPoint(double Beta, double RateBits, double Distortion, double GapBits, double[][] Channel);

/// <summary>A rate–distortion curve.</summary>
/// <param name="Problem"><c>rate-distortion</c>.</param>
/// <param name="Points">One for each slope, in the order given.</param>
public sealed record RateDistortionResult(string Problem, IReadOnlyList<RateDistortionPoint> Points);

/// <summary>The rate–distortion function of a discrete source by Blahut's algorithm (Blahut 1972), with a duality gap.</summary>
public static class RateDistortion
{
    /// <summary>The points of the curve with given slopes.</summary>
    /// <param name="p">p(x), sums to one.</param>
    /// <param name="distortion">d(x, x̂), one row for each x: any finite numbers.</param>
    /// <param name="betas">Slopes, at least 0, in nats per unit of distortion; infinity asks for the smallest distortion.</param>
    /// <param name="tolerance">The iteration ends when the gap is below this many nats, or after 10^5 updates.</param>
    /// <exception cref="InputException">p is not a distribution, shapes do not fit, or a number is out of its range.</exception>
    public static RateDistortionResult Solve(IReadOnlyList<double> p, double[,] distortion, IReadOnlyList<double> betas, double tolerance = 1e-12)
    {
        ArgumentNullException.ThrowIfNull(betas);
        var source = Source(p, distortion);
        if (betas.Count == 0) throw new InputException("no beta given, expected at least one number of at least 0");
        foreach (var beta in betas)
            if (!(beta >= 0)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"beta is {beta}, expected at least 0"));
        return new RateDistortionResult("rate-distortion", [.. betas.Select(b => AtSlope(source, distortion, b, tolerance).Point)]);
    }

    /// <summary>R(D): the smallest rate whose distortion is at most D.</summary>
    /// <inheritdoc cref="Solve" path="/param[@name='p' or @name='distortion' or @name='tolerance']"/>
    /// <param name="p">p(x), sums to one.</param>
    /// <param name="distortion">d(x, x̂), one row for each x.</param>
    /// <param name="limit">D, at least the smallest distortion that can be had.</param>
    /// <param name="tolerance">As for <see cref="Solve"/>.</param>
    /// <exception cref="InputException">p is not a distribution, shapes do not fit, or D cannot be had.</exception>
    public static RateDistortionPoint AtDistortion(IReadOnlyList<double> p, double[,] distortion, double limit, double tolerance = 1e-12)
    {
        var source = Source(p, distortion);
        var none = AtSlope(source, distortion, 0, tolerance);
        if (none.Point.Distortion <= limit) return none.Point;
        var least = AtSlope(source, distortion, double.PositiveInfinity, tolerance).Point;
        if (!(limit >= least.Distortion - 1e-12))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"distortion {limit} cannot be had, the smallest is {least.Distortion:G9}"));
        double low = 0, high = 1 / Math.Max(1e-300, none.Point.Distortion - least.Distortion);
        var (above, below) = (none, AtSlope(source, distortion, high, tolerance));
        for (var i = 0; i < 60 && below.Point.Distortion > limit; i++)
        {
            (low, above) = (high, below);
            high *= 2;
            below = AtSlope(source, distortion, high, tolerance);
        }
        if (below.Point.Distortion > limit) return least;
        for (var i = 0; i < 100 && Between(source, distortion, above, below, limit).GapBits > 1e-10 && high - low > 1e-13 * high; i++)
        {
            var middle = (low + high) / 2;
            var found = AtSlope(source, distortion, middle, tolerance);
            if (found.Point.Distortion > limit) (low, above) = (middle, found);
            else (high, below) = (middle, found);
        }
        return Between(source, distortion, above, below, limit);
    }

    /// <summary>Hamming distortion: 0 on the diagonal, 1 elsewhere.</summary>
    public static double[,] Hamming(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        var d = new double[n, n];
        for (var x = 0; x < n; x++)
            for (var z = 0; z < n; z++) d[x, z] = x == z ? 0 : 1;
        return d;
    }

    /// <summary>Squared error between a source's values and those of its reproduction.</summary>
    public static double[,] Squared(IReadOnlyList<double> values, IReadOnlyList<double>? reproduction = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        var to = reproduction ?? values;
        var d = new double[values.Count, to.Count];
        for (var x = 0; x < values.Count; x++)
            for (var z = 0; z < to.Count; z++) d[x, z] = (values[x] - to[z]) * (values[x] - to[z]);
        return d;
    }

    /// <summary>A Gaussian source of given variance under squared error: ½ log2 (σ²/D), 0 above D = σ².</summary>
    /// <exception cref="InputException">A number is not positive.</exception>
    public static Bits Gaussian(double variance, double distortion)
    {
        if (!(variance > 0) || !(distortion > 0)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"variance {variance}, distortion {distortion}: expected positive numbers"));
        return Bits.FromNats(Math.Max(0, Math.Log(variance / distortion) / 2));
    }

    /// <summary>Reverse water-filling for independent Gaussians under squared error: D = Σ min(θ, s_i), R = ½ Σ log2⁺ (s_i/θ) (Cover and Thomas, 10.3.3).</summary>
    /// <param name="variances">s_i, each at least 0.</param>
    /// <param name="level">θ, positive.</param>
    /// <returns>The rate and the distortion.</returns>
    /// <exception cref="InputException">A number is out of its range.</exception>
    public static (Bits Rate, double Distortion) ReverseWaterFilling(IReadOnlyList<double> variances, double level)
    {
        RequireVariances(variances);
        if (!(level > 0)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"water level {level}, expected a positive number"));
        return (Bits.FromNats(variances.Sum(s => s > level ? Math.Log(s / level) / 2 : 0)), variances.Sum(s => Math.Min(s, level)));
    }

    /// <summary>The water level whose distortion is D, for <see cref="ReverseWaterFilling"/>.</summary>
    /// <param name="variances">s_i, each at least 0.</param>
    /// <param name="distortion">D in (0, Σ s_i].</param>
    /// <exception cref="InputException">A number is out of its range.</exception>
    public static double WaterLevel(IReadOnlyList<double> variances, double distortion)
    {
        RequireVariances(variances);
        var total = variances.Sum();
        if (!(distortion > 0 && distortion <= total)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"distortion {distortion}, expected above 0 and at most the total variance {total}"));
        return Numerics.Bisect(level => variances.Sum(s => Math.Min(s, level)) - distortion, 0, variances.Max());
    }

    private static void RequireVariances(IReadOnlyList<double> variances)
    {
        ArgumentNullException.ThrowIfNull(variances);
        if (variances.Count == 0 || variances.Any(s => !(s >= 0) || !double.IsFinite(s))) throw new InputException("variances are finite numbers of at least 0, at least one");
    }

    private static double[] Source(IReadOnlyList<double> p, double[,] distortion)
    {
        ArgumentNullException.ThrowIfNull(distortion);
        var source = Probabilities.Copy(p, "p");
        if (distortion.GetLength(0) != source.Length || distortion.GetLength(1) == 0)
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"the distortion matrix is {distortion.GetLength(0)}x{distortion.GetLength(1)}, expected {source.Length} rows"));
        foreach (var d in distortion)
            if (!double.IsFinite(d)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"the distortion matrix holds {d}, expected finite numbers"));
        return source;
    }

    private static (RateDistortionPoint Point, double LowerNats) AtSlope(double[] p, double[,] d, double beta, double tolerance)
    {
        var (n, m) = (d.GetLength(0), d.GetLength(1));
        var kernel = new double[n, m]; // e^(−β d), each row scaled by its smallest distortion so that it cannot underflow
        var smallest = 0.0;
        for (var x = 0; x < n; x++)
        {
            var least = Enumerable.Range(0, m).Min(z => d[x, z]);
            smallest += p[x] * least;
            for (var z = 0; z < m; z++) kernel[x, z] = d[x, z] == least ? 1 : Math.Exp(-beta * (d[x, z] - least));
        }
        if (beta == 0) return (Free(p, d), 0);
        var (q, lower) = MixtureWeights.Maximise(p, kernel, tolerance);
        var point = Channel(p, d, kernel, q, beta);
        var lowerNats = lower + (double.IsInfinity(beta) ? 0 : beta * smallest);
        var reached = (point.RateBits * Math.Log(2)) + (double.IsInfinity(beta) ? 0 : beta * point.Distortion);
        return (point with { GapBits = Math.Max(0, reached - lowerNats) / Math.Log(2) }, lowerNats);
    }

    // Slope zero: the one symbol with the smallest mean distortion, at rate zero.
    private static RateDistortionPoint Free(double[] p, double[,] d)
    {
        var (n, m) = (d.GetLength(0), d.GetLength(1));
        double Mean(int z) => Enumerable.Range(0, n).Sum(x => p[x] * d[x, z]);
        var best = Enumerable.Range(0, m).MinBy(Mean);
        var row = new double[m];
        row[best] = 1;
        return new RateDistortionPoint(0, 0, Mean(best), 0, [.. Enumerable.Range(0, n).Select(_ => (double[])row.Clone())]);
    }

    private static RateDistortionPoint Channel(double[] p, double[,] d, double[,] kernel, double[] q, double beta)
    {
        var (n, m) = (d.GetLength(0), d.GetLength(1));
        var channel = new double[n][];
        var joint = new double[n, m];
        var mean = 0.0;
        for (var x = 0; x < n; x++)
        {
            channel[x] = new double[m];
            var z = 0.0;
            for (var k = 0; k < m; k++) z += channel[x][k] = q[k] * kernel[x, k];
            if (!(z > 0)) // a symbol of probability zero, none of whose best reproductions is in use
            {
                channel[x][Enumerable.Range(0, m).MinBy(k => d[x, k])] = 1;
                continue;
            }
            for (var k = 0; k < m; k++)
            {
                channel[x][k] /= z;
                joint[x, k] = p[x] * channel[x][k];
                mean += joint[x, k] * d[x, k];
            }
        }
        return new RateDistortionPoint(beta, Shannon.MutualInformation(joint) / Math.Log(2), mean, 0, channel);
    }

    // One channel or the other at random, so that the distortion is met exactly; on a straight piece of the curve nothing is lost.
    private static RateDistortionPoint Between(double[] p, double[,] d, (RateDistortionPoint Point, double LowerNats) above, (RateDistortionPoint Point, double LowerNats) below, double limit)
    {
        var (a, b) = (above.Point, below.Point);
        var share = a.Distortion - b.Distortion > 1e-15 ? Math.Clamp((limit - b.Distortion) / (a.Distortion - b.Distortion), 0, 1) : 0;
        var channel = b.Channel.Zip(a.Channel, (u, v) => u.Zip(v, (low, high) => ((1 - share) * low) + (share * high)).ToArray()).ToArray();
        var joint = new double[p.Length, channel[0].Length];
        var mean = 0.0;
        for (var x = 0; x < p.Length; x++)
            for (var z = 0; z < channel[x].Length; z++)
            {
                joint[x, z] = p[x] * channel[x][z];
                mean += joint[x, z] * d[x, z];
            }
        var rate = Shannon.MutualInformation(joint);
        var lower = Math.Max(above.LowerNats - (a.Beta * mean), below.LowerNats - (b.Beta * mean)); // R(D) ≥ min (R + βD) − βD for every β
        return new RateDistortionPoint(b.Beta, rate / Math.Log(2), mean, Math.Max(0, rate - Math.Max(0, lower)) / Math.Log(2), channel);
    }
}
