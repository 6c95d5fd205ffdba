using System.Globalization;
using System.Text;

namespace Isthmus.Information;

/// <summary>
/// Reads tables of probabilities from CSV: a <em>wide</em> table is a matrix (an optional header names the columns; the rows are
/// named by a first column where the header's first cell is empty or holds words such as <c>x\y</c>), a <em>long</em> table has one
/// column a variable and a last column named <c>p</c>, <c>prob</c> or <c>probability</c> (must sum to one) or <c>count</c> or
/// <c>n</c> (divided by the total). Numbers are in the invariant culture.
/// </summary>
public static class ProbabilityTable
{
    private const int MaxCells = 1 << 24;

    /// <summary>A matrix read from a wide table, with the names of its rows and columns (numbers where the table has none).</summary>
    public sealed record Labelled(double[,] Values, IReadOnlyList<string> Rows, IReadOnlyList<string> Columns);

    /// <summary>Reads a joint distribution, wide (variables X by rows and Y by columns) or long (any number of variables).</summary>
    /// <param name="path">A CSV file.</param>
    /// <exception cref="InputException">The file is missing, ragged, not numeric, negative, or does not sum to one.</exception>
    public static JointDistribution ReadJoint(string path) => WithFile(path, ReadJoint);

    /// <summary>As <see cref="ReadJoint(string)"/>, from text; <paramref name="name"/> is what errors call it.</summary>
    public static JointDistribution ReadJoint(TextReader text, string name)
    {
        var rows = Records(text, name);
        if (IsLong(rows[0].Cells, out var counts)) return Long(rows, counts, name);
        var table = Wide(rows, name);
        Probabilities.Normalise(Probabilities.Flat(table.Values), name);
        return JointDistribution.FromTable([new Variable("X", table.Rows), new Variable("Y", table.Columns)], Probabilities.Flat(table.Values));
    }

    /// <summary>Reads a channel p(y|x): a wide table whose every row sums to one.</summary>
    /// <exception cref="InputException">The file is missing, ragged, not numeric, negative, or a row does not sum to one.</exception>
    public static Labelled ReadChannel(string path) => WithFile(path, ReadChannel);

    /// <summary>As <see cref="ReadChannel(string)"/>, from text; <paramref name="name"/> is what errors call it.</summary>
    public static Labelled ReadChannel(TextReader text, string name)
    {
        var table = Wide(Records(text, name), name);
        return table with { Values = Probabilities.CopyChannel(table.Values, name) };
    }

    /// <summary>Reads any matrix of finite numbers, such as a distortion: a wide table.</summary>
    /// <exception cref="InputException">The file is missing, ragged or not numeric.</exception>
    public static Labelled ReadMatrix(string path) => WithFile(path, ReadMatrix);

    /// <summary>As <see cref="ReadMatrix(string)"/>, from text; <paramref name="name"/> is what errors call it.</summary>
    public static Labelled ReadMatrix(TextReader text, string name) => Wide(Records(text, name), name);

    private sealed record Record(int Line, string[] Cells);

    private static T WithFile<T>(string path, Func<TextReader, string, T> read)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var text = new StreamReader(path);
            return read(text, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"cannot read '{path}': {(e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : e.Message.ReplaceLineEndings(" "))}", inner: e);
        }
    }

    private static List<Record> Records(TextReader text, string name)
    {
        var rows = new List<Record>();
        var cells = 0;
        for (var line = 1; text.ReadLine() is { } read; line++)
        {
            if (string.IsNullOrWhiteSpace(read)) continue;
            var record = Split(read) ?? throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{name}: line {line}: a quoted cell is not closed"));
            cells += record.Length;
            if (cells > MaxCells) throw new InputException($"{name}: more than {MaxCells} cells");
            rows.Add(new Record(line, record));
        }
        if (rows.Count == 0) throw new InputException($"{name}: the table is empty");
        foreach (var row in rows)
            if (row.Cells.Length != rows[0].Cells.Length)
                throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{name}: line {row.Line} has {row.Cells.Length} cells, expected {rows[0].Cells.Length} as in the first line"));
        return rows;
    }

    // The cells of a line, trimmed; "" inside quotes is a quote. Null where a quoted cell does not end on its line.
    private static string[]? Split(string line)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"') cell.Append(line[++i]);
            else if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                cells.Add(cell.ToString().Trim());
                cell.Clear();
            }
            else if (c != '\uFEFF') cell.Append(c);
        }
        cells.Add(cell.ToString().Trim());
        return quoted ? null : [.. cells];
    }

    private static bool IsLong(string[] header, out bool counts)
    {
        var last = header[^1].ToLowerInvariant();
        counts = last is "count" or "counts" or "n";
        return header.Length >= 2 && (counts || last is "p" or "prob" or "probability" or "probabilities");
    }

    private static JointDistribution Long(List<Record> rows, bool counts, string name)
    {
        var names = rows[0].Cells[..^1];
        for (var v = 0; v < names.Length; v++)
            if (names[v].Length == 0 || names[v].Contains(',') || Array.IndexOf(names, names[v]) < v)
                throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{name}: line {rows[0].Line}: the name of column {v + 1} is empty, repeated or holds a comma"));
        if (rows.Count == 1) throw new InputException($"{name}: a header and no rows");
        var outcomes = rows.Skip(1).Select(r => ((IReadOnlyList<string>)r.Cells[..^1], Number(r, r.Cells.Length - 1, name))).ToList();
        return JointDistribution.FromOutcomes(names, outcomes, counts, name);
    }

    private static Labelled Wide(List<Record> rows, string name)
    {
        var header = rows[0].Cells;
        var hasHeader = header.Any(c => !IsNumber(c));
        var body = rows[(hasHeader ? 1 : 0)..];
        if (body.Count == 0) throw new InputException($"{name}: a header and no rows");
        var skip = body.Any(r => !IsNumber(r.Cells[0])) || (hasHeader && (header[0].Length == 0 || header[0].AsSpan().ContainsAny('\\', '/'))) ? 1 : 0;
        var width = header.Length - skip;
        if (width == 0) throw new InputException($"{name}: no column of numbers");
        if (skip == 1 && !hasHeader && !body.All(r => !IsNumber(r.Cells[0])))
            _ = Number(body.First(r => !IsNumber(r.Cells[0])), 0, name);
        var values = new double[body.Count, width];
        for (var i = 0; i < body.Count; i++)
            for (var j = 0; j < width; j++) values[i, j] = Number(body[i], j + skip, name);
        var rowNames = Distinct(skip == 1 ? body.Select(r => r.Cells[0]) : Numbers(body.Count), name, "row");
        var columnNames = Distinct(hasHeader ? header[skip..] : Numbers(width), name, "column");
        return new Labelled(values, rowNames, columnNames);
    }

    private static IEnumerable<string> Numbers(int n) => Enumerable.Range(0, n).Select(i => i.ToString(CultureInfo.InvariantCulture));

    private static string[] Distinct(IEnumerable<string> labels, string name, string what)
    {
        var list = labels.ToArray();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var label in list)
            if (!seen.Add(label)) throw new InputException($"{name}: the {what} '{label}' occurs twice");
        return list;
    }

    private static bool IsNumber(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static double Number(Record row, int column, string name)
    {
        if (!double.TryParse(row.Cells[column], NumberStyles.Float, CultureInfo.InvariantCulture, out var v) || !double.IsFinite(v))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{name}: line {row.Line}, column {column + 1}: '{row.Cells[column]}' is not a finite number"));
        return v;
    }
}
