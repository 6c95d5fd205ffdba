using Isthmus.Information;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>"Information Bottleneck Analysis of Deep Neural Networks via Lossy Compression" (2024): information between pictures read off the codes of a lossy compression.</summary>
public sealed class IbLossyCompressionStudy : Study
{
    private const int Side = 12, Nuisance = 1;

    /// <inheritdoc/>
    public override string Slug => "ib-lossy-compression";

    /// <inheritdoc/>
    public override string Claim => "Between pictures with nuisance objects, neighbours of lossy codes read the mutual information with less than half the mean absolute error of neighbours of raw pixels.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: pairs of 12 x 12 pictures of a bright Gaussian spot whose place correlates with that of its twin, and one dimmer independent spot in each picture, with 0, 1, … 6 nats by formula; 1,500 pairs. " +
        "Baseline: the estimator of Kraskov, Stoegbauer and Grassberger on pixels with k of 1, 3 or 10. Method: weighted Kozachenko-Leonenko entropies (k = 5) of 2 or 4 principal components of each picture, or of " +
        "2 numbers of an autoencoder. Each arm chooses on other seeds by the error at 1, 3 and 5 nats of 1,000 pairs. Read: the mean over the seven tasks of |estimate - truth|.";

    /// <inheritdoc/>
    public override string Differs =>
        "Pictures of 12 x 12 in the place of 16 x 16 and larger ones; no convolutional network's layers. The catalogue's pictures lie on a smooth surface that neighbours in raw pixels follow as well: an independent spot in each picture " +
        "adds dimensions that tell nothing, tasks reach from 0 to 6 nats, and the raw pixels get the better estimator of Kraskov and others in place of the entropies.";

    /// <inheritdoc/>
    public override string Data => "generated: make:blob-pair,size=12,nuisance=1 with rho of 0 to 0.9988";

    /// <inheritdoc/>
    public override Measure Primary => new("mean absolute error", "nats", Better.Lower, Margin: 1, Ratio: true);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("error at 0 nats", "nats", Better.Lower),
        new("error at 6 nats", "nats", Better.Lower),
        new("mean absolute error of 375 pairs", "nats", Better.Lower, Ratio: true),
    ];

    /// <inheritdoc/>
    public override string Baseline => "nearest neighbours in raw pixels (ksg1)";

    /// <inheritdoc/>
    public override string Method => "nearest neighbours in codes of lossy compression";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("k", 1)), Configuration.Of(("k", 3)), Configuration.Of(("k", 10))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations =>
        [Configuration.Of(("components", 2), ("autoencoder", 0)), Configuration.Of(("components", 4), ("autoencoder", 0)), Configuration.Of(("components", 2), ("autoencoder", 1))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("ib-lossy-compression makes its own pictures, whose information is known: it takes no --data");
        SampleEstimator estimator = arm == Arm.Baseline
            ? new Ksg1 { K = configuration.Int("k") }
            : new LossyInformation { Components = configuration.Int("components"), Autoencoder = configuration.Int("autoencoder") == 1 };
        if (trial.Tuning) return new Outcome { Tuning = Errors(estimator, trial.Pick<double[]>([3], [1, 3, 5], [1, 3, 5]), trial.Pick(60, 300, 1000), trial).Average() };
        double[] nats = trial.Pick<double[]>([0, 6], [0, 2, 4, 6], [0, 1, 2, 3, 4, 5, 6]);
        var rows = trial.Pick(60, 400, 1500);
        var errors = Errors(estimator, nats, rows, trial);
        return new Outcome
        {
            ["mean absolute error"] = errors.Average(),
            ["error at 0 nats"] = errors[0],
            ["error at 6 nats"] = errors[^1],
            ["mean absolute error of 375 pairs"] = Errors(estimator, nats, Math.Max(rows / 4, 30), trial).Average(),
            Tuning = errors.Average(),
        };
    }

    private static double[] Errors(SampleEstimator estimator, double[] nats, int rows, Trial trial) => [.. nats.Select((value, i) =>
    {
        trial.Stop.ThrowIfCancellationRequested();
        trial.Progress?.Report((double)i / nats.Length);
        var rho = Math.Sqrt(1 - Math.Exp(-value));
        var task = InformationTasks.Parse(FormattableString.Invariant($"blob-pair,size={Side},rho={rho:R},nuisance={Nuisance}"));
        var (x, y) = task.Sample(rows, trial.Random("pictures").Fork(FormattableString.Invariant($"{i}")).NextUInt64());
        return Math.Abs(estimator.Estimate(x, y, MeasureOptions.ValueOnly).Bits!.Value.Nats - value);
    })];
}
