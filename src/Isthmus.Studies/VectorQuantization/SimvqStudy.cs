using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Zhu, Li, Xin, Xu: "Addressing representation collapse in vector quantized models with one linear layer" (2024): the codebook is a frozen table
/// times one learned matrix, against a codebook of running averages with k-means and dead-code replacement.
/// </summary>
public sealed class SimvqStudy : CodeStudy
{
    /// <inheritdoc/>
    public override string Slug => "simvq";

    /// <inheritdoc/>
    public override string Claim => "A codebook that is a frozen table times one linear layer reconstructs with less error than a well kept ordinary codebook at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 340 bits an image; 128 and 1,024 codes of width 8 in both arms. Each arm tunes the step size in {0.005, 0.01} on other seeds. 300 steps of 32 images. Usage is read at 1,024 codes, and what it loses from 128 codes on is a secondary measure.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST and 300 steps in place of ImageNet, LibriTTS and of the catalogue's Fashion-MNIST; squared error alone, no adversarial loss. The paper and the catalogue hold SimVQ against a plain codebook; here the opponent is a well kept " +
        "one, at an equal bill, and usage is a secondary measure.";

    /// <inheritdoc/>
    public override string Baseline => "VQ with running averages, k-means++ start and dead-code replacement, 128 and 1,024 codes";

    /// <inheritdoc/>
    public override string Method => "SimVQ, 128 and 1,024 codes";

    /// <inheritdoc/>
    protected override double Bill => 340;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => [128, 1024];

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => arm == Arm.Baseline
        ? new VectorQuantizer(features, Strong(size), random)
        : new SimVq(features, new SimVqOptions { Codes = size, Width = CodeWidth }, random);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries => [.. CommonSecondaries, new("codes used, 128 less 1,024", "share", Better.Lower)];

    /// <inheritdoc/>
    protected override void Add(Outcome outcome, Arm arm, Configuration configuration, Trial trial, StudySet parts, IReadOnlyList<(PatchAutoencoder Network, PatchReading Reading)> trained)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(trained);
        outcome["codes used, 128 less 1,024"] = trained[0].Reading.UsedShare - trained[^1].Reading.UsedShare;
    }
}
