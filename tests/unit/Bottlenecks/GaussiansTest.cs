using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class GaussiansTest
{
    // Two dimensions, means (0.5, -1), ln variances (-1, 0.5): 0.8833003559 nats, 1.2743330431 bits; against variances
    // (0.25, 4): 0.8168490411 nats. By hand from (m² + s² - 1)/2 - ln s.
    [Fact]
    public void Kl_HasItsClosedForm()
    {
        var mean = Tensor.From([0.5f, -1f], 1, 2);
        var std = Tensor.From([MathF.Exp(-0.5f), MathF.Exp(0.25f)], 1, 2);
        var nats = Gaussians.KlToStandard(mean, std).Sum().Item();
        Assert.Equal(0.8833003559, nats, 1e-6);
        Assert.Equal(1.2743330431, Bits.FromNats(nats).Value, 1e-6);
        var against = Gaussians.Kl(mean, std, Tensor.From([0f, 0f]), Tensor.From([0.5f, 2f])).Sum().Item();
        Assert.Equal(0.8168490411, against, 1e-6);
    }

    [Fact]
    public void LogDensities_AgreeWithLogDensity()
    {
        var random = new RandomStream(1);
        var z = Tensor.Randn(random, 7, 3);
        var mean = Tensor.Randn(random, 4, 3);
        var std = Tensor.Rand(random, 4, 3) + 0.2f;
        var all = Gaussians.LogDensities(z, mean, std);
        for (var i = 0; i < 7; i++)
            for (var k = 0; k < 4; k++)
                Assert.Equal(Gaussians.LogDensity(z.Narrow(0, i, 1), mean.Narrow(0, k, 1), std.Narrow(0, k, 1)).Item(), all.Data[(i * 4) + k], 1e-3f);
    }

    // T = X + N(0, 1/4), X ~ N(0, 1): I(X;T) = ln(5)/2 = 0.804719 nats; the rate to N(0, 1) is 0.818147 nats.
    [Fact]
    public void TheRateOfAGaussianChannel_IsAboveItsInformation()
    {
        var x = Tensor.Randn(new RandomStream(2), 200_000, 1);
        var rate = Gaussians.KlToStandard(x, Tensor.Full([200_000, 1], 0.5f)).Mean().Item();
        Assert.Equal(0.818147, rate, 0.01);
        Assert.True(rate > 0.804719 - 0.01);
    }
}
