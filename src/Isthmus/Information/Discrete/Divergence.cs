using System.Globalization;

namespace Isthmus.Information;

/// <summary>
/// Divergences between probability vectors on the same alphabet. Shannon's (Kullback–Leibler, Jensen–Shannon, cross-entropy) are
/// <see cref="Bits"/>; the others are plain numbers, in nats where they are logarithms, because they are not amounts of information.
/// Vectors are checked (finite, non-negative, sum one within 1e-5) and divided by their sum.
/// </summary>
/// <remarks>Every method throws <see cref="InputException"/> for a vector that is not a distribution and
/// <see cref="ArgumentException"/> for vectors of different lengths.</remarks>
public static class Divergence
{
    /// <summary>D(p‖q) = Σ p log2 (p/q) (Kullback and Leibler 1951): infinite where q is zero and p is not.</summary>
    public static Bits KullbackLeibler(IReadOnlyList<double> p, IReadOnlyList<double> q)
    {
        var (a, b) = Pair(p, q);
        return Bits.FromNats(Math.Max(0, Shannon.KullbackLeibler(a, b)));
    }

    /// <summary>The cross-entropy −Σ p log2 q: the bits a code made for q needs on average when p is true.</summary>
    public static Bits CrossEntropy(IReadOnlyList<double> p, IReadOnlyList<double> q)
    {
        var (a, b) = Pair(p, q);
        var nats = 0.0;
        for (var i = 0; i < a.Length; i++)
            if (a[i] > 0) nats -= a[i] * Math.Log(b[i]);
        return Bits.FromNats(nats);
    }

    /// <summary>The mutual information of q averaged under p: Σ p(x,y) log2 [q(x,y)/(q(x)q(y))]; negative where p contradicts q, I(X;Y) where p = q.</summary>
    /// <param name="p">What happens, as a joint matrix.</param>
    /// <param name="q">What is believed, of the same shape.</param>
    public static Bits CrossMutualInformation(double[,] p, double[,] q)
    {
        var (a, b) = (Probabilities.CopyJoint(p, "p"), Probabilities.CopyJoint(q, "q"));
        if (a.GetLength(0) != b.GetLength(0) || a.GetLength(1) != b.GetLength(1))
            throw new ArgumentException($"CrossMutualInformation: p is {a.GetLength(0)}x{a.GetLength(1)}, q is {b.GetLength(0)}x{b.GetLength(1)}; expected equal shapes");
        var (qx, qy) = Shannon.Marginals(b);
        var nats = 0.0;
        for (var x = 0; x < qx.Length; x++)
            for (var y = 0; y < qy.Length; y++)
                if (a[x, y] > 0) nats += a[x, y] * Math.Log(b[x, y] / qx[x] / qy[y]);
        return Bits.FromNats(nats);
    }

    /// <summary>Jensen–Shannon divergence H(Σ w p) − Σ w H(p) of any number of distributions (Lin 1991).</summary>
    /// <param name="distributions">At least one, of equal lengths.</param>
    /// <param name="weights">A distribution over them; null for equal weights.</param>
    public static Bits JensenShannon(IReadOnlyList<IReadOnlyList<double>> distributions, IReadOnlyList<double>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(distributions);
        var all = distributions.Select((d, i) => Probabilities.Copy(d, string.Create(CultureInfo.InvariantCulture, $"distribution {i + 1}"))).ToArray();
        var w = weights is null ? [.. Enumerable.Repeat(1.0 / all.Length, all.Length)] : Probabilities.Copy(weights, "weights");
        if (all.Length == 0 || w.Length != all.Length || all.Any(d => d.Length != all[0].Length))
            throw new ArgumentException($"JensenShannon: {all.Length} distributions of lengths {string.Join(", ", all.Select(d => d.Length))} and {w.Length} weights; expected equal lengths and one weight each");
        var mixture = new double[all[0].Length];
        var inner = 0.0;
        for (var k = 0; k < all.Length; k++)
        {
            for (var i = 0; i < mixture.Length; i++) mixture[i] += w[k] * all[k][i];
            inner += w[k] * Shannon.Entropy(all[k]);
        }
        return Bits.FromNats(Math.Max(0, Shannon.Entropy(mixture) - inner));
    }

    /// <summary>Rényi divergence ln (Σ p^α q^(1−α)) / (α−1) in nats (van Erven and Harremoës 2014); α = 1 is Kullback–Leibler's limit, α = ∞ the largest ln (p/q).</summary>
    /// <param name="p">The first distribution.</param>
    /// <param name="q">The second.</param>
    /// <param name="alpha">At least 0.</param>
    public static double Renyi(IReadOnlyList<double> p, IReadOnlyList<double> q, double alpha)
    {
        RequireOrder(alpha);
        var (a, b) = Pair(p, q);
        if (alpha == 1) return Math.Max(0, Shannon.KullbackLeibler(a, b));
        if (double.IsPositiveInfinity(alpha)) return Math.Log(a.Zip(b, (u, v) => u > 0 ? u / v : 0).Max());
        return Math.Max(0, Math.Log(PowerSum(a, b, alpha)) / (alpha - 1));
    }

    /// <summary>Tsallis divergence (Σ p^α q^(1−α) − 1) / (α−1), without unit (Tsallis 1998); α = 1 is Kullback–Leibler's limit in nats.</summary>
    /// <inheritdoc cref="Renyi" path="/param"/>
    public static double Tsallis(IReadOnlyList<double> p, IReadOnlyList<double> q, double alpha)
    {
        RequireOrder(alpha);
        if (double.IsPositiveInfinity(alpha)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "Tsallis: a finite order is required");
        var (a, b) = Pair(p, q);
        return Math.Max(0, alpha == 1 ? Shannon.KullbackLeibler(a, b) : (PowerSum(a, b, alpha) - 1) / (alpha - 1));
    }

    /// <summary>Cauchy–Schwarz divergence −ln [(Σ pq)² / (Σ p² Σ q²)] in nats (Principe et al. 2000): infinite for disjoint supports.</summary>
    public static double CauchySchwarz(IReadOnlyList<double> p, IReadOnlyList<double> q)
    {
        var (a, b) = Pair(p, q);
        double cross = 0, first = 0, second = 0;
        for (var i = 0; i < a.Length; i++)
        {
            cross += a[i] * b[i];
            first += a[i] * a[i];
            second += b[i] * b[i];
        }
        return Math.Max(0, -Math.Log(cross / first * (cross / second)));
    }

    /// <summary>Hellinger distance sqrt(½ Σ (√p − √q)²), in [0, 1].</summary>
    public static double Hellinger(IReadOnlyList<double> p, IReadOnlyList<double> q)
    {
        var (a, b) = Pair(p, q);
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            var d = Math.Sqrt(a[i]) - Math.Sqrt(b[i]);
            sum += d * d;
        }
        return Math.Sqrt(Math.Min(1, sum / 2));
    }

    /// <summary>Total variation ½ Σ |p − q|, in [0, 1].</summary>
    public static double TotalVariation(IReadOnlyList<double> p, IReadOnlyList<double> q)
    {
        var (a, b) = Pair(p, q);
        return Math.Min(1, a.Zip(b, (u, v) => Math.Abs(u - v)).Sum() / 2);
    }

    /// <summary>Rényi entropy ln (Σ p^α) / (1−α) in nats (Rényi 1961): α = 0 the log of the support, 1 Shannon's, ∞ the min-entropy.</summary>
    public static double RenyiEntropy(IReadOnlyList<double> p, double alpha)
    {
        RequireOrder(alpha);
        var a = Probabilities.Copy(p, "p");
        if (alpha == 1) return Shannon.Entropy(a);
        if (double.IsPositiveInfinity(alpha)) return -Math.Log(a.Max());
        return Math.Log(a.Sum(v => v > 0 ? Math.Pow(v, alpha) : 0)) / (1 - alpha);
    }

    /// <summary>Tsallis entropy (1 − Σ p^α) / (α−1), without unit (Tsallis 1988); α = 1 is Shannon's in nats.</summary>
    public static double TsallisEntropy(IReadOnlyList<double> p, double alpha)
    {
        RequireOrder(alpha);
        var a = Probabilities.Copy(p, "p");
        return alpha == 1 ? Shannon.Entropy(a) : (1 - a.Sum(v => v > 0 ? Math.Pow(v, alpha) : 0)) / (alpha - 1);
    }

    /// <summary>
    /// Sibson's information of order α in nats, α/(α−1) ln Σ_y (Σ_x p(x) p(y|x)^α)^(1/α) (Sibson 1969; Verdú 2015, eq. 29). α = 1 is
    /// Shannon's I(X;Y); α = ∞ the maximal leakage ln Σ_y max_x p(y|x) (Issa, Wagner, Kamath 2020).
    /// </summary>
    /// <param name="joint">p(x, y), rows x.</param>
    /// <param name="alpha">Positive.</param>
    public static double SibsonInformation(double[,] joint, double alpha)
    {
        if (!(alpha > 0)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "SibsonInformation: a positive order is required");
        var p = Probabilities.CopyJoint(joint, "joint");
        if (alpha == 1) return Shannon.MutualInformation(p);
        var (px, py) = Shannon.Marginals(p);
        var sum = 0.0;
        for (var y = 0; y < py.Length; y++)
        {
            double inner = 0, largest = 0;
            for (var x = 0; x < px.Length; x++)
            {
                if (p[x, y] == 0) continue;
                inner += px[x] * Math.Pow(p[x, y] / px[x], alpha);
                largest = Math.Max(largest, p[x, y] / px[x]);
            }
            sum += double.IsPositiveInfinity(alpha) ? largest : Math.Pow(inner, 1 / alpha);
        }
        return Math.Max(0, double.IsPositiveInfinity(alpha) ? Math.Log(sum) : alpha / (alpha - 1) * Math.Log(sum));
    }

    private static void RequireOrder(double alpha)
    {
        if (!(alpha >= 0)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "an order of at least 0 is required");
    }

    private static double PowerSum(double[] p, double[] q, double alpha)
    {
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            if (p[i] > 0) sum += q[i] > 0 ? Math.Pow(p[i], alpha) * Math.Pow(q[i], 1 - alpha) : alpha > 1 ? double.PositiveInfinity : 0;
        }
        return sum;
    }

    private static (double[] P, double[] Q) Pair(IReadOnlyList<double> p, IReadOnlyList<double> q)
    {
        var (a, b) = (Probabilities.Copy(p, "p"), Probabilities.Copy(q, "q"));
        if (a.Length != b.Length) throw new ArgumentException($"divergence of vectors of {a.Length} and {b.Length} entries; expected equal lengths");
        return (a, b);
    }
}
