using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What people know of concepts and classes, as a CSV file: a class in the first column, a concept in each other one.</summary>
public static class PriorFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, with a header.</param>
    /// <param name="classes">The classes, in the order of the answer.</param>
    /// <param name="concepts">The columns of what passes, in their order.</param>
    /// <returns>P, [classes, concepts]; 0 where the file says nothing.</returns>
    /// <exception cref="InputException">An unknown class or concept, one that stands twice, or a number outside -1..1.</exception>
    public static Tensor Read(string path, IReadOnlyList<string> classes, IReadOnlyList<string> concepts)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(concepts);
        var table = CsvFile.Read(path, HeaderMode.Row);
        if (table.Columns.Count < 2) throw new InputException($"{path}: {table.Columns.Count} columns", "a class in the first column, then a column for each concept");
        var prior = Tensor.Zeros(classes.Count, concepts.Count);
        int[] rows = [.. Enumerable.Range(0, table.Count).Select(i => Place(classes, table.Columns[0].Cell(i) ?? "", "class", path))];
        if (rows.GroupBy(r => r).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new InputException($"{path}: class '{classes[twice.Key]}' stands twice");
        foreach (var column in table.Columns.Skip(1))
        {
            var at = Place(concepts, column.Name, "concept", path);
            for (var i = 0; i < rows.Length; i++)
            {
                if (column.IsMissing(i)) continue;
                var value = column.Type == ColumnType.Text ? double.NaN : column.Numbers[i];
                if (!(value is >= -1 and <= 1)) throw new InputException($"{path}: '{column.Cell(i)}' of class '{classes[rows[i]]}' and concept '{column.Name}'", "1 speaks for a class, -1 against it, 0 says nothing");
                prior.Data[(rows[i] * concepts.Count) + at] = (float)value;
            }
        }
        return prior;
    }

    // A stored run holds the numbers itself.
    internal static Tensor Of(Site site, string path)
    {
        if (site.Task != RunTask.Classification) throw new InputException("decoder.type is prior, which is for classes", "decoder.type: linear answers with numbers");
        if (site.TrainingRows == 0) return Tensor.Zeros(site.OutputSize, site.Size);
        if (path.Length == 0) throw new InputException("decoder.type is prior, and decoder.prior names no file", "a .csv file: a class in the first column, then a column for each concept");
        return Read(path, site.Schema.Target!.Classes, Names(site));
    }

    private static IReadOnlyList<string> Names(Site site)
    {
        if (site.Schema.Concepts.Count > 0 && ConceptSpaces.Of(site) is var space && space.Width == site.Size) return space.ColumnNames;
        return [.. Enumerable.Range(1, site.Size).Select(i => FormattableString.Invariant($"concept {i}"))];
    }

    private static int Place(IReadOnlyList<string> names, string name, string what, string path)
    {
        for (var i = 0; i < names.Count; i++)
            if (string.Equals(names[i], name.Trim(), StringComparison.OrdinalIgnoreCase)) return i;
        var unknown = Suggest.Unknown(what, name, names);
        throw new InputException($"{path}: {unknown.Message}", unknown.Hint);
    }
}
