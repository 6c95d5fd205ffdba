using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

public class EditRunTest
{
    [Fact]
    public void Divergences_AreThoseOfTheDefinitions()
    {
        float[] p = [0.5f, 0.25f, 0.25f], q = [0.25f, 0.25f, 0.5f];
        Assert.Equal((0.5 * 1) + 0 + (0.25 * -1), OutputChange.KlBits(p, q), 1e-9);
        Assert.Equal(0.25, OutputChange.TotalVariation(p, q), 1e-9);
        Assert.Equal(0.125 / 3, OutputChange.MeanSquare(p, q), 1e-9);
        Assert.Equal(0, OutputChange.KlBits(p, p));
        Assert.Equal(double.PositiveInfinity, OutputChange.KlBits([0.5f, 0.5f], [1f, 0f]));
        Assert.Equal(1, OutputChange.KlBits([1f, 0f], [0.5f, 0.5f]), 1e-9);
        Assert.Throws<ArgumentException>(() => OutputChange.TotalVariation(p, [1f]));
    }
}
