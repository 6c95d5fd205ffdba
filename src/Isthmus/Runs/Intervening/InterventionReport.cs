using System.Globalization;
using Isthmus.Reports;

namespace Isthmus.Runs;

/// <summary>The page of intervention curves.</summary>
public static class InterventionReport
{
    /// <summary>Writes the page.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">Whose concepts were asked about.</param>
    /// <param name="outcome">The curves.</param>
    public static void Save(string path, Run run, InterventionOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(outcome);
        var report = new HtmlReport($"Interventions on {run.Model.Recipe.Name}", string.Create(CultureInfo.InvariantCulture, $"{outcome.Rows} rows of {outcome.Data}, {outcome.Questions.Count} questions")) { Footer = $"Isthmus {TrainJob.Version} · {outcome.Run}" };
        report.Head.Text("An expert is asked about one concept after another, and what he says stands in the place of what the network believes. At 0 questions the network is alone; at the last, its head " +
            "decides on what the expert says. Bands are 95 % intervals over rows. A competence below 1 is an expert who errs: what is asked of him can make answers worse.");
        report.Head.Figure(Plot(outcome, byCost: false));
        if (outcome.Questions.Select(q => q.Cost).Distinct().Count() > 1) report.Head.Figure(Plot(outcome, byCost: true));
        foreach (var note in outcome.Notes) report.Head.Note(note);
        report.Section("Areas").Table(["policy", "competence", "area", "95 % interval", "normalised", "over cost", "asked first"],
            outcome.Curves.Select(c => (IReadOnlyList<object?>)[c.Oracle ? c.Policy + " (knows the truth)" : c.Policy, c.Competence, c.Area, $"{CellText.Number(c.AreaLow)} … {CellText.Number(c.AreaHigh)}", c.NormalizedArea, c.AreaByCost, First(c)]));
        if (outcome.Comparisons.Count > 0)
            report.Section("Against a random order").Table(["policy", "competence", "area more", "95 % interval", "p", "over cost"],
                outcome.Comparisons.Select(c => (IReadOnlyList<object?>)[c.First, c.Competence, c.Area, $"{CellText.Number(c.Low)} … {CellText.Number(c.High)}", c.P, c.ByCost]));
        report.Section("Questions").Table(["question", "concepts", "cost"], outcome.Questions.Select(q => (IReadOnlyList<object?>)[q.Name, string.Join(", ", q.Concepts), q.Cost]));
        report.Section("Points").Details("Every point", block => block.Table(["policy", "competence", "questions", "cost", outcome.Metric, "95 % interval", "bits lost", "AUC"],
            outcome.Curves.SelectMany(c => c.Points.Select(p => (IReadOnlyList<object?>)[c.Policy, c.Competence, p.Edited, p.Cost, p.Accuracy ?? p.Mse, $"{CellText.Number(p.Low)} … {CellText.Number(p.High)}", p.LossBits, p.Auc]))));
        report.Save(path);
    }

    /// <summary>The questions asked first, in a line.</summary>
    public static string First(CurveOutcome curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        return string.Join(", ", curve.First.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name} {100 * f.Share:0} %")));
    }

    private static SvgPlot Plot(InterventionOutcome outcome, bool byCost)
    {
        var plot = new SvgPlot(byCost ? $"{outcome.Metric} against what was spent" : $"{outcome.Metric} against questions asked", new Axis(byCost ? "cost a row" : "questions", Min: 0), new Axis(outcome.Metric)) { PlotHeight = 320 };
        foreach (var curve in outcome.Curves)
            plot.Line(outcome.Curves.Any(c => c.Competence != curve.Competence) ? string.Create(CultureInfo.InvariantCulture, $"{curve.Policy}, {curve.Competence:0.##}") : curve.Policy,
                [.. curve.Points.Select(p => byCost ? p.Cost : p.Edited)], [.. curve.Points.Select(p => p.Accuracy ?? p.Mse!.Value)], [.. curve.Points.Select(p => p.Low)], [.. curve.Points.Select(p => p.High)]);
        return plot;
    }
}
