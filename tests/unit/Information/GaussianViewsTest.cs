using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public sealed class GaussianViewsTest
{
    [Fact]
    public void OneDimension_IsTheClosedFormAndLiesOnTheCurve()
    {
        const double Rho = 0.8, Noise = 0.3;
        var views = new GaussianViews(new[,] { { 1.0 } }, new[,] { { 1.0 } }, new[,] { { Rho } });
        Assert.Equal(-Math.Log2(1 - (Rho * Rho)) / 2, views.Shared.Value, 1e-9);
        var code = views.Code(new[,] { { 1.0 } }, [Noise]);
        Assert.Equal(Math.Log2((1 + Noise) / (1 - (Rho * Rho) + Noise)) / 2, code.Shared.Value, 1e-9);
        Assert.Equal(Math.Log2((1 - (Rho * Rho) + Noise) / Noise) / 2, code.Private.Value, 1e-9);
        Assert.Equal(code.Private.Value, views.LeastPrivate(code.Shared).Value, 1e-6); // there is one direction only
        var noisier = views.AtShared(new[,] { { 3.0 } }, [0], code.Shared)!;
        Assert.Equal(code.Private.Value, noisier.Private.Value, 1e-6);
    }

    [Fact]
    public void NoCode_HasLessPrivateInformationThanTheCurve()
    {
        var random = new RandomStream(12);
        var views = Random(random, 5, 4);
        for (var i = 0; i < 100; i++)
        {
            var a = Matrix(random, 1 + random.NextInt(5), 5);
            double[] noise = [.. Enumerable.Range(0, a.GetLength(0)).Select(_ => 0.01 + random.NextDouble())];
            var code = views.Code(a, noise);
            Assert.InRange(code.Shared.Value, 0, views.Shared.Value);
            Assert.True(code.Private.Value >= views.LeastPrivate(code.Shared).Value - 1e-9);
            var half = Bits.FromBits(code.Shared.Value / 2);
            var noisier = views.AtShared(a, noise, half)!;
            Assert.Equal(half.Value, noisier.Shared.Value, 1e-9);
            Assert.InRange(noisier.Private.Value, views.LeastPrivate(half).Value - 1e-9, code.Private.Value);
        }
    }

    [Fact]
    public void PrivateDimension_IsAllPrivate_AndACodeOfItNeverReachesTheOther()
    {
        var views = new GaussianViews(new[,] { { 1.0, 0 }, { 0, 2 } }, new[,] { { 1.0 } }, new[,] { { 0.5 }, { 0 } });
        var code = views.Code(new[,] { { 0.0, 1 } }, [0.5]);
        Assert.Equal(0, code.Shared.Value, 1e-12);
        Assert.Equal(Math.Log2(5) / 2, code.Private.Value, 1e-9);
        Assert.Null(views.AtShared(new[,] { { 0.0, 1 } }, [0.5], Bits.FromBits(0.01)));
        Assert.Null(views.AtShared(new[,] { { 0.0, 0 } }, [0], Bits.FromBits(0.01)));
    }

    [Fact]
    public void WrongNumbers_AreRefused()
    {
        var views = new GaussianViews(new[,] { { 1.0 } }, new[,] { { 1.0 } }, new[,] { { 0.5 } });
        Assert.Throws<InputException>(() => new GaussianViews(new[,] { { -1.0 } }, new[,] { { 1.0 } }, new[,] { { 0.5 } }));
        Assert.Throws<InputException>(() => views.Code(new[,] { { 1.0, 2 } }, [1]));
        Assert.Throws<InputException>(() => views.Code(new[,] { { 1.0 } }, [0]));
        Assert.Throws<InputException>(() => views.AtShared(new[,] { { 1.0 } }, [-1], Bits.FromBits(0.1)));
        Assert.Throws<InputException>(() => views.LeastPrivate(views.Shared));
    }

    // Both views are mixtures of common and own sources, and noise.
    private static GaussianViews Random(RandomStream random, int dx, int dy)
    {
        var all = Matrix(random, dx + dy, 6);
        double Product(int i, int j) => Enumerable.Range(0, 6).Sum(k => all[i, k] * all[j, k]) + (i == j ? 0.5 : 0);
        var (x, y, cross) = (new double[dx, dx], new double[dy, dy], new double[dx, dy]);
        for (var i = 0; i < dx; i++)
        {
            for (var j = 0; j < dx; j++) x[i, j] = Product(i, j);
            for (var j = 0; j < dy; j++) cross[i, j] = Product(i, dx + j);
        }
        for (var i = 0; i < dy; i++)
            for (var j = 0; j < dy; j++) y[i, j] = Product(dx + i, dx + j);
        return new GaussianViews(x, y, cross);
    }

    private static double[,] Matrix(RandomStream random, int rows, int columns)
    {
        var m = new double[rows, columns];
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++) m[i, j] = random.NextGaussian();
        return m;
    }
}
