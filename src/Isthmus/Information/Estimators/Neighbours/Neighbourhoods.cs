namespace Isthmus.Information;

/// <summary>
/// Neighbour distances in a joint space and counts in its marginals, by the maximum norm: a k-d tree (or a sorted column)
/// where the dimension lets it prune, brute force over vectors where it does not. Both give the same numbers, bit for bit.
/// </summary>
internal sealed class Neighbourhoods
{
    private const int ChunkRows = 128;
    private readonly double[][] _blocks;
    private readonly int[] _widths;
    private readonly int _n, _threads;

    /// <summary>Blocks of variables (x, y, given), each row-major with n rows.</summary>
    public Neighbourhoods(double[][] blocks, int[] widths, int n, int threads) => (_blocks, _widths, _n, _threads) = (blocks, widths, n, threads);

    /// <summary>Overrides the choice between tree and brute force, so that tests can compare the two.</summary>
    public bool? ForceTree { get; init; }

    /// <summary>Whether a tree over so many dimensions prunes enough to beat brute force over vectors: up to 10 for 10,000 Gaussian points (measured), one more a doubling.</summary>
    public static bool TreePays(int n, int d) => d <= Math.Log2(n) - 3;

    /// <summary>
    /// For every row: the distance to its k-th other neighbour in the joint space of all blocks, and for each subspace (a bit
    /// mask of blocks) how many rows, itself included, lie strictly nearer than that distance; at distance 0, how many coincide
    /// where <paramref name="countTies"/> is set, else none.
    /// </summary>
    public (double[] Radius, int[][] Counts) Balls(int k, int[] subspaces, bool countTies = false)
    {
        if (!(ForceTree ?? TreePays(_n, _widths.Sum()))) return BruteBalls(k, subspaces, countTies);
        var joint = Merge((1 << _blocks.Length) - 1, out var d);
        var radius = KthDistance(joint, _n, d, k, _threads, ForceTree);
        var reach = countTies ? Array.ConvertAll(radius, r => Math.Max(r, double.Epsilon)) : radius;
        var counts = new int[subspaces.Length][];
        for (var s = 0; s < subspaces.Length; s++)
            counts[s] = CountNearer(Merge(subspaces[s], out var width), _n, width, reach, _threads, ForceTree);
        return (radius, counts);
    }

    /// <summary>
    /// For every row: the extent in each block of the smallest box around its k nearest other neighbours (KSG's second
    /// algorithm), and how many rows, itself included, lie within that extent in the block, the rim included. The radius is the
    /// largest extent.
    /// </summary>
    public (double[] Radius, int[][] Counts) Boxes(int k)
    {
        var extents = new double[_blocks.Length][];
        for (var b = 0; b < extents.Length; b++) extents[b] = new double[_n];
        var joint = Merge((1 << _blocks.Length) - 1, out var d);
        if (ForceTree ?? TreePays(_n, d))
        {
            var tree = new KdTree(joint, _n, d, _threads);
            Chunks.For(_n, ChunkRows, _threads, (from, to) =>
            {
                Span<double> query = stackalloc double[d];
                var (best, who) = (new double[k], new int[k]);
                for (var p = from; p < to; p++)
                {
                    tree.Point(p, query);
                    tree.Nearest<MaxNorm>(query, p, best, who);
                    for (var j = 0; j < k; j++) Extend(extents, tree.Row(p), tree.Row(who[j]));
                }
            });
        }
        else
        {
            var brute = new BlockDistances([joint], [d], _n);
            Chunks.For(_n, ChunkRows, _threads, brute.Buffer, (from, to, buffer) =>
            {
                var (best, who) = (new double[k], new int[k]);
                for (var i = from; i < to; i += BlockDistances.RowsAtOnce)
                {
                    brute.Fill<MaxNorm>(0, i, buffer);
                    for (var r = 0; r < BlockDistances.RowsAtOnce && i + r < to; r++)
                    {
                        BlockDistances.Nearest(buffer.AsSpan(r * brute.Padded, brute.Padded), i + r, best, who);
                        for (var j = 0; j < k; j++) Extend(extents, i + r, who[j]);
                    }
                }
            });
        }
        var counts = new int[_blocks.Length][];
        for (var b = 0; b < counts.Length; b++)
            counts[b] = CountNearer(_blocks[b], _n, _widths[b], Array.ConvertAll(extents[b], double.BitIncrement), _threads, ForceTree);
        var radius = new double[_n];
        for (var i = 0; i < _n; i++) radius[i] = extents.Max(extent => extent[i]);
        return (radius, counts);
    }

    private void Extend(double[][] extents, int row, int neighbour)
    {
        for (var b = 0; b < _blocks.Length; b++)
        {
            var (block, d, extent) = (_blocks[b], _widths[b], extents[b][row]);
            for (var c = 0; c < d; c++) extent = Math.Max(extent, Math.Abs(block[row * d + c] - block[neighbour * d + c]));
            extents[b][row] = extent;
        }
    }

    private (double[] Radius, int[][] Counts) BruteBalls(int k, int[] subspaces, bool countTies)
    {
        var radius = new double[_n];
        var counts = new int[subspaces.Length][];
        for (var s = 0; s < counts.Length; s++) counts[s] = new int[_n];
        var brute = new BlockDistances(_blocks, _widths, _n);
        Chunks.For(_n, ChunkRows, _threads, () => brute.Buffers(_blocks.Length + 1), (from, to, buffers) =>
        {
            var (blocks, joint, best) = (buffers[..^1], buffers[^1], new double[k]);
            for (var i = from; i < to; i += BlockDistances.RowsAtOnce)
            {
                for (var b = 0; b < blocks.Length; b++) brute.Fill<MaxNorm>(b, i, blocks[b]);
                JoinBlocks(blocks, (1 << blocks.Length) - 1, joint);
                for (var r = 0; r < BlockDistances.RowsAtOnce && i + r < to; r++)
                {
                    BlockDistances.Nearest(joint.AsSpan(r * brute.Padded, brute.Padded), i + r, best, []);
                    radius[i + r] = best[^1];
                }
                for (var s = 0; s < subspaces.Length; s++)
                {
                    JoinBlocks(blocks, subspaces[s], joint);
                    for (var r = 0; r < BlockDistances.RowsAtOnce && i + r < to; r++)
                    {
                        var reach = countTies ? Math.Max(radius[i + r], double.Epsilon) : radius[i + r];
                        counts[s][i + r] = BlockDistances.CountNearer(joint.AsSpan(r * brute.Padded, brute.Padded), reach);
                    }
                }
            }
        });
        return (radius, counts);
    }

    private static void JoinBlocks(double[][] blocks, int mask, double[] into)
    {
        var first = true;
        for (var b = 0; b < blocks.Length; b++)
        {
            if ((mask >> b & 1) == 0) continue;
            if (first) blocks[b].CopyTo(into, 0);
            else BlockDistances.Join(into, blocks[b]);
            first = false;
        }
    }

    private double[] Merge(int mask, out int d)
    {
        var chosen = Enumerable.Range(0, _blocks.Length).Where(b => (mask >> b & 1) != 0).ToArray();
        var width = d = chosen.Sum(b => _widths[b]);
        if (chosen.Length == 1) return _blocks[chosen[0]];
        var merged = new double[(long)_n * width];
        var offset = 0;
        foreach (var b in chosen)
        {
            for (var i = 0; i < _n; i++) _blocks[b].AsSpan(i * _widths[b], _widths[b]).CopyTo(merged.AsSpan(i * width + offset));
            offset += _widths[b];
        }
        return merged;
    }

    /// <summary>The distance of every row to its k-th other neighbour, maximum norm.</summary>
    public static double[] KthDistance(double[] rows, int n, int d, int k, int threads, bool? forceTree = null)
    {
        var all = Nearest<MaxNorm>(rows, n, d, k, threads, null, forceTree);
        if (k == 1) return all;
        var radius = new double[n];
        for (var i = 0; i < n; i++) radius[i] = all[i * k + k - 1];
        return radius;
    }

    /// <summary>
    /// The k smallest distances, ascending (squared where the norm is Euclidean), of every query to the rows; without queries
    /// those of every row to the others. A number of queries × k.
    /// </summary>
    public static double[] Nearest<TNorm>(double[] rows, int n, int d, int k, int threads, double[]? queries = null, bool? forceTree = null)
        where TNorm : INorm
    {
        var count = queries is null ? n : queries.Length / d;
        var distances = new double[(long)count * k];
        if (forceTree ?? TreePays(n, d))
        {
            var tree = new KdTree(rows, n, d, threads);
            Chunks.For(count, ChunkRows, threads, (from, to) =>
            {
                Span<double> query = stackalloc double[d];
                for (var p = from; p < to; p++)
                {
                    if (queries is null) tree.Point(p, query);
                    else queries.AsSpan(p * d, d).CopyTo(query);
                    var row = queries is null ? tree.Row(p) : p;
                    tree.Nearest<TNorm>(query, queries is null ? p : -1, distances.AsSpan(row * k, k), []);
                }
            });
            return distances;
        }
        var brute = new BlockDistances([rows], [d], n);
        Chunks.For(count, ChunkRows, threads, brute.Buffer, (from, to, buffer) =>
        {
            for (var i = from; i < to; i += BlockDistances.RowsAtOnce)
            {
                brute.Fill<TNorm>(0, i, buffer, queries);
                for (var r = 0; r < BlockDistances.RowsAtOnce && i + r < to; r++)
                    BlockDistances.Nearest(buffer.AsSpan(r * brute.Padded, brute.Padded), queries is null ? i + r : -1,
                        distances.AsSpan((i + r) * k, k), []);
            }
        });
        return distances;
    }

    /// <summary>How many rows, itself included, lie strictly nearer to each row than its own radius, maximum norm.</summary>
    public static int[] CountNearer(double[] rows, int n, int d, double[] radius, int threads, bool? forceTree = null)
    {
        var counts = new int[n];
        if (d == 1)
        {
            var column = new SortedColumn(rows);
            Chunks.For(n, ChunkRows, threads, (from, to) =>
            {
                for (var i = from; i < to; i++) counts[i] = column.CountNearer(rows[i], radius[i]);
            });
            return counts;
        }
        if (forceTree ?? TreePays(n, d))
        {
            var tree = new KdTree(rows, n, d, threads);
            Chunks.For(n, ChunkRows, threads, (from, to) =>
            {
                Span<double> query = stackalloc double[d];
                for (var p = from; p < to; p++)
                {
                    tree.Point(p, query);
                    counts[tree.Row(p)] = tree.CountNearer(query, radius[tree.Row(p)]);
                }
            });
            return counts;
        }
        var brute = new BlockDistances([rows], [d], n);
        Chunks.For(n, ChunkRows, threads, brute.Buffer, (from, to, buffer) =>
        {
            for (var i = from; i < to; i += BlockDistances.RowsAtOnce)
            {
                brute.Fill<MaxNorm>(0, i, buffer);
                for (var r = 0; r < BlockDistances.RowsAtOnce && i + r < to; r++)
                    counts[i + r] = BlockDistances.CountNearer(buffer.AsSpan(r * brute.Padded, brute.Padded), radius[i + r]);
            }
        });
        return counts;
    }
}
