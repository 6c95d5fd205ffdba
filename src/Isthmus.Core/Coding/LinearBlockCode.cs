using System.Numerics;

namespace Isthmus.Coding;

/// <summary>
/// A short binary linear code over a channel with Gaussian noise: each sent sign is the parity of some message bits, and the receiver
/// takes the codeword of the largest correlation, which is the likeliest one.
/// </summary>
public sealed class LinearBlockCode
{
    private const int MaxBits = 12;
    private readonly int[] _columns;

    /// <summary>A code by its generator matrix.</summary>
    /// <param name="messageBits">Bits of a message, 1 to 12.</param>
    /// <param name="columns">For each use of the channel the message bits whose parity is sent, as a mask below 2^messageBits.</param>
    public LinearBlockCode(int messageBits, IReadOnlyList<int> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(messageBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(messageBits, MaxBits);
        _columns = [.. columns];
        if (_columns.Length == 0 || _columns.Any(c => c < 0 || c >= 1 << messageBits))
            throw new ArgumentException($"LinearBlockCode: columns {string.Join(", ", _columns)}; at least one is needed, each from 0 to {(1 << messageBits) - 1}", nameof(columns));
        MessageBits = messageBits;
        Weights = [.. Enumerable.Range(0, 1 << messageBits).Select(m => _columns.Count(c => Parity(c & m)))];
    }

    /// <summary>Bits of a message.</summary>
    public int MessageBits { get; }

    /// <summary>Uses of the channel.</summary>
    public int Length => _columns.Length;

    /// <summary>The generator matrix, one mask of message bits a use.</summary>
    public IReadOnlyList<int> Columns => _columns;

    /// <summary>The Hamming weight of each message's codeword.</summary>
    public IReadOnlyList<int> Weights { get; }

    /// <summary>The least number of signs in which two codewords differ; 0 where two messages share a codeword.</summary>
    public int MinimumDistance => Weights.Skip(1).Min();

    /// <summary>The code of that size with the smallest union bound at a noise variance, among all: a code is its multiset of columns.</summary>
    /// <param name="length">Uses of the channel.</param>
    /// <param name="messageBits">Bits of a message, 1 to 4.</param>
    /// <param name="noise">The variance of the noise at a power of 1, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more than 2^20 codes, or an argument is out of its range.</exception>
    public static LinearBlockCode Best(int length, int messageBits, double noise)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(messageBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(messageBits, 4);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(noise);
        var kinds = (1 << messageBits) - 1;
        var codes = Enumerable.Range(1, kinds - 1).Aggregate(1.0, (n, i) => n * (length + i) / i);
        if (codes > 1 << 20) throw new ArgumentOutOfRangeException(nameof(length), length, $"there are {codes} codes of {length} uses and {messageBits} bits, at most {1 << 20} are searched");
        var (best, bound) = ((LinearBlockCode?)null, double.PositiveInfinity);
        var columns = new int[length];
        Array.Fill(columns, 1);
        while (true)
        {
            var code = new LinearBlockCode(messageBits, columns);
            if (code.UnionBound(noise) is var u && (best is null || u < bound)) (best, bound) = (code, u);
            // The next non-decreasing sequence of columns.
            var at = length - 1;
            while (at >= 0 && columns[at] == kinds) at--;
            if (at < 0) return best;
            Array.Fill(columns, columns[at] + 1, at, length - at);
        }
    }

    /// <summary>An upper bound of the probability that a block is decoded wrongly: Σ over other codewords of Q(√(weight / noise)).</summary>
    /// <param name="noise">The variance of the noise at a power of 1.</param>
    public double UnionBound(double noise) => Weights.Skip(1).Sum(w => FixedMath.NormalCdf(-Math.Sqrt(w / noise)));

    /// <summary>The sign that a message sends at a use: −1 for odd parity, else +1.</summary>
    /// <param name="message">0 to 2^bits − 1.</param>
    /// <param name="use">The use, from 0.</param>
    public int Sign(int message, int use) => Parity(_columns[use] & message) ? -1 : 1;

    /// <summary>The likeliest message.</summary>
    /// <param name="received">One number a use.</param>
    public int Decode(ReadOnlySpan<double> received)
    {
        if (received.Length != Length) throw new ArgumentException($"Decode: {received.Length} numbers, {Length} are needed", nameof(received));
        var (best, most) = (0, double.NegativeInfinity);
        for (var message = 0; message < 1 << MessageBits; message++)
        {
            var correlation = 0.0;
            for (var use = 0; use < received.Length; use++) correlation += Sign(message, use) * received[use];
            if (correlation > most) (best, most) = (message, correlation);
        }
        return best;
    }

    private static bool Parity(int bits) => (BitOperations.PopCount((uint)bits) & 1) == 1;
}
