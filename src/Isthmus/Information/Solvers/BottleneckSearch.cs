using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Solves a bottleneck problem for several β at once. Every encoder ever found is kept, and each β takes the best of all of them: so
/// the Lagrangian is concave in β and never above the trivial encoder's, by construction.
/// </summary>
internal sealed class BottleneckSearch
{
    private const int Block = 50;          // updates between two looks at the convergence
    private const int Kept = 4;            // starts that are iterated to the end, out of all that are tried
    private const double MostWork = 2e9;   // multiplications that one start may take, unless the options say otherwise
    private const double Same = 1e-12;     // nats: smaller differences of Lagrangians are rounding
    private readonly BottleneckProblem _problem;
    private readonly BottleneckOptions _options;
    private readonly int _clusters, _updates;
    private readonly BottleneckIteration _iteration;
    private readonly List<Encoding> _pool = [];
    private readonly List<Encoding> _hard = [];

    public BottleneckSearch(BottleneckProblem problem, BottleneckOptions options)
    {
        (_problem, _options) = (problem, options);
        _clusters = Math.Min(options.Clusters ?? 64, problem.Inputs);
        _iteration = new BottleneckIteration(problem.Joint, _clusters);
        _updates = options.MaxIterations ?? (int)Math.Clamp(MostWork / ((double)problem.Inputs * _clusters * (problem.Outputs + 16)), 500, 20_000);
        Exhaustive = problem.Inputs <= (options.Alpha == 0 ? Partitions.MaxExhaustive : 8);
        _pool.Add(problem.Trivial);
        AddPartitions();
        _pool.AddRange(_hard);
    }

    /// <summary>What was tried at one β.</summary>
    public sealed record Found(Encoding Best, int Starts, int Agreeing, double? Residual, double? Gap);

    /// <summary>Whether every partition is among the candidates.</summary>
    public bool Exhaustive { get; }

    /// <summary>The best partition's Lagrangian in nats.</summary>
    public double BestHard(double beta) => _hard.Append(_pool[0]).Min(e => e.Lagrangian(_options.Alpha, beta));

    /// <summary>The smallest of a function of the partitions.</summary>
    public double BestHard(Func<Encoding, double> value) => _hard.Append(_pool[0]).Min(value);

    /// <summary>One solution for each β, in the order given.</summary>
    public Found[] Solve(IReadOnlyList<double> betas)
    {
        var order = Enumerable.Range(0, betas.Count).OrderByDescending(i => betas[i]).ToArray();
        var ends = new List<double>[betas.Count];
        Encoding? neighbour = null;
        foreach (var i in order) // from large β to small: annealing from the identity side
        {
            ends[i] = [];
            neighbour = Explore(betas[i], neighbour, ends[i], (ulong)i);
        }
        foreach (var i in order.Reverse()) Iterate(Best(betas[i]), betas[i], ends[i]); // and once back, from the neighbours' encoders
        var found = new Found[betas.Count];
        foreach (var i in order) found[i] = Finish(betas[i], ends[i]);
        for (var i = 0; i < betas.Count; i++) found[i] = Describe(found[i], betas[i], ends[i]);
        return found;
    }

    private Encoding Best(double beta)
    {
        var best = _pool[0];
        foreach (var e in _pool)
            if (e.Lagrangian(_options.Alpha, beta) < best.Lagrangian(_options.Alpha, beta) - Same) best = e;
        return best;
    }

    private void AddPartitions()
    {
        if (Exhaustive)
        {
            AddAllPartitions();
            return;
        }
        if (_problem.Inputs <= 1024)
            foreach (var (_, _, labels) in PartitionSearch.Relevance(_problem).Agglomerate())
                if (labels.Max() < _clusters) _hard.Add(_problem.Hard(labels));
        if (_clusters == _problem.Inputs) _hard.Add(_problem.Hard([.. Enumerable.Range(0, _problem.Inputs)]));
        foreach (var beta in _options.Betas.Distinct())
        {
            var search = PartitionSearch.Deterministic(_problem, beta);
            var start = _hard.OrderBy(e => e.Lagrangian(0, beta)).Take(3).Select(Labels).ToList();
            for (var r = 0; r < _options.Restarts && (_options.Alpha == 0 || start.Count == 0); r++) // elsewhere partitions are only starts
            {
                var random = new RandomStream(_options.Seed).Fork("labels").Fork((ulong)r);
                start.Add([.. Enumerable.Range(0, _problem.Inputs).Select(_ => random.NextInt(_clusters))]);
            }
            foreach (var labels in start) _hard.Add(_problem.Hard(search.Improve(labels, _clusters, keepCount: false)));
        }
    }

    // Of all partitions, the best at each β and the most relevant of each size: the others can neither win nor make better starts.
    private void AddAllPartitions()
    {
        var betas = _options.Betas.Distinct().ToArray();
        var best = new Encoding?[betas.Length];
        var relevant = new Encoding?[_clusters + 1];
        foreach (var labels in Partitions.Of(_problem.Inputs, _clusters))
        {
            var e = _problem.Hard(labels);
            for (var i = 0; i < betas.Length; i++)
                if (best[i] is not { } b || e.Lagrangian(_options.Alpha, betas[i]) < b.Lagrangian(_options.Alpha, betas[i]) - Same) best[i] = e;
            var size = e.Q.GetLength(1);
            if (relevant[size] is not { } r || e.Relevance > r.Relevance) relevant[size] = e;
        }
        _hard.AddRange(best.Concat(relevant).OfType<Encoding>().Distinct(ReferenceEqualityComparer.Instance).Cast<Encoding>());
    }

    private int[] Labels(Encoding hard) => [.. Enumerable.Range(0, _problem.Inputs).Select(x =>
    {
        var t = 0;
        while (hard.Q[x, t] == 0) t++;
        return t;
    })];

    // All kinds of starts are run a little, the best few to the end.
    private Encoding Explore(double beta, Encoding? neighbour, List<double> ends, ulong index)
    {
        var starts = _hard.OrderBy(e => e.Lagrangian(_options.Alpha, beta)).DistinctBy(e => (e.Q.GetLength(1), Math.Round(e.Relevance, 9))).Take(6).Select(e => e.Q).ToList();
        if (neighbour is not null) starts.Add(Noisy(neighbour.Q, index));
        for (var r = 0; r < _options.Restarts; r++) starts.Add(Random((index << 32) + (ulong)r));
        if (_options.Alpha == 0) starts.Clear(); // partitions improved by single moves and tried exhaustively cover it
        var screened = new List<Encoding>();
        foreach (var start in starts)
        {
            Load(start);
            _iteration.Run(beta, _options.Alpha, 2 * Block);
            screened.Add(Read());
        }
        foreach (var start in screened.OrderBy(e => e.Lagrangian(_options.Alpha, beta)).DistinctBy(e => Math.Round(e.Lagrangian(_options.Alpha, beta), 11)).Take(Kept))
            Iterate(start, beta, ends);
        return Best(beta);
    }

    // Updates in blocks. Between two blocks the step that a block made is taken again, longer, as long as that lowers the Lagrangian:
    // near transitions plain updates only creep.
    private void Iterate(Encoding start, double beta, List<double> ends)
    {
        Load(start.Q);
        var now = Read();
        var (stretch, quiet) = (1.0, 0);
        for (var done = 0; done < _updates && quiet < 3; done += Block)
        {
            var before = now;
            var change = _iteration.Run(beta, _options.Alpha, Block);
            now = Read();
            if (change < _options.Tolerance) break;
            var gained = before.Lagrangian(_options.Alpha, beta) - now.Lagrangian(_options.Alpha, beta);
            quiet = gained < 1e-15 ? quiet + 1 : 0;
            var longer = Stretched(before.Q, now.Q, stretch);
            if (longer.Lagrangian(_options.Alpha, beta) < now.Lagrangian(_options.Alpha, beta))
            {
                now = longer;
                Load(now.Q);
                stretch = Math.Min(2 * stretch, 1e4);
            }
            else
            {
                stretch = Math.Max(1, stretch / 4);
            }
        }
        var end = Tidy(now, beta);
        ends.Add(end.Lagrangian(_options.Alpha, beta));
        _pool.Add(end);
    }

    // q ∝ now (now/before)^stretch.
    private Encoding Stretched(double[,] before, double[,] now, double stretch)
    {
        var q = new double[_problem.Inputs, _clusters];
        for (var x = 0; x < _problem.Inputs; x++)
        {
            var sum = 0.0;
            for (var t = 0; t < _clusters; t++)
                sum += q[x, t] = now[x, t] > 1e-280 && before[x, t] > 1e-280 ? now[x, t] * Math.Pow(Math.Clamp(now[x, t] / before[x, t], 1e-3, 1e3), stretch) : now[x, t];
            for (var t = 0; t < _clusters; t++) q[x, t] = sum > 0 && double.IsFinite(sum) ? q[x, t] / sum : now[x, t];
        }
        return _problem.Evaluate(q);
    }

    // For α = 1: while the oracle names a cluster that improves, give it a little mass and iterate again.
    private Found Finish(double beta, List<double> ends)
    {
        var best = Best(beta);
        if (_options.Alpha != 1) return new Found(best, 0, 0, null, null);
        var oracle = new SupportOracle(_problem, beta, _options.Seed);
        var (cluster, gap) = oracle.Search(best);
        for (var round = 0; round < 6 && gap > 1e-9; round++)
        {
            Iterate(With(best, cluster), beta, ends);
            var next = Best(beta);
            if (!(next.Lagrangian(1, beta) < best.Lagrangian(1, beta) - Same)) break;
            best = next;
            (cluster, gap) = oracle.Search(best);
        }
        return new Found(best, 0, 0, null, gap);
    }

    // Takes the best of the whole pool once more, since later β may have found better, and counts.
    private Found Describe(Found found, double beta, List<double> ends)
    {
        var best = Best(beta);
        var value = best.Lagrangian(_options.Alpha, beta);
        var gap = found.Gap;
        if (_options.Alpha == 1 && !ReferenceEquals(best, found.Best)) gap = new SupportOracle(_problem, beta, _options.Seed).Search(best).Gap;
        double? residual = null;
        if (_options.Alpha > 0)
        {
            Load(best.Q);
            residual = _iteration.Run(beta, _options.Alpha, 1);
        }
        var agreeing = ends.Count(e => e - value < 1e-6 * Math.Log(2));
        return new Found(best, ends.Count, agreeing, residual, gap);
    }

    // Leaves out clusters without mass and joins clusters with the same decoder, where that does not cost anything.
    private Encoding Tidy(Encoding e, double beta)
    {
        var clusters = e.Q.GetLength(1);
        var decoder = new double[clusters][];
        var mass = new double[clusters];
        for (var t = 0; t < clusters; t++)
        {
            decoder[t] = new double[_problem.Outputs];
            for (var x = 0; x < _problem.Inputs; x++)
            {
                mass[t] += _problem.Source[x] * e.Q[x, t];
                for (var y = 0; y < _problem.Outputs; y++) decoder[t][y] += _problem.Joint[x, y] * e.Q[x, t];
            }
        }
        var target = new int[clusters];
        var kept = new List<int>();
        for (var t = 0; t < clusters; t++)
        {
            target[t] = mass[t] < 1e-10 ? -1 : kept.FindIndex(k => SameDecoder(decoder[k], mass[k], decoder[t], mass[t]));
            if (target[t] >= 0 || mass[t] < 1e-10) continue;
            target[t] = kept.Count;
            kept.Add(t);
        }
        var q = new double[_problem.Inputs, kept.Count];
        for (var x = 0; x < _problem.Inputs; x++)
        {
            var sum = 0.0;
            for (var t = 0; t < clusters; t++)
            {
                if (target[t] < 0) continue;
                q[x, target[t]] += e.Q[x, t];
                sum += e.Q[x, t];
            }
            for (var t = 0; t < kept.Count; t++) q[x, t] /= sum;
        }
        var tidy = kept.Count == 1 ? _problem.Trivial : _problem.Evaluate(q);
        return tidy.Lagrangian(_options.Alpha, beta) <= e.Lagrangian(_options.Alpha, beta) + (10 * Same) ? tidy : e;
    }

    private static bool SameDecoder(double[] a, double massA, double[] b, double massB)
    {
        for (var y = 0; y < a.Length; y++)
            if (Math.Abs((a[y] / massA) - (b[y] / massB)) > 1e-6) return false;
        return true;
    }

    private Encoding With(Encoding e, double[] cluster)
    {
        var before = e.Q.GetLength(1);
        var weight = 0.5;
        for (var x = 0; x < _problem.Inputs; x++) weight = Math.Min(weight, 0.5 * _problem.Source[x] / Math.Max(cluster[x], 1e-300));
        var replaced = before < _clusters ? -1 : LightestCluster(e);
        var q = new double[_problem.Inputs, Math.Min(before + 1, _clusters)];
        for (var x = 0; x < _problem.Inputs; x++)
        {
            var share = weight * cluster[x] / _problem.Source[x];
            for (var t = 0; t < before; t++) q[x, t] = (1 - share) * e.Q[x, t];
            q[x, replaced < 0 ? before : replaced] += share;
        }
        return _problem.Evaluate(q);
    }

    private int LightestCluster(Encoding e) => Enumerable.Range(0, e.Q.GetLength(1))
        .MinBy(t => Enumerable.Range(0, _problem.Inputs).Sum(x => _problem.Source[x] * e.Q[x, t]));

    private double[,] Random(ulong id)
    {
        var random = new RandomStream(_options.Seed).Fork("encoder").Fork(id);
        var q = new double[_problem.Inputs, _clusters];
        for (var x = 0; x < _problem.Inputs; x++)
        {
            var sum = 0.0;
            for (var t = 0; t < _clusters; t++) sum += q[x, t] = Math.Pow(-Math.Log(1 - random.NextDouble()), 2);
            for (var t = 0; t < _clusters; t++) q[x, t] /= sum;
        }
        return q;
    }

    // A neighbour's encoder with its clusters doubled where there is room and a little noise, so that they can split.
    private double[,] Noisy(double[,] encoder, ulong index)
    {
        var random = new RandomStream(_options.Seed).Fork("noise").Fork(index);
        var used = encoder.GetLength(1);
        var clusters = Math.Min(_clusters, 2 * used);
        var q = new double[_problem.Inputs, clusters];
        for (var x = 0; x < _problem.Inputs; x++)
        {
            var sum = 0.0;
            for (var t = 0; t < clusters; t++) sum += q[x, t] = (encoder[x, t % used] * (1 + (0.05 * random.NextDouble()))) + 1e-6;
            for (var t = 0; t < clusters; t++) q[x, t] /= sum;
        }
        return q;
    }

    private void Load(double[,] q)
    {
        var used = q.GetLength(1);
        for (var x = 0; x < _problem.Inputs; x++)
        {
            var row = _iteration.Row(x);
            row.Clear();
            for (var t = 0; t < used; t++) row[t] = q[x, t];
        }
    }

    private Encoding Read()
    {
        var q = new double[_problem.Inputs, _clusters];
        for (var x = 0; x < _problem.Inputs; x++)
        {
            var row = _iteration.Row(x);
            for (var t = 0; t < _clusters; t++) q[x, t] = row[t];
        }
        return _problem.Evaluate(q);
    }
}
