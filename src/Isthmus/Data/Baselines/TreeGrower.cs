namespace Isthmus.Data.Baselines;

/// <summary>
/// Grows one tree on binned columns, always splitting the leaf that gains most, from histograms of gradients; the larger child's
/// histogram is its parent's less its sibling's. Columns are shared out to threads, each summed in the order of the rows.
/// </summary>
internal sealed class TreeGrower
{
    private const int MostBins = 256;
    private const int ParallelWork = 1 << 14;
    private const double LeastHessian = 1e-3;

    private readonly byte[][] _bins;
    private readonly FeatureBins _borders;
    private readonly BoostingOptions _options;
    private readonly int[] _rows;
    private readonly int[] _spare;
    private readonly float[] _orderedGradients;
    private readonly float[] _orderedHessians;
    private readonly Stack<Cell[]> _pool = new();
    private readonly Candidate[] _best, _bestOfSibling;

    private struct Cell
    {
        public double Gradient, Hessian;
        public int Count;
    }

    private readonly record struct Candidate(double Gain, int Feature, int Bin, double Gradient, double Hessian, int Count);

    private sealed class Leaf
    {
        public required int Node, Start, Count;
        public required double Gradient, Hessian;
        public Cell[]? Histogram;
        public Candidate Best;
    }

    public TreeGrower(byte[][] bins, FeatureBins borders, int rows, BoostingOptions options)
    {
        (_bins, _borders, _options) = (bins, borders, options);
        (_rows, _spare, _orderedGradients, _orderedHessians) = (new int[rows], new int[rows], new float[rows], new float[rows]);
        (_best, _bestOfSibling) = (new Candidate[bins.Length], new Candidate[bins.Length]);
    }

    /// <summary>Grows a tree and adds its shrunken values to the raw predictions.</summary>
    /// <param name="gradients">For each row the derivative of its loss.</param>
    /// <param name="hessians">The second derivative; empty where it is 1.</param>
    /// <param name="raw">Raw predictions of all outputs, row after row.</param>
    /// <param name="stride">The number of outputs.</param>
    /// <param name="offset">The output that this tree is for.</param>
    public BoostedTree Grow(float[] gradients, float[] hessians, double[] raw, int stride, int offset)
    {
        var tree = new BoostedTree();
        for (var i = 0; i < _rows.Length; i++) _rows[i] = i;
        double gradient = 0, hessian = 0;
        foreach (var g in gradients) gradient += g;
        if (hessians.Length == 0) hessian = _rows.Length;
        else
            foreach (var h in hessians) hessian += h;
        var root = new Leaf { Node = tree.AddLeaf(), Start = 0, Count = _rows.Length, Gradient = gradient, Hessian = hessian };
        var leaves = new List<Leaf> { root };
        if (MaySplit(root)) Prepare(root, null, gradients, hessians);
        while (leaves.Count < _options.MaxLeaves)
        {
            var at = 0;
            for (var i = 1; i < leaves.Count; i++)
                if (leaves[i].Best.Gain > leaves[at].Best.Gain) at = i;
            if (!(leaves[at].Best.Gain > 0)) break;
            var (left, right) = Split(leaves[at], tree);
            var last = leaves.Count + 1 == _options.MaxLeaves;
            if (!last) PrepareChildren(leaves[at], left, right, gradients, hessians);
            Release(leaves[at]);
            leaves[at] = left;
            leaves.Add(right);
        }
        foreach (var leaf in leaves)
        {
            var value = -_options.LearningRate * leaf.Gradient / (leaf.Hessian + _options.L2 + double.Epsilon);
            tree.SetValue(leaf.Node, value);
            for (var i = leaf.Start; i < leaf.Start + leaf.Count; i++) raw[_rows[i] * stride + offset] += value;
            Release(leaf);
        }
        return tree;
    }

    private bool MaySplit(Leaf leaf) => leaf.Count >= 2 * _options.MinSamplesLeaf;

    // The smaller child's histogram is counted, the larger one's is what is left of the parent's.
    private void PrepareChildren(Leaf parent, Leaf left, Leaf right, float[] gradients, float[] hessians)
    {
        if (!MaySplit(left) && !MaySplit(right)) return;
        var (small, large) = left.Count <= right.Count ? (left, right) : (right, left);
        if (MaySplit(large)) (large.Histogram, parent.Histogram) = (parent.Histogram, null);
        Prepare(small, MaySplit(large) ? large : null, gradients, hessians);
    }

    // Counts a leaf's histogram, takes it from its sibling's if there is one, and finds the best split of both: column by column, on all threads.
    private void Prepare(Leaf leaf, Leaf? sibling, float[] gradients, float[] hessians)
    {
        leaf.Histogram = _pool.TryPop(out var free) ? free : new Cell[_bins.Length * MostBins];
        var constant = hessians.Length == 0;
        for (var i = 0; i < leaf.Count; i++)
        {
            var row = _rows[leaf.Start + i];
            _orderedGradients[i] = gradients[row];
            if (!constant) _orderedHessians[i] = hessians[row];
        }
        ForColumns(leaf.Count + 4 * MostBins, c =>
        {
            Fill(leaf, c, constant);
            _best[c] = MaySplit(leaf) ? BestOf(leaf, c) : default;
            if (sibling is null) return;
            Subtract(sibling.Histogram!, leaf.Histogram, c);
            _bestOfSibling[c] = BestOf(sibling, c);
        });
        leaf.Best = Best(_best);
        if (sibling is not null) sibling.Best = Best(_bestOfSibling);
    }

    private unsafe void Fill(Leaf leaf, int c, bool constant)
    {
        var cells = leaf.Histogram.AsSpan(c * MostBins, MostBins);
        cells.Clear();
        fixed (byte* bins = _bins[c])
        fixed (int* rows = &_rows[leaf.Start])
        fixed (float* g = _orderedGradients, h = _orderedHessians)
        fixed (Cell* to = cells)
        {
            var count = leaf.Count;
            if (constant)
                for (var i = 0; i < count; i++)
                {
                    var cell = to + bins[rows[i]];
                    cell->Gradient += g[i];
                    cell->Count++;
                }
            else
                for (var i = 0; i < count; i++)
                {
                    var cell = to + bins[rows[i]];
                    cell->Gradient += g[i];
                    cell->Hessian += h[i];
                    cell->Count++;
                }
            if (constant)
                for (var b = 0; b < MostBins; b++) to[b].Hessian = to[b].Count;
        }
    }

    private void Subtract(Cell[] from, Cell[] less, int c)
    {
        for (var b = c * MostBins; b < c * MostBins + _borders.Count(c); b++)
        {
            from[b].Gradient -= less[b].Gradient;
            from[b].Hessian -= less[b].Hessian;
            from[b].Count -= less[b].Count;
        }
    }

    // Of equal gains the first column's.
    private static Candidate Best(Candidate[] columns)
    {
        var best = default(Candidate);
        foreach (var candidate in columns)
            if (candidate.Gain > best.Gain) best = candidate;
        return best;
    }

    // gain = G_l² / (H_l + L2) + G_r² / (H_r + L2) − G² / (H + L2)
    private Candidate BestOf(Leaf leaf, int column)
    {
        var cells = leaf.Histogram.AsSpan(column * MostBins, MostBins);
        var whole = leaf.Gradient * leaf.Gradient / (leaf.Hessian + _options.L2);
        var best = default(Candidate);
        double gradient = 0, hessian = 0;
        var count = 0;
        for (var b = 0; b < _borders.Count(column) - 1; b++)
        {
            gradient += cells[b].Gradient;
            hessian += cells[b].Hessian;
            count += cells[b].Count;
            if (count < _options.MinSamplesLeaf || hessian < LeastHessian) continue;
            var (otherGradient, otherHessian) = (leaf.Gradient - gradient, leaf.Hessian - hessian);
            if (leaf.Count - count < _options.MinSamplesLeaf || otherHessian < LeastHessian) break;
            var gain = gradient * gradient / (hessian + _options.L2) + otherGradient * otherGradient / (otherHessian + _options.L2) - whole;
            if (gain > best.Gain) best = new Candidate(gain, column, b, gradient, hessian, count);
        }
        return best;
    }

    // Rows keep their order on both sides.
    private (Leaf Left, Leaf Right) Split(Leaf leaf, BoostedTree tree)
    {
        var best = leaf.Best;
        var bins = _bins[best.Feature];
        var (left, right) = (leaf.Start, 0);
        for (var i = leaf.Start; i < leaf.Start + leaf.Count; i++)
        {
            var row = _rows[i];
            if (bins[row] <= best.Bin) _rows[left++] = row;
            else _spare[right++] = row;
        }
        Array.Copy(_spare, 0, _rows, left, right);
        var (leftNode, rightNode) = (tree.AddLeaf(), tree.AddLeaf());
        tree.Split(leaf.Node, best.Feature, _borders.Border(best.Feature, best.Bin), leftNode, rightNode);
        return (new Leaf { Node = leftNode, Start = leaf.Start, Count = best.Count, Gradient = best.Gradient, Hessian = best.Hessian },
            new Leaf { Node = rightNode, Start = left, Count = right, Gradient = leaf.Gradient - best.Gradient, Hessian = leaf.Hessian - best.Hessian });
    }

    private void Release(Leaf leaf)
    {
        if (leaf.Histogram is null) return;
        _pool.Push(leaf.Histogram);
        leaf.Histogram = null;
    }

    private void ForColumns(int work, Action<int> body)
    {
        if ((long)work * _bins.Length >= ParallelWork) Dense.For(_bins.Length, body);
        else
            for (var c = 0; c < _bins.Length; c++) body(c);
    }
}
