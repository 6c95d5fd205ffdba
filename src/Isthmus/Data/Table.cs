using System.Globalization;

namespace Isthmus.Data;

/// <summary>What the cells of a column are.</summary>
public enum ColumnType
{
    /// <summary>Finite numbers.</summary>
    Numeric,
    /// <summary>Words from a list.</summary>
    Text,
    /// <summary>Dates or times of day with a date.</summary>
    Date,
}

/// <summary>One column of a table as it was read, nothing filled in.</summary>
/// <param name="Name">The header, or c1, c2, … without one.</param>
/// <param name="Type">What its cells are.</param>
/// <param name="Numbers">Numeric: the numbers; Date: seconds since 1970-01-01 UTC; NaN where missing. Empty for text.</param>
/// <param name="Codes">Text: for each row an index into <paramref name="Categories"/>, -1 where missing. Empty otherwise.</param>
/// <param name="Categories">Text: the different words in ordinal order.</param>
public sealed record TableColumn(string Name, ColumnType Type, double[] Numbers, int[] Codes, IReadOnlyList<string> Categories)
{
    /// <summary>A column of numbers.</summary>
    public static TableColumn Numeric(string name, double[] numbers) => new(name, ColumnType.Numeric, numbers, [], []);

    /// <summary>A column of words.</summary>
    public static TableColumn Text(string name, int[] codes, IReadOnlyList<string> categories) => new(name, ColumnType.Text, [], codes, categories);

    /// <summary>The number of rows.</summary>
    public int Count => Type == ColumnType.Text ? Codes.Length : Numbers.Length;

    /// <summary>Whether a cell is empty or one of the usual words for missing.</summary>
    public bool IsMissing(int row) => Type == ColumnType.Text ? Codes[row] < 0 : double.IsNaN(Numbers[row]);

    /// <summary>How many cells are missing.</summary>
    public int MissingCount => Type == ColumnType.Text ? Codes.Count(c => c < 0) : Numbers.Count(double.IsNaN);

    /// <summary>A cell as text: the word, or the shortest number that reads back the same; null where missing.</summary>
    public string? Cell(int row) => IsMissing(row) ? null : Type == ColumnType.Text ? Categories[Codes[row]] : NumberText(Numbers[row]);

    /// <summary>The different values as text: words in ordinal order, numbers ascending; missing is not among them.</summary>
    public IReadOnlyList<string> Distinct() => Type == ColumnType.Text
        ? [.. Codes.Where(c => c >= 0).Distinct().Order().Select(c => Categories[c])]
        : [.. Numbers.Where(x => !double.IsNaN(x)).Distinct().Order().Select(NumberText)];

    /// <summary>Whether the values are at most <paramref name="most"/> different integers.</summary>
    public bool IsFewIntegers(int most)
    {
        if (Type != ColumnType.Numeric) return false;
        var seen = new HashSet<double>();
        foreach (var x in Numbers)
        {
            if (double.IsNaN(x)) continue;
            if (x != Math.Floor(x) || (seen.Add(x) && seen.Count > most)) return false;
        }
        return seen.Count > 0;
    }

    internal TableColumn Select(ReadOnlySpan<int> rows) => this with
    {
        Numbers = Type == ColumnType.Text ? [] : Dataset.Pick(Numbers, rows),
        Codes = Type == ColumnType.Text ? Dataset.Pick(Codes, rows) : [],
    };

    internal static string NumberText(double x) => (x + 0.0).ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>A table as it was read: typed columns with missing cells, before any role is given to a column.</summary>
/// <param name="Source">The file's name, for messages.</param>
/// <param name="Columns">The columns, all of one length; names differ.</param>
public sealed record Table(string Source, IReadOnlyList<TableColumn> Columns)
{
    /// <summary>The number of rows.</summary>
    public int Count => Columns.Count == 0 ? 0 : Columns[0].Count;

    /// <summary>Whether the file had a header.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>The separator of the file; null where there was none to see.</summary>
    public char? Delimiter { get; init; }

    /// <summary>For each row the line of the file it begins on, 1-based; null where rows have no lines.</summary>
    public int[]? Lines { get; init; }

    /// <summary>What is known exactly of generated rows, by name; empty for others.</summary>
    public IReadOnlyDictionary<string, double> Truth { get; init; } = new Dictionary<string, double>();

    /// <summary>Where a row stands, for messages: <c>file.csv line 7</c> or <c>data row 7</c>.</summary>
    public string Place(int row) => Lines is null ? FormattableString.Invariant($"{Source} row {row + 1}") : FormattableString.Invariant($"{Source} line {Lines[row]}");

    /// <summary>The columns that a person named: by header, 1-based number, or a range of either; several with commas.</summary>
    /// <exception cref="InputException">No such column; the hint names the nearest.</exception>
    public IReadOnlyList<int> Find(string selectors)
    {
        ArgumentNullException.ThrowIfNull(selectors);
        var found = new List<int>();
        foreach (var selector in QuotedText.Split(selectors, ',').Select(s => s.Trim()).Where(s => s.Length > 0))
            foreach (var index in FindOne(QuotedText.Bare(selector)))
                if (!found.Contains(index)) found.Add(index);
        return found.Count > 0 ? found : throw new InputException($"'{selectors}' names no column of {Source}", "give headers or 1-based numbers, as in 'age,3-7,s1-s4'");
    }

    /// <summary>The column with a header, or null.</summary>
    public TableColumn? this[string name] => Columns.FirstOrDefault(c => c.Name == name);

    /// <summary>A table of some of the rows, in the given order.</summary>
    public Table Select(ReadOnlySpan<int> rows)
    {
        var columns = new TableColumn[Columns.Count];
        for (var c = 0; c < columns.Length; c++) columns[c] = Columns[c].Select(rows);
        return this with { Columns = columns, Lines = Lines is null ? null : Dataset.Pick(Lines, rows) };
    }

    private IEnumerable<int> FindOne(string selector)
    {
        if (End(selector, selector) is { } one) return [one];
        // Names may hold dashes themselves: the first place where both sides are columns is the range's.
        for (var dash = selector.IndexOf('-', 1); dash > 0 && dash < selector.Length - 1; dash = selector.IndexOf('-', dash + 1))
        {
            if (End(selector[..dash].Trim(), selector) is not { } from || End(selector[(dash + 1)..].Trim(), selector) is not { } to) continue;
            if (from > to) throw new InputException($"column range '{selector}' of {Source} runs backwards");
            return Enumerable.Range(from, to - from + 1);
        }
        throw Suggest.Unknown($"column of {Source}", selector, [.. Columns.Select(c => c.Name)]);
    }

    // A column by header or number; null where it is neither.
    private int? End(string name, string selector)
    {
        var exact = IndexOf(name, StringComparison.Ordinal);
        if (exact < 0) exact = IndexOf(name, StringComparison.OrdinalIgnoreCase);
        if (exact >= 0) return exact;
        return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Numbered(number, selector) : null;
    }

    private int IndexOf(string name, StringComparison comparison)
    {
        for (var c = 0; c < Columns.Count; c++)
            if (Columns[c].Name.Equals(name, comparison)) return c;
        return -1;
    }

    private int Numbered(int number, string selector) => number >= 1 && number <= Columns.Count
        ? number - 1
        : throw new InputException(string.Create(CultureInfo.InvariantCulture, $"column '{selector}': {Source} has columns 1 to {Columns.Count}"));
}
