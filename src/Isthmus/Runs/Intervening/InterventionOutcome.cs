namespace Isthmus.Runs;

/// <summary>What is asked about interventions.</summary>
public sealed record InterventionSettings
{
    /// <summary>Names of policies, see <see cref="Isthmus.Bottlenecks.InterventionPolicy.Names"/>.</summary>
    public IReadOnlyList<string> Policies { get; init; } = ["random", "ucp", "coop"];

    /// <summary>With which probability the expert is right; a curve for each.</summary>
    public IReadOnlyList<double> Competences { get; init; } = [1];

    /// <summary>test, train or all of the run's own rows.</summary>
    public string Part { get; init; } = "test";

    /// <summary>At most so many rows, spread evenly.</summary>
    public int Most { get; init; } = 2000;

    /// <summary>How many random orders and experts a curve is the mean of.</summary>
    public int Seeds { get; init; } = 5;

    /// <summary>The first of them.</summary>
    public ulong Seed { get; init; }

    /// <summary>Groups as <see cref="InterventionQuestions.Parse"/> reads them.</summary>
    public string? Groups { get; init; }

    /// <summary>Costs as <see cref="InterventionQuestions.Parse"/> reads them.</summary>
    public string? Costs { get; init; }

    /// <summary>One order for all rows instead of each row's own.</summary>
    public bool OneOrder { get; init; }

    /// <summary>Stop after so many questions; null for all.</summary>
    public int? MaxEdits { get; init; }
}

/// <summary>One point of a curve.</summary>
/// <param name="Edited">How many questions were asked.</param>
/// <param name="Cost">What was spent, the mean over rows.</param>
/// <param name="Accuracy">The share of right answers; null of numbers.</param>
/// <param name="Mse">The mean squared error in the target's standardised unit; null of classes.</param>
/// <param name="Low">The lower end of its 95 % interval.</param>
/// <param name="High">The upper end.</param>
/// <param name="LossBits">−log2 of the true class's probability, the mean; null of numbers.</param>
/// <param name="Auc">The area under the receiver's curve; null but for two classes.</param>
public sealed record CurvePoint(int Edited, double Cost, double? Accuracy, double? Mse, double Low, double High, double? LossBits, double? Auc);

/// <summary>One policy under one expert.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Competence">With which probability the expert is right.</param>
/// <param name="Oracle">Whether the policy looks at truths that were not told: a bound.</param>
/// <param name="Seeds">Of how many seeds it is the mean.</param>
/// <param name="Points">From 0 questions, the model alone, to all.</param>
/// <param name="Area">The mean of the points.</param>
/// <param name="AreaLow">The lower end of its 95 % interval.</param>
/// <param name="AreaHigh">The upper end.</param>
/// <param name="NormalizedArea">(area − start) / (end − start); null where start and end are equal.</param>
/// <param name="AreaByCost">The area over the share of the cost that was spent.</param>
/// <param name="First">The questions asked first most often, with the share of rows.</param>
public sealed record CurveOutcome(string Policy, double Competence, bool Oracle, int Seeds, IReadOnlyList<CurvePoint> Points, double Area, double AreaLow, double AreaHigh, double? NormalizedArea, double AreaByCost, IReadOnlyList<AskedFirst> First);

/// <summary>A question that is asked first.</summary>
/// <param name="Name">The concept or the group.</param>
/// <param name="Share">Of the rows.</param>
/// <param name="Cost">Of asking.</param>
public sealed record AskedFirst(string Name, double Share, double Cost);

/// <summary>Two policies on the same rows.</summary>
/// <param name="First">One.</param>
/// <param name="Second">The other.</param>
/// <param name="Competence">Of the expert.</param>
/// <param name="Area">The difference of their areas, first less second.</param>
/// <param name="Low">The lower end of its 95 % interval.</param>
/// <param name="High">The upper end.</param>
/// <param name="P">Two-sided, by random signs.</param>
/// <param name="ByCost">The difference of their areas over the cost.</param>
public sealed record PolicyDifference(string First, string Second, double Competence, double Area, double Low, double High, double P, double ByCost);

/// <summary>The weights that CooP was tuned to.</summary>
/// <param name="Uncertainty">Of the entropy in bits.</param>
/// <param name="Importance">Of the expected change.</param>
/// <param name="Cost">Of the cost over the mean cost.</param>
/// <param name="Tuned">Whether there were validation rows to tune on.</param>
public sealed record CoopWeights(double Uncertainty, double Importance, double Cost, bool Tuned);

/// <summary>What <c>isthmus intervene</c> prints.</summary>
public sealed record InterventionOutcome
{
    /// <summary>The run's folder.</summary>
    public required string Run { get; init; }

    /// <summary>The data.</summary>
    public required string Data { get; init; }

    /// <summary>How many rows were asked about.</summary>
    public required int Rows { get; init; }

    /// <summary>accuracy, or mse.</summary>
    public required string Metric { get; init; }

    /// <summary>The questions with their costs.</summary>
    public required IReadOnlyList<InterventionQuestion> Questions { get; init; }

    /// <summary>The curves: policies in their order, competences within.</summary>
    public required IReadOnlyList<CurveOutcome> Curves { get; init; }

    /// <summary>Each policy against the random one; empty without it.</summary>
    public required IReadOnlyList<PolicyDifference> Comparisons { get; init; }

    /// <summary>CooP's weights; null without it.</summary>
    public CoopWeights? Coop { get; init; }

    /// <summary>What has to be known.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The page; null where none was written.</summary>
    public string? Report { get; init; }
}

/// <summary>A question.</summary>
/// <param name="Name">The concept's or the group's.</param>
/// <param name="Concepts">What is asked.</param>
/// <param name="Cost">Of asking.</param>
public sealed record InterventionQuestion(string Name, IReadOnlyList<string> Concepts, double Cost);
