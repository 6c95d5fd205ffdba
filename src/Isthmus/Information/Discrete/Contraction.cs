using System.Globalization;
using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Information;

/// <summary>
/// How much of any information a channel lets through (strong data processing), and the inequalities of Fano and of Wyner and Ziv
/// ("Mrs Gerber's lemma").
/// </summary>
public static class Contraction
{
    /// <summary>
    /// The maximal correlation of Hirschfeld, Gebelein and Rényi: the second singular value of p(x,y)/√(p(x)p(y)), in [0, 1]. It is 0
    /// exactly for independent variables.
    /// </summary>
    /// <param name="joint">p(x, y), rows x.</param>
    /// <exception cref="InputException">The matrix is not a distribution.</exception>
    public static double MaximalCorrelation(double[,] joint) => SecondSingularValue(Probabilities.CopyJoint(joint, "joint"));

    /// <summary>
    /// Bounds on the contraction coefficient η_KL = sup I(U;Y)/I(U;X) over U−X−Y (Anantharam, Gohari, Kamath, Nair 2013): at least ρ²
    /// (maximal correlation), at least every ratio D(q_y‖p_y)/D(q_x‖p_x) that a search found, and at most Dobrushin's η_TV.
    /// </summary>
    /// <param name="joint">p(x, y), rows x.</param>
    /// <returns>Two numbers in [0, 1] with lower ≤ η_KL ≤ upper; the lower one comes from a search and is usually the value itself.</returns>
    /// <exception cref="InputException">The matrix is not a distribution.</exception>
    public static (double Lower, double Upper) KullbackLeiblerCoefficient(double[,] joint)
    {
        var p = Probabilities.CopyJoint(joint, "joint");
        var threshold = Learnability.Threshold(p);
        var upper = DobrushinCoefficient(p);
        return (Math.Min(upper, double.IsPositiveInfinity(threshold) ? 0 : 1 / threshold), upper);
    }

    /// <summary>Dobrushin's coefficient: the largest total variation between two rows p(y|x) of positive probability, in [0, 1].</summary>
    /// <exception cref="InputException">The matrix is not a distribution.</exception>
    public static double DobrushinCoefficient(double[,] joint)
    {
        var p = Probabilities.CopyJoint(joint, "joint");
        var (px, py) = Shannon.Marginals(p);
        var largest = 0.0;
        for (var a = 0; a < px.Length; a++)
            for (var b = 0; b < a; b++)
            {
                if (px[a] == 0 || px[b] == 0) continue;
                var distance = 0.0;
                for (var y = 0; y < py.Length; y++) distance += Math.Abs((p[a, y] / px[a]) - (p[b, y] / px[b])) / 2;
                largest = Math.Max(largest, distance);
            }
        return Math.Min(1, largest);
    }

    /// <summary>Fano's inequality: the smallest error probability that H(X|Y) allows, h(e) + e log2(m−1) ≥ H(X|Y).</summary>
    /// <param name="conditionalEntropy">H(X|Y), between 0 and log2 m.</param>
    /// <param name="alphabet">m, the number of symbols of X, at least 2.</param>
    /// <returns>A lower bound on the error of any guess of X from Y, in [0, (m−1)/m].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static double FanoErrorBound(Bits conditionalEntropy, int alphabet)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(alphabet, 2);
        var nats = conditionalEntropy.Nats;
        if (!(nats >= 0) || nats > Math.Log(alphabet) + 1e-12)
            throw new ArgumentOutOfRangeException(nameof(conditionalEntropy), conditionalEntropy, string.Create(CultureInfo.InvariantCulture, $"between 0 and log2 {alphabet} is required"));
        var worst = (alphabet - 1.0) / alphabet;
        return Numerics.Bisect(e => Shannon.Binary(e) + (e * Math.Log(alphabet - 1)) - nats, 0, worst);
    }

    /// <summary>
    /// Mrs Gerber's lemma (Wyner and Ziv 1973): X binary with H(X|U) = h sent through a BSC(δ) leaves H(Y|U) of at least h2(h2⁻¹(h) ∗ δ).
    /// </summary>
    /// <param name="conditionalEntropy">H(X|U), between 0 and 1 bit.</param>
    /// <param name="crossover">δ in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static Bits MrsGerber(Bits conditionalEntropy, double crossover)
    {
        if (!(crossover >= 0 && crossover <= 1)) throw new ArgumentOutOfRangeException(nameof(crossover), crossover, "between 0 and 1 is required");
        var a = InverseBinaryEntropy(conditionalEntropy);
        return Bits.FromNats(Shannon.Binary((a * (1 - crossover)) + ((1 - a) * crossover)));
    }

    /// <summary>The p in [0, ½] whose binary entropy is given.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The entropy is not between 0 and 1 bit.</exception>
    public static double InverseBinaryEntropy(Bits entropy)
    {
        if (!(entropy.Value >= 0 && entropy.Value <= 1 + 1e-12)) throw new ArgumentOutOfRangeException(nameof(entropy), entropy, "between 0 and 1 bit is required");
        return Numerics.Bisect(p => Shannon.Binary(p) - entropy.Nats, 0, 0.5);
    }

    /// <summary>The second singular value of p(x,y)/√(p(x)p(y)) of a matrix that sums to one.</summary>
    internal static double SecondSingularValue(double[,] joint)
    {
        var w = Whitened(joint);
        if (Math.Min(w.RowCount, w.ColumnCount) < 2) return 0;
        if (Math.Max(w.RowCount, w.ColumnCount) <= 512) return Math.Clamp(w.Svd(computeVectors: false).S[1], 0, 1);
        var gram = w.RowCount > w.ColumnCount ? w.TransposeThisAndMultiply(w) : w.TransposeAndMultiply(w); // tall tables: the smaller side
        return Math.Sqrt(Math.Clamp(gram.Evd(Symmetricity.Symmetric).EigenValues.Select(e => e.Real).Order().ElementAt(gram.RowCount - 2), 0, 1));
    }

    /// <summary>p(x,y)/√(p(x)p(y)), with zero rows and columns for symbols of probability zero.</summary>
    internal static Matrix<double> Whitened(double[,] joint)
    {
        var (px, py) = Shannon.Marginals(joint);
        return Matrix<double>.Build.Dense(px.Length, py.Length, (x, y) => joint[x, y] > 0 ? joint[x, y] / Math.Sqrt(px[x] * py[y]) : 0);
    }
}
