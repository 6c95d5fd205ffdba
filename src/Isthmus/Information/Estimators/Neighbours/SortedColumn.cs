namespace Isthmus.Information;

/// <summary>One column in ascending order: neighbours within a radius are a stretch of it, found by bisection.</summary>
internal sealed class SortedColumn
{
    private readonly double[] _sorted;

    /// <summary>Sorts a copy of the column.</summary>
    public SortedColumn(ReadOnlySpan<double> column)
    {
        _sorted = column.ToArray();
        Array.Sort(_sorted);
    }

    /// <summary>How many values, the query's own included, lie nearer to it than the radius: |value − query| &lt; radius in double arithmetic.</summary>
    public int CountNearer(double query, double radius)
    {
        // Both tests are monotone in the value because rounding is.
        var (low, high) = (0, _sorted.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (query - _sorted[middle] < radius) high = middle;
            else low = middle + 1;
        }
        var first = low;
        high = _sorted.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_sorted[middle] - query < radius) low = middle + 1;
            else high = middle;
        }
        return low - first;
    }
}
