using System.Numerics;

namespace Isthmus.Tensors;

/// <summary>
/// Keeps the memory of tensors that have died for the next ones of about that size, so that a training step in steady state
/// allocates none on the garbage-collected heap. Sizes are rounded up to quarters of a power of two.
/// </summary>
public static class TensorPool
{
    private const int Classes = 256;
    private static readonly Stack<Storage>?[] s_free = new Stack<Storage>?[Classes];
    private static readonly Lock s_gate = new();

    /// <summary>
    /// Bytes that have been allocated and not been collected or trimmed, in use or waiting: after <see cref="Trim"/>, what a computation adds to it is
    /// the most it has needed at once (sizes rounded up as they are).
    /// </summary>
    public static long BytesHeld { get; private set; }

    /// <summary>Memory for n floats, of undefined content, owned by one tensor.</summary>
    internal static Storage Rent(long n)
    {
        var (index, capacity) = SizeClass(n);
        lock (s_gate)
        {
            if (s_free[index] is { Count: > 0 } stack)
            {
                var storage = stack.Pop();
                storage.References = 1;
                return storage;
            }
            BytesHeld += capacity * sizeof(float);
        }
        return new Storage(capacity, index);
    }

    /// <summary>Takes memory back that no tensor uses any more.</summary>
    internal static void Return(Storage storage)
    {
        lock (s_gate) (s_free[storage.SizeClass] ??= new Stack<Storage>()).Push(storage);
    }

    /// <summary>Lets go of all waiting memory, as after a large evaluation.</summary>
    public static void Trim()
    {
        lock (s_gate)
        {
            foreach (var stack in s_free)
                while (stack is { Count: > 0 }) BytesHeld -= stack.Pop().Capacity * sizeof(float);
        }
    }

    private static (int Index, long Capacity) SizeClass(long n)
    {
        if (n <= 64) return (0, 64);
        if (n > Array.MaxLength - Storage.AlignmentFloats)
            throw new ArgumentOutOfRangeException(nameof(n), $"a tensor of {n} elements is larger than .NET's longest array");
        var power = BitOperations.Log2((ulong)(n - 1)); // 2^power < n <= 2^(power+1)
        var quarter = 1L << (power - 2);
        var steps = (n - (1L << power) + quarter - 1) / quarter;
        return ((power * 4) + (int)steps, Math.Min((1L << power) + (steps * quarter), Array.MaxLength - Storage.AlignmentFloats));
    }
}

/// <summary>A pinned array with a 64-byte aligned start, counted by the tensors that look into it.</summary>
internal sealed unsafe class Storage
{
    public const int AlignmentFloats = 16;
    private readonly float[] _array;
    public readonly float* Start;
    public readonly long Capacity;
    public readonly int SizeClass;
    public int References = 1;

    public Storage(long capacity, int sizeClass)
    {
        Capacity = capacity;
        SizeClass = sizeClass;
        _array = GC.AllocateUninitializedArray<float>((int)capacity + AlignmentFloats, pinned: true);
        fixed (float* p = _array) Start = (float*)(((nuint)p + 63) & ~(nuint)63);
    }

    public void AddReference() => Interlocked.Increment(ref References);

    public void Release()
    {
        if (Interlocked.Decrement(ref References) == 0) TensorPool.Return(this);
    }
}
