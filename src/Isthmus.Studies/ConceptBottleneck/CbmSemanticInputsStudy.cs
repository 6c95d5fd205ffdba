using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// Furby, Cunnington, Braines, Preece: "Can we Constrain Concept Bottleneck Models to Learn Semantically Meaningful Input Features?" (2024): whether a
/// concept is read from its own pixels, when concepts come and go independently and when they always come together.
/// </summary>
public sealed class CbmSemanticInputsStudy : Study
{
    private const int Kinds = KindScenes.Kinds, Steps = 8;

    /// <inheritdoc/>
    public override string Slug => "cbm-semantic-inputs";

    /// <inheritdoc/>
    public override string Claim => "A concept bottleneck trained where concepts come and go independently rests each concept on its own object: of its positive attributions a share greater by at least 0.2 lies inside that object's mask than where concepts always come in pairs.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Pictures of 20 x 20 with six kinds of object, each there or not, each in a cell of its own; the class is whether at least two of kinds 1, 3 and 5 are there. Both arms: the convolutional encoder of the studies on scenes without places, mean over places, a linear layer of six concepts (probabilities), a linear head; joint loss, cross-entropy of " +
        "the class and of each concept, summed, 600 steps of 48 by Adam at 0.004 with a cosine. Method: kinds are there independently with chance 1/2. Baseline: kinds 1 and 2, 3 and 4, 5 and 6 are there together or not at all, the same annotations. Read on the same pictures for both arms, in which kinds come in pairs, which either has seen: integrated gradients " +
        "of each present concept's logit from the bare ground (8 points), positive ones summed over channels, share inside the object's own mask, mean. No tuning.";

    /// <inheritdoc/>
    public override string Differs =>
        "The network is trained in the study; painted scenes stand for the paper's playing cards and radiographs, integrated gradients for its layer-wise relevance. From the bare ground, so that pixels without an object have no attribution and the measure asks which object a concept rests on; beside it, free of any method of attribution, how far the logit " +
        "falls when its own object or its partner is taken out of the picture. " +
        "After a first preview, short of the margin with concepts that were hardly learned, the concepts' loss was summed over concepts and training made longer in both arms; claim, margin and measure stayed.";

    /// <inheritdoc/>
    public override string Data => "generated: 1,500 pictures to train on, 100 to read attributions from, 400 of either kind to read accuracies from; ground, places, sizes and angles vary";

    /// <inheritdoc/>
    public override Measure Primary => new("positive attribution inside the own object", "share", Better.Higher, 0.2);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("concept accuracy on pictures like those of training", "share", Better.Higher),
        new("concept accuracy on pictures with independent kinds", "share", Better.Higher),
        new("class accuracy on pictures like those of training", "share", Better.Higher),
        new("fall of the logit without the own object", "nats", Better.Higher),
        new("fall of the logit without the partner", "nats", Better.Lower),
    ];

    /// <inheritdoc/>
    public override string Baseline => "concepts that always come in pairs";

    /// <inheritdoc/>
    public override string Method => "concepts that come and go independently";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["PaintedScenes.cs", "KindScenes.cs"];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("cbm-semantic-inputs paints its own pictures: it takes no --data");
        var paired = arm == Arm.Baseline;
        var training = Pictures(trial.Pick(96, 800, 1500), paired, trial.Random("training"));
        var network = new Reader(trial.Random("weights"));
        var (concepts, classes) = (KindScenes.Concepts(training.Scenes), Classes(training.Scenes));
        MiniTrainer.Train(trial, network.NamedParameters(), training.Count, new MiniOptions { Steps = trial.Pick(3, 300, 600), Batch = 48, LearningRate = 4e-3 }, (rows, _) =>
        {
            var scores = network.Scores(training.Pictures(rows));
            return (Losses.BinaryCrossEntropyWithLogits(scores, concepts.IndexSelect(0, LongTensor.From(rows))) * Kinds) + network.Classify(scores).CrossEntropy(LongTensor.From([.. rows.Select(r => classes[r])]));
        });
        var test = trial.Pick(20, 200, 400);
        var (own, independent) = (Pictures(test, paired, trial.Random("own")), Pictures(test, false, trial.Random("independent")));
        var shown = Pictures(trial.Pick(6, 40, 100), true, trial.Random("shown"));
        var (alone, partner) = Falls(network, shown);
        return new Outcome
        {
            [Primary.Name] = Inside(network, shown),
            ["concept accuracy on pictures like those of training"] = ConceptAccuracy(network, own),
            ["concept accuracy on pictures with independent kinds"] = ConceptAccuracy(network, independent),
            ["class accuracy on pictures like those of training"] = ClassAccuracy(network, own),
            ["fall of the logit without the own object"] = alone,
            ["fall of the logit without the partner"] = partner,
        };
    }

    private static PaintedScenes Pictures(int count, bool paired, RandomStream random) => new([.. Enumerable.Range(0, count).Select(_ =>
    {
        var present = Enumerable.Range(0, Kinds).Select(_ => random.NextInt(2) == 1).ToArray();
        return KindScenes.Paint(paired ? [.. present.Select((p, k) => present[k / 2 * 2])] : present, random);
    })]);

    private static int[] Classes(IReadOnlyList<Scene> scenes)
    {
        var present = KindScenes.Concepts(scenes);
        return [.. Enumerable.Range(0, scenes.Count).Select(i => Enumerable.Range(0, Kinds / 2).Sum(p => present.Data[(i * Kinds) + (2 * p)]) >= 2 ? 1 : 0)];
    }

    // The mean over present concepts of the share of positive attributions inside the concept's own object.
    private static double Inside(Reader network, PaintedScenes shown)
    {
        var area = PaintedScenes.Side * PaintedScenes.Side;
        int[] all = [.. Enumerable.Range(0, shown.Count)];
        var (pictures, masks) = (shown.Pictures(all), shown.Masks(all));
        var ground = new PaintedScenes([.. shown.Scenes.Select(KindScenes.Empty)]).Pictures(all);
        var present = KindScenes.Concepts(shown.Scenes);
        var shares = new List<double>();
        for (var k = 0; k < Kinds; k++)
        {
            var attribution = InputAttribution.IntegratedGradients(x => network.Scores(x).Narrow(1, k, 1), pictures, ground, Steps);
            for (var i = 0; i < shown.Count; i++)
            {
                if (present.Data[(i * Kinds) + k] == 0) continue;
                var map = new float[area];
                for (var c = 0; c < 3; c++)
                    for (var p = 0; p < area; p++) map[p] += attribution.Data[(((i * 3) + c) * area) + p];
                var share = ConceptExplanations.MassInside(map, masks.Data.Slice(((i * Kinds) + k) * area, area));
                shares.Add(double.IsNaN(share) ? 0 : share); // nothing speaks for the concept
            }
        }
        return shares.Average();
    }

    // How far a present concept's logit falls, on average, when its object is taken out, and when its partner is.
    private static (double Own, double Partner) Falls(Reader network, PaintedScenes shown)
    {
        var (before, present) = (shown.Predict(network.Scores), KindScenes.Concepts(shown.Scenes));
        double own = 0, partner = 0, count = 0;
        for (var k = 0; k < Kinds; k++)
        {
            var kind = k;
            var after = new PaintedScenes([.. shown.Scenes.Select(s => KindScenes.Without(s, kind))]).Predict(network.Scores);
            for (var i = 0; i < shown.Count; i++)
            {
                if (present.Data[(i * Kinds) + k] == 0) continue;
                own += before[(i * Kinds) + k] - after[(i * Kinds) + k];
                partner += before[(i * Kinds) + (k ^ 1)] - after[(i * Kinds) + (k ^ 1)];
                count++;
            }
        }
        return (own / count, partner / count);
    }

    private static double ConceptAccuracy(Reader network, PaintedScenes scenes)
    {
        var (scores, present) = (scenes.Predict(network.Scores), KindScenes.Concepts(scenes.Scenes));
        return Enumerable.Range(0, scores.Length).Average(i => scores[i] > 0 == present.Data[i] > 0 ? 1.0 : 0);
    }

    private static double ClassAccuracy(Reader network, PaintedScenes scenes)
    {
        var (logits, classes) = (scenes.Predict(x => network.Classify(network.Scores(x))), Classes(scenes.Scenes));
        return Enumerable.Range(0, classes.Length).Average(i => PaintedScenes.Largest(logits.AsSpan(2 * i, 2)) == classes[i] ? 1.0 : 0);
    }

    private sealed class Reader : Module
    {
        private readonly SceneEncoder _encoder;
        private readonly Linear _concepts, _head;

        public Reader(RandomStream random)
        {
            _encoder = AddModule("encoder", new SceneEncoder(random.Fork("encoder"), places: false));
            _concepts = AddModule("concepts", new Linear(SceneEncoder.Channels, Kinds, random.Fork("concepts")));
            _head = AddModule("head", new Linear(Kinds, 2, random.Fork("head")));
        }

        /// <summary>Logits of the concepts, [n, kinds].</summary>
        public Tensor Scores(Tensor pictures) => _concepts.Forward(_encoder.Forward(pictures).Mean([2, 3]));

        /// <summary>Logits of the classes, from the concepts alone.</summary>
        public Tensor Classify(Tensor scores) => _head.Forward(scores.Sigmoid());
    }
}
