using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public class AdaptiveTest
{
    private static double BitsOf(bool[] bits)
    {
        var meter = new CostMeter();
        var model = new AdaptiveBit();
        foreach (var bit in bits) model.Write(meter, bit);
        return meter.Cost.Value;
    }

    private static double Entropy(double p) => p is 0 or 1 ? 0 : -p * Math.Log2(p) - (1 - p) * Math.Log2(1 - p);

    [Fact]
    public void StationarySourcesCostAlmostTheirEmpiricalEntropy()
    {
        var random = new RandomStream(1);
        foreach (var p in new[] { 0, .001, .02, .2, .5, .9, 1 })
            foreach (var n in new[] { 10, 100, 1000, 20_000 })
                for (var round = 0; round < 5; round++)
                {
                    var bits = new bool[n];
                    for (var i = 0; i < n; i++) bits[i] = random.NextDouble() < p;
                    var bound = n * Entropy(bits.Count(b => b) / (double)n) + .5 * Math.Log2(n) + 2 + .004 * Math.Max(0, n - 1000);
                    Assert.InRange(BitsOf(bits), 0, bound);
                }
    }

    [Fact]
    public void ChangingSourcesCostLessThanTheirAverage()
    {
        var random = new RandomStream(2);
        var bits = new bool[20_000];
        for (var i = 0; i < bits.Length; i++) bits[i] = random.NextDouble() < (i / 500 % 2 == 0 ? .05 : .95);
        var ideal = bits.Length * Entropy(.05);
        Assert.InRange(BitsOf(bits), ideal, 1.4 * ideal); // the average over time is a full bit each
    }

    [Fact]
    public void IntegersSurvive_ThroughEveryCoder()
    {
        var random = new RandomStream(3);
        var values = new int[3000];
        for (var i = 0; i < values.Length; i++) values[i] = (int)random.NextUInt32() >> random.NextInt(32);
        values[0] = int.MinValue;
        values[1] = int.MaxValue;
        foreach (var coder in Enum.GetValues<CoderKind>())
        {
            var writer = new MessageWriter();
            var model = new AdaptiveInteger(8);
            for (var i = 2; i < values.Length; i++) model.Write(writer, values[i], AdaptiveInteger.ContextOf(values[i - 1], values[i - 2]));
            var reader = writer.Finish(coder).Open();
            var (twin, read) = (new AdaptiveInteger(8), values[..2].Concat(new int[values.Length - 2]).ToArray());
            for (var i = 2; i < read.Length; i++) read[i] = twin.Read(reader, AdaptiveInteger.ContextOf(read[i - 1], read[i - 2]));
            reader.Finish();
            Assert.Equal(values, read);
        }
    }

    [Fact]
    public void IntegersOfALaplaceSourceCostLittleMoreThanItsEntropy()
    {
        var table = FrequencyTable.FromPmf([.. Enumerable.Range(-40, 81).Select(k => Math.Exp(-Math.Abs(k) / 2.0))], first: -40, precision: 16, everySymbol: true);
        var random = new RandomStream(4);
        var (ideal, adaptive, model) = (new CostMeter(), new CostMeter(), new AdaptiveInteger());
        for (var i = 0; i < 20_000; i++)
        {
            var value = table.First + table.Decoding.Slots[random.NextInt(65536)];
            ideal.WriteInteger(value, table);
            model.Write(adaptive, value);
        }
        Assert.InRange(adaptive.Cost.Value / ideal.Cost.Value, .99, 1.02);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 1)]
    [InlineData(-1, 1, 2)]
    [InlineData(-3, 0, 3)]
    [InlineData(2, -3, 4)]
    [InlineData(9, 0, 5)]
    [InlineData(17, 0, 6)]
    [InlineData(33, 0, 7)]
    [InlineData(int.MinValue, int.MinValue, 7)]
    public void ContextGrowsWithTheNeighbours(int left, int above, int context) => Assert.Equal(context, AdaptiveInteger.ContextOf(left, above));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(1000)]
    [InlineData(65536)]
    public void IndicesSurvive_AndNeverLeaveTheirRange(int count)
    {
        var random = new RandomStream(5);
        var values = Enumerable.Range(0, 2000).Select(_ => Math.Min(random.NextInt(count), random.NextInt(count))).ToArray();
        var (writer, model) = (new MessageWriter(), new AdaptiveIndex(count, 2));
        for (var i = 0; i < values.Length; i++) model.Write(writer, values[i], i & 1);
        var (reader, twin) = (writer.Finish().Open(), new AdaptiveIndex(count, 2));
        for (var i = 0; i < values.Length; i++) Assert.Equal(values[i], twin.Read(reader, i & 1));
        reader.Finish();
        if (count == 1) Assert.Equal(0, writer.Symbols);
        Assert.Throws<CodingException>(() => model.Write(writer, count));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Write(writer, 0, 2));

        // Other bits: whatever they are, an index of the alphabet.
        var noise = new CodedPayload(CoderKind.Rans64, 1, -1, Enumerable.Range(0, 4096).Select(i => (byte)(i * 151 % 120)).ToArray()).Open();
        var third = new AdaptiveIndex(count);
        for (var i = 0; i < 300; i++) Assert.InRange(third.Read(noise), 0, count - 1);
    }
}
