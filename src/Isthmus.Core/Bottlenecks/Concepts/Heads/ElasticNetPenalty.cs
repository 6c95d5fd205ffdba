namespace Isthmus.Bottlenecks;

/// <summary>l1 |w| + l2/2 w², of one weight and of what may be done with it.</summary>
internal static class ElasticNetPenalty
{
    public static double Of(double w, double l1, double l2) => (l1 * Math.Abs(w)) + (l2 / 2 * w * w);

    public static double Shrink(double v, double by) => v > by ? v - by : v < -by ? v + by : 0;

    public static double Violation(double w, double gradient, double l1, double l2)
    {
        var g = gradient + (l2 * w);
        return w == 0 ? Math.Abs(g) - l1 : Math.Abs(g + (w > 0 ? l1 : -l1));
    }

    // The c at which Σ l1 |w - c| + l2/2 (w - c)² is least: where its slope passes 0, at one of the w or between two of them.
    public static double Least(double[] weights, double l1, double l2)
    {
        Array.Sort(weights);
        var (n, sum) = (weights.Length, weights.Sum());
        for (var below = 0; below <= n; below++)
        {
            var slope = l1 * ((2 * below) - n); // and l2 (n c - sum)
            var low = below == 0 ? double.NegativeInfinity : weights[below - 1];
            var high = below == n ? double.PositiveInfinity : weights[below];
            if (l2 > 0)
            {
                var c = ((sum * l2) - slope) / (l2 * n);
                if (c <= low) return low;
                if (c < high) return c;
            }
            else if (slope >= 0)
            {
                return low;
            }
        }
        return weights[n - 1];
    }
}
