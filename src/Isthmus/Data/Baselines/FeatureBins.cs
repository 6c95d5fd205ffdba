namespace Isthmus.Data.Baselines;

/// <summary>Numbers to at most 256 bins a column: between neighbouring values where there are few, at quantiles where there are many.</summary>
internal sealed class FeatureBins
{
    private readonly double[][] _thresholds;

    /// <summary>Learns the borders of bins.</summary>
    /// <param name="x">Training rows.</param>
    /// <param name="most">The greatest number of bins, 2 to 256.</param>
    public FeatureBins(Matrix x, int most)
    {
        _thresholds = new double[x.Columns][];
        Dense.For(x.Columns, c => _thresholds[c] = Thresholds(x, c, most));
    }

    /// <summary>How many bins a column has.</summary>
    public int Count(int column) => _thresholds[column].Length + 1;

    /// <summary>The upper border of a bin, which belongs to it.</summary>
    public double Border(int column, int bin) => _thresholds[column][bin];

    /// <summary>The bins of all rows, one array a column.</summary>
    public byte[][] Of(Matrix x)
    {
        var bins = new byte[x.Columns][];
        Dense.For(x.Columns, c =>
        {
            bins[c] = new byte[x.Rows];
            for (var row = 0; row < x.Rows; row++)
            {
                var at = Array.BinarySearch(_thresholds[c], x.Values[row * x.Columns + c]);
                bins[c][row] = (byte)(at < 0 ? ~at : at);
            }
        });
        return bins;
    }

    private static double[] Thresholds(Matrix x, int column, int most)
    {
        var sorted = new double[x.Rows];
        for (var row = 0; row < sorted.Length; row++) sorted[row] = x.Values[row * x.Columns + column];
        Array.Sort(sorted);
        double[] distinct = [.. sorted.Distinct().Take(most + 1)];
        if (distinct.Length <= most) return [.. distinct.Zip(distinct.Skip(1), (a, b) => 0.5 * (a + b))];
        // The middle of the two neighbours of each quantile's place, as NumPy's method "midpoint" has it.
        var thresholds = new SortedSet<double>();
        for (var q = 1; q < most; q++)
        {
            var place = (double)q / most * (sorted.Length - 1);
            var below = (int)Math.Floor(place);
            thresholds.Add(place == below ? sorted[below] : 0.5 * (sorted[below] + sorted[below + 1]));
        }
        return [.. thresholds];
    }
}
