namespace Isthmus.Coding;

/// <summary>
/// Where a bottleneck reads its message: the calls mirror those of <see cref="ISymbolWriter"/>, in the same order with the
/// same tables. Whatever the bytes, a reader returns symbols of their tables or throws <see cref="CodingException"/>.
/// </summary>
public interface ISymbolReader
{
    /// <summary>Reads one entry of a table: 0..table.Entries−1.</summary>
    /// <exception cref="CodingException">The bytes end (Truncated) or are not the coder's (CorruptPayload, InvalidSymbol).</exception>
    int Read(FrequencyTable table);

    /// <summary>Reads as many entries of one table as the span holds.</summary>
    /// <exception cref="CodingException">As for one entry.</exception>
    void Read(Span<int> entries, FrequencyTable table);

    /// <summary>Reads a binary decision written with the same probability of true, in units of 1/65,536.</summary>
    /// <exception cref="CodingException">As for one entry.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The probability is not in 1..65,535.</exception>
    bool ReadBit(int probability);

    /// <summary>Reads 0..32 raw bits.</summary>
    /// <exception cref="CodingException">As for one entry.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is out of range.</exception>
    uint ReadBits(int count);

    /// <summary>Says that the message is complete: the bytes must be used up and the coder back in its first state.</summary>
    /// <exception cref="CodingException">They are not (CorruptPayload).</exception>
    void Finish();
}
