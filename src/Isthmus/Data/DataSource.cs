namespace Isthmus.Data;

/// <summary>Data ready for a run: all rows as features, which row is for what, and the schema that made them.</summary>
/// <param name="Data">All rows, standardised by the training rows; the split's numbers point into them.</param>
/// <param name="Split">Training, validation and test rows.</param>
/// <param name="Schema">What the run stores and applies to new rows.</param>
public sealed record LoadedData(Dataset Data, Split Split, Schema Schema)
{
    private readonly Func<int, LoadedData>? _fold;

    internal LoadedData(Dataset data, Split split, Schema schema, int folds, Func<int, LoadedData> fold) : this(data, split, schema) => (Folds, _fold) = (folds, fold);

    /// <summary>How many folds there are; 1 without <c>--folds</c>.</summary>
    public int Folds { get; init; } = 1;

    /// <summary>The data with another fold for test; everything that is fitted is fitted again on its training rows. Fold 0 is this one.</summary>
    public LoadedData Fold(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Folds);
        return index == 0 || _fold is null ? this : _fold(index);
    }
}

/// <summary>One entry for every DATA argument: a file, a folder or a generator.</summary>
public static class DataSource
{
    private const double InOrderTrainShare = 0.8;

    /// <summary>Loads data for training.</summary>
    /// <param name="data">A path, or <c>make:NAME,key=value,…</c>.</param>
    /// <param name="options">How to read, what the columns are for, how to split.</param>
    /// <exception cref="InputException">Whatever is wrong with the argument, the options or the files, in one line.</exception>
    public static LoadedData Load(string data, DataOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        var budget = new MemoryBudget(options.MaxMemory, data);
        var raw = RawSource.Open(data, options, budget);
        options = raw.Imply(options);
        if (raw.Table is not { } table) return LoadArrays(raw, options, budget);
        var loaded = LoadTable(table, options, budget);
        return table.Truth.Count == 0 ? loaded : loaded with { Data = loaded.Data.With(truth: table.Truth) };
    }

    /// <summary>Loads rows for a run that was trained before.</summary>
    /// <param name="data">A path or a generator.</param>
    /// <param name="schema">What the run stored.</param>
    /// <param name="options">Header and memory are read from here.</param>
    /// <param name="withTarget">Whether target and concepts are wanted, as for an evaluation.</param>
    /// <exception cref="InputException">The rows do not fit the schema; one line says why.</exception>
    public static Dataset LoadNew(string data, Schema schema, DataOptions options, bool withTarget)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(options);
        var budget = new MemoryBudget(options.MaxMemory, data);
        if (schema.Columns.Count > 0)
        {
            if (options.Header == HeaderMode.Detect) options = options with { Header = schema.HasHeader ? HeaderMode.Row : HeaderMode.None };
            var opened = RawSource.Open(data, options with { Ratings = null }, budget, schema.Types);
            if (opened.Table is not { } table) throw new InputException($"{data} is not a table, as the data of the run were");
            return schema.Apply(table, withTarget, budget);
        }
        var raw = RawSource.Open(data, options with { Window = schema.Window > 0 ? schema.Window : options.Window, TextUnit = schema.TextUnit, Ratings = schema.Ratings }, budget, vocabulary: schema.Kind is DataKind.Text or DataKind.Ratings ? schema.Vocabulary : null, samples: schema.Kind == DataKind.Sound ? schema.FeatureShape[^1] : null, whole: !withTarget);
        if (raw.Data is not { } arrays) throw new InputException($"{data} is a table, the run was trained on {schema.Kind.ToString().ToLowerInvariant()}");
        return schema.Apply(Retarget.Apply(arrays, schema, withTarget), withTarget);
    }

    /// <summary>The columns of a source as they are: a table's own, or those of vectors with their target and concepts.</summary>
    /// <exception cref="InputException">The source has no columns (images, sound, text).</exception>
    public static Table LoadTable(string data, DataOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var raw = RawSource.Open(data, options, new MemoryBudget(options.MaxMemory, data));
        return raw.Table ?? DatasetColumns.Of(raw.Data!);
    }

    /// <summary>What a source looks like, before anything is asked of it.</summary>
    public static DataDescription Describe(string data, DataOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return DataDescription.Of(RawSource.Open(data, options, new MemoryBudget(options.MaxMemory, data)), options, data);
    }

    private static void Check(DataOptions o)
    {
        if (o.Horizon < 1) throw new InputException(FormattableString.Invariant($"--horizon {o.Horizon}: expected 1 or more"));
        if (o.Window is < 1) throw new InputException(FormattableString.Invariant($"--window {o.Window}: expected 1 or more"));
        if (o.Patch is < 1) throw new InputException(FormattableString.Invariant($"patch {o.Patch}: expected 1 or more"));
        if (o.Folds is 1 or < 0) throw new InputException(FormattableString.Invariant($"--folds {o.Folds}: expected 2 or more"));
        if (!(o.ValidationShare >= 0 && o.ValidationShare < 1)) throw new InputException(FormattableString.Invariant($"validation share {o.ValidationShare}: expected 0 to below 1"));
        string?[] ways = [o.Split, o.Test, o.Folds > 0 ? "" : null];
        if (ways.Count(w => w is not null) > 1) throw new InputException("--split, --test and --folds exclude each other", "name one of them");
    }

    private static LoadedData LoadTable(Table table, DataOptions options, MemoryBudget budget)
    {
        var roles = TableRoles.Resolve(table, options);
        if (options.Time is not null) return LoadSeries(table, roles, options, budget);
        var notes = new List<string>(roles.Notes);
        var kept = options.Task == TaskKind.Reconstruction ? [] : Schema.RowsWithTarget(table, roles);
        if (options.Task != TaskKind.Reconstruction && kept.Length < table.Count)
        {
            notes.Add(FormattableString.Invariant($"{table.Count - kept.Length} of {table.Count} rows without a target are left out"));
            table = table.Select(kept);
        }
        if (table.Count == 0) throw new InputException($"{table.Source}: no row has a target");
        // A first schema from all rows: only its list of classes is used, to share them out evenly.
        var all = Enumerable.Range(0, table.Count).ToArray();
        var target = Schema.Fit(table, roles, options, all).Target;
        var labels = target is { Classes.Count: > 0 } ? Labels(table[target.Names[0]]!, target.Classes) : null;
        var groups = roles.With(ColumnRole.Group).FirstOrDefault(-1) is var g && g >= 0 ? Schema.GroupsOf(table.Columns[g]).Of : null;

        LoadedData Build(Split split, Table? test)
        {
            var schema = Schema.Fit(table, roles, options, split.Train);
            var data = schema.Apply(table, true, budget);
            if (test is not null) data = data.Concat(schema.Apply(test, true, budget));
            return new LoadedData(data.With(notes: [.. notes, .. data.Notes]), split, schema);
        }

        if (options.Test is not null)
        {
            var types = Schema.Fit(table, roles, options, all).Types;
            var test = RawSource.Open(options.Test, options with { Header = table.HasHeader ? HeaderMode.Row : HeaderMode.None }, budget, types).Table
                ?? throw new InputException($"--test {options.Test} is not a table like {table.Source}");
            int[] usable = options.Task == TaskKind.Reconstruction || target is null ? [.. Enumerable.Range(0, test.Count)] : RowsWith(test, target.Names);
            return Build(Data.Split.WithTest(table.Count, table.Count + usable.Length, options.ValidationShare, options.Seed, labels, groups), test.Select(usable));
        }
        if (options.Folds > 0)
        {
            var folds = Data.Split.Folds(table.Count, options.Folds, options.ValidationShare, options.Seed, labels, groups);
            var first = Build(folds[0], null);
            return new LoadedData(first.Data, first.Split, first.Schema, folds.Count, f => Build(folds[f], null));
        }
        var shares = options.Split is null ? SplitShares.Default : SplitShares.Parse(options.Split);
        return Build(groups is not null ? Data.Split.ByGroup(groups, shares, options.Seed) : Data.Split.Random(table.Count, shares, options.Seed, labels), null);
    }

    private static int[] RowsWith(Table table, IReadOnlyList<string> names)
    {
        var columns = names.Select(n => table[n]).ToArray();
        return [.. Enumerable.Range(0, table.Count).Where(row => columns.All(c => c is null || !c.IsMissing(row)))];
    }

    private static int[] Labels(TableColumn column, IReadOnlyList<string> classes)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in classes) index[name] = index.Count;
        return [.. Enumerable.Range(0, column.Count).Select(row => index[column.Cell(row)!])];
    }

    private static LoadedData LoadSeries(Table table, TableRoles roles, DataOptions options, MemoryBudget budget)
    {
        if (options.Folds > 0) throw new InputException("--folds shuffles time: a series is split in order", "use --split");
        if (options.Task is TaskKind.Forecast or TaskKind.Regression && !roles.With(ColumnRole.Target).Any())
            roles = roles with { Of = [.. roles.Of.Select((r, c) => r == ColumnRole.Feature && table.Columns[c].Type == ColumnType.Numeric ? ColumnRole.Target : r)] };
        var task = options.Task == TaskKind.Auto && roles.With(ColumnRole.Target).Any(c => table.Columns[c].Type == ColumnType.Numeric) ? TaskKind.Forecast : options.Task;
        var fitted = options with { Task = task };
        var shares = options.Split is null ? SplitShares.Default : SplitShares.Parse(options.Split);
        if (options.Test is not null) shares = new SplitShares(1 - options.ValidationShare, options.ValidationShare, 0);
        var training = Enumerable.Range(0, SeriesWindows.Bounds(table.Count, shares).Validation).ToArray();
        var schema = Schema.Fit(table, roles, fitted, training);
        var (data, plan) = schema.Windows(table, true, budget);
        var split = SeriesWindows.Parts(plan, table.Count, shares);
        if (options.Test is not null)
        {
            var test = RawSource.Open(options.Test, options with { Header = table.HasHeader ? HeaderMode.Row : HeaderMode.None }, budget, schema.Types).Table
                ?? throw new InputException($"--test {options.Test} is not a table like {table.Source}");
            var more = schema.Windows(test, true, budget).Data;
            split = split with { Test = [.. Enumerable.Range(data.Count, more.Count)] };
            data = data.Concat(more);
        }
        if (split.Train.Length == 0) throw new InputException($"{table.Source}: no window lies wholly in the training part", "use a smaller --window or --horizon");
        return new LoadedData(data.With(notes: [.. roles.Notes, .. data.Notes]), split, schema);
    }

    private static LoadedData LoadArrays(RawData raw, DataOptions options, MemoryBudget budget)
    {
        var data = Retarget.Apply(raw.Data!, options);
        var testStart = raw.TestStart;
        if (options.Test is not null)
        {
            var vocabulary = data.Kind == DataKind.Text ? data.Indices!.Vocabulary[0] : data.Kind == DataKind.Ratings ? data.FeatureNames : null;
            var test = RawSource.Open(options.Test, options, budget, vocabulary: vocabulary, samples: data.Kind == DataKind.Sound ? data.FeatureShape[^1] : null).Data
                ?? throw new InputException($"--test {options.Test} is a table, {data.Name} is not");
            testStart = data.Count;
            data = data.Concat(Retarget.Apply(test, options));
        }
        var labels = (data.Target as ClassTarget)?.Labels;
        var groups = data.Groups?.Of;

        LoadedData Build(Split split)
        {
            if (split.Train.Length == 0) throw new InputException(FormattableString.Invariant($"{data.Name}: {data.Count} rows leave none to train on"));
            var schema = Schema.Fit(data, split.Train, options.Standardise) with { TextUnit = options.TextUnit, Ratings = options.Ratings };
            if (schema.Mean.Count > 0) budget.Take(data.Features.Length, sizeof(float), "the standardised rows");
            return new LoadedData(schema.Apply(data), split, schema);
        }

        if (options.Folds > 0)
        {
            var folds = Data.Split.Folds(data.Count, options.Folds, options.ValidationShare, options.Seed, labels, groups);
            var first = Build(folds[0]);
            return new LoadedData(first.Data, first.Split, first.Schema, folds.Count, f => Build(folds[f]));
        }
        if (testStart is { } start && options.Split is null) return Build(Data.Split.WithTest(start, data.Count, options.ValidationShare, options.Seed, labels, groups));
        if (raw.InOrder && options.Split is null) return Build(Data.Split.InOrder(data.Count, InOrderTrainShare, options.ValidationShare, options.Seed, labels));
        var shares = options.Split is null ? SplitShares.Default : SplitShares.Parse(options.Split);
        if (raw.Sequential) return Build(Data.Split.Chronological(data.Count, shares));
        return Build(groups is not null ? Data.Split.ByGroup(groups, shares, options.Seed) : Data.Split.Random(data.Count, shares, options.Seed, labels));
    }
}
