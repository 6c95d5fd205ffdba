namespace Isthmus.Data;

/// <summary>A table of user, item and rating as one row a user.</summary>
internal static class RatingsSource
{
    /// <summary>The matrix [users, items]; 0 where nothing is known, 1 for every pair where there is no rating column.</summary>
    /// <param name="table">The file.</param>
    /// <param name="selectors"><c>user,item[,rating]</c>.</param>
    /// <param name="budget">What it may take.</param>
    /// <param name="items">A run's items; null to take those of the file.</param>
    public static RawData Read(Table table, string selectors, MemoryBudget budget, IReadOnlyList<string>? items)
    {
        var columns = table.Find(selectors);
        if (columns.Count is not (2 or 3)) throw new InputException($"--ratings '{selectors}': expected two or three columns, user,item[,rating]");
        var (user, item) = (table.Columns[columns[0]], table.Columns[columns[1]]);
        var rating = columns.Count == 3 ? table.Columns[columns[2]] : null;
        if (rating is not null && rating.Type != ColumnType.Numeric) throw new InputException($"{table.Source}: rating column '{rating.Name}' must hold numbers");
        var users = user.Distinct();
        var known = items is not null;
        items ??= item.Distinct();
        budget.Take((long)users.Count * items.Count, sizeof(float), FormattableString.Invariant($"ratings of {users.Count} users for {items.Count} items"));
        var values = new float[(long)users.Count * items.Count];
        var (rowOf, columnOf) = (Index(users), Index(items));
        var twice = 0;
        for (var row = 0; row < table.Count; row++)
        {
            if (user.Cell(row) is not { } u || item.Cell(row) is not { } i) throw new InputException($"{table.Place(row)}: the user or the item is missing");
            if (!columnOf.TryGetValue(i, out var column)) throw new InputException($"{table.Place(row)}: item '{Schema.Shown(i)}' was not there in training");
            if (rating is not null && rating.IsMissing(row)) continue;
            ref var cell = ref values[rowOf[u] * items.Count + column];
            if (cell != 0) twice++;
            cell = rating is null ? 1 : (float)rating.Numbers[row];
        }
        return new RawData(null, new Dataset(table.Source, DataKind.Ratings, users.Count, values, items.Count)
        {
            FeatureNames = items,
            RowNames = users,
            Notes = twice == 0 ? [] : [FormattableString.Invariant($"{twice} pairs of user and item come more than once: the last rating counts")],
        });
    }

    private static Dictionary<string, int> Index(IReadOnlyList<string> names)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names) index[name] = index.Count;
        return index;
    }
}
