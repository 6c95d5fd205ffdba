using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>An attack on a run's inputs.</summary>
public sealed record AttackOptions
{
    /// <summary>The attacks by name.</summary>
    public static IReadOnlyList<string> Names { get; } = ["fgsm", "pgd", "noise"];

    /// <summary>fgsm, pgd or noise.</summary>
    public string Name { get; init; } = "pgd";

    /// <summary>The largest disturbance of a row: pictures have values in [0, 1], numbers of tables are in standard deviations.</summary>
    public double Eps { get; init; } = 0.1;

    /// <summary>How the disturbance is measured.</summary>
    public AttackNorm Norm { get; init; }

    /// <summary>pgd: steps.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>pgd: random beginnings.</summary>
    public int Restarts { get; init; } = 2;
}

/// <summary>How good answers are when rows are disturbed.</summary>
/// <param name="Attack">fgsm, pgd or noise.</param>
/// <param name="Eps">The largest disturbance.</param>
/// <param name="Norm">linf or l2.</param>
/// <param name="Steps">pgd: steps; otherwise null.</param>
/// <param name="Restarts">pgd: random beginnings; otherwise null.</param>
/// <param name="CleanAccuracy">Share of right classes without the attack.</param>
/// <param name="Accuracy">Share of right classes under it.</param>
/// <param name="NllBits">Mean negative log-likelihood under it, bits a row.</param>
/// <param name="Note">What makes the figure weak; empty where nothing does.</param>
public sealed record UnderAttack(string Attack, double Eps, string Norm, int? Steps, int? Restarts, double CleanAccuracy, double Accuracy, double NllBits, string Note)
{
    private const int RowsAtOnce = 500;

    /// <summary>Judges a classifier on disturbed rows. The attack sees the network's mean code; what is judged is the message asked for.</summary>
    /// <param name="model">A classifier of pictures, vectors or tables.</param>
    /// <param name="data">The rows with their classes.</param>
    /// <param name="rows">Which.</param>
    /// <param name="inference">The message that is judged.</param>
    /// <param name="options">The attack.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">An attack that there is not, a size that is none, or a run that has no classes or no numbers to disturb.</exception>
    public static UnderAttack Of(Model model, Dataset data, int[] rows, Inference inference, AttackOptions options, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        if (!AttackOptions.Names.Contains(options.Name)) throw Suggest.Unknown("attack", options.Name, AttackOptions.Names);
        if (!(options.Eps >= 0) || !double.IsFinite(options.Eps)) throw new InputException(FormattableString.Invariant($"--eps {options.Eps}: expected a number of at least 0"));
        if (options.Steps < 1 || options.Restarts < 1) throw new InputException("--attack-steps and --restarts: expected at least 1");
        if (model.Task != RunTask.Classification) throw new InputException($"--attack: {OptionModel.Word(model.Task.ToString())} has no accuracy to attack", "it is for runs with classes");
        if (data.Kind == DataKind.Text) throw new InputException("--attack: tokens cannot be moved a little", "it is for pictures, series, sounds and numbers of tables");
        var budget = Budget(model, data, options);
        var (disturbed, moved) = Disturb(model, data.Select(rows), options, budget, stop);
        int[] all = [.. Enumerable.Range(0, rows.Length)];
        var clean = Quality.Of(model, data, [], Evaluator.Run(model, data, rows, inference, stop: stop));
        var attacked = Quality.Of(model, disturbed, [], Evaluator.Run(model, disturbed, all, inference, stop: stop));
        var pgd = options.Name == "pgd";
        return new UnderAttack(options.Name, options.Eps, options.Norm.ToString().ToLowerInvariant(), pgd ? options.Steps : null, pgd ? options.Restarts : null,
            clean.Accuracy!.Value, attacked.Accuracy!.Value, attacked.NllBits!.Value,
            options.Name != "noise" && options.Eps > 0 && moved == 0 ? $"no gradient comes through {model.Recipe.Bottleneck!.Type}: nothing was moved, which says nothing about robustness" : "");
    }

    private static AttackBudget Budget(Model model, Dataset data, AttackOptions options)
    {
        var pictures = data.Kind == DataKind.Images;
        var mask = data.Kind == DataKind.Table ? model.Schema.NumericFeatures() : null;
        if (mask is not null && !mask.Contains(1f)) throw new InputException("--attack: the run's features are all categories, which cannot be moved a little");
        return new AttackBudget((float)options.Eps, options.Norm) { Low = pictures ? 0 : float.NegativeInfinity, High = pictures ? 1 : float.PositiveInfinity, Mask = mask };
    }

    // The rows disturbed, and how many of them moved.
    private static (Dataset Data, int Moved) Disturb(Model model, Dataset data, AttackOptions options, AttackBudget budget, CancellationToken stop)
    {
        var features = new float[data.Features.Length];
        var random = new RandomStream(model.Recipe.Seed).Fork("attack");
        var moved = 0;
        model.Network.Eval();
        model.Network.RequiresGrad(false);
        for (var at = 0; at < data.Count; at += RowsAtOnce)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("attack");
            var part = Enumerable.Range(at, Math.Min(RowsAtOnce, data.Count - at)).ToArray();
            var batch = Batches.Of(data, part);
            var stream = random.Fork((ulong)at);
            var result = options.Name switch
            {
                "fgsm" => Attacks.Fgsm(Loss, batch.Inputs, batch.Labels!, budget),
                "pgd" => Attacks.Pgd(Loss, batch.Inputs, batch.Labels!, budget, stream, options.Steps, options.Restarts),
                _ => Attacks.Noise(batch.Inputs, budget, stream),
            };
            result.Data.CopyTo(features.AsSpan(at * data.FeatureSize));
            for (var i = 0; i < part.Length; i++)
                if (!data.Row(part[i]).SequenceEqual(features.AsSpan(part[i] * data.FeatureSize, data.FeatureSize))) moved++;
        }
        return (data.With(features: features), moved);

        Tensor Loss(Tensor x, LongTensor labels) => model.Objective.NegativeLogLikelihood(new Batch(x) { Labels = labels }, model.Network.Forward(x));
    }
}
