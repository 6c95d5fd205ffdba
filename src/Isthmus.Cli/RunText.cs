using System.Globalization;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli;

/// <summary>Runs as people read them on a terminal.</summary>
internal static class RunText
{
    /// <summary>A run's quality and readings in a few lines.</summary>
    public static void Write(TextWriter output, RunSummary summary, Call call)
    {
        var train = summary.Train;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{summary.Task} through {summary.Bottleneck}, seed {summary.Seed}: {train.Epochs} epochs in {train.Seconds:0.0} s, {train.SamplesPerSecond:#,0} samples/s, {train.PeakMemoryMb:0} MB"));
        output.WriteLine();
        WriteQuality(summary.Test, summary.Split, summary.Inference, summary.Baseline, summary.Linear, call);
        output.WriteLine();
        WriteReadings(summary.Rate, call);
        WriteInserted(output, summary.Inserted, summary.Rate.Unit, call);
        output.WriteLine();
        output.WriteLine($"run     {summary.Run}");
        if (summary.Report is not null) output.WriteLine($"report  {summary.Report}");
        output.WriteLine($"model   sha256 {summary.ModelSha256}");
    }

    /// <summary>A cross-validation in a few lines.</summary>
    public static void Write(TextWriter output, FoldsSummary folds, Call call)
    {
        var table = new TextTable(["fold", folds.Measure, "bits of bound", "run"]);
        foreach (var run in folds.Runs) table.Add([Path.GetFileName(run.Run), run.Test.Main.Value, run.Rate.BoundBits, run.Run]);
        call.Write(table);
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{folds.Measure} {folds.Mean:0.0000}, 95% {folds.Low:0.0000} … {folds.High:0.0000} over {folds.Folds} folds"));
    }

    /// <summary>Quality beside what it should be compared with.</summary>
    public static void WriteQuality(Quality test, string split, string inference, Quality? baseline, Quality? linear, Call call)
    {
        var columns = new List<(string Name, Quality? Quality)> { ($"{split}, {inference} code", test) };
        if (baseline is not null) columns.Add(("no bottleneck", baseline));
        if (linear is not null) columns.Add(("linear model", linear));
        var withBlind = test.MajorityOrMean is not null;
        var table = new TextTable(["quality", .. columns.Select(c => c.Name), .. withBlind ? [test.Concordance is not null ? "equal risks" : test.Accuracy is null ? "training mean" : "majority"] : Array.Empty<string>()]);
        foreach (var (name, pick) in Measures)
        {
            if (pick(test) is null) continue;
            var isBlind = name == (test.Accuracy is not null ? "accuracy" : test.Concordance is not null ? "concordance" : test.Rmse is not null ? "RMSE" : "MSE");
            table.Add([name, .. columns.Select(c => (object?)(c.Quality is null ? null : pick(c.Quality))), .. withBlind ? [isBlind ? test.MajorityOrMean : null] : Array.Empty<object?>()]);
        }
        call.Write(table);
    }

    /// <summary>The four readings, one a line.</summary>
    public static void WriteReadings(Readings rate, Call call)
    {
        var estimate = rate.Estimate;
        var table = new TextTable($"bits per {rate.Unit}", "", "");
        table.Add("capacity", Bits(rate.CapacityBits), rate.CapacityBits is null ? "no number of messages" : "log2 of the number of messages");
        table.Add("bound", Bits(rate.BoundBits), rate.BoundKind ?? "");
        table.Add("estimate", estimate.LowBits is null ? CellText.Nothing : $"{Bits(estimate.LowBits)} … {Bits(estimate.HighBits)}",
            estimate.LowBits is null ? "" : $"{estimate.Direction}, ceiling {Bits(estimate.CeilingBits)}");
        if (estimate.ExcessLowBits is not null) table.Add("beyond the class", $"{Bits(estimate.ExcessLowBits)} … {Bits(estimate.ExcessHighBits)}", "I(X;Z|Y)");
        table.Add("bill", Bits(rate.BillBits), rate.Bill is { } bill ? $"{bill.Message}, one stream; {Bits(bill.FrameBits)} a frame each" : "nothing was written");
        if (rate.Bill?.RoundedMeanBits is { } rounded) table.Add("  rounded", Bits(rounded), "what the mean would cost without dither");
        call.Write(table);
        if (rate.Note.Length > 0) call.Detail(rate.Note);
    }

    /// <summary>What passes inside encoder and decoder, one layer a line; nothing without insertions.</summary>
    public static void WriteInserted(TextWriter output, IReadOnlyList<InsertedReading> inserted, string unit, Call call)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (inserted.Count == 0) return;
        output.WriteLine();
        var table = new TextTable(["inserted at", "bottleneck", $"bits per {unit}", "capacity", "symbols used", "variance not rebuilt", "active", "dead"]);
        foreach (var i in inserted) table.Add([i.Layer, i.Bottleneck, Bits(i.BoundBits), Bits(i.CapacityBits), i.Symbols is null ? CellText.Nothing : FormattableString.Invariant($"{i.Used} of {i.Symbols}"), i.Fvu, i.L0, i.DeadShare]);
        call.Write(table);
    }

    private static readonly (string Name, Func<Quality, double?> Pick)[] Measures =
    [
        ("accuracy", q => q.Accuracy), ("concordance", q => q.Concordance), ("  95 % from", q => q.ConcordanceLow), ("  to", q => q.ConcordanceHigh), ("F1 macro", q => q.F1Macro), ("AUC", q => q.Auc), ("R²", q => q.R2), ("RMSE", q => q.Rmse), ("MSE", q => q.Mse), ("SI-SDR, dB", q => q.SiSdrDb), ("bits lost", q => q.NllBits),
    ];

    private static string Bits(double? bits) => bits is { } b ? b.ToString("0.00", CultureInfo.InvariantCulture) : CellText.Nothing;
}
