using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// How many directions a layer's activity uses and how evenly: singular values of the activations as they are, and eigenvalues of their
/// covariance. None of these numbers is Shannon information about anything.
/// </summary>
/// <param name="SingularValues">Of the n × d activations, not centred, descending; min(n, d) of them.</param>
/// <param name="Eigenvalues">Of their covariance (over n), descending; min(n, d) of them.</param>
/// <param name="Rows">How many rows the values are of.</param>
public sealed record Spectrum(IReadOnlyList<double> SingularValues, IReadOnlyList<double> Eigenvalues, int Rows)
{
    private const int LargestSide = 1500; // eigenvalues take time with the third power
    private const double RankMeShift = 1e-7;

    /// <summary>exp(−Σ p ln p), p the singular values over their sum (Garrido, Balestriero, Najman, LeCun 2023, equation 1): 1 to min(n, d).</summary>
    public double RankMe => EffectiveRank(SingularValues);

    /// <summary>‖A‖²_F / ‖A‖²₂ (Rudelson and Vershynin 2007): 1 to the rank; 0 for zeros.</summary>
    public double StableRank => StableRankOf(SingularValues);

    /// <summary>(Σλ)² / Σλ² of the covariance's eigenvalues (Gao, Trautmann, Yu, Santhanam, Ryu, Shenoy, Ganguli 2017): 1 to d; 0 for constants.</summary>
    public double Participation => ParticipationOf(Eigenvalues);

    /// <summary>The exponent of the covariance's eigenvalues; see <see cref="PowerLaw"/>.</summary>
    public double? AlphaReQ => PowerLaw(Eigenvalues);

    /// <summary>Von Neumann entropy of A Aᵀ with trace one, in bits of order 1: 0 to log2 min(n, d).</summary>
    public double VonNeumann => MatrixEntropy(SingularValues, 1);

    /// <summary>The same of order 2 (Rényi's quadratic entropy of the linear kernel), in bits of order 2.</summary>
    public double Quadratic => MatrixEntropy(SingularValues, 2);

    /// <summary>The spectrum of a layer's activations.</summary>
    /// <param name="activations">n × d; beyond 1500 rows and columns, 1500 rows spread evenly.</param>
    public static Spectrum Of(Samples activations)
    {
        ArgumentNullException.ThrowIfNull(activations);
        if (Math.Min(activations.Count, activations.Dimensions) > LargestSide)
            activations = activations.Take([.. Enumerable.Range(0, LargestSide).Select(i => (int)((long)i * activations.Count / LargestSide))]);
        var (n, d) = (activations.Count, activations.Dimensions);
        var values = activations.Values.ToArray();
        var singular = GramEigenvalues(values, n, d).Select(Math.Sqrt).ToArray();
        for (var c = 0; c < d; c++)
        {
            var mean = 0.0;
            for (var i = 0; i < n; i++) mean += values[(i * d) + c];
            mean /= n;
            for (var i = 0; i < n; i++) values[(i * d) + c] -= mean;
        }
        return new Spectrum(singular, [.. GramEigenvalues(values, n, d).Select(v => v / n)], n);
    }

    /// <summary>exp of the entropy in nats of the values over their sum, 1e-7 being added to each share as in the paper; 0 where all are 0.</summary>
    public static double EffectiveRank(IReadOnlyList<double> singularValues)
    {
        var sum = Checked(singularValues).Sum();
        if (sum == 0) return 0;
        var nats = 0.0;
        foreach (var s in singularValues)
        {
            var p = (s / sum) + RankMeShift;
            nats -= p * Math.Log(p);
        }
        return Math.Exp(nats);
    }

    /// <summary>Σs² / max s²; 0 where all are 0.</summary>
    public static double StableRankOf(IReadOnlyList<double> singularValues)
    {
        var largest = Checked(singularValues).DefaultIfEmpty().Max();
        return largest == 0 ? 0 : singularValues.Sum(s => s / largest * (s / largest));
    }

    /// <summary>(Σλ)² / Σλ²; 0 where all are 0.</summary>
    public static double ParticipationOf(IReadOnlyList<double> eigenvalues)
    {
        var largest = Checked(eigenvalues).DefaultIfEmpty().Max();
        if (largest == 0) return 0;
        var sum = eigenvalues.Sum(v => v / largest);
        return sum * sum / eigenvalues.Sum(v => v / largest * (v / largest));
    }

    /// <summary>
    /// The exponent α of λ_k ∝ k^−α, by least squares of ln λ on ln k (Agrawal, Mondal, Ghosh, Richards 2022, section 3): near 1 representations
    /// generalise best, above they are low-dimensional, below they are noisy.
    /// </summary>
    /// <param name="eigenvalues">Descending.</param>
    /// <param name="first">The first k, from 1.</param>
    /// <param name="last">The last k; null for the last eigenvalue above 1e-9 of the largest.</param>
    /// <returns>Null for fewer than three eigenvalues in that range.</returns>
    public static double? PowerLaw(IReadOnlyList<double> eigenvalues, int first = 1, int? last = null)
    {
        Checked(eigenvalues);
        ArgumentOutOfRangeException.ThrowIfLessThan(first, 1);
        var positive = eigenvalues.TakeWhile(v => v > 1e-9 * eigenvalues[0]).Count();
        var end = Math.Min(last ?? positive, positive);
        if (end - first + 1 < 3) return null;
        var points = Enumerable.Range(first, end - first + 1).Select(k => (X: Math.Log(k), Y: Math.Log(eigenvalues[k - 1]))).ToArray();
        var (mx, my) = (points.Average(p => p.X), points.Average(p => p.Y));
        return -points.Sum(p => (p.X - mx) * (p.Y - my)) / points.Sum(p => (p.X - mx) * (p.X - mx));
    }

    /// <summary>
    /// Matrix-based entropy of the linear kernel A Aᵀ with trace one (Sánchez Giraldo, Rao, Principe 2015), whose eigenvalues are s² / Σs²:
    /// log2(Σ pᵅ)/(1 − α), and −Σ p log2 p for α = 1 (von Neumann). In bits of order α; 0 where all values are 0.
    /// </summary>
    /// <param name="singularValues">Of A.</param>
    /// <param name="alpha">The order, above 0.</param>
    public static double MatrixEntropy(IReadOnlyList<double> singularValues, double alpha)
    {
        if (!(alpha > 0) || !double.IsFinite(alpha)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "the order must be above 0");
        var largest = Checked(singularValues).DefaultIfEmpty().Max();
        if (largest == 0) return 0;
        var total = singularValues.Sum(s => s / largest * (s / largest));
        var sum = 0.0;
        foreach (var s in singularValues)
        {
            var p = s / largest * (s / largest) / total;
            if (p > 0) sum += alpha == 1 ? -p * Math.Log2(p) : Math.Pow(p, alpha);
        }
        return alpha == 1 ? sum : Math.Log2(sum) / (1 - alpha);
    }

    /// <summary>The eigenvalues of AᵀA or A Aᵀ, whichever is smaller, descending and not negative.</summary>
    internal static double[] GramEigenvalues(double[] a, int n, int d)
    {
        if (n < d) (a, n, d) = (Transposed(a, n, d), d, n);
        var gram = new double[d * d];
        for (var i = 0; i < n; i++)
        {
            var row = a.AsSpan(i * d, d);
            for (var r = 0; r < d; r++)
            {
                var factor = row[r];
                if (factor == 0) continue; // ReLU layers are half zeros
                var to = gram.AsSpan(r * d, d);
                var c = 0;
                for (; c + Wide.Width <= d; c += Wide.Width)
                    Vector512.FusedMultiplyAdd(Vector512.Create(factor), Wide.Load(row, c), Wide.Load(to, c)).CopyTo(to[c..]);
                for (; c < d; c++) to[c] = Math.FusedMultiplyAdd(factor, row[c], to[c]);
            }
        }
        var values = SymmetricEigenvalues.Of(gram, d);
        Array.Reverse(values);
        return Array.ConvertAll(values, v => Math.Max(0, v));
    }

    private static double[] Transposed(double[] a, int n, int d)
    {
        var t = new double[a.Length];
        for (var i = 0; i < n; i++)
            for (var c = 0; c < d; c++) t[(c * n) + i] = a[(i * d) + c];
        return t;
    }

    private static IReadOnlyList<double> Checked(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var v in values)
            if (!(v >= 0) || !double.IsFinite(v)) throw new ArgumentException(FormattableString.Invariant($"spectrum: {v} is no singular value: finite numbers of at least 0 are needed"), nameof(values));
        return values;
    }
}
