using System.Numerics;

namespace Isthmus.Coding;

/// <summary>
/// An adaptive model of indices 0..K−1 with contexts: the index's binary digits from the highest down, each with an
/// <see cref="AdaptiveBit"/> for the digits before it. For code indices whose statistics nobody has counted; differs from
/// <see cref="AdaptiveInteger"/> in that no index is taken to be likelier than its neighbour.
/// </summary>
/// <remarks>⌈log2 K⌉ decisions an index and 2K states a context. One instance writes, another, equally constructed, reads.</remarks>
public sealed class AdaptiveIndex
{
    private readonly int _depth;
    private readonly AdaptiveBit[] _bits;

    /// <summary>A model that has seen nothing.</summary>
    /// <param name="count">K, 1..65,536.</param>
    /// <param name="contexts">How many contexts the caller tells apart, at least 1; K·contexts is at most 2^24.</param>
    public AdaptiveIndex(int count, int contexts = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)count - 1, 65536u, nameof(count));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)contexts - 1, (uint)((1 << 24) / count), nameof(contexts));
        (Count, Contexts) = (count, contexts);
        _depth = 32 - BitOperations.LeadingZeroCount((uint)count - 1);
        _bits = new AdaptiveBit[contexts << _depth];
        Array.Fill(_bits, new AdaptiveBit());
    }

    /// <summary>K: the number of indices.</summary>
    public int Count { get; }

    /// <summary>The number of contexts.</summary>
    public int Contexts { get; }

    /// <summary>Writes an index and learns from it.</summary>
    /// <exception cref="CodingException">The index is outside 0..K−1 (InvalidSymbol).</exception>
    public void Write(ISymbolWriter writer, int index, int context = 0)
    {
        if ((uint)index >= (uint)Count) throw new CodingException(CodingError.InvalidSymbol, $"index {index} is not in 0..{Count - 1}");
        var nodes = Of(context);
        for (int level = _depth - 1, node = 1; level >= 0; level--)
        {
            var bit = (index >> level) & 1;
            if (IsOpen(node, level)) nodes[node].Write(writer, bit == 1);
            node = 2 * node + bit;
        }
    }

    /// <summary>Reads an index and learns from it.</summary>
    /// <exception cref="CodingException">As the reader's.</exception>
    public int Read(ISymbolReader reader, int context = 0)
    {
        var nodes = Of(context);
        var node = 1;
        for (var level = _depth - 1; level >= 0; level--)
            node = 2 * node + (IsOpen(node, level) && nodes[node].Read(reader) ? 1 : 0);
        return node - (1 << _depth);
    }

    // Where every index with the next digit 1 is K or above, the digit is known to be 0.
    private bool IsOpen(int node, int level) => (((2 * node) + 1) << level) - (1 << _depth) < Count;

    private Span<AdaptiveBit> Of(int context)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)context, (uint)Contexts, nameof(context));
        return _bits.AsSpan(context << _depth, 1 << _depth);
    }
}
