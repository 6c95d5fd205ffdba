using Isthmus.Tensors;

namespace Isthmus.Coding;

/// <summary>
/// Sends a sample of a Gaussian posterior N(mean, deviation²) at about its relative entropy to the prior N(0, 1), without
/// quantising it: both sides draw the same candidates from the prior, the sender picks one with probability proportional to
/// posterior / prior, and sends its number (minimal random coding: M. Havasi, R. Peharz, J. M. Hernández-Lobato, ICLR 2019,
/// algorithm 1). Dimensions are coded in blocks of at most 16 bits, since the work is 2^bits candidates a block. For research:
/// quantisation with <see cref="Dither"/> is thousands of times faster.
/// </summary>
/// <remarks>The sample is biased towards the prior: with 2^(KL + t) candidates, errors of expectations fall as 2^(−t/4)·‖f‖
/// (S. Chatterjee, P. Diaconis, "The sample size required in importance sampling", 2018, theorem 1.1). The slack given to
/// <see cref="Plan"/> is this t, in bits; a sample whose KL is above its block's plan is further off.</remarks>
public sealed class RelativeEntropyCoder
{
    /// <summary>The most bits of a block.</summary>
    public const int MaxBlockBits = 16;

    private readonly (int Size, int Bits)[] _blocks;

    /// <summary>A coder with given blocks, which sender and receiver share.</summary>
    /// <param name="blocks">For each block the number of dimensions, at least 1, and the bits of its index, 0..16.</param>
    /// <exception cref="ArgumentException">A block is out of range.</exception>
    public RelativeEntropyCoder(IReadOnlyList<(int Size, int Bits)> blocks)
    {
        _blocks = [.. blocks];
        foreach (var (size, bits) in _blocks)
            if (size < 1 || bits is < 0 or > MaxBlockBits) throw new ArgumentException($"RelativeEntropyCoder: a block of {size} dimensions and {bits} bits; at least 1 and 0 to {MaxBlockBits} are required");
        Dimensions = _blocks.Sum(b => b.Size);
        Bits = _blocks.Sum(b => b.Bits);
    }

    /// <summary>The number of dimensions of a sample.</summary>
    public int Dimensions { get; }

    /// <summary>What every sample costs, in bits.</summary>
    public int Bits { get; }

    /// <summary>The blocks: dimensions and bits.</summary>
    public IReadOnlyList<(int Size, int Bits)> Blocks => _blocks;

    /// <summary>Blocks for dimensions whose average relative entropies are known: neighbours together while they fit.</summary>
    /// <param name="klBits">KL(posterior ‖ prior) of each dimension in bits, averaged over data; 0 or more.</param>
    /// <param name="slackBits">How many bits more than the KL a block gets: less bias.</param>
    public static RelativeEntropyCoder Plan(ReadOnlySpan<double> klBits, double slackBits = 3)
    {
        var blocks = new List<(int, int)>();
        var (size, sum) = (0, 0.0);
        void Close()
        {
            if (size > 0) blocks.Add((size, (int)Math.Clamp(Math.Ceiling(sum + slackBits), 0, MaxBlockBits)));
            (size, sum) = (0, 0);
        }
        foreach (var kl in klBits)
        {
            if (!(kl >= 0)) throw new ArgumentException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"RelativeEntropyCoder.Plan: a relative entropy of {kl} bits; 0 or more is required"));
            if (size > 0 && sum + kl + slackBits > MaxBlockBits) Close();
            (size, sum) = (size + 1, sum + kl);
        }
        Close();
        return new RelativeEntropyCoder(blocks);
    }

    /// <summary>Writes a sample and returns it as the receiver will see it.</summary>
    /// <param name="writer">Where to: <see cref="Bits"/> raw bits.</param>
    /// <param name="mean">The posterior's means, one a dimension.</param>
    /// <param name="deviation">Its standard deviations, positive.</param>
    /// <param name="shared">The candidates' stream, named alike by the receiver (by frame number, for instance).</param>
    /// <param name="own">The sender's stream for the choice.</param>
    public double[] Write(ISymbolWriter writer, ReadOnlySpan<double> mean, ReadOnlySpan<double> deviation, RandomStream shared, RandomStream own)
    {
        if (mean.Length != Dimensions || deviation.Length != Dimensions) throw new ArgumentException($"RelativeEntropyCoder.Write: {mean.Length} means and {deviation.Length} deviations; {Dimensions} of each are required");
        var sample = new double[Dimensions];
        var at = 0;
        for (var b = 0; b < _blocks.Length; b++)
        {
            var (size, bits) = _blocks[b];
            var chosen = Choose(1 << bits, mean.Slice(at, size), deviation.Slice(at, size), shared.Fork((ulong)b), own);
            writer.WriteBits((uint)chosen, bits);
            Candidate(shared.Fork((ulong)b), chosen, sample.AsSpan(at, size));
            at += size;
        }
        return sample;
    }

    /// <summary>Reads a sample.</summary>
    /// <exception cref="CodingException">As the reader's.</exception>
    public double[] Read(ISymbolReader reader, RandomStream shared)
    {
        var sample = new double[Dimensions];
        var at = 0;
        for (var b = 0; b < _blocks.Length; b++)
        {
            Candidate(shared.Fork((ulong)b), (int)reader.ReadBits(_blocks[b].Bits), sample.AsSpan(at, _blocks[b].Size));
            at += _blocks[b].Size;
        }
        return sample;
    }

    // Samples a candidate with probability proportional to posterior / prior, in one pass, by the largest Gumbel-perturbed weight.
    private static int Choose(int candidates, ReadOnlySpan<double> mean, ReadOnlySpan<double> deviation, RandomStream block, RandomStream own)
    {
        var z = new double[mean.Length];
        var (best, chosen) = (double.NegativeInfinity, 0);
        for (var j = 0; j < candidates; j++)
        {
            Candidate(block, j, z);
            var weight = 0.0;
            for (var d = 0; d < z.Length; d++)
            {
                var t = (z[d] - mean[d]) / deviation[d];
                weight += 0.5 * (z[d] * z[d] - t * t);
            }
            weight -= FixedMath.Log(-FixedMath.Log(1 - own.NextDouble()) + 1e-300);
            if (weight > best) (best, chosen) = (weight, j);
        }
        return chosen;
    }

    // Standard normal numbers by Marsaglia's polar method (1964) in reproducible arithmetic: the receiver's must be the same.
    private static void Candidate(RandomStream block, int j, Span<double> z)
    {
        var random = block.Fork((ulong)j);
        for (var d = 0; d < z.Length;)
        {
            var (u, v) = (2 * random.NextDouble() - 1, 2 * random.NextDouble() - 1);
            var s = u * u + v * v;
            if (s >= 1 || s == 0) continue;
            var scale = Math.Sqrt(-2 * FixedMath.Log(s) / s);
            z[d++] = u * scale;
            if (d < z.Length) z[d++] = v * scale;
        }
    }
}
