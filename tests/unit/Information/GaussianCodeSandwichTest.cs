using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class GaussianCodeSandwichTest
{
    private static (float[] Mean, float[] Std, float[] Z) Codes(int n, int d, double noise, ulong seed)
    {
        var random = new RandomStream(seed);
        var mean = new float[n * d];
        var std = new float[n * d];
        var z = new float[n * d];
        for (var i = 0; i < n * d; i++)
        {
            mean[i] = (float)random.NextGaussian();
            std[i] = (float)noise;
            z[i] = (float)(mean[i] + noise * random.NextGaussian());
        }
        return (mean, std, z);
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(3, 1.0)]
    [InlineData(2, 0.25)]
    public void The_sandwich_encloses_the_closed_form(int d, double noise)
    {
        // X ~ N(0, I), Z = X + noise: I = d/2 log2(1 + 1/noise²).
        var truth = d / 2.0 * Math.Log2(1 + 1 / (noise * noise));
        var (mean, std, z) = Codes(3000, d, noise, 7);
        var s = GaussianCodeSandwich.Estimate(mean, std, z, 3000, d);
        Assert.InRange(s.Kept.Bits!.Value.Value, truth - 0.15, truth + 0.05);
        Assert.InRange(s.LeftOut.Bits!.Value.Value, truth - 0.05, truth + 0.15);
        Assert.True(s.Kept.Bits < s.LeftOut.Bits);
        Assert.Equal((BoundDirection.Lower, BoundDirection.Upper), (s.Kept.Direction, s.LeftOut.Direction));
        Assert.Null(s.ConditionalKept);
    }

    [Fact]
    public void It_equals_the_naive_double_sum_over_both_aggregates()
    {
        const int n = 37, d = 5;
        var random = new RandomStream(3);
        var mean = new float[n * d];
        var std = new float[n * d];
        var z = new float[n * d];
        var labels = new int[n];
        for (var i = 0; i < n * d; i++)
        {
            mean[i] = (float)random.NextGaussian();
            std[i] = 0.3f + random.NextSingle();
            z[i] = mean[i] + std[i] * (float)random.NextGaussian();
        }
        for (var i = 0; i < n; i++) labels[i] = random.NextInt(3) * 10;
        double Density(int row, int x)
        {
            var log = 0.0;
            for (var k = 0; k < d; k++)
            {
                var t = ((double)z[row * d + k] - mean[x * d + k]) / std[x * d + k];
                log += -0.5 * t * t - Math.Log(std[x * d + k]) - 0.5 * Math.Log(2 * Math.PI);
            }
            return Math.Exp(log);
        }
        double kept = 0, left = 0, insideKept = 0, insideLeft = 0;
        for (var i = 0; i < n; i++)
        {
            double all = 0, inside = 0;
            var size = 0;
            for (var j = 0; j < n; j++)
            {
                all += Density(i, j);
                if (labels[j] != labels[i]) continue;
                inside += Density(i, j);
                size++;
            }
            var own = Density(i, i);
            kept += Math.Log2(own / (all / n)) / n;
            left += Math.Log2(own / ((all - own) / (n - 1))) / n;
            insideKept += Math.Log2(own / (inside / size)) / n;
            insideLeft += Math.Log2(own / ((inside - own) / (size - 1))) / n;
        }
        var s = GaussianCodeSandwich.Estimate(mean, std, z, n, d, labels);
        Assert.Equal(kept, s.Kept.Bits!.Value.Value, 9);
        Assert.Equal(left, s.LeftOut.Bits!.Value.Value, 9);
        Assert.Equal(insideKept, s.ConditionalKept!.Bits!.Value.Value, 9);
        Assert.Equal(insideLeft, s.ConditionalLeftOut!.Bits!.Value.Value, 9);
        Assert.Equal(Math.Max(0, kept - insideLeft), s.LabelLow!.Bits!.Value.Value, 9);
    }

    [Fact]
    public void A_code_that_names_every_input_saturates_at_log_n()
    {
        var (mean, std, z) = Codes(500, 8, 1e-3, 1);
        var s = GaussianCodeSandwich.Estimate(mean, std, z, 500, 8);
        Assert.Equal(Math.Log2(500), s.Kept.Bits!.Value.Value, 6);
        Assert.Equal(Verdict.Saturated, s.Kept.Verdict);
        Assert.True(s.LeftOut.Bits!.Value.Value > 1000);
        Assert.Equal(Verdict.Unreliable, s.LeftOut.Verdict);
    }

    [Fact]
    public void Labels_that_decide_the_mean_carry_their_entropy()
    {
        const int n = 1200;
        var random = new RandomStream(5);
        var labels = new int[n];
        var (mean, std, z) = (new float[n], new float[n], new float[n]);
        for (var i = 0; i < n; i++)
        {
            labels[i] = i % 4;
            mean[i] = 100 * labels[i];
            std[i] = 1;
            z[i] = mean[i] + (float)random.NextGaussian();
        }
        var s = GaussianCodeSandwich.Estimate(mean, std, z, n, 1, labels);
        Assert.Equal(2, s.Kept.Bits!.Value.Value, 2);
        Assert.Equal(0, s.ConditionalKept!.Bits!.Value.Value, 9);
        Assert.Equal(2, s.LabelLow!.Bits!.Value.Value, 2);
        Assert.Equal(2, s.LabelHigh!.Bits!.Value.Value, 2);
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var (mean, std, z) = Codes(300, 4, 0.5, 9);
        var labels = Enumerable.Range(0, 300).Select(i => i % 7).ToArray();
        var one = GaussianCodeSandwich.Estimate(mean, std, z, 300, 4, labels, threads: 1);
        var many = GaussianCodeSandwich.Estimate(mean, std, z, 300, 4, labels, threads: 3);
        Assert.Equal(one.Kept.Bits, many.Kept.Bits);
        Assert.Equal(one.LeftOut.Bits, many.LeftOut.Bits);
        Assert.Equal(one.ConditionalLeftOut!.Bits, many.ConditionalLeftOut!.Bits);
    }

    [Fact]
    public void Bad_input_is_one_clear_line()
    {
        var (mean, std, z) = Codes(10, 2, 1, 0);
        std[7] = 0;
        var zero = Assert.Throws<InputException>(() => GaussianCodeSandwich.Estimate(mean, std, z, 10, 2));
        Assert.Contains("row 3, dimension 1", zero.Message, StringComparison.Ordinal);
        std[7] = float.NaN;
        Assert.Throws<InputException>(() => GaussianCodeSandwich.Estimate(mean, std, z, 10, 2));
        Assert.Throws<ArgumentException>(() => GaussianCodeSandwich.Estimate(mean, std, z, 10, 3));
        Assert.Throws<ArgumentException>(() => GaussianCodeSandwich.Estimate(mean, std, z, 10, 2, new int[4]));
    }
}
