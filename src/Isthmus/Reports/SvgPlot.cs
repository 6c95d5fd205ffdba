using System.Text;

namespace Isthmus.Reports;

/// <summary>
/// Marks between a horizontal and a vertical axis of numbers: lines, steps, clouds, bars, histograms, intervals and rules. It
/// differs from <see cref="BarPlot"/>, whose rows have names. Values that are not finite leave a gap; infinite ends of intervals run
/// to the edge.
/// </summary>
public sealed class SvgPlot(string title, Axis x, Axis y, string? description = null) : Figure(title, description)
{
    private const double LabelSize = 15; // what text may grow to on a narrow screen

    private readonly List<Mark> _marks = [];
    private readonly List<string> _names = [];

    /// <summary>The height of the area between the axes, in user units: 60 to 1000, 210 unless set.</summary>
    public double PlotHeight { get; init => field = Math.Clamp(value, 60, 1000); } = 210;

    /// <summary>A line through points in their order; with a band from low to high where both are given.</summary>
    /// <param name="name">The series: equal names share a colour; an empty one is not in the legend.</param>
    /// <param name="x">Horizontal positions.</param>
    /// <param name="y">Heights, as many.</param>
    /// <param name="low">Lower ends of the band, as many.</param>
    /// <param name="high">Upper ends of the band, as many.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public SvgPlot Line(string name, IReadOnlyList<double> x, IReadOnlyList<double> y, IReadOnlyList<double>? low = null, IReadOnlyList<double>? high = null) =>
        Add(new LineMark(name, SeriesOf(name), [.. x], Same(x, y), low is null ? null : Same(x, low), high is null ? null : Same(x, high), steps: false));

    /// <summary>As <see cref="Line"/>, but the height is kept until the next point.</summary>
    public SvgPlot Step(string name, IReadOnlyList<double> x, IReadOnlyList<double> y) =>
        Add(new LineMark(name, SeriesOf(name), [.. x], Same(x, y), null, null, steps: true));

    /// <summary>A cloud of points; beyond 4000 they are thinned evenly.</summary>
    public SvgPlot Scatter(string name, IReadOnlyList<double> x, IReadOnlyList<double> y) =>
        Add(new ScatterMark(name, SeriesOf(name), [.. x], Same(x, y)));

    /// <summary>Bars on zero around each x, as wide as the nearest neighbour allows.</summary>
    public SvgPlot Bars(string name, IReadOnlyList<double> x, IReadOnlyList<double> heights)
    {
        var h = Same(x, heights);
        var sorted = x.Where(double.IsFinite).Distinct().Order().ToArray();
        var gap = sorted.Length < 2 ? 1 : sorted.Zip(sorted.Skip(1), (a, b) => b - a).Min();
        return Add(new BarsMark(name, SeriesOf(name), [.. x.Select(v => v - (0.42 * gap))], [.. x.Select(v => v + (0.42 * gap))], h));
    }

    /// <summary>How often values fall into equally wide bins; values that are not finite are left out.</summary>
    /// <param name="name">The series.</param>
    /// <param name="values">The values.</param>
    /// <param name="bins">How many, 1 to 200; 0 to choose by the quartiles (Freedman and Diaconis 1981), 5 to 60.</param>
    public SvgPlot Histogram(string name, IReadOnlyList<double> values, int bins = 0)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegative(bins);
        var sorted = values.Where(double.IsFinite).Order().ToArray();
        var (edges, counts) = Reports.Histogram.Count(sorted, Math.Min(bins, 200));
        return Add(new BarsMark(name, SeriesOf(name), edges[..^1], edges[1..], counts));
    }

    /// <summary>Points with vertical intervals; an infinite end runs to the edge of the plot.</summary>
    public SvgPlot Intervals(string name, IReadOnlyList<double> x, IReadOnlyList<double> y, IReadOnlyList<double> low, IReadOnlyList<double> high) =>
        Add(new IntervalsMark(name, SeriesOf(name), [.. x], Same(x, y), Same(x, low), Same(x, high)));

    /// <summary>A dashed line at a height.</summary>
    public SvgPlot HorizontalRule(double y, string label) => Add(new RuleMark(label, RuleMark.Kind.Horizontal, y));

    /// <summary>A dashed line at an x.</summary>
    public SvgPlot VerticalRule(double x, string label) => Add(new RuleMark(label, RuleMark.Kind.Vertical, x));

    /// <summary>A dashed line where y equals x.</summary>
    public SvgPlot Diagonal() => Add(new RuleMark("", RuleMark.Kind.Diagonal, 0));

    private protected override double Draw(StringBuilder svg, double top)
    {
        var named = _names.Select((name, i) => (Name: name, Series: i)).Where(n => n.Name.Length > 0).ToArray();
        if (named.Length > 1) top = Svg.Legend(svg, named, top);
        if (y.Label.Length > 0)
        {
            svg.Append(Svg.Text(0, top + 12, Markup.Shorten(y.Label, 60), "t"));
            top += 26;
        }
        else top += 8;

        var bars = _marks.Any(m => m is BarsMark);
        var vertical = Scale.Fit(y, _marks.SelectMany(m => m.Ys), 0.04, round: true).Over(top + PlotHeight, top);
        var yTicks = vertical.Ticks(5);
        var left = Math.Ceiling(yTicks.Select(t => Markup.Width(t.Label, LabelSize)).DefaultIfEmpty(20).Max()) + 8;
        var horizontal = Scale.Fit(x, _marks.SelectMany(m => m.Xs), _marks.Any(m => m.NeedsAir) || bars ? 0.03 : 0, round: false).Over(left, Width - 8);

        foreach (var tick in yTicks)
        {
            svg.Append(Svg.Line(left, vertical[tick.Value], Width, vertical[tick.Value], "grid"));
            svg.Append(Svg.Text(left - 6, vertical[tick.Value] + 4.5, tick.Label, "t", "end"));
        }
        var bottom = top + PlotHeight;
        svg.Append(Svg.Line(left, bottom, Width, bottom, "axis"));
        foreach (var tick in Spaced(horizontal))
        {
            svg.Append(Svg.Line(horizontal[tick.Value], bottom, horizontal[tick.Value], bottom + 4, "axis"));
            svg.Append(Svg.Text(horizontal[tick.Value], bottom + 19, tick.Label, "t", "middle"));
        }
        Area(svg, horizontal, vertical, left, top);
        if (x.Label.Length == 0) return bottom + 26;
        svg.Append(Svg.Text((left + Width) / 2, bottom + 38, Markup.Shorten(x.Label, 60), "t", "middle"));
        return bottom + 45;
    }

    private protected override string Describe() =>
        _marks.Count == 0 ? "An empty plot." : $"{(y.Label.Length > 0 ? y.Label : "values")} against {(x.Label.Length > 0 ? x.Label : "position")}"
            + (_names.Exists(n => n.Length > 0) ? $": {string.Join(", ", _names.Where(n => n.Length > 0))}." : ".");

    // A nested svg clips what lies outside the axes, without an id that a second picture on the page could repeat.
    private void Area(StringBuilder svg, Scale horizontal, Scale vertical, double left, double top)
    {
        if (!_marks.Exists(m => m.Xs.Any(horizontal.Shows) && m.Ys.Any(vertical.Shows) || m is RuleMark))
        {
            svg.Append(Svg.Text((left + Width) / 2, top + (PlotHeight / 2), "nothing to show", "t", "middle"));
            return;
        }
        svg.Append($"<svg x=\"{Markup.Px(left)}\" y=\"{Markup.Px(top - 5)}\" width=\"{Markup.Px(Width - left)}\" height=\"{Markup.Px(PlotHeight + 10)}\">");
        var (sx, sy) = (horizontal.Over(0, Width - left - 8), vertical.Over(PlotHeight + 5, 5));
        foreach (var mark in _marks.OrderBy(m => m is BarsMark ? 0 : m is RuleMark ? 1 : 2)) mark.Draw(svg, sx, sy);
        var rules = _marks.OfType<RuleMark>().ToArray();
        if (rules.Length > 0)
        {
            var points = _marks.SelectMany(m => m.Points).Where(p => sx.Shows(p.X) && sy.Shows(p.Y)).Select(p => (sx[p.X], sy[p.Y])).ToArray();
            foreach (var rule in rules) rule.DrawLabel(svg, sx, sy, points);
        }
        svg.Append("</svg>");
    }

    // As many ticks as stand beside each other without touching.
    private static Tick[] Spaced(Scale scale)
    {
        for (var most = 7; ; most--)
        {
            var ticks = scale.Ticks(most);
            var free = ticks.Zip(ticks.Skip(1)).All(p => Math.Abs(scale[p.Second.Value] - scale[p.First.Value])
                > (Markup.Width(p.First.Label, LabelSize) + Markup.Width(p.Second.Label, LabelSize)) / 2 + 8);
            if (free || most == 1) return free ? ticks : [.. ticks.Take(1)];
        }
    }

    private SvgPlot Add(Mark mark)
    {
        _marks.Add(mark);
        return this;
    }

    private int SeriesOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_names.Contains(name)) _names.Add(name);
        return _names.IndexOf(name);
    }

    private static double[] Same(IReadOnlyList<double> x, IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(values);
        return values.Count == x.Count ? [.. values] : throw new ArgumentException($"{x.Count} positions and {values.Count} values");
    }
}
