using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>How well a model knows one concept, on the rows where it is annotated. What does not apply is null.</summary>
/// <param name="Name">The concept.</param>
/// <param name="Rows">Rows with an annotation.</param>
/// <param name="Accuracy">The share of right decisions, of concepts with states.</param>
/// <param name="Majority">The share of the commonest state: what a model that knows nothing gets right.</param>
/// <param name="Auc">The area under the receiver operating curve; of more than two states the mean over states that occur, each against the rest.</param>
/// <param name="Brier">Mean squared difference of probability and truth: of a binary concept that of its probability, of more states their sum.</param>
/// <param name="Ece">Calibration error: over bins of the decided state's probability the mean distance of probability and share of right decisions, weighted by rows.</param>
/// <param name="Mse">Of continuous concepts the mean squared error.</param>
/// <param name="R2">Of continuous concepts 1 − mse/variance.</param>
public sealed record ConceptScore(string Name, int Rows, double? Accuracy, double? Majority, double? Auc, double? Brier, double? Ece, double? Mse = null, double? R2 = null);

/// <summary>The decisions of one group of rows.</summary>
/// <param name="Group">Its value.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Accuracy">Of the class; null where it is not known.</param>
/// <param name="ConceptAccuracy">For each concept its accuracy in the group; null where no row is annotated.</param>
public sealed record SubgroupScore(string Group, int Rows, double? Accuracy, IReadOnlyList<double?> ConceptAccuracy);

/// <summary>Quality of concepts: accuracy, area under the curve, Brier score, calibration, and the same by subgroup.</summary>
public static class ConceptQuality
{
    /// <summary>Bins of the calibration error unless told.</summary>
    public const int Bins = 10;

    /// <summary>Of a binary concept.</summary>
    /// <param name="name">The concept.</param>
    /// <param name="truth">0 or 1; NaN where unknown.</param>
    /// <param name="probability">Of 1.</param>
    /// <param name="bins">Of the calibration error, of equal width.</param>
    public static ConceptScore Binary(string name, ReadOnlySpan<float> truth, ReadOnlySpan<float> probability, int bins = Bins)
    {
        if (truth.Length != probability.Length) throw new ArgumentException(FormattableString.Invariant($"concept quality: {truth.Length} annotations and {probability.Length} probabilities"));
        var both = new float[2 * truth.Length];
        for (var i = 0; i < truth.Length; i++) (both[2 * i], both[2 * i + 1]) = (1 - probability[i], probability[i]);
        var score = States(name, truth, both, 2, bins);
        return score with { Brier = score.Brier / 2 };
    }

    /// <summary>Of a concept with states: categories or levels.</summary>
    /// <param name="name">The concept.</param>
    /// <param name="truth">[n] the index of the state; NaN where unknown.</param>
    /// <param name="probabilities">[n × states], rows that sum to 1.</param>
    /// <param name="states">At least 2.</param>
    /// <param name="bins">Of the calibration error.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, an annotation that is no state.</exception>
    public static ConceptScore States(string name, ReadOnlySpan<float> truth, ReadOnlySpan<float> probabilities, int states, int bins = Bins)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(states, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        if (probabilities.Length != truth.Length * states) throw new ArgumentException(FormattableString.Invariant($"concept quality: {probabilities.Length} probabilities for {truth.Length} rows of {states} states"));
        var (counts, rows, right, brier) = (new int[states], 0, 0, 0.0);
        var (binRows, binRight, binSure) = (new int[bins], new int[bins], new double[bins]);
        for (var i = 0; i < truth.Length; i++)
        {
            if (float.IsNaN(truth[i])) continue;
            if (truth[i] < 0 || truth[i] >= states || truth[i] != MathF.Floor(truth[i])) throw new ArgumentException(FormattableString.Invariant($"concept quality: {name} is {truth[i]}; a state 0..{states - 1} is needed"), nameof(truth));
            var p = probabilities.Slice(i * states, states);
            var (state, best) = ((int)truth[i], 0);
            for (var s = 0; s < states; s++)
            {
                if (p[s] > p[best] || states == 2 && p[s] == p[best]) best = s; // a binary concept at one half counts as present
                brier += Math.Pow(p[s] - (s == state ? 1.0 : 0), 2);
            }
            counts[state]++;
            rows++;
            var bin = Math.Clamp((int)(p[best] * bins), 0, bins - 1);
            binRows[bin]++;
            binSure[bin] += p[best];
            if (best != state) continue;
            right++;
            binRight[bin]++;
        }
        if (rows == 0) return new ConceptScore(name, 0, null, null, null, null, null);
        var ece = 0.0;
        for (var b = 0; b < bins; b++) ece += Math.Abs(binRight[b] - binSure[b]);
        return new ConceptScore(name, rows, (double)right / rows, (double)counts.Max() / rows, Auc(truth, probabilities, states), brier / rows, ece / rows);
    }

    /// <summary>Of a continuous concept.</summary>
    /// <param name="name">The concept.</param>
    /// <param name="truth">Numbers; NaN where unknown.</param>
    /// <param name="value">The model's.</param>
    public static ConceptScore Continuous(string name, ReadOnlySpan<float> truth, ReadOnlySpan<float> value)
    {
        if (truth.Length != value.Length) throw new ArgumentException(FormattableString.Invariant($"concept quality: {truth.Length} annotations and {value.Length} values"));
        double sum = 0, error = 0, squares = 0;
        var rows = 0;
        for (var i = 0; i < truth.Length; i++)
        {
            if (float.IsNaN(truth[i])) continue;
            sum += truth[i];
            error += Math.Pow((double)truth[i] - value[i], 2);
            rows++;
        }
        if (rows == 0) return new ConceptScore(name, 0, null, null, null, null, null);
        var mean = sum / rows;
        foreach (var t in truth) squares += float.IsNaN(t) ? 0 : (t - mean) * (t - mean);
        return new ConceptScore(name, rows, null, null, null, null, null, error / rows, squares > 0 ? 1 - error / squares : null);
    }

    /// <summary>The chance that a positive row scores above a negative one, ties counting half (Mann and Whitney 1947); null where one kind is missing.</summary>
    /// <param name="scores">For each row.</param>
    /// <param name="positive">For each row.</param>
    public static double? AreaUnderCurve(ReadOnlySpan<double> scores, ReadOnlySpan<bool> positive)
    {
        if (scores.Length != positive.Length) throw new ArgumentException(FormattableString.Invariant($"area under the curve: {scores.Length} scores for {positive.Length} rows"));
        var order = new int[scores.Length];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        var sorted = scores.ToArray();
        Array.Sort(sorted, order);
        double pairs = 0, positives = 0, negatives = 0;
        for (var i = 0; i < sorted.Length;)
        {
            var end = i;
            double equalPositives = 0, equalNegatives = 0;
            for (; end < sorted.Length && sorted[end] == sorted[i]; end++)
            {
                if (positive[order[end]]) equalPositives++;
                else equalNegatives++;
            }
            pairs += equalPositives * (negatives + equalNegatives / 2);
            (positives, negatives) = (positives + equalPositives, negatives + equalNegatives);
            i = Math.Max(end, i + 1); // a NaN equals nothing
        }
        return positives > 0 && negatives > 0 ? pairs / (positives * negatives) : null;
    }

    /// <summary>Accuracies by group, in the order of the groups' names: a model may be right on the whole and wrong for the few.</summary>
    /// <param name="groups">For each row its group.</param>
    /// <param name="truth">[n, k] annotations as plain values; NaN where unknown.</param>
    /// <param name="decided">[n, k] decisions.</param>
    /// <param name="right">For each row whether the class was right; null where there is none.</param>
    public static IReadOnlyList<SubgroupScore> Subgroups(IReadOnlyList<string> groups, Tensor truth, Tensor decided, IReadOnlyList<bool>? right = null)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(decided);
        if (truth.Dim != 2 || !truth.Shape.SequenceEqual(decided.Shape) || truth.Size(0) != groups.Count || right is not null && right.Count != groups.Count)
            throw new ArgumentException($"subgroups: {groups.Count} groups, annotations [{string.Join(", ", truth.Shape.ToArray())}] and decisions [{string.Join(", ", decided.Shape.ToArray())}] do not fit");
        var k = truth.Size(1);
        return [.. Enumerable.Range(0, groups.Count).GroupBy(i => groups[i], StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g =>
        {
            var rows = g.ToArray();
            return new SubgroupScore(g.Key, rows.Length, right is null ? null : rows.Average(i => right[i] ? 1.0 : 0), [.. Enumerable.Range(0, k).Select(j =>
            {
                var known = rows.Where(i => !float.IsNaN(truth.Data[i * k + j])).ToArray();
                return known.Length == 0 ? (double?)null : known.Average(i => truth.Data[i * k + j] == decided.Data[i * k + j] ? 1.0 : 0);
            })]);
        })];
    }

    private static double? Auc(ReadOnlySpan<float> truth, ReadOnlySpan<float> probabilities, int states)
    {
        var known = new List<int>();
        for (var i = 0; i < truth.Length; i++)
            if (!float.IsNaN(truth[i])) known.Add(i);
        var (scores, positive) = (new double[known.Count], new bool[known.Count]);
        var areas = new List<double>();
        for (var s = states == 2 ? 1 : 0; s < states; s++)
        {
            for (var i = 0; i < scores.Length; i++) (scores[i], positive[i]) = (probabilities[known[i] * states + s], truth[known[i]] == s);
            if (AreaUnderCurve(scores, positive) is { } area) areas.Add(area);
        }
        return areas.Count == 0 ? null : areas.Average();
    }
}
