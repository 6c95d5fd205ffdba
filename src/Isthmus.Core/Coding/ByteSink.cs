using System.Buffers;
using System.Buffers.Binary;

namespace Isthmus.Coding;

/// <summary>Writes little-endian fields into a growing buffer; the mirror of <see cref="ByteCursor"/>.</summary>
internal sealed class ByteSink
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void U8(byte value) => _bytes.Write([value]);

    public void U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(2), value);
        _bytes.Advance(2);
    }

    public void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
    }

    public void U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
    }

    public void Varint(uint value)
    {
        for (; value >= 128; value >>= 7) U8((byte)(value | 128));
        U8((byte)value);
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);
}
