using System.Globalization;
using System.Text.RegularExpressions;

namespace Isthmus.Data;

/// <summary>One column of a text table while it is read: the first reading decides its type, the second fills it.</summary>
internal sealed partial class ColumnScan(string name, char delimiter)
{
    // Non-numbers among at least this many numbers, and at most one in a hundred, are taken for damage and not for words.
    private const int FewCells = 20;

    private static readonly HashSet<string> MissingWords = new(StringComparer.Ordinal) { "", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "null", "NULL" };

    private static readonly string[][] DateFormats = [.. new[] { "yyyy-M-d", "yyyy/M/d", "M/d/yyyy", "d/M/yyyy", "d.M.yyyy" }
        .Select(date => new[] { "", " H:mm", " H:mm:ss", " H:mm:ss.FFFFFFF", "'T'H:mm", "'T'H:mmK", "'T'H:mm:ss", "'T'H:mm:ss.FFFFFFF", "'T'H:mm:ssK", "'T'H:mm:ss.FFFFFFFK" }.Select(time => date + time).ToArray())];

    private readonly bool[] _dates = [.. DateFormats.Select(_ => true)];
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private long _present, _numbers, _decimalCommas;
    private (string Cell, int Line)? _odd;
    private double[] _values = [];
    private int[] _words = [];
    private bool _forced;

    public string Name => name;

    public ColumnType Type { get; private set; }

    /// <summary>A finite number within single precision's range, in the invariant culture.</summary>
    public static bool TryNumber(string cell, out double number) =>
        double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && Math.Abs(number) <= float.MaxValue;

    public static bool IsMissing(string cell) => MissingWords.Contains(cell);

    /// <summary>First reading.</summary>
    public void See(string cell, int line)
    {
        if (IsMissing(cell)) return;
        _present++;
        if (TryNumber(cell, out _)) _numbers++;
        else
        {
            _odd ??= (cell, line);
            if (DecimalComma().IsMatch(cell)) _decimalCommas++;
        }
        for (var f = 0; f < _dates.Length; f++)
            if (_dates[f]) _dates[f] = TryDate(cell, f, out _);
    }

    /// <summary>Between the readings.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="wanted">The type it must have; null, or not a type at all, to infer it.</param>
    public void Decide(string path, ColumnType? wanted)
    {
        _forced = wanted is ColumnType.Numeric or ColumnType.Text or ColumnType.Date;
        if (_forced) Type = wanted!.Value;
        else if (_numbers == _present) Type = ColumnType.Numeric;
        else if (_dates.Contains(true)) Type = ColumnType.Date;
        else Type = ColumnType.Text;
        if (_forced || Type != ColumnType.Text) return;
        if (delimiter != ',' && _decimalCommas > 0 && _decimalCommas + _numbers == _present)
            throw new InputException(FormattableString.Invariant($"{path} line {_odd!.Value.Line}, column '{name}': '{Schema.Shown(_odd.Value.Cell)}' has a decimal comma"), "numbers are written with a decimal point");
        if (_present >= FewCells && (_present - _numbers) * 100 <= _present)
            throw new InputException(FormattableString.Invariant($"{path} line {_odd!.Value.Line}, column '{name}': '{Schema.Shown(_odd.Value.Cell)}' is not a number (or beyond single precision), as {_numbers} of {_present} cells are"),
                $"leave the cell empty if it is missing, or the column out with --ignore {name}");
    }

    public void Begin(int rows)
    {
        if (Type == ColumnType.Text) _words = new int[rows];
        else _values = new double[rows];
    }

    /// <summary>Second reading.</summary>
    public void Put(int row, string cell, int line, MemoryBudget budget)
    {
        if (Type == ColumnType.Text) _words[row] = IsMissing(cell) ? -1 : Code(cell, budget);
        else if (IsMissing(cell)) _values[row] = double.NaN;
        else if (Type == ColumnType.Numeric ? TryNumber(cell, out var value) : TryDate(cell, Array.IndexOf(_dates, true), out value)) _values[row] = value;
        else
            throw new InputException(FormattableString.Invariant($"{budget.File} line {line}, column '{name}': expected {(Type == ColumnType.Numeric ? "a number" : "a date")}, got '{Schema.Shown(cell)}'"));
    }

    public TableColumn Finish()
    {
        if (Type != ColumnType.Text) return new TableColumn(name, Type, _values, [], []);
        string[] words = [.. _codes.Keys.Order(StringComparer.Ordinal)];
        var place = new int[words.Length];
        for (var i = 0; i < words.Length; i++) place[_codes[words[i]]] = i;
        for (var row = 0; row < _words.Length; row++)
            if (_words[row] >= 0) _words[row] = place[_words[row]];
        return TableColumn.Text(name, _words, words);
    }

    private int Code(string cell, MemoryBudget budget)
    {
        if (_codes.TryGetValue(cell, out var code)) return code;
        budget.Take(cell.Length + 40L, sizeof(char), $"the words of column '{name}'");
        return _codes[cell] = _codes.Count;
    }

    private static bool TryDate(string cell, int format, out double seconds)
    {
        seconds = 0;
        if (format < 0 || cell.Length < 8 || cell.Length > 40 || !char.IsAsciiDigit(cell[0])) return false;
        if (!DateTime.TryParseExact(cell, DateFormats[format], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date)) return false;
        seconds = (date - DateTime.UnixEpoch).TotalSeconds;
        return true;
    }

    [GeneratedRegex(@"^[+-]?\d+,\d+$", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalComma();
}
