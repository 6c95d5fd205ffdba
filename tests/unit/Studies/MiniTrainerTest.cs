using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Studies;
using Isthmus.Tensors;

namespace Isthmus.Tests.Studies;

public class MiniTrainerTest
{
    private static readonly Trial s_trial = new(3, Budget.Smoke);

    [Fact]
    public void Batches_AreTheSameForEverySeedAlike_AndEachEpochHasEveryRow()
    {
        List<int[]> Rows(int seed)
        {
            var seen = new List<int[]>();
            var w = new Linear(1, 1, new RandomStream(0));
            MiniTrainer.Train(s_trial with { Seed = seed }, w.NamedParameters(), 12, new MiniOptions { Steps = 6, Batch = 4 }, (rows, _) =>
            {
                seen.Add(rows);
                return w.Weight.Sum();
            });
            return seen;
        }
        Assert.Equal(Rows(3), Rows(3));
        Assert.NotEqual(Rows(3), Rows(4));
        Assert.Equal(Enumerable.Range(0, 12), Rows(3).Take(3).SelectMany(r => r).Order());
        Assert.NotEqual(Rows(3)[0], Rows(3)[3]);
    }

    [Fact]
    public void Network_LearnsLabels_ThroughABottleneckToo()
    {
        var data = StudyData.Load(s_trial, "make:moons,n=600");
        var parts = StudyData.Split(data, s_trial, 400, 100, 100);
        var weights = s_trial.Random("weights");
        Module plain = new Sequential(new Linear(2, 32, weights), new ReLU(), new Linear(32, 2, weights));
        var narrow = new BottleneckNetwork(new Sequential(new Linear(2, 32, weights), new ReLU()), new VariationalBottleneck(32, new VibOptions { Latent = 4, Beta = 1e-3f }, weights), new Linear(4, 2, weights));
        foreach (var network in (Module[])[plain, narrow])
        {
            var losses = MiniTrainer.Train(s_trial, network, new CrossEntropyObjective(), parts.Train, new MiniOptions { Steps = 200, LearningRate = 1e-2 });
            Assert.True(losses[^1] < 0.6 * losses[0], $"{losses[0]} to {losses[^1]}");
            Assert.False(network.Training);
            Assert.True(MiniTrainer.Correct(MiniTrainer.Predict(network, parts.Test), parts.Test).Average() > 0.8);
        }
    }

    [Fact]
    public void Predict_InPartsIsTheWhole()
    {
        var data = StudyData.Sprites(s_trial, 700, 8);
        var network = new Sequential(new Flatten(), new Linear(64, 3, new RandomStream(0)));
        var (parts, whole) = (MiniTrainer.Predict(network, data), network.Forward(StudyData.Whole(data).Inputs));
        Assert.Equal(whole.Shape.ToArray(), parts.Shape.ToArray());
        Assert.Equal(whole.ToArray(), parts.ToArray());
    }

    [Fact]
    public void SquaredErrors_AreMeansOfRows()
    {
        Assert.Equal([2.5, 0], MiniTrainer.SquaredErrors(Tensor.From([1, 2, 3, 4], 2, 2), [0, 0, 3, 4]));
        Assert.Throws<ArgumentException>(() => MiniTrainer.SquaredErrors(Tensor.From([1, 2], 2, 1), [0f]));
    }

    [Fact]
    public void Stop_EndsTraining()
    {
        using var stop = new CancellationTokenSource();
        var (w, steps) = (new Linear(1, 1, new RandomStream(0)), 0);
        Assert.Throws<OperationCanceledException>(() => MiniTrainer.Train(s_trial with { Stop = stop.Token }, w.NamedParameters(), 4, new MiniOptions { Steps = 100 }, (_, _) =>
        {
            if (++steps == 5) stop.Cancel();
            return w.Weight.Sum();
        }));
        Assert.Equal(5, steps);
    }

    [Fact]
    public void Split_KeepsTestRowsForAllSeeds_AndDrawsTrainingRowsBySeed()
    {
        var data = new Dataset("numbers", DataKind.Vectors, 100, [.. Enumerable.Range(0, 100).Select(i => (float)i)], 1);
        var (a, b) = (StudyData.Split(data, s_trial, 60, 10, 20), StudyData.Split(data, s_trial with { Seed = 4 }, 60, 10, 20));
        Assert.Equal((a.Test.Features, a.Validation.Features), (b.Test.Features, b.Validation.Features), Same);
        Assert.NotEqual(a.Train.Features, b.Train.Features);
        Assert.Equal(90, a.Train.Features.Concat(a.Validation.Features).Concat(a.Test.Features).Distinct().Count());
        var small = StudyData.Split(data, s_trial, 600, 100, 300);
        Assert.Equal((60, 10, 30), (small.Train.Count, small.Validation.Count, small.Test.Count));
        Assert.Throws<InputException>(() => StudyData.Split(data.Select([0, 1]), s_trial, 10, 10, 10));
    }

    [Fact]
    public void DataOfTheTrial_ComeFirst()
    {
        Assert.Equal(50, StudyData.Load(s_trial with { Data = "make:moons,n=50" }, "make:sprites").Count);
        Assert.Contains("ISTHMUS_DATA", Assert.Throws<InputException>(() => StudyData.Load(s_trial, "no-such-data")).Hint, StringComparison.Ordinal);
    }

    private static bool Same((float[] A, float[] B) x, (float[] A, float[] B) y) => x.A.SequenceEqual(y.A) && x.B.SequenceEqual(y.B);
}
