namespace Isthmus.Information;

/// <summary>Enumerates the partitions of {0, ..., n−1} into non-empty blocks.</summary>
internal static class Partitions
{
    /// <summary>The largest n whose partitions are enumerated by exhaustive solvers: Bell(10) = 115,975.</summary>
    public const int MaxExhaustive = 10;

    /// <summary>
    /// Every partition as a restricted growth string: element i is in block labels[i], blocks numbered in order of first use. The same
    /// array is handed out each time: copy it to keep it.
    /// </summary>
    /// <param name="n">At least 1.</param>
    /// <param name="maxBlocks">Partitions with more blocks are left out.</param>
    public static IEnumerable<int[]> Of(int n, int maxBlocks = int.MaxValue)
    {
        var labels = new int[n];
        var highest = new int[n]; // highest label among elements 0..i
        while (true)
        {
            yield return labels;
            var i = n - 1;
            while (i > 0 && (labels[i] > highest[i - 1] || labels[i] + 1 >= maxBlocks)) i--;
            if (i <= 0) yield break;
            labels[i]++;
            highest[i] = Math.Max(highest[i - 1], labels[i]);
            for (var j = i + 1; j < n; j++) (labels[j], highest[j]) = (0, highest[i]);
        }
    }
}
