namespace Isthmus.Coding;

/// <summary>
/// What the rANS encoder needs of one entry: division by its frequency as a multiplication (J. Fabian Giesen's observation on
/// rANS, after Alverson, "Integer division using reciprocals", 1991). For every x below 2^63, with q = ⌊x / f⌋,
/// x + Bias + q·Complement = q·2^p + start + x mod f.
/// </summary>
internal readonly struct EncodeEntry
{
    public readonly ulong Reciprocal;
    public readonly ulong Limit;     // f·2^(63-p) - 1: the largest 63-bit state that takes the entry without renormalising
    public readonly uint Bias;
    public readonly uint Complement; // 2^p - f
    public readonly int Shift;

    private EncodeEntry(int start, int frequency, int precision)
    {
        Limit = ((ulong)frequency << (63 - precision)) - 1;
        Complement = (uint)((1 << precision) - frequency);
        if (frequency < 2)
        {
            // The reciprocal of 1 would be 2^64. With 2^64 - 1 the product is x - 1, and the bias makes up for it.
            Reciprocal = ulong.MaxValue;
            Bias = (uint)(start + (1 << precision) - 1);
            return;
        }
        Shift = 31 - int.LeadingZeroCount(frequency - 1); // ceil(log2 f) - 1
        Reciprocal = (ulong)(((UInt128.One << (Shift + 64)) + (uint)frequency - 1) / (uint)frequency);
        Bias = (uint)start;
    }

    public static EncodeEntry[] Build(ReadOnlySpan<int> starts, int precision)
    {
        var entries = new EncodeEntry[starts.Length - 1];
        for (var i = 0; i < entries.Length; i++) entries[i] = new EncodeEntry(starts[i], starts[i + 1] - starts[i], precision);
        return entries;
    }
}

/// <summary>From a slot in 0..2^p−1 to the entry that owns it, and from the entry to its range.</summary>
internal sealed class DecodeLookup
{
    public readonly ushort[] Slots;      // 2^p entries' numbers
    public readonly DecodeRange[] Ranges;

    public DecodeLookup(ReadOnlySpan<int> starts, int precision)
    {
        Slots = new ushort[1 << precision];
        Ranges = new DecodeRange[starts.Length - 1];
        for (var i = 0; i < Ranges.Length; i++)
        {
            Slots.AsSpan(starts[i], starts[i + 1] - starts[i]).Fill((ushort)i);
            Ranges[i] = new DecodeRange((uint)starts[i], (uint)(starts[i + 1] - starts[i]));
        }
    }
}

/// <summary>The slots of one entry: Start ≤ slot &lt; Start + Frequency.</summary>
internal readonly record struct DecodeRange(uint Start, uint Frequency);
