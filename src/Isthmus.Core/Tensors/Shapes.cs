namespace Isthmus.Tensors;

/// <summary>Arithmetic on shapes: counting, broadcasting, negative dimensions, and the words for them in errors.</summary>
internal static class Shapes
{
    public static readonly int[] Scalar = [];

    /// <summary>The product of the sizes; 1 for a scalar.</summary>
    public static long Count(ReadOnlySpan<int> shape)
    {
        long n = 1;
        foreach (var d in shape) n *= d;
        return n;
    }

    /// <summary>As PyTorch writes it: [2, 3].</summary>
    public static string Text(ReadOnlySpan<int> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    /// <summary>The shape that two shapes broadcast to (NumPy's rule), or an error that names the operation and both.</summary>
    public static int[] Broadcast(string op, int[] a, int[] b)
    {
        if (a.AsSpan().SequenceEqual(b)) return a;
        var rank = Math.Max(a.Length, b.Length);
        var result = new int[rank];
        for (var i = 0; i < rank; i++)
        {
            var x = i < rank - a.Length ? 1 : a[i - (rank - a.Length)];
            var y = i < rank - b.Length ? 1 : b[i - (rank - b.Length)];
            if (x != y && x != 1 && y != 1)
                throw new ArgumentException($"{op}: shapes {Text(a)} and {Text(b)} do not broadcast: sizes {x} and {y} differ at dimension {i - rank} and neither is 1");
            result[i] = x == 1 ? y : x;
        }
        return result;
    }

    /// <summary>A dimension from -rank..rank-1 made 0..rank-1.</summary>
    public static int Dim(string op, int dim, int rank)
    {
        var limit = Math.Max(rank, 1);
        if (dim < -limit || dim >= limit)
            throw new ArgumentOutOfRangeException(nameof(dim), $"{op}: dimension {dim} is outside [{-limit}, {limit - 1}] of a tensor with {rank} dimensions");
        return dim < 0 ? dim + limit : dim;
    }

    /// <summary>A shape as (outer, mid, inner) around one dimension.</summary>
    public static (long Outer, int Mid, long Inner) Around(ReadOnlySpan<int> shape, int dim)
    {
        if (shape.Length == 0) return (1, 1, 1);
        return (Count(shape[..dim]), shape[dim], Count(shape[(dim + 1)..]));
    }

    /// <summary>A shape with one dimension removed, or made 1.</summary>
    public static int[] Without(ReadOnlySpan<int> shape, int dim, bool keepdim)
    {
        if (shape.Length == 0) return Scalar;
        var result = new List<int>(shape.Length);
        for (var i = 0; i < shape.Length; i++)
        {
            if (i != dim) result.Add(shape[i]);
            else if (keepdim) result.Add(1);
        }
        return [.. result];
    }

    /// <summary>A shape in which at most one size is -1, completed for n elements.</summary>
    public static int[] Complete(string op, ReadOnlySpan<int> shape, long n, ReadOnlySpan<int> from)
    {
        var result = shape.ToArray();
        var open = result.IndexOf(-1);
        long known = 1;
        foreach (var d in result)
        {
            if (d < -1) throw new ArgumentException($"{op}: size {d} in {Text(shape)} is negative");
            if (d >= 0) known *= d;
        }
        if (open >= 0 && known > 0 && n % known == 0) result[open] = checked((int)(n / known));
        if (result.AsSpan(open + 1).Contains(-1) || Count(result) != n)
            throw new ArgumentException($"{op}: a tensor of shape {Text(from)} has {n} elements and cannot take the shape {Text(shape)}");
        return result;
    }

    private static int IndexOf(this int[] items, int value) => MemoryExtensions.IndexOf(items, value);
}
