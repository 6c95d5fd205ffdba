namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(params ReadOnlySpan<int> shape) => Full(shape, 0f);

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(params ReadOnlySpan<int> shape) => Full(shape, 1f);

    /// <summary>A tensor filled with one value.</summary>
    public static Tensor Full(ReadOnlySpan<int> shape, float value)
    {
        var result = Uninitialized(Checked(shape));
        result.Data.Fill(value);
        return result;
    }

    /// <summary>A tensor without dimensions.</summary>
    public static Tensor Scalar(float value) => Full([], value);

    /// <summary>A copy of elements given in row-major order; without a shape, one dimension.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the shape's.</exception>
    public static Tensor From(ReadOnlySpan<float> elements, params ReadOnlySpan<int> shape)
    {
        var sizes = shape.Length == 0 ? [elements.Length] : Checked(shape);
        if (Shapes.Count(sizes) != elements.Length)
            throw new ArgumentException($"from: {elements.Length} elements were given for the shape {Shapes.Text(sizes)} of {Shapes.Count(sizes)}");
        var result = Uninitialized(sizes);
        elements.CopyTo(result.Data);
        return result;
    }

    /// <summary>Uniform random numbers on [0, 1).</summary>
    public static Tensor Rand(RandomStream random, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(random);
        var result = Uninitialized(Checked(shape));
        random.FillUniform(result.Data);
        return result;
    }

    /// <summary>Standard normal random numbers.</summary>
    public static Tensor Randn(RandomStream random, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(random);
        var result = Uninitialized(Checked(shape));
        random.FillNormal(result.Data);
        return result;
    }

    /// <summary>start, start + step, … : n numbers.</summary>
    public static Tensor Arange(int n, float start = 0, float step = 1)
    {
        var result = Uninitialized(Checked([n]));
        var data = result.Data;
        for (var i = 0; i < data.Length; i++) data[i] = start + (i * step);
        return result;
    }

    /// <summary>The identity matrix, n x n.</summary>
    public static Tensor Eye(int n)
    {
        var result = Zeros(n, n);
        for (var i = 0; i < n; i++) result.Data[(i * n) + i] = 1;
        return result;
    }

    private static int[] Checked(ReadOnlySpan<int> shape)
    {
        long count = 1;
        foreach (var d in shape)
        {
            if (d < 0) throw new ArgumentOutOfRangeException(nameof(shape), $"a shape has sizes of at least 0, not {Shapes.Text(shape)}");
            count = d == 0 ? 0 : checked(count * d);
        }
        if (count > int.MaxValue) throw new ArgumentOutOfRangeException(nameof(shape), $"shape {Shapes.Text(shape)} has more than 2^31 - 1 elements");
        return shape.ToArray();
    }
}
