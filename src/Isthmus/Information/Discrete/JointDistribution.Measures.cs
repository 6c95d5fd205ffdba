namespace Isthmus.Information;

public sealed partial class JointDistribution
{
    /// <summary>The Shannon entropy H(of | given): how many bits it takes on average to name the outcome.</summary>
    /// <param name="of">Names separated by commas; null for all variables.</param>
    /// <param name="given">Names of what is known, or null.</param>
    /// <exception cref="InputException">A name is unknown or repeated.</exception>
    public Bits Entropy(string? of = null, string? given = null)
    {
        var condition = given is null ? [] : Indices(given);
        return Bits.FromNats(Math.Max(0, ConditionalNats(of is null ? All : Indices(of), condition)));
    }

    /// <summary>The mutual information I(x; y | given) of two groups of variables; never negative.</summary>
    /// <exception cref="InputException">A name is unknown or repeated.</exception>
    public Bits MutualInformation(string x, string y, string? given = null)
    {
        var condition = given is null ? [] : Indices(given);
        var (a, b) = (Indices(x), Indices(y));
        var nats = ConditionalNats(a, condition) - ConditionalNats(a, [.. b, .. condition]);
        return Bits.FromNats(Math.Max(0, nats));
    }

    /// <summary>Total correlation Σ H(part | given) − H(parts | given) (Watanabe 1960).</summary>
    /// <param name="parts">Groups of variables; null for each variable by itself.</param>
    /// <param name="given">Names of what is known, or null.</param>
    /// <exception cref="InputException">A name is unknown or repeated.</exception>
    public Bits TotalCorrelation(IReadOnlyList<string>? parts = null, string? given = null)
    {
        var (groups, condition) = Parts(parts, given);
        return Bits.FromNats(Math.Max(0, groups.Sum(g => ConditionalNats(g, condition)) - ConditionalNats(Union(groups), condition)));
    }

    /// <summary>Dual total correlation H(parts) − Σ H(part | the other parts) (Han 1975), also called binding information.</summary>
    /// <inheritdoc cref="TotalCorrelation" path="/param|/exception"/>
    public Bits DualTotalCorrelation(IReadOnlyList<string>? parts = null, string? given = null)
    {
        var (groups, condition) = Parts(parts, given);
        var nats = ConditionalNats(Union(groups), condition);
        for (var i = 0; i < groups.Length; i++)
        {
            var others = Union([.. groups.Where((_, j) => j != i)]);
            nats -= ConditionalNats(groups[i], [.. others, .. condition]);
        }
        return Bits.FromNats(Math.Max(0, nats));
    }

    /// <summary>O-information: total minus dual total correlation (Rosas et al. 2019). Positive: redundancy; negative: synergy.</summary>
    /// <inheritdoc cref="TotalCorrelation" path="/param|/exception"/>
    public Bits OInformation(IReadOnlyList<string>? parts = null, string? given = null) =>
        TotalCorrelation(parts, given) - DualTotalCorrelation(parts, given);

    /// <summary>Co-information −Σ over non-empty subsets S of (−1)^|S| H(S) (Bell 2003): I(X;Y) for two parts, −1 bit for XOR. May be negative.</summary>
    /// <inheritdoc cref="TotalCorrelation" path="/param"/>
    /// <exception cref="InputException">A name is unknown or repeated, or there are more than 20 parts.</exception>
    public Bits CoInformation(IReadOnlyList<string>? parts = null, string? given = null)
    {
        var (groups, condition) = Parts(parts, given);
        if (groups.Length > 20) throw new InputException($"co-information of {groups.Length} parts has 2^{groups.Length} terms, expected at most 20 parts");
        var nats = 0.0;
        for (var subset = 1; subset < 1 << groups.Length; subset++)
        {
            var chosen = groups.Where((_, i) => (subset >> i & 1) == 1).ToArray();
            nats += (chosen.Length % 2 == 1 ? 1 : -1) * ConditionalNats(Union(chosen), condition);
        }
        return Bits.FromNats(nats);
    }

    /// <summary>
    /// CAEKL mutual information: the smallest (Σ H(block) − H(all)) / (blocks − 1) over partitions of the parts into at least two blocks
    /// (Chan, Al-Bashabsheh, Ebrahimi, Kaced, Liu 2015). It is I(X;Y) for two parts.
    /// </summary>
    /// <inheritdoc cref="TotalCorrelation" path="/param"/>
    /// <exception cref="InputException">A name is unknown or repeated, or there are fewer than 2 or more than 10 parts.</exception>
    public Bits CaeklInformation(IReadOnlyList<string>? parts = null, string? given = null)
    {
        var (groups, condition) = Parts(parts, given);
        if (groups.Length is < 2 or > 10) throw new InputException($"CAEKL information of {groups.Length} parts, expected 2 to 10");
        var whole = ConditionalNats(Union(groups), condition);
        var entropyOf = new Dictionary<int, double>();
        double BlockNats(int block)
        {
            if (!entropyOf.TryGetValue(block, out var nats))
                entropyOf[block] = nats = ConditionalNats(Union([.. groups.Where((_, i) => (block >> i & 1) == 1)]), condition);
            return nats;
        }
        var least = double.PositiveInfinity;
        foreach (var labels in Partitions.Of(groups.Length))
        {
            var blocks = labels.Max() + 1;
            if (blocks < 2) continue;
            var sum = 0.0;
            for (var b = 0; b < blocks; b++)
            {
                var mask = 0;
                for (var i = 0; i < labels.Length; i++)
                    if (labels[i] == b) mask |= 1 << i;
                sum += BlockNats(mask);
            }
            least = Math.Min(least, (sum - whole) / (blocks - 1));
        }
        return Bits.FromNats(Math.Max(0, least));
    }

    /// <summary>Extropy −Σ (1−p) log2 (1−p) (Lad, Sanfilippo, Agrò 2015): the complementary dual of entropy, in bits.</summary>
    /// <param name="of">Names separated by commas; null for all variables.</param>
    public Bits Extropy(string? of = null) => Bits.FromNats((of is null ? _masses : Vector(of)).Sum(p => Shannon.Term(1 - p)));

    /// <summary>
    /// Gács–Körner common information: the entropy of the finest variable that every part determines, that is, of the connected
    /// components of outcomes that share the value of a part (Gács and Körner 1973, for any number of parts).
    /// </summary>
    /// <param name="parts">Groups of variables; null for each variable by itself.</param>
    public Bits GacsKornerInformation(IReadOnlyList<string>? parts = null)
    {
        var (groups, _) = Parts(parts, null);
        var root = Enumerable.Range(0, Count).ToArray();
        int Find(int i)
        {
            while (root[i] != i) i = root[i] = root[root[i]];
            return i;
        }
        foreach (var group in groups)
        {
            var (of, size) = Group(group);
            var first = new int[size];
            Array.Fill(first, -1);
            for (var i = 0; i < of.Length; i++)
            {
                if (first[of[i]] < 0) first[of[i]] = i;
                else root[Find(i)] = Find(first[of[i]]);
            }
        }
        var component = new double[Count];
        for (var i = 0; i < Count; i++) component[Find(i)] += _masses[i];
        return Bits.FromNats(Shannon.Entropy(component));
    }

    private int[] All => [.. Enumerable.Range(0, Variables.Count)];

    private (int[][] Groups, int[] Condition) Parts(IReadOnlyList<string>? parts, string? given)
    {
        var condition = given is null ? [] : Indices(given);
        var groups = parts is null ? [.. All.Except(condition).Select(v => new[] { v })] : parts.Select(Indices).ToArray();
        if (groups.Length == 0) throw new InputException("no parts to measure, expected at least one variable that is not given");
        return (groups, condition);
    }

    private static int[] Union(int[][] groups) => [.. groups.SelectMany(g => g).Distinct()];

    private double ConditionalNats(int[] of, int[] given)
    {
        var all = of.Concat(given).Distinct().ToArray();
        var known = given.Distinct().ToArray();
        return Nats(all) - Nats(known);
    }

    private double Nats(int[] variables)
    {
        if (variables.Length == 0) return 0;
        var (of, size) = Group(variables);
        var p = new double[size];
        for (var i = 0; i < of.Length; i++) p[of[i]] += _masses[i];
        return Shannon.Entropy(p);
    }
}
