using Isthmus.Information;

namespace Isthmus.Runs;

/// <summary>One concept of a run: how well it is known, and what its code says beside it.</summary>
/// <param name="Name">The concept.</param>
/// <param name="Type">binary, categorical, ordinal or continuous.</param>
/// <param name="States">Its states' names; empty for a continuous one.</param>
/// <param name="Cost">What asking for it costs.</param>
/// <param name="Rows">Rows in which it is annotated.</param>
/// <param name="Accuracy">The share of right decisions.</param>
/// <param name="Majority">The share of its commonest state.</param>
/// <param name="Auc">The area under the curve, the mean over states.</param>
/// <param name="Brier">Mean squared difference of probability and truth.</param>
/// <param name="CalibrationError">Mean distance of probability and share of right decisions over ten bins.</param>
/// <param name="R2">Of a continuous concept the share of its variance that is predicted.</param>
/// <param name="LeakBits">I(ĉ;Y|c): what its code says of the class beyond its own annotation; null where it was not read.</param>
/// <param name="LeakPValue">The share of exchanges of the code among rows of equal annotation that say as much.</param>
/// <param name="CodeTargetBits">I(ĉ;Y).</param>
/// <param name="TrueTargetBits">I(c;Y).</param>
public sealed record ConceptCard(string Name, string Type, IReadOnlyList<string> States, double Cost, int Rows, double? Accuracy, double? Majority, double? Auc, double? Brier, double? CalibrationError, double? R2,
    double? LeakBits, double? LeakPValue, double? CodeTargetBits, double? TrueTargetBits);

/// <summary>The weights of a linear head on concepts.</summary>
/// <param name="Answers">The classes, or the target's columns.</param>
/// <param name="Columns">What each weight belongs to: <c>fever</c>, <c>shape=round</c>, <c>grade&gt;=2</c>.</param>
/// <param name="Weights">For each answer a weight for each column.</param>
/// <param name="Bias">For each answer what is added.</param>
/// <param name="EffectiveConcepts">The mean number of columns with a weight, over answers (NEC).</param>
/// <param name="Rules">For each answer its strongest columns in words.</param>
public sealed record HeadExplained(IReadOnlyList<string> Answers, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<double>> Weights, IReadOnlyList<double> Bias, double EffectiveConcepts, IReadOnlyList<string> Rules);

/// <summary>Leakage as a whole: the report of <see cref="ConceptLeakage"/> with the measures of purity beside it.</summary>
public sealed record LeakageExplained : LeakageReport
{
    /// <summary>A report with nothing beside it yet.</summary>
    /// <param name="report">What was read.</param>
    public LeakageExplained(LeakageReport report) : base(report)
    {
    }

    /// <summary>What physically passes, in words: so many bits, or so many real numbers.</summary>
    public string Passes { get; init; } = "";

    /// <summary>The mean concepts-task leakage, in shares of H(Y); null where it was not read.</summary>
    public double? Ctl { get; init; }

    /// <summary>The mean interconcept leakage.</summary>
    public double? Icl { get; init; }

    /// <summary>The oracle impurity score, 0 to 1.</summary>
    public double? Ois { get; init; }

    /// <summary>The niche impurity score; 0.475 for perfectly pure codes.</summary>
    public double? Nis { get; init; }

    /// <summary>The niche impurity score in shares of its greatest value, 0.95.</summary>
    public double? NisNormalised { get; init; }
}
