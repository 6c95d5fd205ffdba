using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class BottleneckBoundTest
{
    [Fact]
    public void Value_IsTheRootOfNatsOverRows() => Assert.Equal(Math.Sqrt(5.0 / 20), new BottleneckBound(Bits.FromNats(2), Bits.FromNats(3), 20).Value, 12);

    // Two far places in each of two classes: one bit within a class, whichever class it is.
    [Fact]
    public void ConditionalInformation_OfFarPlaces_IsTheirEntropyWithinTheClass()
    {
        var layer = Samples.Of([-1000, 1000, -1000, 1000, -3000, 3000, -3000, 3000]);
        Assert.Equal(1, BottleneckBound.ConditionalInformation(layer, [0, 0, 0, 0, 1, 1, 1, 1], 1e-3).Value, 9);
        Assert.Equal(0, BottleneckBound.ConditionalInformation(layer, [0, 1, 0, 1, 2, 3, 2, 3], 1e-3).Value, 9);
    }

    [Fact]
    public void ConditionalInformation_OfAScaledLayer_IsTheSame()
    {
        var random = new RandomStream(3);
        double[] values = [.. Enumerable.Range(0, 40).Select(_ => random.NextGaussian())];
        int[] labels = [.. Enumerable.Range(0, 20).Select(i => i % 2)];
        var (plain, scaled) = (BottleneckBound.ConditionalInformation(new Samples(values, 20, 2), labels, 0.3), BottleneckBound.ConditionalInformation(new Samples([.. values.Select(v => 50 * v)], 20, 2), labels, 0.3));
        Assert.Equal(plain.Value, scaled.Value, 9);
        Assert.InRange(plain.Value, 0.1, Math.Log2(10));
        Assert.Throws<InputException>(() => BottleneckBound.ConditionalInformation(new Samples(values, 20, 2), labels, 0));
    }

    [Fact]
    public void EncoderInformation_IsTheDivergenceOfTwoNormals()
    {
        var bits = BottleneckBound.EncoderInformation([Tensor.From([1f, 2f], 2), Tensor.From([0.5f], 1)], [Tensor.From([0f, 2f], 2), Tensor.From([0f], 1)], 0.5);
        Assert.Equal(1.25 / (2 * 0.25), bits.Nats, 9);
        Assert.Throws<ArgumentException>(() => BottleneckBound.EncoderInformation([Tensor.From([1f, 2f], 2)], [Tensor.From([1f], 1)], 0.5));
    }
}
