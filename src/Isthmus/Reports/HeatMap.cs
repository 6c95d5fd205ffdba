using System.Text;

namespace Isthmus.Reports;

/// <summary>
/// A table of numbers as colours, darker for more; values of both signs get two hues. Where there is room the number stands in its
/// cell. Up to 200 rows and columns.
/// </summary>
public sealed class HeatMap : Figure
{
    private const int MostCells = 200;

    private readonly string[] _rows, _columns;
    private readonly double[][] _values;
    private readonly double[][]? _shades;
    private readonly string _rowAxis, _columnAxis;

    /// <summary>A heat map.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="rows">Names of the rows, from the top.</param>
    /// <param name="columns">Names of the columns, from the left.</param>
    /// <param name="values">One array a row; a value that is not finite leaves its cell empty.</param>
    /// <param name="rowAxis">What the rows are.</param>
    /// <param name="columnAxis">What the columns are.</param>
    /// <param name="description">The same for people who cannot see it.</param>
    /// <exception cref="ArgumentException">The shape does not fit the names, or a side has more than 200 cells.</exception>
    public HeatMap(string title, IReadOnlyList<string> rows, IReadOnlyList<string> columns, IReadOnlyList<double[]> values,
        string rowAxis = "", string columnAxis = "", string? description = null)
        : this(title, rows, columns, values, null, rowAxis, columnAxis, description)
    {
    }

    private HeatMap(string title, IReadOnlyList<string> rows, IReadOnlyList<string> columns, IReadOnlyList<double[]> values, double[][]? shades,
        string rowAxis, string columnAxis, string? description) : base(title, description)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count != rows.Count || values.Any(v => v.Length != columns.Count))
            throw new ArgumentException($"{rows.Count} x {columns.Count} names, and values of another shape", nameof(values));
        if (rows.Count > MostCells || columns.Count > MostCells)
            throw new ArgumentException($"{rows.Count} x {columns.Count} cells: at most {MostCells} on a side", nameof(values));
        (_rows, _columns, _values, _shades, _rowAxis, _columnAxis) = ([.. rows], [.. columns], [.. values], shades, rowAxis, columnAxis);
    }

    /// <summary>A confusion matrix: counts in the cells, shaded by the share of their row, so that small classes show too.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="labels">Names of the classes.</param>
    /// <param name="counts">counts[t][p]: how many of class t were taken for class p.</param>
    public static HeatMap Confusion(string title, IReadOnlyList<string> labels, IReadOnlyList<long[]> counts)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(counts);
        var values = counts.Select(row => row.Select(c => (double)c).ToArray()).ToArray();
        var shades = values.Select(row => row.Sum() is var sum && sum > 0 ? row.Select(v => v / sum).ToArray() : row).ToArray();
        var (right, all) = (values.Select((row, i) => i < row.Length ? row[i] : 0).Sum(), values.Sum(row => row.Sum()));
        return new HeatMap(title, labels, labels, values, shades, "true", "predicted",
            $"Confusion matrix of {labels.Count} classes: {CellText.Number(all == 0 ? double.NaN : 100 * right / all, 3)} % of {CellText.Of((long)all)} on the diagonal.");
    }

    private protected override double Draw(StringBuilder svg, double top)
    {
        if (_rows.Length == 0 || _columns.Length == 0)
        {
            svg.Append(Svg.Text(Width / 2, top + 30, "nothing to show", "t", "middle"));
            return top + 50;
        }
        var rowLabels = _rows.Select(r => Markup.Shorten(r, 16)).ToArray();
        var left = Math.Ceiling(rowLabels.Max(r => Markup.Width(r, 14))) + 8;
        var labels = _columns.Select(c => Markup.Shorten(c, 20)).ToArray();
        var widest = labels.Max(l => Markup.Width(l, 14));
        var cell = Math.Min(64, (Width - left) / _columns.Length);
        var aslant = widest + 4 > cell && widest > 34; // longer names than that are not thinned out but turned
        if (aslant) cell = Math.Min(64, (Width - left - (0.7 * Markup.Width(labels[^1], 14))) / (_columns.Length - 0.5));
        var height = Math.Clamp(cell, 3, _rows.Length > 40 ? 420.0 / _rows.Length : 34);
        if (_columnAxis.Length > 0)
        {
            svg.Append(Svg.Text(0, top + 12, Markup.Shorten($"{(_rowAxis.Length > 0 ? $"↓ {_rowAxis}   " : "")}→ {_columnAxis}", 60), "t"));
            top += 20;
        }
        top = ColumnLabels(svg, labels, aslant ? widest : null, left, cell, top);
        var everyRow = Math.Max(1, (int)Math.Ceiling(13 / height));
        for (var r = 0; r < _rows.Length; r += everyRow)
            svg.Append(Svg.Text(left - 6, top + ((r + 0.5) * height) + 4.5, rowLabels[r], "t", "end"));
        Cells(svg, left, top, cell, height);
        return top + (_rows.Length * height) + 6;
    }

    private protected override string Describe() =>
        $"{_rows.Length} rows{(_rowAxis.Length > 0 ? $" ({_rowAxis})" : "")} by {_columns.Length} columns{(_columnAxis.Length > 0 ? $" ({_columnAxis})" : "")}.";

    private static double ColumnLabels(StringBuilder svg, string[] labels, double? aslant, double left, double cell, double top)
    {
        if (aslant is not { } widest)
        {
            var every = Math.Max(1, (int)Math.Ceiling((labels.Max(l => Markup.Width(l, 14)) + 4) / cell));
            for (var c = 0; c < labels.Length; c += every) svg.Append(Svg.Text(left + ((c + 0.5) * cell), top + 13, labels[c], "t", "middle"));
            return top + 19;
        }
        var bottom = top + (0.72 * widest) + 12;
        var step = Math.Max(1, (int)Math.Ceiling(15 / cell));
        for (var c = 0; c < labels.Length; c += step)
        {
            var x = Markup.Px(left + ((c + 0.5) * cell));
            svg.Append($"<text class=\"t\" transform=\"translate({x} {Markup.Px(bottom - 5)}) rotate(-45)\">{Markup.Escape(labels[c])}</text>");
        }
        return bottom;
    }

    private void Cells(StringBuilder svg, double left, double top, double cell, double height)
    {
        var finite = _values.SelectMany(r => r).Where(double.IsFinite).ToArray();
        var (low, high) = finite.Length == 0 ? (0, 0) : (finite.Min(), finite.Max());
        var largest = Math.Max(Math.Abs(low), Math.Abs(high));
        for (var r = 0; r < _rows.Length; r++)
            for (var c = 0; c < _columns.Length; c++)
            {
                var value = _values[r][c];
                if (!double.IsFinite(value)) continue;
                var shade = _shades?[r][c] ?? (largest == 0 ? 0 : Math.Abs(value) / largest);
                var hue = value < 0 ? "neg" : low < 0 ? "pos" : "heat";
                var (x, y) = (left + (c * cell), top + (r * height));
                svg.Append(Svg.Rect(x + 0.5, y + 0.5, cell - 1, height - 1, hue, $"{_rows[r]}, {_columns[c]}: {CellText.Of(Whole(value))}", 0.05 + (0.95 * shade)));
                var text = value == 0 && _shades is not null ? "" : Markup.Shorten(CellText.Of(Whole(value)), 8);
                if (text.Length > 0 && height >= 16 && Markup.Width(text, 12) <= cell)
                    svg.Append(Svg.Text(x + (cell / 2), y + (height / 2) + 4, text, shade > 0.5 ? "cell on" : "cell", "middle"));
            }
    }

    private static object Whole(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e6 ? (object)(long)value : Math.Round(value, 3);
}
