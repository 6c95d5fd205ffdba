namespace Isthmus.Data;

/// <summary>Vectors with their target and concepts, seen as the columns of a table.</summary>
internal static class DatasetColumns
{
    public static Table Of(Dataset data)
    {
        if (data.Kind is not (DataKind.Vectors or DataKind.Table))
            throw new InputException($"{data.Name} holds {data.Kind.ToString().ToLowerInvariant()}, which have no columns", "a table, a .npy of rows or a generator of vectors has");
        var columns = new List<TableColumn>();
        for (var c = 0; c < data.FeatureSize; c++)
            columns.Add(Numbers(c < data.FeatureNames.Count ? data.FeatureNames[c] : FormattableString.Invariant($"x{c + 1}"), data.Features, data.FeatureSize, c));
        switch (data.Target)
        {
            case ClassTarget t: columns.Add(Words(t.Name, t.Labels, t.Classes)); break;
            case ContinuousTarget t:
                for (var c = 0; c < t.Width; c++) columns.Add(Numbers(t.Names[c], t.Values, t.Width, c));
                break;
        }
        if (data.Concepts is { } concepts)
            for (var c = 0; c < concepts.Columns.Count; c++)
                columns.Add(Numbers(concepts.Columns[c].Name, concepts.Values, concepts.Columns.Count, c));
        return new Table(data.Name, columns) { Truth = data.Truth };
    }

    private static TableColumn Numbers(string name, float[] values, int width, int column)
    {
        var numbers = new double[values.Length / width];
        for (var row = 0; row < numbers.Length; row++) numbers[row] = values[row * width + column];
        return TableColumn.Numeric(name, numbers);
    }

    // Classes that are numbers stay numbers.
    private static TableColumn Words(string name, int[] labels, IReadOnlyList<string> classes)
    {
        var numbers = new double[classes.Count];
        for (var i = 0; i < numbers.Length; i++)
            if (!ColumnScan.TryNumber(classes[i], out numbers[i])) return TableColumn.Text(name, labels, classes);
        return TableColumn.Numeric(name, [.. labels.Select(l => numbers[l])]);
    }
}
