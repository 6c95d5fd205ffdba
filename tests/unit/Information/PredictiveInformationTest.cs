using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class PredictiveInformationTest
{
    [Fact]
    public void Linear_predictors_with_unit_variance_use_the_known_answer()
    {
        // Known answer 46 with an exact sample: x, e take ±1 in all four combinations, so rho is 0.8 exactly.
        double[] x = [1, 1, -1, -1], e = [1, -1, 1, -1];
        var y = x.Zip(e, (a, b) => 0.8 * a + 0.6 * b).ToArray();
        var used = PredictiveInformation.LinearGaussian(Samples.Of(x), Samples.Of(y, "y"), variance: 1);
        Assert.Equal(0.32, used.Value.Nats, 9);
        Assert.Equal(used.Value.Value, used.Pointwise.Average(), 9);
        double[] symmetric = [-2, -1, 1, 2];
        Assert.Equal(0, PredictiveInformation.LinearGaussian(Samples.Of(symmetric), Samples.Of([4, 1, 1, 4], "y"), variance: 1).Value.Nats, 9);
    }

    [Fact]
    public void Logistic_predictors_find_what_a_line_can_separate_and_not_xor()
    {
        var random = new RandomStream(2);
        const int n = 2000;
        var (x, line, xor) = (new double[2 * n], new int[n], new int[n]);
        for (var i = 0; i < n; i++)
        {
            (x[2 * i], x[2 * i + 1]) = (random.NextGaussian(), random.NextGaussian());
            // P(y = 1 | x) = sigmoid(2 x0): the family holds the truth.
            line[i] = random.NextDouble() < 1 / (1 + Math.Exp(-2 * x[2 * i])) ? 1 : 0;
            xor[i] = x[2 * i] * x[2 * i + 1] > 0 ? 7 : 3;
        }
        var samples = new Samples(x, n, 2);
        // E[1 - h(sigmoid(2 x))] bits for x ~ N(0, 1), by quadrature.
        var truth = 0.0;
        for (var t = -8.0; t <= 8; t += 0.001)
        {
            var p = 1 / (1 + Math.Exp(-2 * t));
            truth += 0.001 * Math.Exp(-t * t / 2) / Math.Sqrt(2 * Math.PI) * (1 + p * Math.Log2(p) + (1 - p) * Math.Log2(1 - p));
        }
        Assert.Equal(truth, PredictiveInformation.Logistic(samples, line).Growth.Value, 0.03);
        Assert.Equal(0, PredictiveInformation.Logistic(samples, xor).Growth.Value, 0.01);
        Assert.True(PredictiveInformation.Logistic(samples, xor).Shuffled.Value is >= 0 and < 0.01);
        var three = Array.ConvertAll(Enumerable.Range(0, n).ToArray(), i => x[2 * i] > 0.5 ? 2 : x[2 * i] < -0.5 ? 0 : 1);
        Assert.InRange(PredictiveInformation.Logistic(samples, three).Value.Value, 1.3, 1.6); // separable by lines: near H(Y)
        Assert.Throws<InputException>(() => PredictiveInformation.Logistic(samples, new int[n]));
    }

    // Places of a spot in a picture: two degrees of freedom, bent through 256 pixels. Two principal components fold the plane of
    // places; two numbers of an autoencoder unroll it.
    [Fact]
    public void An_autoencoder_of_the_right_width_reads_pictures()
    {
        var task = InformationTasks.Parse("blob-pair,bits=2");
        var (x, y) = task.Sample(2500, 1);
        var read = new LossyInformation { Components = 2, Autoencoder = true }.Read(new Rows(x, y, null, 0, 0));
        Assert.Equal(2, Bits.FromNats(read.Nats).Value, 0.25);
        Assert.Contains("2 numbers of an autoencoder keep 9", read.Notes![0], StringComparison.Ordinal);
        Assert.Equal(read.Nats, new LossyInformation { Components = 2, Autoencoder = true }.Read(new Rows(x, y, null, 0, 1)).Nats);
    }

    [Fact]
    public void Sliced_and_lossy_readings_are_what_they_say()
    {
        var (x, y) = InformationTasks.Parse("gaussian,dim=1,rho=0.8").Sample(3000, 1);
        var sliced = new SlicedInformation { Slices = 3 }.Estimate(x, y, MeasureOptions.ValueOnly);
        Assert.Null(sliced.Bits);
        Assert.Equal(0.5108, sliced.Measure!.Value, 0.05); // one dimension has one direction
        Assert.Equal(0.5108, KsgTest.Mean(new LossyInformation(), "gaussian,dim=1,rho=0.8", 4000), 0.06);
        // Two informative columns among twenty that copy them: two components keep nearly everything.
        var random = new RandomStream(9);
        var wide = new double[2000 * 20];
        var target = new double[2000];
        for (var i = 0; i < 2000; i++)
        {
            var (a, b) = (random.NextGaussian(), random.NextGaussian());
            for (var c = 0; c < 20; c++) wide[i * 20 + c] = (c % 2 == 0 ? a : b) + 0.01 * random.NextGaussian();
            target[i] = 0.8 * a + 0.6 * random.NextGaussian();
        }
        var reading = new LossyInformation { Components = 2 }.Read(new Rows(new Samples(wide, 2000, 20), Samples.Of(target, "y"), null, 0, 0));
        Assert.Equal(0.5108, reading.Nats, 0.08);
        Assert.Contains("2 principal components keep", reading.Notes![0], StringComparison.Ordinal);
        var classes = Array.ConvertAll(target, t => t > 0 ? 1 : 0);
        var mixed = new LossyInformation { Components = 2 }.Read(new Rows(new Samples(wide, 2000, 20), Samples.OfLabels(classes), null, 0, 0));
        Assert.InRange(Bits.FromNats(mixed.Nats).Value, 0.3, 0.55);
    }
}
