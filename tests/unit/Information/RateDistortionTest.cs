using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Known answers 19 to 22 of the reference list; gaps that are proven; convexity on random sources.</summary>
public class RateDistortionTest
{
    private static double Entropy(double p) => (-p * Math.Log2(p)) - ((1 - p) * Math.Log2(1 - p));

    [Theory]
    [InlineData(new[] { 0.5, 0.5 }, 0.531004)]
    [InlineData(new[] { 0.3, 0.7 }, 0.412295)]
    [InlineData(new[] { 0.25, 0.25, 0.25, 0.25 }, 1.372508)]
    public void Hamming_AtOneTenth(double[] p, double bits)
    {
        var point = RateDistortion.AtDistortion(p, RateDistortion.Hamming(p.Length), 0.1);
        Assert.Equal(bits, point.RateBits, 1e-6);
        Assert.Equal(0.1, point.Distortion, 1e-9);
        Assert.InRange(point.GapBits, 0, 1e-9);
    }

    [Fact]
    public void FairCoin_AtASlopeOfThreeBits()
    {
        var point = RateDistortion.Solve([0.5, 0.5], RateDistortion.Hamming(2), [3 * Math.Log(2)]).Points[0];
        Assert.Equal(1.0 / 9, point.Distortion, 1e-9);
        Assert.Equal(0.496742, point.RateBits, 1e-6);
        Assert.Equal(1 - Entropy(1.0 / 9), point.RateBits, 1e-9);
    }

    [Theory]
    [InlineData(3, 0.956592, 0.0905570)]
    [InlineData(5, 1.370248, 0.0132967)]
    public void ThreeSymbols_Hamming(double beta, double rate, double distortion)
    {
        var point = RateDistortion.Solve([0.5, 0.3, 0.2], RateDistortion.Hamming(3), [beta]).Points[0];
        Assert.Equal(rate, point.RateBits, 1e-6);
        Assert.Equal(distortion, point.Distortion, 1e-6);
        Assert.InRange(point.GapBits, 0, 1e-10);
    }

    [Theory]
    [InlineData(1, 0.744316, 0.419243)]
    [InlineData(3, 1.597721, 0.0690249)]
    public void FourLevels_SquaredError(double beta, double rate, double distortion)
    {
        var point = RateDistortion.Solve([0.25, 0.25, 0.25, 0.25], RateDistortion.Squared([0, 1, 2, 3]), [beta]).Points[0];
        Assert.Equal(rate, point.RateBits, 1e-5);
        Assert.Equal(distortion, point.Distortion, 1e-5);
        Assert.InRange(point.GapBits, 0, 1e-9);
    }

    [Fact]
    public void Gaussian_AndReverseWaterFilling()
    {
        Assert.Equal(1, RateDistortion.Gaussian(1, 0.25).Value, 1e-12);
        var (rate, distortion) = RateDistortion.ReverseWaterFilling([4, 1, 0.25], 0.5);
        Assert.Equal((2, 1.25), (Math.Round(rate.Value, 12), distortion));
        (rate, distortion) = RateDistortion.ReverseWaterFilling([2, 1, 0.5, 0.1], 0.3);
        Assert.Equal(2.605448, rate.Value, 1e-6);
        Assert.Equal(1, distortion, 1e-12);
        Assert.Equal(0.3, RateDistortion.WaterLevel([2, 1, 0.5, 0.1], 1), 1e-12);
    }

    [Fact]
    public void Extremes_AreTheEntropyAndNothing()
    {
        double[] p = [0.5, 0.3, 0.2];
        var points = RateDistortion.Solve(p, RateDistortion.Hamming(3), [0, double.PositiveInfinity]).Points;
        Assert.Equal((0, 0.5), (points[0].RateBits, points[0].Distortion));
        Assert.Equal(Divergence.RenyiEntropy(p, 1) / Math.Log(2), points[1].RateBits, 1e-9);
        Assert.Equal(0, points[1].Distortion, 1e-12);
    }

    [Fact]
    public void StraightPiece_IsSharedBetweenItsEnds()
    {
        // An extra reproduction "don't know" at distortion 1/4 makes a straight piece; the slope on it is that of both ends.
        double[,] d = { { 0, 1, 0.25 }, { 1, 0, 0.25 } };
        var point = RateDistortion.AtDistortion([0.5, 0.5], d, 0.2);
        Assert.Equal(0.2, point.Distortion, 1e-9);
        Assert.InRange(point.GapBits, 0, 1e-6);
        Assert.True(point.RateBits < 1 - Entropy(0.2), "worse than without the extra symbol");
    }

    [Fact]
    public void RandomSources_HaveConvexDecreasingCurvesWithProvenGaps()
    {
        var random = new RandomStream(61);
        double[] betas = [0.3, 1, 2, 4, 8];
        for (var i = 0; i < 200; i++)
        {
            var (n, m) = (2 + random.NextInt(5), 2 + random.NextInt(5));
            var p = RandomTables.Vector(random, n);
            var d = new double[n, m];
            for (var x = 0; x < n; x++)
                for (var z = 0; z < m; z++) d[x, z] = 3 * random.NextDouble();
            var points = RateDistortion.Solve(p, d, betas, 1e-10).Points;
            for (var k = 0; k < points.Count; k++)
            {
                Assert.InRange(points[k].GapBits, 0, 1e-8);
                // No channel made at another slope does better at this one.
                foreach (var other in points)
                    Assert.True((points[k].RateBits * Math.Log(2)) + (betas[k] * points[k].Distortion) <= (other.RateBits * Math.Log(2)) + (betas[k] * other.Distortion) + 1e-7);
                if (k > 0) Assert.True(points[k].RateBits >= points[k - 1].RateBits - 1e-8 && points[k].Distortion <= points[k - 1].Distortion + 1e-8);
            }
            var target = (points[1].Distortion + points[3].Distortion) / 2;
            var at = RateDistortion.AtDistortion(p, d, target, 1e-10);
            Assert.Equal(target, at.Distortion, 1e-6);
            Assert.InRange(at.RateBits, points[1].RateBits - 1e-6, points[3].RateBits + 1e-6);
            Assert.InRange(at.GapBits, 0, 1e-5);
        }
    }

    [Fact]
    public void WrongInput_SaysWhy()
    {
        Assert.Equal("the distortion matrix is 2x2, expected 3 rows", Assert.Throws<InputException>(() => RateDistortion.Solve([0.5, 0.3, 0.2], RateDistortion.Hamming(2), [1])).Message);
        Assert.Equal("distortion -0.1 cannot be had, the smallest is 0", Assert.Throws<InputException>(() => RateDistortion.AtDistortion([0.5, 0.5], RateDistortion.Hamming(2), -0.1)).Message);
        Assert.Equal("beta is NaN, expected at least 0", Assert.Throws<InputException>(() => RateDistortion.Solve([0.5, 0.5], RateDistortion.Hamming(2), [double.NaN])).Message);
    }
}
