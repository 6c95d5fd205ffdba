using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks.Spikes;

/// <summary>
/// The shape of <see cref="Bottleneck"/>, proven on one small example of every kind that the library sets out to hold: each
/// spike is a whole bottleneck, passes, writes, reads and restores.
/// </summary>
public class SpikeTest
{
    private static readonly RandomStream s_random = new(11);

    private static Tensor Data(params int[] shape) => Tensor.Randn(s_random, shape);

    [Fact]
    public void Vib_RoundTrips()
    {
        var vib = new VariationalBottleneck(6, new VibOptions { Latent = 3 }, new RandomStream(2));
        vib.Freeze([Data(500, 6)]);
        RoundTrip.Check(vib, Data(40, 6));
    }

    [Fact]
    public void Vq_RoundTrips() => Assert.InRange(RoundTrip.Check(new VqSpike(16, 4), Data(300, 4)), 1000, 1400);

    [Fact]
    public void ResidualVqWithContext_RoundTrips_AndTheContextPays()
    {
        var h = Data(400, 4);
        var with = new ResidualVqSpike(8, 4, useContext: true);
        var without = new ResidualVqSpike(8, 4, useContext: false);
        with.Freeze([h]);
        without.Freeze([h]);
        Assert.True(RoundTrip.Check(with, h) < RoundTrip.Check(without, h));
    }

    [Fact]
    public void TopK_RoundTrips() => RoundTrip.Check(new TopKSpike(5, 32, 4), Data(50, 5));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Concepts_RoundTrip_AndObeyEdits(bool hard)
    {
        var concepts = new ConceptSpike(5, ["striped", "winged", "large"], hard);
        var h = Data(20, 5);
        RoundTrip.Check(concepts, h);
        var edited = RoundTrip.Ship() with { Edit = Edit.Set("winged", 1) };
        RoundTrip.Check(concepts, h, edited);
        var output = concepts.Pass(h, edited).Output;
        for (var i = 0; i < 20; i++) Assert.Equal(1f, output.Data[(i * 3) + 1]);
        var wrong = RoundTrip.Ship() with { Edit = Edit.Set("wingd", 1) };
        Assert.Contains("winged", Assert.Throws<InputException>(() => concepts.Pass(h, wrong)).Hint);
    }

    [Fact]
    public void ScaleHyperprior_RoundTrips() => RoundTrip.Check(new HyperpriorSpike(6), Data(60, 6));

    [Fact]
    public void TwoLevels_RoundTrip()
    {
        var h = new Features(("top", Data(30, 2)), ("bottom", Data(30, 5)));
        RoundTrip.Check(new TwoLevelSpike(2, 5), h);
    }

    [Fact]
    public void Tokens_RoundTrip_WithTheirLengths()
    {
        var mask = Tensor.Zeros(3, 7);
        foreach (var (row, length) in new[] { (0, 7), (1, 0), (2, 4) })
            for (var t = 0; t < length; t++) mask.Data[(row * 7) + t] = 1;
        var context = RoundTrip.Ship() with { Mask = mask };
        var bottleneck = new TokenSpike(12, 4);
        RoundTrip.Check(bottleneck, Data(3, 7, 4), context, 7);
        Assert.Equal([7L, 0, 4], bottleneck.Pass(Data(3, 7, 4), context).Message().Lengths!.ToArray());
    }
}
