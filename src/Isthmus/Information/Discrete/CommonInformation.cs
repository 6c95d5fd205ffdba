using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>Wyner's common information, found numerically.</summary>
/// <param name="Value">I(X,Y;W) of the W found, plus what it leaves: see <see cref="ResidualBits"/>.</param>
/// <param name="ResidualBits">I(X;Y|W), which is 0 for an exact solution; the smaller, the nearer <paramref name="Value"/> is.</param>
/// <param name="States">How many states of W have probability above 1e-9.</param>
public sealed record WynerResult(Bits Value, double ResidualBits, int States);

/// <summary>How much two variables have in common, in senses other than mutual information.</summary>
public static class CommonInformation
{
    /// <summary>
    /// Wyner's common information min I(X,Y;W) over X−W−Y (Wyner 1975), by alternating minimisation of I(X,Y;W) + λ I(X;Y|W) with λ
    /// raised from 1 to 10^5 and the best of seeded restarts. At the end the objective is reported: a global minimum of it is never
    /// above Wyner's value, and tends to it with λ; a local one may be above. I(X;Y) ≤ value ≤ min(H(X), H(Y)) always holds for
    /// the true value, and the result is kept within.
    /// </summary>
    /// <param name="joint">p(x, y), rows x; |X|·|Y| up to 400.</param>
    /// <param name="restarts">Seeded starts, at least 1.</param>
    /// <param name="seed">The key of the random starts.</param>
    /// <exception cref="InputException">The matrix is not a distribution or is too large.</exception>
    public static WynerResult Wyner(double[,] joint, int restarts = 8, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(restarts, 1);
        var p = Probabilities.CopyJoint(joint, "joint");
        if (p.Length > 400) throw new InputException($"Wyner: a table of {p.Length} cells, expected at most 400");
        var search = new WynerSearch(p);
        WynerResult? best = null;
        for (var r = 0; r < restarts; r++)
        {
            var found = search.Run(new RandomStream(seed).Fork((ulong)r));
            if (best is null || found.Value < best.Value) best = found;
        }
        var (px, py) = Shannon.Marginals(p);
        var low = Shannon.MutualInformation(p);
        var high = Math.Min(Shannon.Entropy(px), Shannon.Entropy(py)); // W = X or W = Y
        return best! with { Value = Bits.FromNats(Math.Clamp(best.Value.Nats, low, high)) };
    }

    private sealed class WynerSearch(double[,] p)
    {
        private readonly int _nx = p.GetLength(0), _ny = p.GetLength(1);
        private readonly int _states = Math.Min(p.Length, 2 * Math.Max(p.GetLength(0), p.GetLength(1)));
        private readonly double _entropy = Shannon.Entropy(Probabilities.Flat(p));

        public WynerResult Run(RandomStream random)
        {
            var q = new double[_nx, _ny, _states]; // q(w|x,y)
            for (var x = 0; x < _nx; x++)
                for (var y = 0; y < _ny; y++)
                {
                    var sum = 0.0;
                    for (var w = 0; w < _states; w++) sum += q[x, y, w] = -Math.Log(1 - random.NextDouble());
                    for (var w = 0; w < _states; w++) q[x, y, w] /= sum;
                }
            (double Total, double Residual, int States) now = (double.PositiveInfinity, 0, 0);
            for (var lambda = 1.0; lambda <= 1e5; lambda *= 2)
            {
                now = Evaluate(q, lambda);
                for (var i = 0; i < 3000; i++)
                {
                    for (var inner = 0; inner < 10; inner++) Step(q, lambda);
                    var next = Evaluate(q, lambda);
                    var done = now.Total - next.Total < 1e-9;
                    now = next;
                    if (done) break;
                }
            }
            return new WynerResult(Bits.FromNats(now.Total), now.Residual / Math.Log(2), now.States);
        }

        // The minimiser of the bound in which q(w), q(x|w), q(y|w) are held: q(w|x,y) ∝ q(w) [q(x|w) q(y|w)]^(λ/(1+λ)).
        private void Step(double[,,] q, double lambda)
        {
            var (pw, xw, yw) = Summaries(q);
            var power = lambda / (1 + lambda);
            for (var w = 0; w < _states; w++)
            {
                for (var x = 0; x < _nx; x++) xw[x, w] = pw[w] > 0 ? Math.Pow(xw[x, w] / pw[w], power) : 0;
                for (var y = 0; y < _ny; y++) yw[y, w] = pw[w] > 0 ? Math.Pow(yw[y, w] / pw[w], power) : 0;
            }
            for (var x = 0; x < _nx; x++)
                for (var y = 0; y < _ny; y++)
                {
                    if (p[x, y] == 0) continue;
                    var sum = 0.0;
                    for (var w = 0; w < _states; w++) sum += q[x, y, w] = pw[w] * xw[x, w] * yw[y, w];
                    for (var w = 0; w < _states; w++) q[x, y, w] /= sum;
                }
        }

        private (double Total, double Residual, int States) Evaluate(double[,,] q, double lambda)
        {
            var (pw, xw, yw) = Summaries(q);
            double joint = 0, ofX = 0, ofY = 0, ofW = 0;
            for (var w = 0; w < _states; w++)
            {
                ofW += Shannon.Term(pw[w]);
                for (var x = 0; x < _nx; x++) ofX += Shannon.Term(xw[x, w]);
                for (var y = 0; y < _ny; y++) ofY += Shannon.Term(yw[y, w]);
                for (var x = 0; x < _nx; x++)
                    for (var y = 0; y < _ny; y++) joint += Shannon.Term(p[x, y] * q[x, y, w]);
            }
            var information = _entropy + ofW - joint;                 // I(X,Y;W)
            var residual = Math.Max(0, ofX + ofY - ofW - joint);      // I(X;Y|W)
            return (information + (lambda * residual), residual, pw.Count(m => m > 1e-9));
        }

        private (double[] W, double[,] XW, double[,] YW) Summaries(double[,,] q)
        {
            var pw = new double[_states];
            var xw = new double[_nx, _states];
            var yw = new double[_ny, _states];
            for (var x = 0; x < _nx; x++)
                for (var y = 0; y < _ny; y++)
                {
                    var mass = p[x, y];
                    if (mass == 0) continue;
                    for (var w = 0; w < _states; w++)
                    {
                        var m = mass * q[x, y, w];
                        pw[w] += m;
                        xw[x, w] += m;
                        yw[y, w] += m;
                    }
                }
            return (pw, xw, yw);
        }
    }
}
