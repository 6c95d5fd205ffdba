using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class VariationalBottleneckTest
{
    private static PassContext Context(PassMode mode, ulong seed = 5) => new(mode, new RandomStream(seed));

    [Theory]
    [InlineData("standard")]
    [InlineData("diagonal")]
    [InlineData("mixture")]
    [InlineData("vamp")]
    public void EveryPrior_GivesARateAndGradients(string prior)
    {
        var random = new RandomStream(1);
        var encoder = new Linear(6, 4, random);
        var vib = new VariationalBottleneck(4, new VibOptions { Latent = 3, Prior = prior, Components = 5 }, random, 6);
        var network = new BottleneckNetwork(encoder, vib, new Linear(3, 2, random));
        var (_, passage) = network.Run(Tensor.Randn(random, 10, 6), Context(PassMode.Sample));
        Assert.Equal([10], passage.Rate!.Nats.Shape.ToArray());
        passage.Terms[0].Value.Backward();
        foreach (var (name, parameter) in network.NamedParameters())
            if (!name.StartsWith("decoder", StringComparison.Ordinal)) Assert.True(parameter.Grad is not null, name);
    }

    [Fact]
    public void AMixtureOfOneStandardComponent_CostsTheKlOnAverage()
    {
        var random = new RandomStream(3);
        var mixture = new MixturePrior(2, 1, random);
        mixture.Mean.Data.Clear();
        var mean = Tensor.Full([100_000, 2], 0.7f);
        var std = Tensor.Full([100_000, 2], 0.4f);
        var code = new GaussianCode(mean, std, mean + (std * Tensor.Randn(random, 100_000, 2)));
        var expected = new StandardPrior().Rate(code).Nats.Mean().Item();
        Assert.Equal(expected, mixture.Rate(code).Nats.Mean().Item(), 0.02f);
    }

    [Fact]
    public void AVampPriorOfStandardCodes_IsTheStandardPrior()
    {
        var vamp = new VampPrior(1, [2], new RandomStream(4));
        vamp.Attach(u => (Tensor.Zeros(u.Size(0), 2), Tensor.Ones(u.Size(0), 2)));
        var z = Tensor.From([0.3f, -0.2f], 1, 2);
        var code = new GaussianCode(Tensor.Zeros(1, 2), Tensor.Ones(1, 2), z);
        Assert.Equal(0, vamp.Rate(code).Nats.Item(), 1e-6f);
    }

    [Fact]
    public void SameStream_SamePass_AndEvaluationChangesNothing()
    {
        var random = new RandomStream(6);
        var vib = new VariationalBottleneck(4, new VibOptions { Latent = 3, Schedule = BetaMode.Target, TargetBits = 2 }, random);
        var h = Tensor.Randn(random, 8, 4);
        var before = vib.StateDict().ToDictionary(p => p.Key, p => p.Value.ToArray());
        var a = vib.Pass(h, Context(PassMode.Sample)).Output.ToArray();
        var b = vib.Pass(h, Context(PassMode.Sample)).Output.ToArray();
        Assert.Equal(a, b);
        Assert.NotEqual(a, vib.Pass(h, Context(PassMode.Mean)).Output.ToArray());
        foreach (var (name, value) in vib.StateDict()) Assert.Equal(before[name], value.ToArray());
    }

    [Fact]
    public void ATargetRate_MovesBetaTowardsIt()
    {
        var schedule = new BetaSchedule(BetaMode.Target, 0.01f, target: Bits.FromBits(4));
        var context = Context(PassMode.Sample) with { Training = true };
        for (var i = 0; i < 50; i++) schedule.Observe((float)Bits.FromBits(8).Nats);
        var high = schedule.Current(context);
        Assert.True(high > 0.02f);
        for (var i = 0; i < 50; i++) schedule.Observe((float)Bits.FromBits(1).Nats);
        Assert.True(schedule.Current(context) < high);
    }

    [Fact]
    public void Annealing_RisesInAStraightLine()
    {
        var schedule = new BetaSchedule(BetaMode.Anneal, 0.5f, annealSteps: 100);
        var context = Context(PassMode.Sample) with { Training = true };
        Assert.Equal(0f, schedule.Current(context with { Step = 0 }));
        Assert.Equal(0.25f, schedule.Current(context with { Step = 50 }), 1e-6f);
        Assert.Equal(0.5f, schedule.Current(context with { Step = 500 }));
        Assert.Equal(0.5f, schedule.Current(context with { Training = false }));
    }

    [Fact]
    public void FreeBits_CostNothingAndPushNothing()
    {
        var random = new RandomStream(7);
        var vib = new VariationalBottleneck(4, new VibOptions { Latent = 2, FreeBits = 1000 }, random);
        var term = vib.Pass(Tensor.Randn(random, 5, 4), Context(PassMode.Sample)).Terms[0];
        Assert.Equal(2000f, term.Value.Item());
        term.Value.Backward();
        Assert.All(vib.Head.Weight.Grad!.ToArray(), g => Assert.Equal(0f, g));
        Assert.Throws<InputException>(() => new VariationalBottleneck(4, new VibOptions { FreeBits = 1, Prior = "mixture" }, random));
    }

    [Fact]
    public void AMisspeltPrior_IsAnsweredWithTheNearestName()
    {
        var error = Assert.Throws<InputException>(() => new VariationalBottleneck(4, new VibOptions { Prior = "mixtur" }, new RandomStream(0)));
        Assert.Contains("mixture", error.Hint + error.Message);
    }

    [Fact]
    public void EveryContinuousBottleneck_ShipsWhatItRestores()
    {
        var random = new RandomStream(8);
        ContinuousBottleneck[] all =
        [
            new LinearBottleneck(4, 3, random),
            new NoiseBottleneck(4, new NoiseOptions { Latent = 3, Std = 0.3f }, random),
            new InformationDropout(4, new InformationDropoutOptions { Latent = 3 }, random),
            new VariationalBottleneck(4, new VibOptions { Latent = 3, Prior = "diagonal" }, random),
        ];
        foreach (var bottleneck in all)
        {
            Assert.Throws<InvalidOperationException>(() => bottleneck.Pass(Tensor.Randn(random, 2, 4), Context(PassMode.Ship)));
            bottleneck.Freeze([Tensor.Randn(random, 300, 4), Tensor.Randn(random, 200, 4)]);
            RoundTrip.Check(bottleneck, Tensor.Randn(random, 50, 4));
            RoundTrip.Check(bottleneck, Tensor.Randn(random, 50, 4) * 40f); // far beyond training: escapes
            var tables = bottleneck.FrozenTables!;
            bottleneck.LoadTables(tables);
            Assert.Equal(tables, bottleneck.FrozenTables);
            for (var cut = 0; cut < tables.Length; cut += 97) Assert.ThrowsAny<InputException>(() => bottleneck.LoadTables(tables.AsSpan(0, cut)));
        }
    }

    [Fact]
    public void TheDitheredBill_IsTheRateOfUniformNoise()
    {
        // A Gaussian of std 1 under uniform noise of width w: the differential entropy of the sum less that of the noise.
        const float width = 0.5f;
        var x = Tensor.Randn(new RandomStream(9), 40_000, 1);
        var code = DitheredCode.Fit(x.Data, [width]);
        var test = Tensor.Randn(new RandomStream(10), 20_000, 1);
        var bits = Bits.FromNats(code.Cost(code.Quantize(test)).Mean().Item()).Value;
        double entropy = 0;
        const double step = 1e-3;
        for (var v = -8.0; v < 8; v += step)
        {
            var density = (Phi(v + (width / 2)) - Phi(v - (width / 2))) / width;
            if (density > 1e-300) entropy -= density * Math.Log2(density) * step;
        }
        Assert.Equal(entropy - Math.Log2(width), bits, 0.02);

        static double Phi(double v) => 0.5 * (1 + Erf(v / Math.Sqrt(2)));
        // Abramowitz and Stegun 7.1.26, absolute error 1.5e-7.
        static double Erf(double v)
        {
            var t = 1 / (1 + (0.3275911 * Math.Abs(v)));
            var y = 1 - ((((((((1.061405429 * t) - 1.453152027) * t) + 1.421413741) * t) - 0.284496736) * t) + 0.254829592) * t * Math.Exp(-v * v);
            return v < 0 ? -y : y;
        }
    }
}
