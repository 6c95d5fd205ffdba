namespace Isthmus.Coding;

/// <summary>A 64-bit hash that is the same on every machine and in every version: FNV-1a over 32-bit words in little-endian
/// byte order, finished as SplitMix64 does (Steele, Lea, Flood 2014). It names tables and models; it is not cryptographic.</summary>
internal struct StableHash
{
    private ulong _state = 0xCBF29CE484222325;

    public StableHash() { }

    public readonly ulong Value
    {
        get
        {
            var z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    public void Add(byte b) => _state = (_state ^ b) * 0x100000001B3;

    public void Add(uint word)
    {
        for (var shift = 0; shift < 32; shift += 8) Add((byte)(word >> shift));
    }

    public void Add(ulong word)
    {
        Add((uint)word);
        Add((uint)(word >> 32));
    }
}
