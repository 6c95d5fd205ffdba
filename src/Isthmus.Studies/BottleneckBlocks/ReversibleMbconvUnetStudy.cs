using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.BottleneckBlocks;

/// <summary>
/// "Memory Efficient 3D U-Net with Reversible Mobile Inverted Bottlenecks for Brain Tumor Segmentation" (2021): the U-Net's stages are reversible couplings
/// of inverted bottlenecks, whose activations are computed again instead of kept.
/// </summary>
public sealed class ReversibleMbconvUnetStudy : Study
{
    private const int Side = 20, Channels = 12, Depth = 3, BatchSize = 16;

    /// <inheritdoc/>
    public override string Slug => "reversible-mbconv-unet";

    /// <inheritdoc/>
    public override string Claim => "A U-Net of reversible inverted bottlenecks segments no worse (by one point of Dice) than one of ordinary residual inverted bottlenecks of equal size, in a fraction of the memory.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: a U-Net of two scales, 12 and 24 channels, three stages of 3 blocks, group norms, SiLU; binary cross-entropy, Adam with a cosine, batch 16, the same number of steps and the " +
        "same batches. Baseline block: x + f(x), expansion 2 over all channels; method: a reversible coupling of two inverted bottlenecks over half the channels each, whose expansion " +
        "(about 3) makes the numbers of weights equal (within 2 %). Each arm tunes the step size in {0.003, 0.01} on other seeds. Read: the mean Dice of 200 test images at the threshold 1/2; and the tensor memory of one training step, " +
        "also with twice the blocks.";

    /// <inheritdoc/>
    public override string Differs =>
        "Generated 2-D images of 20 x 20 in place of BraTS volumes of 128^3 (and of the catalogue's 16^3: there is no 3-D convolution), two scales in place of four, expansion chosen for equal weights. " +
        "The primary measure is that nothing is lost; memory, which is the same on every seed, is a secondary one. That recomputed gradients equal kept ones is a unit test, not read here.";

    /// <inheritdoc/>
    public override string Data => "generated: one to three bright ellipses on a smooth random background with noise, 400 to train (new for each seed), 100 to validate, 200 to test";

    /// <inheritdoc/>
    public override Measure Primary => new("dice", "share", Better.Higher, Margin: -0.01);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("memory of a step", "bytes", Better.Lower, Ratio: true),
        new("memory of a step, twice the blocks", "bytes", Better.Lower, Ratio: true),
        new("parameters", "", Better.Lower, Ratio: true),
        new("training time", "seconds", Better.Lower, Ratio: true),
    ];

    /// <inheritdoc/>
    public override string Baseline => "U-Net of residual inverted bottlenecks, activations kept";

    /// <inheritdoc/>
    public override string Method => "U-Net of reversible inverted bottlenecks, activations computed again";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("lr", 3e-3)), Configuration.Of(("lr", 1e-2))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => BaselineConfigurations;

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("reversible-mbconv-unet makes its own images, with their masks: it takes no --data");
        var (train, validation, test) = (Blobs(400, trial.Random("images")), Blobs(100, new RandomStream(0).Fork("validation images")), Blobs(200, new RandomStream(0).Fork("test images")));
        var network = new Unet(arm, Depth, trial.Random("weights"));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        MiniTrainer.Train(trial, network.NamedParameters(), train.Count, new MiniOptions { Steps = trial.Pick(2, 60, 250), Batch = BatchSize, LearningRate = configuration["lr"] }, (rows, _) => Loss(network, train, rows));
        var seconds = clock.Elapsed.TotalSeconds;
        var reading = Dice(network, validation).Average();
        if (trial.Tuning) return new Outcome { Tuning = reading };
        var dice = Dice(network, test);
        return new Outcome
        {
            ["dice"] = dice.Average(),
            ["memory of a step"] = StepMemory(arm, Depth, train),
            ["memory of a step, twice the blocks"] = StepMemory(arm, 2 * Depth, train),
            ["parameters"] = network.ParameterCount(),
            ["training time"] = seconds,
            Tuning = reading,
            Examples = dice,
        };
    }

    private static Tensor Loss(Unet network, Dataset data, int[] rows)
    {
        var batch = StudyData.Batch(data, rows);
        return Losses.BinaryCrossEntropyWithLogits(network.Forward(batch.Inputs).Reshape(rows.Length, -1), batch.Targets!);
    }

    // 2 |A and B| / (|A| + |B|) of every image; every mask has a blob.
    private static double[] Dice(Unet network, Dataset data)
    {
        var logits = MiniTrainer.Predict(network, data).Data;
        var masks = ((ContinuousTarget)data.Target!).Values;
        var dice = new double[data.Count];
        for (var i = 0; i < dice.Length; i++)
        {
            var (both, sum) = (0, 0);
            for (var p = i * Side * Side; p < (i + 1) * Side * Side; p++)
            {
                var (found, there) = (logits[p] > 0, masks[p] > 0.5f);
                both += found && there ? 1 : 0;
                sum += (found ? 1 : 0) + (there ? 1 : 0);
            }
            dice[i] = 2.0 * both / sum;
        }
        return dice;
    }

    // What the first step of a new network takes beyond its parameters; nothing is in the pool before.
    private static double StepMemory(Arm arm, int depth, Dataset data)
    {
        var network = new Unet(arm, depth, new RandomStream(0));
        TensorPool.Trim();
        var before = TensorPool.BytesHeld;
        using (new TensorScope("memory")) Loss(network, data, [.. Enumerable.Range(0, BatchSize)]).Backward();
        return TensorPool.BytesHeld - before;
    }

    private static Dataset Blobs(int count, RandomStream random)
    {
        var (pixels, masks) = (new float[count * Side * Side], new float[count * Side * Side]);
        for (var i = 0; i < count; i++)
        {
            var image = pixels.AsSpan(i * Side * Side, Side * Side);
            var mask = masks.AsSpan(i * Side * Side, Side * Side);
            var (fx, fy, phase) = (0.4 * random.NextDouble(), 0.4 * random.NextDouble(), 2 * Math.PI * random.NextDouble());
            for (var p = 0; p < image.Length; p++) image[p] = (float)((0.4 * Math.Sin((fx * (p % Side)) + (fy * (p / Side)) + phase)) + (0.25 * random.NextGaussian()));
            for (var blobs = 1 + random.NextInt(3); blobs > 0; blobs--)
            {
                var (x, y, contrast) = (Side * random.NextDouble(), Side * random.NextDouble(), 0.7 + (0.5 * random.NextDouble()));
                var (wide, high) = (2 + (3 * random.NextDouble()), 2 + (3 * random.NextDouble()));
                for (var p = 0; p < image.Length; p++)
                    if (Math.Pow(((p % Side) - x) / wide, 2) + Math.Pow(((p / Side) - y) / high, 2) <= 1 && mask[p] == 0)
                    {
                        image[p] += (float)contrast;
                        mask[p] = 1;
                    }
            }
        }
        var target = new ContinuousTarget([.. Enumerable.Range(0, Side * Side).Select(p => FormattableString.Invariant($"pixel {p}"))], masks);
        return new Dataset("blobs", DataKind.Images, count, pixels, 1, Side, Side) { Target = target };
    }

    // 1x1 up, depthwise 3x3, linear 1x1 down, each with a group norm; no addition of its own.
    private static Sequential Inverted(int channels, int inner, RandomStream random) => new(
        new Conv2d(channels, inner, 1, random, bias: false), new GroupNorm(1, inner), new SiLU(),
        new Conv2d(inner, inner, 3, random, padding: 1, groups: inner, bias: false), new GroupNorm(1, inner), new SiLU(),
        new Conv2d(inner, channels, 1, random, bias: false), new GroupNorm(1, channels));

    private static Module Stage(Arm arm, int channels, int depth, RandomStream random)
    {
        if (arm == Arm.Baseline) return new Sequential([.. Enumerable.Range(0, depth).Select(_ => (Module)new ResidualBlock(Inverted(channels, 2 * channels, random)))]);
        // An inverted bottleneck of c channels and m inside has m (2 c + 13) weights and 2 c more: the m that makes two over c / 2 as large as one over c with 2 c inside.
        var inner = (int)Math.Round(channels * ((2.0 * channels) + 13) / (channels + 13));
        return new ReversibleSequence([.. Enumerable.Range(0, depth).Select(_ => new ReversibleBlock(Inverted(channels / 2, inner, random), Inverted(channels / 2, inner, random)))]);
    }

    private sealed class Unet : Module
    {
        private readonly Module _stem, _fine, _down, _coarse, _up, _join, _last, _head;

        public Unet(Arm arm, int depth, RandomStream random)
        {
            _stem = AddModule("stem", new Conv2d(1, Channels, 3, random, padding: 1));
            _fine = AddModule("fine", Stage(arm, Channels, depth, random));
            _down = AddModule("down", new Conv2d(Channels, 2 * Channels, 3, random, stride: 2, padding: 1));
            _coarse = AddModule("coarse", Stage(arm, 2 * Channels, depth, random));
            _up = AddModule("up", new Upsample(2));
            _join = AddModule("join", new Conv2d(3 * Channels, Channels, 1, random));
            _last = AddModule("last", Stage(arm, Channels, depth, random));
            _head = AddModule("head", new Conv2d(Channels, 1, 1, random));
        }

        protected override Tensor Compute(Tensor x)
        {
            var fine = _fine.Forward(_stem.Forward(x));
            var coarse = _up.Forward(_coarse.Forward(_down.Forward(fine)));
            return _head.Forward(_last.Forward(_join.Forward(Tensor.Cat([fine, coarse], 1))));
        }
    }
}
