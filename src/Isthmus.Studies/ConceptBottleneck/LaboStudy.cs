using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>"Language in a bottle" (2022): a few concepts a class, chosen submodularly out of what a language has for it, against a linear probe and against words chosen by chance.</summary>
public sealed class LaboStudy : Study
{
    private const int PerClass = 3, Pool = 20, Draws = 5;
    private const float Scale = 10;
    private static readonly int[][] s_pools = Pools();

    /// <inheritdoc/>
    public override string Slug => "labo";

    /// <inheritdoc/>
    public override string Claim => "With one labelled picture a class, a bottleneck of three words a class, chosen submodularly out of twenty candidates, classifies better than a linear probe on the whole embedding and than as many words of the same frequency.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Twelve classes are a shape and a colour. Pictures are embedded by the small CLIP of the trial. Each class has 20 candidate words: the 4 that are right for it and 16 drawn among all others, the same for all seeds. The method scores them on one labelled picture a " +
        "class (class-mean cosines about the means of pictures and words), chooses 3 a class greedily by discriminability and coverage, and learns LaBo's head, 10 cosine times the row-softmax of class-concept weights that begin at 1 for a class's own words, by 100 steps of " +
        "Adam. The baseline is whatever validates better of a linear probe on the 32 numbers of the embedding under two penalties, and the same head on words of like caption frequency drawn by chance (from the 8 nearest in frequency), at two step sizes. Accuracy is " +
        "read on 1,000 pictures whose pairs of colour and ground were in no training, the mean of 5 draws of the labelled pictures.";

    /// <inheritdoc/>
    public override string Differs =>
        "The embedding comes from a network trained in the study on disjoint scenes, never from a generator that knows the labels. Templates replace GPT-3: the right words of a class among 16 that are wrong for it or are of nothing seen; 12 classes of painted shapes in place of eleven data sets; the catalogue's stronger check is taken (frequency-matched random words, held-out " +
        "pairs of attributes), beside the paper's own baseline, the linear probe, whichever is better. A scale of 10 in place of 100, because the small embedding's cosines are spread ten times as wide as CLIP's. Similarities are about the means, and p(class | concept) is their softmax at " +
        "temperature 0.1 in place of their shares, under which a faint similarity to one class alone would count as certainty. The embedding was given another network and more steps after the first previews, judged by its own probe. The softmax came after a preview, too.";

    /// <inheritdoc/>
    public override string Data => "generated: scenes of one shape with captions of 46 visual and 46 other words";

    /// <inheritdoc/>
    public override Measure Primary => new("accuracy", "share", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries => [new("accuracy of words", "share", Better.Higher), new("right words", "share", Better.Higher), new("top words", "share", Better.Higher)];

    /// <inheritdoc/>
    public override string Baseline => "linear probe on the embedding, or LaBo's head on frequency-matched random words";

    /// <inheritdoc/>
    public override string Method => "submodular selection and LaBo's head";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["CaptionedScenes.cs", "ImageWordEmbedding.cs", "Readout.cs"];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations =>
        [Configuration.Of(("random words", 0), ("penalty", 0.001)), Configuration.Of(("random words", 0), ("penalty", 0.03)), Configuration.Of(("random words", 1), ("lr", 0.01)), Configuration.Of(("random words", 1), ("lr", 0.1))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => [.. from coverage in (double[])[0.1, 1] from lr in (double[])[0.01, 0.1] select Configuration.Of(("coverage", coverage), ("lr", lr))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var embedding = ImageWordEmbedding.Of(trial);
        var support = CaptionedScenes.Draw(trial.Random("support"), Draws * CaptionedScenes.Classes, heldOut: false, colours: 3, balanced: true);
        var known = embedding.Embed(support);
        var judged = CaptionedScenes.Draw(new RandomStream(trial.Tuning ? 61UL : 62), trial.Pick(60, 400, 1000), heldOut: !trial.Tuning, colours: 3);
        var asked = embedding.Embed(judged);
        var probe = arm == Arm.Baseline && configuration.Int("random words") == 0;
        var (accuracy, words, right, top) = (new double[judged.Count], 0.0, 0.0, 0.0);
        for (var draw = 0; draw < Draws; draw++)
        {
            var rows = known.Narrow(0, draw * CaptionedScenes.Classes, CaptionedScenes.Classes).Clone();
            var labels = support.Labels[(draw * CaptionedScenes.Classes)..((draw + 1) * CaptionedScenes.Classes)];
            var vocabulary = new ConceptVocabulary(CaptionedScenes.Words, embedding.Words).Centred(rows);
            var chosen = Choose(arm, arm == Arm.Method ? configuration["coverage"] : 1, vocabulary, rows, labels, trial.Random($"words {draw}"), byRank: false);
            var lr = probe ? 0.1 : configuration["lr"];
            var ofWords = Head(trial, vocabulary, chosen, rows, labels, asked, judged.Labels, lr);
            var correct = probe ? Readout.Fit(trial, rows, labels, CaptionedScenes.Classes, configuration["penalty"]).Correct(asked, judged.Labels) : ofWords;
            for (var i = 0; i < accuracy.Length; i++) accuracy[i] += correct[i] / Draws;
            if (trial.Tuning) continue;
            words += ofWords.Average() / Draws;
            right += chosen.SelectMany((own, y) => own.Select(w => Right(y, w) ? 1.0 : 0.0)).Average() / Draws;
            var ranked = Choose(arm, 0, vocabulary, rows, labels, trial.Random($"words {draw}"), byRank: true);
            top += Head(trial, vocabulary, ranked, rows, labels, asked, judged.Labels, lr).Average() / Draws;
        }
        return new Outcome { ["accuracy"] = accuracy.Average(), ["accuracy of words"] = words, ["right words"] = right, ["top words"] = top, Tuning = accuracy.Average(), Examples = trial.Tuning ? null : accuracy };
    }

    // Three words for each class; in the baseline each is replaced by another of like frequency.
    private static int[][] Choose(Arm arm, double coverage, ConceptVocabulary vocabulary, Tensor rows, int[] labels, RandomStream random, bool byRank)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("choose");
        var scores = SubmodularSelection.Discriminability(SubmodularSelection.ClassSimilarity(vocabulary.Scores(rows), LongTensor.From(labels, labels.Length), CaptionedScenes.Classes), 0.1);
        var options = new SelectionOptions { Coverage = byRank ? 0 : coverage };
        var choices = SubmodularSelection.PerClass(scores, FeatureNaming.Cosines(vocabulary.Embeddings, vocabulary.Embeddings, centre: false), s_pools, PerClass, options);
        return arm == Arm.Method || byRank ? [.. choices.Select(c => c.Concepts.ToArray())] : [.. choices.Select(c => Matched(c.Concepts, random))];
    }

    private static int[] Matched(IReadOnlyList<int> words, RandomStream random)
    {
        var taken = new List<int>();
        foreach (var word in words)
        {
            var near = Enumerable.Range(0, CaptionedScenes.Words.Count).Where(w => !words.Contains(w) && !taken.Contains(w)).OrderBy(w => Math.Abs(CaptionedScenes.Frequency[w] - CaptionedScenes.Frequency[word])).Take(8).ToArray();
            taken.Add(near[random.NextInt(near.Length)]);
        }
        return [.. taken];
    }

    // LaBo's head: a class's logit is the mean cosine with concepts, weighted by the row-softmax of its weights.
    private static double[] Head(Trial trial, ConceptVocabulary vocabulary, int[][] chosen, Tensor rows, int[] labels, Tensor asked, int[] answers, double lr)
    {
        int[] concepts = [.. chosen.SelectMany(c => c).Distinct().Order()];
        var words = vocabulary.Subset(concepts);
        var weights = Tensor.Zeros(chosen.Length, concepts.Length);
        for (var y = 0; y < chosen.Length; y++)
            foreach (var w in chosen[y]) weights.Data[(y * concepts.Length) + Array.IndexOf(concepts, w)] = 1;
        weights.RequiresGrad = true;
        var (x, y0) = (words.Scores(rows), LongTensor.From(labels, labels.Length));
        MiniTrainer.Train(trial with { Progress = null }, [("weights", weights)], labels.Length, new MiniOptions { Steps = trial.Pick(2, 100, 100), Batch = labels.Length, LearningRate = lr },
            (_, _) => Logits(x, weights).CrossEntropy(y0));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("answers");
        return Readout.Correct(Logits(words.Scores(asked), weights).ArgMax(1), answers);
    }

    private static Tensor Logits(Tensor scores, Tensor weights) => (scores * Scale).MatMul(weights.Softmax(), transposeOther: true);

    private static bool Right(int label, int word) => CaptionedScenes.OfClass(label) is var (shape, colour) && (CaptionedScenes.AttributeOf(word) == shape || CaptionedScenes.AttributeOf(word) == colour);

    // What the templates say of each class.
    private static int[][] Pools()
    {
        var random = new RandomStream(60);
        return [.. Enumerable.Range(0, CaptionedScenes.Classes).Select(y =>
        {
            var own = Enumerable.Range(0, CaptionedScenes.Words.Count).Where(w => Right(y, w)).ToArray();
            return own.Concat(random.Permutation(CaptionedScenes.Words.Count).Where(w => !own.Contains(w)).Take(Pool - own.Length)).Order().ToArray();
        })];
    }
}
