using System.Diagnostics;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Zhuang et al.: "WeTok: powerful discrete tokenization for high-fidelity visual reconstruction" (2025): signs in groups with an entropy each, against residual codebooks of running averages with k-means
/// and dead-code replacement.
/// </summary>
public sealed class WetokGroupLfqStudy : CodeStudy
{
    /// <inheritdoc/>
    public override string Slug => "wetok-group-lfq";

    /// <inheritdoc/>
    public override string Claim => "Signs in two groups with an entropy loss each reconstruct with less error than two residual codebooks of the same numbers of codes at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 170 bits an image; two groups of 6 and of 8 signs for the method, two stages of 32 and of 256 codes of width 8 for the baseline. Each arm tunes the step size in {0.005, 0.01} on other seeds. 600 steps of 64 images. As a secondary measure a training pass of 2,048 rows is timed, forwards and backwards, the least of five: 16 signs with the entropy over all 2^16 codes (baseline) and in two groups (method).";

    /// <inheritdoc/>
    public override string Differs =>
        "Sprites in place of ImageNet; the same plain decoder in both arms, not WeTok's generative one, which is not judged; squared error alone. The catalogue compared 16 bits a place with a codebook of 10: here residual codebooks of the same capacity are the opponent, at an equal bill.";

    /// <inheritdoc/>
    public override string Baseline => "residual VQ of two stages, 32 and 256 codes, with running averages, k-means++ start and dead-code replacement";

    /// <inheritdoc/>
    public override string Method => "grouped lookup-free quantisation, two groups of 6 and 8 signs";

    /// <inheritdoc/>
    protected override double Bill => 170;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => arm == Arm.Baseline ? [32, 256] : [6, 8];

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => arm == Arm.Baseline
        ? new ResidualQuantizer([features], new RvqOptions { Codes = [size], Stages = 2, Width = CodeWidth, Decay = 0.9f }, random)
        : new LookupFreeQuantizer(features, new LfqOptions { Bits = size, Groups = 2 }, random);

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
    protected override int Width(Arm arm, int size) => arm == Arm.Baseline ? CodeWidth : 2 * size;

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
        [.. CommonSecondaries, new("entropy of a bit of an index", "bits", Better.Higher), new("seconds of a pass with 16 signs", "seconds", Better.Lower, Ratio: true)];

    /// <inheritdoc/>
    protected override void Add(Outcome outcome, Arm arm, Configuration configuration, Trial trial, StudySet parts, IReadOnlyList<(PatchAutoencoder Network, PatchReading Reading)> trained)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(trial);
        ArgumentNullException.ThrowIfNull(trained);
        var indices = trained[^1].Reading.Indices;
        outcome["entropy of a bit of an index"] = Enumerable.Range(0, 8).Average(bit => new CodeCounts([indices.Count(i => ((i >> bit) & 1) == 0), indices.Count(i => ((i >> bit) & 1) == 1)]).Entropy.Value);
        var options = arm == Arm.Baseline ? new LfqOptions { Bits = 16, Groups = 1 } : new LfqOptions { Bits = 8, Groups = 2 };
        var signs = new LookupFreeQuantizer(PatchAutoencoder.Features, options, trial.Random("timed weights"));
        outcome["seconds of a pass with 16 signs"] = Enumerable.Range(0, 5).Min(_ => Seconds(signs, trial));
    }

    private static double Seconds(LookupFreeQuantizer signs, Trial trial)
    {
        using var scope = new TensorScope("timed");
        var rows = Tensor.Randn(trial.Random("timed rows"), 2048, PatchAutoencoder.Features);
        var clock = Stopwatch.StartNew();
        var passage = signs.Pass(rows, new PassContext(PassMode.Sample, trial.Random("timed noise")) { Training = true });
        passage.Terms.Aggregate(passage.Output.Square().Mean(), (sum, term) => sum + (term.Value * term.Weight)).Backward();
        return clock.Elapsed.TotalSeconds;
    }
}
