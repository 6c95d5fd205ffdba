using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

public sealed class SymmetricGaussianKlTest
{
    [Fact]
    public void IsTheMeanOfBothClosedForms_SummedOverDimensions()
    {
        float[] m = [0, 1, 2, -1], s = [1, 2, 0.5f, 1], n = [1, 1, -1, -1], t = [2, 2, 1, 1];
        static double Kl(double m, double s, double n, double t) => Math.Log(t / s) + (((s * s) + ((m - n) * (m - n))) / (2 * t * t)) - 0.5;
        var expected = Enumerable.Range(0, 4).Sum(i => (Kl(m[i], s[i], n[i], t[i]) + Kl(n[i], t[i], m[i], s[i])) / 2) / 2; // two rows
        var (a, b) = ((Tensor.From(m, 2, 2), Tensor.From(s, 2, 2)), (Tensor.From(n, 2, 2), Tensor.From(t, 2, 2)));
        Assert.Equal(expected, Losses.SymmetricGaussianKl(a.Item1, a.Item2, b.Item1, b.Item2).Item(), 1e-5);
        Assert.Equal(expected, Losses.SymmetricGaussianKl(b.Item1, b.Item2, a.Item1, a.Item2).Item(), 1e-5);
        Assert.Equal(0, Losses.SymmetricGaussianKl(a.Item1, a.Item2, a.Item1, a.Item2).Item(), 1e-6);
    }

    [Fact]
    public void DifferentShapes_AreRefused() =>
        Assert.Throws<ArgumentException>(() => Losses.SymmetricGaussianKl(Tensor.Ones(2, 2), Tensor.Ones(2, 2), Tensor.Ones(2, 3), Tensor.Ones(2, 2)));
}
