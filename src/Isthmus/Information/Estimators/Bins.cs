namespace Isthmus.Information;

/// <summary>How bin edges are laid.</summary>
public enum BinKind
{
    /// <summary>Equal counts: edges at the data's quantiles.</summary>
    Quantile,

    /// <summary>Equal widths between two limits.</summary>
    Fixed,

    /// <summary>Entropy-based adaptive binning: equal numbers of distinct values.</summary>
    Ebab,
}

/// <summary>The edges of one column's bins: value v lies in bin b when edge[b] ≤ v &lt; edge[b+1]; what lies outside joins the outermost bins.</summary>
public sealed record Bins
{
    private readonly double[] _inner;

    /// <summary>Bins from edges that ascend strictly; all but the first and last separate two bins.</summary>
    public Bins(double[] edges)
    {
        ArgumentNullException.ThrowIfNull(edges);
        if (edges.Length < 2) throw new ArgumentException(FormattableString.Invariant($"bins: {edges.Length} edges; two are the least"), nameof(edges));
        for (var i = 1; i < edges.Length; i++)
            if (!(edges[i] > edges[i - 1])) throw new ArgumentException(FormattableString.Invariant($"bins: edge {i} = {edges[i]} is not above edge {i - 1} = {edges[i - 1]}"), nameof(edges));
        Edges = edges;
        _inner = edges[1..^1];
    }

    /// <summary>The edges, ascending; one more than there are bins.</summary>
    public IReadOnlyList<double> Edges { get; }

    /// <summary>Number of bins.</summary>
    public int Count => Edges.Count - 1;

    /// <summary>The bin of a value, 0..Count−1.</summary>
    public int Of(double value)
    {
        var at = Array.BinarySearch(_inner, value);
        return at >= 0 ? at + 1 : ~at;
    }

    /// <summary>Equal widths between two limits (Shwartz-Ziv and Tishby 2017 use 30 between −1 and 1).</summary>
    public static Bins Uniform(double low, double high, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (!(high > low)) throw new InputException(FormattableString.Invariant($"bins: the limits {low} and {high} enclose nothing"));
        var edges = new double[count + 1];
        for (var i = 0; i <= count; i++) edges[i] = low + (high - low) * i / count;
        return new Bins(Distinct(edges));
    }

    /// <summary>Equal counts: edges at the quantiles of the values; equal values always share a bin.</summary>
    public static Bins Quantiles(ReadOnlySpan<double> values, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var sorted = Sorted(values);
        var edges = new double[count + 1];
        for (var i = 0; i <= count; i++)
        {
            var at = (double)i / count * (sorted.Length - 1);
            var low = (int)at;
            edges[i] = low + 1 < sorted.Length ? sorted[low] + (at - low) * (sorted[low + 1] - sorted[low]) : sorted[^1];
        }
        return new Bins(Distinct(edges));
    }

    /// <summary>
    /// Entropy-based adaptive binning (Chelombiev, Houghton, O'Donnell, ICLR 2019): pooled activations of a layer; edges at the
    /// lower limit and at every B-th part of the sorted distinct values above it, so that each bin holds as many distinct levels
    /// and the limit itself (0 for ReLU, −1 for tanh) its own bin.
    /// </summary>
    /// <param name="pooled">All activations of one layer at one epoch (or of the whole training).</param>
    /// <param name="count">B, the bins above the limit.</param>
    /// <param name="lowerLimit">The activation function's lower limit; values at or below it share the first bin.</param>
    public static Bins Ebab(ReadOnlySpan<double> pooled, int count, double lowerLimit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var sorted = Sorted(pooled);
        var levels = new List<double>();
        foreach (var v in sorted)
            if (v > lowerLimit && (levels.Count == 0 || v > levels[^1])) levels.Add(v);
        if (levels.Count == 0) return new Bins([lowerLimit, Math.BitIncrement(lowerLimit)]);
        var edges = new List<double> { lowerLimit };
        for (var k = 0; k < count; k++) edges.Add(levels[(int)((long)k * levels.Count / count)]);
        edges.Add(Math.Max(levels[^1], Math.BitIncrement(edges[^1]))); // the last level opens a bin of its own where there are no more levels than bins
        return new Bins(Distinct([.. edges]));
    }

    private static double[] Sorted(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty) throw new InputException("bins: no values to lay edges through");
        var sorted = values.ToArray();
        Array.Sort(sorted);
        if (!double.IsFinite(sorted[0]) || !double.IsFinite(sorted[^1])) throw new InputException("bins: every value must be finite");
        return sorted;
    }

    private static double[] Distinct(double[] ascending)
    {
        var kept = new List<double> { ascending[0] };
        foreach (var edge in ascending)
            if (edge > kept[^1]) kept.Add(edge);
        if (kept.Count == 1) kept.Add(Math.BitIncrement(kept[0]));
        return [.. kept];
    }
}
