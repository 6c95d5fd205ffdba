namespace Isthmus.Data;

// New rows through a known schema: the same features, or one clear line about what does not fit.
public sealed partial record Schema
{
    /// <summary>The types that a reader must give to columns so that they fit this schema.</summary>
    internal IReadOnlyDictionary<string, ColumnType> Types => Columns.Where(c => c.Role != ColumnRole.Ignored).ToDictionary(c => c.Name, c => c.Type);

    /// <summary>Turns a table into features, and where asked for target and concepts.</summary>
    /// <param name="table">Rows with at least the columns that this schema needs, in any order; others are not looked at.</param>
    /// <param name="withTarget">Whether target and concepts are wanted: their columns must be there then, and rows without a
    /// target are left out with a note.</param>
    /// <returns>Features [n, width] in the order of <see cref="FeatureNames"/>.</returns>
    /// <exception cref="InputException">A column is missing or of another type, or a category was not there in training.</exception>
    public Dataset Apply(Table table, bool withTarget = true) => Apply(table, withTarget, new MemoryBudget(long.MaxValue, table?.Source ?? ""));

    internal Dataset Apply(Table table, bool withTarget, MemoryBudget budget)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (Columns.Count == 0) throw new InputException($"{table.Source} is a table, the run was trained on {Kind.ToString().ToLowerInvariant()}");
        if (Kind == DataKind.Series) return Windows(table, withTarget, budget).Data;
        var notes = new List<string>();
        if (withTarget && Target is not null) table = DropMissing(table, notes);
        return Rows(table, withTarget, notes, budget);
    }

    /// <summary>The windows of a series, and where they lie.</summary>
    internal (Dataset Data, SeriesWindows.Plan Plan) Windows(Table table, bool withTarget, MemoryBudget budget)
    {
        foreach (var column in Columns.Where(c => c.Role is ColumnRole.Time or ColumnRole.Group or ColumnRole.Target)) Column(table, column);
        var schema = withTarget ? this : this with { Horizon = 0 };
        var plan = SeriesWindows.Find(table, schema);
        var rows = Rows(table, withTarget: false, [], budget);
        return (SeriesWindows.Cut(table.Source, rows, withTarget ? TargetOf(table) : null, schema, plan, budget), plan);
    }

    // One row of features for each row of the table, which has no row without a target where one is wanted.
    private Dataset Rows(Table table, bool withTarget, List<string> notes, MemoryBudget budget)
    {
        var features = Columns.Where(c => IsInput(c, Kind == DataKind.Series)).ToArray();
        budget.Take((long)table.Count * FeatureNames.Count, sizeof(float), FormattableString.Invariant($"{table.Count} rows of {FeatureNames.Count} features"));
        var width = FeatureNames.Count;
        var values = new float[checked(table.Count * width)];
        var offset = 0;
        foreach (var column in features) offset += FillFeature(column, Column(table, column), table, values, offset, width);
        var rowNames = Columns.FirstOrDefault(c => c.Role == ColumnRole.RowName) is { } named ? table[named.Name] : null;
        return new Dataset(table.Source, DataKind.Table, table.Count, values, width)
        {
            FeatureNames = FeatureNames,
            Indices = EmbedCategories ? IndicesOf(table, [.. features.Where(c => c.Type == ColumnType.Text)]) : null,
            Target = withTarget ? TargetOf(table) : null,
            // Rows of new data may come with their class alone.
            Concepts = withTarget && Concepts.Any(c => table[c.Name] is not null) ? ConceptsOf(table) : null,
            Groups = GroupsOf(table),
            RowNames = rowNames is null ? null : [.. Enumerable.Range(0, table.Count).Select(r => rowNames.Cell(r) ?? "")],
            Notes = notes,
        };
    }

    /// <summary>Arrays through this schema: checks the shape, standardises, and numbers the classes as in training.</summary>
    /// <exception cref="InputException">Another kind or shape, or a class that was not there in training.</exception>
    public Dataset Apply(Dataset data, bool withTarget = true)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Kind != Kind) throw new InputException($"{data.Name} holds {data.Kind.ToString().ToLowerInvariant()}, the run was trained on {Kind.ToString().ToLowerInvariant()}");
        if (!data.FeatureShape.SequenceEqual(FeatureShape))
            throw new InputException($"{data.Name}: a row has the shape [{string.Join(", ", data.FeatureShape)}], the run was trained on [{string.Join(", ", FeatureShape)}]");
        var features = data.Features;
        if (Mean.Count > 0)
        {
            features = new float[data.Features.Length];
            var channels = Mean.Count;
            for (var i = 0; i < features.Length; i++) features[i] = (float)((data.Features[i] - Mean[i % channels]) / Scale[i % channels]);
        }
        Target? target = !withTarget || Target is null ? null : (data.Target, Target) switch
        {
            (TokenTarget t, { NextToken: true }) => t,
            (ClassTarget t, { Classes.Count: > 0, NextToken: false }) => Renumber(t, data.Name),
            (ContinuousTarget t, { Classes.Count: 0, Survival: false }) when t.Width == Target.Names.Count => Standardise(t),
            (SurvivalTarget t, { Survival: true }) => t,
            (null, _) => throw new InputException($"{data.Name} has no target, the run predicts '{Target.Names[0]}'"),
            _ => throw new InputException($"{data.Name}: its target is of another kind than '{Target.Names[0]}', which the run predicts"),
        };
        return new Dataset(data.Name, Kind, data.Count, features, data.FeatureShape)
        {
            FeatureNames = data.FeatureNames,
            Indices = data.Indices,
            Target = target,
            Concepts = withTarget && data.Concepts is { } concepts && Concepts.Count > 0 ? Standardise(concepts, data.Name) : null,
            Groups = data.Groups,
            RowNames = data.RowNames,
            SampleRate = data.SampleRate,
            Notes = data.Notes,
            Truth = data.Truth,
        };
    }

    // The column of the new rows, of the right type.
    private TableColumn Column(Table table, ColumnSchema schema)
    {
        var names = table.Columns.Select(c => c.Name).ToArray();
        if (table[schema.Name] is not { } column)
        {
            var near = Suggest.Nearest(schema.Name, names.Where(n => Columns.All(c => c.Name != n)));
            throw new InputException($"{table.Source}: column '{schema.Name}' is missing",
                near is not null ? $"did you mean '{near}'?" : FormattableString.Invariant($"the run was trained with {Columns.Count(c => c.Role == ColumnRole.Feature)} feature columns, the file has {names.Length} columns"));
        }
        if (column.MissingCount == column.Count || column.Type == schema.Type || schema.Type == ColumnType.Text) return column;
        var row = Enumerable.Range(0, column.Count).First(r => !column.IsMissing(r));
        throw new InputException($"{table.Place(row)}, column '{schema.Name}': expected {Described(schema.Type)}, got {(column.Type == ColumnType.Date ? "a date" : $"'{Shown(column.Cell(row))}'")}");
    }

    private static string Described(ColumnType type) => type switch { ColumnType.Numeric => "a number", ColumnType.Date => "a date", _ => "a word" };

    private int FillFeature(ColumnSchema schema, TableColumn column, Table table, float[] values, int offset, int width)
    {
        if (schema.Type == ColumnType.Numeric)
        {
            for (var row = 0; row < table.Count; row++)
            {
                var missing = column.IsMissing(row);
                values[row * width + offset] = (float)(((missing ? schema.FillNumber : column.Numbers[row]) - schema.Mean) / schema.Scale);
                if (schema.Indicator) values[row * width + offset + 1] = missing ? 1 : 0;
            }
            return schema.Indicator ? 2 : 1;
        }
        if (EmbedCategories) return 0;
        var codes = CodesOf(column, schema.Categories, schema.Name, "category", table);
        for (var row = 0; row < table.Count; row++)
        {
            if (schema.Categories.Count > 0) values[row * width + offset + (codes[row] < 0 ? schema.FillCategory : codes[row])] = 1;
            if (schema.Indicator && codes[row] < 0) values[row * width + offset + schema.Categories.Count] = 1;
        }
        return schema.Categories.Count + (schema.Indicator ? 1 : 0);
    }

    private IndexColumns IndicesOf(Table table, ColumnSchema[] columns)
    {
        var values = new int[checked(table.Count * columns.Length)];
        for (var c = 0; c < columns.Length; c++)
        {
            var codes = CodesOf(Column(table, columns[c]), columns[c].Categories, columns[c].Name, "category", table);
            for (var row = 0; row < codes.Length; row++) values[row * columns.Length + c] = codes[row] + 1;
        }
        return new IndexColumns(values, columns.Length, [.. columns.Select(c => c.Name)], [.. columns.Select(c => c.Categories.Count + 1)],
            [.. columns.Select(c => (IReadOnlyList<string>)["", .. c.Categories])]);
    }

    // Cells to indices into a known list of words; -1 where missing.
    private static int[] CodesOf(TableColumn column, IReadOnlyList<string> categories, string name, string what, Table table)
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < categories.Count; i++) known[categories[i]] = i;
        var codes = new int[table.Count];
        for (var row = 0; row < codes.Length; row++)
        {
            var cell = column.Cell(row);
            if (cell is null) codes[row] = -1;
            else if (known.TryGetValue(cell, out var code)) codes[row] = code;
            else
                throw new InputException($"{table.Place(row)}, column '{name}': {what} '{Shown(cell)}' was not there in training",
                    Suggest.Nearest(cell, categories) is { } near ? $"did you mean '{Shown(near)}'?" : $"known: {string.Join(", ", categories.Take(10).Select(Shown))}{(categories.Count > 10 ? ", …" : "")}");
        }
        return codes;
    }

    private Table DropMissing(Table table, List<string> notes)
    {
        var needed = Columns.Where(c => c.Role is ColumnRole.Target or ColumnRole.Event).Select(c => Column(table, c)).ToArray();
        int[] rows = [.. Enumerable.Range(0, table.Count).Where(row => !needed.Any(c => c.IsMissing(row)))];
        if (rows.Length == table.Count) return table;
        notes.Add(FormattableString.Invariant($"{table.Count - rows.Length} of {table.Count} rows without a target are left out"));
        return table.Select(rows);
    }

    private Target? TargetOf(Table table)
    {
        if (Target is null) return null;
        var columns = Columns.Where(c => c.Role is ColumnRole.Target).Select(c => Column(table, c)).ToArray();
        if (Target.Survival)
        {
            var occurred = Column(table, Columns.First(c => c.Role == ColumnRole.Event));
            return new SurvivalTarget(Target.Names[0], Target.Names[1], [.. columns[0].Numbers.Select(t => (float)t)], [.. occurred.Numbers.Select(e => e == 1)]);
        }
        if (Target.Classes.Count > 0) return new ClassTarget(Target.Names[0], CodesOf(columns[0], Target.Classes, Target.Names[0], "class", table), Target.Classes);
        var values = new float[checked(table.Count * columns.Length)];
        for (var c = 0; c < columns.Length; c++)
            for (var row = 0; row < table.Count; row++) values[row * columns.Length + c] = (float)((columns[c].Numbers[row] - Target.Mean[c]) / Target.Scale[c]);
        return new ContinuousTarget(Target.Names, values, Target.Mean, Target.Scale);
    }

    private ConceptTable ConceptsOf(Table table)
    {
        var k = Concepts.Count;
        var values = new float[checked(table.Count * k)];
        var missing = new bool[values.Length];
        for (var c = 0; c < k; c++)
        {
            var concept = Concepts[c];
            var column = Column(table, Columns.First(s => s.Name == concept.Name));
            var codes = concept.Kind == ConceptKind.Continuous ? null : CodesOf(column, concept.Categories, concept.Name, "value", table);
            for (var row = 0; row < table.Count; row++)
            {
                missing[row * k + c] = column.IsMissing(row);
                if (!missing[row * k + c]) values[row * k + c] = codes is null ? (float)((column.Numbers[row] - concept.Mean) / concept.Scale) : codes[row];
            }
        }
        return new ConceptTable(Concepts, values, missing.Contains(true) ? missing : null);
    }

    private Groups? GroupsOf(Table table)
    {
        if (Columns.FirstOrDefault(c => c.Role == ColumnRole.Group) is not { } schema || table[schema.Name] is not { } column) return null;
        return GroupsOf(column);
    }

    /// <summary>The groups that a column's values make; missing cells are a group of their own.</summary>
    internal static Groups GroupsOf(TableColumn column)
    {
        var names = new List<string>();
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var of = new int[column.Count];
        for (var row = 0; row < of.Length; row++)
        {
            var cell = column.Cell(row) ?? "";
            if (!known.TryGetValue(cell, out of[row]))
            {
                known[cell] = of[row] = names.Count;
                names.Add(cell);
            }
        }
        return new Groups(column.Name, of, names);
    }

    private ClassTarget Renumber(ClassTarget target, string source)
    {
        if (target.Classes.SequenceEqual(Target!.Classes)) return target;
        var map = new int[target.Classes.Count];
        for (var i = 0; i < map.Length; i++) map[i] = Target.Classes.ToList().IndexOf(target.Classes[i]);
        foreach (var label in target.Labels)
            if (map[label] < 0)
                throw new InputException($"{source}: class '{target.Classes[label]}' was not there in training",
                    Suggest.Nearest(target.Classes[label], Target.Classes) is { } near ? $"did you mean '{near}'?" : null);
        return new ClassTarget(target.Name, [.. target.Labels.Select(l => map[l])], Target.Classes);
    }

    private ContinuousTarget Standardise(ContinuousTarget target)
    {
        var values = new float[target.Values.Length];
        var width = target.Width;
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)((target.InUnits(target.Values[i], i % width) - Target!.Mean[i % width]) / Target.Scale[i % width]);
        return new ContinuousTarget(target.Names, values, Target!.Mean, Target.Scale);
    }

    private ConceptTable Standardise(ConceptTable concepts, string source)
    {
        if (!concepts.Columns.Select(c => c.Name).SequenceEqual(Concepts.Select(c => c.Name))) throw new InputException($"{source}: its concepts are not those of the run ({string.Join(", ", Concepts.Select(c => c.Name))})");
        var values = new float[concepts.Values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var to = Concepts[i % Concepts.Count];
            values[i] = to.Kind == ConceptKind.Continuous ? (float)((concepts.Values[i] - to.Mean) / to.Scale) : concepts.Values[i];
        }
        return new ConceptTable(Concepts, values, concepts.Missing);
    }
}
