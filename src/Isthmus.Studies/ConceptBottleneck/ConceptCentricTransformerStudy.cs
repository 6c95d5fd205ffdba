using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// Hong, Park, Pavone: "Concept-centric transformers: enhancing model interpretability through object-centric concept learning within a shared global workspace"
/// (2023): concepts that slot attention fills from each picture, against a concept transformer whose concepts are the same for all.
/// </summary>
public sealed class ConceptCentricTransformerStudy : Study
{
    private const int Places = PaintedScenes.Map / 2, Values = 3, Concepts = 2 * Values, Classes = Values * Values;
    private static readonly int[] s_shapes = [0, 1, 3]; // square, ellipse, triangle

    /// <inheritdoc/>
    public override string Slug => "concept-centric-transformer";

    /// <inheritdoc/>
    public override string Claim => "Six concepts that slot attention fills from each picture name the colour and shape of its largest object more accurately than the six fixed concepts of a concept transformer.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Pictures of three objects in three of four quarters, one of them larger; the class is the colour and shape of that one (three of each, nine classes), and its two attributes are the concepts that are annotated, of six. Both arms: a convolutional encoder of 24 channels at 10 x 10 places, averaged to 5 x 5; ConceptSlots of width 32 (places attend to concepts; " +
        "cross-entropy of concepts, and the squared distance of attention to the annotated concepts, weights 1); a linear head on the mean of what places take; 300 steps of 48 by Adam with a cosine. Method: three rounds of slot attention fill the concepts. Baseline: none (the memory-free concept transformer), and after the encoder " +
        "a residual layer of each place that is as wide as to have at least the method's parameters. Each arm tunes the step size in {0.002, 0.004} on validation pictures. Read: accuracy of classes. Beside it how far pictures of one class agree on what concepts get: the mean cosine of their attention, averaged over places, between test pictures of one class.";

    /// <inheritdoc/>
    public override string Differs =>
        "The encoder is trained with the rest on the study's own pictures, where the paper takes pretrained ones; painted scenes in place of CIFAR-100, CUB and ImageNet. Slots start from learned places of their own, so that slot j is concept j. " +
        "A concept's belief is read from the products of queries and keys, and concepts that are not believed get no attention, in both arms: that is what makes them editable here, and is not in the paper. " +
        "Step sizes, steps and the grid of 5 x 5 places were set after trials on seeds that are not read; on a grid of 10 x 10 the baseline was ahead.";

    /// <inheritdoc/>
    public override string Data => "generated: 1,500 pictures of 20 x 20 to train on, 300 to tune by and 600 to read; grounds, places, sizes and angles vary";

    /// <inheritdoc/>
    public override Measure Primary => new("class accuracy", "share", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("agreement of attention in a class", "cosine", Better.Higher),
        new("concept accuracy", "share", Better.Higher),
        new("class accuracy, concepts corrected", "share", Better.Higher),
        new("parameters", "", Better.Lower, Ratio: true),
    ];

    /// <inheritdoc/>
    public override string Baseline => "a concept transformer: concepts are the same in every picture";

    /// <inheritdoc/>
    public override string Method => "concepts are slots that three rounds of slot attention fill from the picture";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["PaintedScenes.cs", "SceneData.cs"];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("lr", 2e-3)), Configuration.Of(("lr", 4e-3))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => BaselineConfigurations;

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("concept-centric-transformer paints its own pictures: it takes no --data");
        var space = SceneData.Binary([.. ScenePainter.Colours.Take(Values), .. s_shapes.Select(s => ScenePainter.Shapes[s])]);
        var training = Paint(space, trial.Pick(64, 1500, 1500), trial.Random("training"));
        var network = Network(arm, space, trial.Random("weights"));
        var layer = (ConceptSlots)network.Bottleneck;
        MiniTrainer.Train(trial, network, new CrossEntropyObjective(), training.Data, new MiniOptions { Steps = trial.Pick(2, 100, 300), Batch = 48, LearningRate = configuration["lr"], ClipNorm = 1 });
        var validation = Paint(space, trial.Pick(45, 300, 300), trial.Random("validation")).Data;
        var tuning = MiniTrainer.Correct(MiniTrainer.Predict(network, validation), validation).Average();
        if (trial.Tuning) return new Outcome { Tuning = tuning };
        var test = Paint(space, trial.Pick(45, 600, 600), trial.Random("test"));
        var scores = MiniTrainer.Predict(test.Data, x => layer.Scores(network.Encoder.Forward(x)));
        var next = 0;
        var corrected = MiniTrainer.Predict(test.Data, x =>
        {
            var features = network.Encoder.Forward(x);
            var annotated = Tensor.From(test.Concepts.AsSpan(next * Concepts, x.Size(0) * Concepts), x.Size(0), Concepts);
            next += x.Size(0);
            return network.Decoder.Forward(layer.Emit(features, layer.Scores(features), space.Known(annotated)));
        });
        return new Outcome
        {
            [Primary.Name] = MiniTrainer.Correct(MiniTrainer.Predict(network, test.Data), test.Data).Average(),
            ["agreement of attention in a class"] = Agreement(MiniTrainer.Predict(test.Data, x => layer.Attention(network.Encoder.Forward(x)).Mean(1)), ((ClassTarget)test.Data.Target!).Labels),
            ["concept accuracy"] = scores.ToArray().Zip(test.Concepts, (s, c) => s > 0 == c > 0.5f ? 1.0 : 0.0).Average(),
            ["class accuracy, concepts corrected"] = MiniTrainer.Correct(corrected, test.Data).Average(),
            ["parameters"] = network.ParameterCount(),
            Tuning = tuning,
        };
    }

    private static BottleneckNetwork Network(Arm arm, ConceptSpace space, RandomStream random)
    {
        BottleneckNetwork Of(Module encoder, int rounds) => new(new Sequential(encoder, new AvgPool2d(2)),
            new ConceptSlots([SceneEncoder.Channels, Places, Places], space, new ConceptSlotOptions { Iterations = rounds }, random.Fork("layer")), new Linear(32, Classes, random.Fork("head")));
        var method = Of(new SceneEncoder(random.Fork("encoder"), places: false), 3);
        if (arm == Arm.Method) return method;
        for (var width = 1; ; width++)
        {
            var wide = random.Fork("wide");
            var each = new ResidualBlock(new Sequential(new Conv2d(SceneEncoder.Channels, width, 1, wide), new GELU(), new Conv2d(width, SceneEncoder.Channels, 1, wide)));
            if (Of(new Sequential(new SceneEncoder(random.Fork("encoder"), places: false), each), 0) is var plain && plain.ParameterCount() >= method.ParameterCount()) return plain;
        }
    }

    // The mean over classes of the mean cosine between different pictures of a class.
    private static double Agreement(Tensor attention, int[] labels)
    {
        var (width, sums, counts) = (attention.Size(1), new double[Classes, attention.Size(1)], new int[Classes]);
        for (var i = 0; i < labels.Length; i++)
        {
            var row = attention.Data.Slice(i * width, width).ToArray();
            var length = Math.Sqrt(row.Sum(v => (double)v * v));
            for (var j = 0; j < width; j++) sums[labels[i], j] += row[j] / length;
            counts[labels[i]]++;
        }
        return Enumerable.Range(0, Classes).Average(c => (Enumerable.Range(0, width).Sum(j => sums[c, j] * sums[c, j]) - counts[c]) / (counts[c] * (counts[c] - 1.0)));
    }

    private static SceneData Paint(ConceptSpace space, int count, RandomStream random)
    {
        var (scenes, labels, concepts) = (new Scene[count], new int[count], new float[count * Concepts]);
        for (var i = 0; i < count; i++)
        {
            labels[i] = i % Classes;
            var quarters = random.Permutation(4);
            var things = new SceneObject[3];
            for (var o = 0; o < things.Length; o++)
            {
                var (colour, shape) = o == 0 ? (labels[i] / Values, labels[i] % Values) : (random.NextInt(Values), random.NextInt(Values));
                double At(int half) => 0.27 + (0.46 * half) + (0.1 * random.NextDouble()) - 0.05;
                things[o] = new SceneObject(s_shapes[shape], colour, At(quarters[o] % 2), At(quarters[o] / 2), (o == 0 ? 0.19 : 0.13) + (0.02 * random.NextDouble()), (0.6 * random.NextDouble()) - 0.3);
            }
            concepts[(i * Concepts) + (labels[i] / Values)] = concepts[(i * Concepts) + Values + (labels[i] % Values)] = 1;
            scenes[i] = new Scene(random.NextInt(ScenePainter.Backgrounds.Count), things);
        }
        return SceneData.Of(new PaintedScenes(scenes), labels, Classes, space, concepts);
    }
}
