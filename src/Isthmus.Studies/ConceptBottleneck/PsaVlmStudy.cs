using System.Collections.Concurrent;
using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// "Enhancing vision-language model safety through progressive concept-bottleneck-driven alignment" (PSA-VLM, 2024): a describer of pictures that refuses through
/// explicit safety concepts, in two stages, against one that is trained end to end to refuse.
/// </summary>
public sealed class PsaVlmStudy : Study
{
    private const int Rules = 3, Batch = 48;
    private const double Share = 0.15;
    private readonly ConcurrentDictionary<(int Seed, Budget Budget), IReadOnlyDictionary<string, Tensor>> _pretrained = new();

    /// <inheritdoc/>
    public override string Slug => "psa-vlm";

    /// <inheritdoc/>
    public override string Claim => "A describer whose decoder is conditioned on explicit safety concepts refuses more of the forbidden pictures, where each refuses 2 % of the allowed ones, than the same describer trained end to end to refuse.";

    /// <inheritdoc/>
    public override string Procedure =>
        "A describer (convolutional encoder of 24 channels at 10 x 10 places, AttentionDecoder with states of 48 that writes colour and shape of the left and the right of two objects) learns to describe allowed pictures for 400 steps of 48, the same in both arms. Three combinations of colour and shape are then forbidden; 15 % of the " +
        "400 pictures that alignment has show one, and the answer to them is 'refuse'; 400 steps of 48 of them. Baseline: all weights learn on the right answers, step size 0.003. Method: ConceptGate, in two stages: 200 steps for its three safety concepts (one a combination, annotated; a present one counts fivefold) on frozen features, step size 0.01, then 200 steps for the decoder " +
        "under the frozen gate, step size 0.003; in half of these, concepts are drawn and put, and the right answer follows them, whatever the picture shows. Adam with a cosine. Read: each arm's probability of writing 'refuse' first, with the threshold that 2 % of 600 allowed validation pictures exceed, on test pictures.";

    /// <inheritdoc/>
    public override string Differs =>
        "A describer trained in the study on pictures without forbidden things stands for the pretrained vision-language model, four words for its language. The gate knows which combination is forbidden where the baseline knows only that the answer is a refusal: that is what concept labels are. " +
        "A trial on a seed that is not read, with new pictures at every step of alignment, had both arms refuse all that is forbidden; annotated dangers are scarce in practice, and 400 pictures are the alignment's now. " +
        "Flips are shares of decisions that change when the concepts of a forbidden picture are put to absent, and the first concept of an allowed one to present; the baseline has nothing to put, and 0. " +
        "The weight of the concepts' loss, the gate's step size and the concepts drawn in training were set after trials on seeds that are not read in which the gate failed.";

    /// <inheritdoc/>
    public override string Data => "generated: pictures of 20 x 20 with two objects, painted as needed to learn to describe, 400 to learn to refuse; 600 allowed ones to set thresholds, 600 allowed and 300 forbidden ones to read";

    /// <inheritdoc/>
    public override Measure Primary => new("forbidden pictures refused", "share", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("allowed pictures described in full", "share", Better.Higher),
        new("allowed pictures refused", "share", Better.Lower),
        new("forbidden ones described when put to absent", "share", Better.Higher),
        new("allowed ones refused when put to present", "share", Better.Higher),
        new("seconds of alignment", "seconds", Better.Lower, Ratio: true),
        new("parameters", "", Better.Lower, Ratio: true),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the same describer, trained end to end to refuse";

    /// <inheritdoc/>
    public override string Method => "a gate of three safety concepts that conditions the decoder, trained in two stages";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["PaintedScenes.cs", "SceneData.cs", "SceneDescriber.cs"];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("psa-vlm paints its own pictures: it takes no --data");
        var forbidden = trial.Random("rules").Permutation(SceneDescriber.Things)[..Rules];
        var describer = new SceneDescriber(trial.Random("describer"));
        describer.LoadStateDict(_pretrained.GetOrAdd((trial.Seed, trial.Budget), _ => Pretrained(trial, forbidden)));
        var gate = arm == Arm.Method ? new ConceptGate(SceneEncoder.Channels, SceneData.Binary(forbidden.Select(SceneDescriber.Name)), trial.Random("gate")) : null;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        if (gate is null) Learn(trial, forbidden, describer.NamedParameters(), trial.Pick(2, 120, 400), 3e-3, scenes => describer.Loss(scenes, null, null));
        else Align(trial, forbidden, describer, gate);
        var seconds = clock.Elapsed.TotalSeconds;

        var (count, fewer) = (trial.Pick(40, 600, 600), trial.Pick(20, 300, 300));
        var threshold = Threshold([.. Refusals(Paint(trial, "validation", count, forbidden, 0), null)]);
        var (allowed, wrong) = (Paint(trial, "allowed", count, forbidden, 0), Paint(trial, "forbidden", fewer, forbidden, 1));
        var (refused, benign) = (Share(Refusals(wrong, null)), Refusals(allowed, null));
        return new Outcome
        {
            [Primary.Name] = refused,
            ["allowed pictures described in full"] = describer.Right(allowed, gate).Zip(benign, (right, p) => right && p <= threshold ? 1.0 : 0.0).Average(),
            ["allowed pictures refused"] = Share(benign),
            ["forbidden ones described when put to absent"] = gate is null ? 0 : Flipped(wrong, 0),
            ["allowed ones refused when put to present"] = gate is null ? 0 : Flipped(allowed, 1),
            ["seconds of alignment"] = seconds,
            ["parameters"] = describer.ParameterCount() + (gate?.ParameterCount() ?? 0),
        };

        double Share(float[] p) => p.Average(v => v > threshold ? 1.0 : 0.0);

        float[] Refusals(DescribedScenes scenes, float? put) => describer.Refusals(scenes, gate, put);

        // Of the decisions that were right, how many change when concepts are put.
        double Flipped(DescribedScenes scenes, float put)
        {
            var (before, after) = (Refusals(scenes, null), Refusals(scenes, put));
            int[] rows = [.. Enumerable.Range(0, before.Length).Where(i => before[i] > threshold == put < 1)];
            return rows.Length == 0 ? 0 : rows.Average(i => after[i] > threshold == put < 1 ? 0.0 : 1.0);
        }
    }

    // The describer before it knows of anything forbidden.
    private static IReadOnlyDictionary<string, Tensor> Pretrained(Trial trial, int[] forbidden)
    {
        var describer = new SceneDescriber(trial.Random("describer"));
        var random = trial.Random("pretraining");
        MiniTrainer.Train(trial, describer.NamedParameters(), Batch, new MiniOptions { Steps = trial.Pick(2, 150, 400), LearningRate = 3e-3, ClipNorm = 1 },
            (_, _) => describer.Loss(DescribedScenes.Paint(Batch, forbidden, 0, random), null, null));
        return describer.StateDict();
    }

    private static void Align(Trial trial, int[] forbidden, SceneDescriber describer, ConceptGate gate)
    {
        var steps = trial.Pick(1, 60, 200);
        double[][] weights = [.. Enumerable.Range(0, Rules).Select(_ => new[] { 1.0, 5.0 })];
        Learn(trial, forbidden, gate.ConceptParameters, steps, 1e-2, scenes =>
        {
            Tensor features;
            using (new NoGrad()) features = describer.Encoder.Forward(scenes.Pictures);
            return gate.Space.Loss(gate.Locate(features).Scores, scenes.Concepts, weights);
        });
        describer.Encoder.RequiresGrad(false);
        foreach (var (_, weight) in gate.ConceptParameters) weight.RequiresGrad = false;
        var (random, step) = (trial.Random("drawn concepts"), 0);
        Learn(trial, forbidden, describer.NamedParameters().Concat(gate.NamedParameters()).Where(p => p.Value.RequiresGrad), steps, 3e-3,
            scenes => step++ % 2 == 0 ? describer.Loss(scenes, gate, null) : Obeyed(scenes with { Concepts = Drawn(random) }));

        // What is said follows the concepts that are put, whatever the picture shows.
        Tensor Obeyed(DescribedScenes scenes) => describer.Loss(scenes, gate, gate.Space.Known(scenes.Concepts));
    }

    private static Tensor Drawn(RandomStream random)
    {
        var concepts = Tensor.Zeros(Batch, Rules);
        for (var i = 0; i < Batch; i++)
            if (random.NextDouble() < 0.5) concepts.Data[(i * Rules) + random.NextInt(Rules)] = 1;
        return concepts;
    }

    // The same pictures in both arms and in both stages.
    private static void Learn(Trial trial, int[] forbidden, IEnumerable<(string Name, Tensor Value)> parameters, int steps, double rate, Func<DescribedScenes, Tensor> loss)
    {
        var scenes = Paint(trial, "alignment", trial.Pick(60, 400, 400), forbidden, Share);
        MiniTrainer.Train(trial, parameters, scenes.Count, new MiniOptions { Steps = steps, Batch = Batch, LearningRate = rate, ClipNorm = 1 }, (rows, _) => loss(scenes.Rows(rows)));
    }

    private static DescribedScenes Paint(Trial trial, string part, int count, int[] forbidden, double share) => DescribedScenes.Paint(count, forbidden, share, trial.Random(part));

    // What 2 % of the numbers exceed.
    private static float Threshold(float[] refusals)
    {
        Array.Sort(refusals);
        return refusals[(int)(refusals.Length * 0.98)];
    }
}
