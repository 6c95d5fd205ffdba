using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Fifty, Junkins, Duan, Iyer, Liu, Amid, Thrun, Ré: "Restructuring vector quantization with the rotation trick" (2024): the gradient passes the choice of a code turned and scaled as the vector is,
/// against the straight-through gradient; both with a codebook of running averages, k-means and dead-code replacement.
/// </summary>
public sealed class RotationTrickStudy : CodeStudy
{
    /// <inheritdoc/>
    public override string Slug => "rotation-trick";

    /// <inheritdoc/>
    public override string Claim => "With the gradient rotated and scaled as the vector is, a vector-quantised autoencoder reconstructs with less error than with the straight-through gradient, at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 380 bits an image; 128 and 1,024 codes of width 8 in both arms, which differ in nothing but the estimator. Each arm tunes the step size in {0.005, 0.01} on other seeds. 300 steps of 32 images.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST and 300 steps in place of ImageNet and the paper's eleven settings, and of the catalogue's Fashion-MNIST; squared error alone. Read at an equal bill, and both arms keep their codebooks well, so that usage has little room.";

    /// <inheritdoc/>
    public override string Baseline => "VQ with running averages, k-means++ start and dead-code replacement, straight-through gradient";

    /// <inheritdoc/>
    public override string Method => "the same with the rotation trick";

    /// <inheritdoc/>
    protected override double Bill => 380;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => [128, 1024];

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => arm == Arm.Baseline
        ? new VectorQuantizer(features, Strong(size), random)
        : new VectorQuantizer(features, Strong(size) with { Estimator = CodeEstimator.Rotation }, random);
}
