using System.Globalization;
using System.Text;

namespace Isthmus.Reports;

/// <summary>
/// A table of values with aligned columns for a terminal: texts to the left, numbers to the right. It differs from
/// a report's table, which is HTML, and takes the same cells (see <see cref="CellText.Of"/>).
/// </summary>
public sealed class TextTable
{
    private readonly string[] _headers;
    private readonly List<object?[]> _rows = [];

    /// <summary>A table with so many columns; an empty header is allowed.</summary>
    public TextTable(params string[] headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        _headers = headers;
    }

    /// <summary>Adds a row of as many cells as there are headers.</summary>
    /// <exception cref="ArgumentException">The number of cells differs from the number of headers.</exception>
    public TextTable Add(params object?[] cells)
    {
        ArgumentNullException.ThrowIfNull(cells);
        if (cells.Length != _headers.Length) throw new ArgumentException($"a row has {cells.Length} cells, the table {_headers.Length} columns", nameof(cells));
        _rows.Add(cells);
        return this;
    }

    /// <summary>The lines, each ended by a line feed; without trailing blanks.</summary>
    /// <param name="bold">Whether the header is bold by an escape sequence: on terminals only.</param>
    public string ToText(bool bold = false)
    {
        var columns = _headers.Select((_, c) => CellText.OfColumn([.. _rows.Select(row => row[c])])).ToArray();
        var texts = _rows.Select((_, r) => columns.Select(column => Clean(column[r])).ToArray()).ToArray();
        var headers = _headers.Select(Clean).ToArray();
        var right = _headers.Select((_, c) => _rows.Count > 0 && _rows.All(row => row[c] is null || CellText.IsNumber(row[c]))
            && _rows.Exists(row => row[c] is not null)).ToArray();
        var widths = headers.Select((h, c) => texts.Select(row => Width(row[c])).Append(Width(h)).Max()).ToArray();
        var lines = new StringBuilder();
        if (headers.Any(h => h.Length > 0))
        {
            var header = Line(headers, widths, right);
            lines.Append(bold ? $"\u001b[1m{header}\u001b[0m" : header).Append('\n');
        }
        foreach (var row in texts) lines.Append(Line(row, widths, right)).Append('\n');
        return lines.ToString();
    }

    private static string Line(string[] cells, int[] widths, bool[] right)
    {
        var line = new StringBuilder();
        for (var c = 0; c < cells.Length; c++)
        {
            if (c > 0) line.Append("  ");
            var blanks = new string(' ', widths[c] - Width(cells[c]));
            line.Append(right[c] ? blanks + cells[c] : cells[c] + blanks);
        }
        return line.ToString().TrimEnd(' ');
    }

    // A hostile name must not move the cursor or colour the terminal.
    private static string Clean(string text) => text.Any(char.IsControl) ? new string([.. text.Select(c => char.IsControl(c) ? '?' : c)]) : text;

    /// <summary>How many columns of a terminal a text takes: East Asian wide characters two, combining marks none.</summary>
    internal static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format) continue;
            width += rune.Value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF)
                or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD) ? 2 : 1;
        }
        return width;
    }
}
