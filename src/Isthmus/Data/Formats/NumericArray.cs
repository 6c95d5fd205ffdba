using System.Buffers.Binary;
using System.Numerics;

namespace Isthmus.Data;

/// <summary>The types of numbers in files.</summary>
public enum ElementType
{
    /// <summary>One byte, 0 or 1.</summary>
    Boolean,
    /// <summary>8 bits without sign.</summary>
    UInt8,
    /// <summary>8 bits with sign.</summary>
    Int8,
    /// <summary>16 bits without sign.</summary>
    UInt16,
    /// <summary>16 bits with sign.</summary>
    Int16,
    /// <summary>32 bits without sign.</summary>
    UInt32,
    /// <summary>32 bits with sign.</summary>
    Int32,
    /// <summary>64 bits without sign.</summary>
    UInt64,
    /// <summary>64 bits with sign.</summary>
    Int64,
    /// <summary>IEEE half precision.</summary>
    Float16,
    /// <summary>IEEE single precision.</summary>
    Float32,
    /// <summary>IEEE double precision.</summary>
    Float64,
}

/// <summary>An array from a file, converted to one type of number.</summary>
/// <typeparam name="T">float or double: float rounds integers above 2^24 and doubles, double integers above 2^53.</typeparam>
/// <param name="Shape">The dimensions; none for a single number.</param>
/// <param name="Values">Row-major.</param>
/// <param name="Stored">The type in the file.</param>
public sealed record NumericArray<T>(int[] Shape, T[] Values, ElementType Stored) where T : struct, IBinaryFloatingPointIeee754<T>;

/// <summary>How numbers lie in a file.</summary>
internal readonly record struct ElementFormat(ElementType Type, bool BigEndian)
{
    private const int Chunk = 1 << 15;

    public int Size => Type switch
    {
        ElementType.Boolean or ElementType.UInt8 or ElementType.Int8 => 1,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 => 2,
        ElementType.UInt32 or ElementType.Int32 or ElementType.Float32 => 4,
        _ => 8,
    };

    /// <summary>The number of elements of a shape, or -1 where it does not fit into 63 bits.</summary>
    public static long Count(ReadOnlySpan<int> shape)
    {
        Int128 count = 1;
        foreach (var d in shape)
        {
            count *= d;
            if (count > long.MaxValue) return -1;
        }
        return (long)count;
    }

    /// <summary>Reads elements in the order of the file.</summary>
    /// <param name="stream">Where they begin.</param>
    /// <param name="values">As many as are read.</param>
    /// <param name="place">Where the i-th element of the file goes; null for in order.</param>
    public void Read<T>(Stream stream, T[] values, Func<int, int>? place = null) where T : struct, IBinaryFloatingPointIeee754<T>
    {
        var buffer = new byte[Math.Min(Chunk, Math.Max(1, values.Length)) * Size];
        for (var done = 0; done < values.Length;)
        {
            var count = Math.Min(values.Length - done, buffer.Length / Size);
            stream.ReadExactly(buffer, 0, count * Size);
            if (place is null) Convert(buffer.AsSpan(0, count * Size), values.AsSpan(done, count));
            else
            {
                var part = new T[count];
                Convert(buffer.AsSpan(0, count * Size), part);
                for (var i = 0; i < count; i++) values[place(done + i)] = part[i];
            }
            done += count;
        }
    }

    private void Convert<T>(ReadOnlySpan<byte> from, Span<T> to) where T : struct, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < to.Length; i++) to[i] = One<T>(from.Slice(i * Size, Size));
    }

    private T One<T>(ReadOnlySpan<byte> b) where T : struct, IBinaryFloatingPointIeee754<T> => Type switch
    {
        ElementType.Boolean => b[0] != 0 ? T.One : T.Zero,
        ElementType.UInt8 => T.CreateTruncating(b[0]),
        ElementType.Int8 => T.CreateTruncating((sbyte)b[0]),
        ElementType.UInt16 => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadUInt16BigEndian(b) : BinaryPrimitives.ReadUInt16LittleEndian(b)),
        ElementType.Int16 => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadInt16BigEndian(b) : BinaryPrimitives.ReadInt16LittleEndian(b)),
        ElementType.UInt32 => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadUInt32BigEndian(b) : BinaryPrimitives.ReadUInt32LittleEndian(b)),
        ElementType.Int32 => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadInt32BigEndian(b) : BinaryPrimitives.ReadInt32LittleEndian(b)),
        ElementType.UInt64 => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadUInt64BigEndian(b) : BinaryPrimitives.ReadUInt64LittleEndian(b)),
        ElementType.Int64 => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadInt64BigEndian(b) : BinaryPrimitives.ReadInt64LittleEndian(b)),
        ElementType.Float16 => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadHalfBigEndian(b) : BinaryPrimitives.ReadHalfLittleEndian(b)),
        ElementType.Float32 => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadSingleBigEndian(b) : BinaryPrimitives.ReadSingleLittleEndian(b)),
        _ => T.CreateTruncating(BigEndian ? BinaryPrimitives.ReadDoubleBigEndian(b) : BinaryPrimitives.ReadDoubleLittleEndian(b)),
    };
}
