using System.Text.Json;
using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class ElasticNetPathTest
{
    private static readonly JsonElement s_golden = Read();

    private static JsonElement Read()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Bottlenecks", "Goldens", "heads.json"));
        return JsonDocument.Parse(file).RootElement.Clone();
    }

    internal static Tensor GoldenX() => Tensor.From([.. s_golden.GetProperty("x").EnumerateArray().Select(v => v.GetSingle())], 120, 6);

    internal static LongTensor GoldenLabels(string name) => LongTensor.Over([.. s_golden.GetProperty(name).EnumerateArray().Select(v => v.GetInt64())]);

    internal static IEnumerable<JsonElement> GoldenCases(string name) => s_golden.GetProperty(name).EnumerateArray();

    internal static double[] Numbers(JsonElement of, string name) => [.. of.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    [Theory]
    [InlineData("multinomial", "three", 3)]
    [InlineData("binary", "two", 2)]
    public void Minima_AreThoseOfScikitLearn(string cases, string labels, int classes)
    {
        foreach (var golden in GoldenCases(cases))
        {
            var options = new ElasticNetOptions { Alpha = golden.GetProperty("alpha").GetDouble(), Tolerance = 1e-9 };
            var point = ElasticNetPath.Fit(GoldenX(), GoldenLabels(labels), classes, options, [golden.GetProperty("lambda").GetDouble()]).Points[0];
            Assert.Equal(golden.GetProperty("objective").GetDouble(), point.Objective, 1e-10);
            double[] weight = Numbers(golden, "weight"), bias = Numbers(golden, "bias");
            for (var k = 0; k < bias.Length; k++)
            {
                for (var j = 0; j < 6; j++)
                {
                    var own = point.Standardized[(k * 7) + j];
                    Assert.Equal(weight[(k * 6) + j], own, 1e-5);
                    Assert.Equal(weight[(k * 6) + j] == 0, own == 0);
                }
                Assert.Equal(bias[k], point.Standardized[(k * 7) + 6], 1e-5);
            }
        }
    }

    // Correlated columns, one of them constant, one a copy of another; labels from a softmax of a few.
    private static (Tensor X, LongTensor Y) Rows(int n, int d, int classes, double noise = 1)
    {
        var random = new RandomStream(3);
        var x = (Tensor.Randn(random, n, d) * 2f) + (Tensor.Randn(random, n, 1) * 1.5f) + 4f;
        for (var i = 0; i < n; i++) (x.Data[(i * d) + 1], x.Data[(i * d) + 2]) = (7, x.Data[i * d]);
        var truth = Tensor.Randn(random, classes, d);
        var labels = new long[n];
        for (var i = 0; i < n; i++)
        {
            var best = double.NegativeInfinity;
            for (var k = 0; k < classes; k++)
            {
                var score = -noise * Math.Log(-Math.Log(Math.Max(1e-12, random.NextDouble())));
                for (var j = 3; j < 9; j++) score += 0.4 * truth.Data[(k * d) + j] * (x.Data[(i * d) + j] - 4);
                if (score > best) (best, labels[i]) = (score, k);
            }
        }
        return (x, LongTensor.Over(labels));
    }

    // The Karush-Kuhn-Tucker conditions from nothing but the definition: standardise, softmax, gradient.
    private static double Violation(Tensor x, LongTensor y, int classes, ElasticNetPoint point, double alpha)
    {
        var (n, d) = (x.Size(0), x.Size(1));
        var z = new double[n, d];
        for (var j = 0; j < d; j++)
        {
            var column = Enumerable.Range(0, n).Select(i => (double)x.Data[(i * d) + j]).ToArray();
            var (mean, deviation) = (column.Average(), Math.Sqrt(column.Sum(v => (v - column.Average()) * (v - column.Average())) / n));
            for (var i = 0; i < n; i++) z[i, j] = deviation > 1e-9 ? (column[i] - mean) / deviation : 0;
        }
        var logits = classes == 2 ? 1 : classes;
        var gradient = new double[logits, d + 1];
        for (var i = 0; i < n; i++)
        {
            var scores = new double[classes];
            for (var k = 0; k < logits; k++)
            {
                ref var score = ref scores[classes == 2 ? 1 : k];
                score = point.Standardized[(k * (d + 1)) + d];
                for (var j = 0; j < d; j++) score += point.Standardized[(k * (d + 1)) + j] * z[i, j];
            }
            var high = scores.Max();
            var sum = scores.Sum(s => Math.Exp(s - high));
            for (var k = 0; k < logits; k++)
            {
                var c = classes == 2 ? 1 : k;
                var residual = (Math.Exp(scores[c] - high) / sum) - (y.Data[i] == c ? 1 : 0);
                for (var j = 0; j < d; j++) gradient[k, j] += residual * z[i, j] / n;
                gradient[k, d] += residual / n;
            }
        }
        double worst = 0;
        for (var k = 0; k < logits; k++)
            for (var j = 0; j <= d; j++)
            {
                var w = point.Standardized[(k * (d + 1)) + j];
                var g = gradient[k, j] + (j < d ? point.Lambda * (1 - alpha) * w : 0);
                worst = Math.Max(worst, j == d ? Math.Abs(g) : w == 0 ? Math.Abs(g) - (point.Lambda * alpha) : Math.Abs(g + (Math.Sign(w) * point.Lambda * alpha)));
            }
        return worst;
    }

    [Theory]
    [InlineData(5, 0.99, 1.0)]
    [InlineData(2, 0.99, 1.0)]
    [InlineData(4, 1.0, 1.0)]
    [InlineData(4, 0.2, 1.0)]
    [InlineData(3, 0.99, 0.0)] // separable
    [InlineData(2, 0.99, 0.0)]
    public void EveryPoint_MeetsTheOptimalityConditions(int classes, double alpha, double noise)
    {
        var (x, y) = Rows(300, 24, classes, noise);
        var path = ElasticNetPath.Fit(x, y, classes, new ElasticNetOptions { Alpha = alpha, Lambdas = 25 });
        Assert.Equal(25, path.Points.Count);
        Assert.Equal(0, path.Points[0].NonZeros);
        Assert.InRange(path.LargestViolation, 0, 1e-4);
        foreach (var point in path.Points.Where((_, i) => i % 6 == 0))
            Assert.InRange(Violation(x, y, classes, point, alpha) / point.Lambda, 0, 2e-4);
        Assert.True(path.Points[^1].NonZeros > 10);
    }

    // At lambda_max |X'(Y - mean Y)|/n = alpha lambda: a little below it the first weight leaves 0.
    [Fact]
    public void LargestLambda_IsWhereTheFirstWeightAppears()
    {
        var (x, y) = Rows(200, 12, 3);
        var path = ElasticNetPath.Fit(x, y, 3, null, [1.0]);
        Assert.Equal(0, path.At(path.LargestLambda * 1.0001).NonZeros);
        Assert.InRange(path.At(path.LargestLambda * 0.999).NonZeros, 1, 3);
    }

    [Fact]
    public void Results_DoNotDependOnTheNumberOfThreads()
    {
        var (x, y) = Rows(1500, 80, 4);
        var before = Threads.Count;
        try
        {
            double[][] weights = [.. new[] { 1, 2, 5 }.Select(threads =>
            {
                Threads.Count = threads;
                return ElasticNetPath.Fit(x, y, 4, new ElasticNetOptions { Lambdas = 8 }).Points[^1].Standardized.ToArray();
            })];
            Assert.Equal(weights[0], weights[1]);
            Assert.Equal(weights[0], weights[2]);
        }
        finally
        {
            Threads.Count = before;
        }
    }

    [Fact]
    public void AtNec_ComesUpToTheNumberAskedFor_AndNotBeyond()
    {
        var (x, y) = Rows(400, 40, 4);
        var path = ElasticNetPath.Fit(x, y, 4, new ElasticNetOptions { Lambdas = 12 });
        foreach (var nec in new[] { 0, 1, 3, 5, 12 })
        {
            var point = path.AtNec(nec);
            Assert.InRange(point.Nec, nec == 0 ? 0 : nec - 0.5, nec);
            Assert.InRange(Violation(x, y, 4, point, 0.99) / point.Lambda, 0, 2e-4);
        }
    }

    // The head is for features as they are: its softmax must give the loss that the point has.
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Head_GivesTheSameLoss_OnFeaturesAsTheyAre(int classes)
    {
        var (x, y) = Rows(300, 16, classes);
        var point = ElasticNetPath.Fit(x, y, classes, null, [0.02]).Points[0];
        var (weight, bias) = point.Head();
        Assert.Equal(point.Loss, (x.MatMul(weight.Transpose(0, 1)) + bias).CrossEntropy(y).Item(), 1e-5);
        Assert.Equal(0, weight.Data[1]);
    }

    // All of the contributions are as many as the predicted class has weights; a tiny share needs one of them.
    [Fact]
    public void Ncc_CountsTheFewestContributions()
    {
        var x = Tensor.From([1f, 1f, -1f, -1f, 1f, -1f, -1f, 1f], 4, 2);
        var single = ElasticNetPath.Fit(x, LongTensor.From([1, 0, 1, 0]), 2, null, [0.1]).Points[0];
        Assert.True(single.Standardized[0] > 0.5);
        Assert.Equal(0, single.Standardized[1]); // the second column says nothing
        Assert.Equal((1.0, 1.0), (single.Ncc(x, 0.5), single.Ncc(x, 1)));

        var (rows, y) = Rows(200, 20, 4);
        var point = ElasticNetPath.Fit(rows, y, 4, null, [0.01]).Points[0];
        var (weight, bias) = point.Head();
        var logits = rows.MatMul(weight.Transpose(0, 1)) + bias;
        var expected = Enumerable.Range(0, 200).Average(i =>
        {
            var best = Enumerable.Range(0, 4).MaxBy(k => logits.Data[(i * 4) + k]);
            return Enumerable.Range(0, 20).Count(j => weight.Data[(best * 20) + j] != 0);
        });
        Assert.Equal(expected, point.Ncc(rows, 1), 1e-9);
        Assert.InRange(point.Ncc(rows, 0.8), 1, expected - 0.5);
        Assert.Equal(1, point.Ncc(rows, 1e-6));
    }

    [Fact]
    public void Wrong_Input_IsNamed()
    {
        var (x, y) = Rows(50, 10, 3);
        Assert.Contains("label 2; 0 to 1", Assert.Throws<ArgumentException>(() => ElasticNetPath.Fit(x, y, 2)).Message, StringComparison.Ordinal);
        x.Data[12] = float.NaN;
        Assert.Contains("feature 2 of row 1 is NaN", Assert.Throws<ArgumentException>(() => ElasticNetPath.Fit(x, y, 3)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ElasticNetPath.Fit(Tensor.Zeros(50, 10), y, 3, new ElasticNetOptions { Alpha = 0 }));
    }

    [Fact]
    public void FeaturesThatSayNothing_LeaveNoWeights()
    {
        var path = ElasticNetPath.Fit(Tensor.Ones(6, 2), LongTensor.From([0, 1, 2, 0, 1, 2]), 3);
        Assert.Equal(0, Assert.Single(path.Points).NonZeros);
        Assert.Equal(Math.Log(3), path.Points[0].Loss, 1e-12);
    }
}
