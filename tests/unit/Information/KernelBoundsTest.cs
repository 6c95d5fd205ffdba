using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class KernelBoundsTest
{
    [Theory]
    // Known answers 32 and 33: distance 2, 4; four points.
    [InlineData(new[] { 0.0, 2 }, 1, 1.0, 0.219070, 0.566219)]
    [InlineData(new[] { 0.0, 4 }, 1, 1.0, 0.566219, 0.692812)]
    [InlineData(new[] { 0.0, 0, 1, 0, 0, 1, 3, 3 }, 2, 0.1, 1.116156, 1.379568)]
    public void Small_sets_equal_the_known_answers(double[] points, int d, double variance, double lower, double upper)
    {
        var s = KernelBounds.Estimate(points, points.Length / d, d, variance);
        Assert.Equal(lower, s.Lower.Bits!.Value.Nats, 1e-6);
        Assert.Equal(upper, s.Upper.Bits!.Value.Nats, 1e-6);
    }

    [Fact]
    public void They_equal_the_plain_double_sums_and_stay_under_log_n()
    {
        const int n = 43, d = 3;
        var random = new RandomStream(1);
        var h = Enumerable.Range(0, n * d).Select(_ => random.NextGaussian()).ToArray();
        var labels = Enumerable.Range(0, n).Select(_ => random.NextInt(4)).ToArray();
        double[] variances = [0.1, 0.5, 1.5];
        double Plain(double factor, bool inside) => Enumerable.Range(0, n).Average(i =>
        {
            var peers = Enumerable.Range(0, n).Where(j => !inside || labels[j] == labels[i]).ToArray();
            return -Math.Log(peers.Average(j => Math.Exp(-Enumerable.Range(0, d).Sum(k => Math.Pow(h[i * d + k] - h[j * d + k], 2) / (factor * variances[k])))));
        });
        var s = KernelBounds.Estimate(h, n, d, variances, labels, threads: 2);
        Assert.Equal(Plain(8, false), s.Lower.Bits!.Value.Nats, 10);
        Assert.Equal(Plain(2, false), s.Upper.Bits!.Value.Nats, 10);
        Assert.Equal(Plain(8, true), s.ConditionalLower!.Bits!.Value.Nats, 10);
        Assert.Equal(Plain(2, true), s.ConditionalUpper!.Bits!.Value.Nats, 10);
        Assert.True(s.LabelLow!.Bits <= s.LabelHigh!.Bits);
        var crowded = KernelBounds.Estimate(h, n, d, 1e-9);
        Assert.Equal(Math.Log2(n), crowded.Upper.Bits!.Value.Value, 9);
        Assert.Equal(Verdict.Saturated, crowded.Lower.Verdict);
        Assert.Equal(s.Lower.Bits, KernelBounds.Estimate(h, n, d, variances, labels, threads: 1).Lower.Bits);
    }

    [Fact]
    public void Bad_input_is_one_clear_line()
    {
        Assert.Throws<InputException>(() => KernelBounds.Estimate([0.0, 1], 2, 1, 0.0));
        Assert.Throws<InputException>(() => KernelBounds.Estimate([0.0, double.NaN], 2, 1, 1.0));
        Assert.Throws<ArgumentException>(() => KernelBounds.Estimate([0.0, 1], 2, 2, 1.0));
    }

    [Fact]
    public void Gaussian_divergences_equal_the_known_answers()
    {
        // Known answers 37 and 41.
        Assert.Equal(1.180337, GaussianDivergence.KullbackLeibler([1], [0.25], [0], [1]).Value, 1e-6);
        Assert.Equal(0.5, GaussianDivergence.CauchySchwarz([0], [1], [1], [1]), 12);
        Assert.Equal(0.223144, GaussianDivergence.CauchySchwarz([0], [1], [0], [4]), 1e-6);
        // T = X + N(0, 1/4), X ~ N(0, 1): the mean of KL(N(x, 1/4) || N(0, 1)) over x needs E x² = 1 only.
        var rate = GaussianDivergence.KullbackLeibler([1], [0.25], [0], [1]).Nats;
        Assert.Equal(0.818147, rate, 1e-6);
        Assert.Equal(0.013428, rate - 0.5 * Math.Log(5), 1e-6);
    }
}
