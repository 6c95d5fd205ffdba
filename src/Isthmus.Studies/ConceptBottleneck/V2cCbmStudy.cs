using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>"V2C-CBM" (2025): unlabelled pictures choose the concepts out of common words, against as many words that a person would call visual.</summary>
public sealed class V2cCbmStudy : Study
{
    private const int Best = 5, Kept = 24, Shots = 4, Draws = 4;

    /// <inheritdoc/>
    public override string Slug => "v2c-cbm";

    /// <inheritdoc/>
    public override string Claim => "Words that unlabelled pictures choose for themselves make concepts as good as words known to be visual: few-shot accuracy is at most two points worse, with no list of visual words.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Twelve classes are a shape and a colour. Pictures are embedded by the small CLIP of the trial. The method quantises 1,000 unlabelled pictures to their 5 best of 92 words, half of which no picture shows, and keeps the 24 words that most pictures use. " +
        "The baseline draws 24 words by chance out of the 46 visual ones, each of the frequency in captions of one of the method's (from the 8 nearest that are left). In both, the 24 cosines are the only input of a linear classifier of four labelled pictures a class, its " +
        "penalty tuned over three values. Accuracy is read on 1,000 pictures whose pairs of colour and ground were in no training, the mean of 4 draws of labelled pictures and of the baseline's words. The margin of -0.02 means: no worse by more than two points.";

    /// <inheritdoc/>
    public override string Differs =>
        "The embedding comes from a network trained in the study on disjoint scenes, never from a generator that knows the labels. A list of the visual words stands for what a language model would say, as the catalogue's stronger check asks; the weaker comparison, with words " +
        "drawn out of all 92, is a secondary measure of the baseline. One tokenizer of single words; the paper's has bigrams too and learns an adapter. The embedding was given another network and more steps after the first previews, judged by its own probe.";

    /// <inheritdoc/>
    public override string Data => "generated: scenes of one shape with captions of 46 visual and 46 other words";

    /// <inheritdoc/>
    public override Measure Primary => new("accuracy", "share", Better.Higher, Margin: -0.02);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries => [new("accuracy of any words", "share", Better.Higher), new("visual words", "share", Better.Higher), new("words of the classes", "share", Better.Higher)];

    /// <inheritdoc/>
    public override string Baseline => "as many visual words of the same frequency, drawn by chance";

    /// <inheritdoc/>
    public override string Method => "the words that unlabelled pictures use";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["CaptionedScenes.cs", "ImageWordEmbedding.cs", "Readout.cs"];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations => [.. ((double[])[0.001, 0.01, 0.1]).Select(p => Configuration.Of(("penalty", p)))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations => BaselineConfigurations;

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var embedding = ImageWordEmbedding.Of(trial);
        var unlabelled = embedding.Embed(CaptionedScenes.Draw(trial.Random("unlabelled"), trial.Pick(60, 500, 1000), heldOut: false, colours: 3));
        var vocabulary = new ConceptVocabulary(CaptionedScenes.Words, embedding.Words).Centred(unlabelled);
        var used = vocabulary.MostUsed(unlabelled, Best, Kept);
        var rows = Shots * CaptionedScenes.Classes;
        var support = CaptionedScenes.Draw(trial.Random("support"), Draws * rows, heldOut: false, colours: 3, balanced: true);
        var known = embedding.Embed(support);
        var judged = CaptionedScenes.Draw(new RandomStream(trial.Tuning ? 61UL : 62), trial.Pick(60, 400, 1000), heldOut: !trial.Tuning, colours: 3);
        var asked = embedding.Embed(judged);
        var (accuracy, any, visual, own) = (new double[judged.Count], 0.0, 0.0, 0.0);
        for (var draw = 0; draw < Draws; draw++)
        {
            var labelled = known.Narrow(0, draw * rows, rows).Clone();
            var labels = support.Labels[(draw * rows)..((draw + 1) * rows)];
            var words = arm == Arm.Method ? used : Matched(used, CaptionedScenes.Visual, trial.Random($"visual words {draw}"));
            var correct = Judge(words);
            for (var i = 0; i < accuracy.Length; i++) accuracy[i] += correct[i] / Draws;
            if (trial.Tuning) continue;
            any += (arm == Arm.Method ? correct : Judge(Matched(used, CaptionedScenes.Words.Count, trial.Random($"any words {draw}")))).Average() / Draws;
            visual += words.Average(w => w < CaptionedScenes.Visual ? 1.0 : 0.0) / Draws;
            own += words.Average(w => Enumerable.Range(0, CaptionedScenes.Classes).Any(y => CaptionedScenes.OfClass(y) is var (s, c) && (CaptionedScenes.AttributeOf(w) == s || CaptionedScenes.AttributeOf(w) == c)) ? 1.0 : 0.0) / Draws;

            double[] Judge(int[] concepts)
            {
                var scorer = vocabulary.Subset(concepts);
                return Readout.Fit(trial, scorer.Scores(labelled), labels, CaptionedScenes.Classes, configuration["penalty"]).Correct(scorer.Scores(asked), judged.Labels);
            }
        }
        return new Outcome { ["accuracy"] = accuracy.Average(), ["accuracy of any words"] = any, ["visual words"] = visual, ["words of the classes"] = own, Tuning = accuracy.Average(), Examples = trial.Tuning ? null : accuracy };
    }

    // As many of the first words of the vocabulary, each near in frequency to one of these.
    private static int[] Matched(int[] words, int among, RandomStream random)
    {
        var taken = new List<int>();
        foreach (var word in words)
        {
            var near = Enumerable.Range(0, among).Where(w => !taken.Contains(w)).OrderBy(w => Math.Abs(CaptionedScenes.Frequency[w] - CaptionedScenes.Frequency[word])).Take(8).ToArray();
            taken.Add(near[random.NextInt(near.Length)]);
        }
        return [.. taken];
    }
}
