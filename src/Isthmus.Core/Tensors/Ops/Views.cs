using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_reshape = Rule.Add("reshape", static (n, g) => n.Give(0, g.Alias(n[0]._shape)));
    private static readonly Rule s_permute = Rule.Add("permute", static (n, g) => n.Give(0, g.Permute(Inverse((int[])n.Saved!))));
    private static readonly Rule s_expand = Rule.Add("expand", static (n, g) => n.Give(0, g));
    private static readonly Rule s_narrow = Rule.Add("narrow", static (n, g) =>
    {
        var (dim, start) = ((int, int))n.Saved!;
        var full = Zeros(n[0]._shape);
        CopyBlock(g, full, dim, 0, start, g._shape[dim]);
        n.Give(0, full);
    });
    private static readonly Rule s_cat = Rule.Add("cat", static (n, g) =>
    {
        var dim = (int)n.Saved!;
        var start = 0;
        for (var i = 0; i < n.Count; i++)
        {
            if (n.Needs(i)) n.Give(i, g.Narrow(dim, start, n[i]._shape[dim]));
            start += n[i]._shape[dim];
        }
    });
    private static readonly Rule s_flip = Rule.Add("flip", static (n, g) => n.Give(0, g.Flip((int)n.Saved!)));
    private static readonly Rule s_roll = Rule.Add("roll", static (n, g) =>
    {
        var (shift, dim) = ((int, int))n.Saved!;
        n.Give(0, g.Roll(-shift, dim));
    });
    private static readonly Rule s_clone = Rule.Add("clone", static (n, g) => n.Give(0, g));

    /// <summary>A copy with its own memory.</summary>
    public Tensor Clone()
    {
        var result = Uninitialized(_shape);
        Data.CopyTo(result.Data);
        return Record(s_clone, result, this);
    }

    /// <summary>The same elements under another shape; one size may be -1. Memory is shared.</summary>
    /// <exception cref="ArgumentException">The number of elements differs.</exception>
    public Tensor Reshape(params ReadOnlySpan<int> shape) => Record(s_reshape, Alias(Shapes.Complete("reshape", shape, Numel, _shape)), this);

    /// <summary>Dimensions start..end made one.</summary>
    public Tensor Flatten(int start = 0, int end = -1)
    {
        var from = Shapes.Dim("flatten", start, Dim);
        var to = Shapes.Dim("flatten", end, Dim);
        if (from > to) throw new ArgumentException($"flatten: start {start} lies after end {end} in the shape {Shapes.Text(_shape)}");
        if (Dim == 0) return Reshape(1);
        return Reshape([.. _shape[..from], checked((int)Shapes.Count(_shape.AsSpan()[from..(to + 1)])), .. _shape[(to + 1)..]]);
    }

    /// <summary>A dimension of size 1 put before dimension dim.</summary>
    public Tensor Unsqueeze(int dim)
    {
        if (dim < -Dim - 1 || dim > Dim) throw new ArgumentOutOfRangeException(nameof(dim), $"unsqueeze: dimension {dim} is outside [{-Dim - 1}, {Dim}]");
        var at = dim < 0 ? dim + Dim + 1 : dim;
        return Reshape([.. _shape[..at], 1, .. _shape[at..]]);
    }

    /// <summary>A dimension of size 1 removed; nothing changes if its size is not 1.</summary>
    public Tensor Squeeze(int dim)
    {
        var at = Shapes.Dim("squeeze", dim, Dim);
        return Dim > 0 && _shape[at] == 1 ? Reshape(Shapes.Without(_shape, at, keepdim: false)) : this;
    }

    /// <summary>All dimensions of size 1 removed.</summary>
    public Tensor Squeeze() => Reshape([.. _shape.Where(d => d != 1)]);

    /// <summary>The dimensions in another order; a copy.</summary>
    public Tensor Permute(params ReadOnlySpan<int> dims)
    {
        var order = dims.ToArray();
        if (order.Length != Dim) throw new ArgumentException($"permute: {order.Length} dimensions {Shapes.Text(order)} were named for the shape {Shapes.Text(_shape)}");
        for (var i = 0; i < order.Length; i++) order[i] = Shapes.Dim("permute", order[i], Dim);
        if (order.Distinct().Count() != order.Length) throw new ArgumentException($"permute: {Shapes.Text(dims)} names a dimension twice");
        var result = Uninitialized([.. order.Select(d => _shape[d])]);
        PermuteKernel.Run(Pointer, _shape, order, result.Pointer);
        return Record(s_permute, result, this, order);
    }

    /// <summary>Two dimensions exchanged; a copy.</summary>
    public Tensor Transpose(int dim0 = -2, int dim1 = -1)
    {
        var order = Enumerable.Range(0, Dim).ToArray();
        var (a, b) = (Shapes.Dim("transpose", dim0, Dim), Shapes.Dim("transpose", dim1, Dim));
        (order[a], order[b]) = (order[b], order[a]);
        return Permute(order);
    }

    /// <summary>Dimensions of size 1 repeated to a larger shape; -1 keeps a size. A copy.</summary>
    public Tensor Expand(params ReadOnlySpan<int> shape)
    {
        var sizes = shape.ToArray();
        var lead = sizes.Length - Dim;
        for (var i = 0; i < sizes.Length; i++)
            if (sizes[i] == -1 && i >= lead) sizes[i] = _shape[i - lead];
        if (lead < 0 || !Shapes.Broadcast("expand", _shape, sizes).AsSpan().SequenceEqual(sizes))
            throw new ArgumentException($"expand: shape {Shapes.Text(_shape)} does not expand to {Shapes.Text(sizes)}");
        return Record(s_expand, Broadcasting.Zip<First>("expand", this, Uninitialized(sizes)), this);
    }

    /// <summary>length indices of one dimension from start on. Memory is shared when all earlier dimensions have size 1.</summary>
    public Tensor Narrow(int dim, int start, int length)
    {
        var d = Shapes.Dim("narrow", dim, Dim);
        var size = Size(d);
        var from = start < 0 ? start + size : start;
        if (from < 0 || length < 0 || from + length > size)
            throw new ArgumentOutOfRangeException(nameof(start), $"narrow: {length} indices from {start} on do not lie in dimension {dim} of the shape {Shapes.Text(_shape)}");
        var shape = (int[])_shape.Clone();
        shape[d] = length;
        var (outer, _, inner) = Shapes.Around(_shape, d);
        Tensor result;
        if (outer == 1) result = Alias(shape, from * inner);
        else
        {
            result = Uninitialized(shape);
            CopyBlock(this, result, d, from, 0, length);
        }
        return Record(s_narrow, result, this, NoGrad.IsRecording && NeedsGradient ? (d, from) : null);
    }

    /// <summary>One index of a dimension, which is removed.</summary>
    public Tensor Select(int dim, int index) => Narrow(dim, index, 1).Squeeze(dim);

    /// <summary>Parts of given sizes along a dimension.</summary>
    public Tensor[] Split(ReadOnlySpan<int> sizes, int dim = 0)
    {
        var result = new Tensor[sizes.Length];
        var start = 0;
        for (var i = 0; i < sizes.Length; i++)
        {
            result[i] = Narrow(dim, start, sizes[i]);
            start += sizes[i];
        }
        if (start != Size(dim)) throw new ArgumentException($"split: sizes {Shapes.Text(sizes)} add up to {start}, and dimension {dim} has {Size(dim)}");
        return result;
    }

    /// <summary>Parts along a dimension, as <c>torch.chunk</c>: all of the size divided by their number and rounded up, the last one
    /// shorter where that does not go even; then there may be fewer of them than asked.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="chunks"/> is below 1.</exception>
    public Tensor[] Chunk(int chunks, int dim = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunks, 1);
        var size = Size(dim);
        var part = (int)(((long)size + chunks - 1) / chunks);
        var sizes = new int[part == 0 ? chunks : (size + part - 1) / part];
        Array.Fill(sizes, part);
        if (part > 0) sizes[^1] = size - (part * (sizes.Length - 1));
        return Split(sizes, dim);
    }

    /// <summary>Tensors joined along a dimension in which alone they may differ.</summary>
    public static Tensor Cat(IReadOnlyList<Tensor> tensors, int dim = 0)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors.Count == 0) throw new ArgumentException("cat: there is no tensor to join");
        var first = tensors[0]._shape;
        var d = Shapes.Dim("cat", dim, first.Length);
        var shape = (int[])first.Clone();
        shape[d] = 0;
        foreach (var t in tensors)
        {
            if (t.Dim != first.Length || !t._shape.Where((_, i) => i != d).SequenceEqual(first.Where((_, i) => i != d)))
                throw new ArgumentException($"cat: shapes {Shapes.Text(first)} and {Shapes.Text(t._shape)} differ in more than dimension {dim}");
            shape[d] += t._shape[d];
        }
        var result = Uninitialized(shape);
        var start = 0;
        foreach (var t in tensors)
        {
            CopyBlock(t, result, d, 0, start, t._shape[d]);
            start += t._shape[d];
        }
        return Record(s_cat, result, [.. tensors], d);
    }

    /// <summary>Tensors of one shape joined along a new dimension.</summary>
    public static Tensor Stack(IReadOnlyList<Tensor> tensors, int dim = 0)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return Cat([.. tensors.Select(t => t.Unsqueeze(dim))], dim);
    }

    /// <summary>A dimension in reverse order.</summary>
    public Tensor Flip(int dim)
    {
        var d = Shapes.Dim("flip", dim, Dim);
        var (outer, mid, inner) = Shapes.Around(_shape, d);
        var result = Uninitialized(_shape);
        for (long o = 0; o < outer; o++)
            for (var i = 0; i < mid; i++)
                Block(this, (o * mid) + i, inner).CopyTo(Block(result, (o * mid) + (mid - 1 - i), inner));
        return Record(s_flip, result, this, d);
    }

    /// <summary>A dimension shifted, what leaves at one end entering at the other.</summary>
    public Tensor Roll(int shift, int dim)
    {
        var d = Shapes.Dim("roll", dim, Dim);
        var size = Size(d);
        var by = size == 0 ? 0 : ((shift % size) + size) % size;
        var result = Uninitialized(_shape);
        CopyBlock(this, result, d, 0, by, size - by);
        CopyBlock(this, result, d, size - by, 0, by);
        return Record(s_roll, result, this, (shift, d));
    }

    private static Span<float> Block(Tensor t, long index, long length) => new(t.Pointer + (index * length), (int)length);

    // Copies `length` indices of dimension d from one tensor to another whose other dimensions agree.
    private static void CopyBlock(Tensor from, Tensor to, int d, int fromStart, int toStart, int length)
    {
        var (outer, fromMid, inner) = Shapes.Around(from._shape, d);
        var toMid = to._shape.Length == 0 ? 1 : to._shape[d];
        for (long o = 0; o < outer; o++)
            new ReadOnlySpan<float>(from.Pointer + (((o * fromMid) + fromStart) * inner), checked((int)(length * inner)))
                .CopyTo(new Span<float>(to.Pointer + (((o * toMid) + toStart) * inner), checked((int)(length * inner))));
        GC.KeepAlive(from);
    }

    private static int[] Inverse(int[] order)
    {
        var inverse = new int[order.Length];
        for (var i = 0; i < order.Length; i++) inverse[order[i]] = i;
        return inverse;
    }

    private readonly struct First : IZip { public T Apply<T>(T a, T b) where T : struct, ILane<T> => a; }
}
