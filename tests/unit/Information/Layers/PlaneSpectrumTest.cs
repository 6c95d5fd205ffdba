using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public sealed class PlaneSpectrumTest
{
    [Theory]
    [InlineData(8, 6, 2, 1)]
    [InlineData(5, 7, 1, 5)]
    [InlineData(4, 4, 2, 2)]
    public void Wave_HasAllItsEnergyAtItsFrequency(int h, int w, int u, int v)
    {
        var planes = Tensor.Zeros(2, h, w);
        for (var i = 0; i < planes.Numel; i++) planes.Data[i] = (float)Math.Cos(2 * Math.PI * (((double)u * (i / w % h) / h) + ((double)v * (i % w) / w)));
        var spectrum = PlaneSpectrum.Of(planes);
        Assert.Equal(1, spectrum.ShareAt(u, v), 1e-6);
        Assert.Equal(1, spectrum.ShareAt((h - u) % h, (w - v) % w), 1e-6);
    }

    [Fact]
    public void Power_IsThatOfTheNaiveTransformAndKeepsTheEnergy()
    {
        const int H = 5, W = 4;
        var planes = Tensor.Zeros(3, H, W);
        new RandomStream(4).FillNormal(planes.Data);
        var spectrum = PlaneSpectrum.Of(planes);
        for (var u = 0; u < H; u++)
            for (var v = 0; v < W; v++)
            {
                var expected = 0.0;
                for (var p = 0; p < 3; p++)
                {
                    var sum = System.Numerics.Complex.Zero;
                    for (var y = 0; y < H; y++)
                        for (var x = 0; x < W; x++) sum += planes.Data[(((p * H) + y) * W) + x] * System.Numerics.Complex.FromPolarCoordinates(1, -2 * Math.PI * (((double)u * y / H) + ((double)v * x / W)));
                    expected += sum.Magnitude * sum.Magnitude / (3 * H * W);
                }
                Assert.Equal(expected, spectrum.Power[(u * W) + v], 1e-5);
            }
        Assert.Equal(planes.ToArray().Sum(x => (double)x * x) / 3, spectrum.Power.Sum(), 1e-4); // Parseval
    }

    [Fact]
    public void HighOverLow_OfAnImpulseCountsFrequencies()
    {
        var plane = Tensor.Zeros(1, 8, 8);
        plane.Data[0] = 1;
        Assert.Equal(39.0 / 25, PlaneSpectrum.Of(plane).HighOverLow(), 1e-6); // components -2 to 2 are low: 5 x 5 of 64
    }

    [Fact]
    public void ZerosBetweenPixels_CopyTheSpectrum_NearestNeighboursDoNot()
    {
        var small = Tensor.Zeros(2, 1, 6, 6);
        new RandomStream(5).FillNormal(small.Data);
        var spread = small.ConvTranspose2d(Tensor.Ones(1, 1, 1, 1), null, (2, 2), outputPadding: (1, 1));
        Assert.Equal(1, PlaneSpectrum.Of(spread).CopiesOf(PlaneSpectrum.Of(small)), 1e-6);
        Assert.True(PlaneSpectrum.Of(small.UpsampleNearest2d(2)).CopiesOf(PlaneSpectrum.Of(small)) < 0.9);
    }

    [Fact]
    public void WrongSizes_AreRefused()
    {
        var spectrum = PlaneSpectrum.Of(Tensor.Ones(1, 4, 4));
        Assert.Throws<ArgumentException>(() => PlaneSpectrum.Of(Tensor.Ones(4)));
        Assert.Throws<ArgumentException>(() => spectrum.CopiesOf(PlaneSpectrum.Of(Tensor.Ones(1, 3, 3))));
        Assert.Throws<ArgumentOutOfRangeException>(() => spectrum.HighOverLow(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => spectrum.ShareAt(4, 0));
    }
}
