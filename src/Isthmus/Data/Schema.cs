using System.Text.Json;
using System.Text.Json.Serialization;

namespace Isthmus.Data;

/// <summary>What a column is used for.</summary>
public enum ColumnRole
{
    /// <summary>An input.</summary>
    Feature,
    /// <summary>To be predicted.</summary>
    Target,
    /// <summary>An annotated concept.</summary>
    Concept,
    /// <summary>Kept together by a split.</summary>
    Group,
    /// <summary>The order of a series.</summary>
    Time,
    /// <summary>Whether the event of a survival target happened.</summary>
    Event,
    /// <summary>Names the row.</summary>
    RowName,
    /// <summary>Left out.</summary>
    Ignored,
}

/// <summary>One column of a table, and what the training rows taught about it.</summary>
public sealed record ColumnSchema
{
    /// <summary>The header, or c1, c2, … without one.</summary>
    public required string Name { get; init; }

    /// <summary>What it is used for.</summary>
    public required ColumnRole Role { get; init; }

    /// <summary>What its cells are.</summary>
    public required ColumnType Type { get; init; }

    /// <summary>Text: all words of the file, in ordinal order.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Numeric: what stands in for a missing cell, the mean of the training rows, in the column's units.</summary>
    public double FillNumber { get; init; }

    /// <summary>Text: what stands in for a missing cell, the most frequent category of the training rows.</summary>
    public int FillCategory { get; init; }

    /// <summary>Whether a feature of its own says where cells are missing: so where the file misses any.</summary>
    public bool Indicator { get; init; }

    /// <summary>Numeric: the mean that is subtracted.</summary>
    public double Mean { get; init; }

    /// <summary>Numeric: the standard deviation that is divided by, positive.</summary>
    public double Scale { get; init; } = 1;
}

/// <summary>What a target looks like.</summary>
public sealed record TargetSchema
{
    /// <summary>The columns' names: one, or k for several numbers; time and event for survival.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The classes; empty for numbers and survival.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Numbers: the mean of each column on the training rows.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [];

    /// <summary>Numbers: the standard deviation of each column on the training rows.</summary>
    public IReadOnlyList<double> Scale { get; init; } = [];

    /// <summary>Whether it is the token that follows each token of a text; the classes are the vocabulary.</summary>
    public bool NextToken { get; init; }

    /// <summary>Whether the names are those of a time and an event.</summary>
    public bool Survival { get; init; }
}

/// <summary>
/// What a run knows of its data: how rows became features, with everything that was fitted (means, standard deviations, modes) taken
/// from the training rows only. Stored with the run as JSON; <see cref="Apply(Table, bool)"/> and <see cref="Apply(Dataset, bool)"/>
/// treat new rows in the same way or say in one line why they do not fit.
/// </summary>
public sealed partial record Schema
{
    /// <summary>The version of this layout.</summary>
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>The version of the layout it was written in.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>What a row is.</summary>
    public required DataKind Kind { get; init; }

    /// <summary>The shape of one row's features.</summary>
    public required IReadOnlyList<int> FeatureShape { get; init; }

    /// <summary>A name for each feature or channel; empty for images, sound and text.</summary>
    public IReadOnlyList<string> FeatureNames { get; init; } = [];

    /// <summary>Whether the file had a header (tables).</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>The table's columns in the order of the file; empty for other kinds.</summary>
    public IReadOnlyList<ColumnSchema> Columns { get; init; } = [];

    /// <summary>Whether categorical features are index columns for embeddings (tables).</summary>
    public bool EmbedCategories { get; init; }

    /// <summary>What is predicted; null for reconstruction.</summary>
    public TargetSchema? Target { get; init; }

    /// <summary>The concepts; empty where there are none.</summary>
    public IReadOnlyList<Concept> Concepts { get; init; } = [];

    /// <summary>Arrays: what is subtracted, one a channel (the last axis) or empty for none.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [];

    /// <summary>Arrays: what is divided by, one a channel (the last axis), positive; or empty for none.</summary>
    public IReadOnlyList<double> Scale { get; init; } = [];

    /// <summary>Series: steps in a window; text: tokens in a window; otherwise 0.</summary>
    public int Window { get; init; }

    /// <summary>Series: how many later steps are the target; otherwise 0.</summary>
    public int Horizon { get; init; }

    /// <summary>Text: what its tokens are.</summary>
    public TextUnit TextUnit { get; init; }

    /// <summary>Text: the token of each index, the first standing for all others; ratings: the items. Otherwise empty.</summary>
    public IReadOnlyList<string> Vocabulary { get; init; } = [];

    /// <summary>Ratings: the columns of user, item and rating, as they were named; otherwise null.</summary>
    public string? Ratings { get; init; }

    /// <summary>Sound: samples a second; otherwise 0.</summary>
    public int SampleRate { get; init; }

    /// <summary>Where the one-hot categories of each word column lie among a row's (a series: a step's) features: first number and how many.</summary>
    internal IEnumerable<(int Start, int Count)> CategoryBlocks()
    {
        var at = 0;
        foreach (var column in Columns.Where(c => IsInput(c, Kind == DataKind.Series)))
        {
            if (column.Type == ColumnType.Text && !EmbedCategories) yield return (at, column.Categories.Count);
            at += NamesOf(column, EmbedCategories).Length;
        }
    }

    /// <summary>For each feature of a table's row 1 where it is a number and 0 where it is a category or says what is missing.</summary>
    internal float[] NumericFeatures() => [.. Columns.Where(c => IsInput(c, Kind == DataKind.Series))
        .SelectMany(c => NamesOf(c, EmbedCategories).Select((_, i) => c.Type == ColumnType.Numeric && i == 0 ? 1f : 0f))];

    /// <summary>The schema as JSON, as a run stores it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">The text.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="InputException">Not such a text, another version, or values that contradict each other.</exception>
    public static Schema FromJson(string json, string file = "schema")
    {
        Schema? schema;
        try
        {
            schema = JsonSerializer.Deserialize<Schema>(json, Json);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InputException($"{file}: not a data schema: {OneLine(e.Message)}", inner: e);
        }
        if (schema is null) throw new InputException($"{file}: not a data schema: null");
        if (schema.Format != CurrentFormat)
            throw new InputException(FormattableString.Invariant($"{file}: data schema of format {schema.Format}, this version reads {CurrentFormat}"));
        if (schema.Problem() is { } problem) throw new InputException($"{file}: damaged data schema: {problem}");
        return schema;
    }

    // What would make Apply fail in an unclear way, so that a damaged file is refused when it is read.
    private string? Problem()
    {
        if (FeatureShape.Any(d => d < 0)) return "a feature dimension is negative";
        if (Mean.Count != Scale.Count) return "mean and scale differ in length";
        if (Mean.Count > 0 && (FeatureShape.Count == 0 || FeatureShape[^1] != Mean.Count)) return "mean and scale do not fit the feature shape";
        if (Scale.Concat(Columns.Select(c => c.Scale)).Concat(Concepts.Select(c => c.Scale)).Concat(Target?.Scale ?? []).Any(s => !(s > 0) || double.IsInfinity(s)))
            return "a scale is not positive";
        foreach (var c in Columns.Where(c => c.Type == ColumnType.Text && c.Role == ColumnRole.Feature))
            if (c.FillCategory < 0 || c.FillCategory >= Math.Max(1, c.Categories.Count)) return $"column '{c.Name}' fills with a category it does not have";
        if (Target is { Survival: false, Classes.Count: 0 } t && (t.Mean.Count != t.Names.Count || t.Scale.Count != t.Names.Count)) return "the target's mean and scale do not fit its names";
        if (Target is { Survival: true } s2 && s2.Names.Count != 2) return "a survival target has a time and an event";
        if (Target is { NextToken: true } && (Kind != DataKind.Text || Target.Classes.Count != Vocabulary.Count || Window < 1)) return "a next token needs a vocabulary and a window";
        if (Target is { Classes.Count: > 0, Names.Count: not 1 }) return "a class target has one name";
        return null;
    }

    // What files or other libraries say, fit for a message: one line, no control characters, and not a whole file.
    internal static string OneLine(string text, int most = 200)
    {
        var line = new string([.. text.Trim().Take(most).Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]);
        return text.Length > most ? line + "…" : line;
    }

    // A cell or a name of a file in a message.
    internal static string Shown(string? cell) => OneLine(cell ?? "", 40);
}
