using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class CompressionTest
{
    private static readonly RandomStream s_random = new(31);

    private static PassContext Context(PassMode mode) => new(mode, new RandomStream(1)) { Training = mode == PassMode.Sample };

    private static FactorizedPrior Logistic(int channels)
    {
        var prior = new FactorizedPrior(channels, new RandomStream(1));
        foreach (var (name, value) in prior.NamedParameters()) if (name.StartsWith("bias", StringComparison.Ordinal)) value.Data.Clear();
        return prior;
    }

    // With zero biases and factors the prior is logistic with scale 10: P(0) = 0.024994793.
    [Fact]
    public void TheFactorisedPrior_StartsAsALogistic()
    {
        var prior = Logistic(2);
        var p = prior.Likelihood(Tensor.Zeros(1, 2));
        Assert.All(p.ToArray(), v => Assert.Equal(0.024994793, v, 1e-7));
        Assert.All(prior.Medians(), m => Assert.Equal(0, m, 1e-5));
        var all = prior.Likelihood(Tensor.Arange(801, -400).Reshape(801, 1).Expand(801, 2)).Sum(0);
        Assert.All(all.ToArray(), v => Assert.Equal(1, v, 1e-4));
    }

    [Fact]
    public void AfterManyRandomSteps_TablesAreStillDistributions_AndRealBitsMatchTheEstimate()
    {
        var prior = new FactorizedPrior(3, new RandomStream(2));
        var adam = new Adam(prior.NamedParameters(), 5e-3f);
        for (var i = 0; i < 500; i++)
        {
            using var scope = new TensorScope("step");
            adam.ZeroGrad();
            prior.Nats(Sample(64) + (Tensor.Rand(s_random, 64, 3) - 0.5f)).Mean().Backward();
            adam.Step();
        }
        var tables = prior.Tables();
        Assert.All(tables, t => Assert.Equal(1 << t.Precision, Enumerable.Range(0, t.Entries).Sum(t.Frequency)));
        var medians = prior.Medians();
        var y = Sample(333_334); // a million numbers
        var meter = new CostMeter();
        var rounded = Tensor.Zeros(y.Shape);
        for (var i = 0; i < y.Numel; i++)
        {
            var k = MathF.Round(y.Data[i] - medians[i % 3]);
            rounded.Data[i] = k + medians[i % 3];
            meter.WriteInteger((int)k, tables[i % 3]);
        }
        var estimate = Bits.FromNats(prior.Nats(rounded).Sum().Item()).Value;
        Assert.InRange(meter.Cost.Value / estimate, 0.995, 1.005);

        static Tensor Sample(int n) => Tensor.Randn(s_random, n, 3) * Tensor.From([1f, 4f, 15f]) + Tensor.From([0f, -3f, 20f]);
    }

    // Entropy of round(N(0, s)) in bits: s = 1 gives 2.104833; noise costs no less than rounding for a matched, centred prior.
    [Fact]
    public void NoiseCostsAtLeastRounding()
    {
        var tables = new ScaleTables();
        var table = tables.Tables[ScaleTables.IndexOf(1.0)];
        var meter = new CostMeter();
        var x = Tensor.Randn(s_random, 100_000);
        foreach (var v in x.Data) meter.WriteInteger((int)MathF.Round(v), table);
        Assert.InRange(meter.Cost.Value / x.Numel, 2.09, 2.14);
        var noisy = 0.0;
        var noise = Tensor.Rand(s_random, 100_000);
        for (var i = 0; i < x.Numel; i++)
        {
            var y = x.Data[i] + noise.Data[i] - 0.5;
            noisy -= Math.Log2(PriorTables.Mass(Density.Gaussian, y - 0.5, y + 0.5));
        }
        Assert.True(noisy / x.Numel >= 2.104833 - 0.01);
    }

    [Theory]
    [InlineData("entropic")]
    [InlineData("hyperprior")]
    public void LearnedCodes_RoundTrip_AndGiveGradientsToAll(string kind)
    {
        Bottleneck Make() => kind == "entropic"
            ? new EntropicBottleneck(6, new EntropicOptions { Latent = 4 }, new RandomStream(3))
            : new ScaleHyperprior(6, new HyperpriorOptions { Latent = 4, Hyper = 2 }, new RandomStream(3));
        var bottleneck = Make();
        var passage = bottleneck.Pass(Tensor.Randn(s_random, 20, 6) * 8f, Context(PassMode.Sample));
        (passage.Output.Square().Sum() + passage.Terms[0].Value).Backward();
        Assert.All(bottleneck.NamedParameters(), p => Assert.True(p.Value.Grad is not null, p.Name));
        Assert.Throws<InvalidOperationException>(() => bottleneck.Pass(Tensor.Zeros(1, 6), Context(PassMode.Ship)));
        bottleneck.Freeze([]);
        RoundTrip.Check(bottleneck, Tensor.Randn(s_random, 50, 6) * 8f);
        RoundTrip.Check(bottleneck, Tensor.Randn(s_random, 5, 6) * 2000f); // escapes
        var again = Make();
        again.LoadStateDict(bottleneck.StateDict());
        again.LoadTables(bottleneck.FrozenTables);
        Assert.Equal(bottleneck.FrozenTables, again.FrozenTables);
    }

    [Fact]
    public void SoftRounding_RunsFromTheIdentityToTheStaircase()
    {
        var x = Tensor.From([-1.7f, -0.2f, 0.4f, 0.6f, 2.3f]);
        Assert.All(Relaxations.SoftRound(x, 1e-3f).ToArray().Zip(x.ToArray()), p => Assert.Equal(p.Second, p.First, 1e-3f));
        Assert.All(Relaxations.SoftRound(x, 200f).ToArray().Zip(x.ToArray()), p => Assert.Equal(MathF.Round(p.Second), p.First, 1e-3f));
    }
}
