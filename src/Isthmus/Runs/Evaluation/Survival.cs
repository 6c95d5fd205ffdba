using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>How good risks are.</summary>
internal static class Survival
{
    private const double Normal95 = 1.959963984540054;

    /// <summary>Concordance with its interval, and the partial likelihood of the whole.</summary>
    public static Quality QualityOf(SurvivalTarget target, Outcomes outcomes)
    {
        float[] times = [.. outcomes.Rows.Select(r => target.Times[r])];
        bool[] events = [.. outcomes.Rows.Select(r => target.Events[r])];
        var nats = PartialNats(times, events, outcomes.Answers);
        var concordance = Concordance(times, events, outcomes.Answers);
        return new Quality
        {
            Concordance = concordance?.Value,
            ConcordanceLow = concordance?.Low,
            ConcordanceHigh = concordance?.High,
            NllBits = nats is { } n ? Bits.FromNats(n).Value : null,
            MajorityOrMean = concordance is null ? null : 0.5, // equal risks
        };
    }

    /// <summary>
    /// Harrell's C. A pair is comparable where the event of one happened before the other's time, or at the same time while the other was last
    /// seen then. Its interval: the normal one with the jackknife's deviation over rows, within [0, 1].
    /// </summary>
    /// <returns>Null where no pair is comparable.</returns>
    public static (double Value, double Low, double High)? Concordance(ReadOnlySpan<float> times, ReadOnlySpan<bool> events, ReadOnlySpan<float> risks)
    {
        var n = times.Length;
        var (right, pairs) = (new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            if (!events[i]) continue;
            for (var j = 0; j < n; j++)
            {
                if (!(times[i] < times[j] || (times[i] == times[j] && !events[j]))) continue;
                var good = risks[i] > risks[j] ? 1 : risks[i] == risks[j] ? 0.5 : 0;
                (right[i], right[j], pairs[i], pairs[j]) = (right[i] + good, right[j] + good, pairs[i] + 1, pairs[j] + 1);
            }
        }
        var (all, good2) = (pairs.Sum() / 2, right.Sum() / 2); // each pair was counted at both of its rows
        if (all == 0) return null;
        var value = good2 / all;
        var left = Enumerable.Range(0, n).Where(i => all > pairs[i]).Select(i => (good2 - right[i]) / (all - pairs[i])).ToArray();
        if (left.Length < 2) return (value, 0, 1);
        var mean = left.Average();
        var deviation = Math.Sqrt((left.Length - 1.0) / left.Length * left.Sum(c => (c - mean) * (c - mean)));
        return (value, Math.Max(0, value - (Normal95 * deviation)), Math.Min(1, value + (Normal95 * deviation)));
    }

    /// <summary>The negative logarithm of Cox's partial likelihood, ties after Breslow, nats an event; null without events.</summary>
    public static double? PartialNats(float[] times, bool[] events, float[] scores)
    {
        var order = Enumerable.Range(0, times.Length).OrderByDescending(i => times[i]).ToArray();
        var (most, sum, nats, count) = (double.NegativeInfinity, 0.0, 0.0, 0);
        for (var at = 0; at < order.Length;)
        {
            var end = at;
            for (; end < order.Length && times[order[end]] == times[order[at]]; end++)
            {
                double f = scores[order[end]];
                (most, sum) = f > most ? (f, (sum * Math.Exp(most - f)) + 1) : (most, sum + Math.Exp(f - most));
            }
            for (; at < end; at++)
            {
                if (!events[order[at]]) continue;
                nats += most + Math.Log(sum) - scores[order[at]];
                count++;
            }
        }
        return count == 0 ? null : nats / count;
    }
}
