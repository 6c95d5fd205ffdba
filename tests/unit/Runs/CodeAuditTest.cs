using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class CodeAuditTest
{
    [Fact]
    public void UniformSymbols_CostTheirCapacityInEveryReading()
    {
        var random = new RandomStream(1);
        int[] codes = [.. Enumerable.Range(0, 2 * 20_000).Select(_ => random.NextInt(16))];
        var audit = CodeAudit.OfSymbols(codes, 20_000, 2);
        Assert.Equal(8, audit.Rate.CapacityBits!.Value, 12);
        Assert.InRange(audit.Rate.BoundBits!.Value, 7.99, 8.01);
        Assert.InRange(audit.Rate.Estimate.LowBits!.Value, 7.95, 8); // the plug-in entropy of 256 rows lies 255/(2n ln 2) = 0.009 bits low
        Assert.InRange(audit.Rate.Estimate.HighBits!.Value, 7.99, 8);
        Assert.InRange(audit.Rate.BillBits!.Value, 8, 8.25);
        Assert.Empty(audit.Alarms);
        Assert.All(audit.Usage, u => Assert.InRange(u.Perplexity!.Value, 15.9, 16));
    }

    [Fact]
    public void SkewedSymbols_CostTheirEntropyAndNotTheirCapacity()
    {
        var random = new RandomStream(2);
        int[] codes = [.. Enumerable.Range(0, 40_000).Select(_ => random.NextDouble() < 0.9 ? 0 : 1 + random.NextInt(3))];
        var entropy = -(0.9 * Math.Log2(0.9)) - (0.1 * Math.Log2(0.1 / 3));
        var audit = CodeAudit.OfSymbols(codes, 40_000, 1, codebook: 256);
        Assert.Equal(8, audit.Rate.CapacityBits);
        Assert.InRange(audit.Rate.BoundBits!.Value, entropy - 0.03, entropy + 0.05);
        Assert.InRange(audit.Rate.Estimate.LowBits!.Value, entropy - 0.03, entropy + 0.03);
        Assert.InRange(audit.Rate.BillBits!.Value, audit.Rate.Estimate.LowBits!.Value - 0.01, entropy + 0.1);
        Assert.Equal(["place 0 uses 4 of 256 symbols"], audit.Alarms);
    }

    [Fact]
    public void ConstantRepeatedAndScarceCodes_RingTheAlarm()
    {
        var random = new RandomStream(3);
        var codes = new int[64 * 4];
        for (var i = 0; i < 64; i++) (codes[4 * i], codes[(4 * i) + 1], codes[(4 * i) + 2], codes[(4 * i) + 3]) = (i, 5, i, random.NextInt(2));
        var alarms = CodeAudit.OfSymbols(codes, 64, 4).Alarms;
        Assert.Contains("place 1 always holds the same symbol", alarms);
        Assert.Contains("place 2 repeats place 0", alarms);
        Assert.Contains(alarms, a => a.StartsWith("almost every row has a message of its own", StringComparison.Ordinal));
    }

    [Fact]
    public void Labels_AreToldByThePlaceThatHoldsThem()
    {
        var random = new RandomStream(4);
        int[] labels = [.. Enumerable.Range(0, 5000).Select(_ => random.NextInt(4))];
        int[] codes = [.. labels.SelectMany(l => (int[])[l, random.NextInt(4)])];
        var usage = CodeAudit.OfSymbols(codes, 5000, 2, labels: labels).Usage;
        Assert.InRange(usage[0].LabelBits!.Value, 1.98, 2.01);
        Assert.InRange(usage[1].LabelBits!.Value, -0.01, 0.01);
    }

    [Fact]
    public void GaussianCodes_HaveAClosedFormBoundAndAnEstimateBelowIt()
    {
        var random = new RandomStream(5);
        var (mean, std) = (new float[2000 * 2], new float[2000 * 2]);
        for (var i = 0; i < 2000; i++)
        {
            (mean[2 * i], std[2 * i]) = ((float)(0.8 * random.NextGaussian()), 0.6f); // aggregate posterior N(0, 1): the bound is tight
            (mean[(2 * i) + 1], std[(2 * i) + 1]) = (0, 1);                           // dead
        }
        var audit = CodeAudit.OfGaussians(mean, std, 2000, 2, seed: 0);
        var truth = -Math.Log2(0.6);
        Assert.InRange(audit.Usage[0].Bits, truth - 0.05, truth + 0.05);
        Assert.Equal(0, audit.Usage[1].Bits, 6);
        Assert.InRange(audit.Rate.Estimate.LowBits!.Value, truth - 0.08, truth + 0.04);
        Assert.InRange(audit.Rate.Estimate.HighBits!.Value, truth - 0.04, truth + 0.08);
        Assert.Equal(["1 of 2 dimensions are dead (below 0.01 nat)"], audit.Alarms);
        Assert.Null(audit.Rate.BillBits);
    }

    [Fact]
    public void WrongCodes_AreRefused()
    {
        Assert.Throws<InputException>(() => CodeAudit.OfSymbols([1, 2, 3], 2, 2));
        Assert.Throws<InputException>(() => CodeAudit.OfSymbols([0, -1], 2, 1));
        Assert.Throws<InputException>(() => CodeAudit.OfSymbols([0, 9], 2, 1, codebook: 8));
        Assert.Throws<InputException>(() => CodeAudit.OfSymbols([0, 1], 2, 1, labels: [1]));
        Assert.Throws<InputException>(() => CodeAudit.OfGaussians([0, 0], [1, 0], 2, 1, 0));
    }
}
