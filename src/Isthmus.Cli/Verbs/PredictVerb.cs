using System.CommandLine;
using System.Text;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class PredictVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };
    private readonly Argument<string> _data = new("DATA") { Description = "rows like those it was trained on; a target is not needed" };
    private readonly Option<string?> _with = new("--with") { HelpName = "LIST", Description = "further columns: codes, bits, concepts, reconstruction" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _data, _with];

    public override string Details => "Writes CSV, to --out FILE or stdout: the prediction of each row (class and probabilities, or numbers in the target's units).";

    public override IReadOnlyList<string> Examples => ["isthmus predict runs/houses new.csv --out predictions.csv", "isthmus predict runs/digits digits/ --with codes,bits"];

    public override bool Run(Call call)
    {
        var output = Call.Beside(call.Out, call.Get(_data));
        var with = Predictor.Parse(call.Get(_with) ?? "");
        var run = Runs.Run.Load(call.Get(_run)!);
        var data = run.LoadNew(call.Get(_data)!, withTarget: false);
        foreach (var note in data.Notes) call.Note(note);
        if (output is { } path)
        {
            AtomicFile.Write(path, stream =>
            {
                using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
                Predictor.Write(run, data, writer, with, call.Stop);
            });
            call.Result(() => new { Rows = data.Count, File = path }, text => text.WriteLine($"{data.Count} rows in {path}"));
            return true;
        }
        var lines = new StringWriter { NewLine = "\n" };
        if (call.Json) throw new InputException("predict writes CSV: --json needs --out FILE for it");
        Predictor.Write(run, data, lines, with, call.Stop);
        call.Result(() => new { Rows = data.Count }, text => text.Write(lines.ToString()));
        return true;
    }
}
