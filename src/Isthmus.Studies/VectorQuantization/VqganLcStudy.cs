using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Zhu, Wei, Lu, Chen: "Scaling the codebook size of VQGAN to 100,000 with a utilization rate of 99%" (2024): a frozen table of features under a trained projector, against a codebook of running averages
/// with k-means and dead-code replacement.
/// </summary>
public sealed class VqganLcStudy : CodeStudy
{
    /// <inheritdoc/>
    public override string Slug => "vqgan-lc";

    /// <inheritdoc/>
    public override string Claim => "A frozen table of features under one trained projector reconstructs with less error than a well kept ordinary codebook at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 290 bits an image; 256 and 2,048 codes for the method, 64 and 512 for the baseline, whose bills lie about there. Both arms start from the same encoder and decoder, trained without quantisation for half as many steps; the method's table is the k-means centres of that encoder's features on 100 training images. Each arm tunes the step size in {0.005, 0.01} on other seeds. 300 steps of 32 images. Usage, which the paper has at 99 %, is read at each arm's larger codebook.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST, 300 steps and up to 2,048 codes in place of ImageNet and 100,000; k-means of features of the autoencoder itself in place of CLIP's. The catalogue wanted usage above 90 % and less error than directly optimised codes at equal steps; here the opponent is a well " +
        "kept codebook at an equal bill, and usage is a secondary measure.";

    /// <inheritdoc/>
    public override string Baseline => "VQ with running averages, k-means++ start and dead-code replacement, 64 and 512 codes";

    /// <inheritdoc/>
    public override string Method => "frozen features with a projector, 256 and 2,048 codes";

    /// <inheritdoc/>
    protected override double Bill => 290;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => arm == Arm.Baseline ? [64, 512] : [256, 2048];

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => arm == Arm.Baseline
        ? new VectorQuantizer(features, Strong(size), random)
        : new VqganLc(features, new VqganLcOptions { Codes = size, Width = CodeWidth, Iterations = 3 }, random);

    // Encoder and decoder trained with a plain linear layer between them, the same in both arms.
    /// <inheritdoc/>
    protected override void Prepare(PatchAutoencoder network, Dataset train, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var plain = new PatchAutoencoder(train, CodeWidth, (features, random) => new LinearBottleneck(features, CodeWidth, random), trial.Random("weights"));
        plain.Train(trial, train, new MiniOptions { Steps = Math.Max(1, Steps(trial) / 2), Batch = Batch, LearningRate = configuration["lr"] });
        network.CopyFrom(plain);
        network.Bottleneck.Prepare(network.FeaturesOf(train, 100));
    }
}
