using System.CommandLine;
using Isthmus.Reports;
using Isthmus.Studies;

namespace Isthmus.Cli.Verbs;

/// <summary><c>study run</c>: studies to their verdicts.</summary>
internal sealed class StudyRunVerb : Verb
{
    private readonly Argument<string[]> _slugs = new("SLUG") { Arity = ArgumentArity.ZeroOrMore, Description = "systems, as 'study list' names them" };
    private readonly Option<bool> _all = new("--all") { Description = "every study that is written and whose data are there" };
    private readonly Option<string?> _family = new("--family") { HelpName = "F", Description = "with --all: only those of a family" };
    private readonly Option<string> _budget = new("--budget") { HelpName = "quick|full", Description = "quick: half a minute a study, a preview; full: minutes, a verdict (default quick); smoke: only whether it runs", DefaultValueFactory = _ => "quick" };
    private readonly Option<string?> _seeds = new("--seeds") { HelpName = "0-4", Description = "seeds in place of the budget's; fewer than five give a preview" };
    private readonly Option<string?> _data = new("--data") { HelpName = "DATA", Description = "other data in place of the study's own" };
    private readonly Option<string?> _record = new("--record") { HelpName = "FOLDER", Description = "write full results as FOLDER/SLUG.json" };
    private readonly Option<bool> _fresh = new("--fresh") { Description = "forget finished runs first, as after a change of the library" };

    public override IReadOnlyList<Symbol> Symbols => [_slugs, _all, _family, _budget, _seeds, _data, _record, _fresh];

    public override string Details =>
        "Both arms get the same seeds, data, steps and number of configurations. Finished runs are kept in runs/studies (--out names " +
        "another folder) and never run twice: after Ctrl-C the same command goes on. Exit code 0 when every verdict is held or preview, else 1.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus study run hourglass-mlp",
        "isthmus study run hourglass-mlp --budget full --seeds 0-4 --json",
        "isthmus study run --all --budget full --record docs/studies",
    ];

    public override bool Run(Call call)
    {
        var budget = Enum.GetValues<Budget>().Cast<Budget?>().FirstOrDefault(b => JsonOutput.Word(b!.Value) == call.Get(_budget))
            ?? throw Suggest.Unknown("value of --budget", call.Get(_budget)!, ["quick", "full"]);
        var seeds = call.Get(_seeds) is { } text ? NumberList.Seeds(text) : null;
        if (call.Get(_record) is not null && (budget != Budget.Full || seeds is { Count: < VerdictRule.Seeds }))
            throw new InputException("--record takes full results only", "--budget full, with at least five seeds");
        var runner = new StudyRunner(call.Out ?? Path.Combine("runs", "studies"),
            p => call.Progress.Show(new ProgressState(p.What, (long)(1000 * p.Done), 1000L * p.Total)), call.Stop);
        var results = new List<StudyResult>();
        var skipped = new List<(string Slug, string Reason)>();
        foreach (var study in Chosen(call))
        {
            if (call.Get(_all) && call.Get(_data) is null && StudyData.Missing(study) is { } missing)
            {
                skipped.Add((study.Slug, $"its data '{missing}' are not there"));
                call.Warn($"{study.Slug} is left out: its data '{missing}' are not there (ISTHMUS_DATA)");
                continue;
            }
            if (call.Get(_fresh)) runner.Forget(study);
            try
            {
                var result = runner.Run(study, budget, seeds, call.Get(_data));
                if (call.Get(_record) is { } folder) call.Note($"wrote {StudyRecords.Write(folder, result)}");
                else call.Detail($"{result.Slug}: {JsonOutput.Word(result.Verdict)}");
                results.Add(result);
            }
            catch (OperationCanceledException) when (call.Stop.IsCancellationRequested)
            {
                call.Note("finished runs are kept: the same command goes on from here");
                throw;
            }
        }
        call.Result(() => new { Studies = results, Skipped = skipped.Select(s => new { s.Slug, s.Reason }) }, output =>
        {
            foreach (var result in results) StudyText.Write(output, call, result);
        });
        return results.TrueForAll(r => r.Holds);
    }

    private IEnumerable<Study> Chosen(Call call)
    {
        var slugs = call.Get(_slugs) ?? [];
        if (call.Get(_all) != (slugs.Length == 0)) throw new InputException(slugs.Length == 0 ? "study run needs a SLUG, or --all" : "study run takes slugs or --all, not both", "'isthmus study list' lists the systems");
        if (call.Get(_family) is not null && !call.Get(_all)) throw new InputException("--family goes with --all");
        if (call.Get(_all))
        {
            var family = (call.Get(_family) is { } name ? Catalogue.Of(name) : Catalogue.All).Select(e => e.Slug).ToHashSet();
            return StudyIndex.All.Where(s => family.Contains(s.Slug));
        }
        return [.. slugs.Select(slug => StudyIndex.Find(Catalogue.Get(slug).Slug)
            ?? throw new InputException($"the study of '{slug}' is not written yet", $"written are: {string.Join(", ", StudyIndex.All.Select(s => s.Slug))}"))];
    }
}

/// <summary>A study's result for people.</summary>
internal static class StudyText
{
    public static void Write(TextWriter output, Call call, StudyResult result)
    {
        foreach (var line in StudyTable.Lines(result)) output.WriteLine(Text.OneLine(line));
        var table = new TextTable("measure", "", "baseline, mean", "method, mean", "difference", "low", "high");
        foreach (var m in result.Measures)
            table.Add(m.Name, m.Unit, m.Baseline.Average(), m.Method.Average(), CellText.Number(m.Difference) + (m.Ratio ? " (log ratio)" : ""), CellText.Number(m.Interval[0]), CellText.Number(m.Interval[1]));
        call.Write(table);
        output.WriteLine();
    }
}
