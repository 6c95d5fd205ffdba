using System.Buffers.Binary;
using System.Numerics;

namespace Isthmus.Data;

/// <summary>
/// The IDX format of the MNIST files, plain or gzip: two zero bytes, a type, the number of dimensions, the dimensions as 32-bit
/// big-endian integers, then the numbers, big-endian, row-major (LeCun, Cortes, Burges: "The MNIST database").
/// </summary>
public static class IdxFile
{
    private const int MostDimensions = 8;

    /// <summary>Reads an array.</summary>
    /// <param name="path">The file, gzip or not.</param>
    /// <param name="maxMemory">How many bytes the decoded array may take.</param>
    /// <exception cref="InputException">Not such a file, cut off, too long, or larger than allowed.</exception>
    public static NumericArray<T> Read<T>(string path, long maxMemory = long.MaxValue) where T : struct, IBinaryFloatingPointIeee754<T> =>
        InputFile.Guard(path, () => ReadArray<T>(path, new MemoryBudget(maxMemory, path)));

    internal static NumericArray<T> ReadArray<T>(string path, MemoryBudget budget) where T : struct, IBinaryFloatingPointIeee754<T>
    {
        using var stream = InputFile.OpenMaybeGzip(path, out var atMost);
        var (format, shape) = Header(stream, path);
        var count = ElementFormat.Count(shape);
        if (count < 0 || (Int128)count * format.Size > atMost)
            throw new InputException($"{path}: the header promises [{string.Join(", ", shape)}] numbers, the file cannot hold as many: cut off or damaged");
        budget.Take(count, System.Runtime.CompilerServices.Unsafe.SizeOf<T>(), $"the array [{string.Join(", ", shape)}]");
        var values = new T[count];
        format.Read(stream, values);
        InputFile.ExpectEnd(stream, path);
        return new NumericArray<T>(shape, values, format.Type);
    }

    /// <summary>The dimensions that a file's header promises, without reading further.</summary>
    internal static int[] Shape(string path) => InputFile.Guard(path, () =>
    {
        using var stream = InputFile.OpenMaybeGzip(path, out _);
        return Header(stream, path).Shape;
    });

    private static (ElementFormat Format, int[] Shape) Header(Stream stream, string path)
    {
        var head = new byte[4];
        stream.ReadExactly(head);
        if (head[0] != 0 || head[1] != 0 || head[3] is 0 or > MostDimensions) throw NotIdx(path);
        var type = head[2] switch
        {
            0x08 => ElementType.UInt8,
            0x09 => ElementType.Int8,
            0x0B => ElementType.Int16,
            0x0C => ElementType.Int32,
            0x0D => ElementType.Float32,
            0x0E => ElementType.Float64,
            _ => throw NotIdx(path),
        };
        var shape = new int[head[3]];
        for (var i = 0; i < shape.Length; i++)
        {
            stream.ReadExactly(head);
            shape[i] = BinaryPrimitives.ReadInt32BigEndian(head);
            if (shape[i] < 0) throw NotIdx(path);
        }
        return (new ElementFormat(type, BigEndian: true), shape);
    }

    private static InputException NotIdx(string path) => new($"{path}: not an IDX file: its first bytes are not 0, 0, a type and a number of dimensions");
}
