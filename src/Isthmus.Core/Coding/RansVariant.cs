namespace Isthmus.Coding;

/// <summary>The constants of one width of rANS. A state x is kept in [L, L·b): L = 2^LowBits, b = 2^(8·UnitBytes).</summary>
internal interface IRansVariant
{
    static abstract int LowBits { get; }

    static abstract int UnitBytes { get; }

    static abstract int StateBytes { get; }
}

/// <summary>States of 31 bits, renormalised by bytes: the smallest final state.</summary>
internal readonly struct Rans32 : IRansVariant
{
    public static int LowBits => 23;

    public static int UnitBytes => 1;

    public static int StateBytes => 4;
}

/// <summary>States of 63 bits, renormalised by 32-bit words: one step at most, so no loop and no branch.</summary>
internal readonly struct Rans64 : IRansVariant
{
    public static int LowBits => 31;

    public static int UnitBytes => 4;

    public static int StateBytes => 8;
}
