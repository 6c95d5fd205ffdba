using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;
using static Isthmus.Studies.ConceptBottleneck.ConfoundedScenes;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// Yang, Gandhi, Wang, Wu, Yao, Callison-Burch, Gee, Yatskar: "A Textbook Remedy for Domain Shifts: Knowledge Priors for Medical Image Analysis" (NeurIPS
/// 2024): concepts that are known to matter and a prior on what each says, against fine-tuning with the same labels, where grounds mislead.
/// </summary>
public sealed class KnoboStudy : Study
{
    private const string Same = "accuracy, grounds of training";

    /// <inheritdoc/>
    public override string Slug => "knobo";

    /// <inheritdoc/>
    public override string Claim => "On grounds that go with another class than in training, a bottleneck of concepts that a textbook lists, under a prior, is more accurate by at least 0.2 than a network fine-tuned end to end with the same labels.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms start from an encoder trained by a contrastive loss on 3,000 captioned pictures with free grounds (500 steps of 96), and have 1,500 pictures labelled with the shape, whose ground goes with the shape 19 times in 20, and 800 pictures with free grounds annotated with shape, colour and size (not the ground: no textbook of shapes lists it). " +
        "Method: logistic regressions on the frozen embedding for each annotated state; their probabilities under a linear head with cross-entropy + w mean |tanh(W) - P|, P = 1 for a class's own shape, -1 for other shapes, 0 for colours and sizes; 400 steps of 64; w in {1, 10}. " +
        "Baseline: the encoder fine-tuned with a linear head, 400 steps of 64, jointly with linear heads for the annotated concepts at weight m in {0, 1} (a multi-task network with the same labels). Tuned on pictures with the grounds of training. Read on 800 pictures on the ground of another class.";

    /// <inheritdoc/>
    public override string Differs =>
        "The embedding comes from a network trained in the study on pictures of its own, in place of a medical CLIP. The list of concepts and P are written down, not retrieved from PubMed by a language model. Painted shapes in place of X-rays and skin lesions. " +
        "The catalogue compared with an end-to-end network alone; here it may have the concept labels too, which the paper's baselines have not.";

    /// <inheritdoc/>
    public override string Data => "generated: pictures of 20 x 20 of four shapes in six colours and two sizes on seven grounds";

    /// <inheritdoc/>
    public override Measure Primary => new("accuracy, grounds shifted", "share", Better.Higher, 0.2);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries => [new(Same, "share", Better.Higher), new("gap between the two", "share", Better.Lower), new("mean of the two", "share", Better.Higher)];

    /// <inheritdoc/>
    public override string Baseline => "the encoder fine-tuned end to end, with the concept labels as further tasks where that validates better";

    /// <inheritdoc/>
    public override string Method => "listed concepts on the frozen embedding, and a head under a prior";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["PaintedScenes.cs", "ConfoundedScenes.cs"];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("m", 0)), Configuration.Of(("m", 1))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => [Configuration.Of(("w", 1)), Configuration.Of(("w", 10))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("knobo paints its own pictures: it takes no --data");
        var (annotated, training) = (Draw(trial.Random("annotated"), trial.Pick(160, 800, 800), Ground.Free), Draw(trial.Random("training"), trial.Pick(80, 1500, 1500), Ground.Tied));
        var answer = arm == Arm.Method ? Knowing(annotated, training, configuration["w"], trial) : FineTuned(annotated, training, (float)configuration["m"], trial);
        var validation = Draw(trial.Random("validation"), trial.Pick(40, 400, 400), Ground.Tied);
        var tuning = validation.Right(answer(validation)).Average();
        if (trial.Tuning) return new Outcome { Tuning = tuning };
        var (shifted, same) = Tests(trial);
        var (right, inside) = (shifted.Right(answer(shifted)), same.Right(answer(same)).Average());
        return new Outcome
        {
            [Primary.Name] = right.Average(),
            [Same] = inside,
            ["gap between the two"] = inside - right.Average(),
            ["mean of the two"] = (inside + right.Average()) / 2,
            Tuning = tuning,
            Examples = right,
        };
    }

    private static MiniOptions Options(Trial trial, double rate) => new() { Steps = trial.Pick(2, 200, 400), Batch = 64, LearningRate = rate };

    private static Func<ConfoundedScenes, Tensor> Knowing(ConfoundedScenes annotated, ConfoundedScenes training, double weight, Trial trial)
    {
        var embedding = SceneEmbedding.Of(trial);
        var listed = new ConceptSpace([.. Space.Axes.Take(3)]);
        var layer = new PosthocConcepts(SceneEmbedding.Width, listed, new PosthocOptions { Separator = ConceptSeparator.Logistic });
        using (new NoGrad()) layer.Fit(new FittingRows(embedding.Embed(annotated)) { Concepts = annotated.Concepts.Narrow(1, 0, 3) });
        var prior = Tensor.Zeros(Classes, listed.Width);
        for (var k = 0; k < Classes; k++)
            for (var j = 0; j < Classes; j++) prior.Data[(k * listed.Width) + j] = j == k ? 1 : -1;
        var head = new PriorHead(prior, (float)weight, trial.Random("head"));
        var x = Probabilities(training);
        MiniTrainer.Train(trial, head.NamedParameters(), training.Labels.Numel, Options(trial, 2e-2), (rows, _) =>
        {
            var term = head.Terms()[0];
            return head.Forward(x.IndexSelect(0, LongTensor.From(rows))).CrossEntropy(Labels(training, rows)) + (term.Value * term.Weight);
        });
        return scenes =>
        {
            using var noGrad = new NoGrad();
            return head.Forward(Probabilities(scenes));
        };

        // Each state by itself, as the paper's yes-or-no questions.
        Tensor Probabilities(ConfoundedScenes scenes)
        {
            using var noGrad = new NoGrad();
            return layer.Scores(embedding.Embed(scenes)).Sigmoid();
        }
    }

    private static Func<ConfoundedScenes, Tensor> FineTuned(ConfoundedScenes annotated, ConfoundedScenes training, float weight, Trial trial)
    {
        var network = SceneEmbedding.Of(trial).Network();
        var random = trial.Random("head");
        var (head, concepts) = (new Linear(SceneEmbedding.Width, Classes, random), new Linear(SceneEmbedding.Width, Space.Offset(3), random));
        var listed = new ConceptSpace([.. Space.Axes.Take(3)]);
        var values = annotated.Concepts.Narrow(1, 0, 3);
        network.Train();
        MiniTrainer.Train(trial, network.NamedParameters().Concat(head.NamedParameters().Select(p => ("head." + p.Name, p.Value))).Concat(concepts.NamedParameters().Select(p => ("concepts." + p.Name, p.Value))),
            training.Labels.Numel, Options(trial, 2e-3), (rows, noise) =>
            {
                var loss = head.Forward(network.Forward(training.Scenes.Pictures(rows))).CrossEntropy(Labels(training, rows));
                if (weight == 0) return loss;
                int[] others = [.. rows.Select(_ => noise.NextInt(annotated.Labels.Numel))];
                return loss + (listed.Loss(concepts.Forward(network.Forward(annotated.Scenes.Pictures(others))), values.IndexSelect(0, LongTensor.From(others))) * weight);
            });
        network.Eval();
        return scenes => Tensor.From(scenes.Scenes.Predict(x => head.Forward(network.Forward(x))), scenes.Labels.Numel, Classes);
    }

    private static LongTensor Labels(ConfoundedScenes scenes, int[] rows) => LongTensor.Over([.. rows.Select(r => scenes.Labels.Data[r])]);
}
