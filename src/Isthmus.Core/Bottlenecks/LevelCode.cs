using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Integers of any size, [batch, dimensions], under one static table for each dimension, all with an escape.</summary>
public sealed class LevelCode
{
    private const int Widest = 4096; // levels farther from the middle than half of it are left to the escape
    private readonly FrequencyTable[] _tables;

    /// <summary>A code of given tables.</summary>
    /// <exception cref="InputException">A table has no escape, or there is none.</exception>
    public LevelCode(IEnumerable<FrequencyTable> tables)
    {
        _tables = [.. tables];
        if (_tables.Length == 0 || _tables.Any(t => !t.HasEscape)) throw new InputException($"tables: {_tables.Length} tables, each with an escape, and at least one are expected");
    }

    /// <summary>The number of dimensions.</summary>
    public int Size => _tables.Length;

    /// <summary>A table of levels that training data showed: their counts, half a count more for every level between the ends, and an
    /// escape for the others.</summary>
    /// <param name="levels">At least one.</param>
    public static FrequencyTable Fit(ReadOnlySpan<int> levels)
    {
        if (levels.Length == 0) throw new ArgumentException("level code: no levels were given");
        var sorted = levels.ToArray();
        Array.Sort(sorted);
        var first = Math.Max(sorted[0], sorted[sorted.Length / 2] - (Widest / 2));
        var last = Math.Min(sorted[^1], first + Widest - 1);
        var weights = new double[last - first + 1];
        Array.Fill(weights, 0.5);
        var outside = 0.5;
        foreach (var k in sorted)
        {
            if (k >= first && k <= last) weights[k - first]++;
            else outside++;
        }
        return FrequencyTable.FromPmf(weights, first, precision: 14, escape: outside, everySymbol: true);
    }

    /// <summary>Writes levels row by row.</summary>
    public void Write(LongTensor levels, ISymbolWriter to)
    {
        ArgumentNullException.ThrowIfNull(levels);
        for (var i = 0; i < levels.Numel; i++) to.WriteInteger((int)levels.Data[i], _tables[i % Size]);
    }

    /// <summary>Reads the levels of a number of rows.</summary>
    public LongTensor Read(ISymbolReader from, int rows)
    {
        var levels = LongTensor.Zeros(rows, Size);
        for (var i = 0; i < levels.Numel; i++) levels.Data[i] = from.ReadInteger(_tables[i % Size]);
        return levels;
    }

    /// <summary>What each row costs, in nats, [batch]; escapes are counted as they are written.</summary>
    public Tensor Cost(LongTensor levels)
    {
        ArgumentNullException.ThrowIfNull(levels);
        var cost = Tensor.Zeros(levels.Shape[0]);
        for (var i = 0; i < cost.Numel; i++)
        {
            var meter = new CostMeter();
            for (var j = 0; j < Size; j++) meter.WriteInteger((int)levels.Data[(i * Size) + j], _tables[j]);
            cost.Data[i] = (float)meter.Cost.Nats;
        }
        return cost;
    }

    /// <summary>The tables for the model file.</summary>
    public byte[] ToBytes() => new TableSet(_tables).ToBytes();

    /// <summary>What <see cref="ToBytes"/> wrote, for a known number of dimensions.</summary>
    /// <exception cref="InputException">The bytes are damaged or for another number.</exception>
    public static LevelCode Parse(ReadOnlySpan<byte> bytes, int size)
    {
        var set = TableSet.Parse(bytes);
        return set.Count == size ? new LevelCode(set) : throw new InputException($"tables: {set.Count} tables, expected {size}");
    }
}
