using Isthmus.Data;
using Isthmus.Data.Baselines;

namespace Isthmus.Tests.Data;

// Goldens by scikit-learn: Goldens/make_baselines.py. 400 rows to learn from, 200 to predict.
public sealed class BaselinesTest : IDisposable
{
    private const int Train = 400, Test = 200;
    private readonly NpzFile _golden = new(Scratch.Golden("baselines.npz"));

    public void Dispose() => _golden.Dispose();

    private (Matrix Train, Matrix Test) Rows(string name)
    {
        var all = _golden.Read<float>(name);
        var d = all.Shape[1];
        return (new Matrix(all.Values[..(Train * d)], Train, d), new Matrix(all.Values[(Train * d)..], Test, d));
    }

    private float[] Target(int column) => [.. _golden.Read<float>("y").Values.Where((_, i) => i % 2 == column).Take(Train)];

    private int[] Labels => [.. _golden.Read<double>("c").Values.Take(Train).Select(v => (int)v)];

    private void Same(string name, double[] actual, double tolerance)
    {
        var expected = _golden.Read<double>(name).Values;
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])), $"{name}[{i}]: {actual[i]}, expected {expected[i]}");
    }

    [Fact]
    public void Ridge_AgreesWithScikitLearn()
    {
        var (train, test) = Rows("x");
        Same("ridge", RidgeRegression.Fit(train, _golden.Read<float>("y").Values.AsSpan(0, 2 * Train), 2, 3).Predict(test), 1e-9);
    }

    [Theory]
    [InlineData("logistic_l2", 0)]
    [InlineData("logistic_net", 0.6)]
    public void Logistic_AgreesWithScikitLearnAndSaysThatItConverged(string name, double l1)
    {
        var (train, test) = Rows("z");
        var model = LogisticRegression.Fit(train, Labels, 3, alpha: 0.02, l1, tolerance: 1e-9, most: 20_000);
        Assert.InRange(model.Residual, 0, 1e-9);
        Same(name, model.Predict(test), 1e-5);
        if (l1 > 0) Assert.Equal(_golden.Read<double>("logistic_nonzero").Values[0], model.NonZero);
        Assert.True(LogisticRegression.Fit(train, Labels, 3, alpha: 0.02, l1, tolerance: 1e-9, most: 3).Residual > 1e-9);
    }

    [Fact]
    public void NearestNeighbours_AgreeWithScikitLearn()
    {
        var (train, test) = Rows("x");
        var near = new NearestNeighbours(train);
        Same("knn_c", [.. near.Classify(test, Labels, 3).Select(c => (double)c)], 0);
        Same("knn_r", near.Regress(test, _golden.Read<float>("y").Values.AsSpan(0, 2 * Train), 2), 1e-6);
    }

    [Fact]
    public void PrincipalComponents_AgreeWithScikitLearn()
    {
        var (train, test) = Rows("x");
        var pca = PrincipalComponents.Fit(train, 3);
        Same("pca_variance", [.. pca.Variances], 1e-9);
        Same("pca_restored", [.. pca.Decode(pca.Encode(test)).Select(v => (double)v)], 1e-5);
    }

    [Fact]
    public void PrincipalComponents_OfManyColumnsFindTheSameSubspace()
    {
        // 300 columns on six directions and a little noise: subspace iteration against the exact solution of the transposed problem.
        var random = new Isthmus.Tensors.RandomStream(4);
        var (n, d) = (80, 300);
        var directions = Enumerable.Range(0, 6 * d).Select(_ => random.NextGaussian()).ToArray();
        var x = new float[n * d];
        for (var i = 0; i < n; i++)
            for (var k = 0; k < 6; k++)
            {
                var z = random.NextGaussian() * (7 - k);
                for (var c = 0; c < d; c++) x[i * d + c] += (float)(z * directions[k * d + c] + 0.01 * random.NextGaussian());
            }
        var pca = PrincipalComponents.Fit(new Matrix(x, n, d), 6);
        var back = pca.Decode(pca.Encode(new Matrix(x, n, d)));
        Assert.InRange(x.Zip(back, (a, b) => (a - b) * (double)(a - b)).Average(), 0, 0.001);
        for (var k = 0; k < 6; k++)
            for (var j = 0; j <= k; j++)
                Assert.Equal(j == k ? 1 : 0, pca.Direction(k).ToArray().Zip(pca.Direction(j).ToArray(), (a, b) => a * b).Sum(), 1e-9);
        Assert.Equal([.. pca.Variances.OrderDescending()], pca.Variances);
    }

    [Fact]
    public void Quantiser_IsNeverFurtherOffThanHalfAStep()
    {
        double[] codes = [0, 0.24, 0.26, -7.3, 1e12];
        var symbols = PrincipalComponents.Quantise(codes, 0.5);
        Assert.Equal([0, 0, 1, -15, int.MaxValue], symbols);
        Assert.All(codes.Take(4).Zip(PrincipalComponents.Dequantise(symbols, 0.5)), p => Assert.InRange(Math.Abs(p.First - p.Second), 0, 0.25));
    }

    [Fact]
    public void Boosting_AgreesWithScikitLearn()
    {
        var (train, test) = Rows("x");
        var options = new BoostingOptions { Iterations = 30 };
        Same("boost_r", HistogramGradientBoosting.FitRegression(train, Target(0), options).Predict(test), 1e-5);
        Same("boost_c3", HistogramGradientBoosting.FitClassification(train, Labels, 3, options).Predict(test), 1e-5);
        Same("boost_c2", HistogramGradientBoosting.FitClassification(train, [.. Labels.Select(c => c > 0 ? 1 : 0)], 2, options).Predict(test), 1e-5);
        var wide = new Matrix(_golden.Read<float>("wide").Values, 1500, 2);
        var other = new BoostingOptions { Iterations = 30, MaxBins = 64, L2 = 0.5, MaxLeaves = 12, MinSamplesLeaf = 5, LearningRate = 0.3 };
        Same("boost_wide", HistogramGradientBoosting.FitRegression(wide, _golden.Read<float>("wide_y").Values, other).Predict(wide), 1e-5);
    }

    [Fact]
    public void Boosting_IsTheSameForEveryNumberOfThreads()
    {
        var data = GeneratorCatalogue.Make("make:gaussian,dim=8,n=20000");
        var y = ((ContinuousTarget)data.Target!).Values.Where((_, i) => i % 8 == 0).ToArray();
        var before = Isthmus.Tensors.Threads.Count;
        try
        {
            double[] Fit(int threads)
            {
                Isthmus.Tensors.Threads.Count = threads;
                return HistogramGradientBoosting.FitRegression(Matrix.Of(data), y, new BoostingOptions { Iterations = 3 }).Predict(Matrix.Of(data));
            }
            Assert.Equal(Fit(1), Fit(3));
        }
        finally
        {
            Isthmus.Tensors.Threads.Count = before;
        }
    }

    // scikit-learn 1.2.1 with early_stopping=False on the same 16,512 rows: R² 0.8301.
    [DataFact("tabular/cal_housing.data")]
    [Trait("Category", "Slow")]
    public void Boosting_OnCaliforniaHousingIsAsGoodAsScikitLearn()
    {
        var table = CsvFile.Read(TestData.Require("tabular/cal_housing.data"));
        var x = new float[table.Count * 8];
        for (var c = 0; c < 8; c++)
            for (var row = 0; row < table.Count; row++) x[row * 8 + c] = (float)table.Columns[c].Numbers[row];
        float[] y = [.. table.Columns[8].Numbers.Select(v => (float)(v / 1e5))];
        var split = Split.Random(table.Count, new SplitShares(0.8, 0, 0.2), 0);
        var all = new Dataset("housing", DataKind.Vectors, table.Count, x, 8);
        var predicted = HistogramGradientBoosting.FitRegression(Matrix.Of(all, split.Train), [.. split.Train.Select(r => y[r])]).Predict(Matrix.Of(all, split.Test));
        var mean = split.Test.Average(r => y[r]);
        var r2 = 1 - split.Test.Select((r, i) => Math.Pow(y[r] - predicted[i], 2)).Sum() / split.Test.Sum(r => Math.Pow(y[r] - mean, 2));
        Assert.InRange(r2, 0.82, 0.85);
    }

    [Fact]
    public void Ease_AgreesWithItsEquations()
    {
        var ratings = new Matrix(_golden.Read<float>("ratings").Values, 120, 15);
        var ease = new Ease(ratings, 10);
        Same("ease", [.. Enumerable.Range(0, 120).SelectMany(u => ease.Scores(ratings.Row(u)))], 1e-9);
        Assert.Equal(Enumerable.Range(0, 15).Select(i => Enumerable.Range(0, 120).Count(u => ratings.Row(u)[i] > 0)), new Popularity(ratings).Scores.Select(s => (int)s));
    }

    [Fact]
    public void Ranking_CountsHitsByTheirRank()
    {
        double[] scores = [0.9, 0.8, 0.7, 0.6, 0.5];
        float[] shown = [1, 0, 0, 0, 0], held = [0, 0, 1, 0, 1];
        Assert.Equal(0.5, Ranking.Recall(scores, shown, held, 2)); // ranks: 1, 2 (a hit), 3, 4 (a hit)
        Assert.Equal(1 / Math.Log2(3) / (1 + 1 / Math.Log2(3)), Ranking.Ndcg(scores, shown, held, 2), 12);
        Assert.Equal(1, Ranking.Recall(scores, shown, held, 4));
        Assert.True(double.IsNaN(Ranking.Recall(scores, shown, shown[..0].Concat(new float[5]).ToArray(), 2)));
    }

    [Fact]
    public void Forecasts_OfAPerfectSeasonHaveNoError()
    {
        var loaded = DataSource.Load("make:sine,n=500,period=12,noise=0", new DataOptions { Window = 24, Horizon = 15 });
        var target = ((ContinuousTarget)loaded.Data.Target!).Values;
        var seasonal = SeriesForecasts.Seasonal(loaded.Data, [3, 70], 12);
        for (var h = 0; h < 15; h++) Assert.Equal(target[70 * 15 + h], seasonal[15 + h], 1e-5);
        Assert.All(SeriesForecasts.LastValue(loaded.Data, [70]), v => Assert.Equal(loaded.Data.Row(70)[23], v));
    }

    [Theory]
    [InlineData("make:moons,n=600", "majority,logistic,nearest,boosting")]
    [InlineData("make:gaussian,n=600", "mean,ridge,nearest,boosting")]
    [InlineData("make:ar,n=5000", "mean,ridge,last-value,nearest,boosting")]
    public void Suite_RunsWhatSuitsTheTarget(string argument, string names)
    {
        var results = BaselineSuite.Run(DataSource.Load(argument, new DataOptions()), full: true);
        Assert.Equal(names, string.Join(',', results.Select(r => r.Name)));
        if (argument.Contains("moons", StringComparison.Ordinal))
        {
            Assert.Equal(0.5, results[0].Accuracy!.Value, 0.02);
            Assert.InRange(results[3].Accuracy!.Value, 0.95, 1);
            Assert.Equal(Math.Log(2), results[0].NllNats!.Value, 0.01);
        }
        else
        {
            Assert.Equal(0, results[0].R2!.Value, 0.1);
            Assert.InRange(results[1].R2!.Value, 0.45, 0.85); // 0.64 in truth for both
        }
    }
}
