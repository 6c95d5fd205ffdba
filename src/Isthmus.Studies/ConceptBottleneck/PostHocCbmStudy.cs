using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;
using static Isthmus.Studies.ConceptBottleneck.ConfoundedScenes;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// Yuksekgonul, Wang, Zou: "Post-hoc Concept Bottleneck Models" (ICLR 2023): taking the weights of a spurious concept out of a head, without data of the
/// new domain or training, against taking as much weight of other concepts.
/// </summary>
public sealed class PostHocCbmStudy : Study
{
    private const double Lambda = 0.002;
    private const string Shifted = "accuracy after the edit, grounds shifted", Same = "accuracy as trained, grounds of training";

    /// <inheritdoc/>
    public override string Slug => "post-hoc-cbm";

    /// <inheritdoc/>
    public override string Claim => "Setting what the grounds say to 0 in the head of a post-hoc concept model raises accuracy on shifted grounds by at least 0.15 over setting as much weight of other concepts to 0.";

    /// <inheritdoc/>
    public override string Procedure =>
        "A convolutional encoder and a table of words are trained together by a contrastive loss on 3,000 pictures with free grounds (500 steps of 96) and frozen. PCBM: linear support vector machines for the columns of shape, colour, size and ground on 800 annotated pictures with free grounds, signed distances, an elastic net (alpha 0.99, lambda 0.002) " +
        "to the shape on 1,500 pictures whose ground goes with the shape 19 times in 20. Method: weights of all seven grounds set to 0. Baseline: concepts other than grounds in random order set to 0 until the same absolute weight is gone, the last one in part. Read on 800 pictures on the ground of another class. Nothing is tuned. " +
        "Shown beside: accuracy before the edit, and with the grounds of training that of PCBM with its residual (method) and of a linear probe of the embedding at the same lambda (baseline), which the paper says are level.";

    /// <inheritdoc/>
    public override string Differs =>
        "The embedding comes from a network trained in the study on pictures of its own, in place of CLIP or ImageNet. Painted shapes in place of MetaShift; the spurious ground is annotated, as the concept bank of the paper has it. " +
        "The catalogue compared with the unedited model alone; the control takes away equal weight. All concepts of a family are one edit, since the grounds share what they say.";

    /// <inheritdoc/>
    public override string Data => "generated: pictures of 20 x 20 of four shapes in six colours and two sizes on seven grounds";

    /// <inheritdoc/>
    public override Measure Primary => new(Shifted, "share", Better.Higher, 0.15);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("gain of the edit, grounds shifted", "share", Better.Higher),
        new(Same, "share", Better.Higher),
        new("accuracy before the edit, grounds shifted", "share", Better.Higher),
        new("residual's share of the logits", "share", Better.Lower),
    ];

    /// <inheritdoc/>
    public override string Baseline => "PCBM with random concepts of equal weight set to 0; a linear probe where no edit is made";

    /// <inheritdoc/>
    public override string Method => "PCBM with the weights of grounds set to 0; with its residual where no edit is made";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["PaintedScenes.cs", "ConfoundedScenes.cs"];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("post-hoc-cbm paints its own pictures: it takes no --data");
        var embedding = SceneEmbedding.Of(trial);
        var (annotated, training) = (Draw(trial.Random("annotated"), trial.Pick(160, 800, 800), Ground.Free), Draw(trial.Random("training"), trial.Pick(80, 1500, 1500), Ground.Tied));
        var (shifted, same) = Tests(trial);
        var (x, xShifted, xSame) = (embedding.Embed(training), embedding.Embed(shifted), embedding.Embed(same));
        var layer = new PosthocResidual(SceneEmbedding.Width, Space, Classes, new PosthocResidualOptions());
        layer.Fit(new FittingRows(embedding.Embed(annotated)) { Concepts = annotated.Concepts });
        using var noGrad = new NoGrad();
        var head = Head(layer.Project(x), training.Labels, trial);
        var before = Accuracy(shifted, head, layer.Project(xShifted));
        double asTrained, share = 0;
        if (arm == Arm.Method)
        {
            layer.FitResidual(new FittingRows(x) { Labels = training.Labels, Classes = Classes, Logits = head.Forward(layer.Project(x)) });
            var residual = xSame.Linear(layer.ResidualWeight, layer.ResidualBias);
            var report = ResidualReport.Of(head.Forward(layer.Project(xSame)), residual, same.Labels);
            (asTrained, share) = (report.Accuracy, report.Share);
        }
        else asTrained = Accuracy(same, Head(x, training.Labels, trial), xSame);
        Edit(head, arm, trial.Random("control"));
        var right = shifted.Right(head.Forward(layer.Project(xShifted)));
        return new Outcome
        {
            [Primary.Name] = right.Average(),
            ["gain of the edit, grounds shifted"] = right.Average() - before,
            [Same] = asTrained,
            ["accuracy before the edit, grounds shifted"] = before,
            ["residual's share of the logits"] = share,
            Examples = right,
        };
    }

    private static Linear Head(Tensor x, LongTensor labels, Trial trial)
    {
        var head = new SparseHead(x.Size(1), Classes, new SparseHeadOptions { Lambda = Lambda }, trial.Random("head"));
        head.Fit(new FittingRows(x) { Labels = labels, Classes = Classes });
        return head.Linear;
    }

    private static double Accuracy(ConfoundedScenes scenes, Linear head, Tensor x) => scenes.Right(head.Forward(x)).Average();

    private static void Edit(Linear head, Arm arm, RandomStream random)
    {
        double Weight(int column) => Enumerable.Range(0, Classes).Sum(k => (double)Math.Abs(head.Weight.Data[(k * Space.Width) + column]));
        var left = Enumerable.Range(FirstGround, Space.Width - FirstGround).Sum(Weight);
        var order = arm == Arm.Method ? [.. Enumerable.Range(FirstGround, Space.Width - FirstGround)] : random.Permutation(FirstGround);
        foreach (var column in order)
        {
            var own = Weight(column);
            if (own == 0) continue;
            var keep = Math.Max(0, own - left) / own;
            for (var k = 0; k < Classes; k++) HeadEdits.Set(head, k, column, (float)(keep * head.Weight.Data[(k * Space.Width) + column]));
            left -= (1 - keep) * own;
            if (left <= 1e-9) break;
        }
    }
}
