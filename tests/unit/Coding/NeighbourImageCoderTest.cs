using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public class NeighbourImageCoderTest
{
    [Fact]
    public void TenNeighbours_AreTheThreeLinesOfJbig() =>
        Assert.Equal([(0, 1), (0, 2), (1, -2), (1, -1), (1, 0), (1, 1), (1, 2), (2, -1), (2, 0), (2, 1)], new NeighbourImageCoder().Template.Order());

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(16)]
    public void Images_ComeBackInTheBitsOfTheirModel(int neighbours)
    {
        var images = Stripes(60, 12, 9);
        var (writer, meter) = (new MessageWriter(), new CostMeter());
        var (coder, counted, decoder) = (new NeighbourImageCoder(neighbours), new NeighbourImageCoder(neighbours), new NeighbourImageCoder(neighbours));
        foreach (var c in new[] { coder, counted, decoder }) c.Learn(images[0], 12);
        foreach (var image in images.Skip(1))
        {
            coder.Write(writer, image, 12);
            counted.Write(meter, image, 12);
        }
        var payload = writer.Finish(CoderKind.Range);
        Assert.InRange(payload.Bytes.Length * 8.0, meter.Cost.Value - 8, meter.Cost.Value + 16);
        var reader = payload.Open();
        var pixels = new int[images[0].Length];
        foreach (var image in images.Skip(1))
        {
            decoder.Read(reader, pixels, 12);
            Assert.Equal(image, pixels);
        }
        reader.Finish();
    }

    // A pixel that is the opposite of the one two rows above with probability 0.9 costs h(0.1) bits once that is known to the context.
    [Fact]
    public void KnownSource_CostsItsConditionalEntropy()
    {
        var random = new RandomStream(5);
        const int width = 40, rows = 1500;
        var image = new int[width * rows];
        for (var i = 0; i < image.Length; i++) image[i] = (i < 2 * width ? random.NextInt(2) : 1 - image[i - (2 * width)]) ^ (random.NextInt(10) == 0 ? 1 : 0);
        var (near, far) = (new CostMeter(), new CostMeter());
        new NeighbourImageCoder(5).Write(near, image, width);
        new NeighbourImageCoder(6).Write(far, image, width); // the sixth is the one two rows above
        Assert.Contains((2, 0), new NeighbourImageCoder(6).Template);
        Assert.InRange(far.Cost.Value / image.Length, 0.468, 0.490);
        Assert.InRange(near.Cost.Value / image.Length, 0.99, 1.03);
    }

    [Fact]
    public void WrongImages_SayWhy()
    {
        var coder = new NeighbourImageCoder();
        Assert.Equal("pixel 2 is 7, expected 0 or 1", Assert.Throws<InputException>(() => coder.Write(new CostMeter(), [0, 7], 2)).Message);
        Assert.Contains("5 pixels in rows of 2", Assert.Throws<ArgumentException>(() => coder.Learn(new int[5], 2)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NeighbourImageCoder(23));
    }

    private static int[][] Stripes(int count, int width, int height)
    {
        var random = new RandomStream(3);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var (period, phase) = (2 + random.NextInt(4), random.NextInt(6));
            return Enumerable.Range(0, width * height).Select(i => (((i % width) + (i / width) + phase) / period % 2) ^ (random.NextInt(30) == 0 ? 1 : 0)).ToArray();
        })];
    }
}
