using System.Text;

namespace Isthmus.Tensors;

/// <summary>
/// A counter-based stream of random numbers: word <c>i</c> of a stream is a pure function of (seed, stream, i), whatever the
/// machine, the number of threads or the instruction set. Its whole state is three integers, so that a run resumes exactly.
/// It differs from <see cref="System.Random"/>, whose sequence may change between versions of .NET.
/// </summary>
/// <remarks>Philox4x32-10 (Salmon et al. 2011). The key is the seed; the upper half of the counter is the stream's number.
/// An instance is not thread-safe; <see cref="Fork(ulong)"/> gives each user a stream of their own.</remarks>
public sealed partial class RandomStream
{
    private uint _w0, _w1, _w2, _w3;
    private ulong _cached = ulong.MaxValue;

    /// <summary>A stream under a seed.</summary>
    /// <param name="seed">The key.</param>
    /// <param name="stream">Which of 2^64 independent streams under that key.</param>
    public RandomStream(ulong seed, ulong stream = 0)
    {
        Seed = seed;
        Stream = stream;
    }

    /// <summary>The key.</summary>
    public ulong Seed { get; }

    /// <summary>The number of the stream under its seed.</summary>
    public ulong Stream { get; }

    /// <summary>How many 32-bit words have been drawn; setting it jumps there at no cost.</summary>
    public ulong Position { get; set; }

    /// <summary>An independent stream under the same seed, named by a number; equal numbers give equal streams.</summary>
    public RandomStream Fork(ulong id) => new(Seed, Mix(Stream ^ Mix(id + 0x9E3779B97F4A7C15)));

    /// <summary>An independent stream under the same seed, named by a word, as in <c>Fork("weights")</c>.</summary>
    public RandomStream Fork(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var hash = 0xCBF29CE484222325; // FNV-1a, 64 bit
        foreach (var b in Encoding.UTF8.GetBytes(name)) hash = (hash ^ b) * 0x100000001B3;
        return Fork(hash);
    }

    /// <summary>The next 32 random bits.</summary>
    public uint NextUInt32()
    {
        var block = Position >> 2;
        if (block != _cached)
        {
            (_w0, _w1, _w2, _w3) = ((uint)block, (uint)(block >> 32), (uint)Stream, (uint)(Stream >> 32));
            Philox.Block(ref _w0, ref _w1, ref _w2, ref _w3, (uint)Seed, (uint)(Seed >> 32));
            _cached = block;
        }
        return (Position++ & 3) switch { 0 => _w0, 1 => _w1, 2 => _w2, _ => _w3 };
    }

    /// <summary>The next 64 random bits: the first word drawn is the low half.</summary>
    public ulong NextUInt64() => NextUInt32() | ((ulong)NextUInt32() << 32);

    /// <summary>Uniform on [0, 1), a multiple of 2^-24.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / (1 << 24));

    /// <summary>Uniform on [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>Uniform on {0, ..., n-1}, without bias (Lemire 2019, algorithm 5).</summary>
    /// <param name="n">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is less than 1.</exception>
    public int NextInt(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        var range = (uint)n;
        var product = (ulong)NextUInt32() * range;
        if ((uint)product < range)
        {
            var floor = (uint)-n % range;
            while ((uint)product < floor) product = (ulong)NextUInt32() * range;
        }
        return (int)(product >> 32);
    }

    /// <summary>A standard normal number in double precision (Box and Muller 1958, cosine branch; four words a number).</summary>
    public double NextGaussian()
    {
        var u = 1.0 - NextDouble(); // (0, 1], so that the logarithm is finite
        var v = NextDouble();
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);
    }

    /// <summary>Shuffles in place (Fisher and Yates, from the last element down).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The numbers 0..n-1 in a random order.</summary>
    public int[] Permutation(int n)
    {
        var order = new int[n];
        for (var i = 0; i < n; i++) order[i] = i;
        Shuffle<int>(order);
        return order;
    }

    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014): spreads neighbouring numbers over all 64 bits.
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
