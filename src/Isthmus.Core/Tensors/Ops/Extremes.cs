namespace Isthmus.Tensors;

// Reductions over several dimensions at once that pick or multiply: the dimensions are brought to the end and made one.
public sealed unsafe partial class Tensor
{
    private static readonly Rule s_amax = Rule.Add("amax", static (n, g) =>
    {
        var keep = (int[])n.Saved!;
        var hits = n[0].Eq(n.Output.Alias(keep)); // 1 at each of the equals, which share the gradient
        n.Give(0, hits * (g.Alias(keep) / hits.SumTo(keep)));
    });

    /// <summary>The largest element, a scalar; equals share the gradient, as in PyTorch. NaN wins.</summary>
    /// <exception cref="ArgumentException">The tensor is empty.</exception>
    public Tensor Max() => AMax(AllDims());

    /// <summary>The smallest element, a scalar; equals share the gradient, as in PyTorch. NaN wins.</summary>
    /// <exception cref="ArgumentException">The tensor is empty.</exception>
    public Tensor Min() => AMin(AllDims());

    /// <summary>The largest elements over dimensions; equals share the gradient, as in PyTorch. NaN wins.</summary>
    /// <param name="dims">Which; negative ones count from the end.</param>
    /// <param name="keepdim">Keeps them as dimensions of size 1.</param>
    /// <exception cref="ArgumentException">One of the dimensions is empty.</exception>
    public Tensor AMax(ReadOnlySpan<int> dims, bool keepdim = false) => ExtremeOver("amax", dims, keepdim, largest: true);

    /// <summary>The smallest elements over dimensions; equals share the gradient, as in PyTorch. NaN wins.</summary>
    /// <param name="dims">Which; negative ones count from the end.</param>
    /// <param name="keepdim">Keeps them as dimensions of size 1.</param>
    /// <exception cref="ArgumentException">One of the dimensions is empty.</exception>
    public Tensor AMin(ReadOnlySpan<int> dims, bool keepdim = false) => ExtremeOver("amin", dims, keepdim, largest: false);

    /// <summary>Where the largest of all elements stands in row-major order; the first, on a tie.</summary>
    public int ArgMax() => (int)Reshape(-1).ArgMax(0).Data[0];

    /// <summary>Where the smallest of all elements stands in row-major order; the first, on a tie.</summary>
    public int ArgMin() => (int)Reshape(-1).ArgMin(0).Data[0];

    /// <summary>The product of all elements, a scalar; 1 of none.</summary>
    public Tensor Prod() => Reshape(-1).Prod(0);

    /// <summary>The product over dimensions; 1 of none.</summary>
    /// <param name="dims">Which; negative ones count from the end.</param>
    /// <param name="keepdim">Keeps them as dimensions of size 1.</param>
    public Tensor Prod(ReadOnlySpan<int> dims, bool keepdim = false)
    {
        var (keep, removed) = Reduced("prod", dims);
        return Lines(keep, removed).Prod(-1).Reshape(keepdim ? keep : removed);
    }

    /// <summary>log sum exp over dimensions, without overflow.</summary>
    /// <param name="dims">Which; negative ones count from the end.</param>
    /// <param name="keepdim">Keeps them as dimensions of size 1.</param>
    public Tensor LogSumExp(ReadOnlySpan<int> dims, bool keepdim = false)
    {
        var (keep, removed) = Reduced("logsumexp", dims);
        return Lines(keep, removed).LogSumExp(-1).Reshape(keepdim ? keep : removed);
    }

    private Tensor ExtremeOver(string name, ReadOnlySpan<int> dims, bool keepdim, bool largest)
    {
        var (keep, removed) = Reduced(name, dims);
        if (Numel == 0 && Shapes.Count(keep) > 0) throw new ArgumentException($"{name}: dimensions {Shapes.Text(dims)} of the shape {Shapes.Text(_shape)} hold no element to pick");
        var result = Uninitialized(keepdim ? keep : removed);
        if (result.Numel > 0)
        {
            using var scope = new TensorScope(name);
            using var noGrad = new NoGrad();
            var lines = Lines(keep, removed);
            Kernels.Rows.ArgExtremeMiddle(lines.Pointer, result.Numel, lines._shape[^1], 1, largest, result.Pointer, null);
        }
        return Record(s_amax, result, this, keep);
    }

    // The reduced dimensions (those that keep has at 1) as one last dimension after the others.
    private Tensor Lines(int[] keep, int[] removed)
    {
        var stays = new List<int>();
        var goes = new List<int>();
        for (var d = 0; d < Dim; d++) (keep[d] == _shape[d] ? stays : goes).Add(d);
        var length = 1;
        foreach (var d in goes) length *= _shape[d];
        int[] order = [.. stays, .. goes];
        var moved = order.AsSpan().SequenceEqual(AllDims()) ? this : Permute(order);
        return moved.Reshape([.. removed, length]);
    }
}
