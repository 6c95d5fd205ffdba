using System.CommandLine;
using System.Text;
using Isthmus.Bottlenecks;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class AdaptVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder, trained with --concepts" };
    private readonly Option<string?> _shots = new("--shots") { HelpName = "DATA", Description = "few rows of the new domain with their classes: about four of each" };
    private readonly Option<string?> _test = new("--test") { HelpName = "DATA", Description = "other rows of the new domain, to be judged on" };
    private readonly Option<string?> _apply = new("--apply") { HelpName = "DATA", Description = "use the adjustments that are kept beside the run: judge these rows, or with --out FILE.csv answer them" };
    private readonly Option<double> _tolerance = new("--tolerance") { HelpName = "X", Description = "by how much the accuracy on the run's own validation rows may fall (default 0)", DefaultValueFactory = _ => 0 };

    public override IReadOnlyList<Symbol> Symbols => [_run, _shots, _test, _apply, _tolerance];

    public override string Details =>
        "Adapts a run of concepts to a new domain without training: of rows that are taken for a class and are of another, the concepts that speak for the wrong class are masked and those " +
        "that speak too softly for the right one amplified, in rows of that prediction only. How many, and by what factor, the shots decide; an adjustment that makes the run's own " +
        "validation rows worse is taken back. The weights stay; the adjustments are kept in RUN/adaptation.json, which --apply uses.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus adapt runs/cells --shots clinic-b-few.csv --test clinic-b.csv",
        "isthmus adapt runs/cells --apply clinic-b-new.csv --out answers.csv",
    ];

    public override bool Run(Call call)
    {
        if ((call.Get(_shots) is null) == (call.Get(_apply) is null)) throw new InputException("one of --shots DATA and --apply DATA is expected", "--shots finds adjustments, --apply uses those that were found");
        if (!(call.Get(_tolerance) is >= 0 and <= 1)) throw new InputException("--tolerance: a number from 0 to 1 is expected");
        var run = Runs.Run.Load(call.Get(_run)!);
        if (call.Get(_apply) is { } source)
        {
            if (call.Has(_test)) throw new InputException("--test goes with --shots", "--apply judges the rows that it is given");
            if (Call.Beside(call.Out, source) is { } path) return Answer(call, run, source, path);
            var applied = AdaptationRun.Apply(run, run.LoadNew(source, withTarget: true), call.Stop);
            call.Result(() => applied, output => Write(output, applied, call));
            return true;
        }
        if (call.Out is not null) throw new InputException("--out goes with --apply", "the adjustments are kept in RUN/adaptation.json");
        var outcome = AdaptationRun.Of(run, run.LoadNew(call.Get(_shots)!, withTarget: true), call.Get(_test) is { } test ? run.LoadNew(test, withTarget: true) : null,
            new AdaptationOptions { SourceTolerance = call.Get(_tolerance) }, call.Stop);
        call.Result(() => outcome, output => Write(output, outcome, call));
        return true;
    }

    private static bool Answer(Call call, Runs.Run run, string source, string path)
    {
        var data = run.LoadNew(source, withTarget: false);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
            AdaptationRun.Write(run, data, writer, call.Stop);
        });
        call.Result(() => new { Rows = data.Count, File = path }, text => text.WriteLine($"{CellText.Of(data.Count)} rows in {path}"));
        return true;
    }

    private static void Write(TextWriter output, AdaptationOutcome o, Call call)
    {
        foreach (var edit in o.Edits)
            output.WriteLine($"taken for {edit.Predicted}, may be {edit.True}: {string.Join("; ", new[] { edit.Mask.Count > 0 ? "mask " + string.Join(", ", edit.Mask) : "", edit.Amplify.Count > 0 ? $"amplify {string.Join(", ", edit.Amplify)} by {CellText.Number(edit.Factor)}" : "" }.Where(t => t.Length > 0))}");
        if (o.Edits.Count > 0) output.WriteLine();
        var table = new TextTable("accuracy", "before", "after");
        if (o.ShotsBefore is not null) table.Add($"{CellText.Of(o.Shots)} shots", o.ShotsBefore, o.ShotsAfter);
        if (o.TargetBefore is not null) table.Add("new domain", o.TargetBefore, o.TargetAfter);
        table.Add("own test rows", o.SourceBefore, o.SourceAfter);
        call.Write(table);
        output.WriteLine();
        foreach (var note in o.Notes) output.WriteLine(note);
        if (o.File is { } file) output.WriteLine($"adjustments  {file}");
    }
}
