namespace Isthmus.Data;

/// <summary>What each column of a table is used for, as a person asked or as its cells suggest.</summary>
/// <param name="Of">A role for each column.</param>
/// <param name="Notes">What was decided without being asked, one line each.</param>
public sealed record TableRoles(IReadOnlyList<ColumnRole> Of, IReadOnlyList<string> Notes)
{
    private const int FewRows = 20;
    private const int MostCategories = 1000;

    /// <summary>Gives each column its role.</summary>
    /// <exception cref="InputException">A named column does not exist, a column has two roles, a date column without <c>--time</c>,
    /// or no feature is left.</exception>
    public static TableRoles Resolve(Table table, DataOptions options)
    {
        var asked = Asked(table, options);
        var notes = new List<string>();
        var roles = new ColumnRole[table.Columns.Count];
        for (var c = 0; c < roles.Length; c++)
            roles[c] = asked[c] ?? (options.Features is not null ? ColumnRole.Ignored : Proposed(table.Columns[c], table.Count, notes));
        RefuseDates(table, roles);
        foreach (var c in Enumerable.Range(0, roles.Length))
            if (roles[c] == ColumnRole.Feature && table.Columns[c].Type == ColumnType.Text && table.Columns[c].Categories.Count > MostCategories)
                throw new InputException(FormattableString.Invariant($"{table.Source}: column '{table.Columns[c].Name}' has {table.Columns[c].Categories.Count} different words, at most {MostCategories} can be a feature"),
                    $"leave it out with --ignore {table.Columns[c].Name}");
        var past = options.Time is not null && roles.Contains(ColumnRole.Target); // a series' target is its own input
        if (!roles.Contains(ColumnRole.Feature) && !past) throw new InputException($"{table.Source}: no column is left as a feature", "check --features, --ignore, --target and --concepts");
        return new(roles, notes);
    }

    /// <summary>What a column would be used for if nobody says anything: a feature, a row's name, or nothing.</summary>
    internal static ColumnRole Proposed(TableColumn column, int rows, List<string> notes)
    {
        if (column.MissingCount == rows)
        {
            notes.Add($"column '{column.Name}' is empty and left out");
            return ColumnRole.Ignored;
        }
        if (!LooksLikeName(column, rows)) return ColumnRole.Feature;
        notes.Add($"column '{column.Name}' differs in most rows: taken as the rows' names, not as a feature");
        return ColumnRole.RowName;
    }

    internal static bool LooksLikeName(TableColumn column, int rows) =>
        column.Type == ColumnType.Text && rows > FewRows && column.Categories.Count > rows / 2;

    /// <summary>The columns with a role.</summary>
    internal IEnumerable<int> With(ColumnRole role) => Enumerable.Range(0, Of.Count).Where(c => Of[c] == role);

    private static ColumnRole?[] Asked(Table table, DataOptions options)
    {
        var asked = new ColumnRole?[table.Columns.Count];
        void Give(string? selectors, ColumnRole role, string flag)
        {
            if (string.IsNullOrWhiteSpace(selectors)) return;
            foreach (var c in table.Find(selectors))
            {
                if (asked[c] is { } other && other != role)
                    throw new InputException($"{table.Source}: column '{table.Columns[c].Name}' is named by {flag} and is a {other.ToString().ToLowerInvariant()} already");
                asked[c] = role;
            }
        }
        if (options.Survival is { } survival)
        {
            var columns = table.Find(survival);
            if (columns.Count != 2) throw new InputException($"--survival '{survival}': expected two columns, time,event");
            if (!string.IsNullOrWhiteSpace(options.Target)) throw new InputException("--survival and --target name two targets", "leave one of them out");
            asked[columns[0]] = ColumnRole.Target;
            asked[columns[1]] = ColumnRole.Event;
        }
        Give(options.Target, ColumnRole.Target, "--target");
        Give(options.Concepts, ColumnRole.Concept, "--concepts");
        Give(options.Groups, ColumnRole.Group, "--groups");
        Give(options.Time, ColumnRole.Time, "--time");
        Give(options.Ignore, ColumnRole.Ignored, "--ignore");
        Give(options.Features, ColumnRole.Feature, "--features");
        return asked;
    }

    private static void RefuseDates(Table table, ColumnRole[] roles)
    {
        for (var c = 0; c < roles.Length; c++)
            if (table.Columns[c].Type == ColumnType.Date && roles[c] is (ColumnRole.Feature or ColumnRole.Target or ColumnRole.Concept or ColumnRole.Event))
                throw new InputException($"{table.Source}: column '{table.Columns[c].Name}' holds dates, which cannot be a {roles[c].ToString().ToLowerInvariant()}",
                    $"a series: --time {table.Columns[c].Name}; otherwise --ignore {table.Columns[c].Name}");
    }
}
