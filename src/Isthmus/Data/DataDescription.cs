using System.Globalization;
using System.Text;

namespace Isthmus.Data;

/// <summary>One column as it looks.</summary>
/// <param name="Number">1-based, as column selectors count.</param>
/// <param name="Name">The header.</param>
/// <param name="Type">numeric, text or date.</param>
/// <param name="Role">What it would be used for with the given options.</param>
/// <param name="Missing">How many cells are missing.</param>
/// <param name="Distinct">How many different values there are.</param>
/// <param name="Min">Numeric: the least value, otherwise null.</param>
/// <param name="Max">Numeric: the greatest value, otherwise null.</param>
/// <param name="Mean">Numeric: the mean, otherwise null.</param>
/// <param name="Examples">The most frequent values (text), or the first ones.</param>
public sealed record ColumnDescription(int Number, string Name, string Type, string Role, int Missing, int Distinct, double? Min, double? Max, double? Mean, IReadOnlyList<string> Examples)
{
    /// <summary>What kind of concept it makes: binary, categorical, ordinal or continuous; null where it is none.</summary>
    public string? Concept { get; init; }

    /// <summary>What asking for it costs unless a recipe says otherwise; null where it is no concept.</summary>
    public double? Cost { get; init; }
}

/// <summary>What a file, folder or generator looks like to Isthmus, before anything is asked of it.</summary>
/// <param name="Source">The DATA argument.</param>
/// <param name="Kind">table, vectors, images, series, sound, text or ratings.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="FeatureShape">The shape of one row; for tables the number of columns.</param>
/// <param name="Bytes">What the decoded data take.</param>
/// <param name="Columns">Tables: every column. Otherwise target and concepts.</param>
/// <param name="Classes">How many rows each class has; empty where there are no classes.</param>
/// <param name="Notes">What a person should know.</param>
/// <param name="Truth">What is known exactly (generators); units are part of the names.</param>
public sealed record DataDescription(string Source, string Kind, int Rows, IReadOnlyList<int> FeatureShape, long Bytes, IReadOnlyList<ColumnDescription> Columns,
    IReadOnlyDictionary<string, int> Classes, IReadOnlyList<string> Notes, IReadOnlyDictionary<string, double> Truth)
{
    private const int Shown = 4;

    internal static DataDescription Of(RawData raw, DataOptions options, string source)
    {
        if (raw.Table is { } table) return OfTable(table, raw.Imply(options), source);
        var data = raw.Data!;
        var columns = new List<ColumnDescription>();
        if (data.Kind is DataKind.Vectors)
            foreach (var (column, c) in DatasetColumns.Of(data).Columns.Select((column, c) => (column, c)))
                columns.Add(Describe(column, c, c < data.FeatureSize ? ColumnRole.Feature : IsTarget(data, column.Name) ? ColumnRole.Target : ColumnRole.Concept));
        else if (data.Concepts is { } concepts)
            for (var c = 0; c < concepts.Columns.Count; c++)
            {
                var at = c;
                columns.Add(Describe(TableColumn.Numeric(concepts.Columns[c].Name, [.. Enumerable.Range(0, data.Count).Select(row => (double)concepts.Row(row)[at])]), c, ColumnRole.Concept));
            }
        var classes = data.Target is ClassTarget target
            ? target.Classes.Zip(target.CountOf([.. Enumerable.Range(0, data.Count)])).ToDictionary(p => p.First, p => p.Second)
            : [];
        var bytes = data.Features.LongLength * sizeof(float) + (data.Indices?.Values.LongLength ?? 0) * sizeof(int) + (data.Concepts?.Values.LongLength ?? 0) * sizeof(float);
        return new(source, data.Kind.ToString().ToLowerInvariant(), data.Count, data.Kind == DataKind.Text ? [data.Indices!.Columns] : data.FeatureShape, bytes, columns, classes, data.Notes, data.Truth);
    }

    /// <summary>The description for people: a line of what it is, a line a column, then what is worth knowing.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Source}: {Kind}, {Rows} rows, {(Kind == "table" ? $"{Columns.Count} columns" : $"each [{string.Join(", ", FeatureShape)}]")}, {MemoryBudget.Size(Bytes)}\n");
        if (Columns.Count > 0)
        {
            var width = Math.Clamp(Columns.Max(c => c.Name.Length), 6, 32);
            text.Append(CultureInfo.InvariantCulture, $"  {"#",4} {"column".PadRight(width)} {"type",-8} {"role",-8} {"missing",8} {"distinct",9}  values\n");
            foreach (var c in Columns)
                text.Append(CultureInfo.InvariantCulture, $"  {c.Number,4} {Cut(c.Name, width).PadRight(width)} {c.Type,-8} {c.Role,-8} {c.Missing,8} {c.Distinct,9}  {(c.Min is null ? string.Join(", ", c.Examples) : FormattableString.Invariant($"{c.Min:G5} … {c.Max:G5}, mean {c.Mean:G5}"))}{(c.Concept is null ? "" : "; " + c.Concept)}\n");
        }
        if (Classes.Count > 0)
            text.Append("  classes: ").AppendJoin(", ", Classes.Take(12).Select(c => FormattableString.Invariant($"{c.Key} ({c.Value})"))).Append(Classes.Count > 12 ? ", …\n" : "\n");
        foreach (var (name, value) in Truth) text.Append(CultureInfo.InvariantCulture, $"  known: {name} = {value:G7}\n");
        foreach (var note in Notes) text.Append(CultureInfo.InvariantCulture, $"  note: {note}\n");
        return text.ToString();
    }

    private static DataDescription OfTable(Table table, DataOptions options, string source)
    {
        var notes = new List<string>();
        var roles = Roles(table, options, notes);
        var columns = table.Columns.Select((column, c) => Describe(column, c, roles[c]) with { Concept = roles[c] == ColumnRole.Concept ? Schema.ConceptKindOf(column).ToString().ToLowerInvariant() : null, Cost = roles[c] == ColumnRole.Concept ? 1 : null }).ToArray();
        if (roles.Contains(ColumnRole.Concept)) notes.Add("the recipe with roles and costs, to be edited: isthmus recipe with the same flags");
        var target = columns.FirstOrDefault(c => c.Role == "target");
        var classes = new Dictionary<string, int>();
        if (target is not null && (target.Type == "text" || table.Columns[target.Number - 1].IsFewIntegers(Schema.MostIntegerClasses)))
            foreach (var group in Enumerable.Range(0, table.Count).Select(row => table.Columns[target.Number - 1].Cell(row)).Where(c => c is not null).GroupBy(c => c!, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
                classes[group.Key] = group.Count();
        if (!table.HasHeader) notes.Add("no header was found: columns are named c1, c2, …; --header row if the first row is one");
        var bytes = table.Columns.Sum(c => c.Type == ColumnType.Text ? c.Codes.LongLength * sizeof(int) : c.Numbers.LongLength * sizeof(double));
        return new(source, "table", table.Count, [table.Columns.Count], bytes, columns, classes, notes, table.Truth);
    }

    // What would be refused in training is said here and not refused: describing is how one finds out.
    private static ColumnRole[] Roles(Table table, DataOptions options, List<string> notes)
    {
        try
        {
            var resolved = TableRoles.Resolve(table, options);
            notes.AddRange(resolved.Notes);
            return [.. resolved.Of];
        }
        catch (InputException e) when (options is { Target: null, Features: null, Concepts: null, Ignore: null, Time: null })
        {
            notes.Add(e.Hint is null ? e.Message : $"{e.Message} ({e.Hint})");
            return [.. table.Columns.Select(c => c.Type == ColumnType.Date ? ColumnRole.Time : TableRoles.Proposed(c, table.Count, []))];
        }
    }

    private static ColumnDescription Describe(TableColumn column, int index, ColumnRole role)
    {
        var present = column.Type == ColumnType.Text ? [] : column.Numbers.Where(x => !double.IsNaN(x)).ToArray();
        var numeric = column.Type == ColumnType.Numeric && present.Length > 0;
        var distinct = column.Type == ColumnType.Text ? column.Codes.Where(c => c >= 0).Distinct().Count() : present.Distinct().Count();
        IReadOnlyList<string> examples = column.Type switch
        {
            ColumnType.Text => [.. column.Codes.Where(c => c >= 0).CountBy(c => c).OrderByDescending(g => g.Value).ThenBy(g => g.Key).Take(Shown).Select(g => column.Categories[g.Key])],
            ColumnType.Date => [.. present.Take(2).Select(s => DateTime.UnixEpoch.AddSeconds(s).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture))],
            _ => [.. present.Take(Shown).Select(TableColumn.NumberText)],
        };
        return new(index + 1, column.Name, column.Type.ToString().ToLowerInvariant(), role.ToString().ToLowerInvariant(), column.MissingCount, distinct,
            numeric ? present.Min() : null, numeric ? present.Max() : null, numeric ? present.Average() : null, examples);
    }

    private static bool IsTarget(Dataset data, string name) => data.Target switch { ClassTarget t => t.Name == name, ContinuousTarget t => t.Names.Contains(name), _ => false };

    private static string Cut(string name, int width) => name.Length <= width ? name : name[..(width - 1)] + "…";
}
