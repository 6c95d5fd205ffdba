using System.Numerics;

namespace Isthmus.Coding;

/// <summary>Storing without a model: an entry takes ⌈log2 Entries⌉ bits, a decision one, raw bits their number, packed from
/// the lowest bit of each byte upwards; the last byte is filled with zeros.</summary>
internal static class PackedCoder
{
    /// <summary>The bits of one item.</summary>
    public static int Width(FrequencyTable table) => 32 - BitOperations.LeadingZeroCount((uint)table.Entries - 1);

    /// <summary>The bytes that <see cref="Encode"/> will take.</summary>
    public static long ByteCount(SymbolRecorder message)
    {
        var bits = 0L;
        foreach (var run in message.Runs) bits += (long)run.Count * Width(run);
        return (bits + 7) / 8;
    }

    public static byte[] Encode(SymbolRecorder message)
    {
        var bytes = new byte[ByteCount(message)];
        var (at, held, bits) = (0, 0UL, 0);
        var items = message.Items;
        foreach (var run in message.Runs)
        {
            var width = Width(run);
            foreach (var item in items[..run.Count])
            {
                var value = run.Table is null && run.Width < 0 ? run.Width == SymbolRecorder.True ? 1u : 0u : item;
                held |= (ulong)value << bits;
                for (bits += width; bits >= 8; bits -= 8, held >>= 8) bytes[at++] = (byte)held;
            }
            items = items[run.Count..];
        }
        if (bits > 0) bytes[at] = (byte)held;
        return bytes;
    }

    private static int Width(SymbolRecorder.Run run) => run.Table is { } table ? Width(table) : Math.Max(1, run.Width);
}

/// <summary>Reads what <see cref="PackedCoder"/> wrote.</summary>
internal sealed class PackedReader(CodedPayload payload) : SymbolReader(payload)
{
    private long _position; // in bits

    protected override int ReadEntry(FrequencyTable table)
    {
        var entry = ReadRaw(PackedCoder.Width(table));
        if (entry >= (uint)table.Entries || table.Frequency((int)entry) == 0)
            throw new CodingException(CodingError.InvalidSymbol, $"stored entry {entry} is not in its table of {table.Entries} entries, or has frequency 0 there");
        return (int)entry;
    }

    protected override void ReadEntries(Span<int> entries, FrequencyTable table)
    {
        for (var i = 0; i < entries.Length; i++) entries[i] = ReadEntry(table);
    }

    protected override bool ReadDecision(int probability) => ReadRaw(1) == 1;

    protected override uint ReadRaw(int count)
    {
        if (count > 8L * Bytes.Length - _position) throw Ended();
        var bytes = Bytes.Span;
        var value = 0u;
        for (var have = 0; have < count;)
        {
            var inside = (int)(_position & 7);
            var take = Math.Min(8 - inside, count - have);
            value |= (((uint)bytes[(int)(_position >> 3)] >> inside) & ((1u << take) - 1)) << have;
            have += take;
            _position += take;
        }
        return value;
    }

    protected override void CheckEnd()
    {
        if ((_position + 7) >> 3 != Bytes.Length) throw new CodingException(CodingError.CorruptPayload, $"{Bytes.Length} bytes where the message takes {(_position + 7) >> 3}");
        if ((_position & 7) != 0 && Bytes.Span[^1] >> (int)(_position & 7) != 0) throw new CodingException(CodingError.CorruptPayload, "the last byte is not filled with zeros");
    }
}
