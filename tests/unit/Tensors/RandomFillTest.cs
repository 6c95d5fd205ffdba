using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors;

public class RandomFillTest
{
    private delegate void Filler(RandomStream random, Span<float> to);

    private static readonly Dictionary<string, Filler> s_fillers = new()
    {
        ["uniform"] = (random, to) => random.FillUniform(to),
        ["normal"] = (random, to) => random.FillNormal(to),
        ["bernoulli"] = (random, to) => random.FillBernoulli(to, 0.3f),
    };

    public static TheoryData<string> Fillers() => [.. s_fillers.Keys];

    [Fact]
    public void FillUniform_GivesTheNumbersOfNextSingle_FromEveryPosition()
    {
        for (var length = 0; length <= 300; length += length < 20 ? 1 : 7)
            for (ulong position = 0; position < 9; position++)
            {
                RandomStream a = new(5, 6) { Position = position }, b = new(5, 6) { Position = position };
                var values = new float[length];
                a.FillUniform(values);
                foreach (var v in values) Assert.Equal(b.NextSingle(), v);
                Assert.Equal(b.Position, a.Position);
                Assert.Equal(b.NextUInt32(), a.NextUInt32());
            }
    }

    [Fact]
    public void FillUniform_CarriesIntoTheUpperCounter()
    {
        RandomStream a = new(1) { Position = (1UL << 34) - 70 }, b = new(1) { Position = (1UL << 34) - 70 };
        var values = new float[200];
        a.FillUniform(values);
        foreach (var v in values) Assert.Equal(b.NextSingle(), v);
    }

    [Theory]
    [MemberData(nameof(Fillers))]
    public void FillingInPieces_GivesTheSameAsAtOnce(string filler)
    {
        var fill = s_fillers[filler];
        var whole = new float[100_000];
        fill(new RandomStream(3) { Position = 1 }, whole);
        var random = new RandomStream(3) { Position = 1 };
        var pieces = new float[whole.Length];
        var lengths = new RandomStream(4);
        for (var at = 0; at < pieces.Length;)
        {
            var count = Math.Min(lengths.NextInt(lengths.NextInt(50) == 0 ? 40_000 : 90), pieces.Length - at);
            fill(random, pieces.AsSpan(at, count));
            at += count;
        }
        Assert.Equal(whole, pieces);
        Assert.Equal(1UL + (ulong)whole.Length, random.Position);
    }

    [Fact]
    public void FillNormal_IsBoxAndMullersFormula()
    {
        var random = new RandomStream(8, 2);
        var values = new float[20_000];
        random.FillNormal(values);
        random.Position = 0;
        for (var i = 0; i < values.Length; i += 2)
        {
            var r = Math.Sqrt(-2 * Math.Log(((random.NextUInt32() >> 1) + 0.5) / (1U << 31)));
            var angle = 2 * Math.PI * random.NextUInt32() / 4294967296.0;
            Assert.Equal(r * Math.Cos(angle), values[i], 3e-6 + 2e-7 / Math.Max(r, 1e-3)); // near u = 1 the logarithm's argument is coarse
            Assert.Equal(r * Math.Sin(angle), values[i + 1], 3e-6 + 2e-7 / Math.Max(r, 1e-3));
        }
    }

    [Fact]
    public void FillNormal_HasTheNormalDistribution()
    {
        const int n = 400_000;
        var x = new float[n];
        new RandomStream(21).FillNormal(x);
        double mean = x.Average(v => (double)v), second = x.Average(v => (double)v * v), fourth = x.Average(v => Math.Pow(v, 4)), neighbours = 0;
        for (var i = 0; i + 1 < n; i++) neighbours += x[i] * x[i + 1];
        var error = 1 / Math.Sqrt(n);
        Assert.InRange(mean, -4 * error, 4 * error);
        Assert.InRange(second, 1 - 4 * Math.Sqrt(2) * error, 1 + 4 * Math.Sqrt(2) * error);
        Assert.InRange(fourth, 3 - 4 * Math.Sqrt(96) * error, 3 + 4 * Math.Sqrt(96) * error);
        Assert.InRange(neighbours / n, -4 * error, 4 * error);
        Array.Sort(x);
        double distance = 0;
        for (var i = 0; i < n; i++) distance = Math.Max(distance, Math.Abs((i + 0.5) / n - ReferenceMath.NormalCdf(x[i])));
        Assert.InRange(distance, 0, 1.95 * error); // Kolmogorov: passed by chance 999 times in 1000
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.3f)]
    [InlineData(1f)]
    public void FillBernoulli_IsOneWhereNextSingleIsBelow(float keep)
    {
        RandomStream a = new(9), b = new(9);
        var mask = new float[1000];
        a.FillBernoulli(mask, keep);
        foreach (var v in mask) Assert.Equal(b.NextSingle() < keep ? 1f : 0f, v);
    }

    [Theory]
    [InlineData(-0.1f)]
    [InlineData(1.1f)]
    [InlineData(float.NaN)]
    public void FillBernoulli_RefusesWhatIsNoProbability(float keep) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomStream(1).FillBernoulli(new float[1], keep));
}
