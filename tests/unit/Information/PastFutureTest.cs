using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class PastFutureTest
{
    private static readonly double[,] Sticky = { { 0.9, 0.1 }, { 0.2, 0.8 } };

    [Fact]
    public void MarkovChain_HasThePredictiveInformationOfOneStepWhateverTheWindows()
    {
        // Stationary (2/3, 1/3): I = H(1/3) − 2/3 h(.1) − 1/3 h(.2).
        static double H(double p) => (-p * Math.Log2(p)) - ((1 - p) * Math.Log2(1 - p));
        var expected = H(1.0 / 3) - (2 * H(0.1) / 3) - (H(0.2) / 3);
        foreach (var (past, future) in new[] { (1, 1), (3, 1), (1, 3), (3, 4) })
            Assert.Equal(expected, JointDistribution.FromMatrix(PastFuture.FromMarkovChain(Sticky, past, future)).MutualInformation("X", "Y").Value, 1e-9);
    }

    [Fact]
    public void Bottleneck_OfALongPastKeepsOnlyTheLastSymbol()
    {
        var point = InformationBottleneck.Solve(PastFuture.FromMarkovChain(Sticky, 3, 2), new BottleneckOptions { Betas = [1000] }).Points[0];
        Assert.Equal(2, point.Encoder[0].Length);
        for (var row = 0; row < 8; row++) Assert.Equal(point.Encoder[row & 1], point.Encoder[row]);
    }

    [Fact]
    public void Series_CountsItsWindows()
    {
        var periodic = Enumerable.Range(0, 302).Select(i => i % 3).ToArray();
        Assert.Equal(Math.Log2(3), PastFuture.FromSeries(periodic, 1, 2).MutualInformation("Past", "Future").Value, 1e-9);
        var random = new RandomStream(111);
        var noise = Enumerable.Range(0, 20_000).Select(_ => random.NextInt(2)).ToArray();
        Assert.InRange(PastFuture.FromSeries(noise, 2, 2).MutualInformation("Past", "Future").Value, 0, 0.002);
        Assert.Equal("a series of 2 symbols, expected at least past + future = 3", Assert.Throws<InputException>(() => PastFuture.FromSeries([1, 2], 2, 1)).Message);
    }
}
