using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_gather = Rule.Add("gather", static (n, g) =>
    {
        var (dim, index) = ((int, LongTensor))n.Saved!;
        n.Give(0, Zeros(n[0]._shape).ScatterAdd(dim, index, g));
    });
    private static readonly Rule s_scatterAdd = Rule.Add("scatter_add", static (n, g) =>
    {
        var (dim, index) = ((int, LongTensor))n.Saved!;
        n.Give(0, g);
        if (n.Needs(1)) n.Give(1, g.Gather(dim, index));
    });
    private static readonly Rule s_indexSelect = Rule.Add("index_select", static (n, g) =>
    {
        var (dim, index) = ((int, LongTensor))n.Saved!;
        var full = Zeros(n[0]._shape);
        var (outer, mid, inner) = Shapes.Around(n[0]._shape, dim);
        for (long o = 0; o < outer; o++)
            for (var i = 0; i < index.Numel; i++)
            {
                var to = full.Pointer + (((o * mid) + index.Data[i]) * inner);
                Map.Serial(default(AddOp), to, false, g.Pointer + (((o * index.Numel) + i) * inner), false, to, inner);
            }
        n.Give(0, full);
    });
    private static readonly Rule s_where = Rule.Add("where", static (n, g) =>
    {
        var condition = (Tensor)n.Saved!;
        if (n.Needs(0)) n.Give(0, g * condition);
        if (n.Needs(1)) n.Give(1, g * (1f - condition));
    });
    private static readonly Rule s_maskedFill = Rule.Add("masked_fill", static (n, g) => n.Give(0, g * (1f - (Tensor)n.Saved!)));

    /// <summary>Elements of each line along a dimension, picked by indices of the result's shape, as <c>torch.gather</c>.</summary>
    /// <param name="dim">Which dimension the indices count.</param>
    /// <param name="index">At most as long as this in every other dimension, whose first places are then read; values in 0..size-1.</param>
    public Tensor Gather(int dim, LongTensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        var d = Shapes.Dim("gather", dim, Dim);
        if (index.Dim == Dim)
            for (var i = 0; i < Dim; i++)
                if (i != d && index.Sizes[i] < _shape[i]) return Narrow(i, 0, index.Sizes[i]).Gather(dim, index);
        CheckLines("gather", d, index);
        var (outer, mid, inner) = Shapes.Around(_shape, d);
        var k = Dim == 0 ? 1 : index.Sizes[d];
        var result = Uninitialized(index.Sizes);
        for (long o = 0; o < outer; o++)
            for (var j = 0; j < k; j++)
                for (long i = 0; i < inner; i++)
                {
                    var at = (((o * k) + j) * inner) + i;
                    result.Pointer[at] = Pointer[(((o * mid) + Checked("gather", index.Data[(int)at], mid)) * inner) + i];
                }
        return Record(s_gather, result, this, (d, index));
    }

    /// <summary>A copy of this with the source added at the indexed places of each line, as <c>torch.scatter_add</c>.</summary>
    public Tensor ScatterAdd(int dim, LongTensor index, Tensor source)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(source);
        var d = Shapes.Dim("scatter_add", dim, Dim);
        CheckLines("scatter_add", d, index);
        if (!index.Shape.SequenceEqual(source._shape))
            throw new ArgumentException($"scatter_add: indices {Shapes.Text(index.Shape)} and source {Shapes.Text(source._shape)} differ in shape");
        var (outer, mid, inner) = Shapes.Around(_shape, d);
        var k = Dim == 0 ? 1 : index.Sizes[d];
        var result = Uninitialized(_shape);
        Data.CopyTo(result.Data);
        for (long o = 0; o < outer; o++)
            for (var j = 0; j < k; j++)
                for (long i = 0; i < inner; i++)
                {
                    var at = (((o * k) + j) * inner) + i;
                    result.Pointer[(((o * mid) + Checked("scatter_add", index.Data[(int)at], mid)) * inner) + i] += source.Pointer[at];
                }
        return Record(s_scatterAdd, result, this, source, (d, index));
    }

    /// <summary>Whole slices of a dimension, in the order of the indices.</summary>
    /// <param name="dim">Which dimension.</param>
    /// <param name="index">One-dimensional; values in 0..size-1, repeats allowed.</param>
    public Tensor IndexSelect(int dim, LongTensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        if (index.Dim != 1) throw new ArgumentException($"index_select: the indices have the shape {Shapes.Text(index.Shape)}, and one dimension is needed");
        var d = Shapes.Dim("index_select", dim, Dim);
        var (outer, mid, inner) = Shapes.Around(_shape, d);
        var shape = (int[])_shape.Clone();
        shape[d] = index.Numel;
        var result = Uninitialized(shape);
        for (long o = 0; o < outer; o++)
            for (var i = 0; i < index.Numel; i++)
                Block(this, (o * mid) + Checked("index_select", index.Data[i], mid), inner).CopyTo(Block(result, (o * index.Numel) + i, inner));
        return Record(s_indexSelect, result, this, (d, index));
    }

    /// <summary>Rows of a table: this of shape [entries, width] and indices of any shape to […, width].</summary>
    public Tensor Embedding(LongTensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        if (Dim != 2) throw new ArgumentException($"embedding: the table has the shape {Shapes.Text(_shape)}, and [entries, width] is needed");
        return IndexSelect(0, index.Reshape(-1)).Reshape([.. index.Shape, _shape[1]]);
    }

    /// <summary>a where the condition is not 0, else b; all broadcast.</summary>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var shape = Shapes.Broadcast("where", Shapes.Broadcast("where", condition._shape, a._shape), b._shape);
        Tensor c, result;
        using (var scope = new TensorScope("where"))
        using (new NoGrad())
        {
            c = scope.Keep(condition.Detach().Expand(shape));
            var (x, y) = (a.Detach().Expand(shape), b.Detach().Expand(shape));
            result = scope.Keep(Uninitialized(shape));
            Map.Run(default(ChooseOp), c.Pointer, x.Pointer, y.Pointer, result.Pointer, result.Numel);
        }
        return Record(s_where, result, a, b, c);
    }

    /// <summary>The value where the mask is not 0, else this.</summary>
    public Tensor MaskedFill(Tensor mask, float value)
    {
        ArgumentNullException.ThrowIfNull(mask);
        using var scope = new TensorScope("masked_fill");
        Tensor c, result;
        using (new NoGrad())
        {
            c = scope.Keep(Broadcasting.Zip<NotEqualOp>("masked_fill", mask.Detach().Expand(_shape), Scalar(0f)));
            result = scope.Keep(Uninitialized(_shape));
            Map.Run(default(ChooseOp), c.Pointer, Full(_shape, value).Pointer, Pointer, result.Pointer, result.Numel);
        }
        return Record(s_maskedFill, result, this, saved: c);
    }

    /// <summary>1 at the index of each row, 0 elsewhere: indices […] to […, classes].</summary>
    public static Tensor OneHot(LongTensor index, int classes)
    {
        ArgumentNullException.ThrowIfNull(index);
        var result = Zeros([.. index.Shape, classes]);
        for (var i = 0; i < index.Numel; i++)
            result.Pointer[((long)i * classes) + Checked("one_hot", index.Data[i], classes)] = 1f;
        return result;
    }

    private void CheckLines(string op, int d, LongTensor index)
    {
        var fits = index.Dim == Dim;
        for (var i = 0; fits && i < Dim; i++) fits = i == d || index.Sizes[i] == _shape[i];
        if (!fits) throw new ArgumentException($"{op}: indices {Shapes.Text(index.Shape)} must have the shape {Shapes.Text(_shape)} but for dimension {d}");
    }

    private static long Checked(string op, long index, int size) => (ulong)index < (ulong)size
        ? index
        : throw new ArgumentOutOfRangeException(nameof(index), $"{op}: index {index} is outside 0..{size - 1}");

    private readonly struct ChooseOp : IZip3
    {
        public T Apply<T>(T condition, T a, T b) where T : struct, ILane<T> => T.Select(T.Equal(condition, T.Of(0f)), b, a);
    }
}
