using System.Diagnostics;
using Isthmus.Information;

namespace Isthmus.Studies.InformationTheory;

/// <summary>
/// "Scaling Up Probabilistic Circuits by Latent Variable Distillation" (Liu, Zhang, Van den Broeck 2023): hidden variables are given values by
/// clustering, a circuit's parameters are counted from them, and expectation-maximisation only fine-tunes.
/// </summary>
public sealed class LvdProbCircuitsStudy : Study
{
    /// <inheritdoc/>
    public override string Slug => "lvd-prob-circuits";

    /// <inheritdoc/>
    public override string Claim => "A circuit whose hidden variables were distilled from clusters reaches a higher held-out likelihood by expectation-maximisation than the same circuit from a random start.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: the Chow-Liu tree of the training images, a hidden variable of 16 states at each pixel (so equal structure and size), up to 48 passes of expectation-maximisation over 1500 images. " +
        "Baseline: parameters drawn from flat Dirichlet distributions. Method: each hidden variable's states are clusters (k-means) of the 16 nearest pixels of its subtree, parameters are counted from these. " +
        "Each arm tunes the pseudocount in {0.3, 3} on other seeds. Read: -log2 p of 500 test images, exactly.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST's test digits at 14 x 14 with two levels, 16 states, 1500 images, in place of ImageNet32 and CIFAR with thousands of states; clusters are of pixels, not of a deep generative model's embeddings, " +
        "so nothing is distilled from a stronger model than k-means. That marginals are exact is a unit test by enumeration.";

    /// <inheritdoc/>
    public override string Data => "MNIST's 10,000 test digits at 14 x 14, two levels: 1500 to learn (new for each seed), 500 to validate, 500 to test";

    /// <inheritdoc/>
    public override Measure Primary => new("negative log-likelihood", "bits per image", Better.Lower);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("before the first pass", "bits per image", Better.Lower),
        new("on the training images", "bits per image", Better.Lower),
        new("after a quarter of the passes", "bits per image", Better.Lower),
        new("parameters", "", Better.Lower, Ratio: true),
        new("training time", "seconds", Better.Lower, Ratio: true),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Needs => ["mnist"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["BinaryDigits.cs"];

    /// <inheritdoc/>
    public override string Baseline => "random start";

    /// <inheritdoc/>
    public override string Method => "latent variable distillation";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("pseudocount", 0.3)), Configuration.Of(("pseudocount", 3))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => BaselineConfigurations;

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var parts = StudyData.Split(StudyData.Mnist(trial), trial, trial.Pick(60, 500, 1500), trial.Pick(20, 500, 500), trial.Pick(20, 500, 500));
        var (train, validation, test) = (BinaryDigits.Rows(parts.Train), BinaryDigits.Rows(parts.Validation), BinaryDigits.Rows(parts.Test));
        var (states, quarter) = (trial.Pick(4, 16, 16), trial.Pick(1, 3, 12));
        var tree = ChowLiuTree.Learn(train, BinaryDigits.Alphabets);
        var clock = Stopwatch.StartNew();
        var circuit = arm == Arm.Baseline
            ? CircuitStructures.HiddenTree(tree, BinaryDigits.Alphabets, states, trial.Random("parameters").NextUInt64())
            : LatentDistillation.HiddenTree(tree, train, BinaryDigits.Alphabets, states, LatentDistillation.SubtreeLabels(tree, train, BinaryDigits.Alphabets, states, window: 16, seed: (ulong)trial.Seed), configuration["pseudocount"]);
        var start = trial.Tuning ? 0 : circuit.NegativeLogLikelihood(test).Value;
        trial.Stop.ThrowIfCancellationRequested();
        CircuitLearning.Fit(circuit, train, Passes(quarter));
        var early = trial.Tuning ? 0 : circuit.NegativeLogLikelihood(test).Value;
        trial.Stop.ThrowIfCancellationRequested();
        CircuitLearning.Fit(circuit, train, Passes(3 * quarter));
        var seconds = clock.Elapsed.TotalSeconds;
        var reading = circuit.NegativeLogLikelihood(validation).Value;
        if (trial.Tuning) return new Outcome { Tuning = reading };
        var bits = Array.ConvertAll(circuit.LogLikelihoods(test), nats => Bits.FromNats(-nats).Value);
        return new Outcome
        {
            ["negative log-likelihood"] = bits.Average(),
            ["before the first pass"] = start,
            ["on the training images"] = circuit.NegativeLogLikelihood(train).Value,
            ["after a quarter of the passes"] = early,
            ["parameters"] = circuit.Parameters,
            ["training time"] = seconds,
            Tuning = reading,
            Examples = bits,
        };

        CircuitOptions Passes(int passes) => new() { Iterations = passes, Pseudocount = configuration["pseudocount"], Tolerance = 0.01 };
    }
}
