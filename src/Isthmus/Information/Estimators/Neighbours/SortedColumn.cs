using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
        // Both tests are monotone in the value because rounding is. Branches would be guessed wrong half the time, so there are
        // none: a comparison becomes a mask.
        ref var sorted = ref MemoryMarshal.GetArrayDataReference(_sorted);
        int first = 0, last = 0;
        for (var length = _sorted.Length; length > 1;)
        {
            var half = length >>> 1;
            first += half & ((query - Unsafe.Add(ref sorted, first + half - 1) < radius ? 1 : 0) - 1);
            last += half & -(Unsafe.Add(ref sorted, last + half - 1) - query < radius ? 1 : 0);
            length -= half;
        }
        first += query - Unsafe.Add(ref sorted, first) < radius ? 0 : 1;
        last += Unsafe.Add(ref sorted, last) - query < radius ? 1 : 0;
        return Math.Max(0, last - first);
    }
}
