using System.Text;

namespace Isthmus.Reports;

/// <summary>
/// Named rows, each with a bar from zero or an interval, and its value written at the right: rankings, comparisons, readings with
/// their bounds. It differs from <see cref="SvgPlot"/>, whose positions are numbers. Rows stand in the order in which they first
/// appear.
/// </summary>
public sealed class BarPlot(string title, Axis value, string? description = null) : Figure(title, description)
{
    private const double Thickness = 13, LabelSize = 15;

    private readonly List<Item> _items = [];
    private readonly List<string> _series = [];

    private readonly record struct Item(string Row, int Series, double Value, double Low, double High, bool IsBar, string Text);

    /// <summary>A bar from zero to a value, with an interval where low and high are given.</summary>
    /// <param name="row">The row's name.</param>
    /// <param name="value">Where the bar ends; a value that is not finite has no bar.</param>
    /// <param name="series">Equal names share a colour and a line of the legend; rows may hold several.</param>
    /// <param name="low">The lower end of the interval.</param>
    /// <param name="high">The upper end of the interval; infinite for one without end.</param>
    /// <param name="text">What is written at the right; null for the value.</param>
    public BarPlot Bar(string row, double value, string series = "", double? low = null, double? high = null, string? text = null) =>
        Add(new Item(row, SeriesOf(series), value, low ?? double.NaN, high ?? double.NaN, true, text ?? CellText.Number(value)));

    /// <summary>An interval, with a point in it where a value is given. An infinite end becomes an arrow.</summary>
    /// <param name="row">The row's name.</param>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end.</param>
    /// <param name="value">The point.</param>
    /// <param name="series">Equal names share a colour.</param>
    /// <param name="text">What is written at the right; null for the ends.</param>
    public BarPlot Interval(string row, double low, double high, double? value = null, string series = "", string? text = null) =>
        Add(new Item(row, SeriesOf(series), value ?? double.NaN, low, high, false, text ?? $"{CellText.Number(low)} … {CellText.Number(high)}"));

    private protected override double Draw(StringBuilder svg, double top)
    {
        var named = _series.Select((name, i) => (Name: name, Series: i)).Where(n => n.Name.Length > 0).ToArray();
        if (named.Length > 1) top = Svg.Legend(svg, named, top);
        if (_items.Count == 0)
        {
            svg.Append(Svg.Text(Width / 2, top + 30, "nothing to show", "t", "middle"));
            return top + 50;
        }
        var rows = _items.Select(i => i.Row).Distinct().ToArray();
        var beside = rows.All(r => TextTable.Width(r) <= 18);
        var left = beside ? Math.Ceiling(rows.Max(r => Markup.Width(r, LabelSize))) + 10 : 2;
        var right = Width - Math.Ceiling(_items.Max(i => Markup.Width(Markup.Shorten(i.Text, 22), LabelSize))) - 10;
        var scale = Scale.Fit(value, _items.SelectMany(i => (double[])[i.Value, i.Low, i.High, i.IsBar ? 0 : double.NaN]), 0.03, round: true).Over(left, right);

        var body = new StringBuilder();
        var y = top + 4;
        foreach (var row in rows)
        {
            var items = _items.Where(i => i.Row == row).ToArray();
            if (!beside)
            {
                body.Append(Svg.Text(left, y + 12, Markup.Shorten(row, 60), "l"));
                y += 18;
            }
            else body.Append(Svg.Text(left - 8, y + (items.Length * (Thickness + 3) / 2) + 3.5, row, "l", "end"));
            foreach (var item in items)
            {
                DrawItem(body, item, scale, y + (Thickness / 2), left, right);
                y += Thickness + 3;
            }
            y += 8;
        }
        foreach (var tick in Spaced(scale, right - left))
        {
            svg.Append(Svg.Line(scale[tick.Value], top, scale[tick.Value], y, tick.Value == 0 ? "axis" : "grid"));
            svg.Append(Svg.Text(scale[tick.Value], y + 16, tick.Label, "t", "middle"));
        }
        svg.Append(body);
        if (value.Label.Length == 0) return y + 22;
        svg.Append(Svg.Text((left + right) / 2, y + 36, Markup.Shorten(value.Label, 60), "t", "middle"));
        return y + 43;
    }

    private protected override string Describe() =>
        $"{(value.Label.Length > 0 ? value.Label : "Values")}: " + string.Join("; ", _items.Take(30).Select(i => $"{i.Row} {i.Text}")) + (_items.Count > 30 ? "; …" : ".");

    private static void DrawItem(StringBuilder svg, Item item, Scale scale, double y, double left, double right)
    {
        var colour = Svg.Colour(item.Series);
        if (item.IsBar && scale.Shows(item.Value))
        {
            var ground = scale.Shows(0) ? scale[Math.Clamp(0, scale.Low, scale.High)] : left;
            var end = Math.Clamp(scale[item.Value], left, right);
            svg.Append(Svg.Rect(Math.Min(ground, end), y - (Thickness / 2), Math.Abs(end - ground), Thickness, "ar " + colour, $"{item.Row}: {item.Text}"));
        }
        if (!double.IsNaN(item.Low) && !double.IsNaN(item.High))
        {
            var ink = item.IsBar ? "whisker" : "thick " + colour;
            var (a, b) = (scale.Shows(item.Low) ? Math.Clamp(scale[item.Low], left, right) : left, scale.Shows(item.High) ? Math.Clamp(scale[item.High], left, right) : right);
            svg.Append(Svg.Line(a, y, b, y, ink));
            svg.Append(scale.Shows(item.Low) ? Svg.Line(a, y - 4, a, y + 4, ink) : Arrow(a, y, -5, ink));
            svg.Append(scale.Shows(item.High) ? Svg.Line(b, y - 4, b, y + 4, ink) : Arrow(b, y, 5, ink));
        }
        if (!item.IsBar && scale.Shows(item.Value)) svg.Append(Svg.Marker(Math.Clamp(scale[item.Value], left, right), y, item.Series, 4.2, $"{item.Row}: {item.Text}"));
        svg.Append(Svg.Text(Width, y + 4.5, Markup.Shorten(item.Text, 22), "l", "end"));
    }

    private static string Arrow(double x, double y, double towards, string ink) =>
        Svg.Path($"M{Markup.Px(x - towards)} {Markup.Px(y - 5)}L{Markup.Px(x)} {Markup.Px(y)}L{Markup.Px(x - towards)} {Markup.Px(y + 5)}", "open " + ink);

    private static Tick[] Spaced(Scale scale, double room)
    {
        for (var most = 6; ; most--)
        {
            var ticks = scale.Ticks(most);
            if (most == 1 || ticks.Sum(t => Markup.Width(t.Label, LabelSize) + 10) < room) return ticks;
        }
    }

    private BarPlot Add(Item item)
    {
        ArgumentNullException.ThrowIfNull(item.Row);
        _items.Add(item);
        return this;
    }

    private int SeriesOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_series.Contains(name)) _series.Add(name);
        return _series.IndexOf(name);
    }
}
