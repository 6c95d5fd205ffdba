using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

/// <summary>Folds, attacks, and runs judged on other data.</summary>
public class EvaluationTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Path(string name) => System.IO.Path.Combine(_folder, name);

    private RunSummary Train(string source, string name, params string[] sets)
    {
        var plan = Plan.Make(source, [.. sets.Select(Override.Parse)]);
        return TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path(name), Report = false });
    }

    // y follows x and the group's own offset; three rows a group.
    private string Csv(string name, int rows, int classes = 0)
    {
        var random = new RandomStream((ulong)rows);
        File.WriteAllLines(Path(name), ["g,x1,x2,y", .. Enumerable.Range(0, rows).Select(i =>
        {
            var (a, b) = (random.NextGaussian(), random.NextGaussian());
            var y = classes > 0 ? (a + b > 0.6 ? "hi" : "lo") : FormattableString.Invariant($"{100 + (10 * a) - (5 * b):0.###}");
            return FormattableString.Invariant($"g{i / 3},{a:0.####},{b:0.####},{y}");
        })]);
        return Path(name);
    }

    private static Override[] Sets(params string[] sets) => [.. sets.Select(Override.Parse)];

    [Fact]
    public void Folds_AreAllTrainedEachRowOnceForTestAndTheirMeanHasAnInterval()
    {
        var plan = Plan.Make(Csv("t.csv", 120), Sets("data.target=y", "data.task=regression", "data.groups=g", "data.folds=4", "training.epochs=3"));
        var folds = CrossValidation.Start(plan, new TrainOptions { Out = Path("f"), Report = false });
        Assert.Equal((4, 4, "R²"), (folds.Folds, folds.Runs.Count, folds.Measure));
        Assert.Equal(folds.Runs.Average(r => r.Test.R2!.Value), folds.Mean, 12);
        Assert.Equal(folds.Test.R2!.Value, folds.Mean, 12);
        Assert.InRange(folds.Mean, folds.Low, folds.High);
        var seen = new List<int>();
        for (var k = 0; k < 4; k++)
        {
            var loaded = Run.Load(folds.Runs[k].Run).LoadOwn();
            seen.AddRange(loaded.Split.Test);
            int[][] parts = [loaded.Split.Train, loaded.Split.Validation, loaded.Split.Test];
            var groups = parts.Select(p => p.Select(r => loaded.Data.Groups!.Of[r]).ToHashSet()).ToArray();
            Assert.False(groups[0].Overlaps(groups[1]) || groups[0].Overlaps(groups[2]) || groups[1].Overlaps(groups[2]));
            Assert.NotEmpty(parts[1]);
        }
        Assert.Equal(Enumerable.Range(0, 120), seen.Order());

        Directory.Delete(folds.Runs[2].Run, recursive: true); // as if stopped there
        File.Delete(System.IO.Path.Combine(folds.Runs[3].Run, "summary.json"));
        var again = CrossValidation.Resume(Path("f"), new TrainOptions { Report = false });
        Assert.Equal(folds.Runs.Select(r => r.ModelSha256), again.Runs.Select(r => r.ModelSha256));
        Assert.Equal((folds.Mean, folds.Low, folds.High), (again.Mean, again.Low, again.High));
    }

    // scipy.stats.t.ppf(0.975, 3) = 3.182446305284263; variance 0.00025/3·... by hand below.
    [Fact]
    public void TheIntervalOfFolds_IsStudentsWithTheCorrectionForSharedRows()
    {
        var (mean, low, high) = CrossValidation.Interval([0.8, 0.82, 0.78, 0.84]);
        var half = 3.182446305284263 * Math.Sqrt(0.002 / 3 * ((1.0 / 4) + (1.0 / 3)));
        Assert.Equal(0.81, mean, 12);
        Assert.Equal(0.81 - half, low, 9);
        Assert.Equal(0.81 + half, high, 9);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void OnOtherData_TheAnswerWithoutLookingComesFromTheTrainingPart(int classes)
    {
        Train(Csv("t.csv", 150, classes), "r", "data.target=y", "training.epochs=2", classes == 0 ? "data.task=regression" : "data.task=classification", "data.ignore=g");
        var run = Run.Load(Path("r"));
        var other = Csv("other.csv", 60, classes);
        var blind = Evaluation.Of(run, other, null).Test.MajorityOrMean;
        var own = run.LoadOwn();
        var rows = File.ReadAllLines(other).Skip(1).Select(l => l.Split(',')[3]).ToArray();
        if (classes > 0)
        {
            var target = (ClassTarget)own.Data.Target!;
            var counts = target.CountOf(own.Split.Train);
            Assert.Equal(rows.Count(r => r == target.Classes[Array.IndexOf(counts, counts.Max())]) / 60.0, blind!.Value, 9);
        }
        else
        {
            var target = (ContinuousTarget)own.Data.Target!;
            var mean = own.Split.Train.Average(r => target.InUnits(target.Values[r]));
            Assert.Equal(Math.Sqrt(rows.Average(r => Math.Pow(double.Parse(r, System.Globalization.CultureInfo.InvariantCulture) - mean, 2))), blind!.Value, 3);
        }
        File.Delete(Path("t.csv"));
        Assert.Null(Evaluation.Of(run, other, null).Test.MajorityOrMean); // the run's own data are gone
    }

    [Fact]
    public void UnderAttack_AccuracyFallsWithEpsAndNoiseIsMilder()
    {
        Train("make:moons,n=600,noise=0.1", "r", "training.epochs=15", "training.learning_rate=0.01");
        var run = Run.Load(Path("r"));
        UnderAttack Under(string name, double eps) => Evaluation.Of(run, null, null, new AttackOptions { Name = name, Eps = eps, Steps = 8 }).Attack!;
        var small = Under("pgd", 0.1);
        var large = Under("pgd", 1.0);
        Assert.Equal(run.Summary!.Test.Accuracy!.Value, small.CleanAccuracy);
        Assert.True(large.Accuracy < small.Accuracy && small.Accuracy <= small.CleanAccuracy, $"{large.Accuracy} {small.Accuracy}");
        Assert.True(large.Accuracy <= Under("noise", 1.0).Accuracy);
        Assert.Equal(small, Under("pgd", 0.1));
        Assert.Equal(Under("fgsm", 0).Accuracy, small.CleanAccuracy);
        Assert.Contains("unknown attack 'pdg'", Assert.Throws<InputException>(() => Under("pdg", 0.1)).Message, StringComparison.Ordinal);
        Assert.Contains("--eps -1", Assert.Throws<InputException>(() => Under("pgd", -1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "2")]
    [InlineData(4, "16")]
    [InlineData(8, "7,6,6")]
    [InlineData(10, "6,6,5,5")]
    public void LevelsFillTheirBits(double bits, string expected) => Assert.Equal(expected, string.Join(',', BitBudget.Levels(bits)));

    [Theory]
    [InlineData("vq", 3)]
    [InlineData("fsq", 4)]
    [InlineData("rfsq", 5)]
    [InlineData("lfq", 3)]
    [InlineData("bsq", 3)]
    [InlineData("entropic", 9)]
    [InlineData("noise", 2)]
    public void ABudgetOfBits_IsKeptByEveryBottleneckWithAKnob(string type, double bits)
    {
        var plan = Plan.Make("make:moons,n=300,noise=0.1", Sets(["bottleneck=" + type, "training.epochs=8", "training.learning_rate=0.01", .. type == "entropic" ? ["bottleneck.latent=2"] : Array.Empty<string>()]));
        var summary = BitBudget.Train(plan, bits, new TrainOptions { Out = Path("r"), Report = false });
        Assert.InRange((summary.Rate.BoundBits ?? summary.Rate.CapacityBits)!.Value, 0, bits + 1e-6);
        Assert.True(RunFolder.IsRun(summary.Run));
    }

    [Theory]
    [InlineData("identity", "through identity everything passes")]
    [InlineData("linear", "through linear pass real-valued numbers")]
    public void ABottleneckWithoutAKnob_IsRefusedWithItsReason(string type, string reason)
    {
        var plan = Plan.Make("make:moons,n=300,noise=0.1", Sets("bottleneck=" + type));
        Assert.Contains(reason, Assert.Throws<InputException>(() => BitBudget.Train(plan, 3, new TrainOptions { Out = Path("r") })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAGradient_TheAttackSaysThatItMovedNothing()
    {
        Train("make:moons,n=300,noise=0.1", "r", "bottleneck=vq", "training.epochs=2");
        var attack = Evaluation.Of(Run.Load(Path("r")), null, null, new AttackOptions { Name = "fgsm", Eps = 0.5, Norm = AttackNorm.L2 }).Attack!;
        Assert.Contains("no gradient comes through vq", attack.Note, StringComparison.Ordinal);
    }
}
