using System.CommandLine;
using System.Globalization;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class LogVerb : Verb
{
    private const int Shown = 50;

    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };
    private readonly Option<bool> _verify = new("--verify") { Description = "whether every line is as it was written; exit code 1 where not" };
    private readonly Option<bool> _replay = new("--replay") { Description = "verifies, and computes every answer again on the run's weights; exit code 1 where one differs" };
    private readonly Option<string?> _head = new("--head") { HelpName = "HASH", Description = "with --verify: a hash noted down earlier, which must still be in the chain" };
    private readonly Option<string?> _file = new("--file") { HelpName = "FILE", Description = "an exported log of this run instead of the run's own" };
    private readonly Option<string?> _export = new("--export") { HelpName = "FILE", Description = ".jsonl: byte for byte, which can be verified elsewhere; .csv: a table" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _verify, _replay, _head, _file, _export];

    public override string Details =>
        "Edits made with 'edit --log' and on the page are logged in RUN/edits: when, who, which row, what was put, the answers before and after, who suggested it, its cost, " +
        "a comment. Each line carries the SHA-256 of itself and of the line before, the first names the run's weights: one byte that is altered, a line that is taken out or " +
        "put in is found and named. Somebody who may write all files could write another history: note the last hash down elsewhere and give it as --head.";

    public override IReadOnlyList<string> Examples => ["isthmus log runs/table", "isthmus log runs/table --replay", "isthmus log runs/table --export edits.csv", "isthmus log runs/table --verify --head 3f2a91c07b44"];

    public override bool Run(Call call)
    {
        var run = Runs.Run.Load(call.Get(_run)!);
        var log = AuditLog.Of(run);
        var copy = call.Get(_file);
        if (copy is not null && !File.Exists(copy)) throw new InputException($"{copy}: no such file");
        if (call.Get(_head) is not null && !call.Get(_verify) && !call.Get(_replay)) throw new InputException("--head goes with --verify");
        var entries = new List<AuditEntry>();
        log.Read(e =>
        {
            if (entries.Count == Shown && !call.Json) entries.RemoveAt(0);
            entries.Add(e);
        }, copy);
        var check = copy is null ? log.Verify(call.Get(_head)) : log.VerifyCopy(copy, call.Get(_head));
        var replay = call.Get(_replay) ? AuditReplay.Of(run, log, copy, call.Stop) : null;
        if (call.Get(_export) is { } path) log.Export(path);
        var judged = call.Get(_verify) || replay is not null;
        call.Result(
            () => new { Run = run.Folder, log.ModelSha256, Entries = check.Entries, check.Head, check.Holds, check.Faults, Replay = replay, Log = judged ? null : entries },
            output => Write(output, call, entries, check, replay, judged));
        if (!judged && !check.Holds) call.Warn("the log is not as it was written: --verify says where");
        return check.Holds && replay is not { Holds: false };
    }

    private static void Write(TextWriter output, Call call, List<AuditEntry> entries, AuditCheck check, ReplayOutcome? replay, bool judged)
    {
        if (check.Entries == 0 && check.Holds)
        {
            output.WriteLine("no edits are logged");
            return;
        }
        if (!judged) List(output, call, entries, check.Entries);
        if (judged) output.WriteLine(check.Holds ? $"{CellText.Of(check.Entries)} {(check.Entries == 1 ? "entry" : "entries")}, each as it was written" : $"the log is not as it was written; {CellText.Of(check.Entries)} entries can be read");
        foreach (var fault in judged ? check.Faults : []) output.WriteLine(fault.Line is { } line ? $"line {CellText.Of(line)}: {fault.What}" : fault.What);
        if (replay is not null) output.WriteLine(replay.Holds ? $"{CellText.Of(replay.Replayed)} computed again on the run's weights, every answer the same to the last bit" : $"{CellText.Of(replay.Different)} of {CellText.Of(replay.Replayed + replay.Different)} did not come out as logged");
        foreach (var difference in replay?.Differences ?? []) output.WriteLine($"entry {CellText.Of(difference.Entry)}: {Text.OneLine(difference.What)}");
        output.WriteLine($"last hash: {check.Head}");
    }

    private static void List(TextWriter output, Call call, List<AuditEntry> entries, int all)
    {
        var table = new TextTable("entry", "when, UTC", "who", "row", "edit", "before", "after", "comment");
        foreach (var e in entries)
            table.Add(e.Number, e.When.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), Short(e.Who), e.Row is { } row ? (object)row : "all", Short(e.Edit), Answer(e.Before), Answer(e.After), Short(e.Comment ?? ""));
        call.Write(table);
        if (all > entries.Count) output.WriteLine($"the last {CellText.Of(entries.Count)} of {CellText.Of(all)}; --json has all");
    }

    private static object? Answer(LoggedAnswer answer) => answer.Class ?? (object?)(answer.Numbers is [var one] ? one : answer.Numbers is null ? null : $"{CellText.Of(answer.Numbers.Count)} numbers");

    private static string Short(string text) => Text.OneLine(text.Length > 40 ? text[..39] + "…" : text);
}
