namespace Isthmus.Runs;

/// <summary>An answer of the network.</summary>
/// <param name="Prediction">The class; a number in the target's units, or several; the numbers of a reconstruction; null for the average of many rows.</param>
/// <param name="Probabilities">Of the classes, in their order; null for other tasks. Of many rows the mean.</param>
public sealed record EditAnswer(object? Prediction, IReadOnlyList<double>? Probabilities);

/// <summary>An entry of the message that an edit has changed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Before">Its value as it passed; null where it was absent.</param>
/// <param name="After">Its value after the edit.</param>
public sealed record ChangedEntry(string Name, double? Before, double? After);

/// <summary>What an edit did: one row's, or the mean of many.</summary>
public sealed record EditOutcome
{
    /// <summary>The run's folder.</summary>
    public required string Run { get; init; }

    /// <summary>The layer of the inserted bottleneck that was edited; null for the one between encoder and decoder.</summary>
    public string? Layer { get; init; }

    /// <summary>Where the rows are from.</summary>
    public required string Data { get; init; }

    /// <summary>The row, from 0 in the order of the data; null for all.</summary>
    public int? Row { get; init; }

    /// <summary>Rows edited.</summary>
    public required int Rows { get; init; }

    /// <summary>The edit, as it can be typed again.</summary>
    public required string Edit { get; init; }

    /// <summary>Which message was edited: mean, sample, average:k or ship.</summary>
    public required string Inference { get; init; }

    /// <summary>The names of the classes, in the order of the probabilities; null for other tasks.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>The answer without the edit.</summary>
    public required EditAnswer Before { get; init; }

    /// <summary>The answer with it.</summary>
    public required EditAnswer After { get; init; }

    /// <summary>Whether the decision changed in any row: another class, or for numbers another number.</summary>
    public required bool Changed { get; init; }

    /// <summary>The share of rows whose decision changed.</summary>
    public required double ChangedShare { get; init; }

    /// <summary>What the messages cost after the edit minus before, under the run's prior, bits a row; null without a finite cost.</summary>
    public double? BitsChanged { get; init; }

    /// <summary>What the messages cost as they passed, bits a row.</summary>
    public double? BitsBefore { get; init; }

    /// <summary>What they cost after the edit, bits a row.</summary>
    public double? BitsAfter { get; init; }

    /// <summary>Entries of the message that differ, a row.</summary>
    public required double SymbolsChanged { get; init; }

    /// <summary>Classification: KL(before || after) of the classes, bits, mean of the rows.</summary>
    public double? KlBits { get; init; }

    /// <summary>Classification: how much probability moved, in [0, 1], mean of the rows.</summary>
    public double? TotalVariation { get; init; }

    /// <summary>Regression: after minus before of each target column in its units, mean of the rows.</summary>
    public IReadOnlyList<double>? Difference { get; init; }

    /// <summary>The mean squared difference of the answers after and before, in the network's units.</summary>
    public required double OutputMse { get; init; }

    /// <summary>Reconstruction: the mean squared error to the input before the edit.</summary>
    public double? MseBefore { get; init; }

    /// <summary>Reconstruction: the same after it.</summary>
    public double? MseAfter { get; init; }

    /// <summary>Classification with labels: the accuracy before.</summary>
    public double? AccuracyBefore { get; init; }

    /// <summary>Classification with labels: the accuracy after.</summary>
    public double? AccuracyAfter { get; init; }

    /// <summary>Entries of the one row's message that changed, the first thousand; empty for many rows.</summary>
    public IReadOnlyList<ChangedEntry> Entries { get; init; } = [];

    /// <summary>What has to be known.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
