using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Isthmus.Coding;

/// <summary>Reads what <see cref="RansEncoder{T}"/> wrote, forwards. Every slot of every table belongs to an entry and every
/// read is checked against the payload's length, so damage gives wrong entries or an error, never more.</summary>
internal sealed class RansReader<T> : SymbolReader where T : struct, IRansVariant
{
    private readonly int _lanes;
    private readonly ulong[] _states = new ulong[4];
    private int _position;
    private int _lane;

    public RansReader(CodedPayload payload) : base(payload)
    {
        _lanes = payload.Lanes;
        if (Bytes.Length < _lanes * T.StateBytes) throw Ended();
        for (var lane = 0; lane < _lanes; lane++, _position += T.StateBytes)
        {
            var from = Bytes.Span[_position..];
            var x = T.StateBytes == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(from) : BinaryPrimitives.ReadUInt32LittleEndian(from);
            if (x >> T.LowBits == 0 || x >> (T.LowBits + 8 * T.UnitBytes) != 0)
                throw new CodingException(CodingError.CorruptPayload, $"state {x} of lane {lane} is outside the coder's range");
            _states[lane] = x;
        }
    }

    protected override int ReadEntry(FrequencyTable table)
    {
        var lookup = table.Decoding;
        ref var state = ref NextState();
        var slot = (uint)state & ((1u << table.Precision) - 1);
        var entry = lookup.Slots[slot];
        Advance(ref state, lookup.Ranges[entry], slot, table.Precision);
        return entry;
    }

    protected override void ReadEntries(Span<int> entries, FrequencyTable table)
    {
        var i = 0;
        if (_lanes > 1 && T.UnitBytes == 4 && entries.Length >= 2 * _lanes)
        {
            while (_lane != 0) entries[i++] = ReadEntry(table);
            if (_lanes == 4) ReadByFour(entries, table, ref i);
            else ReadByTwo(entries, table, ref i);
        }
        for (; i < entries.Length; i++) entries[i] = ReadEntry(table);
    }

    protected override bool ReadDecision(int probability)
    {
        ref var state = ref NextState();
        var slot = (uint)state & 0xFFFF;
        var bit = slot < probability;
        Advance(ref state, bit ? new DecodeRange(0, (uint)probability) : new DecodeRange((uint)probability, 65536 - (uint)probability), slot, 16);
        return bit;
    }

    protected override uint ReadRaw(int count)
    {
        ref var state = ref NextState();
        var slot = (uint)state & ((1u << count) - 1);
        Advance(ref state, new DecodeRange(slot, 1), slot, count);
        return slot;
    }

    protected override void CheckEnd()
    {
        for (var lane = 0; lane < _lanes; lane++)
            if (_states[lane] != 1UL << T.LowBits) throw new CodingException(CodingError.CorruptPayload, $"lane {lane} ends in state {_states[lane]}, not where the coder began");
        if (_position != Bytes.Length) throw new CodingException(CodingError.CorruptPayload, $"{Bytes.Length - _position} bytes are left over");
    }

    private ref ulong NextState()
    {
        ref var state = ref _states[_lane];
        _lane = (_lane + 1) & (_lanes - 1);
        return ref state;
    }

    private void Advance(ref ulong state, DecodeRange range, uint slot, int p)
    {
        var x = range.Frequency * (state >> p) + slot - range.Start;
        var bytes = Bytes.Span;
        while (x >> T.LowBits == 0)
        {
            if (bytes.Length - _position < T.UnitBytes) throw Ended();
            x = T.UnitBytes == 4 ? (x << 32) | BinaryPrimitives.ReadUInt32LittleEndian(bytes[_position..]) : (x << 8) | bytes[_position];
            _position += T.UnitBytes;
        }
        state = x;
    }

    // Four lanes in registers while four more words are certain to be there; the rest is read one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadByFour(Span<int> entries, FrequencyTable table, ref int read)
    {
        var bytes = Bytes.Span;
        var lookup = table.Decoding;
        var p = table.Precision;
        var (s0, s1, s2, s3) = (_states[0], _states[1], _states[2], _states[3]);
        var (i, position) = (read, _position);
        for (; entries.Length - i >= 4 && bytes.Length - position >= 16; i += 4)
        {
            var to = entries.Slice(i, 4);
            ref var next = ref MemoryMarshal.GetReference(bytes.Slice(position, 16));
            nint used = 0;
            to[0] = Step(ref s0, lookup, p, ref next, ref used);
            to[1] = Step(ref s1, lookup, p, ref next, ref used);
            to[2] = Step(ref s2, lookup, p, ref next, ref used);
            to[3] = Step(ref s3, lookup, p, ref next, ref used);
            position += (int)used;
        }
        (_states[0], _states[1], _states[2], _states[3]) = (s0, s1, s2, s3);
        (read, _position) = (i, position);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadByTwo(Span<int> entries, FrequencyTable table, ref int read)
    {
        var bytes = Bytes.Span;
        var lookup = table.Decoding;
        var p = table.Precision;
        var (s0, s1) = (_states[0], _states[1]);
        var (i, position) = (read, _position);
        for (; entries.Length - i >= 2 && bytes.Length - position >= 8; i += 2)
        {
            var to = entries.Slice(i, 2);
            ref var next = ref MemoryMarshal.GetReference(bytes.Slice(position, 8));
            nint used = 0;
            to[0] = Step(ref s0, lookup, p, ref next, ref used);
            to[1] = Step(ref s1, lookup, p, ref next, ref used);
            position += (int)used;
        }
        (_states[0], _states[1]) = (s0, s1);
        (read, _position) = (i, position);
    }

    // The word is read in any case and used only when needed: whether is unpredictable. The caller has checked that it is
    // there; every slot below 2^p is in the lookup and names one of its ranges (DecodeLookup's constructor).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Step(ref ulong state, DecodeLookup lookup, int p, ref byte next, ref nint used)
    {
        var slot = (uint)state & ((1u << p) - 1);
        int entry = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(lookup.Slots), slot);
        var range = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(lookup.Ranges), entry);
        var x = range.Frequency * (state >> p) + (slot - range.Start);
        var word = Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref next, used));
        if (!BitConverter.IsLittleEndian) word = BinaryPrimitives.ReverseEndianness(word);
        var need = (long)(x - (1UL << T.LowBits)) >> 63; // -1 where x is below L, else 0
        state = (x << (int)(need & 32)) | (word & (ulong)need);
        used -= (nint)need * 4;
        return entry;
    }
}
