using System.Globalization;

namespace Isthmus.Information;

/// <summary>
/// Lossy compression first (Butakov, Tolmachev, Malanchuk, Neopryatnaya, Frolov, "Information Bottleneck Analysis of Deep
/// Neural Networks via Lossy Compression", ICLR 2024): each side through its own principal components, then weighted
/// Kozachenko–Leonenko entropies, I = h(x) + h(y) − h(x,y); against classes h(x) − Σ p(y) h(x|y).
/// </summary>
/// <remarks>
/// Compression can only lose information, so what was read is at most I(X;Y) but for the neighbours' own bias; how much variance
/// was kept is noted. A side of no more columns than <see cref="Components"/> is left as it is.
/// </remarks>
public sealed class LossyInformation : SampleEstimator
{
    /// <inheritdoc/>
    public override string Name => "lossy";

    /// <inheritdoc/>
    public override bool NearestNeighbour => true;

    /// <inheritdoc/>
    public override int LeastRows => 4 * K;

    /// <summary>Principal components a side, at least 1.</summary>
    public int Components { get; init; } = 4;

    /// <summary>Neighbours whose distances are weighed.</summary>
    public int K { get; init; } = 5;

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        if (rows.X.AllDiscrete && rows.Y.AllDiscrete) throw new InputException("lossy: one side must be continuous", "use binning");
        var notes = new List<string>();
        if (rows.X.AllDiscrete || rows.Y.AllDiscrete)
        {
            var (labels, points) = rows.X.AllDiscrete ? (rows.X, rows.Y) : (rows.Y, rows.X);
            return WithClasses(labels.RowSymbols(out var classes), classes, Compress(points, rows.Threads, notes), rows.Threads, notes);
        }
        var (x, y) = (Compress(rows.X, rows.Threads, notes), Compress(rows.Y, rows.Threads, notes));
        Conditioning.BreakTies(x, x.Length / rows.Count, rows.Seed, "x");
        Conditioning.BreakTies(y, y.Length / rows.Count, rows.Seed, "y");
        var (sx, sy) = (new Samples(x, rows.Count, x.Length / rows.Count), new Samples(y, rows.Count, y.Length / rows.Count));
        return new Reading(Entropy(sx, rows.Threads) + Entropy(sy, rows.Threads) - Entropy(sx.Beside(sy), rows.Threads)) { Notes = notes };
    }

    /// <inheritdoc/>
    protected override IEnumerable<Variant> Variants(Rows rows, Reading value)
    {
        foreach (var components in (int[])[Components / 2, Components * 2])
        {
            if (components >= 1 && components < Math.Max(rows.X.Dimensions, rows.Y.Dimensions))
                yield return new Variant(string.Create(CultureInfo.InvariantCulture, $"the same with {components} components"),
                    new LossyInformation { Components = components, K = K }.Read(rows).Nats, "the compression decides the value; use a neural estimator");
        }
        yield return new Variant(string.Create(CultureInfo.InvariantCulture, $"k = {3 * K}"), new LossyInformation { Components = Components, K = 3 * K }.Read(rows).Nats,
            "the density changes within the reach of the neighbours; take more rows or fewer components", Slack: 1.5);
        if (rows.X.AnyDiscrete || rows.Y.AnyDiscrete) yield break;
        var scores = rows with { X = Conditioning.NormalScores(rows.X), Y = Conditioning.NormalScores(rows.Y) };
        yield return new Variant("the Gaussian baseline on normal scores", Math.Max(value.Nats, GaussianInformation.Nats(scores)),
            "compression or neighbours miss linear dependence; use gaussian or a neural estimator");
    }

    private Reading WithClasses(int[] symbols, int classes, double[] points, int threads, List<string> notes)
    {
        var (n, d) = (symbols.Length, points.Length / symbols.Length);
        var all = new Samples(points, n, d);
        var nats = Entropy(all, threads);
        double entropy = 0;
        for (var c = 0; c < classes; c++)
        {
            var members = Enumerable.Range(0, n).Where(i => symbols[i] == c).ToArray();
            var share = members.Length / (double)n;
            entropy -= share * Math.Log(share);
            if (members.Length <= K)
                return new Reading(double.NaN) { Verdict = Verdict.TooFewSamples, Notes = [FormattableString.Invariant($"a class has {members.Length} rows; more than {K} are needed")] };
            nats -= share * Entropy(all.Take(members), threads);
        }
        return new Reading(nats) { CeilingNats = entropy, CeilingIsExact = true, Notes = notes };
    }

    private double Entropy(Samples samples, int threads) =>
        KozachenkoLeonenko.Entropy(samples, K, euclidean: true, weighted: true, threads).Nats;

    private double[] Compress(Samples samples, int threads, List<string> notes)
    {
        var scaled = samples.With(Conditioning.Scale(Standardise.Auto, samples)[0]);
        if (samples.Dimensions <= Components) return scaled.Values.ToArray();
        var (scores, kept) = PrincipalComponents.Project(scaled, Components, threads);
        notes.Add(string.Create(CultureInfo.InvariantCulture, $"{samples.Name}: {Components} principal components keep {100 * kept:0.#} % of the variance"));
        return scores.Values.ToArray();
    }
}
