namespace Isthmus.Data;

// How a schema is learnt: lists of words from the whole file, every statistic from the training rows only.
public sealed partial record Schema
{
    /// <summary>The greatest number of different integers that are taken for classes (on average two rows each, at least) or for
    /// a concept's categories.</summary>
    public const int MostIntegerClasses = 20;

    /// <summary>How many steps a window of a series has where nobody says.</summary>
    public const int DefaultWindow = 24;

    private const int MostClasses = 1000;

    /// <summary>Learns the schema of a table.</summary>
    /// <param name="table">All rows, those without a target left out (<see cref="RowsWithTarget"/>).</param>
    /// <param name="roles">What each column is used for.</param>
    /// <param name="options">Task, embedding and standardisation are read from here.</param>
    /// <param name="training">The rows that statistics are taken from, not empty.</param>
    /// <exception cref="InputException">A target or concept cannot be what was asked.</exception>
    public static Schema Fit(Table table, TableRoles roles, DataOptions options, ReadOnlySpan<int> training)
    {
        if (training.IsEmpty) throw new InputException($"{table.Source}: no rows are left to train on");
        var series = options.Time is not null;
        if (!series && (options.Window is not null || options.Horizon > 1))
            throw new InputException($"{table.Source}: a window or horizon is for series only", "say --time COL");
        if (series && options.Horizon > 1 && !roles.With(ColumnRole.Target).Any())
            throw new InputException(FormattableString.Invariant($"{table.Source}: --horizon {options.Horizon} without a target"), "say with --target COL what is forecast; without one, windows are reconstructed");
        var columns = new ColumnSchema[table.Columns.Count];
        for (var c = 0; c < columns.Length; c++) columns[c] = FitColumn(table.Columns[c], roles.Of[c], series, options.Standardise, training);
        var names = new List<string>();
        foreach (var column in columns.Where(c => IsInput(c, series))) names.AddRange(NamesOf(column, options.EmbedCategories && !series));
        var concepts = roles.With(ColumnRole.Concept).Select(c => FitConcept(table, table.Columns[c], columns[c])).ToArray();
        var target = FitTarget(table, roles, columns, options.Task);
        return new Schema
        {
            Kind = series ? DataKind.Series : DataKind.Table,
            Window = series ? options.Window ?? DefaultWindow : 0,
            Horizon = series && target is not null ? options.Horizon : 0,
            FeatureShape = series ? [options.Window ?? DefaultWindow, names.Count] : [names.Count],
            FeatureNames = names,
            HasHeader = table.HasHeader,
            Columns = columns,
            EmbedCategories = options.EmbedCategories && !series,
            Target = target,
            Concepts = concepts,
        };
    }

    /// <summary>Learns the schema of arrays (vectors, images, series, sound, text, ratings).</summary>
    /// <param name="data">All rows, not standardised.</param>
    /// <param name="training">The rows that statistics are taken from, not empty.</param>
    /// <param name="standardise">Whether the numbers of the last axis (vectors, series) and a continuous target are standardised.</param>
    public static Schema Fit(Dataset data, ReadOnlySpan<int> training, bool standardise = true)
    {
        if (training.IsEmpty) throw new InputException($"{data.Name}: no rows are left to train on");
        var channels = standardise && data.Kind is (DataKind.Vectors or DataKind.Series) ? data.FeatureShape[^1] : 0;
        var (mean, scale) = Moments(data.Features, data.FeatureSize, channels, training);
        var target = data.Target switch
        {
            ClassTarget t => new TargetSchema { Names = [t.Name], Classes = t.Classes },
            TokenTarget t => new TargetSchema { Names = [t.Name], Classes = t.Classes, NextToken = true },
            SurvivalTarget t => new TargetSchema { Names = [t.TimeName, t.EventName], Survival = true },
            ContinuousTarget t when standardise && Moments(t.Values, t.Width, t.Width, training) is var (m, s) => new TargetSchema { Names = t.Names, Mean = m, Scale = s },
            ContinuousTarget t => new TargetSchema { Names = t.Names, Mean = t.Mean, Scale = t.Scale },
            _ => null,
        };
        return new Schema
        {
            Kind = data.Kind,
            FeatureShape = data.FeatureShape,
            FeatureNames = data.FeatureNames,
            Target = target,
            Concepts = data.Concepts is { } concepts ? FitConcepts(concepts, training, standardise) : [],
            Mean = mean,
            Scale = scale,
            Vocabulary = data.Kind == DataKind.Ratings ? data.FeatureNames : data.Indices?.Vocabulary.FirstOrDefault() ?? [],
            SampleRate = data.SampleRate,
            Window = data.Kind == DataKind.Text ? data.Indices!.Columns : 0,
        };
    }

    private static Concept[] FitConcepts(ConceptTable concepts, ReadOnlySpan<int> training, bool standardise)
    {
        var (mean, scale) = Moments(concepts.Values, concepts.Columns.Count, concepts.Columns.Count, training);
        return [.. concepts.Columns.Select((c, k) => c.Kind == ConceptKind.Continuous && standardise ? c with { Mean = mean[k], Scale = scale[k] } : c)];
    }

    /// <summary>The rows whose target is there (all rows where no column is a target).</summary>
    public static int[] RowsWithTarget(Table table, TableRoles roles)
    {
        var needed = roles.With(ColumnRole.Target).Concat(roles.With(ColumnRole.Event)).Select(c => table.Columns[c]).ToArray();
        return [.. Enumerable.Range(0, table.Count).Where(row => !needed.Any(c => c.IsMissing(row)))];
    }

    internal static string[] NamesOf(ColumnSchema column, bool embed)
    {
        if (column.Type == ColumnType.Numeric) return column.Indicator ? [column.Name, column.Name + "?"] : [column.Name];
        if (embed) return [];
        var words = column.Categories.Select(category => $"{column.Name}={category}");
        return column.Indicator ? [.. words, column.Name + "?"] : [.. words];
    }

    // The past of a series' target is an input as well.
    private static bool IsInput(ColumnSchema column, bool series) => column.Role == ColumnRole.Feature || (series && column.Role == ColumnRole.Target);

    private static ColumnSchema FitColumn(TableColumn column, ColumnRole role, bool series, bool standardise, ReadOnlySpan<int> training)
    {
        var schema = new ColumnSchema { Name = column.Name, Role = role, Type = column.Type };
        schema = schema with { Indicator = IsInput(schema, series) && column.MissingCount > 0 };
        if (role is ColumnRole.Ignored or ColumnRole.RowName or ColumnRole.Group or ColumnRole.Time || column.Type == ColumnType.Date) return schema;
        if (column.Type == ColumnType.Numeric)
        {
            var (mean, scale) = Moments(column.Numbers, training);
            return schema with { FillNumber = mean, Mean = standardise ? mean : 0, Scale = standardise ? scale : 1 };
        }
        var counts = new int[column.Categories.Count];
        foreach (var row in training)
            if (column.Codes[row] >= 0) counts[column.Codes[row]]++;
        return schema with { Categories = column.Categories, FillCategory = counts.Length == 0 ? 0 : Array.IndexOf(counts, counts.Max()) };
    }

    /// <summary>What kind of concept a column makes: two values a binary one, words a categorical one, a few whole numbers an ordinal one, since they have an order.</summary>
    internal static ConceptKind ConceptKindOf(TableColumn column) => column.Type == ColumnType.Text || column.IsFewIntegers(MostIntegerClasses)
        ? column.Distinct().Count == 2 ? ConceptKind.Binary : column.Type == ColumnType.Text ? ConceptKind.Categorical : ConceptKind.Ordinal
        : ConceptKind.Continuous;

    private static Concept FitConcept(Table table, TableColumn column, ColumnSchema schema)
    {
        if (column.Type == ColumnType.Date) throw new InputException($"{table.Source}: concept '{column.Name}' holds dates");
        if (column.MissingCount == column.Count) throw new InputException($"{table.Source}: concept '{column.Name}' is empty");
        var kind = ConceptKindOf(column);
        if (kind != ConceptKind.Continuous)
        {
            var categories = column.Distinct();
            if (categories.Count > MostClasses) throw new InputException(FormattableString.Invariant($"{table.Source}: concept '{column.Name}' has {categories.Count} different words, at most {MostClasses} can be categories"));
            return new Concept(column.Name, kind, categories);
        }
        return new Concept(column.Name, ConceptKind.Continuous, []) { Mean = schema.Mean, Scale = schema.Scale };
    }

    private static TargetSchema? FitTarget(Table table, TableRoles roles, ColumnSchema[] columns, TaskKind task)
    {
        var targets = roles.With(ColumnRole.Target).Select(c => table.Columns[c]).ToArray();
        if (targets.Length == 0 || task == TaskKind.Reconstruction) return null;
        if (roles.With(ColumnRole.Event).Select(c => table.Columns[c]).FirstOrDefault() is { } occurred) return FitSurvival(table, targets[0], occurred);
        if (targets.FirstOrDefault(t => t.MissingCount == t.Count) is { } empty) throw new InputException($"{table.Source}: target '{empty.Name}' is empty");
        var words = targets.FirstOrDefault(t => t.Type == ColumnType.Text);
        var classes = task switch
        {
            TaskKind.Classification => true,
            TaskKind.Auto => words is not null || (targets.Length == 1 && targets[0].IsFewIntegers(Math.Clamp(table.Count / 2, 2, MostIntegerClasses))),
            _ => false,
        };
        if (!classes)
        {
            if (words is not null) throw new InputException($"{table.Source}: target '{words.Name}' holds words, which no number can be predicted for", "use --task classification");
            return new TargetSchema
            {
                Names = [.. targets.Select(t => t.Name)],
                Mean = [.. roles.With(ColumnRole.Target).Select(c => columns[c].Mean)],
                Scale = [.. roles.With(ColumnRole.Target).Select(c => columns[c].Scale)],
            };
        }
        if (targets.Length > 1) throw new InputException($"{table.Source}: {targets.Length} targets, of which '{(words ?? targets[0]).Name}' is a class; one class target is possible", "name one --target");
        var names = targets[0].Distinct();
        if (names.Count > MostClasses || (TableRoles.LooksLikeName(targets[0], table.Count) && task == TaskKind.Auto))
            throw new InputException(FormattableString.Invariant($"{table.Source}: target '{targets[0].Name}' has {names.Count} different values in {table.Count} rows, at most {MostClasses} can be classes"),
                targets[0].Type == ColumnType.Numeric ? "use --task regression" : "name another --target");
        return new TargetSchema { Names = [targets[0].Name], Classes = names };
    }

    private static TargetSchema FitSurvival(Table table, TableColumn time, TableColumn occurred)
    {
        if (time.Type != ColumnType.Numeric || time.Numbers.Any(t => t < 0)) throw new InputException($"{table.Source}: survival time '{time.Name}' must hold numbers that are not negative");
        if (occurred.Type != ColumnType.Numeric || occurred.Numbers.Any(e => e is not (0 or 1)))
            throw new InputException($"{table.Source}: survival event '{occurred.Name}' must hold 0 (last seen without it) and 1 (happened)");
        return new TargetSchema { Names = [time.Name, occurred.Name], Survival = true };
    }

    private static (double Mean, double Scale) Moments(double[] numbers, ReadOnlySpan<int> rows)
    {
        double sum = 0, squares = 0;
        var n = 0;
        foreach (var row in rows)
            if (!double.IsNaN(numbers[row])) (sum, n) = (sum + numbers[row], n + 1);
        if (n == 0) return (0, 1);
        var mean = sum / n;
        foreach (var row in rows)
            if (!double.IsNaN(numbers[row])) squares += (numbers[row] - mean) * (numbers[row] - mean);
        return (mean, ScaleOf(squares / n, mean));
    }

    // Moments of each of the last axis' channels over some rows of an array.
    private static (double[] Mean, double[] Scale) Moments(float[] values, int width, int channels, ReadOnlySpan<int> rows)
    {
        var (mean, squares) = (new double[channels], new double[channels]);
        if (channels == 0 || width == 0) return (mean, squares);
        var n = (double)rows.Length * (width / channels);
        foreach (var row in rows)
            for (var i = 0; i < width; i++) mean[i % channels] += values[row * width + i];
        for (var c = 0; c < channels; c++) mean[c] /= n;
        foreach (var row in rows)
            for (var i = 0; i < width; i++)
            {
                var d = values[row * width + i] - mean[i % channels];
                squares[i % channels] += d * d;
            }
        for (var c = 0; c < channels; c++) squares[c] = ScaleOf(squares[c] / n, mean[c]);
        return (mean, squares);
    }

    // A column that never changes has no scale of its own; rounding must not make one up.
    private static double ScaleOf(double variance, double mean) => Math.Sqrt(variance) is var s && s > 1e-9 * Math.Abs(mean) && s > 1e-30 && double.IsFinite(s) ? s : 1;
}
