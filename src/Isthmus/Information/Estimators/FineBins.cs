namespace Isthmus.Information;

/// <summary>
/// A coarse look at a pair of columns that no scrambling can hide from: one side in as many quantile bins as there are dozens of
/// rows, the other in four, and the other way round, entropies corrected by Grassberger's formula. It reads less than there is, so
/// only its reading more than an estimator is a sign.
/// </summary>
internal static class FineBins
{
    private const int RowsInBin = 12, Coarse = 4, LeastRows = 100;

    /// <summary>Whether the look makes sense: two continuous columns and enough rows.</summary>
    public static bool Fits(Rows rows) => rows.Given is null && rows.X.Dimensions == 1 && rows.Y.Dimensions == 1
        && !rows.X.AnyDiscrete && !rows.Y.AnyDiscrete && rows.Count >= LeastRows;

    /// <summary>The larger of the two looks, in nats.</summary>
    public static double Nats(Rows rows)
    {
        var fine = rows.Count / RowsInBin;
        var (x, y) = (rows.X.Column(0), rows.Y.Column(0));
        return Math.Max(Information(x, fine, y, Coarse), Information(y, fine, x, Coarse));
    }

    private static double Information(double[] a, int binsA, double[] b, int binsB)
    {
        var (first, second) = (Bins.Quantiles(a, binsA), Bins.Quantiles(b, binsB));
        var counts = new long[first.Count, second.Count];
        for (var i = 0; i < a.Length; i++) counts[first.Of(a[i]), second.Of(b[i])]++;
        return CountEntropy.MutualInformation(counts, EntropyCorrection.Grassberger).Nats;
    }
}
