using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Leakage of a concept bottleneck in bits: I(Ĉ;Y|C) = H(Y|C) − H(Y|C,Ĉ), what the codes Ĉ that stand for concepts say of the class Y beyond
/// the annotated concepts C (the conditional form of Parisini et al.: "Leakage and Interpretability in Concept-Based Models", 2025).
/// </summary>
/// <remarks>
/// Both entropies are cross-entropies of cross-fitted probes: that of C is a table of the combinations of concepts, that of [C, Ĉ] a network that
/// starts from this table and corrects it by what it sees, so that codes which tell nothing change nothing, and codes which tell something only together (as the
/// two halves of an exclusive or) are heard. Exchanging the codes between rows with equal concepts gives the p-value (the trained probes judge exchanged held-out rows:
/// Tansey et al.: "The Holdout Randomization Test", 2022) and, with probes trained again, the bias. The interval is that of the mean difference of log scores over rows;
/// its upper end is raised by what the second half of the training rows still brought, and by what so few rows cannot show
/// (<see cref="HiddenNats"/> in all). A probe that finds nothing proves nothing against a code made to deceive it.
/// </remarks>
public static class ConceptLeakage
{
    /// <summary>Nats of log likelihood, over all rows, that probes of this kind may fail to find: added to the upper end. Measured: docs/leakage.md.</summary>
    public const double HiddenNats = 8;

    // A surplus as large as the margin must weigh this many nats over the rows to be told from nothing, and no verdict rests on fewer rows than the second number.
    private const double NatsForVerdict = 12;
    private const int FewestRows = 500;
    private const double SharedRows = 0.8, Significant = 0.02;
    private const int Companions = 4, Refits = 2;

    /// <summary>The least number of rows for a verdict: a surplus of the margin must be visible among them.</summary>
    /// <param name="marginBits">Above 0.</param>
    public static int LeastRows(double marginBits) => Math.Max(FewestRows, (int)Math.Ceiling(NatsForVerdict / (marginBits * Math.Log(2))));

    /// <summary>Reads the leakage and judges it.</summary>
    /// <param name="rows">Rows that the model was not trained on.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A margin not above 0, fewer than 2 folds or 49 permutations.</exception>
    public static LeakageReport Measure(ConceptRows rows, LeakageOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        options ??= new LeakageOptions();
        if (!(options.MarginBits > 0)) throw new ArgumentOutOfRangeException(nameof(options), options.MarginBits, "leakage: the margin lies above 0 bits");
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Folds, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Permutations, 49);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MostRows, 2);
        var words = new List<string>();
        var read = rows.Annotated(options.MostRows);
        var known = rows.Annotated(int.MaxValue).Count;
        if (known < rows.Count) words.Add(FormattableString.Invariant($"{rows.Count - known} rows with an unknown concept were left out"));
        if (known > read.Count) words.Add(FormattableString.Invariant($"read on {read.Count} of {known} rows"));
        var strata = new ConceptStrata(read.Truth.Data, read.Count, read.Concepts);
        var report = new LeakageReport
        {
            MarginBits = options.MarginBits,
            Rows = read.Count,
            Strata = strata.Count,
            TargetEntropyBits = read.Count == 0 ? 0 : Entropy(read.Labels, read.Classes),
        };
        if (read.Count < 10 * options.Folds)
            return report with { Words = [FormattableString.Invariant($"{read.Count} rows with all concepts annotated carry no reading; at least {LeastRows(options.MarginBits)} are needed for a verdict"), .. words] };
        return LeakageWords.Judge(Read(read, strata, report, options), read, strata, words);
    }

    /// <summary>
    /// How much of the uncertainty about a nuisance the codes take away, I(Ĉ;N)/H(N), in [0, 1]: what should not pass and does (the measure of
    /// Almudévar, Hernández-Lobato and Ortega: "There Was Never a Bottleneck in Concept Bottleneck Models", 2025, whose percentages are 100 times this).
    /// </summary>
    /// <param name="codes">[n, width].</param>
    /// <param name="nuisance">[n] classes of something that is neither a concept nor the target.</param>
    /// <param name="classes">How many, at least 2.</param>
    /// <param name="seed">Of the probe.</param>
    /// <returns>0 where the nuisance is the same in all rows.</returns>
    public static double UncertaintyReduction(Tensor codes, int[] nuisance, int classes, ulong seed = 0)
    {
        var rows = new ConceptRows(Tensor.Zeros(nuisance?.Length ?? 0, 1), codes, [(0, 1)], nuisance!, classes);
        var entropy = Entropy(rows.Labels, classes);
        if (entropy == 0) return 0;
        var folds = new Folds(rows.Labels, classes, 5, new RandomStream(seed).Fork("uncertainty"));
        var (columns, share) = (ConceptStrata.Show(codes.Data, rows.Count, null), Offsets.Table(folds, null, 1, null));
        return Math.Clamp((entropy + Bits(folds.Scores(new ResidualProbe(folds, columns, share, 1, "nuisance").Apply(columns, share)))) / entropy, 0, 1);
    }

    private static LeakageReport Read(ConceptRows rows, ConceptStrata strata, LeakageReport report, LeakageOptions options)
    {
        var random = new RandomStream(options.Seed).Fork("leakage");
        var folds = new Folds(rows.Labels, rows.Classes, options.Folds, random.Fork("folds"));
        var entropy = report.TargetEntropyBits;
        var codes = ConceptStrata.Show(rows.Codes.Data, rows.Count, strata.Of);
        var share = Offsets.Table(folds, null, 1, null);
        var annotated = Annotated(folds, strata, share);
        var both = Beside(strata, codes, null);

        var probe = new ResidualProbe(folds, both, annotated, 1, "codes");
        var found = Gain(folds, probe.Apply(both, annotated), annotated);
        var (mean, error) = Statistics.MeanAndError(found);
        var half = Statistics.Mean(Gain(folds, new ResidualProbe(folds, both, annotated, 0.5, "half").Apply(both, annotated), annotated));
        var bias = Bias(folds, strata, codes, annotated, random);
        var known = Math.Max(0, mean - Math.Max(0, bias));
        var shortfall = Math.Max(0, mean - Math.Max(0, half)) + Math.Max(0, -bias) + HiddenNats / rows.Count / Math.Log(2);

        var unaided = ConceptStrata.Show(rows.Codes.Data, rows.Count, null);
        var alone = new ResidualProbe(folds, unaided, share, 1, "joint").Apply(unaided, share);
        return report with
        {
            BeyondAnnotationsBits = known,
            LowBits = mean - Math.Max(0, bias) - Statistics.Normal95 * error,
            HighBits = known + Statistics.Normal95 * error + shortfall,
            JointBits = Math.Max(0, entropy + Bits(folds.Scores(alone))),
            TrueJointBits = Math.Max(0, entropy + Bits(folds.Scores(annotated))),
            CeilingAccuracy = folds.Accuracy(annotated),
            CodeAccuracy = folds.Accuracy(alone),
            NullBits = bias,
            PValue = PValue(folds, strata, codes, annotated, probe, mean, options.Permutations, random),
            HardenedBits = rows.Decided is { } decided ? Hardened(folds, strata, decided, annotated) : null,
        };
    }

    /// <summary>I(block;Y|strata) and its p-value, without interval.</summary>
    internal static (double Bits, double PValue) OfBlock(ConceptRows rows, ConceptStrata strata, float[] block, int permutations, RandomStream random)
    {
        var folds = new Folds(rows.Labels, rows.Classes, 3, random.Fork("folds"));
        var annotated = Annotated(folds, strata, Offsets.Table(folds, null, 1, null));
        var codes = ConceptStrata.Show(block, rows.Count, strata.Of);
        var both = Beside(strata, codes, null);
        var probe = new ResidualProbe(folds, both, annotated, 1, "block");
        var mean = Statistics.Mean(Gain(folds, probe.Apply(both, annotated), annotated));
        return (Math.Max(0, mean), PValue(folds, strata, codes, annotated, probe, mean, permutations, random));
    }

    // A table of the combinations of concepts. Where they are many for the rows, what a network reads from the single concepts takes the place of the shares of all rows.
    private static Offsets Annotated(Folds folds, ConceptStrata strata, Offsets share)
    {
        if (strata.Count * 50 <= strata.Of.Length || strata.Width == 0) return Offsets.Table(folds, strata.Of, strata.Count, null);
        var smooth = new ResidualProbe(folds, strata.Columns, share, 1, "concepts").Apply(strata.Columns, share, all: true);
        return Offsets.Table(folds, strata.Of, strata.Count, smooth);
    }

    private static double Hardened(Folds folds, ConceptStrata strata, Tensor decided, Offsets annotated)
    {
        var hard = Beside(strata, ConceptStrata.Show(decided.Data, decided.Size(0), strata.Of), null);
        return Math.Max(0, Statistics.Mean(Gain(folds, new ResidualProbe(folds, hard, annotated, 1, "hardened").Apply(hard, annotated), annotated)));
    }

    private static double Bias(Folds folds, ConceptStrata strata, float[] codes, Offsets annotated, RandomStream random)
    {
        var sum = 0.0;
        for (var r = 0; r < Refits; r++)
        {
            var exchanged = Beside(strata, codes, Exchange(strata.Of, null, 0, random.Fork("refit").Fork((ulong)r)));
            sum += Statistics.Mean(Gain(folds, new ResidualProbe(folds, exchanged, annotated, 1, FormattableString.Invariant($"refit{r}")).Apply(exchanged, annotated), annotated));
        }
        return sum / Refits;
    }

    private static double PValue(Folds folds, ConceptStrata strata, float[] codes, Offsets annotated, ResidualProbe probe, double value, int permutations, RandomStream random)
    {
        var better = 0;
        for (var b = 0; b < permutations; b++)
        {
            var exchanged = Beside(strata, codes, Exchange(strata.Of, folds.Of, folds.Count, random.Fork("exchange").Fork((ulong)b)));
            if (Statistics.Mean(Gain(folds, probe.Apply(exchanged, annotated), annotated)) >= value) better++;
        }
        return (1.0 + better) / (1.0 + permutations);
    }

    // Whose codes each row gets: those of another row with equal concepts, of the same fold where folds are given.
    private static int[] Exchange(int[] strata, int[]? folds, int foldCount, RandomStream random)
    {
        var groups = new Dictionary<int, List<int>>();
        for (var i = 0; i < strata.Length; i++)
        {
            var key = folds is null ? strata[i] : strata[i] * foldCount + folds[i];
            if (!groups.TryGetValue(key, out var group)) groups[key] = group = [];
            group.Add(i);
        }
        var from = new int[strata.Length];
        foreach (var group in groups.Values)
        {
            var order = random.Permutation(group.Count);
            for (var i = 0; i < order.Length; i++) from[group[i]] = group[order[i]];
        }
        return from;
    }

    // [concepts, codes] for every row, the codes those of another row where an exchange is given.
    private static float[] Beside(ConceptStrata strata, float[] codes, int[]? exchange)
    {
        var n = strata.Of.Length;
        var (w, d) = (strata.Width, codes.Length / n);
        var both = new float[n * (w + d)];
        for (var i = 0; i < n; i++)
        {
            strata.Columns.AsSpan(i * w, w).CopyTo(both.AsSpan(i * (w + d)));
            codes.AsSpan((exchange is null ? i : exchange[i]) * d, d).CopyTo(both.AsSpan(i * (w + d) + w));
        }
        return both;
    }

    // For each row log2 of how much more probable its class became.
    private static double[] Gain(Folds folds, Offsets after, Offsets before)
    {
        var (a, b) = (folds.Scores(after), folds.Scores(before));
        for (var i = 0; i < a.Length; i++) a[i] = (a[i] - b[i]) / Math.Log(2);
        return a;
    }

    private static double Bits(double[] nats) => Statistics.Mean(nats) / Math.Log(2);

    internal static double Entropy(int[] labels, int classes)
    {
        var counts = new long[classes];
        foreach (var label in labels) counts[label]++;
        return CountEntropy.Estimate(counts, EntropyCorrection.MaximumLikelihood).Value;
    }

    /// <summary>Whether enough rows share their concepts with others for the exchange to mean something.</summary>
    internal static bool Exchangeable(ConceptStrata strata) => strata.Shared(Companions) >= SharedRows;

    /// <summary>Whether a surplus is shown.</summary>
    internal static bool Shown(LeakageReport report) => report.LowBits > 0 && report.PValue <= Significant;
}
