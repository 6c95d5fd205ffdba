namespace Isthmus.Information;

/// <summary>Maximises Σ_x p(x) ln Σ_z q(z) A(x,z) over distributions q: the concave problem inside Blahut's rate–distortion algorithm.</summary>
internal static class MixtureWeights
{
    private const int MaxUpdates = 100_000;

    /// <summary>The weights, and a lower bound of −max: −Σ p ln (A q) − ln max_z c(z), with c(z) = Σ p(x) A(x,z)/(A q)(x) (Blahut 1972, theorem 6; Csiszár 1974).</summary>
    /// <param name="p">Sums to one.</param>
    /// <param name="a">Non-negative, with a positive entry in each row.</param>
    /// <param name="tolerance">Ends when ln max c is below it.</param>
    /// <returns>The two sides of the gap are ln max c apart.</returns>
    public static (double[] Weights, double Lower) Maximise(double[] p, double[,] a, double tolerance)
    {
        var m = a.GetLength(1);
        var q = new double[m];
        Array.Fill(q, 1.0 / m);
        if (m is > 1 and <= SimplexNewton.MostLetters) SimplexNewton.Maximise(q, (at, into) => Evaluate(p, a, at, into), at => Curvature(p, a, at), tolerance / 2);
        var (c, trial) = (new double[m], new double[m]);
        var value = Evaluate(p, a, q, c);
        var power = 1.0; // over-relaxation q ← q c^power: tried as long as it improves, plain updates always do
        for (var i = 0; i < MaxUpdates && Math.Log(c.Max()) > tolerance; i++)
        {
            var sum = 0.0;
            for (var z = 0; z < m; z++) sum += trial[z] = q[z] * (power == 1 ? c[z] : Math.Pow(c[z], power));
            for (var z = 0; z < m; z++) trial[z] /= sum;
            var before = (double[])c.Clone();
            var next = Evaluate(p, a, trial, c);
            if (power > 1 && !(next > value))
            {
                power = Math.Max(1, power / 4);
                before.CopyTo(c, 0);
                continue;
            }
            (q, trial) = (trial, q);
            value = next;
            power *= 1.3;
        }
        return (q, -value - Math.Max(0, Math.Log(c.Max())));
    }

    // −∇² Σ p ln (A q) = Aᵀ diag(p/(A q)²) A.
    private static double[,] Curvature(double[] p, double[,] a, double[] q)
    {
        var m = q.Length;
        var sum = new double[m, m];
        for (var x = 0; x < p.Length; x++)
        {
            var mixed = 0.0;
            for (var z = 0; z < m; z++) mixed += q[z] * a[x, z];
            var weight = p[x] > 0 ? p[x] / (mixed * mixed) : 0;
            for (var z = 0; z < m; z++)
                for (var k = 0; k <= z; k++) sum[z, k] += weight * a[x, z] * a[x, k];
        }
        return sum;
    }

    private static double Evaluate(double[] p, double[,] a, double[] q, double[] c)
    {
        Array.Clear(c);
        var value = 0.0;
        for (var x = 0; x < p.Length; x++)
        {
            if (p[x] == 0) continue;
            var mixed = 0.0;
            for (var z = 0; z < q.Length; z++) mixed += q[z] * a[x, z];
            value += p[x] * Math.Log(mixed);
            var weight = p[x] / mixed;
            for (var z = 0; z < q.Length; z++) c[z] += weight * a[x, z];
        }
        return double.IsNaN(value) ? double.NegativeInfinity : value;
    }
}
