namespace Isthmus.Tensors.Kernels;

/// <summary>Copies a tensor with its dimensions in another order, in tiles so that both sides use whole cache lines.</summary>
internal static unsafe class PermuteKernel
{
    private const int Tile = 16;

    /// <summary>y[i_order[0], i_order[1], …] = x[i_0, i_1, …].</summary>
    public static void Run(float* x, int[] shape, int[] order, float* y)
    {
        // Dimensions of size 1 go, and neighbours that stay neighbours are merged: most permutations become a batch of 2-D ones.
        var (sizes, dims) = Merge(shape, order);
        var rank = sizes.Length;
        var total = Shapes.Count(sizes);
        if (total == 0) return;
        if (rank <= 1)
        {
            Buffer.MemoryCopy(x, y, total * sizeof(float), total * sizeof(float));
            return;
        }
        var steps = new long[rank]; // of x, by its own dimensions
        steps[rank - 1] = 1;
        for (var d = rank - 2; d >= 0; d--) steps[d] = steps[d + 1] * sizes[d + 1];
        var last = dims[rank - 1]; // the dimension of x that runs fastest in y
        // Blocks of y: its last dimension against the one that runs fastest in x.
        var fast = rank - 1;
        var outer = dims.Where(d => d != last && d != fast).ToArray();
        var yStep = new long[rank];
        long run = 1;
        for (var i = rank - 1; i >= 0; i--)
        {
            yStep[dims[i]] = run;
            run *= sizes[dims[i]];
        }
        var index = new int[outer.Length];
        long blocks = 1;
        foreach (var d in outer) blocks *= sizes[d];
        for (long block = 0; block < blocks; block++)
        {
            long xo = 0, yo = 0;
            for (var i = 0; i < outer.Length; i++)
            {
                xo += index[i] * steps[outer[i]];
                yo += index[i] * yStep[outer[i]];
            }
            if (last == fast) new ReadOnlySpan<float>(x + xo, sizes[fast]).CopyTo(new Span<float>(y + yo, sizes[fast]));
            else Transpose(x + xo, steps[last], y + yo, yStep[fast], sizes[last], sizes[fast]);
            for (var i = outer.Length - 1; i >= 0; i--)
            {
                if (++index[i] < sizes[outer[i]]) break;
                index[i] = 0;
            }
        }
    }

    // y[j * ys + i] = x[i * xs + j] for i < n, j < m.
    private static void Transpose(float* x, long xs, float* y, long ys, int n, int m)
    {
        for (var i0 = 0; i0 < n; i0 += Tile)
            for (var j0 = 0; j0 < m; j0 += Tile)
            {
                var i1 = Math.Min(n, i0 + Tile);
                var j1 = Math.Min(m, j0 + Tile);
                for (var j = j0; j < j1; j++)
                {
                    var to = y + (j * ys);
                    for (var i = i0; i < i1; i++) to[i] = x[(i * xs) + j];
                }
            }
    }

    private static (int[] Sizes, int[] Dims) Merge(int[] shape, int[] order)
    {
        var kept = order.Where(d => shape[d] != 1).ToList();
        var groups = new List<List<int>>();
        foreach (var d in kept)
        {
            var next = groups.Count > 0 ? groups[^1][^1] + 1 : -1;
            while (groups.Count > 0 && next < shape.Length && shape[next] == 1) next++;
            if (groups.Count > 0 && next == d) groups[^1].Add(d);
            else groups.Add([d]);
        }
        var byPlace = groups.OrderBy(g => g[0]).ToList(); // the groups in x's own order
        var sizes = byPlace.Select(g => g.Aggregate(1, (n, d) => n * shape[d])).ToArray();
        return (sizes, [.. groups.Select(g => byPlace.IndexOf(g))]);
    }
}
