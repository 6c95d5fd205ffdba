using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors;

public class RandomStreamTest
{
    // Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Block_MatchesPublishedVectors(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint r0, uint r1, uint r2, uint r3)
    {
        Philox.Block(ref c0, ref c1, ref c2, ref c3, k0, k1);
        Assert.Equal((r0, r1, r2, r3), (c0, c1, c2, c3));
    }

    [Fact]
    public void Position_JumpsToTheSameWords()
    {
        var a = new RandomStream(7, 3);
        var words = Enumerable.Range(0, 41).Select(_ => a.NextUInt32()).ToArray();
        for (var i = words.Length - 1; i >= 0; i--)
        {
            a.Position = (ulong)i;
            Assert.Equal(words[i], a.NextUInt32());
        }
    }

    [Fact]
    public void Fork_GivesEqualStreamsForEqualNamesOnly()
    {
        var root = new RandomStream(1);
        Assert.Equal(root.Fork("weights").NextUInt64(), root.Fork("weights").NextUInt64());
        Assert.NotEqual(root.Fork("weights").NextUInt64(), root.Fork("batches").NextUInt64());
        Assert.NotEqual(root.NextUInt64(), root.Fork(0).NextUInt64());
    }

    [Fact]
    public void NextInt_IsUniform()
    {
        var random = new RandomStream(5);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++) counts[random.NextInt(7)]++;
        Assert.All(counts, c => Assert.InRange(c, 10_000 - 500, 10_000 + 500)); // 5 standard deviations
    }

    [Fact]
    public void NextGaussian_HasUnitVariance()
    {
        var random = new RandomStream(9);
        double sum = 0, squares = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var x = random.NextGaussian();
            sum += x;
            squares += x * x;
        }
        Assert.InRange(sum / 100_000, -0.016, 0.016);
        Assert.InRange(squares / 100_000, 0.978, 1.022);
    }
}
