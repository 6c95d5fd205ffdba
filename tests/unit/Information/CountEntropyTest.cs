using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Known answers 47, 48 and 52 of the reference list, and that corrections reduce the bias they are meant to reduce.</summary>
public class CountEntropyTest
{
    [Theory]
    [InlineData(EntropyCorrection.MaximumLikelihood, 1.279854)]
    [InlineData(EntropyCorrection.MillerMadow, 1.429854)]
    [InlineData(EntropyCorrection.Grassberger, 1.506281)]
    [InlineData(EntropyCorrection.Grassberger1988, 1.474801)]
    [InlineData(EntropyCorrection.ChaoShen, 1.454260)]
    [InlineData(EntropyCorrection.Jackknife, 1.500972)]
    [InlineData(EntropyCorrection.JamesStein, 1.386294)]
    public void FourThreeTwoOne_HasTheKnownEntropy(EntropyCorrection correction, double nats) =>
        Assert.Equal(nats, CountEntropy.Estimate([4, 3, 2, 1], correction).Nats, 5e-7);

    [Theory]
    [InlineData(new long[] { 2, 1 }, 0.849666)]
    [InlineData(new long[] { 2, 2 }, 0.903397)]
    [InlineData(new long[] { 5, 3, 2 }, 1.460948)]
    public void Nsb_MatchesTwoIndependentIntegrations(long[] counts, double bits) =>
        Assert.Equal(bits, CountEntropy.Estimate(counts, EntropyCorrection.Nsb).Value, 2e-6);

    [Fact]
    public void Nsb_WithNearlyNoDataAnswersTheMiddleOfItsPrior() =>
        Assert.InRange(CountEntropy.Estimate([1], EntropyCorrection.Nsb, alphabet: 1000).Nats, 0.25 * Math.Log(1000), 0.85 * Math.Log(1000));

    [Fact]
    public void Corrections_AreNearerTheTruthThanPlugInOnAverage()
    {
        var random = new RandomStream(31);
        var bias = new Dictionary<EntropyCorrection, double>();
        var p = RandomTables.Vector(random, 40);
        var truth = Divergence.RenyiEntropy(p, 1);
        for (var run = 0; run < 100; run++)
        {
            var counts = new long[p.Length];
            for (var i = 0; i < 60; i++)
            {
                var u = random.NextDouble();
                var s = 0;
                while (s < p.Length - 1 && (u -= p[s]) > 0) s++;
                counts[s]++;
            }
            foreach (var correction in Enum.GetValues<EntropyCorrection>())
                bias[correction] = bias.GetValueOrDefault(correction) + ((CountEntropy.Estimate(counts, correction, p.Length).Nats - truth) / 100);
        }
        var plugIn = Math.Abs(bias[EntropyCorrection.MaximumLikelihood]);
        foreach (var (correction, b) in bias)
            if (correction != EntropyCorrection.MaximumLikelihood) Assert.True(Math.Abs(b) < plugIn, $"{correction}: bias {b:G4}, plug-in {plugIn:G4}");
    }

    [Fact]
    public void LargeCounts_AllAgreeWithPlugIn()
    {
        long[] counts = [400_000, 300_000, 200_000, 100_000];
        foreach (var correction in Enum.GetValues<EntropyCorrection>())
            Assert.Equal(1.2798542258336676, CountEntropy.Estimate(counts, correction).Nats, 1e-5);
    }

    [Fact]
    public void MutualInformation_OfIndependentCountsIsZeroAndCorrectionsLowerIt()
    {
        Assert.Equal(0, CountEntropy.MutualInformation(new long[,] { { 10, 20 }, { 20, 40 } }, EntropyCorrection.MaximumLikelihood).Value, 1e-12);
        long[,] noisy = { { 12, 7 }, { 9, 11 } };
        Assert.True(CountEntropy.MutualInformation(noisy, EntropyCorrection.MillerMadow) < CountEntropy.MutualInformation(noisy, EntropyCorrection.MaximumLikelihood));
    }

    [Fact]
    public void WrongCounts_SayWhy()
    {
        Assert.Equal("count 2 is -1, expected at least 0", Assert.Throws<InputException>(() => CountEntropy.Estimate([1, -1], EntropyCorrection.MillerMadow)).Message);
        Assert.Equal("all counts are zero, expected at least one observation", Assert.Throws<InputException>(() => CountEntropy.Estimate([0, 0], EntropyCorrection.Nsb)).Message);
        Assert.Equal("the alphabet has 1 symbols but 2 occurred", Assert.Throws<InputException>(() => CountEntropy.Estimate([1, 1], EntropyCorrection.Nsb, 1)).Message);
    }

    [Fact]
    public void Huffman_HasTheKnownLengthsAndObeysItsBoundsOnRandomSources()
    {
        Assert.Equal([2, 2, 2, 3, 3], HuffmanCode.Lengths([0.25, 0.25, 0.2, 0.15, 0.15]));
        Assert.Equal(2.3, HuffmanCode.AverageLength([0.25, 0.25, 0.2, 0.15, 0.15]).Value, 1e-12);
        Assert.Equal([0], HuffmanCode.Lengths([1.0]));
        var random = new RandomStream(32);
        for (var i = 0; i < 200; i++)
        {
            var p = RandomTables.Vector(random, 2 + random.NextInt(12));
            var entropy = Divergence.RenyiEntropy(p, 1) / Math.Log(2);
            Assert.InRange(HuffmanCode.AverageLength(p).Value, entropy - 1e-12, entropy + 1);
            Assert.Equal(1, HuffmanCode.Lengths(p).Sum(l => Math.Pow(2, -l)), 1e-12);
        }
    }
}
