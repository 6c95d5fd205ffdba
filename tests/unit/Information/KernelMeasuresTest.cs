using Isthmus.Information;
using Isthmus.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Tests.Information;

public class KernelMeasuresTest
{
    private static readonly Samples X = Samples.Of([0, 1, 2, 5]), Y = Samples.Of([0, 1, 0, 3], "y");
    private static readonly KernelWidth One = KernelWidth.Of(1);

    private static double Read(SampleEstimator estimator, Samples x, Samples y) => estimator.Read(new Rows(x, y, null, 0, 2)).Nats;

    [Fact]
    public void Renyi_entropies_equal_the_known_answers()
    {
        // Known answers 34 and 35.
        double[] half = [1, 0.5, 0.5, 1];
        Assert.Equal(0.811278, MatrixRenyi.Entropy(half, 1), 1e-6);
        Assert.Equal(0.809649, MatrixRenyi.Entropy(half, 1.01), 1e-6);
        Assert.Equal(0.678072, MatrixRenyi.Entropy(half, 2), 1e-6);
        Assert.Equal(0.517316, MatrixRenyi.Entropy(half, 5), 1e-6);
        Assert.Equal(Math.Log2(7), MatrixRenyi.Entropy([.. Matrix<double>.Build.DenseIdentity(7).ToRowMajorArray()], 1.01), 9);
        Assert.Equal(0, MatrixRenyi.Entropy([1, 1, 1, 1, 1, 1, 1, 1, 1], 2), 9);
        var (gx, gy) = (MatrixRenyi.Gram(X, 1), MatrixRenyi.Gram(Y, 1));
        Assert.Equal(1.704223, MatrixRenyi.Entropy(gx, 1.01), 1e-6);
        Assert.Equal(1.292973, MatrixRenyi.Entropy(gy, 1.01), 1e-6);
        Assert.Equal(1.100399, MatrixRenyi.TotalCorrelation([gx, gy], 1.01), 1e-6);
        Assert.Equal(1.100399, Read(new MatrixRenyi { WidthX = One, WidthY = One }, X, Y), 1e-6);
        Assert.Equal(0.824525, Read(new MatrixRenyi { Alpha = 2, WidthX = One, WidthY = One }, X, Y), 1e-6);
        Assert.Equal(0.824525, MatrixRenyi.TotalCorrelation([gx, gy], 2), 1e-6);
    }

    [Fact]
    public void Cauchy_schwarz_and_hsic_equal_the_known_answers()
    {
        // Known answers 36, 37, 38.
        Assert.Equal(0.337122, Read(new CauchySchwarzInformation { WidthX = One, WidthY = One }, X, Y), 1e-6);
        var factorial = (Samples.Of([0, 0, 1, 1]), Samples.Of([0, 1, 0, 1], "y"));
        Assert.Equal(0, Read(new CauchySchwarzInformation { WidthX = One, WidthY = One }, factorial.Item1, factorial.Item2), 12);
        Assert.Equal(0.103449, Read(new Hsic { Kind = HsicKind.PerSquare, WidthX = One, WidthY = One }, X, Y), 1e-6);
        Assert.Equal(0.103449 * 16 / 9, Read(new Hsic { WidthX = One, WidthY = One }, X, Y), 2e-6);
        var two = Samples.Of([0, 1]);
        Assert.Equal(0.058255, Read(new CauchySchwarzInformation { WidthX = One, WidthY = One }, two, two), 1e-6);
        var predicted = Samples.Of([0.2, 0.8, 0.5, 2.5]);
        Assert.Equal(0.140385, ConditionalCauchySchwarz.Divergence(X, Y, predicted), 1e-6);
        Assert.Equal(0, ConditionalCauchySchwarz.Divergence(X, Y, Y), 12);
    }

    [Fact]
    public void Streams_equal_the_plain_matrix_formulas()
    {
        const int n = 29;
        var random = new RandomStream(5);
        var x = new Samples([.. Enumerable.Range(0, 2 * n).Select(_ => random.NextGaussian())], n, 2);
        var y = new Samples([.. Enumerable.Range(0, n).Select(i => x[i, 0] + random.NextGaussian())], n, 1, null, "y");
        var k = Matrix<double>.Build.DenseOfRowMajor(n, n, MatrixRenyi.Gram(x, 0.7));
        var l = Matrix<double>.Build.DenseOfRowMajor(n, n, MatrixRenyi.Gram(y, 1.3));
        var h = Matrix<double>.Build.DenseIdentity(n) - Matrix<double>.Build.Dense(n, n, 1.0 / n);
        Hsic Of(HsicKind kind) => new() { Kind = kind, WidthX = KernelWidth.Of(0.7), WidthY = KernelWidth.Of(1.3) };
        var biased = (k * h * l * h).Trace();
        Assert.Equal(biased / ((n - 1) * (n - 1)), Read(Of(HsicKind.Biased), x, y), 12);
        Assert.Equal(biased / Math.Sqrt((k * h * k * h).Trace() * (l * h * l * h).Trace()), Read(Of(HsicKind.Normalised), x, y), 12);
        var (k0, l0) = (k - Matrix<double>.Build.DenseIdentity(n), l - Matrix<double>.Build.DenseIdentity(n));
        var one = Vector<double>.Build.Dense(n, 1);
        var unbiased = ((k0 * l0).Trace() + one * k0 * one * (one * l0 * one) / ((n - 1) * (n - 2.0)) - 2.0 / (n - 2) * (one * k0 * l0 * one)) / (n * (n - 3));
        Assert.Equal(unbiased, Read(Of(HsicKind.Unbiased), x, y), 12);
    }

    [Fact]
    public void Eigenvalues_equal_those_of_another_program()
    {
        foreach (var n in new[] { 1, 2, 3, 8, 31, 60 })
        {
            var random = new RandomStream((ulong)n);
            var a = Matrix<double>.Build.Dense(n, n, (_, _) => random.NextGaussian());
            a = n == 8 ? Matrix<double>.Build.DenseDiagonal(n, 3) : a + a.Transpose();
            var expected = a.Evd().EigenValues.Select(e => e.Real).Order().ToArray();
            var ours = SymmetricEigenvalues.Of(a.ToRowMajorArray(), n);
            for (var i = 0; i < n; i++) Assert.Equal(expected[i], ours[i], 10);
        }
    }

    [Fact]
    public void A_kernel_measure_is_never_bits()
    {
        var (x, y) = InformationTasks.Parse("gaussian,rho=0.8").Sample(300, 1);
        foreach (SampleEstimator estimator in new SampleEstimator[] { new Hsic(), new CauchySchwarzInformation(), new MatrixRenyi { MostRows = 200 } })
        {
            var reading = estimator.Estimate(x, y, new MeasureOptions { Permutations = 19 });
            Assert.Null(reading.Bits);
            Assert.True(reading.Measure > 0);
            Assert.Equal(0.05, reading.PValue!.Value, 12);
        }
    }
}
