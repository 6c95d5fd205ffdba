using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public sealed class GeometryPhasesTest
{
    [Fact]
    public void FallRiseFall_IsFoundWithItsSmallestDifference() =>
        Assert.Equal(new GeometryPhases(1, 3, 5, 7, 3), GeometryPhases.Of([8, 9, 6, 2, 4, 7, 6, 4, 5]));

    [Theory]
    [InlineData("1 2 3 4")]
    [InlineData("4 3 2 1")]
    [InlineData("4 1 2 3")]
    [InlineData("1 3 2 1")]
    [InlineData("2 2 2 2")]
    public void OtherCourses_HaveNoSwing(string readings) =>
        Assert.Equal(new GeometryPhases(0, 0, 0, 0, 0), GeometryPhases.Of([.. readings.Split(' ').Select(r => double.Parse(r, System.Globalization.CultureInfo.InvariantCulture))]));

    [Fact]
    public void Swing_IsThatOfTheSearchOverAllQuadruples()
    {
        var random = new RandomStream(8);
        for (var trial = 0; trial < 50; trial++)
        {
            double[] r = [.. Enumerable.Range(0, 12).Select(_ => random.NextDouble())];
            var best = 0.0;
            for (var i = 0; i < r.Length; i++)
                for (var j = i + 1; j < r.Length; j++)
                    for (var k = j + 1; k < r.Length; k++)
                        for (var l = k + 1; l < r.Length; l++) best = Math.Max(best, Math.Min(r[i] - r[j], Math.Min(r[k] - r[j], r[k] - r[l])));
            var found = GeometryPhases.Of(r);
            Assert.Equal(best, found.Swing, 1e-12);
            Assert.True(best == 0 || found.Start < found.Trough && found.Trough < found.Peak && found.Peak < found.End);
        }
    }

    [Fact]
    public void NoReadings_HaveNoSwing_AndNumbersThatAreNotFiniteAreRefused()
    {
        Assert.Equal(0, GeometryPhases.Of([]).Swing);
        Assert.Throws<ArgumentException>(() => GeometryPhases.Of([1, double.NaN]));
    }
}
