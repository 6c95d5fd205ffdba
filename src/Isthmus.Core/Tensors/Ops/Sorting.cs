using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_sort = Rule.Add("sort", static (n, g) =>
    {
        var (dim, index) = ((int, LongTensor))n.Saved!;
        n.Give(0, Zeros(n[0]._shape).ScatterAdd(dim, index, g));
    });

    /// <summary>
    /// Each line along a dimension in order, and where its elements stood. Equals keep their order, in both directions; NaN
    /// counts as the largest, and -0 equals 0, as in PyTorch's stable sort.
    /// </summary>
    /// <param name="dim">Which dimension; negative ones count from the end.</param>
    /// <param name="descending">Largest first.</param>
    /// <returns>Values (with a gradient) and indices, both of this shape.</returns>
    public (Tensor Values, LongTensor Indices) Sort(int dim = -1, bool descending = false)
    {
        var d = Shapes.Dim("sort", dim, Dim);
        return Ordered(d, Dim == 0 ? 1 : _shape[d], descending);
    }

    /// <summary>The order of each line along a dimension: <see cref="Sort(int, bool)"/> without the values.</summary>
    public LongTensor ArgSort(int dim = -1, bool descending = false)
    {
        using var noGrad = new NoGrad();
        return Sort(dim, descending).Indices;
    }

    /// <summary>
    /// The k largest (or smallest) elements of each line along a dimension, best first, and where they stood. Of equals the
    /// first are taken, which PyTorch leaves open; NaN counts as the largest.
    /// </summary>
    /// <param name="k">How many, from 0 to the size of the dimension.</param>
    /// <param name="dim">Which dimension; negative ones count from the end.</param>
    /// <param name="largest">False for the smallest.</param>
    /// <returns>Values (with a gradient) and indices, with k in the dimension's place.</returns>
    /// <exception cref="ArgumentOutOfRangeException">k is more than the dimension has, or negative.</exception>
    public (Tensor Values, LongTensor Indices) TopK(int k, int dim = -1, bool largest = true)
    {
        var d = Shapes.Dim("topk", dim, Dim);
        var size = Dim == 0 ? 1 : _shape[d];
        if (k < 0 || k > size) throw new ArgumentOutOfRangeException(nameof(k), $"topk: k = {k} is outside 0..{size}, the size of dimension {dim} of the shape {Shapes.Text(_shape)}");
        return Ordered(d, k, largest);
    }

    /// <summary>
    /// The different values in rising order, the place of each element's value among them, and how often each occurs, as
    /// <c>torch.unique(x, return_inverse=True, return_counts=True)</c>: every NaN is a value of its own,
    /// after the numbers. No gradient.
    /// </summary>
    /// <returns>Values [u], inverse of this shape with values[inverse] = x, counts [u].</returns>
    public (Tensor Values, LongTensor Inverse, LongTensor Counts) Unique()
    {
        var order = Reshape(-1).ArgSort(0).Data;
        var inverse = new long[Numel];
        var values = new List<float>();
        var counts = new List<long>();
        foreach (var at in order)
        {
            var x = Pointer[at];
            if (values.Count == 0 || x != values[^1])
            {
                values.Add(x);
                counts.Add(0);
            }
            inverse[at] = values.Count - 1;
            counts[^1]++;
        }
        GC.KeepAlive(this);
        return (From([.. values], values.Count), LongTensor.Over(inverse, inverse.Length).Reshape(_shape), LongTensor.Over([.. counts], counts.Count));
    }

    private (Tensor, LongTensor) Ordered(int d, int k, bool descending)
    {
        var (outer, mid, inner) = Shapes.Around(_shape, d);
        var shape = (int[])_shape.Clone();
        if (Dim > 0) shape[d] = k;
        var result = Uninitialized(shape);
        var indices = LongTensor.Zeros(shape);
        fixed (long* at = indices.Data)
            SortKernel.Run(Pointer, outer, mid, inner, k, descending, result.Pointer, at);
        return (Record(s_sort, result, this, NoGrad.IsRecording && NeedsGradient ? (d, indices) : null), indices);
    }
}
