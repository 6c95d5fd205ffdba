using System.CommandLine;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class TrainVerb : Verb
{
    private readonly Option<string?> _resume = new("--resume") { HelpName = "RUN", Description = "continue a run to the bits it would have had" };
    private readonly Option<bool> _baseline = new("--baseline") { Description = "train the same network without a bottleneck too" };
    private readonly Option<double?> _bits = new("--bits") { HelpName = "N", Description = "the best model whose cost stays under N bits" };
    private readonly Option<bool> _list = new("--list-bottlenecks") { Description = "print every bottleneck with one line" };

    public override IReadOnlyList<Symbol> Symbols => [.. TrainFlags.Symbols, _bits, _baseline, _resume, _list];

    public override string Details => "Trains a network through a bottleneck and writes a run: recipe, model, metrics, summary and report. Whatever is not said is chosen by the data.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus train",
        "isthmus train digits/ --baseline",
        "isthmus train houses.csv --target price --beta 0.02",
        "isthmus train recipes/mnist-vib.yaml --set bottleneck.prior=mixture --out runs/mixture",
        "isthmus train --resume runs/mixture",
    ];

    public override bool Run(Call call)
    {
        if (call.Get(_list)) return List(call);
        var options = new TrainOptions
        {
            Out = call.Out,
            Baseline = call.Get(_baseline),
            Progress = p => call.Progress.Show(new ProgressState(p.What, p.Done, p.Total, p.SamplesPerSecond, p.Loss, p.RateBits)),
            Note = call.Note,
            Stop = call.Stop,
        };
        if (Folds(call, options) is { } folds)
        {
            call.Result(() => folds, output => RunText.Write(output, folds, call));
            return true;
        }
        var summary = Summary(call, options);
        foreach (var warning in summary.Warnings) call.Warn(warning);
        call.Result(() => summary, output => RunText.Write(output, summary, call));
        return true;
    }

    // Null where one training is asked for.
    private FoldsSummary? Folds(Call call, TrainOptions options)
    {
        void Announce(string text) => call.Note(text);
        if (call.Get(_resume) is { } folder) return CrossValidation.IsFolder(folder) && TrainFlags.Overrides(call).Count == 0 ? CrossValidation.Resume(folder, options, Announce) : null;
        if (!TrainFlags.AsksForFolds(call)) return null;
        if (call.Out is { } path) RunFolder.CheckFree(path);
        var plan = TrainFlags.Plan(call);
        if (plan.Recipe.Data is not { Folds: > 0, Fold: null }) return null;
        if (call.Has(_bits)) throw new InputException("--bits and --folds: a budget is kept by one training", "data.fold says which fold is the test part, as in --set data.fold=0");
        return CrossValidation.Start(plan, options, Announce);
    }

    private RunSummary Summary(Call call, TrainOptions options)
    {
        if (call.Get(_resume) is { } folder)
        {
            if (TrainFlags.Overrides(call) is [var first, ..]) throw new InputException($"{first.Flag} cannot change a run that is resumed", $"'isthmus train {folder} …' begins a new run with its recipe");
            return TrainJob.Resume(folder, options);
        }
        if (call.Out is { } path) RunFolder.CheckFree(path);
        var plan = TrainFlags.Plan(call);
        return call.Get(_bits) is { } bits ? BitBudget.Train(plan, bits, options) : TrainJob.Start(plan.Recipe, plan.Loaded, options);
    }

    private static bool List(Call call)
    {
        call.Result(() => new { Bottlenecks = BottleneckRegistry.Entries.Select(e => new { e.Name, e.Summary }) }, output =>
        {
            foreach (var entry in BottleneckRegistry.Entries) output.WriteLine($"{entry.Name,-16}{entry.Summary}");
        });
        return true;
    }
}
