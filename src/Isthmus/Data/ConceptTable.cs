namespace Isthmus.Data;

/// <summary>What values a concept takes.</summary>
public enum ConceptKind
{
    /// <summary>0 or 1.</summary>
    Binary,
    /// <summary>An index into the concept's categories.</summary>
    Categorical,
    /// <summary>An index into the concept's categories, which are levels in rising order.</summary>
    Ordinal,
    /// <summary>A number, standardised on the training rows.</summary>
    Continuous,
}

/// <summary>One annotated concept.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Kind">What values it takes.</param>
/// <param name="Categories">What each value means: two names for binary, any number for categorical and ordinal, none for continuous.</param>
public sealed record Concept(string Name, ConceptKind Kind, IReadOnlyList<string> Categories)
{
    /// <summary>The mean that was subtracted (continuous only).</summary>
    public double Mean { get; init; }

    /// <summary>The standard deviation that was divided by (continuous only), positive.</summary>
    public double Scale { get; init; } = 1;

}

/// <summary>The concepts of all rows.</summary>
/// <param name="Columns">The concepts, k of them.</param>
/// <param name="Values">[n, k], row-major: 0/1, a category's index, or a standardised number; 0 where missing.</param>
/// <param name="Missing">[n, k]: true where a concept was not annotated; null where all are.</param>
public sealed record ConceptTable(IReadOnlyList<Concept> Columns, float[] Values, bool[]? Missing = null)
{
    /// <summary>The number of rows.</summary>
    public int Count => Columns.Count == 0 ? 0 : Values.Length / Columns.Count;

    /// <summary>The values of one row.</summary>
    public ReadOnlySpan<float> Row(int row) => Values.AsSpan(row * Columns.Count, Columns.Count);

    /// <summary>Whether a concept of a row was not annotated.</summary>
    public bool IsMissing(int row, int concept) => Missing is not null && Missing[row * Columns.Count + concept];

    /// <summary>How many of some rows are in each state of each concept; empty for continuous ones.</summary>
    public IReadOnlyList<int[]> StateCounts(ReadOnlySpan<int> rows)
    {
        var counts = Columns.Select(c => new int[c.Categories.Count]).ToArray();
        foreach (var row in rows)
            for (var c = 0; c < counts.Length; c++)
                if (counts[c].Length > 0 && !IsMissing(row, c)) counts[c][(int)Row(row)[c]]++;
        return counts;
    }

    /// <summary>The concepts of some of the rows.</summary>
    public ConceptTable Select(ReadOnlySpan<int> rows) => this with
    {
        Values = Dataset.PickRows(Values, Columns.Count, rows),
        Missing = Missing is null ? null : Dataset.PickRows(Missing, Columns.Count, rows),
    };

    internal ConceptTable Concat(ConceptTable other) => this with
    {
        Values = [.. Values, .. other.Values],
        Missing = Missing is null && other.Missing is null ? null : [.. Missing ?? new bool[Values.Length], .. other.Missing ?? new bool[other.Values.Length]],
    };
}
