namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_sum = Rule.Add("sum", static (n, g) => n.Give(0, g.Alias((int[])n.Saved!).Expand(n[0]._shape)));
    private static readonly Rule s_max = Rule.Add("max", static (n, g) =>
    {
        var (keep, index) = ((int[], LongTensor))n.Saved!;
        n.Give(0, Zeros(n[0]._shape).ScatterAdd(DimOfOne(n[0]._shape, keep), index, g.Alias(keep)));
    });
    private static readonly Rule s_prod = Rule.Add("prod", static (n, g) =>
    {
        // The product of the others, by prefix and suffix products, so that zeros are right.
        var (outer, mid, inner) = Shapes.Around(n[0]._shape, (int)n.Saved!);
        var result = Uninitialized(n[0]._shape);
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < inner; i++)
            {
                var x = n[0].Pointer + (o * mid * inner) + i;
                var y = result.Pointer + (o * mid * inner) + i;
                var up = g.Pointer[(o * inner) + i];
                for (var j = 0; j < mid; j++) { y[j * inner] = up; up *= x[j * inner]; }
                var down = 1f;
                for (var j = mid - 1; j >= 0; j--) { y[j * inner] *= down; down *= x[j * inner]; }
            }
        n.Give(0, result);
    });
    private static readonly Rule s_cumsum = Rule.Add("cumsum", static (n, g) =>
    {
        var dim = (int)n.Saved!;
        n.Give(0, g.Flip(dim).CumSum(dim).Flip(dim));
    });
    private static readonly Rule s_logsumexp = Rule.Add("logsumexp", static (n, g) =>
    {
        var keep = (int[])n.Saved!;
        n.Give(0, g.Alias(keep) * (n[0] - n.Output.Alias(keep)).Exp());
    });

    /// <summary>The sum of all elements, a scalar; accumulated in an order that depends on the count alone.</summary>
    public Tensor Sum()
    {
        var result = Uninitialized(Shapes.Scalar);
        *result.Pointer = (float)Kernels.Rows.SumAll(Pointer, Numel);
        return Record(s_sum, result, this, NoGrad.IsRecording && NeedsGradient ? Ones(Dim) : null);
    }

    /// <summary>The sum over dimensions.</summary>
    /// <param name="dims">Which; negative ones count from the end.</param>
    /// <param name="keepdim">Keeps them as dimensions of size 1.</param>
    public Tensor Sum(ReadOnlySpan<int> dims, bool keepdim = false)
    {
        var (keep, removed) = Reduced("sum", dims);
        var result = SumTo(keep);
        return Record(s_sum, result.Alias(keepdim ? keep : removed), this, keep);
    }

    /// <summary>The sum over one dimension.</summary>
    public Tensor Sum(int dim, bool keepdim = false) => Sum([dim], keepdim);

    /// <summary>The mean of all elements; NaN of none.</summary>
    public Tensor Mean() => Sum() * (1f / Numel);

    /// <summary>The mean over dimensions.</summary>
    public Tensor Mean(ReadOnlySpan<int> dims, bool keepdim = false)
    {
        var sum = Sum(dims, keepdim);
        return sum * ((float)sum.Numel / Numel);
    }

    /// <summary>The mean over one dimension.</summary>
    public Tensor Mean(int dim, bool keepdim = false) => Mean([dim], keepdim);

    /// <summary>The variance over dimensions, with n - correction in the denominator (1 is Bessel's, the default of PyTorch).</summary>
    public Tensor Var(ReadOnlySpan<int> dims, int correction = 1, bool keepdim = false)
    {
        var mean = Mean(dims, keepdim: true);
        var count = Numel == 0 ? 0 : Numel / mean.Numel;
        return (this - mean).Square().Sum(dims, keepdim) * (1f / Math.Max(0, count - correction));
    }

    /// <summary>The variance of all elements.</summary>
    public Tensor Var(int correction = 1) => Var(AllDims(), correction);

    /// <summary>The standard deviation over dimensions; see <see cref="Var(ReadOnlySpan{int}, int, bool)"/>.</summary>
    public Tensor Std(ReadOnlySpan<int> dims, int correction = 1, bool keepdim = false) => Var(dims, correction, keepdim).Sqrt();

    /// <summary>The product over one dimension.</summary>
    public Tensor Prod(int dim, bool keepdim = false)
    {
        var d = Shapes.Dim("prod", dim, Dim);
        var (outer, mid, inner) = Shapes.Around(_shape, d);
        var result = Uninitialized(Shapes.Without(_shape, d, keepdim));
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < inner; i++)
            {
                var product = 1f;
                for (var j = 0; j < mid; j++) product *= Pointer[(((o * mid) + j) * inner) + i];
                result.Pointer[(o * inner) + i] = product;
            }
        return Record(s_prod, result, this, d);
    }

    /// <summary>The largest element of each line along a dimension, and where it stands (the first, on a tie). NaN wins.</summary>
    public (Tensor Values, LongTensor Indices) Max(int dim, bool keepdim = false) => Extreme("max", dim, keepdim, largest: true);

    /// <summary>The smallest element of each line along a dimension, and where it stands (the first, on a tie). NaN wins.</summary>
    public (Tensor Values, LongTensor Indices) Min(int dim, bool keepdim = false) => Extreme("min", dim, keepdim, largest: false);

    /// <summary>Where the largest element of each line along a dimension stands; the first, on a tie.</summary>
    public LongTensor ArgMax(int dim, bool keepdim = false)
    {
        using var noGrad = new NoGrad();
        return Max(dim, keepdim).Indices;
    }

    /// <summary>Where the smallest element of each line along a dimension stands; the first, on a tie.</summary>
    public LongTensor ArgMin(int dim, bool keepdim = false)
    {
        using var noGrad = new NoGrad();
        return Min(dim, keepdim).Indices;
    }

    /// <summary>Running sums along a dimension.</summary>
    public Tensor CumSum(int dim)
    {
        var d = Shapes.Dim("cumsum", dim, Dim);
        var (outer, mid, inner) = Shapes.Around(_shape, d);
        var result = Uninitialized(_shape);
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < inner; i++)
            {
                var sum = 0f;
                for (var j = 0; j < mid; j++)
                {
                    var at = (((o * mid) + j) * inner) + i;
                    result.Pointer[at] = sum += Pointer[at];
                }
            }
        return Record(s_cumsum, result, this, d);
    }

    /// <summary>log sum exp over one dimension, without overflow.</summary>
    public Tensor LogSumExp(int dim, bool keepdim = false)
    {
        var d = Shapes.Dim("logsumexp", dim, Dim);
        var keep = Shapes.Without(_shape, d, keepdim: true);
        Tensor result;
        using (var scope = new TensorScope("logsumexp"))
        using (new NoGrad())
        {
            var top = Max(d, keepdim: true).Values.Clamp(-float.MaxValue, float.MaxValue); // a line of -inf stays -inf below
            result = scope.Keep((this - top).Exp().Sum(d, keepdim: true).Log() + top);
        }
        return Record(s_logsumexp, result.Alias(keepdim ? keep : Shapes.Without(_shape, d, keepdim: false)), this, keep);
    }

    /// <summary>The sum over whatever dimensions were broadcast from a smaller shape.</summary>
    internal Tensor SumTo(int[] shape)
    {
        var lead = Dim - shape.Length;
        var current = this;
        var sizes = (int[])_shape.Clone();
        // Runs of neighbouring dimensions are summed together, the last run first, so that each element is read once.
        var d = Dim - 1;
        while (d >= 0)
        {
            if (!Summed(d)) { d--; continue; }
            var end = d;
            while (d >= 0 && Summed(d)) d--;
            var outer = Shapes.Count(sizes.AsSpan()[..(d + 1)]);
            var mid = Shapes.Count(sizes.AsSpan()[(d + 1)..(end + 1)]);
            var inner = Shapes.Count(sizes.AsSpan()[(end + 1)..]);
            for (var i = d + 1; i <= end; i++) sizes[i] = 1;
            var next = Uninitialized((int[])sizes.Clone());
            Kernels.Rows.SumMiddle(current.Pointer, outer, mid, inner, next.Pointer);
            GC.KeepAlive(current);
            current = next;
        }
        return current.Alias(shape);

        bool Summed(int i) => (i < lead || shape[i - lead] == 1) && !(i >= lead && _shape[i] == 1);
    }

    private (Tensor, LongTensor) Extreme(string name, int dim, bool keepdim, bool largest)
    {
        var d = Shapes.Dim(name, dim, Dim);
        var (outer, mid, inner) = Shapes.Around(_shape, d);
        if (mid == 0) throw new ArgumentException($"{name}: dimension {dim} of the shape {Shapes.Text(_shape)} is empty");
        var keep = Shapes.Without(_shape, d, keepdim: true);
        var shape = keepdim ? keep : Shapes.Without(_shape, d, keepdim: false);
        var result = Uninitialized(shape);
        var indices = LongTensor.Zeros(keep);
        fixed (long* at = indices.Data) Kernels.Rows.ArgExtremeMiddle(Pointer, outer, mid, inner, largest, result.Pointer, at);
        return (Record(s_max, result, this, NoGrad.IsRecording && NeedsGradient ? (keep, indices) : null), indices.Reshape(shape));
    }

    private (int[] Keep, int[] Removed) Reduced(string op, ReadOnlySpan<int> dims)
    {
        var keep = (int[])_shape.Clone();
        var gone = new bool[Dim];
        foreach (var dim in dims)
        {
            var d = Shapes.Dim(op, dim, Dim);
            if (Dim == 0) continue;
            if (gone[d]) throw new ArgumentException($"{op}: dimension {dim} is named twice");
            gone[d] = true;
            keep[d] = 1;
        }
        return (keep, [.. _shape.Where((_, i) => !gone[i])]);
    }

    private int[] AllDims() => [.. Enumerable.Range(0, Dim)];

    private static int[] Ones(int rank)
    {
        var ones = new int[rank];
        Array.Fill(ones, 1);
        return ones;
    }

    private static int DimOfOne(int[] shape, int[] keep)
    {
        for (var d = 0; d < shape.Length; d++) if (shape[d] != keep[d]) return d;
        return Math.Max(0, Array.IndexOf(keep, 1));
    }
}
