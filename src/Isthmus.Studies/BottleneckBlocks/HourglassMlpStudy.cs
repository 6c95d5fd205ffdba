using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.BottleneckBlocks;

/// <summary>
/// "Rethinking the shape convention of an MLP" (2025): residual blocks whose stream is wide and whose inside is narrow, against the usual
/// wide inside of a narrow stream, at equal parameters.
/// </summary>
public sealed class HourglassMlpStudy : Study
{
    private const int Parameters = 400_000, Blocks = 2;
    private const float Noise = 0.5f;

    /// <inheritdoc/>
    public override string Slug => "hourglass-mlp";

    /// <inheritdoc/>
    public override string Claim => "At equal parameters, residual MLP blocks with a wide stream and a narrow inside (hourglass) denoise images with less error than narrow-wide-narrow ones.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: a linear lift of the noisy image to the stream, residual blocks x + W2 gelu(W1 norm(x)), a linear head back to the image; 400,000 parameters (within 2 %), " +
        "the stream's width following from it; two blocks; Adam with a cosine, batch 128, the same number of steps, the same batches and noise. Each arm tunes the ratio of inside to " +
        "stream and the step size on other seeds: the baseline {2, 4} x {0.003, 0.01}, the hourglass {1/4, 1/8} x {0.003, 0.01}. Read on 1,000 test images under one fixed draw of noise.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST at 14 x 14 in place of ImageNet-32 and of the catalogue's Fashion-MNIST; one size of 400,000 parameters and two blocks in place of a frontier over sizes and depths; " +
        "denoising only. That the lift may stay random is read as a secondary measure in both arms, where the catalogue wanted it within 3 %.";

    /// <inheritdoc/>
    public override string Data => "MNIST, 10,000 digits shrunk to 14 x 14 by means of 2 x 2 pixels, Gaussian noise of standard deviation 0.5; 8,000 train, 1,000 validate, 1,000 test";

    /// <inheritdoc/>
    public override Measure Primary => new("mse", "squared grey level", Better.Lower, Ratio: true);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
        [new("mse with a fixed random lift", "squared grey level", Better.Lower, Ratio: true), new("parameters", "", Better.Lower, Ratio: true), new("width of the stream", "", Better.Higher)];

    /// <inheritdoc/>
    public override string Baseline => "residual MLP, inside 2 or 4 times the stream";

    /// <inheritdoc/>
    public override string Method => "hourglass MLP, inside a quarter or an eighth of the stream";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Needs => ["mnist"];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => Grid(2, 4);

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => Grid(0.25, 0.125);

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var parts = StudyData.Split(Halved(StudyData.Mnist(trial)), trial, 8000, 1000, 1000);
        var (network, width) = Network(parts.Train.FeatureSize, configuration, trial);
        Train(network, parts.Train, configuration, trial);
        var validation = Errors(network, parts.Validation).Average();
        if (trial.Tuning) return new Outcome { Tuning = validation };
        var errors = Errors(network, parts.Test);
        var (fixedLift, _) = Network(parts.Train.FeatureSize, configuration, trial);
        fixedLift.Children[0].Value.RequiresGrad(false);
        Train(fixedLift, parts.Train, configuration, trial);
        return new Outcome
        {
            ["mse"] = errors.Average(),
            ["mse with a fixed random lift"] = Errors(fixedLift, parts.Test).Average(),
            ["parameters"] = network.ParameterCount(),
            ["width of the stream"] = width,
            Tuning = validation,
            Examples = errors,
        };
    }

    private static Configuration[] Grid(params double[] ratios) =>
        [.. from ratio in ratios from rate in (double[])[3e-3, 1e-2] select Configuration.Of(("ratio", ratio), ("lr", rate))];

    // Lift and head have 2 f w weights, a block 2 r w^2: the width that makes them the wanted number; norms and biases are the rest.
    private static (Sequential Network, int Width) Network(int features, Configuration c, Trial trial)
    {
        var square = 2 * Blocks * c["ratio"];
        var width = (int)Math.Round((Math.Sqrt(((double)features * features) + (square * Parameters)) - features) / square);
        var weights = trial.Random("weights");
        Module[] blocks = [.. Enumerable.Range(0, Blocks).Select(_ => (Module)new HourglassMlp(width, (int)Math.Round(width * c["ratio"]), weights))];
        return (new Sequential([new Linear(features, width, weights), .. blocks, new LayerNorm(width), new Linear(width, features, weights)]), width);
    }

    private static void Train(Sequential network, Dataset data, Configuration c, Trial trial) =>
        MiniTrainer.Train(trial, network.NamedParameters(), data.Count, new MiniOptions { Steps = trial.Pick(4, 120, 600), LearningRate = c["lr"] }, (rows, noise) =>
        {
            var clean = StudyData.Batch(data, rows).Inputs;
            return Losses.MeanSquaredError(network.Forward(clean + (Tensor.Randn(noise, clean.Shape) * Noise)), clean);
        });

    // The noise of an evaluation is the same for every seed and arm.
    private static double[] Errors(Sequential network, Dataset data)
    {
        var noise = new RandomStream(0).Fork("evaluation");
        return MiniTrainer.SquaredErrors(MiniTrainer.Predict(data, x => network.Forward(x + (Tensor.Randn(noise, x.Shape) * Noise))), data.Features);
    }

    // Means of 2 x 2 pixels, as rows of numbers.
    private static Dataset Halved(Dataset images)
    {
        if (images.FeatureShape is not [var channels, var height, var width] || height < 2 || width < 2)
            throw new InputException($"{images.Name}: hourglass-mlp needs images of at least 2 x 2 pixels");
        var (h, w) = (height / 2, width / 2);
        var halved = new float[images.Count * channels * h * w];
        for (var i = 0; i < halved.Length; i++)
        {
            var (plane, y, x) = (i / (h * w), i / w % h, i % w);
            var at = (plane * height * width) + (2 * y * width) + (2 * x);
            halved[i] = (images.Features[at] + images.Features[at + 1] + images.Features[at + width] + images.Features[at + width + 1]) / 4;
        }
        return new Dataset(images.Name, DataKind.Vectors, images.Count, halved, channels * h * w);
    }
}
