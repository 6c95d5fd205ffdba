namespace Isthmus.Data;

/// <summary>What the rows of a data set are.</summary>
public enum DataKind
{
    /// <summary>Rows of named columns, numbers and categories.</summary>
    Table,
    /// <summary>Rows of plain numbers without column types.</summary>
    Vectors,
    /// <summary>Images [channels, height, width], values in [0, 1].</summary>
    Images,
    /// <summary>Windows of a series [window, channels].</summary>
    Series,
    /// <summary>Sound [channels, samples], values in [-1, 1].</summary>
    Sound,
    /// <summary>Windows of token indices in <see cref="Dataset.Indices"/>.</summary>
    Text,
    /// <summary>One row a user [items]: what the user thinks of every item, 0 where unknown.</summary>
    Ratings,
}

/// <summary>
/// A named set of rows: features, and where there are any a target, concepts, groups and row names. All arrays are row-major and
/// handed out as they are, so that a tensor can be laid over them without a copy; treat them as read-only.
/// </summary>
public sealed class Dataset
{
    private readonly Target? _target;
    private readonly ConceptTable? _concepts;
    private readonly IndexColumns? _indices;
    private readonly Groups? _groups;
    private readonly IReadOnlyList<string>? _rowNames;
    private readonly IReadOnlyList<string> _featureNames = [];

    /// <summary>A data set over an array of features, which is not copied.</summary>
    /// <param name="name">The name that reports show.</param>
    /// <param name="kind">What a row is.</param>
    /// <param name="count">The number of rows n.</param>
    /// <param name="features">n times the product of <paramref name="featureShape"/> numbers, row after row.</param>
    /// <param name="featureShape">The shape of one row, as in [784], [1, 28, 28] or [window, channels]; [0] where all
    /// columns are <see cref="Indices"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public Dataset(string name, DataKind kind, int count, float[] features, params int[] featureShape)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(featureShape);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        (Name, Kind, Count, Features, FeatureShape) = (name, kind, count, features, featureShape);
        var size = 1L;
        foreach (var d in featureShape) size = checked(size * d);
        FeatureSize = checked((int)size);
        if (size * count != features.Length)
            throw new ArgumentException($"Dataset '{name}': {count} rows of shape [{string.Join(", ", featureShape)}] need {size * count} numbers, given {features.Length}");
    }

    /// <summary>The name that reports show.</summary>
    public string Name { get; }

    /// <summary>What a row is.</summary>
    public DataKind Kind { get; }

    /// <summary>The number of rows, n.</summary>
    public int Count { get; }

    /// <summary>The features of all rows, row-major: n times <see cref="FeatureSize"/>.</summary>
    public float[] Features { get; }

    /// <summary>The shape of one row's features.</summary>
    public int[] FeatureShape { get; }

    /// <summary>How many numbers one row's features are.</summary>
    public int FeatureSize { get; }

    /// <summary>A name for each number of a row (tables, vectors) or each channel (series); empty for images, sound and text.</summary>
    public IReadOnlyList<string> FeatureNames
    {
        get => _featureNames;
        init => _featureNames = value;
    }

    /// <summary>Categorical columns as indices for embeddings, or a text's tokens; null where there are none.</summary>
    public IndexColumns? Indices
    {
        get => _indices;
        init => _indices = value is null || value.Count == Count ? value : throw Wrong(nameof(Indices), value.Count);
    }

    /// <summary>What is to be predicted; null for reconstruction.</summary>
    public Target? Target
    {
        get => _target;
        init => _target = value is null || value.Count == Count ? value : throw Wrong(nameof(Target), value.Count);
    }

    /// <summary>Annotated concepts; null where there are none.</summary>
    public ConceptTable? Concepts
    {
        get => _concepts;
        init => _concepts = value is null || value.Count == Count ? value : throw Wrong(nameof(Concepts), value.Count);
    }

    /// <summary>The group of each row, which a split keeps together; null where there are none.</summary>
    public Groups? Groups
    {
        get => _groups;
        init => _groups = value is null || value.Of.Length == Count ? value : throw Wrong(nameof(Groups), value.Of.Length);
    }

    /// <summary>A name for each row; null where rows have none.</summary>
    public IReadOnlyList<string>? RowNames
    {
        get => _rowNames;
        init => _rowNames = value is null || value.Count == Count ? value : throw Wrong(nameof(RowNames), value.Count);
    }

    /// <summary>Samples a second (sound); 0 where it has no meaning.</summary>
    public int SampleRate { get; init; }

    /// <summary>What the loader did that a person should know, one line each ("12 rows without a target left out").</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What is known exactly about generated data; the unit is part of the name, as in <c>mi_bits</c>.</summary>
    public IReadOnlyDictionary<string, double> Truth { get; init; } = new Dictionary<string, double>();

    /// <summary>The features of one row.</summary>
    public ReadOnlySpan<float> Row(int row) => Features.AsSpan(checked(row * FeatureSize), FeatureSize);

    /// <summary>The features of neighbouring rows, without a copy.</summary>
    public ReadOnlySpan<float> Rows(int start, int count) =>
        Features.AsSpan(checked(start * FeatureSize), checked(count * FeatureSize));

    /// <summary>Gathers the features of some rows into a buffer, which may be larger than needed.</summary>
    public void CopyRows(ReadOnlySpan<int> rows, Span<float> to)
    {
        for (var i = 0; i < rows.Length; i++) Row(rows[i]).CopyTo(to.Slice(i * FeatureSize, FeatureSize));
    }

    /// <summary>A data set of some of the rows, copied, in the given order.</summary>
    public Dataset Select(ReadOnlySpan<int> rows)
    {
        var features = new float[checked(rows.Length * FeatureSize)];
        CopyRows(rows, features);
        return new Dataset(Name, Kind, rows.Length, features, FeatureShape)
        {
            FeatureNames = FeatureNames,
            Indices = Indices?.Select(rows),
            Target = Target?.Select(rows),
            Concepts = Concepts?.Select(rows),
            Groups = Groups is null ? null : Groups with { Of = Pick(Groups.Of, rows) },
            RowNames = RowNames is null ? null : Pick(RowNames, rows),
            SampleRate = SampleRate,
            Notes = Notes,
            Truth = Truth,
        };
    }

    /// <summary>The rows of this data set followed by those of another of the same kind and shape; classes are joined by name.</summary>
    /// <exception cref="InputException">Another kind, shape, or set of columns.</exception>
    public Dataset Concat(Dataset other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Kind != Kind || !other.FeatureShape.SequenceEqual(FeatureShape))
            throw new InputException($"{other.Name}: rows of shape [{string.Join(", ", other.FeatureShape)}] do not continue {Name} with [{string.Join(", ", FeatureShape)}]");
        if ((Target is null) != (other.Target is null) || (Concepts is null) != (other.Concepts is null) || (Indices is null) != (other.Indices is null))
            throw new InputException($"{other.Name}: does not have the same target, concepts and index columns as {Name}");
        if (Concepts is not null && !Concepts.Columns.Select(c => c.Name).SequenceEqual(other.Concepts!.Columns.Select(c => c.Name)))
            throw new InputException($"{other.Name}: does not have the same concepts as {Name}");
        return new Dataset(Name, Kind, Count + other.Count, [.. Features, .. other.Features], FeatureShape)
        {
            FeatureNames = FeatureNames,
            Indices = Indices is null ? null : Indices with { Values = [.. Indices.Values, .. other.Indices!.Values] },
            Target = Target?.Concat(other.Target!, other.Name),
            Concepts = Concepts?.Concat(other.Concepts!),
            RowNames = RowNames is null || other.RowNames is null ? null : [.. RowNames, .. other.RowNames],
            Groups = Groups is null || other.Groups is null ? null : Groups.Concat(other.Groups),
            SampleRate = SampleRate,
            Notes = [.. Notes, .. other.Notes],
            Truth = Truth,
        };
    }

    /// <summary>The same rows with other columns beside the features.</summary>
    internal Dataset With(float[]? features = null, Target? target = null, ConceptTable? concepts = null, Groups? groups = null, IReadOnlyList<string>? notes = null, string? name = null, IReadOnlyDictionary<string, double>? truth = null) =>
        new(name ?? Name, Kind, Count, features ?? Features, FeatureShape)
        {
            FeatureNames = FeatureNames,
            Indices = Indices,
            Target = target ?? Target,
            Concepts = concepts ?? Concepts,
            Groups = groups ?? Groups,
            RowNames = RowNames,
            SampleRate = SampleRate,
            Notes = notes ?? Notes,
            Truth = truth ?? Truth,
        };

    internal static T[] Pick<T>(IReadOnlyList<T> of, ReadOnlySpan<int> rows)
    {
        var picked = new T[rows.Length];
        for (var i = 0; i < rows.Length; i++) picked[i] = of[rows[i]];
        return picked;
    }

    internal static T[] PickRows<T>(T[] of, int width, ReadOnlySpan<int> rows)
    {
        var picked = new T[checked(rows.Length * width)];
        for (var i = 0; i < rows.Length; i++) of.AsSpan(rows[i] * width, width).CopyTo(picked.AsSpan(i * width, width));
        return picked;
    }

    private ArgumentException Wrong(string what, int given) =>
        new($"Dataset '{Name}': {what} has {given} rows, the features have {Count}");
}

/// <summary>Which group each row belongs to.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Of">For each row an index into <paramref name="Names"/>.</param>
/// <param name="Names">The groups.</param>
public sealed record Groups(string Name, int[] Of, IReadOnlyList<string> Names)
{
    internal Groups Concat(Groups other)
    {
        var names = Names.Concat(other.Names).Distinct(StringComparer.Ordinal).ToList();
        return this with { Of = [.. Of, .. other.Of.Select(g => names.IndexOf(other.Names[g]))], Names = names };
    }
}

/// <summary>Columns of indices [n, columns], as embeddings want them.</summary>
/// <param name="Values">Row-major; each in 0..cardinality-1 of its column. For table columns 0 stands for missing; of a text -1 fills the last window.</param>
/// <param name="Columns">How many columns: the number of categorical columns, or the length of a text's window.</param>
/// <param name="Names">The columns' names; a single one for text.</param>
/// <param name="Cardinalities">How many different indices each column may hold; a single one for text, where all positions share it.</param>
/// <param name="Vocabulary">What each index means, for each entry of <paramref name="Cardinalities"/>.</param>
public sealed record IndexColumns(int[] Values, int Columns, IReadOnlyList<string> Names, IReadOnlyList<int> Cardinalities, IReadOnlyList<IReadOnlyList<string>> Vocabulary)
{
    /// <summary>The number of rows.</summary>
    public int Count => Columns == 0 ? 0 : Values.Length / Columns;

    /// <summary>The indices of one row.</summary>
    public ReadOnlySpan<int> Row(int row) => Values.AsSpan(row * Columns, Columns);

    internal IndexColumns Select(ReadOnlySpan<int> rows) => this with { Values = Dataset.PickRows(Values, Columns, rows) };
}
