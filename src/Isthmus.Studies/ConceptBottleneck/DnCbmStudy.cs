using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>"Discover-then-name" (2024): features of a sparse autoencoder on image embeddings, named by the nearest word, against names of random directions, of axes, and permuted ones.</summary>
public sealed class DnCbmStudy : Study
{
    private const int Features = 4 * ImageWordEmbedding.Width;

    /// <inheritdoc/>
    public override string Slug => "dn-cbm";

    /// <inheritdoc/>
    public override string Claim => "Features that a sparse autoencoder finds in image embeddings fit the words nearest to their directions: read as a detector of its name's attribute, a feature has a higher AUC than a random direction or an axis has for the word nearest to it, or a feature for another's name.";

    /// <inheritdoc/>
    public override string Procedure =>
        "A TopK autoencoder of 128 features on the 32-dimensional picture embeddings of the trial's small CLIP, trained for 600 steps of 256 on 4,000 unlabelled pictures; 4, 6 or 8 features active at a time, tuned. Each live feature (active on at least 1 % of those pictures) is named by the word of largest " +
        "cosine with its decoder direction, about the words' mean. The measure is the mean over live features of the AUC by which the feature's encoder output, before the largest are selected, tells pictures with its name's attribute from others, on 2,000 pictures whose pairs of colour and ground were in no training; a name of nothing seen counts 0.5. The baseline is whichever validates better " +
        "of 128 random directions (projections about the mean), the 32 axes in both senses, and the autoencoder's features with permuted names. Probes are softmax regressions on 600 labelled pictures of 12 classes.";

    /// <inheritdoc/>
    public override string Differs =>
        "The embedding comes from a network trained in the study on disjoint scenes, never from a generator that knows the labels. Scenes of one shape and 92 words in place of CC3M and 20,000 words; a TopK autoencoder with revival of dead features in place of L1 with resampling. The catalogue's stronger check is taken in place of 70 % correct names: permuted names and random " +
        "directions, which are named by the nearest word too and so agree with it by construction, and AUC on held-out pairs. The share of right names (AUC of at least 0.9) is secondary. A first quick preview read the sizes after selection, " +
        "0 in most pictures: their ties keep the AUC of a feature that is active in one of ten pictures far from 1 for an attribute of half of them, whatever its name; so outputs before selection are read, in both arms. The embedding was given another network and more steps after the first previews, judged by its own probe.";

    /// <inheritdoc/>
    public override string Data => "generated: scenes of one shape with captions of 46 visual and 46 other words";

    /// <inheritdoc/>
    public override Measure Primary => new("naming AUC", "", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
        [new("right names", "share", Better.Higher), new("visual names", "share", Better.Higher), new("attributes named", "share", Better.Higher), new("live share", "share", Better.Higher), new("probe accuracy", "share", Better.Higher), new("concepts for 95 %", "", Better.Lower)];

    /// <inheritdoc/>
    public override string Baseline => "random directions, axes, or permuted names; their probe reads the whole embedding";

    /// <inheritdoc/>
    public override string Method => "features of a sparse autoencoder under the names of their decoder directions";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["CaptionedScenes.cs", "ImageWordEmbedding.cs", "Readout.cs"];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [.. ((double[])[0, 1, 2]).Select(k => Configuration.Of(("kind", k), ("active", 6)))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => [.. ((double[])[4, 6, 8]).Select(k => Configuration.Of(("active", k)))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var embedding = ImageWordEmbedding.Of(trial);
        var rows = embedding.Embed(CaptionedScenes.Draw(trial.Random("unlabelled"), trial.Pick(300, 2000, 4000), heldOut: false));
        var kind = arm == Arm.Method ? 3 : configuration.Int("kind"); // random directions, axes, permuted names, the method
        var (directions, code, outputs) = kind < 2 ? Projections(kind, rows, trial) : Autoencoder(rows, configuration.Int("active"), trial);
        int[] live = kind < 2 ? [.. Enumerable.Range(0, directions.Size(0))] : Live(code(rows));
        var names = FeatureNaming.Name(directions, CaptionedScenes.Words, embedding.Words).Select(n => n.Word).ToArray();
        if (kind == 2) names = Permuted(names, live, trial.Random("names"));
        var judged = CaptionedScenes.Draw(new RandomStream(trial.Tuning ? 63UL : 64), trial.Pick(100, 800, 2000), heldOut: !trial.Tuning);
        var sizes = outputs(embedding.Embed(judged));
        var auc = live.Select(f => Auc(judged, sizes, f, CaptionedScenes.AttributeOf(names[f]))).DefaultIfEmpty(0.5).ToArray();
        if (trial.Tuning) return new Outcome { Tuning = auc.Average() };
        var (accuracy, needed) = Probe(trial, embedding, arm == Arm.Method ? code : x => x);
        return new Outcome
        {
            ["naming AUC"] = auc.Average(),
            ["right names"] = auc.Average(a => a >= 0.9 ? 1.0 : 0.0),
            ["visual names"] = live.Select(f => names[f] < CaptionedScenes.Visual ? 1.0 : 0.0).DefaultIfEmpty(0).Average(),
            ["attributes named"] = live.Where((_, i) => auc[i] >= 0.9).Select(f => CaptionedScenes.AttributeOf(names[f])).Distinct().Count() / (double)CaptionedScenes.Attributes,
            ["live share"] = live.Length / (double)directions.Size(0),
            ["probe accuracy"] = accuracy,
            ["concepts for 95 %"] = needed,
            Tuning = auc.Average(),
        };
    }

    private static (Tensor Directions, Func<Tensor, Tensor> Code, Func<Tensor, Tensor> Outputs) Projections(int kind, Tensor rows, Trial trial)
    {
        using var noGrad = new NoGrad();
        var mean = rows.Mean(0, keepdim: true);
        var axes = Tensor.Eye(ImageWordEmbedding.Width);
        var directions = kind == 0 ? GradientEstimators.UnitRows(Tensor.Randn(trial.Random("directions"), Features, ImageWordEmbedding.Width)) : Tensor.Cat([axes, -axes]);
        return (directions, Project, Project);

        Tensor Project(Tensor x) => (x - mean).MatMul(directions, transposeOther: true);
    }

    private static (Tensor Directions, Func<Tensor, Tensor> Code, Func<Tensor, Tensor> Outputs) Autoencoder(Tensor rows, int active, Trial trial)
    {
        var autoencoder = new TopKAutoencoder(ImageWordEmbedding.Width, new TopKOptions { Features = Features, Active = active }, trial.Random("weights"));
        autoencoder.Prepare([rows]);
        var step = 0L;
        MiniTrainer.Train(trial with { Progress = null }, autoencoder.NamedParameters(), rows.Size(0), new MiniOptions { Steps = trial.Pick(6, 300, 600), Batch = 256, LearningRate = 2e-3 }, (chosen, noise) =>
            autoencoder.Pass(rows.IndexSelect(0, LongTensor.From(chosen, chosen.Length)), new PassContext(PassMode.Sample, noise) { Training = true, Step = step++ }).Terms.Select(t => t.Value * t.Weight).Aggregate((a, b) => a + b));
        autoencoder.Eval();
        return (autoencoder.Decoder.Detach(), Codes, Outputs);

        Tensor Codes(Tensor x)
        {
            using var noGrad = new NoGrad();
            var (pattern, values) = autoencoder.Encode(x);
            return pattern.ToDense(values);
        }

        Tensor Outputs(Tensor x)
        {
            using var noGrad = new NoGrad();
            return ((x - autoencoder.DecoderBias) * autoencoder.Scale).Linear(autoencoder.Encoder, autoencoder.EncoderBias);
        }
    }

    private static int[] Live(Tensor code)
    {
        var counts = new int[code.Size(1)];
        for (var i = 0; i < code.Numel; i++)
            if (code.Data[i] > 0) counts[i % counts.Length]++;
        return [.. Enumerable.Range(0, counts.Length).Where(f => counts[f] >= 0.01 * code.Size(0))];
    }

    private static int[] Permuted(int[] names, int[] live, RandomStream random)
    {
        var permuted = (int[])names.Clone();
        var order = random.Permutation(live.Length);
        for (var i = 0; i < live.Length; i++) permuted[live[i]] = names[live[order[i]]];
        return permuted;
    }

    // How often a picture with the attribute has the larger size, ties counted half.
    private static double Auc(CaptionedScenes scenes, Tensor sizes, int feature, int attribute)
    {
        var (width, n) = (sizes.Size(1), scenes.Count);
        var order = Enumerable.Range(0, n).OrderBy(i => sizes.Data[(i * width) + feature]).ToArray();
        double ranks = 0, present = 0;
        for (var start = 0; start < n;)
        {
            var end = start;
            while (end < n && sizes.Data[(order[end] * width) + feature] == sizes.Data[(order[start] * width) + feature]) end++;
            for (var i = start; i < end; i++)
                if (scenes.Shows(order[i], attribute)) (ranks, present) = (ranks + ((start + end + 1) / 2.0), present + 1);
            start = end;
        }
        return present == 0 || present == n ? 0.5 : (ranks - (present * (present + 1) / 2)) / (present * (n - present));
    }

    // Accuracy of a linear probe, and how many columns make up 95 % of what speaks for its answers.
    private static (double Accuracy, double Needed) Probe(Trial trial, ImageWordEmbedding embedding, Func<Tensor, Tensor> code)
    {
        var (known, judged) = (CaptionedScenes.Draw(trial.Random("labelled"), trial.Pick(60, 300, 600), heldOut: false, colours: 3), CaptionedScenes.Draw(new RandomStream(62), trial.Pick(60, 400, 1000), heldOut: true, colours: 3));
        var (columns, asked) = (code(embedding.Embed(known)), code(embedding.Embed(judged)));
        var probe = Readout.Fit(trial, columns, known.Labels, CaptionedScenes.Classes, 0.001);
        using var noGrad = new NoGrad();
        var x = probe.Standardised(asked);
        var answers = x.MatMul(probe.Weight, transposeOther: true).ArgMax(1);
        return (probe.Correct(asked, judged.Labels).Average(), FeatureNaming.Coverage(x * probe.Weight.IndexSelect(0, answers), 0.95).Average());
    }
}
