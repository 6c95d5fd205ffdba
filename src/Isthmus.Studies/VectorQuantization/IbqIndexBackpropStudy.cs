using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Shi, Luo, Ge, Zhang, Zhao, Shan: "Taming scalable visual tokenizer for autoregressive image generation" (2024): the code with the largest product is sent and the gradient is that of the softmax
/// over all codes, against a codebook of running averages with k-means and dead-code replacement.
/// </summary>
public sealed class IbqIndexBackpropStudy : CodeStudy
{
    /// <inheritdoc/>
    public override string Slug => "ibq-index-backprop";

    /// <inheritdoc/>
    public override string Claim => "Backpropagating through the index, so that all codes learn at every step, gives less error than a well kept ordinary codebook at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 160 bits an image; 64 and 512 codes for the method, 8 and 32 for the baseline, whose bills lie about there. Beyond the two sizes the line is followed by at most half their distance; the secondary measure says where that was. Each arm tunes two settings on other seeds at a step size of 0.01: the method the entropy loss's weight in {0.05, 0.5}, the baseline the commitment's in {0.25, 1}. 300 steps of 32 images.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST, 300 steps and up to 512 codes of width 8 in place of ImageNet and 2^18 codes of width 256; squared error alone. The catalogue wanted usage and error against a plain codebook at equal steps; here the opponent is a well kept one at an " +
        "equal bill, and usage, read at each arm's larger codebook, is a secondary measure. A first run was declared at 200 bits, which three of five seeds of the method did not reach: it read opposite too (log ratio 0.34).";

    /// <inheritdoc/>
    public override string Baseline => "VQ with running averages, k-means++ start and dead-code replacement, 8 and 32 codes";

    /// <inheritdoc/>
    public override string Method => "index backpropagation, 64 and 512 codes";

    /// <inheritdoc/>
    protected override double Bill => 160;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => arm == Arm.Baseline ? [8, 32] : [64, 512];

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => arm == Arm.Baseline
        ? new VectorQuantizer(features, Strong(size) with { Commitment = (float)configuration["commitment"] }, random)
        : new IndexBackpropagation(features, new IbqOptions { Codes = size, Width = CodeWidth, Entropy = (float)configuration["entropy"] }, random);

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("lr", 1e-2), ("commitment", 0.25)), Configuration.Of(("lr", 1e-2), ("commitment", 1))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => [Configuration.Of(("lr", 1e-2), ("entropy", 0.05)), Configuration.Of(("lr", 1e-2), ("entropy", 0.5))];
}
