using Isthmus.Tensors;
using MathNet.Numerics.Distributions;

namespace Isthmus.Studies;

/// <summary>What a study says in the end.</summary>
public enum StudyVerdict
{
    /// <summary>The claim holds in the miniature.</summary>
    Held,
    /// <summary>The contrary holds.</summary>
    Opposite,
    /// <summary>Neither could be shown.</summary>
    Undecided,
    /// <summary>Too few seeds, or a smaller budget: no verdict.</summary>
    Preview,
}

/// <summary>Two arms compared by one measure over paired seeds.</summary>
/// <param name="Differences">Method minus baseline for each seed, or the logarithm of their ratio (<see cref="Measure.Ratio"/>).</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Low">Lower end of the interval of the mean; 97 % of such ends lie below the truth.</param>
/// <param name="High">Upper end.</param>
/// <param name="P">Of the claim: one-sided, the null being that the method is not better by more than the margin.</param>
/// <param name="POpposite">Of the contrary: the same with the sign turned.</param>
/// <param name="Detectable">How far the mean would have to lie beyond the margin, with this spread and number of seeds, for the claim to read held.</param>
/// <param name="ByExamples">Whether the bootstrap over test examples was the wider one.</param>
public sealed record Comparison(IReadOnlyList<double> Differences, double Mean, double Low, double High, double P, double POpposite, double Detectable, bool ByExamples);

/// <summary>
/// How paired seeds become a verdict: a one-sided paired t test of the differences minus the margin at 0.03, and, where single
/// test examples are known, a paired bootstrap over them that must agree.
/// </summary>
public static class VerdictRule
{
    /// <summary>Part of every code hash: results under another rule are stale.</summary>
    public const int Version = 1;

    /// <summary>A p below it is enough.</summary>
    public const double Level = 0.03;

    /// <summary>Seeds of a full run; when they leave it undecided, as many again, once.</summary>
    public const int Seeds = 5;

    /// <summary>
    /// The share of true nulls that read <see cref="StudyVerdict.Held"/> under the two looks (five seeds, then ten) with normal
    /// differences, by simulation (<c>tests/unit/Studies/Goldens/verdicts.py</c>).
    /// </summary>
    public const double HeldByChance = 0.052;

    private const int Resamples = 2000;

    /// <summary>Compares two arms.</summary>
    /// <param name="measure">Direction, margin, scale.</param>
    /// <param name="baseline">One value a seed.</param>
    /// <param name="method">As many, of the same seeds.</param>
    /// <param name="examples">For each seed, the values of the same test examples in both arms; null where they are not known.</param>
    /// <exception cref="ArgumentException">Numbers of seeds or of examples differ.</exception>
    public static Comparison Compare(Measure measure, IReadOnlyList<double> baseline, IReadOnlyList<double> method, IReadOnlyList<(double[] Baseline, double[] Method)>? examples = null)
    {
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentNullException.ThrowIfNull(baseline);
        ArgumentNullException.ThrowIfNull(method);
        if (baseline.Count != method.Count || baseline.Count == 0) throw new ArgumentException($"compare: {baseline.Count} baseline seeds and {method.Count} method seeds, equal numbers are needed");
        double[] differences = [.. baseline.Zip(method, measure.Difference)];
        var n = differences.Length;
        var mean = differences.Average();
        var error = n > 1 ? Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / (n - 1.0) / n) : double.NaN;
        var gain = (measure.Sign * mean) - measure.ScaledMargin;
        var half = n > 1 ? StudentT.InvCDF(0, 1, n - 1, 1 - Level) * error : double.NaN;
        var seeds = new Comparison(differences, mean, mean - half, mean + half, Tail(gain, error, n), Tail(-gain, error, n), half, false);
        return examples is null || n == 1 ? seeds : Wider(seeds, measure, examples);
    }

    /// <summary>The verdict of a comparison at the full budget.</summary>
    public static StudyVerdict Decide(Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return comparison.P < Level ? StudyVerdict.Held : comparison.POpposite < Level ? StudyVerdict.Opposite : StudyVerdict.Undecided;
    }

    // P(T > gain / error) for Student's T with n - 1 degrees of freedom; without any spread the sign says it all.
    private static double Tail(double gain, double error, int n) =>
        double.IsNaN(gain) || double.IsNaN(error) ? double.NaN
        : error == 0 ? (gain > 0 ? 0 : gain < 0 ? 1 : 0.5)
        : StudentT.CDF(0, 1, n - 1, -gain / error);

    // Examples are drawn with replacement, the same in both arms and all seeds (Efron 1979; percentiles).
    private static Comparison Wider(Comparison seeds, Measure measure, IReadOnlyList<(double[] Baseline, double[] Method)> examples)
    {
        var count = examples[0].Baseline.Length;
        if (count == 0 || examples.Count != seeds.Differences.Count || examples.Any(e => e.Baseline.Length != count || e.Method.Length != count))
            throw new ArgumentException("compare: every seed of both arms needs the values of the same test examples");
        var random = new RandomStream(20).Fork("bootstrap");
        var means = new double[Resamples];
        var rows = new int[count];
        for (var b = 0; b < Resamples; b++)
        {
            for (var i = 0; i < count; i++) rows[i] = random.NextInt(count);
            means[b] = examples.Average(e => measure.Difference(rows.Average(r => e.Baseline[r]), rows.Average(r => e.Method[r])));
        }
        Array.Sort(means);
        var margin = measure.ScaledMargin;
        var (low, high) = (means[(int)(Level * Resamples)], means[Resamples - 1 - (int)(Level * Resamples)]);
        var p = (1.0 + means.Count(m => (measure.Sign * m) - margin <= 0)) / (Resamples + 1);
        var opposite = (1.0 + means.Count(m => (measure.Sign * m) - margin >= 0)) / (Resamples + 1);
        return seeds with
        {
            Low = Math.Min(seeds.Low, low),
            High = Math.Max(seeds.High, high),
            P = Math.Max(seeds.P, p),
            POpposite = Math.Max(seeds.POpposite, opposite),
            Detectable = Math.Max(seeds.Detectable, (high - low) / 2),
            ByExamples = high - low > seeds.High - seeds.Low,
        };
    }
}
