using Isthmus.Bottlenecks;
using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// Aysel, Cai, Prugel-Bennett: "Concept-Based Explainable Artificial Intelligence: Metrics and Benchmarks" (2025): whether the concepts by which a post-hoc
/// concept bottleneck explains itself are there, and where its maps say, when its concept vectors come from examples whose concepts go together.
/// </summary>
public sealed class CbmConceptMetricsStudy : Study
{
    private const int Kinds = KindScenes.Kinds, ClassCount = 3;
    private const double Together = 0.95;

    // Partners belong to different classes: kinds 0 and 1 speak for class 0, 2 and 3 for class 1, 4 and 5 for class 2.
    private static readonly int[] s_partner = [2, 4, 0, 5, 1, 3];
    private static readonly string[] s_names = [.. Enumerable.Range(1, Kinds).Select(k => FormattableString.Invariant($"kind {k}"))];

    /// <inheritdoc/>
    public override string Slug => "cbm-concept-metrics";

    /// <inheritdoc/>
    public override string Claim => "The loudest concept of a post-hoc concept bottleneck's explanation is more often really there, by at least 0.05, when the concept vectors come from examples with independent concepts than when they come from examples whose concepts go together in 95 of 100 pictures.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Pictures of 20 x 20 with six kinds of object, each there or not. A convolutional network learns to name the kind of single objects and is frozen; its features are the means over places. Class: of two kinds that speak for it each is there with chance 0.85, of the others with chance 0.25. Both arms: a concept bank (linear support vector machines, " +
        "costs chosen on held-out examples) of 400 examples, signed distances to its boundaries, an elastic-net head on 1,500 pictures with four concepts a class. Method: examples with each kind there with chance 1/2. Baseline: the same, but kinds of different classes come in pairs, the second a copy of the first in 95 of 100 pictures. Read on the same 500 pictures: existence " +
        "of the concept with the largest weight times activation for the predicted class. No tuning beyond the bank's.";

    /// <inheritdoc/>
    public override string Differs =>
        "The embeddings come from a network trained in the study on other pictures, of single objects; painted scenes in place of CUB-200 and CLIP. The paper compares published models; what makes explanations untrue is set here: concepts that go together among the examples. Location is the share of present concepts whose middle lies in the top twelfth of their activation map, " +
        "of 10 x 10 places.";

    /// <inheritdoc/>
    public override string Data => "generated: 1,200 pictures of single objects for the network, 400 examples of concepts, 1,500 pictures for the head, 500 to read; ground, places, sizes and angles vary";

    /// <inheritdoc/>
    public override Measure Primary => new("existence of the loudest concept", "share", Better.Higher, 0.05);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("existence of the three loudest", "share", Better.Higher),
        new("location", "share", Better.Higher),
        new("CGIM1", "cosine", Better.Higher),
        new("class accuracy", "share", Better.Higher),
        new("concept accuracy on the pictures read", "share", Better.Higher),
    ];

    /// <inheritdoc/>
    public override string Baseline => "concept vectors from examples whose concepts go together";

    /// <inheritdoc/>
    public override string Method => "concept vectors from examples with independent concepts";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["PaintedScenes.cs", "KindScenes.cs"];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("cbm-concept-metrics paints its own pictures: it takes no --data");
        var encoder = Backbone(trial);
        var examples = Examples(trial.Pick(40, 400, 400), arm == Arm.Baseline, trial.Random("examples"));
        var bank = ConceptBank.Fit(Features(encoder, examples), KindScenes.Concepts(examples.Scenes), s_names);
        var (training, labels) = Classified(trial.Pick(60, 800, 1500), trial.Random("training"));
        var (weight, bias) = ElasticNetPath.Fit(Distances(bank, Features(encoder, training)), LongTensor.From(labels), ClassCount, new ElasticNetOptions { Lambdas = 40 }).AtNec(4).Head();
        var (test, classes) = Classified(trial.Pick(40, 300, 500), trial.Random("test"));
        var (activations, truth) = (Distances(bank, Features(encoder, test)), KindScenes.Concepts(test.Scenes));
        var logits = activations.MatMul(weight, transposeOther: true) + bias;
        var predicted = Enumerable.Range(0, test.Count).Select(i => PaintedScenes.Largest(logits.Data.Slice(i * ClassCount, ClassCount))).ToArray();
        return new Outcome
        {
            [Primary.Name] = ConceptExplanations.Existence(weight, activations, truth, predicted, 1),
            ["existence of the three loudest"] = ConceptExplanations.Existence(weight, activations, truth, predicted, 3),
            ["location"] = Location(encoder, bank, test),
            ["CGIM1"] = ConceptExplanations.Global(weight, activations, truth, classes, predicted).Weights.Average() ?? 0,
            ["class accuracy"] = predicted.Where((p, i) => p == classes[i]).Count() / (double)test.Count,
            ["concept accuracy on the pictures read"] = Enumerable.Range(0, (int)truth.Numel).Average(i => activations.Data[i] > 0 == truth.Data[i] > 0 ? 1.0 : 0),
        };
    }

    // A network that names single objects; its encoder is what is kept.
    private static SceneEncoder Backbone(Trial trial)
    {
        var (random, count) = (trial.Random("single"), trial.Pick(60, 600, 1200));
        var labels = Enumerable.Range(0, count).Select(i => i % Kinds).ToArray();
        var pictures = new PaintedScenes([.. labels.Select(kind => KindScenes.Paint([.. Enumerable.Range(0, Kinds).Select(k => k == kind)], random))]);
        var encoder = new SceneEncoder(trial.Random("weights"), places: false);
        var head = new Linear(SceneEncoder.Channels, Kinds, trial.Random("head"));
        MiniTrainer.Train(trial, encoder.NamedParameters().Concat(head.NamedParameters()), count, new MiniOptions { Steps = trial.Pick(3, 80, 200), Batch = 48, LearningRate = 4e-3 }, (rows, _) =>
            head.Forward(Pooled(encoder.Forward(pictures.Pictures(rows)))).CrossEntropy(LongTensor.From([.. rows.Select(r => labels[r])])));
        return encoder;
    }

    private static PaintedScenes Examples(int count, bool together, RandomStream random) => new([.. Enumerable.Range(0, count).Select(_ =>
    {
        var present = Enumerable.Range(0, Kinds).Select(_ => random.NextInt(2) == 1).ToArray();
        for (var k = 0; k < Kinds; k++)
        {
            var copied = random.NextDouble() < Together;
            if (together && copied && s_partner[k] < k) present[k] = present[s_partner[k]];
        }
        return KindScenes.Paint(present, random);
    })]);

    private static (PaintedScenes Scenes, int[] Labels) Classified(int count, RandomStream random)
    {
        var labels = Enumerable.Range(0, count).Select(i => i % ClassCount).ToArray();
        return (new PaintedScenes([.. labels.Select(label => KindScenes.Paint([.. Enumerable.Range(0, Kinds).Select(k => random.NextDouble() < (k / 2 == label ? 0.85 : 0.25))], random))]), labels);
    }

    // The share of present concepts whose middle lies in the top twelfth of their activation map.
    private static double Location(SceneEncoder encoder, ConceptBank bank, PaintedScenes scenes)
    {
        const int map = PaintedScenes.Map, size = SceneEncoder.Channels * map * map;
        var maps = scenes.Predict(encoder.Forward);
        var (found, all) = (0, 0);
        for (var i = 0; i < scenes.Count; i++)
            for (var k = 0; k < Kinds; k++)
            {
                var thing = scenes.Scenes[i].Objects[k];
                if (thing.X < 0) continue;
                var place = (Math.Clamp((int)(thing.Y * map), 0, map - 1) * map) + Math.Clamp((int)(thing.X * map), 0, map - 1);
                var active = ConceptExplanations.Map(Tensor.From(maps.AsSpan(i * size, size), SceneEncoder.Channels, map, map), bank.Vectors.Data.Slice(k * SceneEncoder.Channels, SceneEncoder.Channels));
                all++;
                if (ConceptExplanations.Located(active, place)) found++;
            }
        return (double)found / all;
    }

    private static Tensor Features(SceneEncoder encoder, PaintedScenes scenes) => Tensor.From(scenes.Predict(x => Pooled(encoder.Forward(x))), scenes.Count, SceneEncoder.Channels);

    private static Tensor Distances(ConceptBank bank, Tensor features)
    {
        var (weight, bias) = bank.Projection(ConceptProjection.Distance);
        return features.MatMul(weight, transposeOther: true) + bias;
    }

    private static Tensor Pooled(Tensor map) => map.Mean([2, 3]);
}
