using Isthmus.Information;

using Isthmus.Bottlenecks;

namespace Isthmus.Runs;

/// <summary>What is asked about a run.</summary>
public sealed record ExplainSettings
{
    /// <summary>test (validation or training rows where there are none), train or all.</summary>
    public string Part { get; init; } = "test";

    /// <summary>Rows looked at, spread evenly; at least 2.</summary>
    public int Most { get; init; } = 2000;

    /// <summary>Codes, features and latents that are described one by one; at least 1.</summary>
    public int Top { get; init; } = 100;

    /// <summary>Examples of each, at least 1.</summary>
    public int Examples { get; init; } = 8;

    /// <summary>Whether leakage of concepts is read, which trains probes; on rows that were not trained on, at most 10,000.</summary>
    public bool Leakage { get; init; } = true;

    /// <summary>A pattern whose codes and features are looked for; null for none.</summary>
    public string? Search { get; init; }

    /// <summary>One code, as <c>0:17</c> or <c>code.0:17</c>, or feature, as <c>feature.12</c>; null for the most used ones.</summary>
    public string? Only { get; init; }

    /// <summary>The layer of an inserted bottleneck; null for the one between encoder and decoder.</summary>
    public string? Layer { get; init; }
}

/// <summary>One code, and what it stands for.</summary>
/// <param name="Name">As an edit names it with its code: <c>code.0:17</c>.</param>
/// <param name="Position">The position, or the stage where a message has several places; null where a message is a set of codes.</param>
/// <param name="Code">Which code.</param>
/// <param name="Count">Rows that have it.</param>
/// <param name="Share">The share of rows that have it.</param>
/// <param name="Label">The class, of a text the token, for which it stands best; null without classes.</param>
/// <param name="TargetMean">Of regressions the mean target of its rows; null elsewhere.</param>
/// <param name="EffectKlBits">Of answers with probabilities: KL from the answer to that with the code blocked, bits, mean over some of its rows.</param>
/// <param name="EffectMse">Of other answers: their mean squared change when it is blocked.</param>
/// <param name="Examples">Rows that have it, nearest to the code first where that is known.</param>
public sealed record CodeCard(string Name, int? Position, long Code, int Count, double Share, Association? Label, double? TargetMean, double? EffectKlBits, double? EffectMse, IReadOnlyList<int> Examples);

/// <summary>The use of one position of a message of codes.</summary>
/// <param name="Name">As an edit names it.</param>
/// <param name="Codes">Its codes.</param>
/// <param name="Used">Codes that occur.</param>
/// <param name="Dead">Codes that do not.</param>
/// <param name="EntropyBits">Of the frequencies.</param>
/// <param name="Perplexity">2 to the entropy.</param>
public sealed record CodePosition(string Name, long Codes, int Used, long Dead, double EntropyBits, double Perplexity);

/// <summary>The codes of a run.</summary>
/// <param name="Positions">Each position of a message.</param>
/// <param name="Messages">Messages looked at.</param>
/// <param name="Distinct">Different ones.</param>
/// <param name="JointEntropyBits">The entropy of whole messages.</param>
/// <param name="CeilingBits">log2 of the messages looked at: no entropy read from them is larger.</param>
/// <param name="FactorisedBits">The sum of the positions' entropies, an upper bound of the joint one.</param>
/// <param name="CapacityBits">log2 of the number of possible messages.</param>
/// <param name="Dead">Codes of all positions that do not occur.</param>
/// <param name="Listed">Codes described, the most used ones.</param>
/// <param name="Used">Codes that could be described.</param>
/// <param name="List">Their cards.</param>
public sealed record CodesExplained(IReadOnlyList<CodePosition> Positions, long Messages, int Distinct, double JointEntropyBits, double CeilingBits, double FactorisedBits, double? CapacityBits, long Dead, int Listed, int Used, IReadOnlyList<CodeCard> List);

/// <summary>One feature of a dictionary.</summary>
/// <param name="Name">As an edit names it.</param>
/// <param name="Feature">Which.</param>
/// <param name="Density">The share of rows in which it is active.</param>
/// <param name="Mean">Its mean size where it is active.</param>
/// <param name="Max">Its largest size.</param>
/// <param name="Label">The class for which it stands best; null without classes.</param>
/// <param name="TargetMean">Of regressions the mean target of the rows where it is active.</param>
/// <param name="EffectKlBits">KL to the answer without it, bits, mean over its top rows.</param>
/// <param name="EffectMse">Of other answers: their mean squared change without it.</param>
/// <param name="Examples">The rows where it is largest.</param>
/// <param name="Sizes">Its size in them.</param>
public sealed record FeatureCard(string Name, int Feature, double Density, double Mean, double Max, Association? Label, double? TargetMean, double? EffectKlBits, double? EffectMse, IReadOnlyList<int> Examples, IReadOnlyList<double> Sizes);

/// <summary>The features of a run.</summary>
/// <param name="Count">Features of the dictionary.</param>
/// <param name="Alive">Those that are active anywhere.</param>
/// <param name="Dead">The others.</param>
/// <param name="L0">Active features a row.</param>
/// <param name="Listed">Features described, the most frequent ones.</param>
/// <param name="List">Their cards.</param>
public sealed record FeaturesExplained(int Count, int Alive, int Dead, double L0, int Listed, IReadOnlyList<FeatureCard> List);

/// <summary>One dimension of a code of numbers.</summary>
/// <param name="Name">As an edit names it.</param>
/// <param name="Dimension">Which.</param>
/// <param name="Bits">Its share of the rate; null where the rate does not add up over dimensions.</param>
/// <param name="Active">At least 0.01 nats, or without such shares a variance above 0.01 (Burda, Grosse, Salakhutdinov 2016, section 5).</param>
/// <param name="Mean">Of its values.</param>
/// <param name="Deviation">Of its values.</param>
/// <param name="Low">The lower end of the traversal, the 2nd percentile.</param>
/// <param name="High">The upper end, the 98th percentile.</param>
/// <param name="EffectKlBits">KL between the answers at both ends, bits, mean over some rows.</param>
/// <param name="EffectMse">Of other answers: their mean squared difference.</param>
/// <param name="Examples">Rows with the largest values.</param>
public sealed record LatentCard(string Name, int Dimension, double? Bits, bool Active, double Mean, double Deviation, double Low, double High, double? EffectKlBits, double? EffectMse, IReadOnlyList<int> Examples);

/// <summary>The dimensions of a run's code.</summary>
/// <param name="Count">How many.</param>
/// <param name="Active">How many are active.</param>
/// <param name="Listed">How many are described, those with most bits or variance.</param>
/// <param name="List">Their cards.</param>
public sealed record LatentsExplained(int Count, int Active, int Listed, IReadOnlyList<LatentCard> List);

/// <summary>A code or feature found for a pattern.</summary>
/// <param name="Name">As an edit names it.</param>
/// <param name="Precision">Of its rows, the share with the pattern.</param>
/// <param name="Recall">Of the pattern's rows, the share with it.</param>
/// <param name="F1">Their harmonic mean.</param>
/// <param name="Count">Rows that have it.</param>
public sealed record Found(string Name, double Precision, double Recall, double F1, int Count);

/// <summary>What stands for a pattern.</summary>
/// <param name="Pattern">What was searched for.</param>
/// <param name="Rows">Rows that have it.</param>
/// <param name="Share">Their share: the precision of a code that means nothing.</param>
/// <param name="Matches">The best, by F1.</param>
public sealed record SearchExplained(string Pattern, int Rows, double Share, IReadOnlyList<Found> Matches);

/// <summary>What passes a run's bottleneck, and what it means.</summary>
public sealed record Explanation
{
    /// <summary>The run's folder.</summary>
    public required string Run { get; init; }

    /// <summary>The bottleneck.</summary>
    public required string Bottleneck { get; init; }

    /// <summary>The layer that it is inserted at; null between encoder and decoder.</summary>
    public string? Layer { get; init; }

    /// <summary>Rows looked at, of a text tokens.</summary>
    public required int Rows { get; init; }

    /// <summary>What passes, named: <c>code.0 … code.3</c>.</summary>
    public required string Message { get; init; }

    /// <summary>Concepts; null where none pass.</summary>
    public IReadOnlyList<ConceptCard>? Concepts { get; init; }

    /// <summary>What concepts let pass beside themselves; null where none pass, or it was not asked for.</summary>
    public LeakageExplained? Leakage { get; init; }

    /// <summary>The weights of a linear head on concepts; null where there is none.</summary>
    public HeadExplained? Head { get; init; }

    /// <summary>Accuracies of answers and concepts by group; null without concepts or without a column of groups.</summary>
    public IReadOnlyList<SubgroupScore>? Subgroups { get; init; }

    /// <summary>Codes; null where none pass.</summary>
    public CodesExplained? Codes { get; init; }

    /// <summary>Features of a dictionary; null where none pass.</summary>
    public FeaturesExplained? Features { get; init; }

    /// <summary>Dimensions of a code of numbers or levels; null where none pass.</summary>
    public LatentsExplained? Latents { get; init; }

    /// <summary>Answers to questions about the joint distribution of concepts and class; null where none was asked.</summary>
    public IReadOnlyList<QueryAnswer>? Queries { get; init; }

    /// <summary>What was found for the pattern; null where none was searched for.</summary>
    public SearchExplained? Search { get; init; }

    /// <summary>What has to be known.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
