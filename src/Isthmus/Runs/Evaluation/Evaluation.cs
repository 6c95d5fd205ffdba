using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>A run judged on rows: what <c>evaluate</c> prints.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Data">The rows' source, or the part of the run's own data.</param>
/// <param name="Rows">How many.</param>
/// <param name="Inference">The message that is judged.</param>
/// <param name="Test">Quality.</param>
/// <param name="Rate">The four readings.</param>
/// <param name="Notes">What the loader did.</param>
public sealed record Evaluation(string Run, string Data, int Rows, string Inference, Quality Test, Readings Rate, IReadOnlyList<string> Notes)
{
    /// <summary>The same rows under an attack; null where none was asked for.</summary>
    public UnderAttack? Attack { get; init; }

    /// <summary>What passes the bottlenecks inside encoder and decoder; empty without any.</summary>
    public IReadOnlyList<InsertedReading> Inserted { get; init; } = [];

    /// <summary>Judges a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="source">A DATA argument; null for the run's own test rows.</param>
    /// <param name="inference">The message; null for the run's.</param>
    /// <param name="attack">An attack that the rows are judged under too; null for none.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">The rows do not fit the run.</exception>
    public static Evaluation Of(Run run, string? source, string? inference, AttackOptions? attack = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        var message = Runs.Inference.Parse(inference ?? run.Model.Recipe.Inference);
        Dataset data;
        LoadedData? own = null;
        int[] rows, training = [];
        var name = source ?? "";
        if (source is null)
        {
            own = run.LoadOwn();
            (data, training) = (own.Data, own.Split.Train);
            (rows, name) = TrainJob.Judged(own.Split);
        }
        else
        {
            data = run.LoadNew(source, withTarget: true);
            rows = [.. Enumerable.Range(0, data.Count)];
            own = Own(run, data);
        }
        if (rows.Length == 0) throw new InputException($"{name} has no rows to judge the run on");
        var outcomes = Evaluator.Run(run.Model, data, rows, message, stop: stop);
        var bill = Bill.Of(run.Model, data, rows, training, Path.Combine(run.Folder, RunFolder.ModelName), stop);
        var quality = own is null ? Quality.Of(run.Model, data, training, outcomes) : Quality.Of(run.Model, data, own.Split.Train, outcomes, own.Data);
        return new Evaluation(run.Folder, name, rows.Length, message.Name, quality, Readings.Of(run.Model, data, outcomes, message, bill), data.Notes)
        {
            Inserted = outcomes.Inserted,
            Attack = attack is null ? null : UnderAttack.Of(run.Model, data, rows, message, attack, stop),
        };
    }

    // The run's own data, for what answering without looking would reach; they may be gone since.
    private static LoadedData? Own(Run run, Dataset data)
    {
        try
        {
            var own = run.LoadOwn();
            return own.Data.FeatureSize == data.FeatureSize && own.Schema.ToJson() == run.Model.Schema.ToJson() ? own : null;
        }
        catch (InputException)
        {
            return null;
        }
    }
}
