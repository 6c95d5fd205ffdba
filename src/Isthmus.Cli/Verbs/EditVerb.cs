using System.CommandLine;
using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class EditVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };
    private readonly Option<string?> _input = new("--input") { HelpName = "DATA", Description = "rows like those it was trained on; default: the run's own data" };
    private readonly Option<int?> _row = new("--row") { HelpName = "I", Description = "which row, from 0 (default 0)" };
    private readonly Option<string?> _rows = new("--rows") { HelpName = "all", Description = "all: the mean effect over every row" };
    private readonly Option<string[]> _set = new("--set") { HelpName = "NAME=VALUE,…", Description = "what is changed; may be given several times" };
    private readonly Option<string?> _inference = new("--inference") { HelpName = "MESSAGE", Description = "the message that is edited: mean, sample, average:k or ship (default: the run's)" };

    private readonly Option<string?> _layer = new("--layer") { HelpName = "NAME", Description = "the layer of an inserted bottleneck whose message is changed; NAME/code.0 in --set says it too" };
    private readonly Option<bool> _log = new("--log") { Description = "writes the edit to the run's log, which 'isthmus log' verifies and replays" };
    private readonly Option<string?> _who = new("--who") { HelpName = "NAME", Description = "with --log: who edits (default: the account's name)" };
    private readonly Option<string?> _comment = new("--comment") { HelpName = "TEXT", Description = "with --log: why" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _layer, _input, _row, _rows, _set, _inference, _log, _who, _comment];

    public override string Details =>
        "Changes what passes the bottleneck and shows what that does to the answer. NAME=VALUE puts a value; block NAME:CODE forbids a code (the nearest allowed one " +
        "stands in) and block NAME silences a feature; swap NAME:NAME, swap NAME:CODE:CODE; clamp NAME:LOW..HIGH; scale NAME:FACTOR; noise NAME:DEVIATION (of codes: the " +
        "probability of another). Names: code.0, feature.12, latent.3, level.3, bit.0, concepts by name; code.* for all, code.2-5 for some, code.0@7 in row 7 only. " +
        "Changes are applied in their order; blocked codes never come back. --out writes what came out before and after (.csv; of images .png).";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus edit runs/digits --row 3 --set code.0=17",
        "isthmus edit runs/digits --input digits/ --rows all --set \"block code.*:5\" --json",
        "isthmus edit runs/digits --row 3 --set latent.2=1.5,latent.4=0 --out edited.png",
        "isthmus edit runs/digits --row 3 --set code.0=17 --log --who reviewer --comment \"the picture is upside down\"",
        "isthmus edit runs/text --row 40 --set encoder.layers.1.self_attn/code.0=17",
    ];

    public override bool Run(Call call)
    {
        var set = call.Get(_set) ?? [];
        if (set.Length == 0) throw new InputException("--set is missing: what is to be changed", "--set code.0=17 puts a code, --set \"block code.0:17\" forbids one");
        if (call.Get(_who) is { } name && string.IsNullOrWhiteSpace(name)) throw new InputException("--who is empty: a name is expected");
        if (!call.Get(_log) && (call.Has(_who) || call.Has(_comment))) throw new InputException("--who and --comment go with --log");
        var file = Call.Beside(call.Out, call.Get(_input));
        var edit = Edit.Parse(string.Join(",", set));
        if (call.Get(_layer) is { } layer) edit = edit.At(layer);
        var all = call.Get(_rows) is { } word && (word == "all" ? true : throw Suggest.Unknown("--rows", word, ["all"]));
        if (all && call.Has(_row)) throw new InputException("--row and --rows all exclude each other");
        var row = all ? (int?)null : call.Get(_row) ?? edit.Changes.Select(c => c.Row).FirstOrDefault(r => r is not null) ?? 0;
        var inference = call.Get(_inference) is { } text ? Inference.Parse(text).Name : null;
        var run = Runs.Run.Load(call.Get(_run)!);
        var data = call.Get(_input) is { } source ? run.LoadRows(source) : run.LoadOwn().Data;
        foreach (var note in data.Notes) call.Detail(note);
        var outcome = EditRun.Of(run, data, row, edit, inference, call.Seed, call.Stop);
        if (file is { } path) EditFile.Write(run, data, row, edit, path, inference, call.Seed);
        if (call.Get(_log)) AuditLog.Of(run).Append(outcome, edit, call.Get(_input), data, call.Seed, new AuditRemark { Who = call.Get(_who), Comment = call.Get(_comment), Cost = ConceptCase.CostOf(run, Edit.None, edit) });
        call.Result(() => outcome, output => Write(output, outcome, call));
        return true;
    }

    private static void Write(TextWriter output, EditOutcome o, Call call)
    {
        output.WriteLine(o.Row is { } row ? $"row {CellText.Of(row)} of {o.Data}: {o.Edit}" : $"{CellText.Of(o.Rows)} rows of {o.Data}, means: {o.Edit}");
        output.WriteLine();
        var table = new TextTable("", "before", "after", "change");
        if (o.Before.Prediction is string was) table.Add("prediction", was, o.After.Prediction, o.Changed ? "changed" : "the same");
        if (o.Before.Prediction is double number) table.Add("prediction", number, o.After.Prediction, o.Difference![0]);
        if (o.Before.Prediction is double[] numbers && o.Difference is not null)
            for (var c = 0; c < Math.Min(numbers.Length, 20); c++) table.Add(string.Create(CultureInfo.InvariantCulture, $"prediction {c + 1}"), numbers[c], ((double[])o.After.Prediction!)[c], o.Difference[c]);
        if (o.Row is null) table.Add("decisions changed", null, null, string.Create(CultureInfo.InvariantCulture, $"{100 * o.ChangedShare:0.0} %"));
        if (o.AccuracyBefore is not null && o.Row is null) table.Add("accuracy", o.AccuracyBefore, o.AccuracyAfter, o.AccuracyAfter - o.AccuracyBefore);
        if (o.MseBefore is not null) table.Add("squared error to the input", o.MseBefore, o.MseAfter, o.MseAfter - o.MseBefore);
        foreach (var c in Moved(o)) table.Add("p of " + o.Classes![c], o.Before.Probabilities![c], o.After.Probabilities![c], o.After.Probabilities[c] - o.Before.Probabilities[c]);
        table.Add("bits of the message", o.BitsBefore, o.BitsAfter, o.BitsChanged);
        foreach (var entry in o.Entries.Take(20)) table.Add(entry.Name, entry.Before, entry.After, null);
        call.Write(table);
        output.WriteLine();
        if (o.KlBits is { } kl) output.WriteLine($"the answer moved by {CellText.Number(kl)} bits (KL), {CellText.Number(100 * o.TotalVariation!.Value)} % of the probability");
        else output.WriteLine($"the answer moved by {CellText.Number(o.OutputMse)} (mean square)");
        output.WriteLine($"{CellText.Number(o.SymbolsChanged)} entries of the message changed{(o.Row is null ? " a row" : "")}");
        foreach (var note in o.Notes) output.WriteLine(note);
    }

    // The classes whose probabilities moved most.
    private static IEnumerable<int> Moved(EditOutcome o) => o.Before.Probabilities is not { } before ? []
        : Enumerable.Range(0, before.Count).OrderByDescending(c => Math.Abs(o.After.Probabilities![c] - before[c])).ThenBy(c => c).Take(6);
}
