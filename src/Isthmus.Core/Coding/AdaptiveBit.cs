namespace Isthmus.Coding;

/// <summary>
/// An adaptive model of one binary decision. Two counters estimate P(true): both begin as Krichevsky and Trofimov's (1981), with
/// step 1/(n + 2); the slow one stops at steps of 1/1024 and serves sources that stay, the quick one at 1/24 and follows sources
/// that change. They are mixed by weights that follow their likelihoods (Bayes), held inside [1/256, 255/256].
/// </summary>
/// <remarks>Integers throughout, so both sides adapt alike on every machine. Against a source that stays, the cost is at most
/// n·h(k/n) + ½·log2 n + 2 bits for n ≤ 1000, and then about 0.001 bit more a decision. A value of this type is state: keep it
/// in a field or array element, and one set each for writing and reading.</remarks>
public struct AdaptiveBit
{
    private const int One = 1 << 24, SlowLimit = 1024, QuickLimit = 24, LeastWeight = 256;

    private int _slow, _quick; // P(true) in units of 2^-24
    private int _weight;       // of the slow counter, in units of 2^-16
    private int _seen;

    /// <summary>The model before its first decision: P(true) = 1/2.</summary>
    public AdaptiveBit() => (_slow, _quick, _weight) = (One / 2, One / 2, 32768);

    /// <summary>P(true) in units of 1/65,536, between 16 and 65,520.</summary>
    public readonly int Probability
    {
        get
        {
            var mixed = ((long)_weight * _slow + (long)(65536 - _weight) * _quick) >> 24;
            return (int)Math.Clamp(mixed, 16, 65520);
        }
    }

    /// <summary>Writes a decision and learns from it.</summary>
    public void Write(ISymbolWriter writer, bool bit)
    {
        writer.WriteBit(bit, Probability);
        Learn(bit);
    }

    /// <summary>Reads a decision and learns from it.</summary>
    public bool Read(ISymbolReader reader)
    {
        var bit = reader.ReadBit(Probability);
        Learn(bit);
        return bit;
    }

    private void Learn(bool bit)
    {
        long slow = bit ? _slow : One - _slow, quick = bit ? _quick : One - _quick;
        var (a, b) = (_weight * (slow + 1), (65536 - _weight) * (quick + 1));
        _weight = (int)Math.Clamp(65536 * a / (a + b), LeastWeight, 65536 - LeastWeight);
        var target = bit ? One : 0;
        _slow += (target - _slow) / Math.Min(_seen + 2, SlowLimit);
        _quick += (target - _quick) / Math.Min(_seen + 2, QuickLimit);
        if (_seen < SlowLimit) _seen++;
    }
}
