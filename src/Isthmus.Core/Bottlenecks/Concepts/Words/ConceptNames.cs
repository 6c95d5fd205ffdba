using System.Buffers.Binary;
using System.Text;

namespace Isthmus.Bottlenecks;

/// <summary>Names of continuous concepts, as axes and as bytes for the model file.</summary>
internal static class ConceptNames
{
    private const int Longest = 1 << 16;

    /// <summary>A space of numbers under these names.</summary>
    /// <param name="names">Each once.</param>
    /// <param name="factor">What passes for one unit of a concept.</param>
    public static ConceptSpace Space(IEnumerable<string> names, double factor = 1) => new([.. names.Select(n => new ConceptAxis(n, ConceptType.Continuous, []) { Scale = 1 / factor })]);

    /// <summary>int32 names, then for each an int32 length and its UTF-8; little-endian.</summary>
    public static byte[] ToBytes(ConceptSpace space)
    {
        var bytes = new List<byte>();
        Number(space.Count);
        foreach (var axis in space.Axes)
        {
            var text = Encoding.UTF8.GetBytes(axis.Name);
            Number(text.Length);
            bytes.AddRange(text);
        }
        return [.. bytes];

        void Number(int n)
        {
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(four, n);
            bytes.AddRange(four);
        }
    }

    /// <summary>What <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InputException">The bytes are damaged, or name another number of concepts.</exception>
    public static ConceptSpace Parse(ReadOnlySpan<byte> bytes, int count, double factor = 1)
    {
        var found = Number(ref bytes);
        if (found != count) throw new InputException($"tables: {found} names of concepts, expected {count}");
        var names = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var length = Number(ref bytes);
            if (length is < 1 or > Longest || length > bytes.Length) throw new InputException("tables: names of concepts are cut off or damaged");
            names.Add(Encoding.UTF8.GetString(bytes[..length]));
            bytes = bytes[length..];
        }
        return bytes.Length == 0 ? Space(names, factor) : throw new InputException($"tables: {bytes.Length} bytes follow the names of concepts");

        static int Number(ref ReadOnlySpan<byte> from)
        {
            if (from.Length < 4) throw new InputException("tables: names of concepts are cut off");
            var number = BinaryPrimitives.ReadInt32LittleEndian(from);
            from = from[4..];
            return number;
        }
    }
}
