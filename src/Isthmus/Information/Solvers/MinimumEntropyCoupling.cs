using System.Globalization;

namespace Isthmus.Information;

/// <summary>A cell of a sparse joint distribution.</summary>
/// <param name="Index">One index for each marginal.</param>
/// <param name="Mass">Its probability, positive.</param>
public sealed record CouplingCell(int[] Index, double Mass);

/// <summary>A joint distribution with given marginals and small entropy.</summary>
/// <param name="Problem"><c>coupling</c>.</param>
/// <param name="EntropyBits">Its joint entropy.</param>
/// <param name="LowerBoundBits">No coupling of these marginals has less: the entropy of their greatest lower bound in the majorisation
/// order, which is at least every marginal's; the entropy itself where <paramref name="Optimal"/>.</param>
/// <param name="Optimal">Whether the search over all vertices was completed.</param>
/// <param name="Method"><c>greedy</c> or <c>exact</c>.</param>
/// <param name="Cells">Its cells of positive probability, largest first for the greedy method: at most Σ sizes − marginals + 1.</param>
/// <param name="Joint">For two marginals of at most 2^22 cells together: the matrix; else null.</param>
public sealed record CouplingResult(
    string Problem, double EntropyBits, double LowerBoundBits, bool Optimal, string Method, IReadOnlyList<CouplingCell> Cells, double[][]? Joint);

/// <summary>
/// Couplings of smallest entropy, a problem that is NP-hard: the greedy algorithm of Kocaoglu, Dimakis, Vishwanath and Hassibi (2017),
/// within log2(e)/e ≈ 0.5307 bits of the optimum for two marginals and 1.2213 bits for any number (Compton, Katz, Qi, Greenewald,
/// Kocaoglu 2023), and a complete search of the vertices for two small marginals.
/// </summary>
public static class MinimumEntropyCoupling
{
    /// <summary>The exact solution for two marginals with at most this many symbols together, else the greedy one.</summary>
    public const int ExactSize = 10;

    /// <summary>The exact coupling of two small marginals, else the greedy one.</summary>
    /// <param name="marginals">At least one distribution.</param>
    /// <exception cref="InputException">A marginal is not a distribution.</exception>
    public static CouplingResult Solve(params IReadOnlyList<double>[] marginals)
    {
        ArgumentNullException.ThrowIfNull(marginals);
        return marginals.Length == 2 && marginals.Sum(m => m.Count(v => v > 0)) <= ExactSize ? Exact(marginals[0], marginals[1]) : Greedy(marginals);
    }

    /// <summary>Repeatedly couples the largest remaining masses of all marginals: O(n log n) for n symbols in all.</summary>
    /// <param name="marginals">At least one distribution.</param>
    /// <exception cref="InputException">A marginal is not a distribution.</exception>
    public static CouplingResult Greedy(params IReadOnlyList<double>[] marginals)
    {
        var p = Check(marginals);
        var queues = Array.ConvertAll(p, m =>
        {
            var queue = new PriorityQueue<int, (double, int)>();
            for (var i = 0; i < m.Length; i++)
                if (m[i] > 0) queue.Enqueue(i, (-m[i], i));
            return queue;
        });
        var cells = new List<CouplingCell>();
        var (index, mass) = (new int[p.Length], new double[p.Length]);
        while (queues.All(q => q.Count > 0))
        {
            for (var k = 0; k < p.Length; k++)
            {
                queues[k].TryDequeue(out index[k], out var priority);
                mass[k] = -priority.Item1;
            }
            var least = mass.Min();
            cells.Add(new CouplingCell((int[])index.Clone(), least));
            for (var k = 0; k < p.Length; k++)
                if (mass[k] > least) queues[k].Enqueue(index[k], (least - mass[k], index[k]));
        }
        cells.RemoveAll(c => c.Mass < 1e-15); // what rounding leaves at the end
        return Describe(p, cells, "greedy", optimal: false);
    }

    /// <summary>The optimum for two marginals, by branch and bound over the vertices of the transport polytope, where the concave entropy is smallest.</summary>
    /// <param name="p">A distribution.</param>
    /// <param name="q">A distribution.</param>
    /// <param name="maxNodes">The search gives up after this many nodes; the result then says that it is not optimal.</param>
    /// <exception cref="InputException">A marginal is not a distribution.</exception>
    public static CouplingResult Exact(IReadOnlyList<double> p, IReadOnlyList<double> q, int maxNodes = 1_000_000)
    {
        var marginals = Check([p, q]);
        var greedy = Greedy(marginals);
        var search = new VertexSearch(marginals[0], marginals[1], greedy.EntropyBits * Math.Log(2), maxNodes);
        var found = search.Run();
        return Describe(marginals, found ?? greedy.Cells, "exact", search.Complete);
    }

    /// <summary>A lower bound on the entropy of every coupling: that of the marginals' greatest lower bound under majorisation (Cicalese, Gargano, Vaccaro 2019).</summary>
    /// <exception cref="InputException">A marginal is not a distribution.</exception>
    public static Bits LowerBound(params IReadOnlyList<double>[] marginals) => Bits.FromNats(MeetEntropy(Copies(Check(marginals))));

    private static double[][] Copies(double[][] p) => Array.ConvertAll(p, m => (double[])m.Clone());

    // Sorts its arguments. Σ −v ln v of the vector whose prefix sums are the smallest of the sorted marginals' prefix sums.
    private static double MeetEntropy(params ReadOnlySpan<double[]> p)
    {
        double nats = 0, before = 0;
        Span<double> prefix = stackalloc double[p.Length <= 64 ? p.Length : 0];
        if (p.Length > 64) prefix = new double[p.Length];
        prefix.Clear();
        var length = 0;
        foreach (var m in p)
        {
            Array.Sort(m);
            length = Math.Max(length, m.Length);
        }
        for (var i = 1; i <= length; i++)
        {
            var now = double.PositiveInfinity;
            for (var k = 0; k < p.Length; k++)
            {
                if (i <= p[k].Length) prefix[k] += p[k][^i];
                now = Math.Min(now, prefix[k]);
            }
            nats += Shannon.Term(now - before);
            before = now;
        }
        return nats;
    }

    private static double[][] Check(IReadOnlyList<double>[] marginals)
    {
        ArgumentNullException.ThrowIfNull(marginals);
        if (marginals.Length == 0) throw new InputException("no marginal given, expected at least one distribution");
        return [.. marginals.Select((m, k) => Probabilities.Copy(m, string.Create(CultureInfo.InvariantCulture, $"marginal {k + 1}")))];
    }

    private static CouplingResult Describe(double[][] marginals, IReadOnlyList<CouplingCell> cells, string method, bool optimal)
    {
        var bits = Shannon.Entropy([.. cells.Select(c => c.Mass)]) / Math.Log(2);
        double[][]? joint = null;
        if (marginals.Length == 2 && (long)marginals[0].Length * marginals[1].Length <= 1 << 22)
        {
            joint = Array.ConvertAll(marginals[0], _ => new double[marginals[1].Length]);
            foreach (var cell in cells) joint[cell.Index[0]][cell.Index[1]] += cell.Mass;
        }
        var lower = optimal ? bits : Math.Min(bits, MeetEntropy(Copies(marginals)) / Math.Log(2));
        return new CouplingResult("coupling", bits, lower, optimal, method, cells, joint);
    }

    // Every vertex is a forest of cells; taking its leaves one by one places the smaller of two remaining masses each time. Of the
    // orders that give the same forest only one is followed: the smallest leaf first, as in Prüfer's code.
    private sealed class VertexSearch(double[] p, double[] q, double bound, int maxNodes)
    {
        private const double Empty = 1e-14;
        private readonly List<(int Row, int Column, double Mass)> _path = [];
        private readonly double[] _rows = (double[])p.Clone(), _columns = (double[])q.Clone();    // what remains to be placed
        private readonly double[] _sortedRows = new double[p.Length], _sortedColumns = new double[q.Length];
        private List<CouplingCell>? _best;
        private double _least = bound - 1e-12;
        private int _nodes;

        public bool Complete => _nodes <= maxNodes;

        public List<CouplingCell>? Run()
        {
            Visit(0, -1, -1);
            return _best;
        }

        // Vertices are numbered rows first; last is the leaf taken before, freed its neighbour (which may be a leaf only now).
        private void Visit(double spent, int last, int freed)
        {
            if (++_nodes > maxNodes) return;
            _rows.CopyTo(_sortedRows, 0);
            _columns.CopyTo(_sortedColumns, 0);
            if (spent + MeetEntropy(_sortedRows, _sortedColumns) >= _least) return;
            var leafFound = false;
            for (var leaf = 0; leaf < _rows.Length + _columns.Length; leaf++)
            {
                var isRow = leaf < _rows.Length;
                var (side, other) = isRow ? (_rows, _columns) : (_columns, _rows);
                var at = isRow ? leaf : leaf - _rows.Length;
                var own = side[at];
                if (own <= Empty) continue;
                leafFound = true;
                if (leaf < last && leaf != freed) continue;
                for (var k = 0; k < other.Length; k++)
                {
                    var before = other[k];
                    if (before < own - Empty) continue;
                    (side[at], other[k]) = (0, Math.Max(0, before - own));
                    _path.Add(isRow ? (at, k, own) : (k, at, own));
                    Visit(spent + Shannon.Term(own), leaf, isRow ? _rows.Length + k : k);
                    _path.RemoveAt(_path.Count - 1);
                    (side[at], other[k]) = (own, before);
                }
            }
            if (leafFound) return;
            _least = spent - 1e-12;
            _best = [.. _path.Select(c => new CouplingCell([c.Row, c.Column], c.Mass))];
        }
    }
}
