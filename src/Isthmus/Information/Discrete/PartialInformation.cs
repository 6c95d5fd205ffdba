namespace Isthmus.Information;

/// <summary>How redundancy is defined in a partial information decomposition.</summary>
public enum RedundancyMeasure
{
    /// <summary>The expected smallest specific information, I_min (Williams and Beer 2010).</summary>
    WilliamsBeer,

    /// <summary>The smaller of the two mutual informations, I_MMI (Barrett 2015).</summary>
    MinimumMutualInformation,

    /// <summary>From the smallest I(T; X, Y) among distributions with the same p(t, x) and p(t, y) (Bertschinger, Rauh, Olbrich, Jost, Ay 2014).</summary>
    Broja,
}

/// <summary>What two sources say about a target: the four parts add up to I(T; X, Y).</summary>
/// <param name="Redundancy">What either says.</param>
/// <param name="UniqueFirst">What only the first says.</param>
/// <param name="UniqueSecond">What only the second says.</param>
/// <param name="Synergy">What only both together say.</param>
public sealed record PartialInformationResult(Bits Redundancy, Bits UniqueFirst, Bits UniqueSecond, Bits Synergy);

/// <summary>Partial information decomposition for two sources (Williams and Beer 2010).</summary>
public static class PartialInformation
{
    private const int MaxUpdates = 20_000;

    /// <summary>Decomposes I(target; first, second).</summary>
    /// <param name="distribution">Any joint distribution.</param>
    /// <param name="first">The first source: names separated by commas.</param>
    /// <param name="second">The second source.</param>
    /// <param name="target">The target.</param>
    /// <param name="measure">The definition of redundancy; the others follow from it.</param>
    /// <returns>Williams and Beer's parts are never negative; neither are the others' up to rounding.</returns>
    /// <exception cref="InputException">A name is unknown or repeated.</exception>
    public static PartialInformationResult Decompose(JointDistribution distribution, string first, string second, string target, RedundancyMeasure measure)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        var (one, two) = (distribution.MutualInformation(target, first).Nats, distribution.MutualInformation(target, second).Nats);
        var both = distribution.MutualInformation(target, $"{first},{second}").Nats;
        var (withFirst, withSecond) = (distribution.Matrix(target, first), distribution.Matrix(target, second));
        var redundancy = measure switch
        {
            RedundancyMeasure.WilliamsBeer => SpecificMinimum(withFirst, withSecond),
            RedundancyMeasure.MinimumMutualInformation => Math.Min(one, two),
            RedundancyMeasure.Broja => one + two - SmallestUnion(withFirst, withSecond),
            _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "unknown measure"),
        };
        redundancy = Math.Clamp(redundancy, 0, Math.Min(one, two));
        return new PartialInformationResult(Bits.FromNats(redundancy), Bits.FromNats(one - redundancy), Bits.FromNats(two - redundancy), Bits.FromNats(both - one - two + redundancy));
    }

    // Σ_t p(t) min over sources of Σ_a p(a|t) ln [p(t|a)/p(t)].
    private static double SpecificMinimum(double[,] first, double[,] second)
    {
        var sum = 0.0;
        for (var t = 0; t < first.GetLength(0); t++) sum += Math.Min(Specific(first, t), Specific(second, t));
        return sum;
    }

    // p(t) times the specific information of one target value.
    private static double Specific(double[,] joint, int t)
    {
        var (pt, pa) = Shannon.Marginals(joint);
        var sum = 0.0;
        for (var a = 0; a < pa.Length; a++)
            if (joint[t, a] > 0) sum += joint[t, a] * Math.Log(joint[t, a] / pa[a] / pt[t]);
        return sum;
    }

    /// <summary>
    /// min I_Q(T; X, Y) over Q with the given p(t, x) and p(t, y): D(Q‖Q_XY × uniform) minimised in turn over Q, by iterative
    /// proportional fitting, and over Q_XY. Both sets are convex, so the iteration tends to the global minimum (Csiszár and Tusnády 1984).
    /// </summary>
    private static double SmallestUnion(double[,] withFirst, double[,] withSecond)
    {
        var (nt, nx, ny) = (withFirst.GetLength(0), withFirst.GetLength(1), withSecond.GetLength(1));
        var (pt, _) = Shannon.Marginals(withFirst);
        var q = new double[nt][,];
        for (var t = 0; t < nt; t++)
        {
            q[t] = new double[nx, ny]; // start: X and Y independent given T
            for (var x = 0; x < nx; x++)
                for (var y = 0; y < ny; y++) q[t][x, y] = pt[t] > 0 ? withFirst[t, x] * withSecond[t, y] / pt[t] : 0;
        }
        var entropy = Shannon.Entropy(pt);
        var value = entropy - ConditionalEntropy(q, out var both);
        for (var i = 0; i < MaxUpdates; i++)
        {
            for (var t = 0; t < nt; t++) Fit(q[t], both, withFirst, withSecond, t);
            var next = entropy - ConditionalEntropy(q, out both);
            var done = value - next < 1e-13;
            value = Math.Min(value, next);
            if (done && i > 20) break;
        }
        return value;
    }

    // H_Q(T|X,Y), and Q_XY.
    private static double ConditionalEntropy(double[][,] q, out double[,] both)
    {
        both = new double[q[0].GetLength(0), q[0].GetLength(1)];
        var joint = 0.0;
        foreach (var slice in q)
            for (var x = 0; x < both.GetLength(0); x++)
                for (var y = 0; y < both.GetLength(1); y++)
                {
                    both[x, y] += slice[x, y];
                    joint += Shannon.Term(slice[x, y]);
                }
        return joint - Shannon.Entropy(Probabilities.Flat(both));
    }

    // The projection of Q_XY onto the tables with row sums p(t, x) and column sums p(t, y).
    private static void Fit(double[,] slice, double[,] both, double[,] withFirst, double[,] withSecond, int t)
    {
        var (nx, ny) = (slice.GetLength(0), slice.GetLength(1));
        for (var x = 0; x < nx; x++)
            for (var y = 0; y < ny; y++) slice[x, y] = withFirst[t, x] > 0 && withSecond[t, y] > 0 ? both[x, y] : 0;
        for (var round = 0; round < 200; round++)
        {
            var error = 0.0;
            for (var x = 0; x < nx; x++)
            {
                var sum = 0.0;
                for (var y = 0; y < ny; y++) sum += slice[x, y];
                error = Math.Max(error, Math.Abs(sum - withFirst[t, x]));
                if (sum > 0)
                    for (var y = 0; y < ny; y++) slice[x, y] *= withFirst[t, x] / sum;
            }
            for (var y = 0; y < ny; y++)
            {
                var sum = 0.0;
                for (var x = 0; x < nx; x++) sum += slice[x, y];
                if (sum > 0)
                    for (var x = 0; x < nx; x++) slice[x, y] *= withSecond[t, y] / sum;
            }
            if (error < 1e-14) break;
        }
    }
}
