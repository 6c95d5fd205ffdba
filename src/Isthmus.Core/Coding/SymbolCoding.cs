using System.Numerics;

namespace Isthmus.Coding;

/// <summary>What every writer and reader can do besides the primitives: integers of a table with an escape to all of int32,
/// and Elias's gamma code for numbers without any model.</summary>
/// <remarks>The escape, our own: after the escape entry one bit says below or above (two bits where the table has holes:
/// 0 below, 1 above, 2 a hole); then the distance from the table's edge by <see cref="WriteGamma"/>, or the hole's entry in
/// ⌈log2 Count⌉ raw bits. The nearest outsider so costs two bits besides the escape entry, the farthest 66.</remarks>
public static class SymbolCoding
{
    /// <summary>Writes real numbers as they stand, 32 raw bits each.</summary>
    public static void WriteFloats(this ISymbolWriter writer, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(writer);
        foreach (var v in values) writer.WriteBits(BitConverter.SingleToUInt32Bits(v), 32);
    }

    /// <summary>Reads what <see cref="WriteFloats"/> wrote.</summary>
    /// <exception cref="CodingException">The bytes end (Truncated).</exception>
    public static void ReadFloats(this ISymbolReader reader, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(reader);
        foreach (ref var v in values) v = BitConverter.UInt32BitsToSingle(reader.ReadBits(32));
    }

    /// <summary>Writes a 32-bit integer under a table: as its entry where it has one, through the escape otherwise.</summary>
    /// <exception cref="CodingException">It is not in the table and the table has no escape (InvalidSymbol).</exception>
    public static void WriteInteger(this ISymbolWriter writer, int value, FrequencyTable table)
    {
        var entry = (long)value - table.First;
        var inside = entry >= 0 && entry < table.Count;
        if (inside && (!table.HasHoles || table.Frequency((int)entry) > 0))
        {
            writer.Write((int)entry, table);
            return;
        }
        if (!table.HasEscape)
            throw new CodingException(CodingError.InvalidSymbol, $"{value} has no frequency in a table of {table.First}..{(long)table.First + table.Count - 1} without an escape");
        writer.Write(table.Count, table);
        writer.WriteBits(inside ? 2u : entry < 0 ? 0u : 1u, SideBits(table));
        if (inside) writer.WriteBits((uint)entry, HoleBits(table));
        else writer.WriteGamma((uint)(entry < 0 ? -entry - 1 : entry - table.Count));
    }

    /// <summary>Reads what <see cref="WriteInteger"/> wrote.</summary>
    /// <exception cref="CodingException">As the reader's, and InvalidSymbol where an escape leads back into the table or out
    /// of the 32-bit integers.</exception>
    public static int ReadInteger(this ISymbolReader reader, FrequencyTable table)
    {
        var entry = reader.Read(table);
        if (!table.HasEscape || entry != table.Count) return table.First + entry;
        var side = reader.ReadBits(SideBits(table));
        if (side >= 2)
        {
            var hole = side == 2 ? reader.ReadBits(HoleBits(table)) : uint.MaxValue;
            if (hole >= (uint)table.Count || table.Frequency((int)hole) > 0)
                throw new CodingException(CodingError.InvalidSymbol, "an escape leads to a symbol that the table holds itself");
            return table.First + (int)hole;
        }
        long distance = reader.ReadGamma();
        var value = side == 0 ? table.First - 1L - distance : (long)table.First + table.Count + distance;
        if (value is < int.MinValue or > int.MaxValue)
            throw new CodingException(CodingError.InvalidSymbol, $"an escape leads to {value}, outside the 32-bit integers");
        return (int)value;
    }

    /// <summary>Writes any unsigned integer without a model: n = ⌊log2(value + 1)⌋ as n ones and a zero, then n bits (Elias,
    /// "Universal codeword sets", 1975, gamma code of value + 1): 2n + 1 bits, 1 to 65.</summary>
    public static void WriteGamma(this ISymbolWriter writer, uint value)
    {
        var shifted = value + 1UL;
        var n = BitOperations.Log2(shifted);
        for (var i = 0; i < n; i++) writer.WriteBits(1, 1);
        if (n < 32) writer.WriteBits(0, 1);
        writer.WriteBits((uint)(shifted - (1UL << n)), n);
    }

    /// <summary>Reads what <see cref="WriteGamma"/> wrote.</summary>
    /// <exception cref="CodingException">As the reader's, and InvalidSymbol above 2^32 − 1.</exception>
    public static uint ReadGamma(this ISymbolReader reader)
    {
        var n = 0;
        while (n < 32 && reader.ReadBits(1) == 1) n++;
        var shifted = (1UL << n) + reader.ReadBits(n);
        if (shifted > 1UL << 32) throw new CodingException(CodingError.InvalidSymbol, "a gamma code is above 2^32 - 1");
        return (uint)(shifted - 1);
    }

    private static int SideBits(FrequencyTable table) => table.HasHoles ? 2 : 1;

    private static int HoleBits(FrequencyTable table) => 32 - BitOperations.LeadingZeroCount((uint)table.Count - 1);
}
