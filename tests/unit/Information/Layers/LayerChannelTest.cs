using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information.Layers;

public class LayerChannelTest
{
    [Fact]
    public void Recorded_activations_are_the_layers_outputs_in_order()
    {
        var random = new RandomStream(4);
        var network = new Sequential(new Conv2d(1, 2, 3, random), new Flatten(), new Linear(8, 3, random));
        var x = Tensor.Randn(random, 5, 1, 4, 4);
        var recorded = LayerActivations.Record(network, ["0", "2", "2"], [x.Narrow(0, 0, 3), x.Narrow(0, 3, 2)]);
        Assert.Equal((5, 8), (recorded["0"].Count, recorded["0"].Dimensions));
        Assert.Equal(network.Forward(x).ToArray().Select(v => (double)v), recorded["2"].Values.ToArray());
        Assert.Equal("did you mean '0' or '1' or '2'?", Assert.Throws<InputException>(() => LayerActivations.Record(network, ["3"], [x])).Hint);
    }

    [Fact]
    public void A_layer_called_twice_or_never_is_refused()
    {
        var random = new RandomStream(4);
        var shared = new Linear(4, 4, random);
        var network = new Sequential(shared, shared);
        Assert.Contains("called 2 times", Assert.Throws<InputException>(() => LayerActivations.Record(network, ["0"], [Tensor.Ones(2, 4)])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("noise:0.1", "noise:0.1")]
    [InlineData("bins", "bins:30")]
    [InlineData("bins:12", "bins:12")]
    [InlineData("ebab", "ebab:30")]
    [InlineData("float16", "float16")]
    public void Channels_are_read(string text, string name) => Assert.Equal(name, LayerChannel.Parse(text).Name);

    [Theory]
    [InlineData("noise:-0.1")]
    [InlineData("noise:0")]
    [InlineData("noise:nan")]
    [InlineData("noise")]
    [InlineData("bins:1")]
    [InlineData("bins:x")]
    [InlineData("float16:3")]
    [InlineData("nois:0.1")]
    [InlineData("")]
    public void Impossible_channels_are_refused_in_one_line(string text)
    {
        var error = Assert.Throws<InputException>(() => LayerChannel.Parse(text));
        Assert.DoesNotContain('\n', error.Message);
    }

    // 16 inputs, T their number: the identity, a pair, a parity.
    [Fact]
    public void Binned_entropies_are_exact()
    {
        var labels = Enumerable.Range(0, 16).Select(i => i % 2).ToArray();
        var identity = Read("bins:16", i => i, labels);
        Assert.Equal((4.0, 1.0), (identity.Input[0].Bits!.Value.Value, identity.Label[0].Bits!.Value.Value));
        Assert.Equal(Verdict.Saturated, identity.Input[0].Verdict);
        Assert.Equal(Verdict.TooFewSamples, identity.Label[0].Verdict);
        var half = Read("bins:2", i => i, labels);
        Assert.Equal((1.0, 0.0), (half.Input[0].Bits!.Value.Value, half.Label[0].Bits!.Value.Value));
        var parity = Read("ebab:2", i => i % 2, labels);
        Assert.Equal((1.0, 1.0), (parity.Input[0].Bits!.Value.Value, parity.Label[0].Bits!.Value.Value));
        var constant = Read("bins:30", _ => 3, labels);
        Assert.Equal((0.0, 0.0), (constant.Input[0].Bits!.Value.Value, constant.Label[0].Bits!.Value.Value));
        // 1 + 2^-11 is no number of 16 bits.
        var rounded = Read("float16", i => 1 + (i * Math.Pow(2, -12)), labels);
        Assert.InRange(rounded.Input[0].Bits!.Value.Value, 1.5, 3);
    }

    [Fact]
    public void Noise_is_read_between_its_two_bounds()
    {
        // Two classes far apart, within each all equal: one bit of both, whatever the bound.
        var labels = Enumerable.Range(0, 64).Select(i => i % 2).ToArray();
        var reading = Read("noise:0.1", i => 10 * (i % 2), labels);
        Assert.All(reading.Input.Concat(reading.Label), e => Assert.Equal(1, e.Bits!.Value.Value, 1e-6));
        // Known-answer problem 32: two points at distance 2, unit noise.
        var pair = LayerChannel.Parse("noise:1").Read(new Samples([0, 2], 2, 1), []);
        Assert.Equal((0.566219, 0.219070), (Math.Round(pair.Input[0].Bits!.Value.Nats, 6), Math.Round(pair.Input[1].Bits!.Value.Nats, 6)));
        Assert.Empty(pair.Label);
    }

    [Fact]
    public void What_comes_through_is_rounded_or_noisy()
    {
        var x = new Samples([0.1, 0.9, 0.2, 0.8], 4, 1);
        var bins = LayerChannel.Parse("bins:2").Lay(x.Values);
        Assert.Equal([0.0, 1, 0, 1], LayerChannel.Parse("bins:2").Through(x, bins, new RandomStream(0)).Values.ToArray());
        var noise = LayerChannel.Parse("noise:0.5").Through(new Samples(new double[20_000], 20_000, 1), null, new RandomStream(1)).Values.ToArray();
        Assert.Equal(0.5, Math.Sqrt(noise.Average(v => v * v)), 0.02);
    }

    [Fact]
    public void The_curve_of_a_function_is_straight_and_that_of_noise_is_the_solvers()
    {
        var x = new Samples([.. Enumerable.Range(0, 16).Select(i => (double)i)], 16, 1);
        var straight = SampleCurve.Of(x, [.. Enumerable.Range(0, 16).Select(i => i / 4)])!;
        Assert.Equal([0, 2, 4], straight.Ixt.Select(v => Math.Round(v, 6)));
        Assert.Equal([0, 2, 2], straight.Ity.Select(v => Math.Round(v, 6)));
        // A binary symmetric channel of 0.1 in 20 rows: problem 25 at beta 2.
        double[] values = [.. Enumerable.Range(0, 20).Select(i => (double)(i % 2))];
        int[] labels = [.. Enumerable.Range(0, 20).Select(i => i >= 18 ? 1 - (i % 2) : i % 2)];
        var curve = SampleCurve.Of(new Samples(values, 20, 1), labels)!;
        Assert.Equal(2, curve.DistinctRows);
        Assert.Equal(0.531004, curve.Ity[^1], 1e-4);
        Assert.Equal(1, curve.Ixt[^1], 1e-4);
        for (var i = 1; i < curve.Ixt.Count - 1; i++) Assert.True(curve.Ity[i] > curve.Ixt[i] * 0.531, "a binary symmetric channel's curve is concave above the chord");
    }

    [Fact]
    public void A_feature_is_simple_where_layers_carry_it()
    {
        var random = new RandomStream(5);
        double[] feature = [.. Enumerable.Range(0, 2000).Select(_ => random.NextGaussian())];
        Samples With(double share) => Samples.Of([.. feature.Select(v => (share * v) + (Math.Sqrt(1 - (share * share)) * random.NextGaussian()))]);
        var complexity = FeatureComplexity.OfNumbers([With(0), With(0.8), With(1)], Samples.Of(feature));
        Assert.Equal(0, complexity.Readable[0], 0.01);
        Assert.Equal(0.64, complexity.Readable[1], 0.04); // the square of the correlation
        Assert.Equal(1, complexity.Readable[2], 0.01);
        Assert.Equal(1 - complexity.Readable.Average(), complexity.Complexity, 1e-12);
        int[] classes = [.. feature.Select(v => v > 0 ? 1 : 0)];
        var late = FeatureComplexity.OfClasses([With(0), With(0), Samples.Of([.. classes.Select(c => (double)c)])], classes);
        Assert.InRange(late.Complexity, 0.64, 0.68);
    }

    private static LayerReading Read(string channel, Func<int, double> layer, int[] labels)
    {
        var t = Samples.Of([.. labels.Select((_, i) => layer(i))]);
        var c = LayerChannel.Parse(channel);
        return c.Read(t, labels, c.Lay(t.Values, c.Kind == ChannelKind.Ebab ? t.Values.ToArray().Min() : null));
    }
}
