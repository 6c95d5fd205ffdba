using System.CommandLine;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class EvaluateVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };
    private readonly Argument<string?> _data = new("DATA") { Arity = ArgumentArity.ZeroOrOne, Description = "rows with their target; left out: the run's own test rows" };
    private readonly Option<string?> _inference = new("--inference") { HelpName = "MESSAGE", Description = "message that is judged: mean, sample, average:k, ship (default: the run's)" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _data, _inference];

    public override string Details => "Judges a run on other rows: the quality of its answers and the four readings of the message they came from.";

    public override IReadOnlyList<string> Examples => ["isthmus evaluate runs/houses more.csv", "isthmus evaluate runs/digits --inference average:12 --json"];

    public override bool Run(Call call)
    {
        var evaluation = Evaluation.Of(Runs.Run.Load(call.Get(_run)!), call.Get(_data), call.Get(_inference), call.Stop);
        foreach (var note in evaluation.Notes) call.Note(note);
        call.Result(() => evaluation, output =>
        {
            RunText.WriteQuality(evaluation.Test, evaluation.Data, evaluation.Inference, null, null, call);
            output.WriteLine();
            RunText.WriteReadings(evaluation.Rate, call);
        });
        return true;
    }
}
