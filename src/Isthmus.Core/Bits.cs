namespace Isthmus;

/// <summary>
/// A quantity of Shannon information in bits. It is made only by <see cref="FromNats"/> and <see cref="FromBits"/>, so that
/// a number on an axis of bits never hides another unit. Divergences that are not Shannon's (Rényi, Cauchy–Schwarz, HSIC)
/// are plain numbers and never <see cref="Bits"/>.
/// </summary>
public readonly record struct Bits : IComparable<Bits>
{
    private Bits(double value) => Value = value;

    /// <summary>The quantity, in bits.</summary>
    public double Value { get; }

    /// <summary>The same quantity in nats: bits times ln 2.</summary>
    public double Nats => Value * Math.Log(2);

    /// <summary>From a quantity in nats.</summary>
    public static Bits FromNats(double nats) => new(nats / Math.Log(2));

    /// <summary>From a quantity in bits.</summary>
    public static Bits FromBits(double bits) => new(bits);

    /// <inheritdoc/>
    public int CompareTo(Bits other) => Value.CompareTo(other.Value);

    /// <summary>The sum of two quantities.</summary>
    public static Bits operator +(Bits a, Bits b) => new(a.Value + b.Value);

    /// <summary>The difference of two quantities.</summary>
    public static Bits operator -(Bits a, Bits b) => new(a.Value - b.Value);

    /// <summary>A quantity scaled by a number.</summary>
    public static Bits operator *(double k, Bits b) => new(k * b.Value);

    /// <summary>Whether the left quantity is smaller.</summary>
    public static bool operator <(Bits a, Bits b) => a.Value < b.Value;

    /// <summary>Whether the left quantity is greater.</summary>
    public static bool operator >(Bits a, Bits b) => a.Value > b.Value;

    /// <summary>Whether the left quantity is smaller or equal.</summary>
    public static bool operator <=(Bits a, Bits b) => a.Value <= b.Value;

    /// <summary>Whether the left quantity is greater or equal.</summary>
    public static bool operator >=(Bits a, Bits b) => a.Value >= b.Value;

    /// <summary>The value with its unit, in the invariant culture.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Value:G6} bits");
}
