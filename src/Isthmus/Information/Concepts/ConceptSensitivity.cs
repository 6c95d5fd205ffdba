using Isthmus.Tensors;
using MathNet.Numerics.Distributions;

namespace Isthmus.Information;

/// <summary>How a class answers to a concept.</summary>
/// <param name="Score">The mean share of rows whose answer grows along the concept's vectors.</param>
/// <param name="Deviation">Its standard deviation over the vectors.</param>
/// <param name="RandomScore">The mean over vectors of random examples.</param>
/// <param name="PValue">Of equal means, two-sided, times the number of tests (Bonferroni), at most 1.</param>
/// <param name="Significant">Whether that is under 0.05: otherwise the score says nothing.</param>
public sealed record SensitivityTest(double Score, double Deviation, double RandomScore, double PValue, bool Significant);

/// <summary>
/// Testing with concept activation vectors (Kim, Wattenberg, Gilmer, Cai, Wexler, Viegas, Sayres: "Interpretability Beyond Feature Attribution", ICML 2018).
/// </summary>
public static class ConceptSensitivity
{
    /// <summary>The share of rows whose class score grows along a vector: gradient · vector above 0.</summary>
    /// <param name="gradients">[n, width] of the class score with respect to the layer.</param>
    /// <param name="vector">[width], pointing to the concept.</param>
    public static double Score(Tensor gradients, ReadOnlySpan<float> vector)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        if (gradients.Dim != 2 || gradients.Size(1) != vector.Length || gradients.Size(0) == 0)
            throw new ArgumentException($"concept sensitivity: gradients [{string.Join(", ", gradients.Shape.ToArray())}] and a vector of {vector.Length}; [n, width] and width are needed");
        var (n, width, above) = (gradients.Size(0), gradients.Size(1), 0);
        for (var i = 0; i < n; i++)
        {
            var along = 0.0;
            for (var c = 0; c < width; c++) along += (double)gradients.Data[i * width + c] * vector[c];
            if (along > 0) above++;
        }
        return (double)above / n;
    }

    /// <summary>Compares vectors of a concept, each from another set of counter-examples, with vectors of random examples.</summary>
    /// <param name="gradients">[n, width] of rows of the class.</param>
    /// <param name="concept">At least 2 vectors of the concept; 10 or more say something.</param>
    /// <param name="random">At least 2 vectors between random sets.</param>
    /// <param name="tests">How many concepts, layers and classes are tested in all, at least 1.</param>
    public static SensitivityTest Test(Tensor gradients, IReadOnlyList<float[]> concept, IReadOnlyList<float[]> random, int tests = 1)
    {
        ArgumentNullException.ThrowIfNull(concept);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(tests, 1);
        if (concept.Count < 2 || random.Count < 2) throw new ArgumentException(FormattableString.Invariant($"concept sensitivity: {concept.Count} vectors of the concept and {random.Count} random ones; at least 2 of each are needed"));
        var (own, other) = (concept.Select(v => Score(gradients, v)).ToArray(), random.Select(v => Score(gradients, v)).ToArray());
        var p = Math.Min(1, WelchPValue(own, other) * tests);
        var (mean, error) = Statistics.MeanAndError(own);
        return new SensitivityTest(mean, error * Math.Sqrt(own.Length), Statistics.Mean(other), p, p < 0.05);
    }

    /// <summary>The two-sided p-value of equal means of two samples with variances of their own (Welch 1947); 1 for equal constants, 0 for different ones.</summary>
    /// <param name="a">At least 2 numbers.</param>
    /// <param name="b">At least 2 numbers.</param>
    public static double WelchPValue(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        if (a.Length < 2 || b.Length < 2) throw new ArgumentException("t-test: at least 2 numbers of each sample are needed");
        var ((meanA, errorA), (meanB, errorB)) = (Statistics.MeanAndError(a), Statistics.MeanAndError(b));
        var variance = errorA * errorA + errorB * errorB;
        if (variance == 0) return meanA == meanB ? 1 : 0;
        var freedom = variance * variance / (Math.Pow(errorA, 4) / (a.Length - 1) + Math.Pow(errorB, 4) / (b.Length - 1));
        return 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(meanA - meanB) / Math.Sqrt(variance));
    }
}
