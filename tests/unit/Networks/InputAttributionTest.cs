using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

public class InputAttributionTest
{
    [Fact]
    public void Gradient_IsThatOfEachRowsOwnScore()
    {
        var x = Tensor.From([1, 2, 3, 4], 2, 2);
        Assert.Equal([2, 4, 6, 8], InputAttribution.Gradient(v => (v * v).Sum(1), x).ToArray());
        Assert.Throws<ArgumentException>(() => InputAttribution.Gradient(v => v, x));
    }

    // The axiom of completeness, and for a product of two numbers the closed form: half of it each.
    [Fact]
    public void IntegratedGradients_SumToTheDifferenceOfScores()
    {
        Assert.Equal([3, 3], InputAttribution.IntegratedGradients(v => v.Narrow(1, 0, 1) * v.Narrow(1, 1, 1), Tensor.From([2, 3], 1, 2), steps: 8).ToArray().Select(v => Math.Round(v, 5)));
        var random = new RandomStream(4);
        var network = new Mlp([6, 16, 1], random, () => new Tanh());
        var (x, baseline) = (Tensor.Randn(random, 3, 6), Tensor.Randn(random, 3, 6));
        var parts = InputAttribution.IntegratedGradients(network.Forward, x, baseline, 100);
        var (to, from) = (network.Forward(x), network.Forward(baseline));
        for (var i = 0; i < 3; i++) Assert.Equal(to.Data[i] - from.Data[i], parts.Data.Slice(6 * i, 6).ToArray().Sum(), 1e-3f);
    }
}
