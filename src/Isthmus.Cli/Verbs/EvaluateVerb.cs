using System.CommandLine;
using Isthmus.Networks;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class EvaluateVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };
    private readonly Argument<string?> _data = new("DATA") { Arity = ArgumentArity.ZeroOrOne, Description = "rows with their target; left out: the run's own test rows" };
    private readonly Option<string?> _inference = new("--inference") { HelpName = "MESSAGE", Description = "message that is judged: mean, sample, average:k, ship (default: the run's)" };

    private readonly Option<string?> _attack = new("--attack") { HelpName = "NAME", Description = "judge classes under disturbed rows too: fgsm, pgd or noise" };
    private readonly Option<double?> _eps = new("--eps") { HelpName = "X", Description = "largest disturbance; pictures have values in [0, 1], numbers of tables are in standard deviations (default 0.1)" };
    private readonly Option<string?> _norm = new("--norm") { HelpName = "linf|l2", Description = "how a disturbance is measured (default linf)" };
    private readonly Option<int?> _steps = new("--attack-steps") { HelpName = "N", Description = "pgd: steps (default 20)" };
    private readonly Option<int?> _restarts = new("--restarts") { HelpName = "N", Description = "pgd: random beginnings (default 2)" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _data, _inference, _attack, _eps, _norm, _steps, _restarts];

    public override string Details => "Judges a run on other rows: the quality of its answers and the four readings of the message they came from.";

    public override IReadOnlyList<string> Examples => ["isthmus evaluate runs/houses more.csv", "isthmus evaluate runs/digits --inference average:12 --json", "isthmus evaluate runs/digits --attack pgd --eps 0.1"];

    public override bool Run(Call call)
    {
        var evaluation = Evaluation.Of(Runs.Run.Load(call.Get(_run)!), call.Get(_data), call.Get(_inference), Attack(call), call.Stop);
        foreach (var note in evaluation.Notes) call.Note(note);
        call.Result(() => evaluation, output =>
        {
            RunText.WriteQuality(evaluation.Test, evaluation.Data, evaluation.Inference, null, null, call);
            output.WriteLine();
            RunText.WriteReadings(evaluation.Rate, call);
            RunText.WriteInserted(output, evaluation.Inserted, evaluation.Rate.Unit, call);
            if (evaluation.Attack is not { } attack) return;
            output.WriteLine();
            output.WriteLine(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"under {attack.Attack}, eps {attack.Eps} ({attack.Norm}): accuracy {attack.Accuracy:0.0000}, without {attack.CleanAccuracy:0.0000}; {attack.NllBits:0.00} bits lost a row"));
            if (attack.Note.Length > 0) call.Warn(attack.Note);
        });
        return true;
    }

    private AttackOptions? Attack(Call call)
    {
        if (call.Get(_attack) is not { } name)
        {
            foreach (var option in (Option[])[_eps, _norm, _steps, _restarts])
                if (call.Has(option)) throw new InputException($"{option.Name} is about an attack, and none was asked for", "--attack fgsm, pgd or noise");
            return null;
        }
        var usual = new AttackOptions();
        return usual with
        {
            Name = name,
            Eps = call.Get(_eps) ?? usual.Eps,
            Norm = DataFlags.Word<AttackNorm>(_norm.Name, call.Get(_norm)),
            Steps = call.Get(_steps) ?? usual.Steps,
            Restarts = call.Get(_restarts) ?? usual.Restarts,
        };
    }
}
