using System.Globalization;
using Isthmus.Data;
using Isthmus.Reports;

namespace Isthmus.Runs;

/// <summary>An explanation as a page: tables, and cards with the rows that each code or feature stands for.</summary>
public static class ExplanationReport
{
    private const int MostCards = 60, MostRows = 200, TokensBefore = 24, TokensAfter = 8;

    /// <summary>Explains a run and writes the page.</summary>
    /// <param name="run">The run.</param>
    /// <param name="settings">What is asked.</param>
    /// <param name="path">The file, <c>.html</c>; null to write none.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">Something is asked about that the run does not have, or another ending.</exception>
    public static Explanation Explain(Run run, ExplainSettings settings, string? path, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (path is not null && !path.EndsWith(".html", StringComparison.OrdinalIgnoreCase)) throw new InputException($"{path}: an ending .html is expected");
        var e = Explainer.Explain(run, settings, out var data, stop);
        if (path is null) return e;
        var report = new HtmlReport($"What passes {run.Model.Recipe.Name}{(e.Layer is { } layer ? $" at {layer}" : "")}", $"{e.Bottleneck}: {e.Message}; {CellText.Of(e.Rows)} {(data.Kind == DataKind.Text ? "tokens" : "rows")}") { Footer = $"Isthmus {TrainJob.Version} · {e.Run}" };
        foreach (var note in e.Notes) report.Head.Note(note);
        if (e.Search is { } search) Search(report.Section($"What stands for {search.Pattern}"), search);
        if (e.Concepts is { } concepts) ConceptPages.Concepts(report.Section("How well each concept is known"), concepts);
        if (e.Subgroups is { } groups) ConceptPages.Subgroups(report.Section("For whom it is right"), groups, e.Concepts!);
        if (e.Leakage is { } leakage) ConceptPages.Leakage(report.Section("What passes beside the concepts"), leakage, e.Concepts!);
        if (e.Head is { } head) ConceptPages.Head(report.Section("How concepts decide"), head);
        if (e.Codes is { } codes) Codes(report, codes, data, run.Model);
        if (e.Features is { } features) Features(report, features, data, run.Model);
        if (e.Latents is { } latents) Latents(report, latents, data, run.Model);
        report.Save(path);
        return e;
    }

    /// <summary>What an example looks like in a line of text: of a text the token in its context, else the row's number or name.</summary>
    public static string Example(Model model, Dataset data, int unit)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        if (data.Kind != DataKind.Text) return data.RowNames is { } names ? names[unit] : unit.ToString(CultureInfo.InvariantCulture);
        var tokens = data.Indices!;
        string Text(int from, int to) => string.Concat(tokens.Values[Math.Max(0, from)..Math.Min(tokens.Values.Length, to)].Where(t => t >= 0).Select(t => tokens.Vocabulary[0][t])).Replace('\n', '⏎');
        return $"{Text(unit - TokensBefore, unit)}[{Text(unit, unit + 1)}]{Text(unit + 1, unit + 1 + TokensAfter)}";
    }

    private static void Search(ReportBlock section, SearchExplained search)
    {
        section.Text(string.Create(CultureInfo.InvariantCulture, $"{search.Rows:#,0} rows have the pattern, {100 * search.Share:0.0} % of all: the precision of a code that means nothing."));
        section.Table(["name", "precision", "recall", "F1", "rows"], search.Matches.Take(MostRows).Select(m => (IReadOnlyList<object?>)[m.Name, m.Precision, m.Recall, m.F1, m.Count]));
    }

    private static void Codes(HtmlReport report, CodesExplained codes, Dataset data, Model model)
    {
        var section = report.Section("How the codes are used");
        section.Tiles(
            new Tile("joint entropy", CellText.Number(codes.JointEntropyBits), $"bits; ceiling {CellText.Number(codes.CeilingBits)} for so many messages"),
            new Tile("sum of positions", CellText.Number(codes.FactorisedBits), "bits, an upper bound of the joint one"),
            new Tile("messages", CellText.Of(codes.Distinct), $"different, of {CellText.Of(codes.Messages)}"),
            new Tile("dead codes", CellText.Of(codes.Dead), "in no row looked at"));
        section.Table(["position", "codes", "used", "entropy, bits", "perplexity"], codes.Positions.Take(MostRows).Select(p => (IReadOnlyList<object?>)[p.Name, p.Codes, p.Used, p.EntropyBits, p.Perplexity]));
        var cards = report.Section("What the codes stand for");
        cards.Table([.. Columns("code", codes.List.Select(c => (c.Label, c.TargetMean, c.EffectKlBits)), data, model)],
            codes.List.Take(MostRows).Select(c => Cells(c.Name, c.Share, c.Label, c.TargetMean, c.EffectKlBits, c.EffectMse, c.Examples, data, model)));
        Pictures(cards, "Codes with the rows nearest to them", codes.List.Select(c => (Title(c.Name, c.Label), c.Examples)), data);
    }

    private static void Features(HtmlReport report, FeaturesExplained features, Dataset data, Model model)
    {
        var section = report.Section("What the features stand for");
        section.Tiles(new Tile("active", CellText.Number(features.L0), "features a row"), new Tile("alive", CellText.Of(features.Alive), $"of {CellText.Of(features.Count)}"));
        // First those that stand most clearly for a class: the most frequent ones mean a little of everything.
        Pictures(section, "Features with the rows where they are largest", features.List.OrderByDescending(c => c.Label?.F1 ?? 0).Select(c => (Title(c.Name, c.Label), c.Examples)), data);
        section.Table([.. Columns("feature", features.List.Select(c => (c.Label, c.TargetMean, c.EffectKlBits)), data, model)],
            features.List.Take(MostRows).Select(c => Cells(c.Name, c.Density, c.Label, c.TargetMean, c.EffectKlBits, c.EffectMse, c.Examples, data, model)));
    }

    private static void Latents(HtmlReport report, LatentsExplained latents, Dataset data, Model model)
    {
        var section = report.Section("What the dimensions do");
        section.Tiles(new Tile("active", CellText.Of(latents.Active), $"of {CellText.Of(latents.Count)} dimensions"));
        var kl = latents.List.Any(l => l.EffectKlBits is not null);
        section.Table(["dimension", "bits", "mean", "deviation", "2nd … 98th percentile", kl ? "effect of moving over it, KL bits" : "effect of moving over it, mean square", data.Kind == DataKind.Text ? "largest in" : "largest in rows"],
            latents.List.Take(MostRows).Select(l => (IReadOnlyList<object?>)[l.Name + (l.Active ? "" : " (inactive)"), l.Bits, l.Mean, l.Deviation, $"{CellText.Number(l.Low)} … {CellText.Number(l.High)}", l.EffectKlBits ?? l.EffectMse, Examples(l.Examples, data, model)]));
        Pictures(section, "Dimensions with the rows where they are largest", latents.List.Select(l => (l.Name, l.Examples)), data);
    }

    private static IEnumerable<string> Columns(string what, IEnumerable<(Association? Label, double? Target, double? Kl)> cards, Dataset data, Model model)
    {
        var all = cards.ToArray();
        yield return what;
        yield return "share of rows";
        if (data.Target is not (null or ContinuousTarget))
        {
            yield return data.Kind == DataKind.Text ? "token" : "class";
            yield return "precision";
            yield return "recall";
        }
        if (data.Target is ContinuousTarget t) yield return $"mean {t.Names[0]}";
        yield return all.Any(c => c.Kl is not null) ? "effect of blocking it, KL bits" : "effect of blocking it, mean square";
        yield return data.Kind == DataKind.Text ? "in" : "rows";
    }

    private static List<object?> Cells(string name, double share, Association? label, double? target, double? kl, double? mse, IReadOnlyList<int> examples, Dataset data, Model model)
    {
        var cells = new List<object?> { name, share };
        if (data.Target is not (null or ContinuousTarget)) cells.AddRange([label?.Pattern, label?.Precision, label?.Recall]);
        if (data.Target is ContinuousTarget) cells.Add(target);
        cells.AddRange([kl ?? mse, Examples(examples, data, model)]);
        return cells;
    }

    private static string Examples(IReadOnlyList<int> examples, Dataset data, Model model) =>
        string.Join(data.Kind == DataKind.Text ? " · " : ", ", examples.Take(data.Kind == DataKind.Text ? 3 : 8).Select(u => Example(model, data, u)));

    private static string Title(string name, Association? label) => label is null ? name : $"{name} {label.Pattern}";

    private static void Pictures(ReportBlock section, string title, IEnumerable<(string Label, IReadOnlyList<int> Rows)> cards, Dataset data)
    {
        if (data is not { Kind: DataKind.Images, FeatureShape: [1 or 3, var height, var width] }) return;
        foreach (var group in cards.Take(MostCards).Chunk(10))
        {
            var grid = new ImageGrid(title);
            foreach (var (label, rows) in group) grid.Row(label, [.. rows.Select(r => Picture.FromPlanes(data.Row(r), data.FeatureShape[0], height, width))]);
            section.Figure(grid);
        }
    }
}
