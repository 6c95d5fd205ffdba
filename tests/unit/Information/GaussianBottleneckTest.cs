using Isthmus.Information;
using Isthmus.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Tests.Information;

/// <summary>Known answers 1, 15, 29 and 30 of the reference list; the encoder's informations by determinants on random covariances.</summary>
public class GaussianBottleneckTest
{
    [Theory]
    [InlineData(1, 0.5, 0.207519)]
    [InlineData(1, 0.9, 1.197964)]
    [InlineData(5, 0.8, 3.684828)]
    [InlineData(10, 0.5, 2.075187)]
    [InlineData(20, 0.5, 4.150375)]
    public void Pairs_HaveTheirInformation(int pairs, double rho, double bits) =>
        Assert.Equal(bits, GaussianMeasures.MutualInformation([.. Enumerable.Repeat(rho, pairs)]).Value, 1e-6);

    [Fact]
    public void Information_DeterminesTheCorrelation()
    {
        Assert.Equal(0.929873495, GaussianMeasures.Correlation(Bits.FromNats(1)), 1e-9);
        Assert.Equal(0.990799859, GaussianMeasures.Correlation(Bits.FromNats(2)), 1e-9);
        Assert.Equal(Math.Log2(2 * Math.PI * Math.E * 4) / 2, GaussianMeasures.Entropy(4).Value, 1e-12);
    }

    [Theory]
    [InlineData(new[] { 0.8 }, 2, 0.415037, 0.236966)]
    [InlineData(new[] { 0.8 }, 4, 1.207519, 0.529447)]
    [InlineData(new[] { 0.8 }, 10, 2, 0.660964)]
    [InlineData(new[] { 0.9, 0.5 }, 2, 1.045961, 0.697964)]
    [InlineData(new[] { 0.9, 0.5 }, 3.9, 1.813988, 0.984254)]
    [InlineData(new[] { 0.9, 0.5 }, 8, 3.060835, 1.212838)]
    [InlineData(new[] { 0.9, 0.5 }, 50, 5.868190, 1.376337)]
    public void Curve_HasItsClosedForm(double[] rho, double beta, double ixt, double ity)
    {
        var point = GaussianBottleneck.Solve(rho, [beta]).Points[0];
        Assert.Equal(ixt, point.IxtBits, 1e-6);
        Assert.Equal(ity, point.ItyBits, 1e-6);
    }

    [Fact]
    public void CriticalBetas_AreInverseSquaredCorrelations()
    {
        Assert.Equal([1.234568, 4], GaussianBottleneck.Solve([0.5, 0.9], [2]).CriticalBetas.Select(b => Math.Round(b, 6)));
        Assert.Empty(GaussianBottleneck.Solve([0.8], [1.5]).Points[0].Encoder);
    }

    [Fact]
    public void Encoder_HasThePrintedInformationsOnRandomCovariances()
    {
        var random = new RandomStream(81);
        for (var i = 0; i < 200; i++)
        {
            var (dx, dy) = (1 + random.NextInt(4), 1 + random.NextInt(4));
            var mix = Matrix<double>.Build.Dense(dx + dy, dx + dy, (_, _) => random.NextGaussian());
            var all = (mix * mix.Transpose()) + (0.3 * Matrix<double>.Build.DenseIdentity(dx + dy));
            var (x, y, xy) = (all.SubMatrix(0, dx, 0, dx), all.SubMatrix(dx, dy, dx, dy), all.SubMatrix(0, dx, dx, dy));
            double[] betas = [1, 1.5, 3, 10];
            var result = GaussianBottleneck.Solve(x.ToArray(), y.ToArray(), xy.ToArray(), betas);
            Assert.Equal(Math.Log2(x.Determinant() * y.Determinant() / all.Determinant()) / 2, result.IxyBits, 1e-7);
            var last = 0.0;
            foreach (var point in result.Points)
            {
                var lagrangian = point.IxtBits - (point.Beta * point.ItyBits);
                Assert.True(lagrangian <= last + 1e-9, "the Lagrangian falls with beta and is never above 0");
                last = lagrangian;
                if (point.Encoder.Length == 0) continue;
                var a = Matrix<double>.Build.DenseOfRowArrays(point.Encoder);
                var noise = Matrix<double>.Build.DenseIdentity(a.RowCount);
                var t = (a * x * a.Transpose()) + noise;
                var tGivenY = (a * (x - (xy * y.Inverse() * xy.Transpose())) * a.Transpose()) + noise;
                Assert.Equal(Math.Log2(t.Determinant()) / 2, point.IxtBits, 1e-7);
                Assert.Equal(Math.Log2(t.Determinant() / tGivenY.Determinant()) / 2, point.ItyBits, 1e-7);
            }
        }
    }

    [Fact]
    public void WrongInput_SaysWhy()
    {
        Assert.Equal("correlation 1, expected strictly between -1 and 1", Assert.Throws<InputException>(() => GaussianBottleneck.Solve([1], [2])).Message);
        Assert.Equal("the covariance of X is not positive definite", Assert.Throws<InputException>(() =>
            GaussianBottleneck.Solve(new double[,] { { 1, 2 }, { 2, 1 } }, new double[,] { { 1 } }, new double[,] { { 0 }, { 0 } }, [2])).Message);
    }
}
