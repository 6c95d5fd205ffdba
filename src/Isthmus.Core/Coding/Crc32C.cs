using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Isthmus.Coding;

/// <summary>CRC-32C (Castagnoli, polynomial 1EDC6F41 reflected; RFC 3720, section 12.1) of a sequence of pieces. The steps use
/// the processor's instruction where there is one; every path gives the same number ("123456789" gives E3069283).</summary>
internal struct Crc32C
{
    private uint _state = uint.MaxValue;

    public Crc32C() { }

    public readonly uint Value => ~_state;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        var state = _state;
        for (; bytes.Length >= 8; bytes = bytes[8..]) state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes) state = BitOperations.Crc32C(state, b);
        _state = state;
    }

    public void Add(in ReadOnlySequence<byte> bytes)
    {
        foreach (var piece in bytes) Add(piece.Span);
    }

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = new Crc32C();
        crc.Add(bytes);
        return crc.Value;
    }
}
