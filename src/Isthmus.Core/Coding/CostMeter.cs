namespace Isthmus.Coding;

/// <summary>
/// A writer that adds up what its symbols cost under their integer tables and codes nothing: Σ log2(2^p / f). It is the
/// ideal that the coders approach, so the bill is never below it by more than the final bits of a coder allow.
/// </summary>
/// <remarks>Differs from an entropy in that it is about these symbols, not about a distribution. The sum is compensated
/// (Neumaier 1974), so that a million symbols lose no digit that a double holds.</remarks>
public sealed class CostMeter : ISymbolWriter
{
    private double _sum, _lost;

    /// <summary>What has been written so far.</summary>
    public Bits Cost => Isthmus.Bits.FromBits(_sum + _lost);

    /// <summary>How many calls a coder would code: entries, decisions, and pieces of at most 16 raw bits.</summary>
    public long Symbols { get; private set; }

    /// <inheritdoc/>
    public void Write(int entry, FrequencyTable table)
    {
        SymbolChecks.Entry(entry, table);
        Add(table.Costs[entry]);
        Symbols++;
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<int> entries, FrequencyTable table)
    {
        SymbolChecks.Entries(entries, table);
        var costs = table.Costs;
        foreach (var entry in entries) Add(costs[entry]);
        Symbols += entries.Length;
    }

    /// <inheritdoc/>
    public void WriteBit(bool bit, int probability)
    {
        SymbolChecks.Probability(probability);
        Add(16 - FixedMath.Log2(bit ? probability : 65536 - probability));
        Symbols++;
    }

    /// <inheritdoc/>
    public void WriteBits(uint value, int count)
    {
        SymbolChecks.RawBits(value, count);
        Add(count);
        Symbols += (count + 15) / 16;
    }

    private void Add(double bits)
    {
        var sum = _sum + bits;
        _lost += Math.Abs(_sum) >= bits ? _sum - sum + bits : bits - sum + _sum;
        _sum = sum;
    }
}
