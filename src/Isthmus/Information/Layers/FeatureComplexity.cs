namespace Isthmus.Information;

/// <summary>
/// How late in a network a feature becomes readable. The complexity of a feature is one minus the mean over layers of the share of it that a
/// linear reader gets from the layer (Fel, Béthune, Lampinen, Serre, Hermann, "Understanding Visual Feature Reliance through the Lens of
/// Complexity", NeurIPS 2024, equation 2, with the predictive V-information of Xu, Zhao, Song, Stewart, Ermon 2020): 0 is readable everywhere, 1 nowhere.
/// </summary>
/// <param name="Readable">For each layer the share that is read there, 0 to 1: V-information above that of a shuffled feature, over the feature's entropy
/// (classes) or variance (numbers).</param>
/// <param name="Complexity">One minus the mean.</param>
public sealed record FeatureComplexity(IReadOnlyList<double> Readable, double Complexity)
{
    /// <summary>The complexity of classes, read by the softmax of a linear function.</summary>
    /// <param name="layers">Each layer's activations, the same rows.</param>
    /// <param name="classes">The class of each row.</param>
    /// <param name="seed">Of the shuffles.</param>
    /// <exception cref="InputException">Different numbers of rows, or a single class.</exception>
    public static FeatureComplexity OfClasses(IReadOnlyList<Samples> layers, ReadOnlySpan<int> classes, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(layers);
        var entropy = CountEntropy.Estimate([.. classes.ToArray().GroupBy(c => c).Select(g => (long)g.Count())], EntropyCorrection.MaximumLikelihood).Value;
        var labels = classes.ToArray();
        return Of(layers, layer => PredictiveInformation.Logistic(layer, labels, seed).Growth.Value / entropy);
    }

    /// <summary>The complexity of one number a row, read linearly: the share of its variance that a layer explains.</summary>
    /// <param name="layers">Each layer's activations, the same rows.</param>
    /// <param name="feature">One column.</param>
    /// <param name="seed">Of the shuffles.</param>
    /// <exception cref="InputException">Different numbers of rows.</exception>
    public static FeatureComplexity OfNumbers(IReadOnlyList<Samples> layers, Samples feature, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(feature);
        if (feature.Dimensions != 1) throw new ArgumentException(FormattableString.Invariant($"feature complexity: one column is needed, not {feature.Dimensions}"), nameof(feature));
        // With its own variance as the model's, the V-information of a linear reader is half the explained share, in nats.
        return Of(layers, layer => 2 * PredictiveInformation.LinearGaussian(layer, feature, seed: seed).Growth.Nats);
    }

    private static FeatureComplexity Of(IReadOnlyList<Samples> layers, Func<Samples, double> share)
    {
        if (layers.Count == 0) throw new ArgumentException("feature complexity: no layer");
        double[] readable = [.. layers.Select(layer => Math.Clamp(share(layer), 0, 1))];
        return new FeatureComplexity(readable, 1 - readable.Average());
    }
}
