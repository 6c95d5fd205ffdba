using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class GradientEstimatorsTest
{
    private static float[] Gradient(Func<Tensor, Tensor> estimator, float[] x, float[] g)
    {
        var e = Tensor.From(x, 1, x.Length);
        e.RequiresGrad = true;
        estimator(e).Backward(Tensor.From(g, 1, g.Length));
        return e.Grad!.ToArray();
    }

    // Fifty et al. 2024 by hand: e = (3, 4, 0), q = (0, 0, 2), g = (1, 2, 3).
    [Fact]
    public void Rotation_HasItsClosedForm()
    {
        var q = Tensor.From([0f, 0, 2], 1, 3);
        Assert.Equal([0f, 0, 2], GradientEstimators.Rotation(Tensor.From([3f, 4, 0], 1, 3), q, 3).ToArray());
        var gradient = Gradient(e => GradientEstimators.Rotation(e, q, 3), [3, 4, 0], [1, 2, 3]);
        Assert.Equal(0.592, gradient[0], 1e-5);
        Assert.Equal(1.056, gradient[1], 1e-5);
        Assert.Equal(-0.88, gradient[2], 1e-5);
    }

    [Fact]
    public void Rotation_KeepsTheAngleBetweenGradientAndVector_AndScalesTheNorm()
    {
        var random = new RandomStream(3);
        for (var i = 0; i < 20; i++)
        {
            var (x, q, g) = (Tensor.Randn(random, 1, 6).ToArray(), Tensor.Randn(random, 1, 6), Tensor.Randn(random, 1, 6).ToArray());
            var gradient = Gradient(e => GradientEstimators.Rotation(e, q, 6), x, g);
            var ratio = Norm(q.ToArray()) / Norm(x);
            Assert.Equal(ratio * Norm(g), Norm(gradient), 1e-4);
            Assert.Equal(Dot(g, q.ToArray()) / Norm(g) / Norm(q.ToArray()), Dot(gradient, x) / Norm(gradient) / Norm(x), 1e-4);
        }
    }

    // The gradient is that of the function with R and the ratio held: finite differences of that function, with R made by its matrix.
    [Fact]
    public void Rotation_IsTheTransposeOfTheMatrixThatTurns()
    {
        float[] e = [0.3f, -1.2f, 0.8f], q = [-0.5f, 0.4f, 1.5f], g = [0.7f, -0.1f, 0.2f];
        var (u, v) = (e.Select(a => a / Norm(e)).ToArray(), q.Select(a => a / Norm(q)).ToArray());
        var s = u.Zip(v, (a, b) => a + b).ToArray();
        var w = s.Select(a => a / Math.Sqrt(s.Sum(b => b * b))).ToArray();
        var gradient = Gradient(x => GradientEstimators.Rotation(x, Tensor.From(q, 1, 3), 3), e, g);
        for (var j = 0; j < 3; j++)
        {
            double expected = 0;
            for (var i = 0; i < 3; i++) expected += ((i == j ? 1 : 0) - (2 * w[i] * w[j]) + (2 * v[i] * u[j])) * g[i];
            Assert.Equal(expected * Norm(q) / Norm(e), gradient[j], 1e-5);
        }
    }

    [Fact]
    public void Rotation_IsFinite_AtTheAntipodeAndAtZero()
    {
        // Opposite: R = I + 2 q̂ ê^T, so 2 R^T g = 2 (g + 2 ê (q̂·g)) = 2 (1 - 2, 2) for e = (1, 0), q = (-2, 0), g = (1, 2).
        Assert.Equal([-2f, 4f], Gradient(e => GradientEstimators.Rotation(e, Tensor.From([-2f, 0], 1, 2), 2), [1, 0], [1, 2]));
        Assert.Equal([1f, 2f], Gradient(e => GradientEstimators.Rotation(e, Tensor.From([-2f, 0], 1, 2), 2), [0, 0], [1, 2]));
        Assert.Equal([1f, 2f], Gradient(e => GradientEstimators.Rotation(e, Tensor.From([0f, 0], 1, 2), 2), [1, 1], [1, 2]));
        Assert.Equal([5f], Gradient(e => GradientEstimators.Rotation(e, Tensor.From([-1f], 1, 1), 1), [1], [5])); // one dimension: straight through
    }

    [Fact]
    public void StraightThrough_HasTheCodesValueExactly_AndTheGradientGiven()
    {
        var code = Tensor.From([0.1f, 1e-20f, 3f], 1, 3);
        Assert.Equal(code.ToArray(), GradientEstimators.StraightThrough(Tensor.From([1e6f, 7, 8], 1, 3), code).ToArray());
        Assert.Equal([1f, 2, 3], Gradient(x => GradientEstimators.StraightThrough(x, code), [4, 5, 6], [1, 2, 3]));
    }

    // Jang et al. 2017: π = (.1, .2, .7), τ = 1/2 without noise.
    [Fact]
    public void Gumbel_HasItsClosedForm_HardAndSoft()
    {
        float[] pi = [0.1f, 0.2f, 0.7f];
        var logits = Tensor.From([.. pi.Select(v => MathF.Log(v))], 1, 3);
        double[] p = [0.0185185, 0.0740741, 0.9074074];
        var (soft, index) = GradientEstimators.Gumbel(logits, 0.5f, hard: false, random: null);
        Assert.Equal(2, index.Data[0]);
        Assert.All(p.Zip(soft.ToArray()), t => Assert.Equal(t.First, t.Second, 1e-6));
        Assert.Equal([0f, 0, 1], GradientEstimators.Gumbel(logits, 0.5f, hard: true, random: null).Weights.ToArray());
        float[] g = [0.3f, -1f, 0.5f];
        foreach (var hard in (bool[])[false, true])
        {
            var gradient = Gradient(x => GradientEstimators.Gumbel(x, 0.5f, hard, null).Weights, [.. pi.Select(v => MathF.Log(v))], g);
            var mean = p.Zip(g, (a, b) => a * b).Sum();
            for (var i = 0; i < 3; i++) Assert.Equal(p[i] * (g[i] - mean) / 0.5, gradient[i], 1e-5); // (diag p - p p^T) g / τ
        }
    }

    [Fact]
    public void GumbelDraws_HaveTheirFrequencies()
    {
        double[] pi = [0.1, 0.2, 0.7];
        var logits = Tensor.From([.. pi.Select(p => (float)Math.Log(p))], 1, 3).Expand(100_000, 3).Clone();
        var counts = new double[3];
        foreach (var i in GradientEstimators.Gumbel(logits, 1, hard: true, new RandomStream(11)).Index.Data) counts[i]++;
        for (var i = 0; i < 3; i++) Assert.InRange(counts[i] / 1e5, pi[i] - (4 * Math.Sqrt(pi[i] * (1 - pi[i]) / 1e5)), pi[i] + (4 * Math.Sqrt(pi[i] * (1 - pi[i]) / 1e5)));
    }

    [Fact]
    public void Noise_HasTheErrorsSize_AndItsGradientIsThatOfFiniteDifferences()
    {
        var code = Tensor.From([1f, 0, 0, 2], 2, 2);
        float[] x = [0.5f, 0.5f, -1f, 1f], g = [0.2f, -0.4f, 1f, 0.3f];
        float[] At(float[] v) => GradientEstimators.Noise(Tensor.From(v, 2, 2), code, 2, new RandomStream(5)).ToArray();
        var value = At(x);
        for (var i = 0; i < 2; i++)
            Assert.Equal(Math.Sqrt(Sq(x[2 * i] - code.Data[2 * i]) + Sq(x[(2 * i) + 1] - code.Data[(2 * i) + 1])), Math.Sqrt(Sq(value[2 * i] - x[2 * i]) + Sq(value[(2 * i) + 1] - x[(2 * i) + 1])), 1e-5);
        var e = Tensor.From(x, 2, 2);
        e.RequiresGrad = true;
        GradientEstimators.Noise(e, code, 2, new RandomStream(5)).Backward(Tensor.From(g, 2, 2));
        for (var j = 0; j < 4; j++)
        {
            var (up, down) = (x.ToArray(), x.ToArray());
            up[j] += 1e-2f;
            down[j] -= 1e-2f;
            var difference = At(up).Zip(At(down), (a, b) => (a - b) / 2e-2).Zip(g, (d, w) => d * w).Sum();
            Assert.Equal(difference, e.Grad!.Data[j], 2e-3);
        }
    }

    private static double Sq(double v) => v * v;

    private static double Dot(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();

    private static double Norm(float[] a) => Math.Sqrt(Dot(a, a));
}
