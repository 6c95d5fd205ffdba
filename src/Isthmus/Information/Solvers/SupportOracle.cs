using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Looks for a cluster that would improve an encoder. The bottleneck's optimum is the lower convex envelope of
/// g(q) = D(q‖p_x) − β D(q_y‖p_y) over distributions q of X, taken at p_x; an encoder is optimal exactly when the hyperplane through
/// its clusters, with slopes λ_x, supports g: g(q) ≥ Σ q λ everywhere. The most violating q is both a start for improvement and,
/// were the search complete, the gap: L − min(g − λ) bounds the optimum from below.
/// </summary>
internal sealed class SupportOracle(BottleneckProblem problem, double beta, ulong seed)
{
    private const int MostVertices = 64, RandomStarts = 12, MaxSteps = 400;
    private readonly double[] _qy = new double[problem.Outputs], _pull = new double[problem.Outputs];

    /// <summary>The most violating distribution of X found, and L minus the lower bound that it implies, in nats.</summary>
    public (double[] Cluster, double Gap) Search(Encoding encoding)
    {
        var slopes = Slopes(encoding);
        var at = 0.0;
        for (var x = 0; x < slopes.Length; x++) at += problem.Source[x] * slopes[x];
        double[]? worst = null;
        var least = 0.0;
        foreach (var q in Starts())
        {
            var value = Descend(q, slopes);
            if (worst is not null && !(value < least)) continue;
            (worst, least) = (q, value);
        }
        return (worst!, Math.Max(0, encoding.Lagrangian(1, beta) - at - Math.Min(0, least)));
    }

    // λ_x = −ln Z_x − β D(p(y|x)‖p(y)), with Z_x = Σ_t q(t) exp(−β D(p(y|x)‖q(y|t))).
    private double[] Slopes(Encoding encoding)
    {
        var clusters = encoding.Q.GetLength(1);
        var mass = new double[clusters];
        var logs = new double[clusters, problem.Outputs]; // ln [q(y|t)/p(y)]
        for (var x = 0; x < problem.Inputs; x++)
            for (var t = 0; t < clusters; t++)
            {
                mass[t] += problem.Source[x] * encoding.Q[x, t];
                for (var y = 0; y < problem.Outputs; y++) logs[t, y] += problem.Joint[x, y] * encoding.Q[x, t];
            }
        for (var t = 0; t < clusters; t++)
            for (var y = 0; y < problem.Outputs; y++) logs[t, y] = logs[t, y] > 0 ? Math.Log(logs[t, y] / mass[t] / problem.Target[y]) : -700;
        var slopes = new double[problem.Inputs];
        var terms = new double[clusters];
        for (var x = 0; x < slopes.Length; x++)
        {
            for (var t = 0; t < clusters; t++)
            {
                terms[t] = mass[t] > 0 ? Math.Log(mass[t]) : double.NegativeInfinity;
                for (var y = 0; y < problem.Outputs; y++) terms[t] += beta * problem.Conditional[x, y] * logs[t, y];
            }
            var top = terms.Max();
            slopes[x] = -top - Math.Log(terms.Sum(v => Math.Exp(v - top)));
        }
        return slopes;
    }

    private IEnumerable<double[]> Starts()
    {
        foreach (var x in Enumerable.Range(0, problem.Inputs).OrderByDescending(x => problem.Source[x]).Take(MostVertices))
        {
            var q = Array.ConvertAll(problem.Source, p => 0.05 * p);
            q[x] += 0.95;
            yield return q;
        }
        var random = new RandomStream(seed).Fork("support");
        for (var r = 0; r < RandomStarts; r++)
        {
            var q = new double[problem.Inputs];
            for (var x = 0; x < q.Length; x++) q[x] = Math.Pow(-Math.Log(1 - random.NextDouble()), 1 + (r % 3));
            var sum = q.Sum();
            for (var x = 0; x < q.Length; x++) q[x] /= sum;
            yield return q;
        }
    }

    // Lowers g(q) − Σ q λ by linearising the concave part −β D(q_y‖p_y): q ∝ p exp[λ_x + β Σ_y p(y|x) ln (q(y)/p(y))].
    private double Descend(double[] q, double[] slopes)
    {
        var value = Project(q, slopes);
        for (var step = 0; step < MaxSteps; step++)
        {
            var top = double.NegativeInfinity;
            for (var x = 0; x < q.Length; x++)
            {
                var pull = 0.0;
                for (var y = 0; y < _pull.Length; y++) pull += problem.Conditional[x, y] * _pull[y];
                q[x] = slopes[x] + (beta * pull);
                top = Math.Max(top, q[x]);
            }
            var sum = 0.0;
            for (var x = 0; x < q.Length; x++) sum += q[x] = problem.Source[x] * Math.Exp(q[x] - top);
            for (var x = 0; x < q.Length; x++) q[x] /= sum;
            var next = Project(q, slopes);
            if (value - next < 1e-13)
            {
                value = next;
                break;
            }
            value = next;
        }
        return value;
    }

    // g(q) − Σ q λ, leaving q_y and ln (q_y/p_y) behind.
    private double Project(double[] q, double[] slopes)
    {
        Array.Clear(_qy);
        var value = 0.0;
        for (var x = 0; x < q.Length; x++)
        {
            if (q[x] <= 0) continue;
            value += q[x] * (Math.Log(q[x] / problem.Source[x]) - slopes[x]);
            for (var y = 0; y < _qy.Length; y++) _qy[y] += q[x] * problem.Conditional[x, y];
        }
        for (var y = 0; y < _qy.Length; y++)
        {
            _pull[y] = _qy[y] > 0 ? Math.Log(_qy[y] / problem.Target[y]) : -700;
            value -= beta * _qy[y] * _pull[y];
        }
        return value;
    }
}
