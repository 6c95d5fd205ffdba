using System.Numerics;

namespace Isthmus.Information;

/// <summary>Partial sorting: the split of a k-d tree.</summary>
internal static class Selection
{
    /// <summary>
    /// Orders keys, and items with them, so that no key before position <paramref name="nth"/> is greater than one at or after it.
    /// Quickselect (Hoare 1961) with the median of three; after too many rounds it sorts, so hostile input costs n log n.
    /// </summary>
    public static void Partition(Span<double> keys, Span<int> items, int nth)
    {
        var (low, high) = (0, keys.Length - 1);
        for (var rounds = 2 * BitOperations.Log2((uint)keys.Length + 1) + 4; low < high; rounds--)
        {
            if (rounds == 0)
            {
                keys[low..(high + 1)].Sort(items[low..(high + 1)]);
                return;
            }
            var pivot = MedianOfThree(keys[low], keys[(low + high) >>> 1], keys[high]);
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (keys[i] < pivot) i++;
                while (keys[j] > pivot) j--;
                if (i > j) break;
                (keys[i], keys[j]) = (keys[j], keys[i]);
                (items[i], items[j]) = (items[j], items[i]);
                i++;
                j--;
            }
            if (nth <= j) high = j;
            else if (nth >= i) low = i;
            else return;
        }
    }

    private static double MedianOfThree(double a, double b, double c) =>
        Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
