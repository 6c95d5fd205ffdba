namespace Isthmus.Studies;

/// <summary>A measure's values in both arms.</summary>
/// <param name="Name">The measure.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Direction">Which way is good.</param>
/// <param name="Baseline">One value a seed.</param>
/// <param name="Method">One value a seed.</param>
/// <param name="Difference">The mean of method minus baseline, or of the logarithm of their ratio.</param>
/// <param name="Interval">Of that mean, 94 %.</param>
/// <param name="Ratio">Whether difference and interval are on the logarithmic scale.</param>
public sealed record MeasureResult(string Name, string Unit, Better Direction, IReadOnlyList<double> Baseline, IReadOnlyList<double> Method, double Difference, IReadOnlyList<double> Interval, bool Ratio);

/// <summary>What tuning tried.</summary>
/// <param name="ConfigsPerArm">How many configurations each arm could choose from; 1: nothing was tuned.</param>
/// <param name="Seeds">As in <c>100-102</c>; null where nothing was tuned.</param>
/// <param name="Baseline">What the baseline chose.</param>
/// <param name="Method">What the method chose.</param>
public sealed record TuningResult(int ConfigsPerArm, string? Seeds, string Baseline, string Method);

/// <summary>A study's result, as the command prints it and as it is recorded.</summary>
public sealed record StudyResult
{
    /// <summary>The system.</summary>
    public required string Slug { get; init; }

    /// <summary>The paper's claim.</summary>
    public required string Claim { get; init; }

    /// <summary>What was done.</summary>
    public required string Procedure { get; init; }

    /// <summary>How it differs from the paper.</summary>
    public required string Differs { get; init; }

    /// <summary>The data in words, or the DATA argument that took their place.</summary>
    public required string Data { get; init; }

    /// <summary>The baseline in words.</summary>
    public required string Baseline { get; init; }

    /// <summary>The method in words.</summary>
    public required string Method { get; init; }

    /// <summary>The budget.</summary>
    public required Budget Budget { get; init; }

    /// <summary>The seeds of the result.</summary>
    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>The measure that decides.</summary>
    public required string Primary { get; init; }

    /// <summary>Its unit.</summary>
    public required string Unit { get; init; }

    /// <summary>Which way is good.</summary>
    public required Better Direction { get; init; }

    /// <summary>By how much the method must be better; negative: may be worse.</summary>
    public required double Margin { get; init; }

    /// <summary>Whether arms are compared by the logarithm of their ratio.</summary>
    public required bool Ratio { get; init; }

    /// <summary>Method minus baseline (or the logarithm of their ratio) for each seed.</summary>
    public required IReadOnlyList<double> Differences { get; init; }

    /// <summary>Of their mean: the ends are one-sided 97 % limits; the wider of seeds and test examples.</summary>
    public required IReadOnlyList<double> Interval { get; init; }

    /// <summary>Of the claim, one-sided.</summary>
    public required double P { get; init; }

    /// <summary>How far beyond the margin the mean difference would have to lie to read held.</summary>
    public required double Detectable { get; init; }

    /// <summary>Whether the spread over test examples was wider than that over seeds.</summary>
    public required bool ByExamples { get; init; }

    /// <summary>All measures, the primary one first.</summary>
    public required IReadOnlyList<MeasureResult> Measures { get; init; }

    /// <summary>What tuning tried.</summary>
    public required TuningResult Tuning { get; init; }

    /// <summary>The verdict.</summary>
    public required StudyVerdict Verdict { get; init; }

    /// <summary>Whether the verdict is held or a preview.</summary>
    public bool Holds => Verdict is StudyVerdict.Held or StudyVerdict.Preview;

    /// <summary>Seconds that all its runs took, tuning and those of earlier, interrupted calls included.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seconds of one run of each arm with its chosen configuration, on the mean: baseline, method.</summary>
    public required IReadOnlyList<double> ArmSeconds { get; init; }

    /// <summary>The hash of the study's code (<see cref="StudyCode"/>).</summary>
    public required string Code { get; init; }
}
