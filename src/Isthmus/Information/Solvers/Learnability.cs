using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// The smallest β at which the information bottleneck learns anything. Around the trivial encoder the first transition is at 1/ρ²
/// (ρ the maximal correlation); globally it is inf D(q_x‖p_x)/D(q_y‖p_y) = 1/η_KL, which may come earlier, by a jump (Wu, Fischer,
/// Chuang, Tegmark 2019).
/// </summary>
internal static class Learnability
{
    /// <summary>
    /// The smallest ratio D(q_x‖p_x)/D(q_y‖p_y) found over distributions q_x, and never above 1/ρ²: an upper bound of the threshold.
    /// Infinite when X and Y are independent.
    /// </summary>
    /// <param name="joint">Sums to one.</param>
    public static double Threshold(double[,] joint)
    {
        var (px, py) = Shannon.Marginals(joint);
        var rho = Contraction.SecondSingularValue(joint);
        var best = rho > 1e-9 ? 1 / (rho * rho) : double.PositiveInfinity;
        var support = Enumerable.Range(0, px.Length).Where(x => px[x] > 0).ToArray();
        var search = new RatioSearch(joint, px, py, support);
        foreach (var start in Starts(support, px)) best = Math.Min(best, search.Descend(start, best));
        return Math.Max(1, best); // data processing: D(q_y‖p_y) is never above D(q_x‖p_x)
    }

    // Vertices, vertices mixed with the marginal, and seeded random points: the ratio has a local minimum near most vertices.
    private static IEnumerable<double[]> Starts(int[] support, double[] px)
    {
        const int mostVertices = 64;
        foreach (var weight in new[] { 1.0, 0.5, 0.05 })
            foreach (var x in support.OrderBy(x => px[x]).Take(mostVertices))
            {
                var q = Array.ConvertAll(px, p => p * (1 - weight));
                q[x] += weight;
                yield return q;
            }
        var random = new RandomStream(0, 0x1B);
        for (var r = 0; r < 16; r++)
        {
            var q = new double[px.Length];
            foreach (var x in support) q[x] = -Math.Log(1 - random.NextDouble());
            var sum = q.Sum();
            for (var x = 0; x < q.Length; x++) q[x] /= sum;
            yield return q;
        }
    }

    private sealed class RatioSearch(double[,] joint, double[] px, double[] py, int[] support)
    {
        private readonly double[] _qy = new double[py.Length];
        private readonly double[] _log = new double[py.Length];

        // Dinkelbach's rule on the ratio; each step at a fixed β lowers D(q_x‖p_x) − β D(q_y‖p_y) by linearising its concave part.
        public double Descend(double[] q, double best)
        {
            var ratio = Ratio(q);
            for (var i = 0; i < 200 && double.IsFinite(ratio); i++)
            {
                Step(q, Math.Min(ratio, 1e6));
                var next = Ratio(q);
                if (!(next < ratio * (1 - 1e-13))) break;
                ratio = next;
            }
            return double.IsFinite(ratio) ? Math.Min(ratio, best) : best;
        }

        private void Step(double[] q, double beta)
        {
            for (var y = 0; y < py.Length; y++) _log[y] = _qy[y] > 0 ? Math.Log(_qy[y] / py[y]) : -700;
            var largest = double.NegativeInfinity;
            foreach (var x in support)
            {
                var pull = 0.0;
                for (var y = 0; y < py.Length; y++)
                    if (joint[x, y] > 0) pull += joint[x, y] * _log[y];
                q[x] = Math.Log(px[x]) + (beta * pull / px[x]);
                largest = Math.Max(largest, q[x]);
            }
            var sum = 0.0;
            foreach (var x in support) sum += q[x] = Math.Exp(q[x] - largest);
            foreach (var x in support) q[x] /= sum;
        }

        private double Ratio(double[] q)
        {
            Array.Clear(_qy);
            var above = 0.0;
            foreach (var x in support)
            {
                if (q[x] == 0) continue;
                above += q[x] * Math.Log(q[x] / px[x]);
                for (var y = 0; y < py.Length; y++) _qy[y] += q[x] * joint[x, y] / px[x];
            }
            var below = 0.0;
            for (var y = 0; y < py.Length; y++)
                if (_qy[y] > 0) below += _qy[y] * Math.Log(_qy[y] / py[y]);
            return below > 1e-9 ? above / below : double.PositiveInfinity; // nearer to p the ratio is rounding noise; 1/ρ² covers the limit
        }
    }
}
