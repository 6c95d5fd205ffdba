using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// A study that holds two quantisers of a <see cref="PatchAutoencoder"/> against each other at an equal bill: each arm trains networks of
/// several sizes of its codebook, and its error is read at one number of bits an image, on the line between the two sizes whose bills lie
/// nearest to it.
/// </summary>
public abstract class CodeStudy : Study
{
    /// <summary>Numbers of a code.</summary>
    protected const int CodeWidth = 8;

    private const double Reach = 0.5; // how far beyond the measured sizes a line is followed, in distances between them

    /// <summary>Bits an image at which errors are compared.</summary>
    protected abstract double Bill { get; }

    /// <summary>Sizes that an arm trains, rising in bills; the last is the one whose usage is read.</summary>
    protected abstract IReadOnlyList<int> Sizes(Arm arm);

    /// <summary>The bottleneck of an arm and a size.</summary>
    /// <param name="arm">Which arm.</param>
    /// <param name="size">One of <see cref="Sizes"/>.</param>
    /// <param name="configuration">The arm's setting.</param>
    /// <param name="features">Numbers of a row.</param>
    /// <param name="random">Where initial weights come from.</param>
    protected abstract Bottleneck Build(Arm arm, int size, Configuration configuration, int features, RandomStream random);

    /// <summary>Numbers of a place behind the bottleneck.</summary>
    protected virtual int Width(Arm arm, int size) => CodeWidth;

    /// <summary>Training steps.</summary>
    protected virtual int Steps(Trial trial) => trial.Pick(2, 80, 300);

    /// <summary>Images of a step.</summary>
    protected virtual int Batch => 32;

    /// <summary>What all studies of this kind do.</summary>
    protected const string Common =
        "Both arms: an autoencoder with a code at every patch of 4 x 4 pixels (patches to 24 channels, a 3 x 3 convolution over the map of patches, the quantiser at each place, the same backwards), " +
        "trained by squared error and the quantiser's own terms with Adam and a cosine, the same batches and steps. The bill is the bytes that the bottleneck's own writer makes of the test images under a static prior " +
        "counted on 500 training images. Each arm trains two sizes of its codebook, and its error is read at one bill on the line between them";

    /// <summary>The images.</summary>
    protected virtual Dataset Load(Trial trial) => StudyData.Mnist(trial);

    /// <summary>What follows the making of a network and precedes its training.</summary>
    protected virtual void Prepare(PatchAutoencoder network, Dataset train, Configuration configuration, Trial trial)
    {
    }

    /// <summary>A codebook as a careful engineer would keep it in a run of some hundred steps: k-means++ on the first batch, running averages over about
    /// ten batches (a decay of 0.99 is for longer runs: a thousand codes lag behind the encoder), dead codes replaced.</summary>
    protected static VqOptions Strong(int codes) => new() { Codes = codes, Width = CodeWidth, Decay = 0.9f };

    /// <summary>Values of secondary measures beyond those of every study of this kind.</summary>
    /// <param name="outcome">Takes them.</param>
    /// <param name="arm">Which arm.</param>
    /// <param name="configuration">Its configuration.</param>
    /// <param name="trial">Seed and budget.</param>
    /// <param name="parts">The data.</param>
    /// <param name="trained">The networks and readings on the test images, by size.</param>
    protected virtual void Add(Outcome outcome, Arm arm, Configuration configuration, Trial trial, StudySet parts, IReadOnlyList<(PatchAutoencoder Network, PatchReading Reading)> trained)
    {
    }

    /// <inheritdoc/>
    public override Measure Primary => new("mse at an equal bill", "squared grey level", Better.Lower, Ratio: true);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries => CommonSecondaries;

    /// <summary>What every study of this kind reports beside its error.</summary>
    protected static IReadOnlyList<Measure> CommonSecondaries { get; } =
    [
        new("bits an image", "bits", Better.Lower, Ratio: true),
        new("codes used", "share", Better.Higher),
        new("perplexity over codes", "share", Better.Higher),
        new("numbers in codebooks", "", Better.Lower),
    ];

    /// <inheritdoc/>
    public override string Data => "MNIST, 10,000 digits of 28 x 28; 8,000 train, 300 validate, 500 test";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Needs => ["mnist"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["CodeStudy.cs", "PatchAutoencoder.cs"];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("lr", 5e-3)), Configuration.Of(("lr", 1e-2))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => [Configuration.Of(("lr", 5e-3)), Configuration.Of(("lr", 1e-2))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var parts = StudyData.Split(Load(trial), trial, 8000, 300, 500);
        var networks = Sizes(arm).Select(size => Trained(Width(arm, size), (features, random) => Build(arm, size, configuration, features, random), parts.Train, configuration, trial)).ToArray();
        var validation = AtBill([.. networks.Select(n => n.Read(parts.Validation))]).Errors.Average();
        if (trial.Tuning) return new Outcome { Tuning = validation };
        var readings = networks.Select(n => n.Read(parts.Test)).ToArray();
        var (errors, bits) = AtBill(readings);
        var outcome = new Outcome
        {
            [Primary.Name] = errors.Average(),
            ["bits an image"] = bits,
            ["codes used"] = readings[^1].UsedShare,
            ["perplexity over codes"] = readings[^1].RelativePerplexity,
            ["numbers in codebooks"] = Numbers(networks[^1].Bottleneck),
            Tuning = validation,
            Examples = errors,
        };
        Add(outcome, arm, configuration, trial, parts, [.. networks.Zip(readings)]);
        return outcome;
    }

    /// <summary>A network of the study, trained, with its prior fitted.</summary>
    protected PatchAutoencoder Trained(int width, Func<int, RandomStream, Bottleneck> bottleneck, Dataset train, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var network = new PatchAutoencoder(train, width, bottleneck, trial.Random("weights"));
        Prepare(network, train, configuration, trial);
        network.Train(trial, train, new MiniOptions { Steps = Steps(trial), Batch = Batch, LearningRate = configuration["lr"] });
        network.Bottleneck.Freeze(network.FeaturesOf(train, 500));
        return network;
    }

    /// <summary>Errors at the bill, and the bits an image of that point: the bill itself, but where it lies far beyond what was measured.</summary>
    protected (double[] Errors, double Bits) AtBill(IReadOnlyList<PatchReading> readings)
    {
        ArgumentNullException.ThrowIfNull(readings);
        PatchReading[] rising = [.. readings.OrderBy(r => r.Bits)];
        if (rising.Length == 1) return (rising[0].Errors, rising[0].Bits);
        var above = Math.Clamp(Array.FindIndex(rising, r => r.Bits >= Bill) is var i && i < 0 ? rising.Length - 1 : i, 1, rising.Length - 1);
        var (low, high) = (rising[above - 1], rising[above]);
        var share = high.Bits > low.Bits ? Math.Clamp((Bill - low.Bits) / (high.Bits - low.Bits), -Reach, 1 + Reach) : 0.5;
        return ([.. low.Errors.Zip(high.Errors, (a, b) => ((1 - share) * a) + (share * b))], ((1 - share) * low.Bits) + (share * high.Bits));
    }

    // What a receiver has to hold of the codebook before any message.
    private static double Numbers(Bottleneck bottleneck) => bottleneck switch
    {
        CodebookBottleneck books => books.Stages.Distinct().Sum(s => s.Table.Numel),
        ProjectedCodebook projected => projected.Codebook.Numel,
        IndexBackpropagation index => index.Codebook.Numel,
        VectorPerturbation perturbed => perturbed.Codebook?.Numel ?? 0,
        _ => bottleneck.Children.Select(c => c.Value).OfType<Bottleneck>().Sum(Numbers),
    };
}
