using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Known answers 17 and 18 of the reference list; bounds and Kuhn–Tucker conditions on random channels.</summary>
public class ChannelCapacityTest
{
    private static CapacityResult Solve(double[,] channel)
    {
        var result = ChannelCapacity.Solve(channel);
        Assert.InRange(result.GapBits, 0, 1e-9);
        return result;
    }

    [Theory]
    [InlineData(0.1, 0.531004)]
    [InlineData(0.11, 0.500084)]
    public void SymmetricChannel(double delta, double bits) =>
        Assert.Equal(bits, Solve(new[,] { { 1 - delta, delta }, { delta, 1 - delta } }).Bits, 1e-6);

    [Fact]
    public void ErasureChannel() => Assert.Equal(0.7, Solve(new[,] { { 0.7, 0.3, 0 }, { 0, 0.3, 0.7 } }).Bits, 1e-9);

    [Theory]
    [InlineData(0.5, 0.321928, 0.4)]
    [InlineData(0.1, 0.762848, 0.456298)]
    public void ZChannel(double p, double bits, double used)
    {
        var result = Solve(new[,] { { 1, 0 }, { p, 1 - p } });
        Assert.Equal(bits, result.Bits, 1e-6);
        Assert.Equal(used, result.Input[1], 1e-5);
    }

    [Fact]
    public void NoisyTypewriter()
    {
        var w = new double[5, 5];
        for (var x = 0; x < 5; x++) w[x, x] = w[x, (x + 1) % 5] = 0.5;
        Assert.Equal(Math.Log2(5) - 1, Solve(w).Bits, 1e-9);
    }

    [Fact]
    public void UnsymmetricChannels()
    {
        Assert.Equal(0.296672, Solve(new[,] { { 0.9, 0.1 }, { 0.3, 0.7 } }).Bits, 1e-6);
        var three = Solve(new[,] { { 0.8, 0.1, 0.1 }, { 0.2, 0.6, 0.2 }, { 0.05, 0.15, 0.8 } });
        Assert.Equal(0.544743, three.Bits, 1e-6);
        foreach (var (expected, actual) in new[] { 0.411147, 0.160966, 0.427887 }.Zip(three.Input)) Assert.Equal(expected, actual, 1e-5);
    }

    [Fact]
    public void UselessInput_IsNotUsed()
    {
        var result = Solve(new[,] { { 1, 0.0 }, { 0, 1 }, { 0.5, 0.5 } });
        Assert.Equal(1, result.Bits, 1e-9);
        Assert.Equal(0, result.Input[2], 1e-9);
        Assert.True(result.DivergenceBits[2] < result.Bits);
    }

    [Fact]
    public void RandomChannels_BoundEveryInputAndObeyKuhnTucker()
    {
        var random = new RandomStream(71);
        for (var i = 0; i < 200; i++)
        {
            var (n, m) = (2 + random.NextInt(5), 2 + random.NextInt(5));
            var w = new double[n, m];
            for (var x = 0; x < n; x++)
            {
                var row = RandomTables.Vector(random, m);
                for (var y = 0; y < m; y++) w[x, y] = row[y];
            }
            var result = ChannelCapacity.Solve(w, 1e-10);
            Assert.InRange(result.GapBits, 0, 1e-9);
            Assert.InRange(result.Bits, 0, Math.Log2(Math.Min(n, m)) + 1e-12);
            for (var trial = 0; trial < 5; trial++)
            {
                var p = RandomTables.Vector(random, n);
                var joint = new double[n, m];
                for (var x = 0; x < n; x++)
                    for (var y = 0; y < m; y++) joint[x, y] = p[x] * w[x, y];
                Assert.True(JointDistribution.FromMatrix(joint).MutualInformation("X", "Y").Value <= result.Bits + result.GapBits + 1e-12);
            }
            for (var x = 0; x < n; x++)
                if (result.Input[x] > 1e-3) Assert.Equal(result.Bits, result.DivergenceBits[x], 1e-4);
        }
    }

    [Fact]
    public void Costs_LowerTheMeanCostAndTheInformation()
    {
        double[,] w = { { 0.9, 0.1 }, { 0.1, 0.9 } };
        var free = ChannelCapacity.Solve(w);
        var paid = ChannelCapacity.Solve(w, costs: [0, 1], costWeight: 0.5);
        Assert.True(paid.MeanCost < 0.5 && paid.Bits < free.Bits);
        Assert.InRange(paid.GapBits, 0, 1e-9);
    }

    [Fact]
    public void WrongChannel_SaysWhich() =>
        Assert.Equal("channel: row 2: probabilities sum to 0.9, expected 1", Assert.Throws<InputException>(() => ChannelCapacity.Solve(new[,] { { 1.0, 0 }, { 0.5, 0.4 } })).Message);
}
