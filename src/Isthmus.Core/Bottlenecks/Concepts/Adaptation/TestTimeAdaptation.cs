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
/// linear head, and defined for every other. Only rows that are predicted as b are changed. The numbers m and the factor are those that
/// get most shots right; an adjustment stays only while it makes no shot worse on balance and does not worsen the old domain.
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
        var none = new ConceptAdaptation([], 1, Right(shots, target).Accuracy, 0, Right(source, old).Accuracy, 0, 0);
        none = none with { ShotsAfter = none.ShotsBefore, SourceAfter = none.SourceBefore };
        var (best, bestLoss, bestSize) = (none, Right(shots, target).Loss, 0);
        foreach (var (masked, amplified, factor) in Tries(options))
        {
            var tried = Kept(none, pairs, masked, amplified, factor, shots, target, source, old, options.SourceTolerance);
            var (accuracy, loss) = Right(tried.Apply(shots), target);
            var size = tried.Adjustments.Sum(a => a.Mask.Count + a.Amplify.Count);
            if (size == 0 || accuracy < best.ShotsAfter || (accuracy == best.ShotsAfter && (best.Adjustments.Count == 0 || loss > bestLoss || (loss == bestLoss && size >= bestSize)))) continue;
            (best, bestLoss, bestSize) = (tried, loss, size);
        }
        return best;
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

    // One adjustment after another, those of the most frequent mistakes first; each has to earn its place.
    private static ConceptAdaptation Kept(ConceptAdaptation none, Pair[] pairs, int masked, int amplified, double factor, IConceptModel shots, InterventionTarget target, IConceptModel source, InterventionTarget old, double tolerance)
    {
        var kept = none with { Factor = factor };
        foreach (var pair in pairs)
        {
            var adjustment = new ConceptAdjustment(pair.Predicted, pair.True, [.. pair.Confounders.Take(masked)], [.. pair.Discriminative.Except(pair.Confounders.Take(masked)).Take(amplified)]);
            if (adjustment.Mask.Count + adjustment.Amplify.Count == 0) continue;
            var tried = kept with { Adjustments = [.. kept.Adjustments, adjustment] };
            var accuracy = Right(tried.Apply(shots), target).Accuracy;
            if (accuracy <= kept.ShotsAfter) continue;
            var sourceAccuracy = Right(tried.Apply(source), old).Accuracy;
            kept = sourceAccuracy < none.SourceBefore - tolerance ? kept with { RolledBack = kept.RolledBack + 1 }
                : tried with { ShotsAfter = accuracy, SourceAfter = sourceAccuracy };
        }
        return kept;
    }

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
            var (confounding, discriminative) = (new double[shots.Space.Count], new double[shots.Space.Count]);
            for (var c = 0; c < shots.Space.Width; c++)
            {
                var (at, concept) = (c, shots.Space.ConceptOf(c));
                confounding[concept] += wrong.Average(row => (double)slope.Data[(row * shots.Space.Width) + at] * beliefs.Data[(row * shots.Space.Width) + at]);
                if (ofOld.Length == 0 || Mean(beliefs, ofTrue, c) >= Mean(oldBeliefs, ofOld, c)) continue;
                discriminative[concept] = Math.Max(discriminative[concept], wrong.Average(row => -(double)slope.Data[(row * shots.Space.Width) + at]));
            }
            pairs.Add(new(group.Key.Predicted, group.Key.True, Largest(confounding), Largest(discriminative)));
        }
        return [.. pairs];
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

    private static (double Accuracy, double Loss) Right(IConceptModel model, InterventionTarget target)
    {
        using var scope = new TensorScope("adaptation");
        using var noGrad = new NoGrad();
        var answers = model.Answers(null);
        var (right, loss) = (0d, 0d);
        for (var row = 0; row < target.Rows; row++)
        {
            var answer = target.Row(answers, row);
            (right, loss) = (right + target.Quality(answer, row), loss + target.Loss(answer, row));
        }
        return (right / target.Rows, loss / target.Rows);
    }

    private sealed record Pair(int Predicted, int True, int[] Confounders, int[] Discriminative);
}
