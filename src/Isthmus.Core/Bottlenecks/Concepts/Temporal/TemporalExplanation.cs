using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Why a <see cref="TemporalConceptHead"/> answers a class: what each concept in each window adds. A window counts with the weight that the pooling gives it,
/// softmax(τ z) over windows, which is the pooled logit's derivative; the published code takes softmax(z / τ), which is another unless τ is 1.
/// </summary>
/// <param name="Windows">[rows, windows, concepts]: weight of the window times the class's weight times the concept's activation. With the class's bias they sum to the
/// mean of the window logits under these weights, which is the pooled logit less their entropy over τ.</param>
/// <param name="Temporal">[rows, windows]: the weights; they sum to 1.</param>
/// <param name="Global">[rows, concepts]: the contributions summed over windows.</param>
public sealed record TemporalExplanation(Tensor Windows, Tensor Temporal, Tensor Global)
{
    /// <summary>Explains one class for every row.</summary>
    /// <param name="head">Which made the pass.</param>
    /// <param name="pass">What it made.</param>
    /// <param name="classIndex">The class.</param>
    public static TemporalExplanation Of(TemporalConceptHead head, TemporalPass pass, int classIndex)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentOutOfRangeException.ThrowIfNegative(classIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(classIndex, head.Classes);
        var (rows, windows) = (pass.WindowLogits.Size(0), pass.WindowLogits.Size(1));
        var temporal = (pass.WindowLogits.Select(2, classIndex) * head.Pooling).Softmax(-1);
        var contributions = pass.Activations * head.ClassWeights.Select(0, classIndex) * temporal.Reshape(rows, windows, 1);
        return new(contributions, temporal, contributions.Sum(1));
    }
}
