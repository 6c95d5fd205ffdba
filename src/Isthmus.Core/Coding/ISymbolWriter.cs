namespace Isthmus.Coding;

/// <summary>
/// Where a bottleneck writes its message, symbol by symbol in the order in which the receiver will read (a queue, whatever
/// coder stands behind it). Every symbol comes with its model, which may depend on all symbols written before.
/// </summary>
/// <remarks>Implemented by <see cref="MessageWriter"/> (bytes) and <see cref="CostMeter"/> (bits, without coding). Integers
/// beyond the table go through <see cref="SymbolCoding.WriteInteger"/>, adaptive models through <see cref="AdaptiveInteger"/>.</remarks>
public interface ISymbolWriter
{
    /// <summary>Writes one entry of a table.</summary>
    /// <param name="entry">0..table.Entries−1, with a frequency of at least 1.</param>
    /// <param name="table">Its model; the reader names the same one.</param>
    /// <exception cref="CodingException">The entry is not in the table or has frequency zero (InvalidSymbol).</exception>
    void Write(int entry, FrequencyTable table);

    /// <summary>Writes many entries of one table: the same bytes as one by one, and faster.</summary>
    /// <exception cref="CodingException">An entry is not in the table or has frequency zero (InvalidSymbol); nothing is
    /// written then.</exception>
    void Write(ReadOnlySpan<int> entries, FrequencyTable table);

    /// <summary>Writes a binary decision.</summary>
    /// <param name="bit">The decision.</param>
    /// <param name="probability">P(bit is true) in units of 1/65,536: 1..65,535.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is out of range.</exception>
    void WriteBit(bool bit, int probability);

    /// <summary>Writes raw bits, each of probability one half.</summary>
    /// <param name="value">The bits, below 2^count.</param>
    /// <param name="count">0..32.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count or the value is out of range.</exception>
    void WriteBits(uint value, int count);
}
