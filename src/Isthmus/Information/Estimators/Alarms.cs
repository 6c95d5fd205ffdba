using System.Globalization;

namespace Isthmus.Information;

/// <summary>Collects alarms: the gravest verdict stays, every reason is noted.</summary>
internal sealed class Alarms(Verdict first, List<string> notes)
{
    // An answer within a fifth, or a twentieth of a bit, is what a reading without alarm is meant to be worth.
    private const double Relative = 0.2, Floor = 0.05 * 0.6931471805599453;

    /// <summary>The verdict so far.</summary>
    public Verdict Verdict { get; private set; } = first;

    /// <summary>Notes a reason; a graver verdict replaces a lighter one.</summary>
    public void Raise(Verdict verdict, string reason)
    {
        if (Gravity(verdict) > Gravity(Verdict)) Verdict = verdict;
        notes.Add(reason);
    }

    /// <summary>The interval is wider than a reading may err.</summary>
    public void Noise(double nats, Spread spread)
    {
        if (!double.IsFinite(spread.Error))
        {
            Raise(Verdict.TooFewSamples, "on part of the rows the value is not finite: take more");
            return;
        }
        if (Statistics.Normal95 * spread.Error <= Tolerance(nats)) return;
        Raise(Verdict.TooFewSamples, string.Create(CultureInfo.InvariantCulture,
            $"the value scatters by ±{Statistics.Normal95 * spread.Error / Math.Log(2):0.000} bits at this number of rows: take more"));
    }

    /// <summary>
    /// The value still changes with the number of rows. Where a bias shrinks like n^(−1/d), it is the change from n/4 to n divided
    /// by 4^(1/d) − 1: in many dimensions a small change betrays a large bias.
    /// </summary>
    public void Trend(double nats, Spread spread, int dimensions)
    {
        var change = nats - spread.QuarterMean;
        if (!double.IsFinite(change)) return; // told as noise
        var share = Math.Min(0.5, Math.Pow(4, 1.0 / dimensions) - 1);
        // The quarters are the same rows, so most of the scatter cancels in the difference.
        if (Math.Abs(change) <= share * Tolerance(nats) + spread.QuarterError) return;
        Raise(Verdict.Unreliable, string.Create(CultureInfo.InvariantCulture,
            $"the value depends on the number of rows: {spread.QuarterMean / Math.Log(2):0.000} bits at n/4, {spread.HalfMean / Math.Log(2):0.000} at n/2, {nats / Math.Log(2):0.000} at n"));
    }

    /// <summary>Another reading of the same information disagrees.</summary>
    public void Disagreement(double nats, Variant variant, double error)
    {
        var gap = Math.Abs(variant.Nats - nats);
        if (gap <= variant.Slack * 0.5 * Tolerance(Math.Max(nats, variant.Nats)) + error) return;
        Raise(Verdict.Unreliable, string.Create(CultureInfo.InvariantCulture,
            $"{variant.What} reads {variant.Nats / Math.Log(2):0.000} bits: {variant.Advice}"));
    }

    private static double Tolerance(double nats) => Math.Max(Relative * Math.Abs(nats), Floor);

    private static int Gravity(Verdict verdict) => verdict switch
    {
        Verdict.NoAlarm => 0,
        Verdict.DependentSamples => 1,
        Verdict.Unreliable => 2,
        Verdict.Saturated => 3,
        _ => 4,
    };
}
