using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class WindowedGeneratorTest
{
    [Fact]
    public void HiddenChain_IsTheSumOverItsPaths()
    {
        var (start, walk, seen) = Rooms(3, 2, 1);
        var series = HiddenChain.Series(start, walk, seen, 4);
        for (var i = 0; i < series.Count; i++)
        {
            var p = 0.0;
            for (var path = 0; path < 81; path++)
            {
                int[] rooms = [path % 3, path / 3 % 3, path / 9 % 3, path / 27];
                var mass = start[rooms[0]];
                for (var t = 0; t < 4; t++) mass *= seen[rooms[t], series.Outcome(i)[t]] * (t > 0 ? walk[rooms[t - 1], rooms[t]] : 1);
                p += mass;
            }
            Assert.Equal(p, series.Probability(i), 1e-14);
        }
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(2, 3)]
    public void Divergence_IsTheMissedInformationAndFallsWithEveryBitAndSymbol(int symbols, ulong seed)
    {
        var (start, walk, seen) = Rooms(3, symbols, seed);
        var series = HiddenChain.Series(start, walk, seen, symbols == 2 ? 8 : 6);
        var names = series.Variables.Select(v => v.Name).ToArray();
        var shorter = double.PositiveInfinity;
        for (var window = 0; window < 4; window++)
        {
            var before = double.PositiveInfinity;
            for (var bits = 0; bits < 4; bits++)
            {
                var generator = WindowedGenerator.Fit(series, window, bits);
                Assert.Equal(generator.MissedInformation.Sum(b => b.Value), generator.Divergence.Value, 1e-12);
                Assert.True(generator.Divergence.Value <= before + 1e-13);
                before = generator.Divergence.Value;
                if (bits > 0) continue;
                // The same sum straight from the series' own variables.
                var missed = Enumerable.Range(window + 1, names.Length - window - 1).Sum(t =>
                    series.MutualInformation(names[t], string.Join(',', names[..(t - window)]), window == 0 ? null : string.Join(',', names[(t - window)..t])).Value);
                Assert.Equal(missed, generator.Divergence.Value, 1e-12);
                Assert.True(missed < shorter);
                shorter = missed;
            }
            Assert.True(before < 0.3 * shorter, $"three bits leave {before} of {shorter}");
        }
    }

    // The first symbol is a fair coin, four blanks follow, the last one is the first again: one bit is missed, and one bit of memory holds it.
    [Fact]
    public void EchoAfterBlanks_TakesOneBitOfMemory()
    {
        var series = JointDistribution.FromOutcomes(["a", "b", "c", "d", "e", "f"], [(["h", "-", "-", "-", "-", "h"], 0.5), (["t", "-", "-", "-", "-", "t"], 0.5)]);
        var blind = WindowedGenerator.Fit(series, window: 2);
        Assert.Equal(1, blind.Divergence.Value, 1e-12);
        Assert.Equal([0, 0, 0, 0, 0, 1], blind.MissedInformation.Select(b => Math.Round(b.Value, 9)));
        var knowing = WindowedGenerator.Fit(series, window: 2, memoryBits: 1);
        Assert.Equal(0, knowing.Divergence.Value, 1e-12);
        Assert.NotEqual(knowing.Memory(5, [0, 0, 0, 0, 0]), knowing.Memory(5, [1, 0, 0, 0, 0]));
        var random = new RandomStream(3);
        for (var i = 0; i < 50; i++)
        {
            var made = knowing.Sample(random);
            Assert.Equal(made[0], made[5]);
        }
        Assert.Contains(Enumerable.Range(0, 50).Select(_ => blind.Sample(random)), s => s[0] != s[5]);
    }

    [Fact]
    public void MarkovChain_NeedsNoMoreThanItsOrder()
    {
        double[,] walk = { { 0.9, 0.1 }, { 0.3, 0.7 } };
        var series = HiddenChain.Series([0.5, 0.5], walk, new double[,] { { 1, 0 }, { 0, 1 } }, 7);
        Assert.Equal(0, WindowedGenerator.Fit(series, 1).Divergence.Value, 1e-12);
        Assert.True(WindowedGenerator.Fit(series, 0).Divergence.Value > 0.5);
    }

    [Fact]
    public void Samples_FollowItsOwnProbabilities()
    {
        var (start, walk, seen) = Rooms(2, 2, 9);
        var generator = WindowedGenerator.Fit(HiddenChain.Series(start, walk, seen, 5), 1, 1);
        var every = Enumerable.Range(0, 32).Select(i => Enumerable.Range(0, 5).Select(t => (i >> t) & 1).ToArray()).ToArray();
        Assert.Equal(1, every.Sum(s => Math.Exp(generator.LogProbability(s))), 1e-12);
        var random = new RandomStream(10);
        var made = Enumerable.Range(0, 20_000).Select(_ => generator.Sample(random)).GroupBy(s => string.Join(' ', s)).ToDictionary(g => g.Key, g => g.Count() / 20_000.0);
        Assert.All(every, s => Assert.Equal(Math.Exp(generator.LogProbability(s)), made.GetValueOrDefault(string.Join(' ', s)), 0.015));
    }

    [Fact]
    public void WrongInput_SaysWhy()
    {
        Assert.Contains("equal numbers of states", Assert.Throws<InputException>(() => HiddenChain.Series([1], new double[,] { { 0.5, 0.5 }, { 0.5, 0.5 } }, new double[,] { { 1 }, { 1 } }, 2)).Message);
        Assert.Contains("more than 1048576 series", Assert.Throws<InputException>(() => HiddenChain.Series([1], new double[,] { { 1 } }, new double[,] { { 0.5, 0.5 } }, 21)).Message);
        var generator = WindowedGenerator.Fit(HiddenChain.Series([1], new double[,] { { 1 } }, new double[,] { { 0.5, 0.5 } }, 3), 1);
        Assert.Contains("2 symbols, 3 are needed", Assert.Throws<ArgumentException>(() => generator.LogProbability([0, 1])).Message);
        Assert.Throws<ArgumentException>(() => generator.LogProbability([0, 1, 2]));
    }

    private static (double[] Start, double[,] Walk, double[,] Seen) Rooms(int rooms, int symbols, ulong seed)
    {
        var random = new RandomStream(seed);
        var (walk, seen) = (new double[rooms, rooms], new double[rooms, symbols]);
        for (var a = 0; a < rooms; a++)
        {
            for (var b = 0; b < rooms; b++) walk[a, b] = a == b ? 0.9 : 0.1 / (rooms - 1);
            var weights = Enumerable.Range(0, symbols).Select(_ => 0.1 + random.NextDouble()).ToArray();
            for (var s = 0; s < symbols; s++) seen[a, s] = weights[s] / weights.Sum();
        }
        return ([.. Enumerable.Repeat(1.0 / rooms, rooms)], walk, seen);
    }
}
