using System.CommandLine;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class RunsListVerb : Verb
{
    private readonly Argument<string?> _folder = new("FOLDER") { Arity = ArgumentArity.ZeroOrOne, Description = "a folder of runs (default: runs)" };

    public override IReadOnlyList<Symbol> Symbols => [_folder];

    public override IReadOnlyList<string> Examples => ["isthmus runs list", "isthmus runs list experiments --json"];

    public override bool Run(Call call)
    {
        var runs = RunList.Of(call.Get(_folder) ?? RunFolder.Root);
        call.Result(() => new { Runs = runs }, output =>
        {
            if (runs.Count == 0) output.WriteLine("no runs here: 'isthmus train' makes one");
            else RunsTable.Write(call, runs);
        });
        return true;
    }
}

internal sealed class RunsShowVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };

    public override IReadOnlyList<Symbol> Symbols => [_run];

    public override IReadOnlyList<string> Examples => ["isthmus runs show runs/digits"];

    public override bool Run(Call call)
    {
        var entry = RunList.Show(call.Get(_run)!);
        call.Result(() => entry, output =>
        {
            if (entry.Summary is { } summary) RunText.Write(output, summary, call);
            else output.WriteLine($"{entry.Run} is not finished: isthmus train --resume {entry.Run}");
        });
        return true;
    }
}

internal sealed class RunsCompareVerb : Verb
{
    private readonly Argument<string[]> _runs = new("RUN") { Arity = ArgumentArity.OneOrMore, Description = "runs' folders" };

    public override IReadOnlyList<Symbol> Symbols => [_runs];

    public override string Details => "Puts runs side by side: quality, the four readings, and the recipe fields in which they differ.";

    public override IReadOnlyList<string> Examples => ["isthmus runs compare runs/plain runs/mixture"];

    public override bool Run(Call call)
    {
        RunEntry[] runs = [.. call.Get(_runs)!.Select(RunList.Show)];
        var differences = RecipeDifference.Of([.. runs.Select(r => RunFolder.Recipe(r.Run))]);
        call.Result(() => new { Runs = runs, Differences = differences.Select(d => new { d.Field, d.Values }) }, output =>
        {
            RunsTable.Write(call, runs);
            if (differences.Count == 0) return;
            output.WriteLine();
            var table = new TextTable(["recipe field", .. runs.Select(r => Path.GetFileName(Path.TrimEndingDirectorySeparator(r.Run)))]);
            foreach (var (field, values) in differences) table.Add([field, .. values]);
            call.Write(table);
        });
        return true;
    }
}

/// <summary>Runs as rows.</summary>
internal static class RunsTable
{
    public static void Write(Call call, IReadOnlyList<RunEntry> runs)
    {
        var table = new TextTable("run", "task", "bottleneck", "quality", "", "bound, bits", "estimate, bits", "bill, bits", "state");
        foreach (var run in runs)
        {
            var s = run.Summary;
            var estimate = s?.Rate.Estimate;
            table.Add(run.Run, s?.Task, s?.Bottleneck, s?.Test.Main.Name, s?.Test.Main.Value, s?.Rate.BoundBits,
                estimate?.LowBits is null ? null : $"{CellText.Number(estimate.LowBits.Value)} … {CellText.Of(estimate.HighBits)}", s?.Rate.BillBits, run.Problem ?? run.State);
        }
        call.Write(table);
    }
}
