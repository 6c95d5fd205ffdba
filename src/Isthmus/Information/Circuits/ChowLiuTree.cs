using System.Globalization;
using System.Numerics;

namespace Isthmus.Information;

/// <summary>
/// The tree over variables with the largest sum of pairwise mutual informations, which is the best tree-shaped distribution (Chow and
/// Liu 1968), rooted at its centre so that it is as shallow as can be.
/// </summary>
/// <param name="Parents">The parent of each variable, −1 for the root.</param>
/// <param name="Order">Parents before children.</param>
/// <param name="InformationBits">The sum of the mutual informations of its edges.</param>
public sealed record ChowLiuTree(IReadOnlyList<int> Parents, IReadOnlyList<int> Order, double InformationBits)
{
    /// <summary>The tree learnt from rows.</summary>
    /// <param name="rows">At least one; one symbol for each variable, none missing.</param>
    /// <param name="alphabets">The number of symbols of each variable.</param>
    /// <exception cref="InputException">There are no rows, or a row does not fit.</exception>
    public static ChowLiuTree Learn(IReadOnlyList<int[]> rows, IReadOnlyList<int> alphabets)
    {
        var information = Pairwise(rows, alphabets);
        var n = alphabets.Count;
        // Prim's algorithm; ties go to the smaller number, so the tree is the same everywhere.
        var neighbours = Enumerable.Range(0, n).Select(_ => new List<int>()).ToArray();
        var (nearest, gain) = (new int[n], new double[n]);
        Array.Fill(gain, double.NegativeInfinity);
        var inside = new bool[n];
        var total = 0.0;
        for (int added = 0, next = 0; added < n; added++)
        {
            inside[next] = true;
            if (added > 0)
            {
                neighbours[next].Add(nearest[next]);
                neighbours[nearest[next]].Add(next);
                total += gain[next];
            }
            var best = -1;
            for (var v = 0; v < n; v++)
            {
                if (inside[v]) continue;
                if (information[next, v] > gain[v]) (gain[v], nearest[v]) = (information[next, v], next);
                if (best < 0 || gain[v] > gain[best]) best = v;
            }
            next = best;
        }
        return Rooted(neighbours, total / Math.Log(2));
    }

    /// <summary>The mutual information in nats of every pair of variables, from bit sets of the rows of each symbol.</summary>
    internal static double[,] Pairwise(IReadOnlyList<int[]> rows, IReadOnlyList<int> alphabets)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(alphabets);
        if (rows.Count == 0) throw new InputException("no rows to learn from, expected at least one");
        var words = (rows.Count + 63) / 64;
        var sets = alphabets.Select(a => Enumerable.Range(0, a).Select(_ => new ulong[words]).ToArray()).ToArray();
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Length != alphabets.Count) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"row {i + 1} has {rows[i].Length} symbols, expected {alphabets.Count}"));
            for (var v = 0; v < alphabets.Count; v++)
            {
                var symbol = rows[i][v];
                if (symbol < 0 || symbol >= alphabets[v])
                    throw new InputException(string.Create(CultureInfo.InvariantCulture, $"row {i + 1}, variable {v + 1}: symbol {symbol}, expected 0 to {alphabets[v] - 1}"));
                sets[v][symbol][i >> 6] |= 1UL << (i & 63);
            }
        }
        var counts = Array.ConvertAll(sets, s => Array.ConvertAll(s, b => b.Sum(w => (long)BitOperations.PopCount(w))));
        var result = new double[alphabets.Count, alphabets.Count];
        for (var a = 0; a < alphabets.Count; a++)
            for (var b = 0; b < a; b++)
                result[a, b] = result[b, a] = Information(sets[a], counts[a], sets[b], counts[b], rows.Count);
        return result;
    }

    private static double Information(ulong[][] a, long[] countsA, ulong[][] b, long[] countsB, double n)
    {
        var nats = 0.0;
        for (var i = 0; i < a.Length; i++)
            for (var j = 0; j < b.Length; j++)
            {
                if (countsA[i] == 0 || countsB[j] == 0) continue;
                long both = 0;
                for (var w = 0; w < a[i].Length; w++) both += BitOperations.PopCount(a[i][w] & b[j][w]);
                if (both > 0) nats += both / n * Math.Log(both * n / ((double)countsA[i] * countsB[j]));
            }
        return Math.Max(0, nats);
    }

    private static ChowLiuTree Rooted(List<int>[] neighbours, double bits)
    {
        var (far, _) = Walk(neighbours, 0);
        var (end, parents) = Walk(neighbours, far[^1]);
        var path = new List<int>();
        for (var v = end[^1]; v >= 0; v = parents[v]) path.Add(v);
        var (order, rooted) = Walk(neighbours, path[path.Count / 2]); // the middle of a longest path
        return new ChowLiuTree(rooted, order, bits);
    }

    // Breadth first: the last one visited is a farthest one.
    private static (List<int> Order, int[] Parents) Walk(List<int>[] neighbours, int root)
    {
        var parents = new int[neighbours.Length];
        Array.Fill(parents, -1);
        var order = new List<int> { root };
        for (var i = 0; i < order.Count; i++)
            foreach (var v in neighbours[order[i]].Order())
                if (v != parents[order[i]])
                {
                    parents[v] = order[i];
                    order.Add(v);
                }
        return (order, parents);
    }
}
