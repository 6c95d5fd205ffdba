namespace Isthmus.Coding;

/// <summary>What all readers share: the count of symbols, and raw bits in pieces of at most 16.</summary>
internal abstract class SymbolReader(CodedPayload payload) : ISymbolReader
{
    private long _left = payload.Symbols < 0 ? long.MaxValue : payload.Symbols;

    /// <summary>Whether the frame said how many symbols there are.</summary>
    private readonly bool _counted = payload.Symbols >= 0;

    protected ReadOnlyMemory<byte> Bytes { get; } = payload.Bytes;

    public int Read(FrequencyTable table)
    {
        Take(1);
        return ReadEntry(table);
    }

    public void Read(Span<int> entries, FrequencyTable table)
    {
        Take(entries.Length);
        ReadEntries(entries, table);
    }

    public bool ReadBit(int probability)
    {
        SymbolChecks.Probability(probability);
        Take(1);
        return ReadDecision(probability);
    }

    public uint ReadBits(int count)
    {
        SymbolChecks.RawBits(count);
        var (value, shift) = (0u, 0);
        if (count > 16)
        {
            Take(1);
            value = ReadRaw(16);
            (shift, count) = (16, count - 16);
        }
        if (count == 0) return value;
        Take(1);
        return value | (ReadRaw(count) << shift);
    }

    public void Finish()
    {
        if (_counted && _left > 0) throw new CodingException(CodingError.CorruptPayload, $"the message has {_left} symbols more than were read");
        CheckEnd();
    }

    protected abstract int ReadEntry(FrequencyTable table);

    protected abstract void ReadEntries(Span<int> entries, FrequencyTable table);

    protected abstract bool ReadDecision(int probability);

    /// <summary>1..16 bits.</summary>
    protected abstract uint ReadRaw(int count);

    protected abstract void CheckEnd();

    protected static CodingException Ended() => new(CodingError.Truncated, "the payload ends before the message does");

    private void Take(int count)
    {
        if (count > _left) throw new CodingException(CodingError.CorruptPayload, "the message has fewer symbols than its reader asks for");
        _left -= count;
    }
}
