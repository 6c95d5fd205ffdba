using System.Globalization;

namespace Isthmus.Information;

/// <summary>
/// Mutual information between a class and continuous columns (Ross, "Mutual Information between Discrete and Continuous Data
/// Sets", PLoS ONE 9, 2014): ψ(n) + ψ(k) − ⟨ψ(N_class)⟩ − ⟨ψ(m)⟩ with m the number of rows within the distance of the k-th
/// neighbour of the same class.
/// </summary>
/// <remarks>
/// One side must be marked discrete as a whole (<see cref="Samples.OfLabels"/>); which one does not matter. A class with k
/// rows or fewer uses the neighbours it has; a class with one row is left out, and said so. The value cannot exceed the entropy of the classes.
/// </remarks>
public sealed class RossInformation : SampleEstimator
{
    /// <inheritdoc/>
    public override string Name => "ross";

    /// <inheritdoc/>
    public override bool NearestNeighbour => true;

    /// <inheritdoc/>
    public override int LeastRows => Math.Max(2 * K, 5);

    /// <summary>Number of neighbours within a class, at least 1.</summary>
    public int K { get; init; } = 3;

    /// <summary>When columns are brought to unit standard deviation.</summary>
    public Standardise Scaling { get; init; } = Standardise.Auto;

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        if (rows.X.AllDiscrete == rows.Y.AllDiscrete)
            throw new InputException("ross: one side must be discrete and the other continuous", rows.X.AllDiscrete ? "use binning or mixed" : "use ksg1, or mark the classes discrete");
        var (labels, points) = rows.X.AllDiscrete ? (rows.X, rows.Y) : (rows.Y, rows.X);
        var symbols = labels.RowSymbols(out var classes);
        var members = new List<int>[classes];
        for (var c = 0; c < classes; c++) members[c] = [];
        for (var i = 0; i < symbols.Length; i++) members[symbols[i]].Add(i);
        var kept = new List<int>();
        foreach (var rowsOfClass in members)
            if (rowsOfClass.Count > 1) kept.AddRange(rowsOfClass);
        if (kept.Count < 2)
            return new Reading(0) { Verdict = Verdict.TooFewSamples, Notes = ["no class has two rows"] };
        var (n, d) = (kept.Count, points.Dimensions);
        var scaled = Conditioning.Scale(Scaling, points.Take(kept.ToArray()))[0]; // class after class
        var radius = new double[n];
        var psi = Digamma.Table(n);
        double sum = 0, entropy = 0;
        var start = 0;
        foreach (var group in members)
        {
            if (group.Count < 2) continue;
            var k = Math.Min(K, group.Count - 1);
            var own = Neighbourhoods.KthDistance(scaled.AsSpan(start * d, group.Count * d).ToArray(), group.Count, d, k, rows.Threads);
            own.CopyTo(radius, start);
            start += group.Count;
            sum += group.Count * (psi[k] - psi[group.Count]);
            entropy -= group.Count / (double)n * Math.Log(group.Count / (double)n);
        }
        // Strictly nearer, itself included: as many as the others up to and including the k-th.
        var counts = Neighbourhoods.CountNearer(scaled, n, d, radius, rows.Threads);
        foreach (var count in counts) sum -= psi[count];
        var left = symbols.Length - n;
        return new Reading(psi[n] + sum / n)
        {
            CeilingNats = entropy,
            CeilingIsExact = true,
            Notes = left == 0 ? null : [FormattableString.Invariant($"{left} rows are the only ones of their class and were left out")],
        };
    }

    /// <inheritdoc/>
    protected override IEnumerable<Variant> Variants(Rows rows, Reading value)
    {
        foreach (var k in (int[])[10, 30])
        {
            if (k > K && rows.Count >= 20 * k)
                yield return new Variant(string.Create(CultureInfo.InvariantCulture, $"k = {k}"), new RossInformation { K = k, Scaling = Scaling }.Read(rows).Nats,
                    "the density changes within the reach of the neighbours; take more rows or fewer dimensions", Slack: k / 10.0);
        }
        var scores = rows with { X = Conditioning.NormalScores(rows.X), Y = Conditioning.NormalScores(rows.Y) };
        yield return new Variant("the same on normal scores", Read(scores).Nats,
            "one-to-one changes of single columns must not matter; trust the ranks, or transform heavy tails first");
    }
}
