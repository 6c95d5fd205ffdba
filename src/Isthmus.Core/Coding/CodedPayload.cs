namespace Isthmus.Coding;

/// <summary>The coders that a frame can name. The numbers are on the wire.</summary>
public enum CoderKind
{
    /// <summary>Fixed-width numbers: where coding gains nothing.</summary>
    Stored = 0,
    /// <summary>rANS with a 32-bit state and bytes.</summary>
    Rans32 = 1,
    /// <summary>rANS with a 64-bit state and 32-bit words.</summary>
    Rans64 = 2,
    /// <summary>Range coder: about one byte of overhead, a division a symbol.</summary>
    Range = 3,
}

/// <summary>The bytes of one message with what is needed to read them but the tables.</summary>
/// <param name="Coder">Which coder wrote them.</param>
/// <param name="Lanes">How many interleaved states: 1, 2 or 4.</param>
/// <param name="Symbols">How many symbols were coded; −1 where the frame does not say.</param>
/// <param name="Bytes">The coded bytes.</param>
public sealed record CodedPayload(CoderKind Coder, int Lanes, int Symbols, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>A reader at the first symbol.</summary>
    /// <exception cref="CodingException">The coder or its number of lanes does not exist (InvalidHeader), or its states are
    /// missing or impossible (Truncated, CorruptPayload).</exception>
    public ISymbolReader Open()
    {
        if (!IsLaneCount(Coder, Lanes)) throw new CodingException(CodingError.InvalidHeader, $"coder {(int)Coder} with {Lanes} lanes does not exist");
        return Coder switch
        {
            CoderKind.Rans32 => new RansReader<Rans32>(this),
            CoderKind.Rans64 => new RansReader<Rans64>(this),
            CoderKind.Range => new RangeReader(this),
            _ => new PackedReader(this),
        };
    }

    /// <summary>The coder and lanes for a number of symbols: short messages take the smallest overhead, long ones speed.</summary>
    internal static (CoderKind Coder, int Lanes) CoderFor(int symbols) => symbols switch
    {
        < 1024 => (CoderKind.Range, 1),
        < 4096 => (CoderKind.Rans32, 1),
        < 32768 => (CoderKind.Rans64, 2),
        _ => (CoderKind.Rans64, 4),
    };

    internal static bool IsLaneCount(CoderKind coder, int lanes) => coder switch
    {
        CoderKind.Rans32 or CoderKind.Rans64 => lanes is 1 or 2 or 4,
        CoderKind.Stored or CoderKind.Range => lanes == 1,
        _ => false,
    };
}
