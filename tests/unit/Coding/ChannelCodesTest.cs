using System.Globalization;
using Isthmus.Coding;
using Isthmus.Tensors;
using Xunit.Abstractions;

namespace Isthmus.Tests.Coding;

/// <summary>Codes for a channel with noise, against closed forms and simulation.</summary>
public class ChannelCodesTest(ITestOutputHelper output)
{
    [Fact]
    public void BestLinearCodes_HaveTheKnownDistances()
    {
        Assert.Equal(4, LinearBlockCode.Best(7, 3, 0.5).MinimumDistance); // the simplex code
        Assert.All(LinearBlockCode.Best(7, 3, 0.5).Weights.Skip(1), w => Assert.Equal(4, w));
        Assert.Equal(4, LinearBlockCode.Best(9, 3, 0.3).MinimumDistance); // 5 would need 10 uses (Griesmer)
        Assert.Equal(9, LinearBlockCode.Best(9, 1, 1).MinimumDistance);   // repetition
        Assert.Equal(4, LinearBlockCode.Best(8, 4, 0.3).MinimumDistance); // the extended Hamming code
    }

    [Fact]
    public void LinearCode_ErrsAsItsUnionBoundSays()
    {
        var code = LinearBlockCode.Best(9, 3, 0.5);
        var random = new RandomStream(1);
        var (errors, received) = (0, new double[9]);
        for (var block = 0; block < 40_000; block++)
        {
            var message = random.NextInt(8);
            for (var i = 0; i < 9; i++) received[i] = code.Sign(message, i) + (Math.Sqrt(0.5) * random.NextGaussian());
            if (code.Decode(received) != message) errors++;
        }
        Assert.InRange(errors / 40_000.0, 0.6 * code.UnionBound(0.5), 1.02 * code.UnionBound(0.5));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(3, 9)]
    [InlineData(-3, 9)]
    public void PerfectFeedback_ReachesTheKnownRatio(double decibels, int uses)
    {
        var code = LinearFeedbackCode.Design(8, uses, new FeedbackChannel(Math.Pow(10, -decibels / 10), 0));
        Assert.Equal(Math.Pow(1 + Math.Pow(10, decibels / 10), uses) - 1, code.SignalToNoise, 1e-8 * code.SignalToNoise);
    }

    [Theory]
    [InlineData(-2, 20)]
    [InlineData(0, 10)]
    [InlineData(0, 0)]
    public void NoisyFeedback_ErrsAsItsClosedFormAtThePowerOfOne(double forward, double feedback)
    {
        var channel = FeedbackChannel.FromDecibels(forward, feedback);
        var code = LinearFeedbackCode.Design(8, 9, channel);
        Assert.Equal(9, code.Power.Sum(), 1e-9);
        Assert.True(code.SignalToNoise >= 9 / channel.Noise * 0.999, "no worse than saying the level nine times");
        var random = new RandomStream(2);
        const int blocks = 40_000;
        var (errors, energy, received) = (0, 0.0, new double[9]);
        for (var block = 0; block < blocks; block++)
        {
            var message = random.NextInt(8);
            energy += code.Send(message, channel, random, received);
            if (code.Decode(received) != message) errors++;
        }
        Assert.Equal(9, energy / blocks, 0.1);
        var spread = Math.Sqrt(code.BlockError / blocks);
        Assert.InRange(errors / (double)blocks, code.BlockError - (5 * spread), code.BlockError + (5 * spread));
    }

    // The best of all linear codes, by Goldens/linear_feedback.py (BFGS over 45 numbers): Schalkwijk and Kailath's form comes up to it.
    [Theory]
    [InlineData(0, 20, 192.997400)]
    [InlineData(-2, 20, 63.980212)]
    [InlineData(0, 10, 49.764694)]
    [InlineData(0, 0, 14.772373)]
    public void Design_ComesUpToTheBestLinearCode(double forward, double feedback, double best)
    {
        var ratio = LinearFeedbackCode.Design(8, 9, FeedbackChannel.FromDecibels(forward, feedback)).SignalToNoise;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{forward} dB, feedback {feedback} dB: {ratio:F6} of {best:F6}"));
        Assert.InRange(ratio, 0.985 * best, best * (1 + 1e-6));
    }

    [Fact]
    public void BetterFeedback_IsBetter()
    {
        var ratios = new[] { 0.0, 10, 20, 30, 40 }.Select(db => LinearFeedbackCode.Design(8, 9, FeedbackChannel.FromDecibels(0, db)).SignalToNoise).ToArray();
        Assert.Equal(ratios.Order(), ratios);
        Assert.True(ratios[^1] < 511);
    }

    [Fact]
    public void WrongArguments_SayWhy()
    {
        Assert.Contains("columns 1, 8", Assert.Throws<ArgumentException>(() => new LinearBlockCode(3, [1, 8])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => LinearBlockCode.Best(30, 4, 1));
        Assert.Contains("3 numbers, 2 are needed", Assert.Throws<ArgumentException>(() => new LinearBlockCode(1, [1, 1]).Decode([1, 2, 3])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => LinearFeedbackCode.Design(1, 3, new FeedbackChannel(1, 0)));
    }
}
