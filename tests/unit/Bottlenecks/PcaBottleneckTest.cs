using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class PcaBottleneckTest
{
    // Rows with the deviations 5, 3, 2, 1, 1/2 … along directions that a rotation has mixed, away from 0.
    private static Tensor Rows(int n, out Tensor directions)
    {
        var random = new RandomStream(11);
        const int d = 8;
        var (mix, deviations) = (Tensor.Randn(random, d, d), Tensor.From([5f, 3f, 2f, 1f, .5f, .25f, .1f, .05f]));
        for (var i = 0; i < d; i++) // Gram and Schmidt
        {
            for (var j = 0; j < i; j++)
            {
                var dot = 0f;
                for (var k = 0; k < d; k++) dot += mix.Data[(i * d) + k] * mix.Data[(j * d) + k];
                for (var k = 0; k < d; k++) mix.Data[(i * d) + k] -= dot * mix.Data[(j * d) + k];
            }
            var length = MathF.Sqrt(Enumerable.Range(i * d, d).Sum(k => mix.ToArray()[k] * mix.ToArray()[k]));
            for (var k = 0; k < d; k++) mix.Data[(i * d) + k] /= length;
        }
        directions = mix;
        return (Tensor.Randn(random, n, d) * deviations).MatMul(mix) + 4f;
    }

    private static PcaBottleneck Fitted(Tensor rows, int latent, float step)
    {
        var pca = new PcaBottleneck(rows.Size(1), new PcaOptions { Latent = latent, Step = step });
        pca.Prepare([rows]);
        return pca;
    }

    [Fact]
    public void ItFindsTheDirectionsOfGreatestVariance()
    {
        var pca = Fitted(Rows(20_000, out var truth), 3, 0.01f);
        var found = pca.StateDict()["components"].ToArray();
        for (var k = 0; k < 3; k++)
            Assert.InRange(Math.Abs(Enumerable.Range(0, 8).Sum(i => found[(k * 8) + i] * truth.Data[(k * 8) + i])), 0.999, 1.0001);
    }

    // A fine step leaves the variance of what is not sent; a coarse one adds step²/12 for each component.
    [Fact]
    public void TheError_IsTheVarianceLeftOut_AndTheCells()
    {
        var rows = Rows(20_000, out _);
        var left = 1 + .25 + .0625 + .01 + .0025;
        Assert.InRange(Error(0.01f), 0.97 * left, 1.03 * left);
        Assert.InRange(Error(1.5f), 0.97 * (left + (3 * 1.5 * 1.5 / 12)), 1.03 * (left + (3 * 1.5 * 1.5 / 12)));

        double Error(float step) => (Fitted(rows, 3, step).Pass(rows, new PassContext(PassMode.Mean, new RandomStream(0))).Output - rows).Square().Sum().Item() / 20_000;
    }

    // The entropy of a Gaussian in cells of width s is log2(deviation · sqrt(2 pi e) / s) bits where cells are fine.
    [Fact]
    public void TheCost_IsTheEntropyOfTheCells_AndIsWhatIsWritten()
    {
        var rows = Rows(20_000, out _);
        var pca = Fitted(rows, 2, 0.5f);
        var bits = Bits.FromNats(pca.Pass(rows, RoundTrip.Ship()).Rate!.Nats.Mean().Item()).Value;
        Assert.Equal(new[] { 5, 3 }.Sum(s => Math.Log2(s * Math.Sqrt(2 * Math.PI * Math.E) / 0.5)), bits, 0.03);
        RoundTrip.Check(pca, rows);
        var again = new PcaBottleneck(8, new PcaOptions { Latent = 2, Step = 0.5f });
        again.LoadStateDict(pca.StateDict());
        again.LoadTables(pca.FrozenTables);
        Assert.Equal(pca.Pass(rows, RoundTrip.Ship()).Output.ToArray(), again.Pass(rows, RoundTrip.Ship()).Output.ToArray());
    }

    [Fact]
    public void AnEncoderWithWeights_OrTooManyComponents_AreRefusedInOneLine()
    {
        var pca = new PcaBottleneck(4, new PcaOptions { Latent = 4 });
        pca.Attach(new Flatten());
        Assert.Equal("encoder.type: identity", Assert.Throws<InputException>(() => pca.Attach(new Linear(4, 4, new RandomStream(1)))).Hint);
        Assert.Contains("1 to 4 are expected", Assert.Throws<InputException>(() => new PcaBottleneck(4, new PcaOptions { Latent = 5 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RowsThatAreAllTheSame_AreAMeanAndNothingElse()
    {
        var rows = Tensor.Ones(10, 5) * 3f;
        var output = Fitted(rows, 2, 1).Pass(rows, RoundTrip.Ship()).Output.ToArray();
        Assert.All(output, v => Assert.Equal(3f, v));
    }
}
