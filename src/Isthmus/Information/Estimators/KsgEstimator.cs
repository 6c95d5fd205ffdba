using System.Globalization;

namespace Isthmus.Information;

/// <summary>What both algorithms of Kraskov, Stögbauer and Grassberger share: scaling, ties, and the readings that ought to agree.</summary>
public abstract class KsgEstimator : SampleEstimator
{
    private const double ManyTies = 0.05;

    /// <summary>Number of neighbours, at least 1; more is steadier and more biased.</summary>
    public int K { get; init; } = 3;

    /// <summary>When columns are brought to unit standard deviation.</summary>
    public Standardise Scaling { get; init; } = Standardise.Auto;

    /// <inheritdoc/>
    public override bool NearestNeighbour => true;

    /// <inheritdoc/>
    public override int LeastRows => Math.Max(2 * K, 5);

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        var n = rows.Count;
        var blocks = rows.Given is { } given
            ? Conditioning.Scale(Scaling, rows.X, rows.Y, given)
            : Conditioning.Scale(Scaling, rows.X, rows.Y);
        int[] widths = rows.Given is null ? [rows.X.Dimensions, rows.Y.Dimensions] : [rows.X.Dimensions, rows.Y.Dimensions, rows.Given.Dimensions];
        var value = Value(blocks, widths, n, K, rows.Threads, out var coincident);
        var ceiling = Digamma.Most(n, K) - CeilingLoss;
        if (coincident == 0) return new Reading(value) { CeilingNats = ceiling };

        string[] names = ["x", "y", "given"];
        for (var b = 0; b < blocks.Length; b++) Conditioning.BreakTies(blocks[b], widths[b], rows.Seed, names[b]);
        value = Value(blocks, widths, n, K, rows.Threads, out _);
        return new Reading(value)
        {
            CeilingNats = ceiling,
            Verdict = coincident > ManyTies ? Verdict.Unreliable : Verdict.NoAlarm,
            Notes = [string.Create(CultureInfo.InvariantCulture, $"{100 * coincident:0.#} % of the rows coincide with {K} others or more; ties were broken by noise of 1e-10 standard deviations{(coincident > ManyTies ? ": use mixed or binning" : "")}")],
        };
    }

    /// <summary>The bare formula on scaled blocks; also the share of rows whose k-th neighbour lies at distance 0.</summary>
    private protected abstract double Value(double[][] blocks, int[] widths, int n, int k, int threads, out double coincident);

    /// <summary>What the formula's ceiling lies below ψ(n) − ψ(k), in nats.</summary>
    private protected virtual double CeilingLoss => 0;

    private protected abstract KsgEstimator WithK(int k);

    /// <inheritdoc/>
    protected override IEnumerable<Variant> Variants(Rows rows, Reading value)
    {
        foreach (var k in (int[])[10, 30])
        {
            if (k > K && rows.Count >= 20 * k)
                yield return new Variant(string.Create(CultureInfo.InvariantCulture, $"k = {k}"), WithK(k).Read(rows).Nats,
                    "the density changes within the reach of the neighbours; take more rows or fewer dimensions", Slack: k / 10.0);
        }
        var scores = rows with { X = Conditioning.NormalScores(rows.X), Y = Conditioning.NormalScores(rows.Y) };
        yield return new Variant("the same on normal scores", Read(scores).Nats,
            "one-to-one changes of single columns must not matter; trust the ranks, or transform heavy tails first");
        if (rows.Given is null)
            yield return new Variant("the Gaussian baseline on normal scores", Math.Max(value.Nats, GaussianInformation.Nats(scores)),
                "neighbours miss linear dependence in so many dimensions; use gaussian or a neural estimator");
    }
}
