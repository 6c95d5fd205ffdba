using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class SparseMetricsTest
{
    [Fact]
    public void TheMean_LeavesExactlyAllVariance()
    {
        var x = Tensor.From([10f, 1, 10, -1, 10, 3, 10, -3], 4, 2);
        var metrics = new SparseMetrics(3);
        metrics.Add(x, Tensor.From([10f, 0, 10, 0, 10, 0, 10, 0], 4, 2), new SparsePattern(3, [0, 1, 1, 3, 3], [0, 0, 2]), Tensor.From([1f, 2, 0]));
        var reading = metrics.Finish();
        Assert.Equal(1.0, reading.Fvu);
        Assert.Equal(0.5, reading.L0);
        Assert.Equal(2.0 / 3, reading.DeadShare);
        Assert.Equal([0.5, 0, 0], reading.Density);
        Assert.Equal((2 / Math.Sqrt(1.01) / 2 / 2) + (1 / Math.Sqrt(1.09) / 2), reading.Cosine, 12);
        Assert.Equal(reading.Cosine, reading.Shrinkage, 12);
    }

    [Fact]
    public void RowsFarFromTheOrigin_KeepTheirVariance_AndBatchesAddUp()
    {
        var x = Tensor.Randn(new RandomStream(1), 400, 5) + 1000f;
        var rebuilt = x + (Tensor.Randn(new RandomStream(2), 400, 5) * 0.5f);
        var metrics = new SparseMetrics(1);
        var none = new SparsePattern(1, new int[201], []);
        foreach (var from in (int[])[0, 200]) metrics.Add(x.Narrow(0, from, 200).Clone(), rebuilt.Narrow(0, from, 200).Clone(), none, Tensor.Zeros(0));
        var expected = (rebuilt - x).Square().Sum().Item() / (x - x.Mean(0, keepdim: true)).Square().Sum().Item();
        Assert.Equal(expected, metrics.Finish().Fvu, 4);
    }

    [Fact]
    public void LossRecovered_IsOneForTheIdentity_AndLessForFewFeatures()
    {
        var random = new RandomStream(3);
        var network = new Sequential(new Linear(6, 16, random), new ReLU(), new Linear(16, 1, random));
        network.Eval();
        var x = Tensor.Randn(random, 200, 6);
        var y = network.Forward(x).Detach() * 1f;
        double Loss() => (network.Forward(x) - y).Square().Mean().Item();
        Assert.Equal(1, SparseMetrics.Downstream(network, "1", new IdentityBottleneck(16), Loss).Recovered);
        var sae = new TopKAutoencoder(16, new TopKOptions { Features = 32, Active = 4 }, random);
        sae.Prepare([network.Children[1].Value.Forward(network.Children[0].Value.Forward(x))]);
        var downstream = SparseMetrics.Downstream(network, "1", sae, Loss);
        Assert.Equal(0, downstream.Clean);
        Assert.InRange(downstream.Recovered, -5, 0.999);
        Assert.Equal(y.ToArray(), network.Forward(x).ToArray()); // nothing is left in the network
    }

    [Theory]
    [InlineData(3.0, 0.7, 0.0)]
    [InlineData(0.5, 1.2, 0.05)]
    [InlineData(2.0, 0.4, 0.3)]
    public void APowerLaw_IsFound(double coefficient, double exponent, double irreducible)
    {
        double[] widths = [16, 32, 64, 128, 256, 512];
        var law = PowerLaw.Fit(widths, [.. widths.Select(n => irreducible + (coefficient * Math.Pow(n, -exponent)))]);
        Assert.Equal(exponent, law.Exponent, 3);
        Assert.Equal(coefficient, law.Coefficient, 2);
        Assert.Equal(irreducible, law.Irreducible, 3);
        Assert.Equal(law.At(64), irreducible + (coefficient * Math.Pow(64, -exponent)), 4);
        Assert.Throws<ArgumentException>(() => PowerLaw.Fit([1, 2], [1, 0.5]));
        Assert.Throws<ArgumentException>(() => PowerLaw.Fit([1, 2], [1, 0], irreducible: false));
    }

    [Fact]
    public void Selection_TakesWhatSharesFeatures_WhateverTheirScale()
    {
        var candidates = Tensor.From([1f, 0, 0, 0, 0, 1000, 0, 0, 1, 1000, 0, 0, 0, 0, 3, 1], 4, 4);
        var task = Tensor.From([1f, 1000, 0, 0], 1, 4);
        Assert.Equal([0.5, 0.5, 1, 0], MonosemanticSelection.Scores(candidates, task));
        Assert.Equal([2, 0, 1], MonosemanticSelection.Select(candidates, task, 3));
        Assert.Throws<ArgumentException>(() => MonosemanticSelection.Scores(candidates, Tensor.Zeros(1, 3)));
    }
}
