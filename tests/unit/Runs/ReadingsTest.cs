using Isthmus.Data;
using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

public class ReadingsTest
{
    private static Outcomes Classes(int[] labels, float[] second)
    {
        var outcomes = new Outcomes([.. Enumerable.Range(0, labels.Length)], 2, 0);
        for (var i = 0; i < labels.Length; i++)
        {
            (outcomes.Answers[2 * i], outcomes.Answers[(2 * i) + 1]) = (1 - second[i], second[i]);
            outcomes.NllNats[i] = -Math.Log(labels[i] == 1 ? second[i] : 1 - second[i]);
        }
        return outcomes;
    }

    private static Model ModelOf(Dataset data) => Model.Build(RecipeDefaults.Complete(new Recipe { Data = new DataRecipe { Source = "t" } }, Schema.Fit(data, [.. Enumerable.Range(0, data.Count)])),
        Schema.Fit(data, [.. Enumerable.Range(0, data.Count)]));

    [Fact]
    public void ClassQuality_AgreesWithTheDefinitions()
    {
        int[] labels = [0, 0, 0, 0, 1, 1, 1, 1];
        float[] second = [0.1f, 0.2f, 0.4f, 0.6f, 0.4f, 0.7f, 0.8f, 0.9f];
        var data = new Dataset("t", DataKind.Vectors, 8, new float[8], 1) { Target = new ClassTarget("y", labels, ["a", "b"]) };
        var quality = Quality.Of(ModelOf(data), data, [0, 1, 2, 3, 4], Classes(labels, second));
        Assert.Equal(0.75, quality.Accuracy!.Value, 12);
        Assert.Equal((6.0 / 8 * 0.5) + (6.0 / 8 * 0.5), quality.F1Macro!.Value, 12); // both classes: 3 right, 1 wrong each way
        Assert.Equal(14.5 / 16, quality.Auc!.Value, 12); // of 16 pairs one is tied and one in the wrong order
        Assert.Equal(0.5, quality.MajorityOrMean!.Value, 12);
        Assert.Equal(Enumerable.Range(0, 8).Average(i => -Math.Log2(labels[i] == 1 ? second[i] : 1 - second[i])), quality.NllBits!.Value, 6);
        Assert.Equal([3, 1], Quality.Confusion((ClassTarget)data.Target!, Classes(labels, second))[0]);
    }

    [Fact]
    public void NumberQuality_IsInTheTargetsUnits()
    {
        float[] standardised = [-1, 0, 1, 2];
        var target = new ContinuousTarget(["y"], standardised, [100], [10]);
        var data = new Dataset("t", DataKind.Vectors, 4, new float[4], 1) { Target = target };
        var outcomes = new Outcomes([0, 1, 2, 3], 1, 0);
        float[] answers = [-1, 0.5f, 1, 1];
        answers.CopyTo(outcomes.Answers, 0);
        var quality = Quality.Of(ModelOf(data), data, [0, 1], outcomes);
        Assert.Equal(100 * (0.25 + 1) / 4, quality.Mse!.Value, 9);
        Assert.Equal(Math.Sqrt(quality.Mse.Value), quality.Rmse!.Value, 12);
        Assert.Equal(1 - ((0.25 + 1) / 5), quality.R2!.Value, 9); // the variance around the mean 0.5 sums to 5
        Assert.Equal(10 * Math.Sqrt((0.25 + 0.25 + 2.25 + 6.25) / 4), quality.MajorityOrMean!.Value, 9); // from the training mean -0.5
        Assert.Equal(Math.Log2(10), quality.NllBits!.Value, 9);
    }

    [Fact]
    public void Dimensions_WithoutAFactorisedRateAreReadFromTheCode()
    {
        var outcomes = new Outcomes([.. Enumerable.Range(0, 1000)], 2, 2) { CodeMean = new float[2000], CodeStd = new float[2000], CodeSample = new float[2000] };
        for (var i = 0; i < 1000; i++)
        {
            (outcomes.CodeMean[2 * i], outcomes.CodeMean[(2 * i) + 1]) = ((i % 2 * 2) - 1, 0); // variance 1 and 0
            (outcomes.CodeStd[2 * i], outcomes.CodeStd[(2 * i) + 1]) = (0.5f, 1);
        }
        var use = LatentUse.Of(outcomes)!;
        Assert.Equal(0.5 * Math.Log2(1.25 / 0.25), use.BitsPerDimension[0], 5);
        Assert.Equal(0, use.BitsPerDimension[1], 9);
        Assert.Equal((2, 1), (use.Dimensions, use.Dead));
        Assert.Contains("1 of 2 dimensions", use.Warning!, StringComparison.Ordinal);
    }

    [Fact]
    public void Collapse_IsSaid()
    {
        var use = new LatentUse(3, 3, [0, 0, 0]);
        Assert.StartsWith("posterior collapse", use.Warning!, StringComparison.Ordinal);
        Assert.Null(new LatentUse(1, 0, [2]).Warning);
    }

    [Fact]
    public void ACollapsedTraining_IsDetectedAndSaid()
    {
        var folder = Directory.CreateTempSubdirectory("isthmus-");
        try
        {
            var plan = Plan.Make("make:moons,n=300", [new Override("bottleneck.beta", "100", "--beta"), new Override("training.epochs", "40", "--epochs"), new Override("training.learning_rate", "0.01", "--set")]);
            var summary = TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path.Combine(folder.FullName, "r") });
            Assert.Equal(summary.Latents!.Dimensions, summary.Latents.Dead);
            Assert.Contains(summary.Warnings, w => w.StartsWith("posterior collapse", StringComparison.Ordinal));
            Assert.InRange(summary.Rate.BoundBits!.Value, 0, 0.2);
        }
        finally { folder.Delete(recursive: true); }
    }
}
