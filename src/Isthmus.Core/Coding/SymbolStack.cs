using System.Buffers.Binary;

namespace Isthmus.Coding;

/// <summary>
/// A last-in-first-out coder (rANS, 64-bit state, one lane) whose bits can also be taken out under any table, which is what
/// bits-back coding needs. It is not an <see cref="ISymbolWriter"/> on purpose: a bottleneck's receiver cannot recompute
/// q(z|x), so bits-back is for lossless codecs of data (<see cref="BitsBack"/>) and for nothing else.
/// </summary>
public sealed class SymbolStack
{
    private const ulong Low = 1UL << 31;
    private readonly List<uint> _words;
    private ulong _state;

    /// <summary>A stack that holds some bits to begin with: the first <see cref="Pop"/>s need them.</summary>
    /// <param name="initialWords">32 bits each, any values; they come back at the end and are not part of the cost.</param>
    public SymbolStack(ReadOnlySpan<uint> initialWords = default)
    {
        _words = [.. initialWords];
        _state = Low;
    }

    private SymbolStack(List<uint> words, ulong state) => (_words, _state) = (words, state);

    /// <summary>The information held, in bits: that of the state and 32 a word.</summary>
    public double Bits => 32.0 * _words.Count + FixedMath.Log2(_state);

    /// <summary>Puts one entry of a table on top.</summary>
    /// <exception cref="CodingException">The entry is not in the table or has frequency zero (InvalidSymbol).</exception>
    public void Push(int entry, FrequencyTable table)
    {
        SymbolChecks.Entry(entry, table);
        var (start, frequency) = ((ulong)table.Start(entry), (ulong)table.Frequency(entry));
        if (_state >= frequency << (63 - table.Precision))
        {
            _words.Add((uint)_state);
            _state >>= 32;
        }
        _state = (_state / frequency << table.Precision) + start + _state % frequency;
    }

    /// <summary>Takes one entry of a table from the top: what was pushed under it, or, from other bits, a sample of it.</summary>
    /// <exception cref="CodingException">The stack has too few bits left (Truncated).</exception>
    public int Pop(FrequencyTable table)
    {
        var slot = (uint)_state & ((1u << table.Precision) - 1);
        var entry = table.Decoding.Slots[slot];
        var range = table.Decoding.Ranges[entry];
        var state = range.Frequency * (_state >> table.Precision) + slot - range.Start;
        if (state < Low)
        {
            if (_words.Count == 0) throw new CodingException(CodingError.Truncated, "the stack has no bits left", "begin with more initial words");
            state = (state << 32) | _words[^1];
            _words.RemoveAt(_words.Count - 1);
        }
        _state = state;
        return entry;
    }

    /// <summary>The bytes: the state (8), then the words from the bottom up, little-endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[8 + 4 * _words.Count];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _state);
        for (var i = 0; i < _words.Count; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8 + 4 * i), _words[i]);
        return bytes;
    }

    /// <summary>The stack that <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="CodingException">Not such bytes (Truncated, CorruptPayload).</exception>
    public static SymbolStack FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8 || bytes.Length % 4 != 0) throw new CodingException(CodingError.Truncated, $"a stack of {bytes.Length} bytes; 8 and a multiple of 4 are required");
        var state = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (state < Low || state >> 63 != 0) throw new CodingException(CodingError.CorruptPayload, $"state {state} is outside the coder's range");
        var words = new List<uint>((bytes.Length - 8) / 4);
        for (var i = 8; i < bytes.Length; i += 4) words.Add(BinaryPrimitives.ReadUInt32LittleEndian(bytes[i..]));
        return new SymbolStack(words, state);
    }
}
