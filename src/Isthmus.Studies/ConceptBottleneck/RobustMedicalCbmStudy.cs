using Isthmus.Bottlenecks;
using Isthmus.Tensors;
using static Isthmus.Studies.ConceptBottleneck.ConfoundedScenes;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>
/// Yan, Wang, Zhong, He, Karypis, Wang, Dong, Gentili, Hsu, Shang, McAuley: "Robust and Interpretable Medical Image Classifiers via Concept Bottleneck
/// Models" (2023): a linear layer on similarities to words, against one on the embedding itself, where grounds mislead.
/// </summary>
public sealed class RobustMedicalCbmStudy : Study
{
    /// <inheritdoc/>
    public override string Slug => "robust-medical-cbm";

    /// <inheritdoc/>
    public override string Claim => "On grounds that go with another class than in training, a linear layer on similarities to words of the classes is more accurate than a linear probe of the embedding.";

    /// <inheritdoc/>
    public override string Procedure =>
        "An encoder and a table of words, trained by a contrastive loss on 3,000 captioned pictures with free grounds (500 steps of 96), are frozen. Both arms: logistic regression to the shape on 1,500 pictures whose ground goes with the shape 19 times in 20, elastic net with alpha 0.05 on standardised features, lambda in {0.001, 0.01, 0.1}, tuned on 400 further pictures with the grounds of " +
        "training. Method: features are the dot products with the vectors of the twelve words for shapes, colours and sizes (concepts proposed for the classes; no ground is). Baseline: features are the 32 numbers of the embedding. Read on 800 pictures on the ground of another class.";

    /// <inheritdoc/>
    public override string Differs =>
        "The embedding comes from a network trained in the study on pictures of its own, in place of BioVIL. Words are written down, not proposed by a language model, and every caption has them. Painted shapes in place of eight medical data sets. The margin is 0: the catalogue names none.";

    /// <inheritdoc/>
    public override string Data => "generated: pictures of 20 x 20 of four shapes in six colours and two sizes on seven grounds";

    /// <inheritdoc/>
    public override Measure Primary => new("accuracy, grounds shifted", "share", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries => [new("accuracy, grounds of training", "share", Better.Higher), new("gap between the two", "share", Better.Lower), new("weights", "", Better.Lower, Ratio: true)];

    /// <inheritdoc/>
    public override string Baseline => "a linear probe of the embedding";

    /// <inheritdoc/>
    public override string Method => "a linear layer on similarities to words";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["PaintedScenes.cs", "ConfoundedScenes.cs"];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Of(("lambda", 1e-3)), Configuration.Of(("lambda", 1e-2)), Configuration.Of(("lambda", 1e-1))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => BaselineConfigurations;

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("robust-medical-cbm paints its own pictures: it takes no --data");
        var embedding = SceneEmbedding.Of(trial);
        using var noGrad = new NoGrad();
        PosthocConcepts? layer = null;
        var training = Draw(trial.Random("training"), trial.Pick(80, 1500, 1500), Ground.Tied);
        if (arm == Arm.Method)
        {
            string[] names = [.. Space.ColumnNames.Take(FirstGround)];
            layer = new PosthocConcepts(SceneEmbedding.Width, new ConceptSpace([.. names.Select(n => new ConceptAxis(n, ConceptType.Binary, ["no", "yes"]))]), new PosthocOptions(), ConceptBank.Of(embedding.Words.Narrow(0, 0, FirstGround), names));
            layer.Fit(new FittingRows(embedding.Embed(training)));
        }
        var point = ElasticNetPath.Fit(Features(training), training.Labels, Classes, new ElasticNetOptions { Alpha = 0.05 }, [configuration["lambda"]]).Points[0];
        var validation = Draw(trial.Random("validation"), trial.Pick(40, 400, 400), Ground.Tied);
        var tuning = point.Accuracy(Features(validation), validation.Labels);
        if (trial.Tuning) return new Outcome { Tuning = tuning };
        var (shifted, same) = Tests(trial);
        var (weight, bias) = point.Head();
        var right = shifted.Right(Features(shifted).Linear(weight, bias));
        var inside = point.Accuracy(Features(same), same.Labels);
        return new Outcome
        {
            [Primary.Name] = right.Average(),
            ["accuracy, grounds of training"] = inside,
            ["gap between the two"] = inside - right.Average(),
            ["weights"] = weight.Numel,
            Tuning = tuning,
            Examples = right,
        };

        Tensor Features(ConfoundedScenes scenes)
        {
            var x = embedding.Embed(scenes);
            return layer is null ? x : layer.Project(x);
        }
    }
}
