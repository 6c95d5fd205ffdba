using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// "Is hierarchical quantization essential for optimal reconstruction?" (2026): a single level of codes, started from data and rid of dead codes, against two levels
/// under the same care.
/// </summary>
public sealed class SingleLevelVqStudy : CodeStudy
{
    private const int Side = 7; // places on a side of an MNIST image

    /// <inheritdoc/>
    public override string Slug => "single-level-vq-study";

    /// <inheritdoc/>
    public override string Claim => "Where its codebook is started from data and dead codes are replaced, a single level of codes reconstructs with at most 3 % more error than a hierarchy of two levels at the same number of bits.";

    /// <inheritdoc/>
    public override string Procedure => Common + ": 400 bits an image; 128 and 1,024 codes of width 8 for the single level, 64 and 256 in each codebook of the hierarchy, whose bills lie about there. The hierarchy has a coarse map of 4 x 4 places above the fine one of 7 x 7, with a codebook each; its fine quantiser and " +
        "the decoder see the coarse codes. Each arm tunes the step size in {0.005, 0.01} on other seeds. 300 steps of 32 images. Secondary: the larger size of each arm without the interventions, that is from a random table and with dead codes left dead.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST, 300 steps and a map of 7 x 7 in place of ImageNet, and of the catalogue's Fashion-MNIST; squared error alone. Equal are the bits that are written, not the nominal ones; the hierarchy has two convolutions more. The codes' width is 8 and not tuned.";

    /// <inheritdoc/>
    public override Measure Primary => base.Primary with { Margin = -0.03 };

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
        [.. CommonSecondaries, new("codes used without the interventions", "share", Better.Higher), new("mse at the larger size", "squared grey level", Better.Lower, Ratio: true),
            new("mse at the larger size without the interventions", "squared grey level", Better.Lower, Ratio: true)];

    /// <inheritdoc/>
    public override string Baseline => "two levels of codes, 64 and 256 each, with running averages, k-means++ start and dead-code replacement";

    /// <inheritdoc/>
    public override string Method => "one level of 128 and 1,024 codes, under the same care";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => [.. base.Sources, "TwoLevelBottleneck.cs"];

    /// <inheritdoc/>
    protected override double Bill => 400;

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Sizes(Arm arm) => arm == Arm.Baseline ? [64, 256] : [128, 1024];

    /// <inheritdoc/>
    protected override int Width(Arm arm, int size) => arm == Arm.Baseline ? CodeWidth + PatchAutoencoder.Features : CodeWidth;

    /// <inheritdoc/>
    protected override Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random) => Build(arm, Strong(size), features, random);

    /// <inheritdoc/>
    protected override void Add(Outcome outcome, Arm arm, Configuration configuration, Trial trial, StudySet parts, IReadOnlyList<(PatchAutoencoder Network, PatchReading Reading)> trained)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(trained);
        var larger = Sizes(arm)[^1];
        var left = Trained(Width(arm, larger), (features, random) =>
        {
            var bottleneck = Build(arm, Strong(larger) with { DeadThreshold = 0 }, features, random);
            FromRandomTables(bottleneck);
            return bottleneck;
        }, parts.Train, configuration, trial).Read(parts.Test);
        outcome["codes used without the interventions"] = left.UsedShare;
        outcome["mse at the larger size"] = trained[^1].Reading.Errors.Average();
        outcome["mse at the larger size without the interventions"] = left.Errors.Average();
    }

    private static Bottleneck Build(Arm arm, VqOptions options, int features, RandomStream random) =>
        arm == Arm.Baseline ? new TwoLevelBottleneck(Side, features, options, random) : new VectorQuantizer(features, options, random);

    // A codebook whose state says that it has been started keeps its random table: every code counts as one vector.
    private static void FromRandomTables(Bottleneck bottleneck)
    {
        foreach (var (_, module) in bottleneck.NamedModules())
        {
            if (module is not Codebook book) continue;
            var state = book.StateDict().ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
            state["counts"] = Tensor.Ones(book.Counts.Shape);
            state["sums"] = book.Table;
            state["state"] = Tensor.Ones(1);
            book.LoadStateDict(state);
        }
    }
}
