using Isthmus.Information;
using Isthmus.Tensors;
using MathNet.Numerics;

namespace Isthmus.Tests.Information;

public class NeighbourEntropyTest
{
    private static Samples Normal(int n, int d, ulong seed, double scale = 1, double mean = 0)
    {
        var random = new RandomStream(seed);
        return new Samples([.. Enumerable.Range(0, n * d).Select(_ => mean + scale * random.NextGaussian())], n, d);
    }

    [Fact]
    public void Five_points_equal_the_known_answers()
    {
        double[] x = [1.3, 3.7, 5.1, 2.4, 3.4], y = [1.5, 3.32, 5.3, 2.3, 3.3];
        Assert.Equal(1.8761176, KozachenkoLeonenko.Entropy(Samples.Of(x), 3, euclidean: false).Nats, 1e-7);
        Assert.Equal(3.4991671, KozachenkoLeonenko.Entropy(Samples.FromColumns([x, y]), 2).Nats, 1e-7);
    }

    [Theory]
    [InlineData(1, 1.0, false)]
    [InlineData(1, 30.0, true)]
    [InlineData(3, 0.5, true)]
    public void Gaussian_entropy_is_found(int d, double scale, bool euclidean)
    {
        var truth = d * 0.5 * Math.Log(2 * Math.PI * Math.E * scale * scale);
        Assert.Equal(truth, KozachenkoLeonenko.Entropy(Normal(20000, d, 4, scale), 3, euclidean).Nats, 0.03);
    }

    [Theory]
    [InlineData(4, 10)]
    [InlineData(5, 20)]
    [InlineData(9, 40)]
    public void Weights_meet_their_equations_and_shrink_the_bias(int d, int k)
    {
        var w = KozachenkoLeonenko.Weights(k, d);
        Assert.Equal(1, w.Sum(), 9);
        for (var l = 1; l <= d / 4; l++)
            Assert.Equal(0, Enumerable.Range(1, k).Sum(j => w[j - 1] * Math.Exp(SpecialFunctions.GammaLn(j + 2.0 * l / d) - SpecialFunctions.GammaLn(j) - 2.0 * l / d * Math.Log(k))), 9);
        var truth = d * 0.5 * Math.Log(2 * Math.PI * Math.E);
        var sample = Normal(4000, d, 6);
        var weighted = Math.Abs(KozachenkoLeonenko.Entropy(sample, k, true, true).Nats - truth);
        var plain = Math.Abs(KozachenkoLeonenko.Entropy(sample, k).Nats - truth);
        Assert.True(weighted < 0.6 * plain, FormattableString.Invariant($"weighted {weighted}, plain {plain}"));
    }

    [Fact]
    public void Divergence_of_two_gaussians_is_found()
    {
        // Known answer 41: KL from N(1, 0.5²) to N(0, 1) = 1.180337 bits.
        var bits = NeighbourDivergence.KullbackLeibler(Normal(20000, 1, 1, 0.5, 1), Normal(20000, 1, 2), 5);
        Assert.Equal(1.180337, bits.Value, 0.05);
        Assert.Equal(0, NeighbourDivergence.KullbackLeibler(Normal(5000, 2, 1), Normal(5000, 2, 2)).Value, 0.06);
        Assert.Throws<InputException>(() => NeighbourDivergence.KullbackLeibler(Normal(3, 1, 1), Normal(9, 1, 2)));
        Assert.Throws<InputException>(() => NeighbourDivergence.KullbackLeibler(Normal(9, 2, 1), Normal(9, 1, 2)));
    }

    [Fact]
    public void Coinciding_rows_are_refused()
    {
        var same = new Samples([1, 1, 1, 1, 2, 3], 6, 1);
        Assert.Contains("coincides", Assert.Throws<InputException>(() => KozachenkoLeonenko.Entropy(same, 2)).Message, StringComparison.Ordinal);
    }
}
