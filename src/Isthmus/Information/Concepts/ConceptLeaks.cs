using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>What the code of one concept says that the concept does not, in bits for one row.</summary>
/// <param name="Name">The concept.</param>
/// <param name="LeakBits">I(ĉ;Y|c): of the class, beyond its own annotation; at least 0.</param>
/// <param name="LeakPValue">The share of exchanges of the code among rows of equal annotation that say at least as much.</param>
/// <param name="CodeTargetBits">I(ĉ;Y).</param>
/// <param name="TrueTargetBits">I(c;Y).</param>
/// <param name="Ctl">The concepts-task leakage max(0, I(ĉ;Y) − I(c;Y))/H(Y), in [0, 1].</param>
public sealed record ConceptLeak(string Name, double LeakBits, double LeakPValue, double CodeTargetBits, double TrueTargetBits, double Ctl);

/// <summary>Leakage concept by concept and between concepts.</summary>
/// <param name="Concepts">One by one. Blind to what codes say only together: see <see cref="ConceptLeakage"/>.</param>
/// <param name="Icl">For each pair of concepts the interconcept leakage max(0, I(ĉi;ĉj) − I(ci;cj))/√(H(ci) H(cj)); the diagonal is 0.</param>
/// <param name="MeanCtl">The mean over concepts.</param>
/// <param name="MeanIcl">The mean over pairs; 0 for one concept.</param>
/// <param name="Rows">Rows read.</param>
public sealed record ConceptLeaks(IReadOnlyList<ConceptLeak> Concepts, double[][] Icl, double MeanCtl, double MeanIcl, int Rows)
{
    private const int MostStates = 16, Bins = 8, RowsInBin = 40, Permutations = 39, MostProbeRows = 3000;
    private const double MostRepeated = 0.95; // of rows that are different

    /// <summary>
    /// CTL and ICL of Parisini, Chakraborti, Harbron, MacArthur and Banerji ("Leakage and Interpretability in Concept-Based Models", 2025), and the
    /// conditional form concept by concept. Codes and concepts of few states are counted, a number and a state take Ross's estimator, two numbers that
    /// of Kraskov, numbers that repeat themselves that of Gao et al., with rows as the number of samples whatever the width of a code (with rows times width the information grows by the logarithm of the width).
    /// </summary>
    /// <param name="rows">Rows; those with an unknown concept are left out.</param>
    /// <param name="mostRows">Rows read at most.</param>
    /// <param name="seed">Of the exchanges.</param>
    /// <exception cref="ArgumentException">Fewer than 20 annotated rows.</exception>
    public static ConceptLeaks Measure(ConceptRows rows, int mostRows = 4000, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        rows = rows.Annotated(mostRows);
        if (rows.Count < 20) throw new ArgumentException(FormattableString.Invariant($"concept leaks: {rows.Count} annotated rows; at least 20 are needed"), nameof(rows));
        var (n, k, random) = (rows.Count, rows.Concepts, new RandomStream(seed).Fork("concept leaks"));
        var y = Samples.OfLabels(rows.Labels);
        var entropy = ConceptLeakage.Entropy(rows.Labels, rows.Classes);
        var codes = Enumerable.Range(0, k).Select(j => Side(rows.Block(j), n)).ToArray();
        var truths = Enumerable.Range(0, k).Select(j => Side(Column(rows, j), n)).ToArray();
        var leaks = new ConceptLeak[k];
        for (var j = 0; j < k; j++)
        {
            var (said, held) = (Math.Min(entropy, Information(codes[j], y)), Information(truths[j], y));
            var (bits, p) = Beyond(rows, j, random.Fork((ulong)j));
            leaks[j] = new ConceptLeak(rows.Names[j], bits, p, said, held, entropy > 0 ? Math.Clamp((said - held) / entropy, 0, 1) : 0);
        }
        var icl = Enumerable.Range(0, k).Select(_ => new double[k]).ToArray();
        for (var i = 0; i < k; i++)
            for (var j = 0; j < i; j++)
            {
                var scale = Math.Sqrt(Entropy(truths[i]) * Entropy(truths[j]));
                if (scale > 0) icl[i][j] = icl[j][i] = Math.Max(0, Information(codes[i], codes[j]) - Information(truths[i], truths[j])) / scale;
            }
        return new ConceptLeaks(leaks, icl, leaks.Average(l => l.Ctl), k < 2 ? 0 : icl.Sum(r => r.Sum()) / (k * (k - 1)), n);
    }

    private static float[] Column(ConceptRows rows, int concept) => [.. Enumerable.Range(0, rows.Count).Select(i => rows.Truth.Data[i * rows.Concepts + concept])];

    // States where there are few of them, else numbers.
    private static Samples Side(float[] block, int n)
    {
        var (d, values) = (block.Length / n, Array.ConvertAll(block, v => (double)v));
        var states = new Samples(values, n, d, [.. Enumerable.Repeat(true, d)]);
        var symbols = states.RowSymbols(out var count);
        return count <= MostStates ? Samples.OfLabels(symbols) : new Samples(values, n, d, new bool[d]);
    }

    private static double Information(Samples a, Samples b)
    {
        if (a.AllDiscrete && b.AllDiscrete)
        {
            var (x, y) = (a.RowSymbols(out var rows), b.RowSymbols(out var columns));
            var counts = new long[rows, columns];
            for (var i = 0; i < x.Length; i++) counts[x[i], y[i]]++;
            return Math.Max(0, CountEntropy.MutualInformation(counts, EntropyCorrection.MillerMadow).Value);
        }
        // Saturated probabilities repeat themselves: estimators of densities then read more than there is.
        SampleEstimator estimator = Repeats(a) || Repeats(b) ? new MixedInformation() : a.AllDiscrete || b.AllDiscrete ? new RossInformation() : new Ksg1();
        return Math.Max(0, estimator.Estimate(a, b, MeasureOptions.ValueOnly).Bits?.Value ?? 0);
    }

    private static bool Repeats(Samples side)
    {
        if (side.AllDiscrete) return false;
        side.RowSymbols(out var different);
        return different < MostRepeated * side.Count;
    }

    private static double Entropy(Samples side)
    {
        var symbols = side.AllDiscrete ? side.RowSymbols(out var count) : ConceptRows.QuantileLabels([.. side.Column(0).Select(v => (float)v)], count = Bins);
        return ConceptLeakage.Entropy(symbols, count);
    }

    // One column: counted in bins within each annotated state, less what the exchange counts. More columns: a probe, on fewer rows.
    private static (double Bits, double PValue) Beyond(ConceptRows rows, int concept, RandomStream random)
    {
        if (rows.Blocks[concept].Count > 1) rows = rows.Annotated(MostProbeRows);
        var strata = new ConceptStrata(Column(rows, concept), rows.Count, 1);
        var block = rows.Block(concept);
        if (rows.Blocks[concept].Count > 1) return ConceptLeakage.OfBlock(rows, strata, block, Permutations, random);
        var groups = Enumerable.Range(0, rows.Count).GroupBy(i => strata.Of[i]).Select(g => g.ToArray()).ToArray();
        var symbols = groups.Select(g => Cut([.. g.Select(i => block[i])])).ToArray();
        var value = Counted(groups, symbols, rows);
        var (sum, better) = (0.0, 0);
        for (var b = 0; b < Permutations; b++)
        {
            var draw = random.Fork((ulong)b);
            foreach (var s in symbols) draw.Shuffle<int>(s);
            var exchanged = Counted(groups, symbols, rows);
            sum += exchanged;
            if (exchanged >= value) better++;
        }
        return (Math.Max(0, value - sum / Permutations), (1.0 + better) / (1.0 + Permutations));
    }

    private static int[] Cut(float[] values)
    {
        var distinct = values.Distinct().Order().ToArray();
        var parts = Math.Clamp(values.Length / RowsInBin, 2, Bins);
        return distinct.Length <= parts ? Array.ConvertAll(values, v => Array.BinarySearch(distinct, v)) : ConceptRows.QuantileLabels(values, parts);
    }

    private static double Counted(int[][] groups, int[][] symbols, ConceptRows rows)
    {
        var sum = 0.0;
        for (var g = 0; g < groups.Length; g++)
        {
            var counts = new long[Bins, rows.Classes];
            for (var i = 0; i < groups[g].Length; i++) counts[symbols[g][i], rows.Labels[groups[g][i]]]++;
            sum += groups[g].Length * CountEntropy.MutualInformation(counts, EntropyCorrection.MaximumLikelihood).Value;
        }
        return sum / rows.Count;
    }
}
