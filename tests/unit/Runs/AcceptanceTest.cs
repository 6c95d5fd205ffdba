using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

/// <summary>What the ready-made recipes and the defaults have to reach on real data.</summary>
[Trait("Category", "Slow")]
public class AcceptanceTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private RunSummary Train(string? source, params (string Path, string Value)[] sets)
    {
        var plan = Plan.Make(source, [.. sets.Select(s => new Override(s.Path, s.Value, "--set " + s.Path))]);
        return TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path.Combine(_folder, Guid.NewGuid().ToString("N")) });
    }

    [Fact]
    public void Sprites_ReachTheirAccuracyInLittleTime()
    {
        var summary = Train(null);
        Assert.InRange(summary.Test.Accuracy!.Value, 0.98, 1);
        Assert.InRange(summary.Train.Seconds, 0, 60);
    }

    [DataTheory("mnist")]
    [InlineData(0)]
    [InlineData(1)]
    public void Mnist_ReachesItsAccuracyAtItsBound(int seed)
    {
        var summary = Train(TestData.Require("mnist"), ("seed", seed.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.InRange(summary.Test.Accuracy!.Value, 0.968, 1);
        Assert.InRange(summary.Rate.BoundBits!.Value, 5, 25);
        Assert.InRange(summary.Rate.Estimate.HighBits!.Value - summary.Rate.Estimate.LowBits!.Value, 0, 0.5);
    }

    [DataFact("mnist")]
    public void AMixturePrior_ClosesMostOfTheGap()
    {
        var plain = Train(TestData.Require("mnist")).Rate;
        var mixture = Train(TestData.Require("mnist"), ("bottleneck.prior", "mixture")).Rate;
        Assert.InRange(mixture.BoundBits!.Value - mixture.Estimate.HighBits!.Value, 0, (plain.BoundBits!.Value - plain.Estimate.HighBits!.Value) / 2);
    }

    [DataTheory("tabular/cal_housing.data")]
    [InlineData(0)]
    [InlineData(1)]
    public void California_ReachesItsVarianceAtItsBound(int seed)
    {
        var summary = Train(TestData.Require("tabular/cal_housing.data"), ("data.target", "median_house_value"), ("seed", seed.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.InRange(summary.Test.R2!.Value, 0.775, 1);
        Assert.InRange(summary.Rate.BoundBits!.Value, 1, 5);
        Assert.InRange(summary.Linear!.R2!.Value, 0.5, summary.Test.R2.Value);
    }

    [DataTheory("mnist")]
    [InlineData("bike-target-rate")]
    [InlineData("california-vib")]
    [InlineData("mnist-autoencoder")]
    [InlineData("mnist-vib")]
    [InlineData("moons-vib")]
    [InlineData("optdigits-mixture")]
    [InlineData("sprites")]
    public void ReadyMadeRecipes_RunAsTheyAre(string name)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Isthmus.slnx"))) folder = Path.GetDirectoryName(folder)!;
        var file = Path.Combine(folder, "recipes", name + ".yaml");
        var data = RecipeFile.Read(file).Data;
        const string Shared = "../shared/data/";
        var sets = new List<(string, string)> { ("training.epochs", "1") };
        if (data.Source.StartsWith(Shared, StringComparison.Ordinal)) sets.Add(("data.source", TestData.Require(data.Source[Shared.Length..])));
        if (data.Test is { } test) sets.Add(("data.test", TestData.Require(test[Shared.Length..])));
        Assert.True(Train(file, [.. sets]).Rate.BoundBits > 0);
    }
}
