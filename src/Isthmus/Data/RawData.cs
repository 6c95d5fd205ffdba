namespace Isthmus.Data;

/// <summary>What a source holds before anything is fitted: a table, or arrays.</summary>
/// <param name="Table">Columns of a table; null for arrays.</param>
/// <param name="Data">Arrays, not standardised; null for tables.</param>
internal sealed record RawData(Table? Table, Dataset? Data)
{
    /// <summary>Where the rows of the source's own test part begin; null where it has none.</summary>
    public int? TestStart { get; init; }

    /// <summary>Whether the rows are split 80/20 in their order unless somebody says otherwise.</summary>
    public bool InOrder { get; init; }

    /// <summary>Whether rows are windows of one text in order, so that parts must follow each other.</summary>
    public bool Sequential { get; init; }

    /// <summary>Options that the source itself implies, as a generated series does.</summary>
    public Func<DataOptions, DataOptions> Imply { get; init; } = options => options;
}
