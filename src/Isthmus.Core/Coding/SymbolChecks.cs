using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Isthmus.Coding;

/// <summary>The checks that all writers share, done before anything is written.</summary>
internal static class SymbolChecks
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Entry(int entry, FrequencyTable table)
    {
        if ((uint)entry >= (uint)table.Entries || (table.HasHoles && table.Frequency(entry) == 0)) ThrowSymbol(entry, table);
    }

    public static void Entries(ReadOnlySpan<int> entries, FrequencyTable table)
    {
        var bound = (uint)table.Entries;
        var words = MemoryMarshal.Cast<int, uint>(entries);
        var largest = Vector<uint>.Zero;
        var i = 0;
        for (; i <= words.Length - Vector<uint>.Count; i += Vector<uint>.Count) largest = Vector.Max(largest, new Vector<uint>(words[i..]));
        var outside = Vector.GreaterThanOrEqualAny(largest, new Vector<uint>(bound));
        for (; i < words.Length; i++) outside |= words[i] >= bound;
        if (!outside && !table.HasHoles) return;
        foreach (var entry in entries) Entry(entry, table);
    }

    public static void Probability(int probability)
    {
        if (probability is < 1 or > 65535)
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "a probability of 1..65535 (in units of 1/65536) is required");
    }

    public static void RawBits(uint value, int count)
    {
        RawBits(count);
        if (count < 32 && value >> count != 0)
            throw new ArgumentOutOfRangeException(nameof(value), value, $"a value below 2^{count} is required");
    }

    public static void RawBits(int count)
    {
        if (count is < 0 or > 32) throw new ArgumentOutOfRangeException(nameof(count), count, "a count of 0..32 bits is required");
    }

    [DoesNotReturn]
    private static void ThrowSymbol(int entry, FrequencyTable table) =>
        throw new CodingException(CodingError.InvalidSymbol, (uint)entry >= (uint)table.Entries
            ? $"entry {entry} is not in a table of {table.Entries} entries"
            : $"entry {entry} has frequency 0 in its table");
}
