using System.Globalization;

namespace Isthmus.Information;

/// <summary>An encoder whose output has bounded entropy.</summary>
/// <param name="Problem"><c>ebim</c>.</param>
/// <param name="IxtBits">I(X;T).</param>
/// <param name="HtBits">H(T), at most <paramref name="BudgetBits"/>.</param>
/// <param name="BudgetBits">R.</param>
/// <param name="UpperBoundBits">min(R, H(X)): nothing can have more.</param>
/// <param name="GuaranteeBits">h(p₂), p₂ the second largest probability: the greedy search is never further below R than this while R ≤ H(X).</param>
/// <param name="Deterministic">Whether T is a function of X.</param>
/// <param name="Exhaustive">Whether all partitions, and all curves on which one symbol of one partition is split, were tried.</param>
/// <param name="Encoder">q(t|x), one row for each x.</param>
public sealed record EntropyBoundedResult(
    string Problem, double IxtBits, double HtBits, double BudgetBits, double UpperBoundBits, double GuaranteeBits, bool Deterministic, bool Exhaustive, double[][] Encoder);

/// <summary>Compression of X to T and reconstruction of Y from T with both marginals prescribed.</summary>
/// <param name="Problem"><c>mec-b</c>.</param>
/// <param name="IxyBits">I(X;Y) of the chain X−T−Y.</param>
/// <param name="LowerBoundBits">I(X;T) + I(T;Y) − R, which I(X;Y) is never below.</param>
/// <param name="Encoder">The first half.</param>
/// <param name="Coupling">The second half: a coupling of T (rows) and Y (columns) of small entropy.</param>
/// <param name="Decoder">q(y|t), one row for each t.</param>
public sealed record CouplingBottleneckResult(
    string Problem, double IxyBits, double LowerBoundBits, EntropyBoundedResult Encoder, CouplingResult Coupling, double[][] Decoder);

/// <summary>
/// Entropy-bounded information maximisation, max I(X;T) subject to H(T) ≤ R, and the minimum-entropy coupling with bottleneck that is
/// built from it (Ebrahimi, Chen, Kudupudi, Venkitasubramaniam, Rini, Khisti, Gündüz 2024).
/// </summary>
public static class EntropyBoundedBottleneck
{
    /// <summary>Sources with at most this many symbols are searched exhaustively.</summary>
    public const int ExhaustiveSize = 8;

    /// <summary>
    /// The encoder with the most information whose output entropy is within the budget. Partitions of X are nodes where I(X;T) = H(T);
    /// between them, a part of one symbol's mass is moved to another cluster until H(T) = R. Small sources: all of these. Large ones:
    /// the nodes around R on two greedy paths of merges (each absorbing one symbol into the cluster of the most probable one; and
    /// always the cheapest pair), and the curves from them.
    /// </summary>
    /// <param name="p">p(x).</param>
    /// <param name="budget">R, at least 0.</param>
    /// <param name="exhaustive">Whether all partitions are tried, or the greedy paths alone; null for all of at most <see cref="ExhaustiveSize"/> symbols.</param>
    /// <exception cref="InputException">p is not a distribution, the budget is negative, or all partitions are wanted of more than 10 symbols.</exception>
    public static EntropyBoundedResult Solve(IReadOnlyList<double> p, Bits budget, bool? exhaustive = null)
    {
        var source = Probabilities.Copy(p, "p");
        if (!(budget.Value >= 0)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"the entropy budget is {budget.Value} bits, expected at least 0"));
        var all = exhaustive ?? source.Length <= ExhaustiveSize;
        if (all && source.Length > Partitions.MaxExhaustive) throw new InputException($"all partitions of {source.Length} symbols, expected at most {Partitions.MaxExhaustive}");
        var search = new SplitSearch(source, budget.Nats, all);
        if (all)
            foreach (var labels in Partitions.Of(source.Length)) search.Visit(labels);
        else
            foreach (var labels in Absorbing(source).Concat(CheapestPairs(source))) search.Visit(labels);
        var best = search.Best;
        var second = source.Length > 1 ? source.OrderDescending().ElementAt(1) : 0;
        return new EntropyBoundedResult("ebim", best.Information / Math.Log(2), best.Entropy / Math.Log(2), budget.Value,
            Math.Min(budget.Value, Shannon.Entropy(source) / Math.Log(2)), Shannon.Binary(second) / Math.Log(2), best.Moved == 0, all, Encoder(source, best));
    }

    /// <summary>Entropy-bounded compression followed by the coupling of T with Y of smallest entropy (exact where small, else greedy).</summary>
    /// <param name="p">p(x).</param>
    /// <param name="q">p(y), the prescribed output distribution.</param>
    /// <param name="budget">R, at least 0.</param>
    /// <param name="exhaustive">As for <see cref="Solve"/>.</param>
    /// <exception cref="InputException">A vector is not a distribution, or the budget is negative.</exception>
    public static CouplingBottleneckResult SolveWithCoupling(IReadOnlyList<double> p, IReadOnlyList<double> q, Bits budget, bool? exhaustive = null)
    {
        var (source, target) = (Probabilities.Copy(p, "p"), Probabilities.Copy(q, "q"));
        var encoder = Solve(source, budget, exhaustive);
        var clusters = encoder.Encoder[0].Length;
        var ofT = new double[clusters];
        for (var x = 0; x < source.Length; x++)
            for (var t = 0; t < clusters; t++) ofT[t] += source[x] * encoder.Encoder[x][t];
        var coupling = MinimumEntropyCoupling.Solve(ofT, target);
        var decoder = new double[clusters][];
        for (var t = 0; t < clusters; t++) decoder[t] = new double[target.Length];
        foreach (var cell in coupling.Cells) decoder[cell.Index[0]][cell.Index[1]] += cell.Mass / ofT[cell.Index[0]];
        var joint = new double[source.Length, target.Length];
        for (var x = 0; x < source.Length; x++)
            for (var t = 0; t < clusters; t++)
                for (var y = 0; y < target.Length; y++) joint[x, y] += source[x] * encoder.Encoder[x][t] * decoder[t][y];
        var relevance = encoder.HtBits + (Shannon.Entropy(target) / Math.Log(2)) - coupling.EntropyBits;
        return new CouplingBottleneckResult("mec-b", Shannon.MutualInformation(joint) / Math.Log(2), Math.Max(0, encoder.IxtBits + relevance - encoder.HtBits), encoder, coupling, decoder);
    }

    /// <summary>H(T) in bits of every partition of X: the nodes at which the budget can be met without loss, largest first.</summary>
    /// <param name="p">p(x), at most 10 symbols.</param>
    /// <exception cref="InputException">p is not a distribution or is too long.</exception>
    public static IReadOnlyList<double> Nodes(IReadOnlyList<double> p)
    {
        var source = Probabilities.Copy(p, "p");
        if (source.Length > Partitions.MaxExhaustive) throw new InputException($"all partitions of {source.Length} symbols, expected at most {Partitions.MaxExhaustive}");
        return [.. Partitions.Of(source.Length).Select(l => Shannon.Entropy(Masses(source, l)) / Math.Log(2)).OrderDescending()];
    }

    // From singletons, each step puts one more symbol into the cluster of the most probable one: the one that costs least.
    private static IEnumerable<int[]> Absorbing(double[] p)
    {
        var labels = Enumerable.Range(0, p.Length).ToArray();
        var core = Array.IndexOf(p, p.Max());
        yield return labels;
        foreach (var x in Enumerable.Range(0, p.Length).Where(x => x != core).OrderBy(x => p[x])) // the drop of entropy grows with p
        {
            labels[x] = labels[core];
            yield return labels;
        }
    }

    // The two least probable clusters have the smallest drop of all pairs.
    private static IEnumerable<int[]> CheapestPairs(double[] p)
    {
        var labels = Enumerable.Range(0, p.Length).ToArray();
        var queue = new PriorityQueue<int, (double Mass, int)>();
        for (var x = 0; x < p.Length; x++) queue.Enqueue(x, (p[x], x));
        while (queue.Count > 1)
        {
            queue.TryDequeue(out var a, out var first);
            queue.TryDequeue(out var b, out var second);
            for (var x = 0; x < labels.Length; x++)
                if (labels[x] == b) labels[x] = a;
            queue.Enqueue(a, (first.Mass + second.Mass, a));
            yield return labels;
        }
    }

    private static double[] Masses(double[] p, int[] labels)
    {
        var masses = new double[p.Length];
        for (var x = 0; x < p.Length; x++) masses[labels[x]] += p[x];
        return masses;
    }

    private static double[][] Encoder(double[] p, Split best)
    {
        var used = best.Labels.Append(best.Moved > 0 ? best.To : best.Labels[0]).Distinct().Order().ToList();
        var encoder = new double[p.Length][];
        for (var x = 0; x < p.Length; x++)
        {
            encoder[x] = new double[used.Count];
            encoder[x][used.IndexOf(best.Labels[x])] = 1;
        }
        if (best.Moved > 0)
        {
            var share = best.Moved / p[best.Symbol];
            encoder[best.Symbol][used.IndexOf(best.Labels[best.Symbol])] = 1 - share;
            encoder[best.Symbol][used.IndexOf(best.To)] = share;
        }
        return encoder;
    }

    /// <summary>A partition of which one symbol gives some of its mass to another cluster.</summary>
    private sealed record Split(int[] Labels, int Symbol, int To, double Moved, double Entropy, double Information);

    private sealed class SplitSearch(double[] p, double budget, bool everyNode)
    {
        private const double Same = 1e-10; // nats: a partition is preferred to a split that is better only by rounding
        private readonly double[] _masses = new double[p.Length + 1];

        public Split Best { get; private set; } = new([.. p.Select(_ => 0)], 0, 0, 0, 0, 0); // one cluster: always within the budget

        public void Visit(int[] labels)
        {
            Array.Clear(_masses);
            for (var x = 0; x < p.Length; x++) _masses[labels[x]] += p[x];
            var entropy = Shannon.Entropy(_masses);
            if (entropy <= budget + 1e-12)
            {
                if (entropy > Best.Information + (Best.Moved > 0 ? -Same : 1e-14)) Best = new Split([.. labels], 0, 0, 0, entropy, entropy);
                if (entropy < budget - 1e-12) Leave(labels, entropy);
            }
            else if (!everyNode)
            {
                Enter(labels, entropy);
            }
        }

        // From a node below the budget: H(T) rises as mass moves, up to equal masses of the two clusters.
        private void Leave(int[] labels, double entropy)
        {
            var empty = Array.IndexOf(_masses, 0.0);
            for (var x = 0; x < p.Length; x++)
            {
                var from = labels[x];
                for (var to = 0; to < p.Length; to++)
                {
                    if (to == from || p[x] == 0 || (_masses[to] == 0 && to != empty)) continue;
                    var top = Math.Min(p[x], (_masses[from] - _masses[to]) / 2);
                    if (top > 0 && After(entropy, from, to, top) > budget) Try(labels, entropy, x, to, 0, top);
                }
            }
        }

        // From a node above it (used where not every node is visited): H(T) falls once the receiving cluster is the larger one.
        private void Enter(int[] labels, double entropy)
        {
            for (var x = 0; x < p.Length; x++)
                for (var to = 0; to < p.Length; to++)
                {
                    var from = labels[x];
                    if (to == from || p[x] == 0 || _masses[to] == 0) continue;
                    var start = Math.Max(0, (_masses[from] - _masses[to]) / 2);
                    if (start < p[x] && After(entropy, from, to, p[x]) < budget) Try(labels, entropy, x, to, p[x], start);
                }
        }

        // H(T) − R changes sign once between the two amounts: below at the first, above at the second.
        private void Try(int[] labels, double entropy, int x, int to, double below, double above)
        {
            var from = labels[x];
            for (var i = 0; i < 100; i++)
            {
                var middle = (below + above) / 2;
                if (middle == below || middle == above) break;
                if (After(entropy, from, to, middle) <= budget) below = middle;
                else above = middle;
            }
            var reached = After(entropy, from, to, below);
            var information = reached - (p[x] * Shannon.Binary(below / p[x]));
            if (information > Best.Information + (Best.Moved > 0 ? 1e-14 : Same)) Best = new Split([.. labels], x, to, below, reached, information);
        }

        private double After(double entropy, int from, int to, double moved) => entropy
            - Shannon.Term(_masses[from]) - Shannon.Term(_masses[to])
            + Shannon.Term(Math.Max(0, _masses[from] - moved)) + Shannon.Term(_masses[to] + moved);
    }
}
