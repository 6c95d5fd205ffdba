using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// What bounds the generalisation gap of a network by the information in a layer (Kawaguchi, Deng, Ji, Huang, "How Does Information Bottleneck Help
/// Deep Learning?", ICML 2023, theorem 2): the gap is of the order of √((I(X;Z|Y) + I(φ;S)) / n), Z being the layer, φ the weights up to it, S the n training rows.
/// </summary>
/// <param name="Conditional">I(X;Z|Y), or a bound on it.</param>
/// <param name="Encoder">I(φ;S), or a bound on it; 0 for an encoder that was not trained on S (theorem 1).</param>
/// <param name="Rows">n.</param>
/// <remarks>The paper's constants and terms of lower order depend on the loss and the network and are left out: the value orders networks, and is no bound
/// in numbers.</remarks>
public sealed record BottleneckBound(Bits Conditional, Bits Encoder, int Rows)
{
    /// <summary>√((I(X;Z|Y) + I(φ;S)) / n) with information in nats.</summary>
    public double Value => Math.Sqrt(Math.Max(0, Conditional.Nats + Encoder.Nats) / Rows);

    /// <summary>
    /// I(X;Z|Y) of a layer that reads its rows through Gaussian noise: the upper pairwise bound among the rows of each class
    /// (<see cref="KernelBounds"/>), at most the entropy of the rows of a class.
    /// </summary>
    /// <param name="layer">The layer's activations on training rows.</param>
    /// <param name="labels">The class of each.</param>
    /// <param name="share">The noise's standard deviation over the root mean square of the layer, above 0: a layer that is merely scaled keeps its reading.</param>
    /// <exception cref="InputException">A share that is not above 0.</exception>
    public static Bits ConditionalInformation(Samples layer, ReadOnlySpan<int> labels, double share)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (!(share > 0) || !double.IsFinite(share)) throw new InputException(FormattableString.Invariant($"bottleneck bound: the noise is {share} of the layer's scale; it must be above 0"));
        if (labels.IsEmpty) throw new ArgumentException("bottleneck bound: there are no labels", nameof(labels));
        var square = 0.0;
        foreach (var v in layer.Values) square += v * v / layer.Values.Length;
        return KernelBounds.Estimate(layer.Values, layer.Count, layer.Dimensions, share * share * Math.Max(square, 1e-300), labels).ConditionalUpper!.Bits!.Value;
    }

    /// <summary>
    /// A bound on I(φ;S) of weights that are kept with Gaussian noise: the divergence of N(w, s²) from N(w₀, s²), |w − w₀|² / 2s² nats, w₀ being the weights
    /// before training, which do not depend on S (I(φ;S) is at most the mean divergence from any such prior).
    /// </summary>
    /// <param name="weights">After training, as <c>NamedParameters</c> gives them.</param>
    /// <param name="initial">Before, in the same order and shapes.</param>
    /// <param name="deviation">s, above 0.</param>
    /// <exception cref="ArgumentException">Other shapes, or a deviation that is not above 0.</exception>
    public static Bits EncoderInformation(IReadOnlyList<Tensor> weights, IReadOnlyList<Tensor> initial, double deviation)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(initial);
        if (!(deviation > 0)) throw new ArgumentException(FormattableString.Invariant($"bottleneck bound: the deviation is {deviation}; it must be above 0"), nameof(deviation));
        if (weights.Count != initial.Count) throw new ArgumentException(FormattableString.Invariant($"bottleneck bound: {weights.Count} weights after training and {initial.Count} before"), nameof(initial));
        var distance = 0.0;
        for (var p = 0; p < weights.Count; p++)
        {
            if (!weights[p].Shape.SequenceEqual(initial[p].Shape)) throw new ArgumentException(FormattableString.Invariant($"bottleneck bound: weight {p} has another shape than before training"), nameof(initial));
            for (var i = 0; i < weights[p].Data.Length; i++) distance += Math.Pow((double)weights[p].Data[i] - initial[p].Data[i], 2);
        }
        return Bits.FromNats(distance / (2 * deviation * deviation));
    }
}
