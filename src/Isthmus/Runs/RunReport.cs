using System.Globalization;
using Isthmus.Data;
using Isthmus.Reports;

namespace Isthmus.Runs;

/// <summary>A run told in one page.</summary>
internal sealed class RunReport(Model model, LoadedData loaded, Outcomes outcomes, RunSummary summary, IReadOnlyList<EpochMetrics> metrics)
{
    private const int MostConfusionClasses = 40;

    private readonly ReportFigures _figures = new(model, loaded.Data, outcomes);

    public void Save(string path)
    {
        var report = new HtmlReport(model.Recipe.Name, Subtitle());
        Head(report.Head);
        Trained(report.Section("What was trained on what"));
        HowGood(report.Section("How good it is"));
        Concepts(report);
        WhatPasses(report.Section($"What passes, in bits per {summary.Rate.Unit}"));
        Learning(report.Section("Learning"));
        Pictures(report);
        Provenance(report.Section("Recipe and provenance"));
        report.Footer = FormattableString.Invariant($"Isthmus {TrainJob.Version} · {summary.Run}");
        report.Save(path);
    }

    private string Subtitle() => FormattableString.Invariant(
        $"{summary.Task} of {DataName} through {Described(model.Recipe.Bottleneck!)}, seed {summary.Seed}, judged with the {summary.Inference} code on {Count(outcomes.Rows.Length, summary.Split)} rows");

    private string DataName => GeneratorCatalogue.IsGenerator(model.Recipe.Data.Source) ? loaded.Data.Name : Path.GetFileName(loaded.Data.Name.TrimEnd('/', '\\'));

    private static string Count(int n, string split) => string.Create(CultureInfo.InvariantCulture, $"{n:#,0} {split}");

    private static string Described(Choice choice) => OptionModel.Fields(choice.Options.GetType()).FirstOrDefault(f => f.Name is "latent" or "widths" or "channels") is { } field
        ? $"{choice.Type} ({(field.Property.GetValue(choice.Options) is System.Collections.IEnumerable list ? string.Join("-", list.Cast<object>()) : field.Property.GetValue(choice.Options))})" : choice.Type;

    private void Head(ReportBlock head)
    {
        var (name, value, _) = summary.Test.Main;
        var rate = summary.Rate;
        head.Tiles(
            new Tile(name, name == "accuracy" ? string.Create(CultureInfo.InvariantCulture, $"{100 * value:0.0} %") : CellText.Number(value), summary.Baseline is { } b ? $"without bottleneck {Percent(b)}" : Blind()),
            new Tile("bound", BitsOf(rate.BoundBits), rate.BoundKind is { } kind ? $"{kind}, per {rate.Unit}" : "no finite rate"),
            new Tile("estimate", rate.Estimate.LowBits is null ? CellText.Nothing : $"{BitsOf(rate.Estimate.LowBits)} … {BitsOf(rate.Estimate.HighBits)}", rate.Estimate.LowBits is null ? "not estimated" : $"bits that pass, per {rate.Unit}"),
            new Tile("bill", BitsOf(rate.BillBits), rate.BillBits is null ? "nothing was written" : rate.BillScope));
        foreach (var warning in summary.Warnings) head.Note(warning, NoteKind.Warning);
    }

    private string? Blind() => summary.Test.MajorityOrMean is { } blind
        ? summary.Test.Accuracy is not null ? string.Create(CultureInfo.InvariantCulture, $"majority {100 * blind:0.0} %") : $"mean alone: {(summary.Test.Rmse is not null ? "RMSE" : "MSE")} {CellText.Number(blind)}" : null;

    private static string Percent(Quality quality) => quality.Accuracy is { } a ? string.Create(CultureInfo.InvariantCulture, $"{100 * a:0.0} %") : CellText.Number(quality.Main.Value);

    private static string BitsOf(double? bits) => bits is { } b ? b.ToString("0.00", CultureInfo.InvariantCulture) : CellText.Nothing;

    private void Trained(ReportBlock section)
    {
        var data = loaded.Data;
        var target = model.Schema.Target;
        var rows = summary.Train.Rows;
        section.KeyValues(
            ("data", $"{model.Recipe.Data.Source}, {OptionModel.Word(data.Kind.ToString())} of {string.Join(" x ", data.FeatureShape)}"),
            ("target", target is null ? "the input itself" : target.Classes.Count > 0 ? $"{target.Names[0]}, {target.Classes.Count} classes" : string.Join(", ", target.Names)),
            ("rows", string.Create(CultureInfo.InvariantCulture, $"{rows[0]:#,0} training, {rows[1]:#,0} validation, {rows[2]:#,0} test")),
            ("network", $"{Described(model.Recipe.Encoder!)} → {Described(model.Recipe.Bottleneck!)} → {Described(model.Recipe.Decoder!)}, {summary.Train.Parameters.ToString("#,0", CultureInfo.InvariantCulture)} parameters"),
            ("objective", model.Recipe.Objective!.Type),
            ("training", string.Create(CultureInfo.InvariantCulture, $"{summary.Train.Epochs} epochs, {summary.Train.Steps:#,0} steps of {model.Recipe.Training.Batch} in {summary.Train.Seconds:0.0} s ({summary.Train.SamplesPerSecond:#,0} rows/s), {summary.Train.PeakMemoryMb:0} MB at most")));
        foreach (var note in data.Notes) section.Note(note);
    }

    private void HowGood(ReportBlock section)
    {
        var columns = new List<(string Name, Quality Quality)> { ($"{model.Recipe.Bottleneck!.Type}, {summary.Inference} code", summary.Test) };
        if (summary.Baseline is { } baseline) columns.Add(("no bottleneck (identity)", baseline));
        if (summary.Linear is { } linear) columns.Add(("linear model", linear));
        var rows = columns.Select(c => (IReadOnlyList<object?>)[c.Name, .. Measures.Where(m => m.Pick(summary.Test) is not null).Select(m => (object?)m.Pick(c.Quality))]).ToList();
        if (summary.Test.MajorityOrMean is { } blind)
        {
            var main = summary.Test.Accuracy is not null ? "accuracy" : summary.Test.Rmse is not null ? "RMSE" : "MSE";
            rows.Add([summary.Test.Accuracy is not null ? "the most frequent class" : "the training mean", .. Measures.Where(m => m.Pick(summary.Test) is not null).Select(m => m.Name == main ? (object?)blind : null)]);
        }
        section.Table(["", .. Measures.Where(m => m.Pick(summary.Test) is not null).Select(m => m.Name)], rows, $"on the {summary.Split} rows");
        if (loaded.Data.Target is ClassTarget target && target.Classes.Count <= MostConfusionClasses)
            section.Figure(HeatMap.Confusion("Confusion", target.Classes, Quality.Confusion(target, outcomes)), "rows: true class; columns: answer; shaded by the share of the row");
        if (_figures.Residuals() is { } residuals) section.Figure(residuals, "each point is a row; the line is where both are equal");
        if (_figures.CodeMap() is { } map) section.Figure(map, "mean codes along the two dimensions that carry most");
    }

    private void Concepts(HtmlReport report)
    {
        if (model.Units > 1 || ConceptReader.Of(model, loaded.Data, outcomes.Rows, default) is not { } reader) return;
        var section = report.Section("Concepts");
        ConceptPages.Concepts(section, reader.Cards(null));
        section.Note($"What passes beside the concepts, in bits and with a verdict: isthmus explain {summary.Run} --out concepts.html");
        if (reader.Head() is { } head) ConceptPages.Head(report.Section("How concepts decide"), head);
    }

    private static readonly (string Name, Func<Quality, double?> Pick)[] Measures =
    [
        ("accuracy", q => q.Accuracy), ("concordance", q => q.Concordance), ("its 95 % from", q => q.ConcordanceLow), ("to", q => q.ConcordanceHigh), ("F1 macro", q => q.F1Macro), ("AUC", q => q.Auc), ("R²", q => q.R2), ("RMSE", q => q.Rmse), ("MSE", q => q.Mse), ("loss, bits", q => q.NllBits),
    ];

    private void WhatPasses(ReportBlock section)
    {
        section.Text("Four readings of the same message: how much could pass (capacity), what the objective says it costs (bound), what passes on rows it has not seen (estimate), what was written as bytes (bill).");
        section.Figure(ReportFigures.FourReadings(summary.Rate));
        if (summary.Rate.Note.Length > 0) section.Note(char.ToUpperInvariant(summary.Rate.Note[0]) + summary.Rate.Note[1..] + ".");
        if (summary.Rate.Bill is { } bill)
            section.Text(string.Create(CultureInfo.InvariantCulture, $"The bill in full, in bits per {summary.Rate.Unit}: {bill.StreamBits:0.00} as one stream, {bill.FrameBits:0.00} as a frame each, {bill.CostBits:0.00} under the tables alone; the model that the receiver needs once has {bill.ModelBytes} bytes."));
        if (summary.Rate.Estimate is { ExcessLowBits: { } low } estimate)
            section.Text(string.Create(CultureInfo.InvariantCulture, $"Beyond the class, I(X;Z|Y): {low:0.00} … {estimate.ExcessHighBits:0.00} bits that the answer does not need."));
        if (summary.Inserted.Count > 0)
            section.Table(["inserted at", "bottleneck", $"bits per {summary.Rate.Unit}", "capacity", "symbols used", "symbols", "variance not rebuilt", "active features", "dead share"],
                [.. summary.Inserted.Select(i => (IReadOnlyList<object?>)[i.Layer, i.Bottleneck, i.BoundBits, i.CapacityBits, i.Used, i.Symbols, i.Fvu, i.L0, i.DeadShare])], "bottlenecks inside encoder and decoder; not part of the bill");
        if (_figures.BitsHistogram(summary.Rate.Unit) is { } histogram) section.Figure(histogram, "how the bound is spread over the rows");
        if (summary.Latents is { } latents)
            section.Figure(ReportFigures.Dimensions(latents), $"{latents.Dimensions - latents.Dead} alive, {latents.Dead} dead (below {LatentUse.DeadNats} nat)");
        if (_figures.Expensive() is { } expensive) section.Figure(expensive, "bits under each, with true class → answer where it is wrong");
        else if (_figures.ExpensiveRows() is { } table) section.Table(table.Headers, table.Rows, "the rows that cost most");
    }

    private void Learning(ReportBlock section)
    {
        if (metrics.Count == 0)
        {
            section.Text("Nothing was trained: no epochs.");
            return;
        }
        double[] epochs = [.. metrics.Select(m => (double)m.Epoch)];
        Curve("Loss", "nats", "loss");
        Curve("Task", "nats", "task");
        Curve("Rate", $"bits per {summary.Rate.Unit}", "rate_bits");
        Curve("Accuracy on the validation rows", "share of right answers", "accuracy");

        void Curve(string title, string unit, string key)
        {
            var plot = new SvgPlot(title, new Axis("epoch"), new Axis(unit));
            var any = Add("train", m => m.Train) | Add("validation", m => m.Validation);
            if (any) section.Figure(plot);

            bool Add(string name, Func<EpochMetrics, IReadOnlyDictionary<string, double>?> part)
            {
                if (!metrics.Any(m => part(m)?.ContainsKey(key) == true)) return false;
                plot.Line(name, epochs, [.. metrics.Select(m => part(m)?.TryGetValue(key, out var v) == true ? v : double.NaN)]);
                return true;
            }
        }
    }

    private void Pictures(HtmlReport report)
    {
        var (reconstructions, traversals) = (_figures.Reconstructions(), _figures.Traversals());
        if (reconstructions is null && traversals is null) return;
        var section = report.Section("Pictures");
        if (reconstructions is not null) section.Figure(reconstructions, "originals above what came out");
        if (traversals is not null) section.Figure(traversals, "one dimension of a code moved, the others kept");
    }

    private void Provenance(ReportBlock section)
    {
        section.KeyValues(
            ("run", summary.Run),
            ("seed", summary.Seed.ToString(CultureInfo.InvariantCulture)),
            ("model.safetensors", "sha256 " + summary.ModelSha256),
            ("recipe", "sha256 " + summary.RecipeSha256),
            ("training rows", "sha256 " + summary.TrainingSha256),
            ("threads", summary.Threads.ToString(CultureInfo.InvariantCulture) + " (results do not depend on it)"),
            ("versions", $"Isthmus {TrainJob.Version}, .NET {Environment.Version}, {System.Runtime.InteropServices.RuntimeInformation.OSArchitecture}"));
        section.Details("The recipe, every field", block => block.Code(RecipeFile.Text(model.Recipe)));
    }
}
