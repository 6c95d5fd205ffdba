using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Ma et al.: "UniTok: a unified tokenizer for visual generation and understanding" (2025): a vector is cut into chunks with a small codebook each, against one codebook of the product's size,
/// of running averages with k-means and dead-code replacement.
/// </summary>
public sealed class UnitokStudy : CodeStudy
{
    /// <inheritdoc/>
    public override string Slug => "unitok";

    /// <inheritdoc/>
    public override string Claim => "Two codebooks of 64 codes on chunks of a vector reconstruct with less error than one codebook of 4,096 codes at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 480 bits an image; twice 32 and twice 64 codes of width 4 for the method, 1,024 and 4,096 of width 8 for the baseline: 10 and 12 bits a place in both arms. Each arm tunes the step size in {0.005, 0.01} on other seeds. 300 steps of 32 images.";

    /// <inheritdoc/>
    public override string Differs =>
        "Reconstruction of MNIST alone, 300 steps: no captions, no contrastive loss, no zero-shot accuracy. The catalogue compared four books of 64 codes with one of 256, 24 bits with 8; here capacity is equal, and so is the bill at which errors are read.";

    /// <inheritdoc/>
    public override string Baseline => "VQ with running averages, k-means++ start and dead-code replacement, 1,024 and 4,096 codes";

    /// <inheritdoc/>
    public override string Method => "two chunks with codebooks of 32 and 64 unit vectors each, projected back";

    /// <inheritdoc/>
    protected override double Bill => 480;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => arm == Arm.Baseline ? [1024, 4096] : [32, 64];

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => arm == Arm.Baseline
        ? new VectorQuantizer(features, Strong(size), random)
        : new MultiCodebookTokenizer([features], new UniTokOptions { Codes = size, Chunks = 2, Width = CodeWidth / 2, Decay = 0.9f }, random);

    // The tokeniser projects its codes back to the features.
    /// <inheritdoc/>
    protected override int Width(Arm arm, int size) => arm == Arm.Baseline ? CodeWidth : PatchAutoencoder.Features;
}
