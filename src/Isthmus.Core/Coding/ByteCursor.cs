using System.Buffers.Binary;

namespace Isthmus.Coding;

/// <summary>Reads little-endian fields from bytes that nobody vouches for: past the end it returns zeros and remembers that it
/// failed, so that a parser checks once.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Whether a read went past the end or a varint was too long.</summary>
    public bool Failed { get; private set; }

    public readonly int Left => _rest.Length;

    public byte U8() => Take(1, out var b) ? b[0] : (byte)0;

    public ushort U16() => Take(2, out var b) ? BinaryPrimitives.ReadUInt16LittleEndian(b) : (ushort)0;

    public uint U32() => Take(4, out var b) ? BinaryPrimitives.ReadUInt32LittleEndian(b) : 0;

    public ulong U64() => Take(8, out var b) ? BinaryPrimitives.ReadUInt64LittleEndian(b) : 0;

    /// <summary>An unsigned 32-bit number in groups of seven bits, lowest first, at most five bytes, in its shortest form.</summary>
    public uint Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var b = U8();
            value |= (ulong)(b & 127) << shift;
            if (b >= 128) continue;
            if (value > uint.MaxValue || (b == 0 && shift > 0)) break;
            return (uint)value;
        }
        Failed = true;
        return 0;
    }

    public ReadOnlySpan<byte> Bytes(uint count) => count <= (uint)_rest.Length && Take((int)count, out var b) ? b : Fail();

    private bool Take(int count, out ReadOnlySpan<byte> bytes)
    {
        if (count > _rest.Length)
        {
            bytes = Fail();
            return false;
        }
        bytes = _rest[..count];
        _rest = _rest[count..];
        return true;
    }

    private ReadOnlySpan<byte> Fail()
    {
        Failed = true;
        _rest = default;
        return default;
    }
}
