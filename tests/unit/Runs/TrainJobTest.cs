using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class TrainJobTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private const string Moons = """
        name: moons
        seed: 3
        data: {source: "make:moons,n=400,noise=0.1"}
        encoder: {type: mlp, widths: [32]}
        bottleneck: {type: vib, latent: 4, beta: 1e-3}
        decoder: linear
        training: {epochs: 6, batch: 32, learning_rate: 0.01, schedule: cosine, checkpoint_seconds: 0}
        """;

    private string Path(string name) => System.IO.Path.Combine(_folder, name);

    private static Recipe Recipe(params string[] sets) => RecipeFile.Parse(Moons, "test", [.. sets.Select(Override.Parse)]);

    private RunSummary Train(string name, params string[] sets) => TrainJob.Start(Recipe(sets), new TrainOptions { Out = Path(name) });

    [Fact]
    public void ARun_LeavesItsFilesAndCanBeReadAgain()
    {
        var summary = Train("a", "training.epochs=30");
        Assert.True(summary.Test.Accuracy > 0.9, $"{summary.Test.Accuracy}");
        foreach (var file in (string[])["run.json", "recipe.yaml", "schema.json", "model.safetensors", "metrics.jsonl", "summary.json", "report.html", "state/checkpoint.safetensors"])
            Assert.True(File.Exists(System.IO.Path.Combine(Path("a"), file)), file);
        var run = Run.Load(Path("a"));
        Assert.Equal(30, run.Metrics.Count);
        var loaded = run.LoadOwn();
        var again = Evaluator.Run(run.Model, loaded.Data, loaded.Split.Test, Inference.Mean);
        Assert.Equal(summary.Test, Quality.Of(run.Model, loaded.Data, loaded.Split.Train, again));
        Assert.Equal(summary.Rate, Readings.Of(run.Model, loaded.Data, again, Inference.Mean, Bill.Of(run.Model, loaded.Data, loaded.Split.Test, loaded.Split.Train, System.IO.Path.Combine(Path("a"), "model.safetensors"))));
        Assert.Equal(summary.ModelSha256, run.Summary!.ModelSha256);
    }

    [Fact]
    public void TheSameSeed_GivesTheSameBitsForEveryNumberOfThreads()
    {
        var before = Threads.Count;
        try
        {
            Threads.Count = 1;
            var one = Train("one");
            Threads.Count = 2;
            Assert.Equal(one.ModelSha256, Train("two").ModelSha256);
            Assert.NotEqual(one.ModelSha256, Train("other", "seed=4").ModelSha256);
        }
        finally { Threads.Count = before; }
    }

    [Fact]
    public void StoppedAndResumedManyTimes_ItEndsWithTheSameBitsAndMetrics()
    {
        string[] phases = ["phases=[{epochs: 2, train: [encoder, bottleneck]}, {epochs: 3, optimizer: sgd, learning_rate: 0.001, train: [decoder]}, {epochs: 2}]", "training.patience=2", "training.clip_norm=0.5", "training.weight_decay=0.01", "encoder.dropout=0.2"];
        var whole = Train("whole", phases);
        var steps = new[] { 1, 9, 10, 3, 25, 7 };
        var at = 0;
        RunSummary? resumed = null;
        for (var session = 0; resumed is null; session++)
        {
            using var stop = new CancellationTokenSource();
            var left = session < steps.Length ? steps[session] : int.MaxValue;
            var options = new TrainOptions { Out = Path("parts"), Stop = stop.Token, Progress = _ => { if (--left <= 0) stop.Cancel(); } };
            try { resumed = session == 0 ? TrainJob.Start(Recipe(phases), options) : TrainJob.Resume(Path("parts"), options); }
            catch (OperationCanceledException) { at++; }
        }
        Assert.Equal(steps.Length, at);
        Assert.Equal(whole.ModelSha256, resumed.ModelSha256);
        Assert.Equal(Lines("whole"), Lines("parts"));

        string[] Lines(string name) => [.. Run.Load(Path(name)).Metrics.Select(m => string.Join(' ', m.Train.Concat(m.Validation!).Select(p => FormattableString.Invariant($"{p.Key}={p.Value:R}"))))];
    }

    [Fact]
    public void MetricsBeyondTheCheckpoint_AreCutOnResume()
    {
        using var stop = new CancellationTokenSource();
        var steps = 0;
        Assert.Throws<OperationCanceledException>(() => TrainJob.Start(Recipe(), new TrainOptions { Out = Path("a"), Stop = stop.Token, Progress = _ => { if (++steps == 15) stop.Cancel(); } }));
        File.AppendAllText(System.IO.Path.Combine(Path("a"), "metrics.jsonl"), "{\"phase\":0,\"epo");
        Directory.CreateDirectory(System.IO.Path.Combine(Path("a"), "state"));
        File.WriteAllText(System.IO.Path.Combine(Path("a"), "state", ".checkpoint.safetensors.0.part"), "half");
        TrainJob.Resume(Path("a"), new TrainOptions());
        Assert.Equal([1, 2, 3, 4, 5, 6], Run.Load(Path("a")).Metrics.Select(m => m.Epoch));
        Assert.Empty(Directory.GetFiles(Path("a"), "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public void AFolderWithFiles_IsRefusedWithTheWayToResume()
    {
        Train("a", "training.epochs=1");
        var error = Assert.Throws<InputException>(() => Train("a"));
        Assert.Equal($"--resume {Path("a")} continues that run", error.Hint);
    }

    [Fact]
    public void ADamagedCheckpoint_IsOneLine()
    {
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => TrainJob.Start(Recipe(), new TrainOptions { Out = Path("a"), Stop = stop.Token, Progress = _ => stop.Cancel() }));
        var file = System.IO.Path.Combine(Path("a"), "state", "checkpoint.safetensors");
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^5]);
        Assert.Contains("not a whole safetensors file", Assert.Throws<InputException>(() => TrainJob.Resume(Path("a"), new TrainOptions())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnEditedRecipe_IsNotResumed()
    {
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => TrainJob.Start(Recipe(), new TrainOptions { Out = Path("a"), Stop = stop.Token, Progress = _ => stop.Cancel() }));
        var file = System.IO.Path.Combine(Path("a"), "recipe.yaml");
        File.WriteAllText(file, File.ReadAllText(file).Replace("batch: 32", "batch: 16", StringComparison.Ordinal));
        Assert.Contains("belongs to another recipe", Assert.Throws<InputException>(() => TrainJob.Resume(Path("a"), new TrainOptions())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EarlyStopping_KeepsTheBestWeights()
    {
        var summary = Train("a", "training.epochs=300", "training.patience=3", "training.learning_rate=0.05", "training.schedule=constant");
        Assert.InRange(summary.Train.Epochs, 4, 299);
        var run = Run.Load(Path("a"));
        var best = run.Metrics.Min(m => m.Validation!["loss"]);
        var loaded = run.LoadOwn();
        Assert.Equal(best, run.Metrics[^4].Validation!["loss"]);
        var outcomes = Evaluator.Run(run.Model, loaded.Data, loaded.Split.Validation, Inference.Mean);
        var beta = 1e-3;
        Assert.Equal(best, outcomes.NllNats.Average() + (beta * outcomes.RateNats!.Average()), 4);
    }

    [Fact]
    public void ADivergingTraining_SaysSo()
    {
        var error = Assert.Throws<InputException>(() => Train("a", "training.optimizer=sgd", "training.learning_rate=100", "training.epochs=50"));
        Assert.Contains("training diverged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Phases_MoveOnlyWhatTheyTrain()
    {
        Train("start", "training.epochs=0");
        Train("decoder", "phases=[{epochs: 2, train: [decoder]}]");
        var (before, after) = (Safetensors.Read(System.IO.Path.Combine(Path("start"), "model.safetensors")).Tensors, Safetensors.Read(System.IO.Path.Combine(Path("decoder"), "model.safetensors")).Tensors);
        Assert.All(before, p => Assert.Equal(!p.Key.StartsWith("decoder.", StringComparison.Ordinal), p.Value.ToArray().SequenceEqual(after[p.Key].ToArray())));
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("linear")]
    [InlineData("noise")]
    [InlineData("dropout")]
    [InlineData("vib")]
    public void EveryBottleneck_TrainsAndReportsItsReadings(string name)
    {
        var summary = Train(name, "bottleneck=" + name, "training.epochs=2");
        Assert.Equal(name, summary.Bottleneck);
        Assert.Equal(name is "identity" or "linear", summary.Rate.BoundBits is null);
        Assert.Equal(name is "identity" or "linear", summary.Rate.Estimate.LowBits is null);
        if (summary.Rate.Estimate.LowBits is { } low) Assert.InRange(low, -1e-6, summary.Rate.Estimate.CeilingBits!.Value);
        Assert.Equal(name == "identity" ? "floats" : "mean", summary.Rate.Message);
    }

    [Fact]
    public void TheInference_NamesTheMessageOfQualityAndRate()
    {
        var mean = Train("mean");
        var sample = Train("sample", "inference=sample");
        var average = Train("average", "inference=average:5");
        var ship = Train("ship", "inference=ship");
        Assert.Equal(("mean", "training-bound"), (mean.Rate.Message, mean.Rate.BoundKind));
        Assert.Equal(("sample", "upper-bound"), (sample.Rate.Message, sample.Rate.BoundKind));
        Assert.Contains("5 samples a unit may pass up to 5 times the bound", average.Rate.Note, StringComparison.Ordinal);
        Assert.Equal(("dithered", "code-length"), (ship.Rate.Message, ship.Rate.BoundKind));
        Assert.Equal(mean.ModelSha256, average.ModelSha256);
    }

    [Fact]
    public void TheBaseline_IsTheSameNetworkWithoutABottleneck()
    {
        var summary = TrainJob.Start(Recipe(), new TrainOptions { Out = Path("a"), Baseline = true });
        Assert.Equal(RunFolder.Summary(System.IO.Path.Combine(Path("a"), "baseline"))!.Test, summary.Baseline);
        Assert.Equal("identity", RunFolder.Summary(System.IO.Path.Combine(Path("a"), "baseline"))!.Bottleneck);
    }

    [Fact]
    public void Regression_IsReportedInTheTargetsUnits()
    {
        var rows = Enumerable.Range(0, 600).Select(i => FormattableString.Invariant($"{i % 37},{i % 11},{1000 + (50 * (i % 37)) - (20 * (i % 11))}"));
        File.WriteAllLines(Path("t.csv"), ["a,b,y", .. rows]);
        var plan = Plan.Make(Path("t.csv"), [new Override("data.target", "y", "--target"), new Override("data.task", "regression", "--task"), new Override("training.epochs", "40", "--epochs")]);
        var summary = TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path("r") });
        Assert.True(summary.Test.R2 > 0.9, $"{summary.Test.R2}");
        Assert.InRange(summary.Test.MajorityOrMean!.Value, 400, 700);
        Assert.Equal(Math.Sqrt(summary.Test.Mse!.Value), summary.Test.Rmse!.Value, 6);
        Assert.Equal("gaussian", plan.Recipe.Objective!.Type);
    }

    [Fact]
    public void Reconstruction_OfImagesHasItsOwnDefaults()
    {
        var plan = Plan.Make("make:sprites,n=300,size=16", [new Override("data.task", "reconstruction", "--task"), new Override("training.epochs", "2", "--epochs"), new Override("bottleneck.latent", "4", "--latent")]);
        Assert.Equal(("conv", "deconv", "bernoulli"), (plan.Recipe.Encoder!.Type, plan.Recipe.Decoder!.Type, plan.Recipe.Objective!.Type));
        var summary = TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path("r") });
        Assert.NotNull(summary.Test.Mse);
        Assert.Equal("image", summary.Rate.Unit);
    }

    [Fact]
    public void DataThatChanged_AreNotResumed()
    {
        File.WriteAllLines(Path("t.csv"), ["a,y", .. Enumerable.Range(0, 60).Select(i => $"{i},{(i % 2 == 0 ? "u" : "v")}")]);
        var plan = Plan.Make(Path("t.csv"), [new Override("data.target", "y", "--target")]);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path("r"), Stop = stop.Token, Progress = _ => stop.Cancel() }));
        File.WriteAllLines(Path("t.csv"), ["a,y", .. Enumerable.Range(0, 60).Select(i => $"{i * 2},{(i % 2 == 0 ? "u" : "v")}")]);
        Assert.Contains("is not what", Assert.Throws<InputException>(() => TrainJob.Resume(Path("r"), new TrainOptions())).Message, StringComparison.Ordinal);
    }
}
