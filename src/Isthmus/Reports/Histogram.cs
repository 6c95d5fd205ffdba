namespace Isthmus.Reports;

/// <summary>Counts in equally wide bins.</summary>
internal static class Histogram
{
    /// <summary>Edges (one more than bins) and counts of sorted, finite values; bins 0 chooses their number.</summary>
    public static (double[] Edges, double[] Counts) Count(double[] sorted, int bins)
    {
        if (sorted.Length == 0) return ([0], []);
        var (low, high) = (sorted[0], sorted[^1]);
        if (high / 2 - low / 2 <= 1e-12 * Math.Max(Math.Abs(low), Math.Abs(high)))
        {
            var half = low == 0 ? 0.5 : Math.Abs(low) * 0.01;
            (low, high) = (low - half, high + half);
            if (bins == 0) bins = 1;
        }
        if (bins == 0) bins = FreedmanDiaconis(sorted);
        var edges = new double[bins + 1];
        for (var i = 0; i <= bins; i++) edges[i] = low * (1 - ((double)i / bins)) + high * ((double)i / bins);
        var counts = new double[bins];
        foreach (var value in sorted)
            counts[(int)Math.Clamp(bins * ((value / 2 - low / 2) / (high / 2 - low / 2)), 0, bins - 1)]++;
        return (edges, counts);
    }

    // Width 2 IQR n^(-1/3): Freedman and Diaconis, "On the histogram as a density estimator: L2 theory" (1981).
    private static int FreedmanDiaconis(double[] sorted)
    {
        var range = sorted[^1] / 2 - sorted[0] / 2;
        var quartiles = sorted[sorted.Length * 3 / 4] / 2 - sorted[sorted.Length / 4] / 2;
        var width = 2 * quartiles / Math.Cbrt(sorted.Length);
        return width > 0 ? (int)Math.Clamp(Math.Ceiling(range / width), 5, 60) : 20;
    }
}
