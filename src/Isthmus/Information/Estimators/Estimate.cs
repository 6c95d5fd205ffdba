namespace Isthmus.Information;

/// <summary>On which side of the truth a number lies, in expectation.</summary>
public enum BoundDirection
{
    /// <summary>Neither: the estimator may err to both sides.</summary>
    None,

    /// <summary>At most the truth, in expectation.</summary>
    Lower,

    /// <summary>At least the truth, in expectation.</summary>
    Upper,
}

/// <summary>
/// What the alarms say about a reading. <see cref="NoAlarm"/> is the best there is and never a promise: no distribution-free
/// lower bound on mutual information can exceed O(ln n) (McAllester and Stratos, "Formal Limitations on the Measurement of
/// Mutual Information", AISTATS 2020).
/// </summary>
public enum Verdict
{
    /// <summary>No alarm rang.</summary>
    NoAlarm,

    /// <summary>The value is close to the most that this estimator can say with this many samples.</summary>
    Saturated,

    /// <summary>The value changes with the number of samples, the setting, a harmless transform, or the family of the estimator.</summary>
    Unreliable,

    /// <summary>There are too few samples for the estimator's bins, neighbours or dimensions.</summary>
    TooFewSamples,

    /// <summary>The rows depend on one another (a series), and the estimator takes them for independent.</summary>
    DependentSamples,
}

/// <summary>
/// One reading: a number with its unit, its interval, the side of the truth it lies on, the most it could have said, and what
/// the alarms say about it.
/// </summary>
/// <param name="Estimator">The name of the estimator, as <c>measure --estimator</c> spells it (<c>ksg1</c>).</param>
/// <param name="Bits">The value where it is Shannon information; null where it is not (<see cref="Measure"/>) or is not finite.</param>
public sealed record Estimate(string Estimator, Bits? Bits)
{
    /// <summary>The value of a quantity that is not Shannon information (HSIC, Cauchy–Schwarz, matrix-based Rényi, sliced), in <see cref="MeasureUnit"/>; else null.</summary>
    public double? Measure { get; init; }

    /// <summary>What <see cref="Measure"/> is counted in (<c>nats of order 2</c>, <c>HSIC</c>); null without it.</summary>
    public string? MeasureUnit { get; init; }

    /// <summary>The lower end of the 95 % interval of the estimator's sampling spread; null where none was asked for.</summary>
    public Bits? Low { get; init; }

    /// <summary>The upper end of the 95 % interval.</summary>
    public Bits? High { get; init; }

    /// <summary>On which side of the truth the value lies in expectation.</summary>
    public BoundDirection Direction { get; init; }

    /// <summary>The most that the estimator can return on these samples; null where it has no ceiling.</summary>
    public Bits? Ceiling { get; init; }

    /// <summary>The share of permutations whose value is at least this one, (1 + b) / (1 + B); null where none were made.</summary>
    public double? PValue { get; init; }

    /// <summary>What the alarms say.</summary>
    public Verdict Verdict { get; init; }

    /// <summary>One sentence each: why an alarm rang and which estimator to try instead, and choices that were made.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Wall time of the value alone, in seconds.</summary>
    public double Seconds { get; init; }
}
