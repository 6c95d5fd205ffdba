namespace Isthmus.Tensors.Kernels;

/// <summary>The largest of many without sorting them all.</summary>
internal static class Selection
{
    /// <summary>Orders distinct keys so that the first k are the largest, the k-th at place k - 1 (Hoare 1961, algorithm 65).</summary>
    public static void LargestFirst(Span<ulong> keys, int k)
    {
        int low = 0, high = keys.Length - 1, target = k - 1;
        while (low < high)
        {
            var (a, b, c) = (keys[low], keys[(low + high) / 2], keys[high]);
            var pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            int i = low, j = high;
            while (i <= j)
            {
                while (keys[i] > pivot) i++;
                while (keys[j] < pivot) j--;
                if (i > j) break;
                (keys[i], keys[j]) = (keys[j], keys[i]);
                i++;
                j--;
            }
            if (target <= j) high = j;
            else if (target >= i) low = i;
            else return;
        }
    }
}
