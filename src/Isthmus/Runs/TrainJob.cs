using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Data.Baselines;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What a training is given beside its recipe.</summary>
public sealed record TrainOptions
{
    /// <summary>The run's folder; null for a new one under runs/.</summary>
    public string? Out { get; init; }

    /// <summary>Whether the same network without a bottleneck is trained too.</summary>
    public bool Baseline { get; init; }

    /// <summary>Whether a report is written.</summary>
    public bool Report { get; init; } = true;

    /// <summary>Told after every step.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Told what a person should know.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>Asked between steps: a checkpoint is written then and <see cref="OperationCanceledException"/> thrown.</summary>
    public CancellationToken Stop { get; init; }
}

/// <summary>From a recipe to a finished run: training, tables, readings, report, summary; and from an unfinished one on.</summary>
public static class TrainJob
{
    private const int FreezeRows = 20_000;
    private const double MostLinearWork = 5e6; // rows x features x outputs

    /// <summary>Trains a recipe, whose null parts are chosen by the data.</summary>
    /// <exception cref="InputException">Anything wrong with recipe, data or folder.</exception>
    /// <exception cref="OperationCanceledException">Stopped; the run can be resumed.</exception>
    public static RunSummary Start(Recipe recipe, TrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Out is { } path) RunFolder.CheckFree(path);
        return Start(recipe, RecipeData.Load(recipe), options);
    }

    /// <summary>Trains a recipe on data that are loaded already.</summary>
    public static RunSummary Start(Recipe recipe, LoadedData loaded, TrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(loaded);
        ArgumentNullException.ThrowIfNull(options);
        var complete = RecipeDefaults.Complete(recipe, loaded.Schema);
        if (BottleneckRegistry.Find(complete.Bottleneck!.Type).NeedsConcepts)
            foreach (var note in ConceptChecks.Look(loaded.Data, loaded.Split.Train, complete.Data.LeastAnnotated)) options.Note?.Invoke(note);
        _ = KeptEpochs.Parse(complete.Training.Keep, Build(complete, loaded).Network.ParameterCount(), complete.Training.Epochs); // what cannot be built leaves no folder behind
        var folder = RunFolder.Create(options.Out, complete, loaded.Schema, new RunHeader
        {
            Created = DateTime.UtcNow,
            Isthmus = Version,
            Data = RecipeData.Absolute(complete.Data.Source),
            Test = complete.Data.Test is { } test ? RecipeData.Absolute(test) : null,
        });
        foreach (var note in loaded.Data.Notes) options.Note?.Invoke(note);
        return Continue(folder, complete, loaded, options);
    }

    /// <summary>Continues a run to the bits that it would have had without interruption; a finished one is only read.</summary>
    public static RunSummary Resume(string folder, TrainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var header = RunFolder.Header(folder);
        if (RunFolder.Summary(folder) is { } summary && (summary.Baseline is not null || !options.Baseline))
        {
            options.Note?.Invoke($"{folder} is finished already");
            return summary;
        }
        RunFolder.DeleteTemporaries(folder);
        var recipe = RunFolder.Recipe(folder);
        var loaded = RecipeData.Load(recipe, header);
        if (loaded.Schema.ToJson() != RunFolder.Schema(folder).ToJson())
            throw new InputException($"{header.Data} is not what {folder} was begun with", "the data of a run must not change before it is finished");
        return Continue(folder, recipe, loaded, options);
    }

    /// <summary>The version of this library.</summary>
    public static string Version => typeof(TrainJob).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private static Model Build(Recipe recipe, LoadedData loaded) => Model.Build(recipe, loaded.Schema, loaded.Split.Train.Length,
        loaded.Data.Target is ClassTarget target ? target.CountOf(loaded.Split.Train) : null, loaded.Data.Concepts?.StateCounts(loaded.Split.Train));

    private static RunSummary Continue(string folder, Recipe recipe, LoadedData loaded, TrainOptions options)
    {
        var model = Build(recipe, loaded);
        model.Judge();
        model.Network.Bottleneck.Prepare(Encoded(model, loaded));
        Fitting.Bottleneck(model, loaded, FreezeRows);
        PrepareInsertions(model, loaded.Data, loaded.Split);
        var state = new Trainer(model, loaded, folder).Run(options.Progress, options.Stop);
        if (!state.Done) throw Stopped(folder, options);
        Freeze(model, loaded);
        Fitting.Head(model, loaded, FreezeRows);
        model.Save(Path.Combine(folder, RunFolder.ModelName));
        var (rows, split) = Judged(loaded.Split);
        var inference = Inference.Parse(recipe.Inference);
        var outcomes = Evaluator.Run(model, loaded.Data, rows, inference, stop: options.Stop);
        var latents = LatentUse.Of(outcomes);
        var summary = new RunSummary
        {
            Run = folder,
            Task = OptionModel.Word(model.Task.ToString()),
            Bottleneck = recipe.Bottleneck!.Type,
            Seed = recipe.Seed,
            Inference = inference.Name,
            Split = split,
            Test = Quality.Of(model, loaded.Data, loaded.Split.Train, outcomes),
            Rate = Readings.Of(model, loaded.Data, outcomes, inference, Bill.Of(model, loaded.Data, rows, loaded.Split.Train, Path.Combine(folder, RunFolder.ModelName), options.Stop)),
            Baseline = options.Baseline ? Baseline(folder, recipe, loaded, options) : null,
            Linear = Linear(loaded, model, options.Baseline),
            Latents = latents,
            Inserted = outcomes.Inserted,
            Train = new TrainFacts
            {
                Epochs = state.EpochsDone,
                Steps = state.Step,
                Seconds = Math.Round(state.Seconds, 3),
                SamplesPerSecond = Math.Round(state.Samples / Math.Max(1e-9, state.Seconds), 1),
                PeakMemoryMb = Math.Round(PeakMemory() / 1e6, 1),
                Rows = [loaded.Split.Train.Length, loaded.Split.Validation.Length, loaded.Split.Test.Length],
                Parameters = model.Parameters().Sum(p => (long)p.Value.Numel),
            },
            ModelSha256 = Sha256(Path.Combine(folder, RunFolder.ModelName)),
            RecipeSha256 = RecipeFile.Sha256(recipe),
            TrainingSha256 = TrainingDigest.Of(loaded),
            Concepts = ConceptFact.Of(model, loaded),
            Threads = Threads.Count,
            Report = options.Report ? Path.Combine(folder, RunFolder.ReportName) : null,
            Warnings = [.. Warnings(state, latents, split), .. Fitting.Notes(model, loaded, rows)],
        };
        if (options.Report) new RunReport(model, loaded, outcomes, summary, MetricsLog.Read(MetricsLog.PathIn(folder))).Save(summary.Report!);
        RunFolder.WriteSummary(folder, summary);
        return summary;
    }

    private static OperationCanceledException Stopped(string folder, TrainOptions options)
    {
        options.Note?.Invoke($"stopped; a checkpoint is written: isthmus train --resume {folder}");
        return new OperationCanceledException("stopped", options.Stop);
    }

    private static string[] Warnings(TrainingState state, LatentUse? latents, string split) =>
    [
        .. state.EndedEarly.Length > 0 ? [state.EndedEarly] : Array.Empty<string>(),
        .. latents?.Warning is { } warning ? [warning] : Array.Empty<string>(),
        .. split != "test" ? [$"there are no test rows: everything is read from the {split} rows"] : Array.Empty<string>(),
    ];

    /// <summary>The rows that quality and readings are about: test; without such rows, validation; without those, training.</summary>
    internal static (int[] Rows, string Name) Judged(Split split) =>
        split.Test.Length > 0 ? (split.Test, "test") : split.Validation.Length > 0 ? (split.Validation, "validation") : (split.Train, "train");

    // Steps and tables for shipping, from training rows only.
    private static void Freeze(Model model, LoadedData loaded)
    {
        using var noGrad = new NoGrad();
        model.Judge();
        foreach (var insertion in model.Insertions) insertion.Freeze(Inputs(model, loaded.Data, loaded.Split.Train));
        model.Network.Bottleneck.Freeze(Encoded(model, loaded));
    }

    /// <summary>Fits what insertions do not learn by gradients to the training rows.</summary>
    internal static void PrepareInsertions(Model model, Dataset data, Split split)
    {
        using var noGrad = new NoGrad();
        model.Judge();
        foreach (var insertion in model.Insertions) insertion.Prepare(Inputs(model, data, split.Train));
    }

    private static IEnumerable<Features> Encoded(Model model, LoadedData loaded)
    {
        foreach (var x in Inputs(model, loaded.Data, loaded.Split.Train)) yield return model.Network.Encoder.Forward(x);
    }

    // Training rows, or so many that stand for them.
    private static IEnumerable<Tensor> Inputs(Model model, Dataset data, int[] training)
    {
        var most = Math.Max(1, FreezeRows / model.Units);
        var rows = training.Length <= most ? training : Enumerable.Range(0, most).Select(i => training[(int)((long)i * training.Length / most)]).ToArray();
        foreach (var part in Batches.Split(rows, Batches.Most(model, 500)))
        {
            using var scope = new TensorScope("freeze");
            yield return Batches.Of(data, part).Inputs;
        }
    }

    private static Quality Baseline(string folder, Recipe recipe, LoadedData loaded, TrainOptions options)
    {
        var path = Path.Combine(folder, RunFolder.BaselineName);
        var inner = options with { Out = path, Baseline = false, Report = false, Note = null };
        var plain = recipe with { Name = recipe.Name + "-identity", Bottleneck = new Choice("identity", new NoOptions()), Inference = "mean", Phases = [], Insert = [] };
        if (RunFolder.IsRun(path)) return Resume(path, inner).Test;
        return Start(plain, loaded, inner).Test;
    }

    // Fitted without being asked for where that takes no time.
    private static Quality? Linear(LoadedData loaded, Model model, bool asked)
    {
        if (model.Task is RunTask.Reconstruction or RunTask.NextToken or RunTask.Survival || (!asked && (double)loaded.Split.Train.Length * loaded.Data.FeatureSize * model.Site.OutputSize > MostLinearWork)) return null;
        return BaselineSuite.Run(loaded).FirstOrDefault(b => b.Name is "logistic" or "ridge") is { } b
            ? new Quality { Accuracy = b.Accuracy, Rmse = b.Rmse, R2 = b.R2, NllBits = b.NllNats is { } nats ? Bits.FromNats(nats).Value : null }
            : null;
    }

    internal static string Sha256(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
