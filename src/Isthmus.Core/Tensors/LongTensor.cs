namespace Isthmus.Tensors;

/// <summary>
/// A dense array of 64-bit integers with a shape, in row-major order: indices, labels, codes. It has no gradient and its
/// memory is the caller's array or one of its own.
/// </summary>
public sealed class LongTensor
{
    private readonly long[] _data;
    private readonly int[] _shape;

    private LongTensor(long[] data, int[] shape)
    {
        _data = data;
        _shape = shape;
    }

    /// <summary>The sizes of the dimensions; empty for a scalar.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>The number of dimensions.</summary>
    public int Dim => _shape.Length;

    /// <summary>The number of elements.</summary>
    public int Numel => _data.Length;

    /// <summary>The elements in row-major order, for reading and writing in place.</summary>
    public Span<long> Data => _data;

    internal int[] Sizes => _shape;

    /// <summary>A tensor over an array, which is not copied; without a shape, one dimension.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the shape's.</exception>
    public static LongTensor Over(long[] data, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(data);
        var sizes = shape.Length == 0 ? [data.Length] : shape.ToArray();
        if (Shapes.Count(sizes) != data.Length)
            throw new ArgumentException($"over: {data.Length} elements were given for the shape {Shapes.Text(sizes)} of {Shapes.Count(sizes)}");
        return new LongTensor(data, sizes);
    }

    /// <summary>A copy of elements given in row-major order.</summary>
    public static LongTensor From(ReadOnlySpan<long> elements, params ReadOnlySpan<int> shape) => Over(elements.ToArray(), shape);

    /// <summary>A copy of elements given in row-major order.</summary>
    public static LongTensor From(ReadOnlySpan<int> elements, params ReadOnlySpan<int> shape)
    {
        var data = new long[elements.Length];
        for (var i = 0; i < data.Length; i++) data[i] = elements[i];
        return Over(data, shape);
    }

    /// <summary>A tensor of zeros.</summary>
    public static LongTensor Zeros(params ReadOnlySpan<int> shape) => new(new long[Shapes.Count(shape)], shape.ToArray());

    /// <summary>The same elements under another shape; one size may be -1. Memory is shared.</summary>
    public LongTensor Reshape(params ReadOnlySpan<int> shape) => new(_data, Shapes.Complete("reshape", shape, _data.Length, _shape));

    /// <summary>A copy of the elements in row-major order.</summary>
    public long[] ToArray() => [.. _data];
}
