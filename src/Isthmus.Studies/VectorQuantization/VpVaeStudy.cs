using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Zhai, Ding, Lin, Zhao, Wang, Wang, Wang, Xi: "VP-VAE: rethinking vector quantization via adaptive vector perturbation" (2026): training moves vectors as quantisation would and the codebook is fitted afterwards,
/// against a codebook of running averages with k-means and dead-code replacement.
/// </summary>
public sealed class VpVaeStudy : CodeStudy
{
    /// <inheritdoc/>
    public override string Slug => "vp-vae";

    /// <inheritdoc/>
    public override string Claim => "An autoencoder trained with perturbed vectors and given its k-means codebook afterwards reconstructs with less error than one trained with a well kept codebook, at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 330 bits an image; 64 and 256 codes of width 8 in both arms. Each arm tunes the step size in {0.005, 0.01} on other seeds. 300 steps of 16 images. Perplexity is read at 256 codes. A secondary pair are finite scalars of 4 x 4 x 4 x 4 levels, quantised (FSQ, baseline) or perturbed (FSP, method) in training, with the arm's step size.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST and 300 steps in place of COCO, ImageNet and speech, and of the catalogue's Fashion-MNIST; squared error alone; a queue of 512 vectors. The catalogue wanted higher perplexity than a straight-through VQ-VAE and no worse error; here the opponent is a well kept codebook, " +
        "the bill is equal, the error decides and perplexity is a secondary measure.";

    /// <inheritdoc/>
    public override string Baseline => "VQ with running averages, k-means++ start and dead-code replacement, 64 and 256 codes";

    /// <inheritdoc/>
    public override string Method => "vector perturbation, a codebook of 64 and 256 codes fitted after training";

    /// <inheritdoc/>
    protected override double Bill => 330;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => [64, 256];

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => arm == Arm.Baseline
        ? new VectorQuantizer(features, Strong(size), random)
        : new VectorPerturbation(features, new VpVaeOptions { Codes = size, Width = CodeWidth, Queue = 512, Iterations = 10 }, random);

    /// <inheritdoc/>
    protected override int Batch => 16;

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
        [.. CommonSecondaries, new("mse of finite scalars", "squared grey level", Better.Lower, Ratio: true), new("bits an image of finite scalars", "bits", Better.Lower, Ratio: true)];

    /// <inheritdoc/>
    protected override void Add(Outcome outcome, Arm arm, Configuration configuration, Trial trial, StudySet parts, IReadOnlyList<(PatchAutoencoder Network, PatchReading Reading)> trained)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(parts);
        int[] levels = [4, 4, 4, 4];
        var scalars = Trained(levels.Length, (features, random) => arm == Arm.Baseline
            ? new FiniteScalarQuantizer(features, new FsqOptions { Levels = levels }, random)
            : new FiniteScalarPerturbation(features, new FspOptions { Levels = levels }, random), parts.Train, configuration, trial).Read(parts.Test);
        outcome["mse of finite scalars"] = scalars.Errors.Average();
        outcome["bits an image of finite scalars"] = scalars.Bits;
    }
}
