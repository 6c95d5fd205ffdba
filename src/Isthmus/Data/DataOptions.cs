namespace Isthmus.Data;

/// <summary>Whether a table's first row names its columns.</summary>
public enum HeaderMode
{
    /// <summary>Decided by comparing the first row with the others.</summary>
    Detect,
    /// <summary>There is no header; columns are named c1, c2, ….</summary>
    None,
    /// <summary>The first row is the header.</summary>
    Row,
}

/// <summary>What is asked of the target.</summary>
public enum TaskKind
{
    /// <summary>Decided by the target's type: text or few integers are classes.</summary>
    Auto,
    /// <summary>The target is one of several classes.</summary>
    Classification,
    /// <summary>The target is one or more numbers.</summary>
    Regression,
    /// <summary>There is no target: the features are to be restored.</summary>
    Reconstruction,
    /// <summary>The target are later values of a series.</summary>
    Forecast,
}

/// <summary>What a text's tokens are.</summary>
public enum TextUnit
{
    /// <summary>Unicode characters.</summary>
    Characters,
    /// <summary>Words, and every other visible character or white space by itself.</summary>
    Words,
}

/// <summary>
/// How a DATA argument is to be read: one property for each flag of the command. Columns are given by header or 1-based number,
/// several with commas, ranges as in <c>3-7</c>.
/// </summary>
public sealed record DataOptions
{
    /// <summary>Target columns.</summary>
    public string? Target { get; init; }

    /// <summary>Concept columns, which are not features.</summary>
    public string? Concepts { get; init; }

    /// <summary>Feature columns; null for all that have no other role.</summary>
    public string? Features { get; init; }

    /// <summary>Columns to leave out.</summary>
    public string? Ignore { get; init; }

    /// <summary>The column whose equal values a split keeps together; it is not a feature.</summary>
    public string? Groups { get; init; }

    /// <summary>The column that orders a series.</summary>
    public string? Time { get; init; }

    /// <summary>How many later steps of a series are its target, at least 1.</summary>
    public int Horizon { get; init; } = 1;

    /// <summary>How many steps a window of a series has, at least 1; or how many tokens a window of a text has.</summary>
    public int? Window { get; init; }

    /// <summary>Pictures are cut into all whole patches of this many pixels on a side; null to take them as they are.</summary>
    public int? Patch { get; init; }

    /// <summary>Columns <c>user,item[,rating]</c>.</summary>
    public string? Ratings { get; init; }

    /// <summary>Columns <c>time,event</c> of a survival target.</summary>
    public string? Survival { get; init; }

    /// <summary>Whether the first row names the columns.</summary>
    public HeaderMode Header { get; init; }

    /// <summary>What is asked of the target.</summary>
    public TaskKind Task { get; init; }

    /// <summary>Shares of the split, <c>0.8,0.1,0.1</c>; null for the default of the data.</summary>
    public string? Split { get; init; }

    /// <summary>Another DATA argument whose rows are the test part.</summary>
    public string? Test { get; init; }

    /// <summary>The number of folds; 0 for none.</summary>
    public int Folds { get; init; }

    /// <summary>The share of the training part that becomes validation where the test part is given (in order, by file, by fold).</summary>
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>The seed of the split and of generators that name none.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether categorical features become index columns for embeddings; otherwise they are one-hot.</summary>
    public bool EmbedCategories { get; init; }

    /// <summary>Whether numeric features and targets are standardised by the training rows.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>What a text's tokens are.</summary>
    public TextUnit TextUnit { get; init; }

    /// <summary>How many bytes the decoded data may take; it is compared before anything of that size is allocated.</summary>
    public long MaxMemory { get; init; } = 4L << 30;
}
