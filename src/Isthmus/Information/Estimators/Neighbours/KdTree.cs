using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// A k-d tree over n points whose leaves hold sixteen points side by side, so that a leaf is searched with two vectors a
/// dimension. Distances are by the maximum norm (exact: pruning never changes a result) or the Euclidean norm, squared.
/// </summary>
/// <remarks>Points lie in leaf order: point at position p is lane p mod 16 of leaf p / 16. Split at the median of the cell's longest side.</remarks>
internal sealed class KdTree
{
    /// <summary>Points in a leaf.</summary>
    public const int Leaf = 16;

    private const int ParallelBuild = 4096, Deepest = 64;
    private readonly int _n, _d, _leaves;
    private readonly double[] _points; // [leaf][dimension][lane]; lanes past n are NaN, which is nobody's neighbour
    private readonly double[] _pairs;  // [inner node][dimension][low left, -high left, low right, -high right]
    private readonly int[] _order;     // position -> row

    /// <summary>Builds the tree of n row-major points of d dimensions.</summary>
    public KdTree(double[] rows, int n, int d, int threads)
    {
        (_n, _d, _leaves) = (n, d, (n + Leaf - 1) / Leaf);
        _order = new int[n];
        for (var i = 0; i < n; i++) _order[i] = i;
        _points = new double[(long)_leaves * Leaf * d];
        _pairs = new double[(long)(BitOperations.RoundUpToPowerOf2((uint)_leaves) + 1) * d * 4];
        Build(rows, new double[n], 1, 0, _leaves, Bounds(rows), new double[2 * d], Chunks.Threads(threads));
    }

    /// <summary>The row whose point lies at a position of the tree.</summary>
    public int Row(int position) => _order[position];

    /// <summary>Copies the point at a position.</summary>
    public void Point(int position, Span<double> point)
    {
        var at = position / Leaf * Leaf * _d + position % Leaf;
        for (var k = 0; k < _d; k++) point[k] = _points[at + k * Leaf];
    }

    /// <summary>
    /// The distances of the nearest points to a query, ascending, into <paramref name="best"/> (squared where the norm is
    /// Euclidean), and their positions into <paramref name="who"/> where it is as long; equal distances keep the first found.
    /// </summary>
    public void Nearest<TNorm>(ReadOnlySpan<double> query, int except, Span<double> best, Span<int> who) where TNorm : INorm
    {
        best.Fill(double.PositiveInfinity);
        Span<Vector256<double>> signed = stackalloc Vector256<double>[_d];
        for (var k = 0; k < _d; k++) signed[k] = Vector256.Create(-query[k], query[k], -query[k], query[k]);
        Span<Pending> later = stackalloc Pending[Deepest];
        var depth = 0;
        var here = new Pending(1, 0, _leaves, 0);
        while (true)
        {
            while (here.High - here.Low > 1)
            {
                var middle = (here.Low + here.High) / 2;
                Sides<TNorm>(here.Node, signed, out var left, out var right);
                var near = new Pending(2 * here.Node, here.Low, middle, left);
                var far = new Pending(2 * here.Node + 1, middle, here.High, right);
                if (right < left) (near, far) = (far, near);
                if (far.Distance < best[^1]) later[depth++] = far;
                here = near;
            }
            if (here.Distance < best[^1]) SearchLeaf<TNorm>(here.Low, query, except, best, who);
            do
            {
                if (depth == 0) return;
                here = later[--depth];
            }
            while (!(here.Distance < best[^1]));
        }
    }

    /// <summary>How many points, the query's own included, lie nearer than the radius in the maximum norm.</summary>
    public int CountNearer(ReadOnlySpan<double> query, double radius)
    {
        Span<Vector256<double>> signed = stackalloc Vector256<double>[_d];
        for (var k = 0; k < _d; k++) signed[k] = Vector256.Create(-query[k], query[k], -query[k], query[k]);
        Span<Pending> later = stackalloc Pending[Deepest];
        var (depth, count) = (0, 0);
        later[depth++] = new Pending(1, 0, _leaves, 0);
        while (depth > 0)
        {
            var here = later[--depth];
            if (here.High - here.Low == 1)
            {
                count += CountLeaf(here.Low, query, radius);
                continue;
            }
            var middle = (here.Low + here.High) / 2;
            Extremes(here.Node, signed, out var nearest, out var farthest);
            for (var side = 0; side < 2; side++)
            {
                var (low, high) = side == 0 ? (here.Low, middle) : (middle, here.High);
                if (Math.Max(nearest[2 * side], nearest[2 * side + 1]) >= radius) continue;
                if (-Math.Min(farthest[2 * side], farthest[2 * side + 1]) < radius) count += Math.Min(high * Leaf, _n) - low * Leaf;
                else later[depth++] = new Pending(2 * here.Node + side, low, high, 0);
            }
        }
        return count;
    }

    private readonly record struct Pending(int Node, int Low, int High, double Distance);

    // How far the query lies outside the boxes of both children, a lower bound on the distance to their points.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Sides<TNorm>(int node, ReadOnlySpan<Vector256<double>> signed, out double left, out double right) where TNorm : INorm
    {
        ref var pair = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_pairs), (nint)node * _d * 4);
        var outside = Vector256<double>.Zero;
        for (var k = 0; k < signed.Length; k++)
            outside = TNorm.Accumulate(outside, Vector256.LoadUnsafe(ref pair, (nuint)(4 * k)) + signed[k]);
        left = TNorm.Join(outside[0], outside[1]);
        right = TNorm.Join(outside[2], outside[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Extremes(int node, ReadOnlySpan<Vector256<double>> signed, out Vector256<double> nearest, out Vector256<double> farthest)
    {
        ref var pair = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_pairs), (nint)node * _d * 4);
        nearest = farthest = Vector256.LoadUnsafe(ref pair, 0) + signed[0];
        for (var k = 1; k < signed.Length; k++)
        {
            var v = Vector256.LoadUnsafe(ref pair, (nuint)(4 * k)) + signed[k];
            nearest = Vector256.Max(nearest, v);
            farthest = Vector256.Min(farthest, v);
        }
    }

    private void SearchLeaf<TNorm>(int leaf, ReadOnlySpan<double> query, int except, Span<double> best, Span<int> who) where TNorm : INorm
    {
        Span<double> distances = stackalloc double[Leaf];
        var first = LeafDistances<TNorm>(leaf, query, 0);
        var second = LeafDistances<TNorm>(leaf, query, Wide.Width);
        var bound = Vector512.Create(best[^1]);
        var nearer = (uint)Vector512.LessThan(first, bound).ExtractMostSignificantBits()
            | ((uint)Vector512.LessThan(second, bound).ExtractMostSignificantBits() << Wide.Width);
        if ((uint)(except - leaf * Leaf) < Leaf) nearer &= ~(1u << (except - leaf * Leaf));
        if (nearer == 0) return;
        first.CopyTo(distances);
        second.CopyTo(distances[Wide.Width..]);
        for (; nearer != 0; nearer &= nearer - 1)
        {
            var lane = BitOperations.TrailingZeroCount(nearer);
            Insert(best, who, distances[lane], leaf * Leaf + lane);
        }
    }

    /// <summary>Puts a distance into an ascending list if it is smaller than the last, which falls out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Insert(Span<double> best, Span<int> who, double distance, int position)
    {
        if (!(distance < best[^1])) return;
        var at = best.Length - 1;
        for (; at > 0 && best[at - 1] > distance; at--)
        {
            best[at] = best[at - 1];
            if (who.Length > 0) who[at] = who[at - 1];
        }
        best[at] = distance;
        if (who.Length > 0) who[at] = position;
    }

    private int CountLeaf(int leaf, ReadOnlySpan<double> query, double radius)
    {
        var bound = Vector512.Create(radius);
        var nearer = Vector512.LessThan(LeafDistances<MaxNorm>(leaf, query, 0), bound).ExtractMostSignificantBits()
            | (Vector512.LessThan(LeafDistances<MaxNorm>(leaf, query, Wide.Width), bound).ExtractMostSignificantBits() << Wide.Width);
        return BitOperations.PopCount(nearer);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<double> LeafDistances<TNorm>(int leaf, ReadOnlySpan<double> query, int half) where TNorm : INorm
    {
        ref var points = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_points), (nint)leaf * Leaf * _d + half);
        var distance = Vector512<double>.Zero;
        for (var k = 0; k < query.Length; k++)
            distance = TNorm.Accumulate(distance, Vector512.LoadUnsafe(ref points, (nuint)(k * Leaf)) - Vector512.Create(query[k]));
        return distance;
    }

    // Fills node and everything below it from the rows in leaves [low, high), which lie within the cell, and returns their own
    // tighter box; both are lows then highs.
    private void Build(double[] rows, double[] keys, int node, int low, int high, double[] cell, double[] box, int threads)
    {
        var (from, to) = (low * Leaf, Math.Min(high * Leaf, _n));
        if (high - low == 1)
        {
            FillLeaf(rows, low, from, to, box);
            return;
        }
        var middle = (low + high) / 2;
        var split = 0;
        for (var k = 1; k < _d; k++)
            if (cell[_d + k] - cell[k] > cell[_d + split] - cell[split]) split = k;
        for (var i = from; i < to; i++) keys[i] = rows[_order[i] * _d + split];
        var at = middle * Leaf - from;
        Selection.Partition(keys.AsSpan(from, to - from), _order.AsSpan(from, to - from), at);
        // Some value of the upper part: cells only choose the side to cut, pruning uses the points' own boxes.
        var cut = keys[from + at];
        var (left, right) = (new double[2 * _d], new double[2 * _d]);
        var (cellLeft, cellRight) = ((double[])cell.Clone(), (double[])cell.Clone());
        (cellLeft[_d + split], cellRight[split]) = (cut, cut);
        if (threads > 1 && to - from >= ParallelBuild)
            Parallel.Invoke(() => Build(rows, keys, 2 * node, low, middle, cellLeft, left, threads / 2),
                () => Build(rows, keys, 2 * node + 1, middle, high, cellRight, right, threads - threads / 2));
        else
        {
            Build(rows, keys, 2 * node, low, middle, cellLeft, left, 1);
            Build(rows, keys, 2 * node + 1, middle, high, cellRight, right, 1);
        }
        for (var k = 0; k < _d; k++)
        {
            var pair = _pairs.AsSpan((node * _d + k) * 4, 4);
            (pair[0], pair[1], pair[2], pair[3]) = (left[k], -left[_d + k], right[k], -right[_d + k]);
            box[k] = Math.Min(left[k], right[k]);
            box[_d + k] = Math.Max(left[_d + k], right[_d + k]);
        }
    }

    private double[] Bounds(double[] rows)
    {
        var box = new double[2 * _d];
        Array.Fill(box, double.PositiveInfinity, 0, _d);
        Array.Fill(box, double.NegativeInfinity, _d, _d);
        for (var i = 0; i < _n; i++)
        {
            for (var k = 0; k < _d; k++)
            {
                var v = rows[i * _d + k];
                if (v < box[k]) box[k] = v;
                if (v > box[_d + k]) box[_d + k] = v;
            }
        }
        return box;
    }

    private void FillLeaf(double[] rows, int leaf, int from, int to, Span<double> box)
    {
        for (var k = 0; k < _d; k++)
        {
            var lanes = _points.AsSpan((leaf * _d + k) * Leaf, Leaf);
            lanes.Fill(double.NaN);
            double low = double.PositiveInfinity, high = double.NegativeInfinity;
            for (var i = from; i < to; i++)
            {
                var v = rows[_order[i] * _d + k];
                lanes[i - from] = v;
                low = Math.Min(low, v);
                high = Math.Max(high, v);
            }
            (box[k], box[_d + k]) = (low, high);
        }
    }
}
