using System.Globalization;

namespace Isthmus.Information;

/// <summary>
/// Mutual information of binned columns, I = H(X) + H(Y) − H(X,Y) with corrected entropies; discrete columns keep their values.
/// With given variables H(X,Z) + H(Y,Z) − H(Z) − H(X,Y,Z).
/// </summary>
/// <remarks>
/// Binning can only lose information (data processing), but counting adds a bias of about cells/2n nats, of which the correction
/// takes most; so the value is neither bound. For few columns; the alarm rings when the occupied cells are too many for n.
/// </remarks>
public sealed class BinnedInformation : SampleEstimator
{
    private const double RowsInCell = 5;

    /// <inheritdoc/>
    public override string Name => "binning";

    /// <inheritdoc/>
    public override bool TakesGiven => true;

    /// <summary>Bins a continuous column; 0 chooses (n/10)^(1/columns), between 2 and 32, so that a joint cell expects 10 rows.</summary>
    public int Count { get; init; }

    /// <summary>How edges are laid.</summary>
    public BinKind Kind { get; init; } = BinKind.Quantile;

    /// <summary>The limits of fixed bins; null for the data's own.</summary>
    public (double Low, double High)? Limits { get; init; }

    /// <summary>How entropies are corrected.</summary>
    public EntropyCorrection Correction { get; init; } = EntropyCorrection.MillerMadow;

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        var columns = rows.X.Dimensions + rows.Y.Dimensions + (rows.Given?.Dimensions ?? 0);
        var count = Count > 0 ? Count : (int)Math.Clamp(Math.Pow(rows.Count / 10.0, 1.0 / columns), 2, 32);
        var (x, y) = (Symbols(rows.X, count), Symbols(rows.Y, count));
        double ceiling, nats;
        int cells;
        if (rows.Given is null)
        {
            var (hx, hy, hxy) = (Entropy(x, out _), Entropy(y, out _), Entropy(Pair(x, y), out cells));
            (nats, ceiling) = (hx + hy - hxy, Math.Min(hx, hy));
        }
        else
        {
            var z = Symbols(rows.Given, count);
            var (hxz, hyz, hz) = (Entropy(Pair(x, z), out _), Entropy(Pair(y, z), out _), Entropy(z, out _));
            (nats, ceiling) = (hxz + hyz - hz - Entropy(Pair(Pair(x, y), z), out cells), Math.Min(hxz, hyz) - hz);
        }
        var crowded = cells * RowsInCell > rows.Count;
        return new Reading(nats)
        {
            CeilingNats = ceiling,
            CeilingIsExact = rows.X.AllDiscrete || rows.Y.AllDiscrete,
            Verdict = crowded ? Verdict.TooFewSamples : Verdict.NoAlarm,
            Notes = crowded ? [string.Create(CultureInfo.InvariantCulture, $"{cells} cells are occupied by {rows.Count} rows, fewer than {RowsInCell} in each: take fewer bins or columns, or use ksg1")] : null,
        };
    }

    /// <inheritdoc/>
    protected override IEnumerable<Variant> Variants(Rows rows, Reading value)
    {
        if (rows.X.AllDiscrete && rows.Y.AllDiscrete) yield break;
        var columns = rows.X.Dimensions + rows.Y.Dimensions + (rows.Given?.Dimensions ?? 0);
        var count = Count > 0 ? Count : (int)Math.Clamp(Math.Pow(rows.Count / 10.0, 1.0 / columns), 2, 32);
        foreach (var other in (int[])[count / 2, count * 2])
        {
            if (other >= 2)
                yield return new Variant(string.Create(CultureInfo.InvariantCulture, $"binning with {other} bins instead of {count}"),
                    new BinnedInformation { Count = other, Kind = Kind, Limits = Limits, Correction = Correction }.Read(rows).Nats, "the bins decide the value; use ksg1 or mixed");
        }
        if (rows.Given is null && columns <= 6)
        {
            // Quantile bins do not feel one-to-one changes of a column, so neighbours are asked where they do not either.
            var scores = rows with { X = Conditioning.NormalScores(rows.X), Y = Conditioning.NormalScores(rows.Y) };
            yield return new Variant("mixed on normal scores", new MixedInformation().Read(scores).Nats, "neighbours and bins see different things; compare both");
        }
    }

    /// <summary>
    /// What a deterministic layer's binned activity tells of its input and of the classes: I(X;T) = H(T) and I(T;Y) = H(T) −
    /// H(T|Y), over n inputs that are all different (plug-in; Shwartz-Ziv and Tishby 2017).
    /// </summary>
    /// <param name="activations">n × d activations.</param>
    /// <param name="bins">The bins of every neuron: one for all, or one a column.</param>
    /// <param name="labels">The class of each row.</param>
    /// <returns>I(X;T), at most log2 n, and I(T;Y).</returns>
    public static (Bits Input, Bits Label) Layer(Samples activations, IReadOnlyList<Bins> bins, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(activations);
        ArgumentNullException.ThrowIfNull(bins);
        if (bins.Count != 1 && bins.Count != activations.Dimensions)
            throw new ArgumentException(FormattableString.Invariant($"layer: {bins.Count} sets of bins for {activations.Dimensions} neurons; one or as many are needed"), nameof(bins));
        if (labels.Length != activations.Count) throw new ArgumentException(FormattableString.Invariant($"layer: {labels.Length} labels for {activations.Count} rows"), nameof(labels));
        var binned = new double[activations.Values.Length];
        for (var i = 0; i < binned.Length; i++)
            binned[i] = bins[bins.Count == 1 ? 0 : i % activations.Dimensions].Of(activations.Values[i]);
        var t = activations.With(binned).RowSymbols(out _);
        var y = labels.ToArray();
        double Plain(int[] symbols) => CountEntropy.Estimate(Counts(symbols), EntropyCorrection.MaximumLikelihood).Nats;
        var h = Plain(t);
        return (Bits.FromNats(h), Bits.FromNats(h + Plain(y) - Plain(Pair(t, y))));
    }

    private int[] Symbols(Samples samples, int count)
    {
        var binned = new double[samples.Values.Length];
        var d = samples.Dimensions;
        for (var c = 0; c < d; c++)
        {
            var column = samples.Column(c);
            var bins = samples.IsDiscrete(c) ? null : Lay(column, count);
            for (var i = 0; i < column.Length; i++) binned[i * d + c] = bins?.Of(column[i]) ?? column[i];
        }
        return samples.With(binned).RowSymbols(out _);
    }

    private Bins Lay(double[] column, int count) => Kind switch
    {
        BinKind.Quantile => Bins.Quantiles(column, count),
        BinKind.Fixed when Limits is var (low, high) => Bins.Uniform(low, high, count),
        BinKind.Fixed when column.Max() == column.Min() => new Bins([column[0], Math.BitIncrement(column[0])]),
        BinKind.Fixed => Bins.Uniform(column.Min(), column.Max(), count),
        _ => Bins.Ebab(column, count, Limits?.Low ?? column.Min()),
    };

    private double Entropy(int[] symbols, out int cells)
    {
        var counts = Counts(symbols);
        cells = counts.Length;
        return CountEntropy.Estimate(counts, Correction).Nats;
    }

    private static long[] Counts(int[] symbols)
    {
        var counts = new Dictionary<int, long>();
        foreach (var s in symbols) counts[s] = counts.GetValueOrDefault(s) + 1;
        return [.. counts.OrderBy(c => c.Key).Select(c => c.Value)];
    }

    // One number for each pair that occurs, numbered by first appearance.
    private static int[] Pair(int[] a, int[] b)
    {
        var numbers = new Dictionary<(int, int), int>();
        var pairs = new int[a.Length];
        for (var i = 0; i < a.Length; i++)
        {
            if (!numbers.TryGetValue((a[i], b[i]), out var number)) numbers[(a[i], b[i])] = number = numbers.Count;
            pairs[i] = number;
        }
        return pairs;
    }
}
