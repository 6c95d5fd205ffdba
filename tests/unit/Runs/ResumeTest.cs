using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

/// <summary>A training that is stopped at random moments and continued from its files ends with the bits of one that was not.</summary>
public class ResumeTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private const string Moons = """
        name: moons
        seed: 3
        data: {source: "make:moons,n=300,noise=0.1"}
        encoder: {type: mlp, widths: [16, 16]}
        bottleneck: {type: vib, latent: 4, beta: 1e-3}
        decoder: linear
        training: {epochs: 4, batch: 32, learning_rate: 0.01}
        """;

    [Theory]
    [InlineData("training.optimizer=sgd", "training.momentum=0.8", "training.nesterov=true", "training.learning_rate=0.05")]
    [InlineData("training.optimizer=adam", "training.weight_decay=0.01", "training.schedule=one-cycle")]
    [InlineData("training.optimizer=adamw", "training.weight_decay=0.01", "training.decay_biases=false", "training.schedule=exponential", "training.warmup=5")]
    [InlineData("training.optimizer=rmsprop", "training.momentum=0.5", "training.clip_value=0.01")]
    [InlineData("training.optimizer=adagrad", "training.schedule=step", "training.step_epochs=1")]
    [InlineData("training.optimizer=lamb", "training.weight_decay=0.01", "training.ema=0.9")]
    [InlineData("training.schedule=plateau", "training.plateau_epochs=0", "training.learning_rate=0.1", "training.epochs=8")]
    [InlineData("training.ema=0.95", "training.patience=2", "encoder.dropout=0.2")]
    [InlineData("phases=[{train: [encoder, bottleneck], ema: 0.9, epochs: 2}, {freeze: [encoder], optimizer: sgd, schedule: plateau, plateau_epochs: 0, batch: 50, epochs: 3, learning_rate: 0.01}, {optimizer: lamb, epochs: 2, objective: cross-entropy}]")]
    public void EveryOptimizerScheduleAndAverage(params string[] sets) => StopsChangeNothing(Moons, sets);

    [Fact]
    public void TheAverage_IsWhatIsJudgedAndSaved()
    {
        var recipe = RecipeFile.Parse(Moons, "test", [Override.Parse("training.epochs=10")]);
        var plain = TrainJob.Start(recipe, new TrainOptions { Out = Path.Combine(_folder, "plain"), Report = false });
        var averaged = TrainJob.Start(RecipeFile.With(recipe, [Override.Parse("training.ema=0.9")]), new TrainOptions { Out = Path.Combine(_folder, "averaged"), Report = false });
        Assert.NotEqual(plain.ModelSha256, averaged.ModelSha256);
        var (a, b) = (Run.Load(Path.Combine(_folder, "plain")), Run.Load(Path.Combine(_folder, "averaged")));
        Assert.Equal(a.Metrics.Select(m => m.Train["loss"]), b.Metrics.Select(m => m.Train["loss"])); // the weights that train are not touched
        var loaded = b.LoadOwn();
        var outcomes = Evaluator.Run(b.Model, loaded.Data, loaded.Split.Validation, Inference.Mean);
        Assert.Equal(b.Metrics[^1].Validation!["loss"], outcomes.NllNats.Average() + (1e-3 * outcomes.RateNats!.Average()), 5);
        Assert.NotEqual(a.Metrics[^1].Validation!["loss"], b.Metrics[^1].Validation!["loss"]);
    }

    [Fact]
    public void APlateau_LowersTheStepSizeWhereTheLossStopsToFall()
    {
        var recipe = RecipeFile.Parse(Moons, "test", [.. new[] { "training.schedule=plateau", "training.plateau_epochs=1", "training.epochs=30", "training.learning_rate=0.1" }.Select(Override.Parse)]);
        TrainJob.Start(recipe, new TrainOptions { Out = Path.Combine(_folder, "a"), Report = false });
        var (factor, best, waited) = (1.0, double.PositiveInfinity, 0);
        foreach (var m in Run.Load(Path.Combine(_folder, "a")).Metrics)
        {
            Assert.Equal(0.1 * factor, m.LearningRate, 7);
            var loss = m.Validation!["loss"];
            if (loss < best - (1e-4 * Math.Abs(best)) || double.IsInfinity(best)) (best, waited) = (loss, 0);
            else if (++waited > 1) (factor, waited) = (factor * 0.5, 0);
        }
        Assert.True(factor < 1);
    }

    [Theory]
    [InlineData("gru", "training.ema=0.9")]
    [InlineData("lstm", "encoder.layers=2")]
    [InlineData("transformer", "encoder.dropout=0.2", "encoder.width=16")]
    [InlineData("conv1d", "encoder.norm=batch", "training.ema=0.9")]
    [InlineData("residual", "encoder.norm=batch", "encoder.dropout=0.2", "training.patience=3")]
    public void EveryEncoder(string type, params string[] sets) => StopsChangeNothing("""
        name: sine
        data: {source: "make:sine,n=240", window: 8, split: "0.6,0.2,0.2"}
        bottleneck: {type: vib, latent: 4, beta: 1e-3}
        training: {epochs: 4, batch: 32, learning_rate: 0.01}
        """, ["encoder=" + type, .. sets]);

    [Theory]
    [InlineData("transformer", "encoder.dropout=0.2", "encoder.width=16")]
    [InlineData("gru", "training.ema=0.9")]
    public void Text(string type, params string[] sets)
    {
        var path = Path.Combine(_folder, "sea.txt");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("she sells sea shells by the sea shore. ", 30)));
        StopsChangeNothing($$"""
            name: sea
            data: {source: "{{path}}", window: 8}
            bottleneck: {type: vib, latent: 4, beta: 1e-3}
            training: {epochs: 3, batch: 16, learning_rate: 0.01}
            """, ["encoder=" + type, .. sets]);
    }

    private void StopsChangeNothing(string text, params string[] sets)
    {
        var recipe = RecipeFile.Parse(text, "test", [.. sets.Select(Override.Parse)]);
        var whole = TrainJob.Start(recipe, new TrainOptions { Out = Path.Combine(_folder, "whole"), Report = false });
        var random = new RandomStream((ulong)sets.Length);
        var (sessions, parts) = (0, Path.Combine(_folder, "parts"));
        RunSummary? resumed = null;
        for (; resumed is null; sessions++)
        {
            using var stop = new CancellationTokenSource();
            var left = sessions < 6 ? 1 + random.NextInt(9) : int.MaxValue;
            var options = new TrainOptions { Out = parts, Report = false, Stop = stop.Token, Progress = _ => { if (--left <= 0) stop.Cancel(); } };
            try { resumed = sessions == 0 ? TrainJob.Start(recipe, options) : TrainJob.Resume(parts, options); }
            catch (OperationCanceledException) { }
        }
        Assert.InRange(sessions, 4, 7);
        Assert.Equal(whole.ModelSha256, resumed.ModelSha256);
        Assert.Equal(Lines("whole"), Lines("parts"));
    }

    private string[] Lines(string name) => [.. Run.Load(Path.Combine(_folder, name)).Metrics.Select(m =>
        FormattableString.Invariant($"{m.LearningRate:R} ") + string.Join(' ', m.Train.Concat(m.Validation ?? m.Train).Select(p => FormattableString.Invariant($"{p.Key}={p.Value:R}"))))];
}
