using Isthmus.Reports;

namespace Isthmus.Runs;

/// <summary>The page of an information plane.</summary>
public static class PlaneReport
{
    /// <summary>The page's name in a run's folder.</summary>
    public const string Name = "plane.html";

    /// <summary>Writes the page.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">Whose plane it is.</param>
    /// <param name="plane">The plane.</param>
    public static void Save(string path, Run run, InformationPlane plane)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(plane);
        var report = new HtmlReport($"The information plane of {run.Model.Recipe.Name}", FormattableString.Invariant($"{plane.Rows} rows, channel {plane.Channel.Name}, epochs {string.Join(", ", plane.Epochs)}"));
        report.Head.Text("Each line is a layer, each mark an epoch. To the right lies what is still known about the input, upwards what is known about the class. "
            + $"Between a layer and its reader stands a channel: {plane.Channel.Description}. Another channel gives another picture; compare pictures of one channel only.");
        report.Head.Figure(Plot(plane));
        foreach (var note in plane.Notes) report.Head.Note(note);
        var section = report.Section("Over epochs");
        section.Figure(Over(plane, "what is known about the input", p => p.Ixt.Bits?.Value ?? p.Ixt.Measure));
        if (plane.Points.Any(p => p.Ity is not null)) section.Figure(Over(plane, "what is known about the class", p => p.Ity?.Bits?.Value ?? p.Ity?.Measure));
        report.Section("Points").Table(["epoch", "layer", "I(X;T), bits", "I(T;Y), bits", "what the alarms say"],
            plane.Points.Select(p => (IReadOnlyList<object?>)[p.Epoch, p.Layer, p.Ixt.Bits?.Value ?? p.Ixt.Measure, p.Ity?.Bits?.Value ?? p.Ity?.Measure, OptionModel.Word(p.Ixt.Verdict.ToString()).Replace('_', '-')]));
        if (plane.Bins.Count > 0)
            report.Section("Bins").Details("The edges of every bin", block => block.Table(["layer", "epoch", "edges"],
                plane.Bins.Select(b => (IReadOnlyList<object?>)[b.Layer, b.Epoch, string.Join(" ", b.Edges.Select(e => CellText.Number(e)))])));
        report.Footer = $"Isthmus {TrainJob.Version}";
        report.Save(path);
    }

    private static SvgPlot Plot(InformationPlane plane)
    {
        var plot = new SvgPlot("Information plane", new Axis("I(X;T), bits", Min: 0), new Axis("I(T;Y), bits", Min: 0)) { PlotHeight = 320 };
        if (plane.Points.All(p => p.Ity is null)) return plot;
        foreach (var layer in plane.Layers)
        {
            var points = plane.Points.Where(p => p.Layer == layer).ToArray();
            plot.Line(layer, [.. points.Select(p => p.Ixt.Bits?.Value ?? p.Ixt.Measure ?? double.NaN)], [.. points.Select(p => p.Ity!.Bits?.Value ?? p.Ity.Measure ?? double.NaN)]);
        }
        if (plane.Curve is { } curve) plot.Line("exact curve of these rows", curve.Ixt, curve.Ity);
        return plot;
    }

    private static SvgPlot Over(InformationPlane plane, string title, Func<PlanePoint, double?> value)
    {
        var plot = new SvgPlot(title, new Axis("epoch"), new Axis("bits", Min: 0));
        foreach (var layer in plane.Layers)
        {
            var points = plane.Points.Where(p => p.Layer == layer).ToArray();
            plot.Line(layer, [.. points.Select(p => (double)p.Epoch)], [.. points.Select(p => value(p) ?? double.NaN)]);
        }
        return plot;
    }
}
