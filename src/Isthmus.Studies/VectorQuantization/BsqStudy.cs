using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Zhao, Xiong, Krähenbühl: "Image and video tokenization with binary spherical quantization" (2024): signs of a unit vector, a codebook that nobody stores, against a learned codebook of running averages with k-means
/// and dead-code replacement.
/// </summary>
public sealed class BsqStudy : CodeStudy
{
    /// <inheritdoc/>
    public override string Slug => "bsq";

    /// <inheritdoc/>
    public override string Claim => "Signs of 12 numbers on the unit sphere reconstruct with less error than a well kept learned codebook of up to 4,096 codes at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 120 bits an image; 8 and 12 signs for the method, 128 and 4,096 codes of width 8 for the baseline. Each arm tunes the step size in {0.005, 0.01} on other seeds. 600 steps of 64 images. Usage is read at 12 signs and 4,096 codes. What the prior, counted on training images, makes of the 192 bits of 12 a place is a secondary measure.";

    /// <inheritdoc/>
    public override string Differs =>
        "Sprites in place of ImageNet, COCO and video; squared error alone; no transformer and no autoregressive network as the prior: a table of codes, counted on training images, stands for it. The catalogue's measure, usage, says little of a small picture: the error at an equal bill decides, and usage is a secondary measure. " +
        "That the factorised entropy agrees with brute force is a unit test.";

    /// <inheritdoc/>
    public override string Baseline => "VQ with running averages, k-means++ start and dead-code replacement, 128 and 4,096 codes";

    /// <inheritdoc/>
    public override string Method => "binary spherical quantisation, 8 and 12 signs";

    /// <inheritdoc/>
    protected override double Bill => 120;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => arm == Arm.Baseline ? [128, 4096] : [8, 12];

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => arm == Arm.Baseline
        ? new VectorQuantizer(features, Strong(size), random)
        : new BinarySphericalQuantizer(features, new BsqOptions { Bits = size }, random);

    /// <inheritdoc/>
    public override string Data => "make:sprites, 8,800 grey pictures of one shape, 16 x 16; 8,000 train, 300 validate, 500 test";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Needs => [];

    /// <inheritdoc/>
    protected override Dataset Load(Trial trial) => StudyData.Sprites(trial, 8800);

    /// <inheritdoc/>
    protected override int Batch => 64;

    /// <inheritdoc/>
    protected override int Steps(Trial trial) => trial.Pick(2, 150, 600);

    /// <inheritdoc/>
    protected override int Width(Arm arm, int size) => arm == Arm.Baseline ? CodeWidth : size;

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries => [.. CommonSecondaries, new("bits an image at 12 bits a place", "bits", Better.Lower, Ratio: true)];

    /// <inheritdoc/>
    protected override void Add(Outcome outcome, Arm arm, Configuration configuration, Trial trial, StudySet parts, IReadOnlyList<(PatchAutoencoder Network, PatchReading Reading)> trained)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(trained);
        outcome["bits an image at 12 bits a place"] = trained[^1].Reading.Bits;
    }
}
