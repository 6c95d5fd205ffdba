using System.Text;

namespace Isthmus.Reports;

/// <summary>The few elements that figures are made of. Looks come from classes (<see cref="ReportStyle"/>), places from here.</summary>
internal static class Svg
{
    public const int Colours = 8;

    /// <summary>The class that sets a series' colour.</summary>
    public static string Colour(int series) => "c" + ((series % Colours) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static string Text(double x, double y, string text, string classes, string anchor = "start") =>
        $"<text x=\"{Markup.Px(x)}\" y=\"{Markup.Px(y)}\" class=\"{classes}\"{(anchor == "start" ? "" : $" text-anchor=\"{anchor}\"")}>{Markup.Escape(text)}</text>";

    public static string Line(double x1, double y1, double x2, double y2, string classes) =>
        $"<line x1=\"{Markup.Px(x1)}\" y1=\"{Markup.Px(y1)}\" x2=\"{Markup.Px(x2)}\" y2=\"{Markup.Px(y2)}\" class=\"{classes}\"/>";

    public static string Rect(double x, double y, double width, double height, string classes, string? tip = null, double? opacity = null) =>
        $"<rect x=\"{Markup.Px(x)}\" y=\"{Markup.Px(y)}\" width=\"{Markup.Px(Math.Max(0, width))}\" height=\"{Markup.Px(Math.Max(0, height))}\" class=\"{classes}\""
        + (opacity is { } o ? $" fill-opacity=\"{Markup.Px(o)}\"" : "") + End("rect", tip);

    public static string Path(string d, string classes) => $"<path d=\"{d}\" class=\"{classes}\"/>";

    /// <summary>A mark whose shape, not only its colour, tells the series.</summary>
    public static string Marker(double x, double y, int series, double r, string? tip = null)
    {
        var shape = (series % 4) switch
        {
            0 => $"M{Markup.Px(x - r)} {Markup.Px(y)}a{Markup.Px(r)} {Markup.Px(r)} 0 1 0 {Markup.Px(2 * r)} 0a{Markup.Px(r)} {Markup.Px(r)} 0 1 0 {Markup.Px(-2 * r)} 0",
            1 => $"M{Markup.Px(x - (0.88 * r))} {Markup.Px(y - (0.88 * r))}h{Markup.Px(1.76 * r)}v{Markup.Px(1.76 * r)}h{Markup.Px(-1.76 * r)}z",
            2 => $"M{Markup.Px(x)} {Markup.Px(y - (1.2 * r))}l{Markup.Px(1.1 * r)} {Markup.Px(2 * r)}h{Markup.Px(-2.2 * r)}z",
            _ => $"M{Markup.Px(x)} {Markup.Px(y - (1.25 * r))}l{Markup.Px(1.25 * r)} {Markup.Px(1.25 * r)}l{Markup.Px(-1.25 * r)} {Markup.Px(1.25 * r)}l{Markup.Px(-1.25 * r)} {Markup.Px(-1.25 * r)}z",
        };
        return $"<path d=\"{shape}\" class=\"mk {Colour(series)}\"" + End("path", tip);
    }

    /// <summary>A row, or several, of series names; returns where the next thing begins.</summary>
    public static double Legend(StringBuilder svg, IReadOnlyList<(string Name, int Series)> entries, double top)
    {
        if (entries.Count == 0) return top;
        var (x, y) = (0.0, top);
        foreach (var (name, series) in entries)
        {
            var text = Markup.Shorten(name, 44);
            var width = 20 + Markup.Width(text) + 14;
            if (x > 0 && x + width - 14 > Figure.Width) (x, y) = (0, y + 20);
            svg.Append(Line(x, y + 8, x + 14, y + 8, "ln " + Colour(series))).Append(Marker(x + 7, y + 8, series, 3.6));
            svg.Append(Text(x + 20, y + 12.5, text, "l"));
            x += width;
        }
        return y + 24;
    }

    private static string End(string element, string? tip) => tip is null ? "/>" : $"><title>{Markup.Escape(tip)}</title></{element}>";
}
