using System.Globalization;

namespace Isthmus.Information;

/// <summary>What a leakage report concludes.</summary>
public static class LeakVerdict
{
    /// <summary>What the codes say of the class beyond the annotations lies under the margin, to the upper end of its interval.</summary>
    public const string Clean = "clean";

    /// <summary>The codes say something of the class that the annotations do not: the lower end lies above 0, the exchange hardly ever does as well, and the upper end is not under the margin.</summary>
    public const string BeyondAnnotations = "beyond-annotations";

    /// <summary>Neither is shown.</summary>
    public const string Undecided = "undecided";
}

/// <summary>How leakage is looked for.</summary>
public sealed record LeakageOptions
{
    /// <summary>
    /// Bits under which the codes count as clean. 0.02 bits is what one binary concept annotated wrongly in 2 rows of 1000 can hide, and changes the
    /// best accuracy on a binary class that is otherwise undecided (1 bit) by at most 8 points; take less where that matters, and then more rows.
    /// </summary>
    public double MarginBits { get; init; } = 0.02;

    /// <summary>Rows read at most, spread evenly over those given.</summary>
    public int MostRows { get; init; } = 10_000;

    /// <summary>Folds, at least 2.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Exchanges of codes between rows with equal concepts, at least 49: with fewer no p-value is small enough for a verdict.</summary>
    public int Permutations { get; init; } = 99;

    /// <summary>Of the folds, the networks and the exchanges.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// What codes that stand for concepts say of the class beyond the annotated concepts, I(Ĉ;Y|C), with a verdict, and the numbers beside it. All
/// in bits, for one row; every reading by a probe on rows held out from it, so that in expectation it is at most the truth.
/// </summary>
public record LeakageReport
{
    /// <summary>I(Ĉ;Y|C), at least 0; null where it could not be read.</summary>
    public double? BeyondAnnotationsBits { get; init; }

    /// <summary>The lower end of its 95 % interval; below 0 where nothing is shown.</summary>
    public double? LowBits { get; init; }

    /// <summary>The upper end.</summary>
    public double? HighBits { get; init; }

    /// <summary>I(Ĉ;Y): all codes together about the class.</summary>
    public double? JointBits { get; init; }

    /// <summary>I(C;Y): the annotated concepts together about the class.</summary>
    public double? TrueJointBits { get; init; }

    /// <summary>H(Y).</summary>
    public double TargetEntropyBits { get; init; }

    /// <summary>The best accuracy that annotated concepts allow: an answer more often right than this has used something else.</summary>
    public double? CeilingAccuracy { get; init; }

    /// <summary>The accuracy that the probe reaches with the codes alone.</summary>
    public double? CodeAccuracy { get; init; }

    /// <summary>I(decisions;Y|C): what is left of the surplus when every concept is rounded to its most probable value; null without decisions.</summary>
    public double? HardenedBits { get; init; }

    /// <summary>The share of annotations from which the model's decisions differ; null without decisions.</summary>
    public double? Disagreement { get; init; }

    /// <summary>
    /// How much the decisions tell about where they differ from the annotations: the largest I(differs;decisions)/H(differs) of a concept. Slips of an
    /// annotator that fall anywhere give 0. Null without decisions or where too few rows differ.
    /// </summary>
    public double? DisagreementPattern { get; init; }

    /// <summary>What the same probe read after the codes were exchanged between rows with equal concepts and it was trained again: its bias, already taken off where above 0.</summary>
    public double? NullBits { get; init; }

    /// <summary>The share of exchanges that score at least as well as the codes in their place, (1 + b)/(1 + B).</summary>
    public double? PValue { get; init; }

    /// <summary>The margin of <c>clean</c>.</summary>
    public double MarginBits { get; init; }

    /// <summary>Rows read.</summary>
    public int Rows { get; init; }

    /// <summary>Different combinations of annotated concepts among them.</summary>
    public int Strata { get; init; }

    /// <summary>One of <see cref="LeakVerdict"/>.</summary>
    public string Verdict { get; init; } = LeakVerdict.Undecided;

    /// <summary>Whole sentences for somebody who has to sign: what was found, what may explain it innocently, what was left out.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>One line: <c>beyond-annotations: 0.21 bits [0.15, 0.27] (leak, or noisy or incomplete annotations)</c>.</summary>
    public string Text => BeyondAnnotationsBits is not { } bits ? $"{Verdict}: {(Words.Count > 0 ? Words[0] : "not read")}" :
        string.Create(CultureInfo.InvariantCulture, $"{Verdict}: {Two(bits)} bits [{Two(LowBits ?? 0)}, {Two(HighBits ?? 0)}]") + Verdict switch
        {
            LeakVerdict.BeyondAnnotations => " (leak, or noisy or incomplete annotations)",
            LeakVerdict.Clean => string.Create(CultureInfo.InvariantCulture, $" (under the margin of {MarginBits:0.###} bits)"),
            _ => "",
        };

    // Two places, three where two would round a shown surplus away.
    private static string Two(double bits) => (bits is not 0 and > -0.1 and < 0.1 ? bits.ToString("0.000", CultureInfo.InvariantCulture) : bits.ToString("0.00", CultureInfo.InvariantCulture)).Replace("-0.000", "0.000", StringComparison.Ordinal);
}
