using System.Runtime.InteropServices;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How the codes of one position are used: counts and what follows from them.</summary>
/// <param name="Counts">How often each code stood, [codes].</param>
public sealed record CodeCounts(IReadOnlyList<long> Counts)
{
    /// <summary>n: how many indices were counted.</summary>
    public long Total => Counts.Sum();

    /// <summary>Codes that stood at least once.</summary>
    public int Used => Counts.Count(c => c > 0);

    /// <summary>Used codes over all codes, in [0, 1].</summary>
    public double Fraction => (double)Used / Counts.Count;

    /// <summary>-Σ p log2 p of the frequencies: exact for these indices, an underestimate of their source.</summary>
    public Bits Entropy
    {
        get
        {
            double n = Total, sum = 0;
            if (n == 0) return Bits.FromBits(0);
            foreach (var c in Counts) if (c > 0) sum -= c / n * Math.Log2(c / n);
            return Bits.FromBits(sum);
        }
    }

    /// <summary>The entropy plus (used - 1)/(2n ln 2) bits (Miller 1955), at most log2 of the codes.</summary>
    public Bits CorrectedEntropy => Corrected(Math.Log2(Counts.Count));

    /// <summary>2^entropy: how many evenly used codes would have it; at most min(codes, n).</summary>
    public double Perplexity => Math.Pow(2, Entropy.Value);

    /// <summary>The entropy with Miller's correction.</summary>
    /// <param name="most">What it is at most, in bits.</param>
    internal Bits Corrected(double most) => Bits.FromBits(Total == 0 ? 0 : Math.Min(most, Entropy.Value + ((Used - 1) / (2.0 * Total * Math.Log(2)))));
}

/// <summary>The use of the indices of messages: of every position alone, and of all together.</summary>
public sealed class CodeUsage
{
    private CodeUsage(IReadOnlyList<CodeCounts> positions, Bits joint, Bits corrected, long messages, int distinct) =>
        (Positions, Joint, CorrectedJoint, Messages, Distinct) = (positions, joint, corrected, messages, distinct);

    /// <summary>Of each position alone; absent indices (-1) are not counted.</summary>
    public IReadOnlyList<CodeCounts> Positions { get; }

    /// <summary>The entropy of whole messages, -Σ p log2 p of their frequencies; never above <see cref="Ceiling"/>.</summary>
    public Bits Joint { get; }

    /// <summary>The joint entropy with Miller's correction, at most the capacity. Where nearly all messages differ both say nothing but
    /// that there are too few messages: compare with <see cref="Ceiling"/>.</summary>
    public Bits CorrectedJoint { get; }

    /// <summary>Messages counted.</summary>
    public long Messages { get; }

    /// <summary>Different messages.</summary>
    public int Distinct { get; }

    /// <summary>log2 of the number of messages: no joint entropy measured from them can be larger.</summary>
    public Bits Ceiling => Bits.FromBits(Math.Log2(Math.Max(1, Messages)));

    /// <summary>The sum of the positions' entropies: an upper bound of the joint one, equal only for independent positions.</summary>
    public Bits Factorised => Bits.FromBits(Positions.Sum(p => p.Entropy.Value));

    /// <summary>Counts indices.</summary>
    /// <param name="indices">[n, positions]; -1 where one is absent.</param>
    /// <param name="codes">Codes of each position.</param>
    /// <exception cref="ArgumentException">An index is outside its position's codes.</exception>
    public static CodeUsage Of(LongTensor indices, IReadOnlyList<int> codes)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(codes);
        if (indices.Dim != 2 || indices.Shape[1] != codes.Count) throw new ArgumentException($"code usage: indices [{string.Join(", ", indices.Shape.ToArray())}] for {codes.Count} positions");
        var (n, positions) = (indices.Shape[0], codes.Count);
        var counts = codes.Select(k => new long[k]).ToArray();
        var whole = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < n; i++)
        {
            var row = indices.Data.Slice(i * positions, positions);
            for (var p = 0; p < positions; p++)
            {
                if (row[p] < 0) continue;
                if (row[p] >= codes[p]) throw new ArgumentException($"code usage: index {row[p]} at position {p} of {codes[p]} codes");
                counts[p][row[p]]++;
            }
            var key = new string(MemoryMarshal.Cast<long, char>(row));
            whole[key] = whole.GetValueOrDefault(key) + 1;
        }
        var per = counts.Select(c => new CodeCounts(c)).ToArray();
        var joint = new CodeCounts([.. whole.Values]);
        return new CodeUsage(per, joint.Entropy, joint.Corrected(codes.Sum(k => Math.Log2(k))), n, whole.Count);
    }
}
