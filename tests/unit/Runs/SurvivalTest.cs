using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

/// <summary>Survival: Cox's loss against its definition, the concordance against all pairs, a known hazard ratio found again.</summary>
public class SurvivalTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Ties among events and between events and rows that were last seen.
    private static readonly float[] s_times = [5, 3, 3, 8, 1, 3, 8, 2, 9, 1];
    private static readonly bool[] s_events = [true, true, true, false, true, false, true, false, true, false];
    private static readonly float[] s_scores = [0.3f, -1.2f, 2f, 0.1f, 0.7f, 0.3f, -0.4f, 1.1f, 0f, 0.7f];

    private static double Nats(float[] scores)
    {
        var sum = 0.0;
        for (var i = 0; i < 10; i++)
            if (s_events[i]) sum += Math.Log(Enumerable.Range(0, 10).Where(j => s_times[j] >= s_times[i]).Sum(j => Math.Exp(scores[j]))) - scores[i];
        return sum / s_events.Count(e => e);
    }

    [Fact]
    public void TheLoss_AndItsGradient_AreThoseOfTheDefinition()
    {
        var prediction = Tensor.From(s_scores).Reshape(10, 1);
        prediction.RequiresGrad = true;
        var batch = new Batch(Tensor.Zeros(10, 1)) { Times = Tensor.From(s_times), Events = Tensor.From([.. s_events.Select(e => e ? 1f : 0f)]) };
        var loss = new CoxObjective().Terms(batch, null!, prediction)[0].Value;
        Assert.Equal(Nats(s_scores), loss.Item(), 5);
        Assert.Equal(Nats(s_scores), Survival.PartialNats(s_times, s_events, s_scores)!.Value, 6);
        loss.Backward();
        for (var i = 0; i < 10; i++)
        {
            // By hand: Σ over events of the share of row i among those still there, minus its own event.
            var slope = -(s_events[i] ? 1.0 : 0);
            for (var e = 0; e < 10; e++)
                if (s_events[e] && s_times[i] >= s_times[e]) slope += Math.Exp(s_scores[i]) / Enumerable.Range(0, 10).Where(j => s_times[j] >= s_times[e]).Sum(j => Math.Exp(s_scores[j]));
            Assert.Equal(slope / s_events.Count(e => e), prediction.Grad!.Data[i], 5);
        }
    }

    [Fact]
    public void ABatchWithoutEvents_HasNoLoss()
    {
        var batch = new Batch(Tensor.Zeros(2, 1)) { Times = Tensor.From([1f, 2f]), Events = Tensor.Zeros(2) };
        Assert.Equal(0, new CoxObjective().Terms(batch, null!, Tensor.From([1f, 5f]))[0].Value.Item());
        Assert.Null(Survival.PartialNats([1, 2], [false, false], [0, 0]));
        Assert.Null(Survival.Concordance([1, 2], [false, false], [0, 0]));
    }

    [Fact]
    public void Concordance_IsTheShareOfComparablePairs()
    {
        var (right, pairs) = (0.0, 0);
        for (var i = 0; i < 10; i++)
            for (var j = 0; j < 10; j++)
            {
                if (!s_events[i] || !(s_times[j] > s_times[i] || (s_times[j] == s_times[i] && !s_events[j]))) continue;
                pairs++;
                right += s_scores[i] > s_scores[j] ? 1 : s_scores[i] == s_scores[j] ? 0.5 : 0;
            }
        var (value, low, high) = Survival.Concordance(s_times, s_events, s_scores)!.Value;
        Assert.Equal(right / pairs, value, 12);
        Assert.True(low < value && value < high && low >= 0 && high <= 1);
        float[] falling = [.. s_times.Select(t => -t)], rising = s_times;
        Assert.Equal(1, Survival.Concordance([1, 2, 3, 4], [true, true, false, true], [4, 3, 2, 1])!.Value.Value);
        Assert.Equal(0, Survival.Concordance([1, 2, 3, 4], [true, true, false, true], [1, 2, 3, 4])!.Value.Value);
        Assert.True(Survival.Concordance(s_times, s_events, falling)!.Value.Value > 0.9 && Survival.Concordance(s_times, s_events, rising)!.Value.Value < 0.1);
    }

    [Fact]
    public void AKnownHazardRatio_IsFound()
    {
        // The hazard is exp(1.2 a - 0.7 b) with a and b standard normal; about a third is censored.
        var random = new RandomStream(4);
        var lines = new List<string> { "a,b,time,event" };
        for (var i = 0; i < 2000; i++)
        {
            var (a, b) = (random.NextGaussian(), random.NextGaussian());
            var time = -Math.Log(1 - random.NextDouble()) * Math.Exp(-((1.2 * a) - (0.7 * b)));
            var seen = -Math.Log(1 - random.NextDouble()) * 2;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{a:R},{b:R},{Math.Min(time, seen):R},{(time <= seen ? 1 : 0)}"));
        }
        var path = Path.Combine(_folder, "s.csv");
        File.WriteAllLines(path, lines);
        string[] sets = ["data.survival=time,event", "data.standardise=false", "encoder=identity", "bottleneck=identity", "decoder=linear", "training.epochs=40", "training.batch=200", "training.learning_rate=0.05"];
        var plan = Plan.Make(path, [.. sets.Select(Override.Parse)]);
        var summary = TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path.Combine(_folder, "run"), Report = true });
        Assert.Equal("survival", summary.Task);
        var test = summary.Test;
        Assert.InRange(test.Concordance!.Value, 0.75, 0.9);
        Assert.True(test.ConcordanceLow < test.Concordance && test.Concordance < test.ConcordanceHigh && test.ConcordanceHigh - test.ConcordanceLow < 0.1);
        var run = Run.Load(summary.Run);
        using var noGrad = new NoGrad();
        var answers = run.Model.Network.Forward(Tensor.From([0f, 0f, 1f, 0f, 0f, 1f]).Reshape(3, 2));
        Assert.InRange(answers.Data[1] - answers.Data[0], 1.0, 1.4);
        Assert.InRange(answers.Data[2] - answers.Data[0], -0.9, -0.5);
        using var to = new StringWriter { NewLine = "\n" };
        Predictor.Write(run, run.LoadNew(path, withTarget: false), to, PredictionColumns.None);
        Assert.StartsWith("row,log_hazard_ratio\n1,", to.ToString(), StringComparison.Ordinal);
    }
}
