using System.Numerics;

namespace Isthmus.Coding;

/// <summary>
/// An adaptive model of 32-bit integers that are mostly small, with contexts: no table need be known or sent. A number becomes
/// binary decisions, each with its own <see cref="AdaptiveBit"/>: is it zero; is it negative; is the magnitude above 1, 2, ...
/// 14; then the rest by an exponent in unary (adaptive) and its lower bits (raw). Any int32 can be coded.
/// </summary>
/// <remarks>Our own binarisation, in the manner of weight coders with significance, sign and greater-than flags. It takes some
/// 200 ns an integer, a hundred times a table's; use it where statistics are unknown or drift, a <see cref="FrequencyTable"/> elsewhere. One instance
/// writes, another, equally constructed, reads.</remarks>
public sealed class AdaptiveInteger
{
    private const int UnaryLimit = 14, Sign = 1, Unary = 2, Exponent = Unary + UnaryLimit, PerContext = Exponent + 32;

    private readonly AdaptiveBit[] _bits;

    /// <summary>A model that has seen nothing.</summary>
    /// <param name="contexts">How many contexts the caller tells apart, at least 1.</param>
    public AdaptiveInteger(int contexts = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contexts, 1);
        Contexts = contexts;
        _bits = new AdaptiveBit[contexts * PerContext];
        Array.Fill(_bits, new AdaptiveBit());
    }

    /// <summary>The number of contexts.</summary>
    public int Contexts { get; }

    /// <summary>Writes an integer and learns from it.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="value">Any integer.</param>
    /// <param name="context">0..Contexts−1, known to the reader before the value.</param>
    public void Write(ISymbolWriter writer, int value, int context = 0)
    {
        var bits = Of(context);
        bits[0].Write(writer, value != 0);
        if (value == 0) return;
        bits[Sign].Write(writer, value < 0);
        var rest = (uint)(Math.Abs((long)value) - 1);
        for (var k = 0; k < UnaryLimit; k++)
        {
            bits[Unary + k].Write(writer, rest > 0);
            if (rest == 0) return;
            rest--;
        }
        var exponent = BitOperations.Log2(rest + 1);
        for (var i = 0; i < 32; i++)
        {
            bits[Exponent + i].Write(writer, i < exponent);
            if (i == exponent) break;
        }
        writer.WriteBits(rest + 1 - (1u << exponent), exponent);
    }

    /// <summary>Reads an integer and learns from it.</summary>
    /// <exception cref="CodingException">As the reader's, and InvalidSymbol for a number outside int32.</exception>
    public int Read(ISymbolReader reader, int context = 0)
    {
        var bits = Of(context);
        if (!bits[0].Read(reader)) return 0;
        var negative = bits[Sign].Read(reader);
        var rest = 0L;
        while (rest < UnaryLimit && bits[Unary + (int)rest].Read(reader)) rest++;
        if (rest == UnaryLimit)
        {
            var exponent = 0;
            while (exponent < 32 && bits[Exponent + exponent].Read(reader)) exponent++;
            rest += (1L << exponent) + reader.ReadBits(exponent) - 1;
        }
        var value = negative ? -rest - 1 : rest + 1;
        if (value is < int.MinValue or > int.MaxValue) throw new CodingException(CodingError.InvalidSymbol, $"{value} is outside the 32-bit integers");
        return (int)value;
    }

    /// <summary>The usual context for an integer with two neighbours that the reader already knows: 0..7, by the size of the
    /// neighbours (0, 1, 2, 3–4, 5–8, 9–16, 17–32, more for the sum of their magnitudes).</summary>
    public static int ContextOf(int left, int above)
    {
        var sum = Math.Abs((long)left) + Math.Abs((long)above);
        return sum <= 1 ? (int)sum : Math.Min(7, 2 + BitOperations.Log2((ulong)sum - 1));
    }

    private Span<AdaptiveBit> Of(int context)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)context, (uint)Contexts, nameof(context));
        return _bits.AsSpan(context * PerContext, PerContext);
    }
}
