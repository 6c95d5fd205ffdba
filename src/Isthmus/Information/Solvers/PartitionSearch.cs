using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Searches partitions for the smallest w_T H(T) + w_TY H(T,Y), a sum over clusters: −I(T;Y) up to a constant for (−1, 1), and the
/// deterministic bottleneck H(T) − β I(T;Y) for (1 − β, β).
/// </summary>
internal sealed class PartitionSearch
{
    private readonly BottleneckProblem _problem;
    private readonly double _weightT, _weightTY;

    private PartitionSearch(BottleneckProblem problem, double weightT, double weightTY)
    {
        _problem = problem;
        _weightT = weightT;
        _weightTY = weightTY;
    }

    public static PartitionSearch Relevance(BottleneckProblem problem) => new(problem, -1, 1);

    public static PartitionSearch Deterministic(BottleneckProblem problem, double beta) => new(problem, 1 - beta, beta);

    /// <summary>Every merge of the greedy path from singletons to one cluster: the first members of the two, and the labels after it.</summary>
    public IEnumerable<(int First, int Second, int[] Labels)> Agglomerate()
    {
        var n = _problem.Inputs;
        var clusters = new double[n][];   // p(t, y) by first member; null once merged away
        var cost = new double[n];
        var labels = Enumerable.Range(0, n).ToArray(); // first member of x's cluster
        for (var x = 0; x < n; x++)
        {
            clusters[x] = Enumerable.Range(0, _problem.Outputs).Select(y => _problem.Joint[x, y]).ToArray();
            cost[x] = Cost(clusters[x]);
        }
        var merge = new double[n, n];
        for (var i = 0; i < n; i++)
            for (var j = i + 1; j < n; j++) merge[i, j] = MergeCost(clusters, cost, i, j);
        for (var step = 1; step < n; step++)
        {
            var (a, b) = (-1, -1);
            for (var i = 0; i < n; i++)
                for (var j = i + 1; j < n; j++)
                    if (clusters[i] is not null && clusters[j] is not null && (a < 0 || merge[i, j] < merge[a, b])) (a, b) = (i, j);
            for (var y = 0; y < _problem.Outputs; y++) clusters[a][y] += clusters[b][y];
            clusters[b] = null!;
            cost[a] = Cost(clusters[a]);
            for (var x = 0; x < n; x++)
                if (labels[x] == b) labels[x] = a;
            for (var i = 0; i < n; i++)
                if (i != a && clusters[i] is not null) merge[Math.Min(i, a), Math.Max(i, a)] = MergeCost(clusters, cost, Math.Min(i, a), Math.Max(i, a));
            yield return (a, b, Renumbered(labels));
        }
    }

    /// <summary>The best of the agglomerative partition and random ones, each improved by single moves.</summary>
    public int[] Best(int clusters, int restarts, ulong seed)
    {
        var start = _problem.Inputs <= 2048
            ? Agglomerate().Select(m => m.Labels).FirstOrDefault(l => l.Max() + 1 == clusters) ?? Enumerable.Range(0, _problem.Inputs).ToArray()
            : null;
        var best = start is null ? null : Improve(start, clusters, keepCount: true);
        for (var r = 0; r < restarts || best is null; r++)
        {
            var random = new RandomStream(seed).Fork("partition").Fork((ulong)r);
            var labels = new int[_problem.Inputs];
            var order = random.Permutation(labels.Length);
            for (var i = 0; i < labels.Length; i++) labels[order[i]] = i < clusters ? i : random.NextInt(clusters);
            var found = Improve(labels, clusters, keepCount: true);
            if (best is null || Total(found) < Total(best) - 1e-14) best = found;
        }
        return best;
    }

    /// <summary>The best of all partitions into at most some number of blocks.</summary>
    public int[] Exhaustive(int maxBlocks)
    {
        int[]? best = null;
        var least = double.PositiveInfinity;
        foreach (var labels in Partitions.Of(_problem.Inputs, maxBlocks))
        {
            var total = Total(labels);
            if (total >= least - 1e-14) continue; // the first among equals: fewer clusters come first
            (least, best) = (total, [.. labels]);
        }
        return best!;
    }

    /// <summary>Moves single inputs to the cluster that lowers the sum most until none does (at most 200 sweeps, fewer on large tables).</summary>
    /// <param name="start">Labels below <paramref name="clusters"/>.</param>
    /// <param name="clusters">The largest number of clusters.</param>
    /// <param name="keepCount">Whether a cluster's last member stays.</param>
    public int[] Improve(int[] start, int clusters, bool keepCount)
    {
        var labels = (int[])start.Clone();
        var (n, m) = (_problem.Inputs, _problem.Outputs);
        var mass = new double[clusters][];
        for (var t = 0; t < clusters; t++) mass[t] = new double[m];
        var members = new int[clusters];
        for (var x = 0; x < n; x++)
        {
            members[labels[x]]++;
            Add(mass[labels[x]], x, 1);
        }
        var sweeps = Math.Clamp(20_000_000 / ((long)n * clusters * (m + 1)), 5, 200);
        for (var sweep = 0; sweep < sweeps; sweep++)
        {
            var moved = false;
            for (var x = 0; x < n; x++)
            {
                var from = labels[x];
                if (keepCount && members[from] == 1) continue;
                Add(mass[from], x, -1);
                if (--members[from] == 0) Array.Clear(mass[from]); // no rounding residue in an empty cluster
                var (best, least) = (from, Gain(mass[from], x) - 1e-13);
                var emptyTried = members[from] == 0;
                for (var t = 0; t < clusters; t++)
                {
                    if (t == from || (members[t] == 0 && emptyTried)) continue;
                    emptyTried |= members[t] == 0;
                    var gain = Gain(mass[t], x);
                    if (gain < least) (best, least) = (t, gain);
                }
                moved |= best != from;
                labels[x] = best;
                members[best]++;
                Add(mass[best], x, 1);
            }
            if (!moved) break;
        }
        return Renumbered(labels);
    }

    /// <summary>The sum that is searched for.</summary>
    public double Total(int[] labels)
    {
        var clusters = labels.Max() + 1;
        var mass = new double[_problem.Outputs];
        var total = 0.0;
        for (var t = 0; t < clusters; t++)
        {
            Array.Clear(mass);
            for (var x = 0; x < labels.Length; x++)
                if (labels[x] == t) Add(mass, x, 1);
            total += Cost(mass);
        }
        return total;
    }

    private void Add(double[] mass, int x, double sign)
    {
        for (var y = 0; y < mass.Length; y++) mass[y] = Math.Max(0, mass[y] + (sign * _problem.Joint[x, y]));
    }

    private double Gain(double[] mass, int x)
    {
        double total = 0, before = 0, after = 0;
        for (var y = 0; y < mass.Length; y++)
        {
            total += mass[y];
            before += Shannon.Term(mass[y]);
            after += Shannon.Term(mass[y] + _problem.Joint[x, y]);
        }
        return (_weightT * (Shannon.Term(total + _problem.Source[x]) - Shannon.Term(total))) + (_weightTY * (after - before));
    }

    private double Cost(double[] mass)
    {
        double total = 0, cells = 0;
        foreach (var v in mass)
        {
            total += v;
            cells += Shannon.Term(v);
        }
        return (_weightT * Shannon.Term(total)) + (_weightTY * cells);
    }

    private double MergeCost(double[][] clusters, double[] cost, int i, int j)
    {
        double total = 0, cells = 0;
        for (var y = 0; y < _problem.Outputs; y++)
        {
            var v = clusters[i][y] + clusters[j][y];
            total += v;
            cells += Shannon.Term(v);
        }
        return (_weightT * Shannon.Term(total)) + (_weightTY * cells) - cost[i] - cost[j];
    }

    // Clusters numbered 0, 1, ... in order of their first member.
    private static int[] Renumbered(int[] labels)
    {
        var number = new Dictionary<int, int>();
        return Array.ConvertAll(labels, l =>
        {
            if (!number.TryGetValue(l, out var t)) number[l] = t = number.Count;
            return t;
        });
    }
}
