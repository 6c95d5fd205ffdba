namespace Isthmus.Information;

/// <summary>
/// The exact information bottleneck curve of the rows themselves: no representation of these rows, learned or not, lies above it. X is which row
/// it is, rows with equal inputs being one; Y is the class.
/// </summary>
/// <param name="Ixt">I(X;T) of the corners, in bits, ascending from 0 to H(X).</param>
/// <param name="Ity">I(T;Y) there.</param>
/// <param name="DistinctRows">Different inputs among the rows.</param>
/// <param name="Note">What has to be known to read it.</param>
public sealed record SampleCurve(IReadOnlyList<double> Ixt, IReadOnlyList<double> Ity, int DistinctRows, string Note)
{
    private const int MostPosteriors = 64;

    /// <summary>The curve; null where more than 64 different p(y|x) make the solution too long.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="labels">The class of each row.</param>
    public static SampleCurve? Of(Samples x, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (labels.Length != x.Count) throw new ArgumentException(FormattableString.Invariant($"curve: {labels.Length} labels for {x.Count} rows"), nameof(labels));
        var symbols = x.RowSymbols(out var distinct);
        var classes = Samples.OfLabels(labels).RowSymbols(out var count);
        var counts = new int[distinct, count];
        var sizes = new int[distinct];
        for (var i = 0; i < symbols.Length; i++)
        {
            counts[symbols[i], classes[i]]++;
            sizes[symbols[i]]++;
        }
        // Inputs with the same share of every class are one to the solver: the joint is small where Y is a function of X.
        var groups = Enumerable.Range(0, distinct).GroupBy(s => string.Join(',', Shares(counts, s, count)), StringComparer.Ordinal).Select(g => g.ToArray()).ToArray();
        if (groups.Length > MostPosteriors) return null;
        var joint = new double[groups.Length, count];
        for (var g = 0; g < groups.Length; g++)
            foreach (var s in groups[g])
                for (var c = 0; c < count; c++) joint[g, c] += (double)counts[s, c] / symbols.Length;
        var entropy = CountEntropy.Estimate([.. sizes.Select(s => (long)s)], EntropyCorrection.MaximumLikelihood).Value;
        var (ixt, ity) = (new List<double> { 0 }, new List<double> { 0 });
        if (count > 1 && groups.Length > 1)
        {
            var betas = Enumerable.Range(0, 16).Select(i => Math.Pow(2, i / 2.0)).Append(1e4).ToArray();
            var solved = InformationBottleneck.Solve(joint, new BottleneckOptions { Betas = betas, Restarts = 2, MaxIterations = 2000 });
            foreach (var point in solved.Points.OrderBy(p => p.IxtBits))
            {
                if (point.IxtBits <= ixt[^1] + 1e-9 || point.ItyBits <= ity[^1]) continue;
                ixt.Add(point.IxtBits);
                ity.Add(point.ItyBits);
            }
        }
        if (entropy > ixt[^1])
        {
            ixt.Add(entropy);
            ity.Add(ity[^1]);
        }
        var repeated = distinct < x.Count;
        return new SampleCurve(ixt, ity, distinct, repeated
            ? FormattableString.Invariant($"the bottleneck curve of these {x.Count} rows, {distinct} of them different: no representation lies above it")
            : FormattableString.Invariant($"all {x.Count} rows differ, so that each decides its class: the curve of these rows is a straight line to H(Y)"));
    }

    private static IEnumerable<string> Shares(int[,] counts, int s, int classes)
    {
        var row = Enumerable.Range(0, classes).Select(c => counts[s, c]).ToArray();
        var divisor = row.Aggregate(Gcd);
        return row.Select(c => (c / divisor).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
