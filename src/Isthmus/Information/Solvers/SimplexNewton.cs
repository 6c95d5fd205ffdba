using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Information;

/// <summary>
/// Maximises a concave function over the probability simplex by a primal-dual interior-point method on ∇f + s = ν1, q s = μ, Σ q = 1.
/// The multiplicative updates of Blahut and Arimoto slow down to 1/k where a letter is only just not used; this does not.
/// </summary>
internal static class SimplexNewton
{
    /// <summary>Letters up to which a Newton step is cheaper than the updates that it saves.</summary>
    public const int MostLetters = 256;

    private const int MaxSteps = 60;

    /// <summary>Improves q in place until max ∇f − Σ q ∇f, which bounds the distance from the maximum, is below the tolerance.</summary>
    /// <param name="q">Positive, sums to one.</param>
    /// <param name="gradient">Writes ∇f(q) into its second argument.</param>
    /// <param name="curvature">−∇²f(q), lower triangle.</param>
    /// <param name="tolerance">The gap at which to stop.</param>
    public static void Maximise(double[] q, Action<double[], double[]> gradient, Func<double[], double[,]> curvature, double tolerance)
    {
        var m = q.Length;
        var c = new double[m];
        gradient(q, c);
        var nu = c.Max() + 1;
        var s = Array.ConvertAll(c, v => nu - v);
        for (var step = 0; step < MaxSteps && c.Max() - q.Zip(c, (u, v) => u * v).Sum() > tolerance; step++)
        {
            var mu = 0.1 * q.Zip(s, (u, v) => u * v).Sum() / m;
            var system = curvature(q);
            for (var z = 0; z < m; z++) system[z, z] += s[z] / q[z];
            var right = Matrix<double>.Build.Dense(m, 2, (z, k) => k == 0 ? c[z] - nu + (mu / q[z]) : 1);
            Matrix<double> solved;
            try
            {
                solved = Matrix<double>.Build.Dense(m, m, (z, k) => system[Math.Max(z, k), Math.Min(z, k)]).Cholesky().Solve(right);
            }
            catch (ArgumentException)
            {
                return; // rounding has made the system singular: what is reached is near the optimum
            }
            var change = solved.Column(0).Sum() / solved.Column(1).Sum();
            var dq = solved.Column(0) - (change * solved.Column(1));
            var ds = Vector<double>.Build.Dense(m, z => (mu / q[z]) - s[z] - (s[z] / q[z] * dq[z]));
            var length = 1.0;
            for (var z = 0; z < m; z++)
            {
                if (dq[z] < 0) length = Math.Min(length, -0.99 * q[z] / dq[z]);
                if (ds[z] < 0) length = Math.Min(length, -0.99 * s[z] / ds[z]);
            }
            if (!(length > 1e-10)) return;
            for (var z = 0; z < m; z++)
            {
                q[z] += length * dq[z];
                s[z] += length * ds[z];
            }
            nu += length * change;
            var sum = q.Sum();
            for (var z = 0; z < m; z++) q[z] /= sum;
            gradient(q, c);
        }
    }
}
