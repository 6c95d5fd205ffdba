using System.Globalization;
using Isthmus.Data;
using Isthmus.Information;

namespace Isthmus.Runs;

/// <summary>Sets of a table's columns as samples of random vectors, the rows matched.</summary>
/// <param name="X">The first set.</param>
/// <param name="Y">The second set.</param>
/// <param name="Given">The set to condition on; null for none.</param>
/// <param name="Notes">What a person should know: rows left out, how words were read.</param>
public sealed record ColumnSamples(Samples X, Samples Y, Samples? Given, IReadOnlyList<string> Notes)
{
    private const int MostIntegers = 20;

    /// <summary>
    /// Takes columns by header, number or range. Rows where any of them is missing are left out. A single column of words is one
    /// discrete symbol; among others, words become one column of 0 and 1 each, so that all are equally far apart. Numbers with at
    /// most 20 different whole values count as discrete, dates as seconds.
    /// </summary>
    /// <exception cref="InputException">No such column, or no row without missing values.</exception>
    public static ColumnSamples From(Table table, string x, string y, string? given = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        var sets = new[] { table.Find(x), table.Find(y), given is null ? [] : table.Find(given) };
        var used = sets.SelectMany(s => s).Select(c => table.Columns[c]).ToArray();
        int[] rows = [.. Enumerable.Range(0, table.Count).Where(row => !used.Any(c => c.IsMissing(row)))];
        if (rows.Length == 0) throw new InputException($"{table.Source}: in every row one of the columns is missing", "name columns with fewer missing values");
        var notes = new List<string>();
        if (rows.Length < table.Count) notes.Add(FormattableString.Invariant($"{table.Count - rows.Length} of {table.Count} rows with missing values are left out"));
        Samples? Make(int set, string name) => sets[set].Count == 0 ? null : Of([.. sets[set].Select(c => table.Columns[c])], rows, name, notes);
        return new ColumnSamples(Make(0, "x")!, Make(1, "y")!, Make(2, "given"), notes);
    }

    private static Samples Of(TableColumn[] columns, int[] rows, string name, List<string> notes)
    {
        var (values, discrete) = (new List<double[]>(), new List<bool>());
        foreach (var column in columns)
        {
            if (column.Type == ColumnType.Text) RefuseInfinite(column);
            if (column.Type != ColumnType.Text)
            {
                values.Add([.. rows.Select(r => column.Numbers[r])]);
                discrete.Add(column.IsFewIntegers(MostIntegers));
            }
            else if (columns.Length == 1)
            {
                values.Add([.. rows.Select(r => (double)column.Codes[r])]);
                discrete.Add(true);
            }
            else
            {
                for (var word = 0; word < column.Categories.Count; word++)
                {
                    values.Add([.. rows.Select(r => column.Codes[r] == word ? 1.0 : 0.0)]);
                    discrete.Add(true);
                }
                notes.Add(FormattableString.Invariant($"'{column.Name}' became {column.Categories.Count} columns of 0 and 1"));
            }
        }
        return Samples.FromColumns(values, [.. discrete], name);
    }

    // One infinite cell among numbers makes a column of words, whose information would be read as that of so many names.
    private static void RefuseInfinite(TableColumn column)
    {
        var infinite = column.Categories.FirstOrDefault(c => double.IsInfinity(Number(c)));
        if (infinite is null || column.Categories.Any(c => double.IsNaN(Number(c)))) return;
        throw new InputException($"column '{column.Name}' holds '{infinite}' among numbers: infinite values cannot be measured", "leave those rows out, or write them as missing (an empty cell)");
    }

    private static double Number(string cell) => cell.Trim().TrimStart('+', '-').ToUpperInvariant() switch
    {
        "INF" or "INFINITY" or "∞" => double.PositiveInfinity,
        var text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN,
    };
}
