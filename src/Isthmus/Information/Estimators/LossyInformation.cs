using System.Globalization;

namespace Isthmus.Information;

/// <summary>
/// Lossy compression first (Butakov, Tolmachev, Malanchuk, Neopryatnaya, Frolov, "Information Bottleneck Analysis of Deep
/// Neural Networks via Lossy Compression", ICLR 2024): each side through its own principal components or autoencoder, then weighted
/// Kozachenko–Leonenko entropies, I = h(x) + h(y) − h(x,y); against classes h(x) − Σ p(y) h(x|y).
/// </summary>
/// <remarks>
/// Compression can only lose information, so what was read is at most I(X;Y) but for the neighbours' own bias; how much variance
/// was kept is noted. A side of no more columns than <see cref="Components"/> is left as it is.
/// </remarks>
public sealed class LossyInformation : SampleEstimator
{
    /// <inheritdoc/>
    public override string Name => Autoencoder ? "lossy-autoencoder" : "lossy";

    /// <inheritdoc/>
    public override bool Retrains => Autoencoder;

    /// <inheritdoc/>
    public override bool NearestNeighbour => true;

    /// <inheritdoc/>
    public override int LeastRows => 4 * K;

    /// <summary>Principal components a side, or numbers of an autoencoder's code; at least 1.</summary>
    public int Components { get; init; } = 4;

    /// <summary>Whether a trained autoencoder compresses in place of principal components: it follows curved data that they cannot.</summary>
    public bool Autoencoder { get; init; }

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
            return WithClasses(labels.RowSymbols(out var classes), classes, Compress(points, rows, notes), rows.Threads, notes);
        }
        var (x, y) = (Compress(rows.X, rows, notes), Compress(rows.Y, rows, notes));
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
                    With(components, K).Read(rows).Nats, "the compression decides the value; use a neural estimator");
        }
        yield return new Variant(string.Create(CultureInfo.InvariantCulture, $"k = {3 * K}"), With(Components, 3 * K).Read(rows).Nats,
            "the density changes within the reach of the neighbours; take more rows or fewer components", Slack: 1.5);
        if (rows.X.AnyDiscrete || rows.Y.AnyDiscrete) yield break;
        var scores = rows with { X = Conditioning.NormalScores(rows.X), Y = Conditioning.NormalScores(rows.Y) };
        yield return new Variant("the Gaussian baseline on normal scores", Math.Max(value.Nats, GaussianInformation.Nats(scores)),
            "compression or neighbours miss linear dependence; use gaussian or a neural estimator");
    }

    private LossyInformation With(int components, int k) => new() { Components = components, K = k, Autoencoder = Autoencoder };

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

    private double[] Compress(Samples samples, Rows rows, List<string> notes)
    {
        var scaled = samples.With(Conditioning.Scale(Standardise.Auto, samples)[0]);
        if (samples.Dimensions <= Components) return scaled.Values.ToArray();
        var (scores, kept) = Autoencoder ? AutoencoderCodes.Project(scaled, Components, rows.Seed) : PrincipalComponents.Project(scaled, Components, rows.Threads);
        notes.Add(string.Create(CultureInfo.InvariantCulture, $"{samples.Name}: {Components} {(Autoencoder ? "numbers of an autoencoder" : "principal components")} keep {100 * kept:0.#} % of the variance"));
        return scores.Values.ToArray();
    }
}
