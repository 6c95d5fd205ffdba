using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What is tried when a model is adapted.</summary>
public sealed record AdaptationOptions
{
    /// <summary>How many concepts are masked, and how many amplified, at most, for each pair of classes.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [1, 2, 3, 5];

    /// <summary>What beliefs are multiplied by.</summary>
    public IReadOnlyList<double> Factors { get; init; } = [1.5, 2, 3];

    /// <summary>By how much the accuracy on the old domain may fall.</summary>
    public double SourceTolerance { get; init; }
}

/// <summary>
/// Adapts a model of concepts to a new domain from a few rows that carry class labels only, without training ("Training-free Test-time
/// Improvement for Explainable Medical Image Classification", 2025; the paper's formulas are not public, these are ours).
/// </summary>
/// <remarks>
/// Of the shots of class a that are taken for b: the confounders are the m concepts with the greatest mean of (w_bj − w_aj) ĉ_j, which are
/// masked; the discriminative ones are the m with the greatest w_aj − w_bj among those whose mean over the shots of a lies below that over
/// the old domain's rows of a, which are amplified. w_b − w_a is the slope of ln p_b − ln p_a in the concept: the weights' difference of a
/// linear head, and defined for every other. Only rows that are predicted as b are changed. An adjustment has to turn more shots right than
/// wrong, each shot that it was found on judged by the adjustment that is found without it (so that a single mistake is none to learn from),
/// and may not worsen the old domain; the numbers m and the factor are those that gain most.
/// </remarks>
public static class TestTimeAdaptation
{
    /// <summary>Finds adjustments.</summary>
    /// <param name="shots">The model bound to the few rows of the new domain.</param>
    /// <param name="shotLabels">Their classes, [rows].</param>
    /// <param name="source">The model bound to rows of the old domain that it was not trained on.</param>
    /// <param name="sourceLabels">Their classes, [rows].</param>
    /// <param name="options">What is tried.</param>
    /// <exception cref="ArgumentException">Labels and rows differ in number.</exception>
    public static ConceptAdaptation Fit(IConceptModel shots, LongTensor shotLabels, IConceptModel source, LongTensor sourceLabels, AdaptationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(shots);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(shotLabels);
        ArgumentNullException.ThrowIfNull(sourceLabels);
        if (shotLabels.Numel != shots.Rows || sourceLabels.Numel != source.Rows) throw new ArgumentException("adaptation: a label a row is expected");
        options ??= new AdaptationOptions();
        using var scope = new TensorScope("adaptation");
        var (target, old) = (InterventionTarget.Classes(shotLabels), InterventionTarget.Classes(sourceLabels));
        var pairs = Pairs(shots, target, source, old);
        var (shotsRight, sourceRight) = (Share(Right(shots, target)), Share(Right(source, old)));
        var best = new Kept(new([], 1, shotsRight, shotsRight, sourceRight, sourceRight, 0), 0);
        foreach (var (masked, amplified, factor) in Tries(options))
        {
            var kept = new Kept(best.Adaptation with { Adjustments = [], Factor = factor, ShotsAfter = shotsRight, SourceAfter = sourceRight, RolledBack = 0 }, 0);
            foreach (var pair in pairs) kept = Add(kept, pair, masked, amplified, shots, target, source, old, options.SourceTolerance);
            if (kept.Gain > best.Gain) best = kept;
        }
        return best.Adaptation;
    }

    private static IEnumerable<(int Masked, int Amplified, double Factor)> Tries(AdaptationOptions options)
    {
        foreach (var m in options.Sizes)
        {
            yield return (m, 0, 1);
            foreach (var factor in options.Factors)
            {
                yield return (0, m, factor);
                yield return (m, m, factor);
            }
        }
    }

    // A shot that an adjustment was found on is judged by the one that is found without it; the others by the adjustment itself.
    private static Kept Add(Kept kept, Pair pair, int masked, int amplified, IConceptModel shots, InterventionTarget target, IConceptModel source, InterventionTarget old, double tolerance)
    {
        if (pair.Whole.Adjustment(pair, masked, amplified) is not { } adjustment) return kept;
        var (before, tried) = (Right(kept.Adaptation.Apply(shots), target), kept.Adaptation.And(adjustment));
        var after = Right(tried.Apply(shots), target);
        var gain = 0;
        for (var row = 0; row < after.Length; row++)
        {
            var now = after[row];
            if (Array.IndexOf(pair.Rows, row) is >= 0 and var place)
                now = pair.Without[place].Adjustment(pair, masked, amplified) is { } without ? Right(kept.Adaptation.And(without).Apply(shots), target)[row] : before[row];
            gain += (now ? 1 : 0) - (before[row] ? 1 : 0);
        }
        if (gain <= 0) return kept;
        var share = Share(Right(tried.Apply(source), old));
        return share < kept.Adaptation.SourceBefore - tolerance ? kept with { Adaptation = kept.Adaptation with { RolledBack = kept.Adaptation.RolledBack + 1 } }
            : new(tried with { ShotsAfter = Share(after), SourceAfter = share }, kept.Gain + gain);
    }

    // Mistakes of the shots by what they are taken for and what they are, the most frequent first.
    private static Pair[] Pairs(IConceptModel shots, InterventionTarget target, IConceptModel source, InterventionTarget old)
    {
        Tensor beliefs, answers, oldBeliefs;
        using (new NoGrad()) (beliefs, answers, oldBeliefs) = (shots.Beliefs(null), shots.Answers(null), source.Beliefs(null));
        var predicted = Enumerable.Range(0, shots.Rows).Select(row => InterventionTarget.Best(target.Row(answers, row))).ToArray();
        var pairs = new List<Pair>();
        foreach (var group in Enumerable.Range(0, shots.Rows).Where(row => predicted[row] != target.Label(row))
            .GroupBy(row => (Predicted: predicted[row], True: target.Label(row))).OrderByDescending(g => g.Count()).ThenBy(g => g.Key))
        {
            var slope = Slope(shots, group.Key.Predicted, group.Key.True);
            int[] wrong = [.. group], ofTrue = [.. Rows(target, group.Key.True)], ofOld = [.. Rows(old, group.Key.True)];
            Ranking Of(int[] rows, int[] like) => Ranked(shots.Space, slope, beliefs, rows, like, oldBeliefs, ofOld);
            pairs.Add(new(group.Key.Predicted, group.Key.True, wrong, Of(wrong, ofTrue), [.. wrong.Select(row => Of([.. wrong.Where(r => r != row)], [.. ofTrue.Where(r => r != row)]))]));
        }
        return [.. pairs];
    }

    private static Ranking Ranked(ConceptSpace space, Tensor slope, Tensor beliefs, int[] wrong, int[] ofTrue, Tensor oldBeliefs, int[] ofOld)
    {
        if (wrong.Length == 0) return new([], []);
        var (confounding, discriminative) = (new double[space.Count], new double[space.Count]);
        for (var c = 0; c < space.Width; c++)
        {
            var (at, concept) = (c, space.ConceptOf(c));
            confounding[concept] += wrong.Average(row => (double)slope.Data[(row * space.Width) + at] * beliefs.Data[(row * space.Width) + at]);
            if (ofOld.Length == 0 || Mean(beliefs, ofTrue, c) >= Mean(oldBeliefs, ofOld, c)) continue;
            discriminative[concept] = Math.Max(discriminative[concept], wrong.Average(row => -(double)slope.Data[(row * space.Width) + at]));
        }
        return new(Largest(confounding), Largest(discriminative));
    }

    // The slope of ln p_b − ln p_a in every column, [rows, width].
    private static Tensor Slope(IConceptModel model, int b, int a)
    {
        using var gradient = new EnableGrad();
        var values = Tensor.From(model.Beliefs(null).ToArray(), model.Rows, model.Space.Width);
        values.RequiresGrad = true;
        var answers = model.Answers(new ConceptValues(values, Tensor.Ones(model.Rows, model.Space.Count)));
        if (answers.Size(1) == 1) answers = Tensor.Cat([1f - answers, answers], 1);
        var logs = answers.Clamp(1e-30f).Log();
        (logs.Narrow(1, b, 1) - logs.Narrow(1, a, 1)).Sum().Backward();
        return values.Grad ?? throw new InvalidOperationException("adaptation: the model's answers have no gradient in the concepts");
    }

    private static IEnumerable<int> Rows(InterventionTarget of, int label) => Enumerable.Range(0, of.Rows).Where(row => of.Label(row) == label);

    private static double Mean(Tensor beliefs, int[] rows, int column) => rows.Average(row => (double)beliefs.Data[(row * beliefs.Size(1)) + column]);

    private static int[] Largest(double[] scores) => [.. Enumerable.Range(0, scores.Length).Where(j => scores[j] > 0).OrderByDescending(j => scores[j])];

    private static bool[] Right(IConceptModel model, InterventionTarget target)
    {
        using var scope = new TensorScope("adaptation");
        using var noGrad = new NoGrad();
        var answers = model.Answers(null);
        return [.. Enumerable.Range(0, target.Rows).Select(row => target.Quality(target.Row(answers, row), row) == 1)];
    }

    private static double Share(bool[] right) => (double)right.Count(r => r) / right.Length;

    private sealed record Kept(ConceptAdaptation Adaptation, int Gain);

    private sealed record Pair(int Predicted, int True, int[] Rows, Ranking Whole, Ranking[] Without);

    private sealed record Ranking(int[] Confounders, int[] Discriminative)
    {
        public ConceptAdjustment? Adjustment(Pair pair, int masked, int amplified)
        {
            int[] mask = [.. Confounders.Take(masked)], amplify = [.. Discriminative.Except(mask).Take(amplified)];
            return mask.Length + amplify.Length == 0 ? null : new(pair.Predicted, pair.True, mask, amplify);
        }
    }
}
