using System.Text;

namespace Isthmus.Reports;

/// <summary>Something drawn between two axes.</summary>
internal abstract class Mark(string name, int series)
{
    protected const int TipsUpTo = 300; // more tips than that make a page heavy, and nobody hovers over a cloud

    public string Name => name;

    public int Series => series;

    /// <summary>Whether the axis must have air around the outermost values.</summary>
    public virtual bool NeedsAir => true;

    public abstract IEnumerable<double> Xs { get; }

    public abstract IEnumerable<double> Ys { get; }

    /// <summary>Where it has something that a label should not hide.</summary>
    public IEnumerable<(double X, double Y)> Points => Xs.Zip(Ys);

    public abstract void Draw(StringBuilder svg, Scale x, Scale y);

    protected string Tip(double x, double y) => $"{(name.Length > 0 ? name + ": " : "")}{CellText.Number(x)}, {CellText.Number(y)}";
}

/// <summary>A line through points, with marks where they are few, and a band around it where low and high are given.</summary>
internal sealed class LineMark(string name, int series, double[] x, double[] y, double[]? low, double[]? high, bool steps) : Mark(name, series)
{
    private const int MarkersUpTo = 24, PointsUpTo = 1500;

    public override bool NeedsAir => x.Length <= MarkersUpTo;

    public override IEnumerable<double> Xs => x;

    public override IEnumerable<double> Ys => y.Concat(low ?? []).Concat(high ?? []);

    public override void Draw(StringBuilder svg, Scale sx, Scale sy)
    {
        if (low is not null && high is not null) Band(svg, sx, sy, low, high);
        var path = new StringBuilder();
        var pen = false;
        double lastY = 0;
        foreach (var i in Thin())
        {
            if (!sx.Shows(x[i]) || !sy.Shows(y[i]))
            {
                pen = false; // a gap, not a bridge, where there is no value
                continue;
            }
            if (pen && steps) path.Append('L').Append(Markup.Px(sx[x[i]])).Append(' ').Append(Markup.Px(lastY));
            lastY = sy[y[i]];
            path.Append(pen ? 'L' : 'M').Append(Markup.Px(sx[x[i]])).Append(' ').Append(Markup.Px(lastY));
            pen = true;
        }
        svg.Append(Svg.Path(path.ToString(), "ln " + Svg.Colour(Series)));
        if (x.Length > MarkersUpTo || steps) return;
        for (var i = 0; i < x.Length; i++)
            if (sx.Shows(x[i]) && sy.Shows(y[i])) svg.Append(Svg.Marker(sx[x[i]], sy[y[i]], Series, 3.2, Tip(x[i], y[i])));
    }

    private void Band(StringBuilder svg, Scale sx, Scale sy, double[] low, double[] high)
    {
        var shown = Thin().Where(i => sx.Shows(x[i]) && sy.Shows(low[i]) && sy.Shows(high[i])).ToArray();
        if (shown.Length < 2) return;
        var path = new StringBuilder();
        foreach (var i in shown) path.Append(path.Length == 0 ? 'M' : 'L').Append(Markup.Px(sx[x[i]])).Append(' ').Append(Markup.Px(sy[high[i]]));
        for (var k = shown.Length - 1; k >= 0; k--) path.Append('L').Append(Markup.Px(sx[x[shown[k]]])).Append(' ').Append(Markup.Px(sy[low[shown[k]]]));
        svg.Append(Svg.Path(path.Append('Z').ToString(), "band " + Svg.Colour(Series)));
    }

    // The first, lowest, highest and last point of each stretch draw the same picture as all of them.
    private IEnumerable<int> Thin()
    {
        if (x.Length <= PointsUpTo) return Enumerable.Range(0, x.Length);
        var kept = new SortedSet<int>();
        var stretch = (x.Length * 4 + PointsUpTo - 1) / PointsUpTo;
        for (var from = 0; from < x.Length; from += stretch)
        {
            var to = Math.Min(from + stretch, x.Length);
            var (lowest, highest) = (from, from);
            for (var i = from; i < to; i++)
            {
                if (y[i] < y[lowest]) lowest = i;
                if (y[i] > y[highest]) highest = i;
            }
            kept.UnionWith([from, lowest, highest, to - 1]);
        }
        return kept;
    }
}

/// <summary>A cloud of points.</summary>
internal sealed class ScatterMark(string name, int series, double[] x, double[] y) : Mark(name, series)
{
    private const int MarkersUpTo = 400, PointsUpTo = 4000;

    public override IEnumerable<double> Xs => x;

    public override IEnumerable<double> Ys => y;

    public override void Draw(StringBuilder svg, Scale sx, Scale sy)
    {
        if (x.Length <= MarkersUpTo)
        {
            for (var i = 0; i < x.Length; i++)
                if (sx.Shows(x[i]) && sy.Shows(y[i])) svg.Append(Svg.Marker(sx[x[i]], sy[y[i]], Series, 3.2, x.Length <= TipsUpTo ? Tip(x[i], y[i]) : null));
            return;
        }
        var path = new StringBuilder(); // one path of round dots: small, and thinned evenly when there are very many
        var every = (x.Length + PointsUpTo - 1) / PointsUpTo;
        for (var i = 0; i < x.Length; i += every)
            if (sx.Shows(x[i]) && sy.Shows(y[i])) path.Append('M').Append(Markup.Px(sx[x[i]])).Append(' ').Append(Markup.Px(sy[y[i]])).Append("h0");
        svg.Append(Svg.Path(path.ToString(), "dots " + Svg.Colour(Series)));
    }
}

/// <summary>Bars that stand on zero (on the axis where it is logarithmic), each from one x to another.</summary>
internal sealed class BarsMark(string name, int series, double[] from, double[] to, double[] height) : Mark(name, series)
{
    public override bool NeedsAir => false;

    public override IEnumerable<double> Xs => from.Concat(to);

    public override IEnumerable<double> Ys => height.Append(0);

    public override void Draw(StringBuilder svg, Scale sx, Scale sy)
    {
        var ground = sy[sy.Shows(0) ? Math.Clamp(0, sy.Low, sy.High) : sy.Low];
        for (var i = 0; i < height.Length; i++)
        {
            if (!sx.Shows(from[i]) || !sx.Shows(to[i]) || !sy.Shows(height[i])) continue;
            var (left, right, top) = (sx[from[i]], sx[to[i]], sy[height[i]]);
            var gap = Math.Min(1, (right - left) * 0.08);
            svg.Append(Svg.Rect(left + gap, Math.Min(top, ground), right - left - (2 * gap), Math.Abs(ground - top), "ar " + Svg.Colour(Series),
                height.Length <= TipsUpTo ? Tip((from[i] + to[i]) / 2, height[i]) : null));
        }
    }
}

/// <summary>Points with vertical intervals; an infinite end runs to the edge of the plot.</summary>
internal sealed class IntervalsMark(string name, int series, double[] x, double[] y, double[] low, double[] high) : Mark(name, series)
{
    public override IEnumerable<double> Xs => x;

    public override IEnumerable<double> Ys => y.Concat(low).Concat(high);

    public override void Draw(StringBuilder svg, Scale sx, Scale sy)
    {
        for (var i = 0; i < x.Length; i++)
        {
            if (!sx.Shows(x[i]) || double.IsNaN(low[i]) || double.IsNaN(high[i])) continue;
            var (at, bottom, top) = (sx[x[i]], sy[sy.Shows(low[i]) ? low[i] : sy.Low], sy[sy.Shows(high[i]) ? high[i] : sy.High]);
            svg.Append(Svg.Line(at, bottom, at, top, "ln " + Svg.Colour(Series)));
            if (sy.Shows(low[i])) svg.Append(Svg.Line(at - 3, bottom, at + 3, bottom, "ln " + Svg.Colour(Series)));
            if (sy.Shows(high[i])) svg.Append(Svg.Line(at - 3, top, at + 3, top, "ln " + Svg.Colour(Series)));
            if (sy.Shows(y[i])) svg.Append(Svg.Marker(at, sy[y[i]], Series, 3.4, $"{Tip(x[i], y[i])} [{CellText.Number(low[i])}, {CellText.Number(high[i])}]"));
        }
    }
}

/// <summary>A dashed line across the plot with a word: at a height, at an x, or where y equals x.</summary>
internal sealed class RuleMark(string label, RuleMark.Kind kind, double at) : Mark("", 0)
{
    internal enum Kind { Horizontal, Vertical, Diagonal }

    public override bool NeedsAir => false;

    public override IEnumerable<double> Xs => kind == Kind.Vertical ? [at] : [];

    public override IEnumerable<double> Ys => kind == Kind.Horizontal ? [at] : [];

    public override void Draw(StringBuilder svg, Scale sx, Scale sy)
    {
        if (kind == Kind.Horizontal && sy.Shows(at)) svg.Append(Svg.Line(sx[sx.Low], sy[at], sx[sx.High], sy[at], "rule"));
        if (kind == Kind.Vertical && sx.Shows(at)) svg.Append(Svg.Line(sx[at], sy[sy.Low], sx[at], sy[sy.High], "rule"));
        if (kind != Kind.Diagonal) return;
        var (low, high) = (Math.Max(sx.Low, sy.Low), Math.Min(sx.High, sy.High));
        if (low < high) svg.Append(Svg.Line(sx[low], sy[low], sx[high], sy[high], "rule"));
    }

    /// <summary>The word beside the line, over everything else, where it hides the fewest of the points.</summary>
    /// <param name="svg">Where to.</param>
    /// <param name="sx">The horizontal scale.</param>
    /// <param name="sy">The vertical scale.</param>
    /// <param name="points">The marks' points in user units.</param>
    public void DrawLabel(StringBuilder svg, Scale sx, Scale sy, IReadOnlyList<(double X, double Y)> points)
    {
        if (kind == Kind.Diagonal || label.Length == 0 || !(kind == Kind.Horizontal ? sy : sx).Shows(at)) return;
        var text = Markup.Shorten(label, 40);
        var (left, right, bottom, top, width) = (sx[sx.Low], sx[sx.High], sy[sy.Low], sy[sy.High], Markup.Width(text));
        (double X, double Y)[] places = kind == Kind.Horizontal
            ? [(right - width - 4, sy[at] - 5), (left + 4, sy[at] - 5), (right - width - 4, sy[at] + 15), (left + 4, sy[at] + 15), ((left + right - width) / 2, sy[at] - 5)]
            : [(sx[at] + 5, top + 12), (sx[at] - 5 - width, top + 12), (sx[at] + 5, bottom - 8), (sx[at] - 5 - width, bottom - 8)];
        var (x, y) = places.Where(p => p.X >= left && p.X + width <= right && p.Y - 12 >= top - 4 && p.Y <= bottom).DefaultIfEmpty(places[0])
            .MinBy(p => points.Count(q => q.X > p.X - 6 && q.X < p.X + width + 6 && q.Y > p.Y - 16 && q.Y < p.Y + 6));
        svg.Append(Svg.Text(x, y, text, "t halo"));
    }
}
