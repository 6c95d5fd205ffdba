namespace Isthmus.Data;

/// <summary>Windows over the rows of a table in the order of time.</summary>
internal static class SeriesWindows
{
    /// <summary>Where windows may begin, and which rows are told apart by gaps.</summary>
    /// <param name="Starts">First rows of windows that are whole, without a gap inside and with a target that is there.</param>
    /// <param name="Rows">How many rows a window and its target take together.</param>
    /// <param name="Dropped">How many windows were left out.</param>
    public sealed record Plan(int[] Starts, int Rows, int Dropped);

    /// <summary>Refuses time that runs backwards, and finds every window without a gap. A gap is where time advances by more than
    /// one and a half times its usual (median) step, where the group changes, or where a target is missing.</summary>
    public static Plan Find(Table table, Schema schema)
    {
        var rows = schema.Window + schema.Horizon;
        var breaks = Breaks(table, schema);
        var targets = schema.Horizon == 0 ? [] : schema.Columns.Where(c => c.Role == ColumnRole.Target).Select(c => table[c.Name]!).ToArray();
        var starts = new List<int>();
        var total = Math.Max(0, table.Count - rows + 1);
        for (var (start, from) = (0, 0); start < total; start++)
        {
            // The last break within the window decides where the next window can begin.
            var end = start + rows;
            var at = Math.Max(from, start + 1);
            while (at < end && !breaks[at]) at++;
            from = at;
            if (at < end)
            {
                start = at - 1;
                continue;
            }
            if (!targets.Any(t => Missing(t, start + schema.Window, schema.Horizon))) starts.Add(start);
        }
        if (starts.Count == 0)
            throw new InputException(FormattableString.Invariant($"{table.Source}: no window of {schema.Window} steps and {schema.Horizon} steps of target fits between the gaps of {table.Count} rows"), "use a smaller --window");
        return new Plan([.. starts], rows, total - starts.Count);
    }

    /// <summary>The windows [n, window, channels] of standardised rows [rows, channels], with the target that follows each.</summary>
    public static Dataset Cut(string source, Dataset rows, Target? targetRows, Schema schema, Plan plan, MemoryBudget budget)
    {
        var (channels, window, horizon, n) = (rows.FeatureSize, schema.Window, schema.Horizon, plan.Starts.Length);
        budget.Take((long)n * window * channels, sizeof(float), $"{n} windows of [{window}, {channels}]");
        var features = new float[(long)n * window * channels];
        for (var i = 0; i < n; i++) rows.Rows(plan.Starts[i], window).CopyTo(features.AsSpan(i * window * channels));
        Target? target = targetRows switch
        {
            ClassTarget t => t.Select([.. plan.Starts.Select(s => s + window + horizon - 1)]),
            ContinuousTarget t => Future(t, plan.Starts, window, horizon, budget),
            _ => null,
        };
        return new Dataset(source, DataKind.Series, n, features, window, channels)
        {
            FeatureNames = rows.FeatureNames,
            Target = target,
            Groups = rows.Groups is null ? null : rows.Groups with { Of = Dataset.Pick(rows.Groups.Of, plan.Starts) },
            Notes = plan.Dropped == 0 ? rows.Notes : [.. rows.Notes, FormattableString.Invariant($"{plan.Dropped} windows across gaps or without a target are left out")],
        };
    }

    /// <summary>Windows wholly inside each of three stretches of rows, so that no part sees another's steps.</summary>
    public static Split Parts(Plan plan, int rows, SplitShares shares)
    {
        var (first, second) = Bounds(rows, shares);
        int[] Within(int from, int to) => [.. Enumerable.Range(0, plan.Starts.Length).Where(i => plan.Starts[i] >= from && plan.Starts[i] + plan.Rows <= to)];
        return new Split(Within(0, first), Within(first, second), shares.Test > 0 ? Within(second, rows) : []);
    }

    /// <summary>The first rows of validation and of test.</summary>
    public static (int Validation, int Test) Bounds(int rows, SplitShares shares)
    {
        var first = (int)Math.Round(rows * shares.Train);
        return (first, Math.Max(first, (int)Math.Round(rows * (shares.Train + shares.Validation))));
    }

    private static bool Missing(TableColumn column, int start, int count)
    {
        for (var row = start; row < start + count; row++)
            if (column.IsMissing(row)) return true;
        return false;
    }

    private static ContinuousTarget Future(ContinuousTarget rows, int[] starts, int window, int horizon, MemoryBudget budget)
    {
        var (k, width) = (rows.Width, rows.Width * horizon);
        budget.Take((long)starts.Length * width, sizeof(float), "the windows' targets");
        var values = new float[starts.Length * width];
        for (var i = 0; i < starts.Length; i++) rows.Values.AsSpan((starts[i] + window) * k, width).CopyTo(values.AsSpan(i * width));
        string[] names = [.. Enumerable.Range(1, horizon).SelectMany(h => rows.Names.Select(n => FormattableString.Invariant($"{n}+{h}")))];
        return new ContinuousTarget(names, values, [.. Enumerable.Range(0, width).Select(j => rows.Mean[j % k])], [.. Enumerable.Range(0, width).Select(j => rows.Scale[j % k])]);
    }

    // breaks[i]: row i does not follow row i-1.
    private static bool[] Breaks(Table table, Schema schema)
    {
        var breaks = new bool[table.Count];
        var group = schema.Columns.FirstOrDefault(c => c.Role == ColumnRole.Group) is { } g ? table[g.Name] : null;
        if (group is not null)
            for (var row = 1; row < breaks.Length; row++) breaks[row] = group.Cell(row) != group.Cell(row - 1);
        var time = schema.Columns.FirstOrDefault(c => c.Role == ColumnRole.Time) is { } t ? table[t.Name] : null;
        if (time is null) return breaks;
        if (time.Type == ColumnType.Text) throw new InputException($"{table.Source}: time column '{time.Name}' holds words, expected numbers or dates");
        var steps = new List<double>();
        for (var row = 0; row < breaks.Length; row++)
        {
            if (time.IsMissing(row)) throw new InputException($"{table.Place(row)}: time column '{time.Name}' is empty");
            if (row == 0 || breaks[row]) continue;
            var step = time.Numbers[row] - time.Numbers[row - 1];
            if (!(step > 0)) throw new InputException($"{table.Place(row)}: time column '{time.Name}' does not advance", "sort the rows by time; several series in one file need --groups");
            steps.Add(step);
        }
        steps.Sort();
        var usual = steps.Count == 0 ? 0 : steps[steps.Count / 2];
        for (var row = 1; row < breaks.Length; row++)
            if (time.Numbers[row] - time.Numbers[row - 1] > 1.5 * usual) breaks[row] = true;
        return breaks;
    }
}
