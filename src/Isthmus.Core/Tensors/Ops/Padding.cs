using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

/// <summary>What stands in the places that <see cref="Tensor.Pad"/> adds.</summary>
public enum PadMode
{
    /// <summary>One value.</summary>
    Constant,
    /// <summary>The elements from the second on, in mirror order: 3 2 | 1 2 3 | 2 1.</summary>
    Reflect,
    /// <summary>The outermost element: 1 1 | 1 2 3 | 3 3.</summary>
    Replicate,
    /// <summary>The elements of the other end: 2 3 | 1 2 3 | 1 2.</summary>
    Circular,
}

public sealed unsafe partial class Tensor
{
    // One dimension: where each place of the result comes from; -1 for the constant.
    private static readonly Rule s_pad = Rule.Add("pad", static (n, g) =>
    {
        var (dim, from) = ((int, int[]))n.Saved!;
        var full = Zeros(n[0]._shape);
        var (outer, mid, inner) = Shapes.Around(full._shape, dim);
        for (long o = 0; o < outer; o++)
            for (var j = 0; j < from.Length; j++)
            {
                if (from[j] < 0) continue;
                var to = full.Pointer + (((o * mid) + from[j]) * inner);
                Map.Serial(default(AddOp), to, false, g.Pointer + (((o * from.Length) + j) * inner), false, to, inner);
            }
        n.Give(0, full);
    });

    /// <summary>The tensor made larger at the ends of its last dimensions, as <c>torch.nn.functional.pad</c>.</summary>
    /// <param name="pads">Pairs (before, after), the last dimension first: at most two numbers a dimension; a negative one cuts off.</param>
    /// <param name="mode">What the new places hold.</param>
    /// <param name="value">The value of <see cref="PadMode.Constant"/>.</param>
    /// <exception cref="ArgumentException">The pads are odd in number, too many, cut off more than there is, or are too large for the mode: reflecting
    /// needs less than the size, going round at most the size, replicating at least one element.</exception>
    public Tensor Pad(ReadOnlySpan<int> pads, PadMode mode = PadMode.Constant, float value = 0)
    {
        if (pads.Length % 2 != 0 || pads.Length / 2 > Dim) throw new ArgumentException($"pad: {Shapes.Text(pads)} are not pairs for the last of the {Dim} dimensions of {Shapes.Text(_shape)}");
        var result = this;
        for (var i = 0; i < pads.Length / 2; i++)
        {
            var (dim, before, after) = (Dim - 1 - i, pads[2 * i], pads[(2 * i) + 1]);
            if (before < 0 || after < 0)
            {
                var kept = _shape[dim] + Math.Min((long)before, 0) + Math.Min((long)after, 0);
                if (kept < 0) throw new ArgumentException($"pad: {Shapes.Text(pads)} cuts off more than dimension {dim} of the shape {Shapes.Text(_shape)} has");
                result = result.Narrow(dim, Math.Max(0, -before), (int)kept);
            }
            if (before > 0 || after > 0) result = result.PadDim(dim, Math.Max(0, before), Math.Max(0, after), mode, value);
        }
        return result;
    }

    private Tensor PadDim(int dim, int before, int after, PadMode mode, float value)
    {
        var (outer, mid, inner) = Shapes.Around(_shape, dim);
        var limit = mode switch { PadMode.Reflect => mid - 1, PadMode.Circular => mid, PadMode.Replicate => mid == 0 ? 0 : int.MaxValue, _ => int.MaxValue };
        if (before > limit || after > limit)
            throw new ArgumentException($"pad: {before} before and {after} after dimension {dim} of the shape {Shapes.Text(_shape)} are more than its size allows to {mode.ToString().ToLowerInvariant()}: at most {Math.Max(0, limit)}");
        var from = new int[checked(mid + before + after)];
        for (var j = 0; j < from.Length; j++)
        {
            var i = j - before;
            from[j] = i >= 0 && i < mid ? i : mode switch
            {
                PadMode.Reflect => i < 0 ? -i : (2 * (mid - 1)) - i,
                PadMode.Replicate => i < 0 ? 0 : mid - 1,
                PadMode.Circular => i < 0 ? i + mid : i - mid,
                _ => -1,
            };
        }
        var shape = (int[])_shape.Clone();
        shape[dim] = from.Length;
        var result = Uninitialized(Checked(shape));
        for (long o = 0; o < outer; o++)
            for (var j = 0; j < from.Length; j++)
            {
                var to = Block(result, (o * from.Length) + j, inner);
                if (from[j] < 0) to.Fill(value);
                else Block(this, (o * mid) + from[j], inner).CopyTo(to);
            }
        return Record(s_pad, result, this, (dim, from));
    }
}
