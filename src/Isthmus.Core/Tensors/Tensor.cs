using System.Globalization;
using System.Runtime.CompilerServices;

namespace Isthmus.Tensors;

/// <summary>
/// A dense array of 32-bit floats with a shape, in row-major order, that remembers how it was computed when a gradient is
/// wanted. Names and semantics follow PyTorch's <c>torch.Tensor</c>; it differs in that every tensor is contiguous (reshapes
/// and leading slices share memory, transposes copy) and that it holds floats only: indices are <see cref="LongTensor"/>s.
/// </summary>
/// <threadsafety>Reading one tensor from several threads is safe; a graph is built and walked by one thread.</threadsafety>
public sealed unsafe partial class Tensor
{
    private readonly int[] _shape;
    private readonly long _offset;
    private Storage? _storage;
    private string? _diedIn;

    private Tensor(int[] shape, Storage storage, long offset)
    {
        _shape = shape;
        _storage = storage;
        _offset = offset;
        Numel = Shapes.Count(shape);
        Scope = TensorScope.Current;
        Scope?.Adopt(this);
    }

    /// <summary>The sizes of the dimensions; empty for a scalar.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>The number of dimensions.</summary>
    public int Dim => _shape.Length;

    /// <summary>The number of elements.</summary>
    public long Numel { get; }

    /// <summary>The scope this tensor dies with; null for none.</summary>
    internal TensorScope? Scope { get; set; }

    /// <summary>Whether the scope this tensor was made in is still open, or there was none.</summary>
    internal bool IsAlive => _storage is not null;

    internal int[] Sizes => _shape;

    /// <summary>The size of one dimension, which may be negative to count from the end.</summary>
    public int Size(int dim) => _shape.Length == 0 ? 1 : _shape[Shapes.Dim("size", dim, _shape.Length)];

    /// <summary>The first element; callers keep the tensor alive until they are done.</summary>
    internal float* Pointer
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_storage ?? ThrowDead()).Start + _offset;
    }

    /// <summary>The elements in row-major order, for reading and writing in place. Writing does not tell the graph.</summary>
    /// <exception cref="ObjectDisposedException">The tensor's scope has ended.</exception>
    public Span<float> Data => new(Pointer, checked((int)Numel));

    /// <summary>The value of a tensor with one element.</summary>
    /// <exception cref="InvalidOperationException">There is more or less than one element.</exception>
    public float Item() => Numel == 1
        ? Data[0]
        : throw new InvalidOperationException($"item: a tensor of shape {Shapes.Text(_shape)} has {Numel} elements, not one");

    /// <summary>A copy of the elements in row-major order.</summary>
    public float[] ToArray() => Data.ToArray();

    /// <summary>Shape and first elements, for debugging.</summary>
    public override string ToString()
    {
        if (_storage is null) return $"tensor{Shapes.Text(_shape)} (its scope '{_diedIn}' has ended)";
        var head = Data[..(int)Math.Min(Numel, 8)].ToArray().Select(v => v.ToString("G5", CultureInfo.InvariantCulture));
        return $"tensor{Shapes.Text(_shape)} {{{string.Join(", ", head)}{(Numel > 8 ? ", …" : "")}}}";
    }

    /// <summary>A tensor of undefined content, for kernels that write all of it.</summary>
    internal static Tensor Uninitialized(int[] shape) => new(shape, TensorPool.Rent(Shapes.Count(shape)), 0);

    /// <summary>Another tensor over the same memory.</summary>
    internal Tensor Alias(int[] shape, long offset = 0)
    {
        var storage = _storage ?? ThrowDead();
        storage.AddReference();
        return new Tensor(shape, storage, _offset + offset);
    }

    /// <summary>Gives the memory back; later use throws.</summary>
    internal void Free()
    {
        if (_storage is null) return;
        _diedIn = Scope?.Name ?? "dispose";
        Interlocked.Exchange(ref _storage, null)?.Release();
        Node = null;
        _grad = null;
    }

    /// <summary>Takes this tensor out of whatever scope it is in, so that only references keep it.</summary>
    internal Tensor Unscoped()
    {
        Scope = null;
        return this;
    }

    private Storage ThrowDead([CallerMemberName] string member = "")
    {
        var origin = _origin is null ? "tensor" : $"result of '{_origin}'";
        throw new ObjectDisposedException(nameof(Tensor),
            $"{(member == nameof(Pointer) ? "an operation" : member)} was given the {origin} of shape {Shapes.Text(_shape)} after its scope '{_diedIn}' ended: keep it with scope.Keep(tensor)");
    }
}
