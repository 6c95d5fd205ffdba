using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// How a gradient passes through the choice of a code. All are biased, since the true gradient is 0 almost everywhere. Vectors
/// are rows [n, width]; of several heads, [n, heads width], each piece is a vector of its own.
/// </summary>
public static class GradientEstimators
{
    // Where the two directions are nearer to opposite than this (squared length of their sum), the reflection is left out.
    private const double Opposite = 1e-5;

    /// <summary>The code's value and the gradient of the identity (Bengio, Léonard, Courville 2013; van den Oord et al. 2017, section 3.2).</summary>
    public static Tensor StraightThrough(Tensor x, Tensor code) => Tensor.WithGradient(code, [x], static g => [g]);

    /// <summary>
    /// The code's value q = (|q|/|e|) R e and the gradient (|q|/|e|) R^T g, where R turns e into the direction of q:
    /// R = I - 2ww^T + 2 q̂ ê^T, w = (ê + q̂)/|ê + q̂| (Fifty et al. 2024, "Restructuring vector quantization with the rotation
    /// trick", equations 4 and 5). R and the ratio count as constants.
    /// </summary>
    /// <remarks>Opposite vectors have w = 0: R = I + 2 q̂ ê^T still maps e to q and is finite. Where a vector is 0, or has one
    /// dimension, the gradient is straight through.</remarks>
    /// <param name="e">[n, heads width].</param>
    /// <param name="q">The codes, of the same shape.</param>
    /// <param name="width">Of one vector.</param>
    public static Tensor Rotation(Tensor e, Tensor q, int width)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(q);
        if (width == 1) return StraightThrough(e, q);
        var (from, to) = (e.Detach(), q.Detach());
        return Tensor.WithGradient(q, [e], g => [RotatedBack(from.Reshape(-1, width), to.Reshape(-1, width), g.Reshape(-1, width)).Reshape(g.Shape)]);
    }

    /// <summary>
    /// x + |x - q| v/|v| with normal noise v: the error's size has a gradient, its direction is noise (Vali and Bäckström 2022,
    /// "NSVQ: noise substitution in vector quantization", equation 6). For training; its value is not the code's.
    /// </summary>
    public static Tensor Noise(Tensor x, Tensor code, int width, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(code);
        var rows = x.Reshape(-1, width);
        var direction = UnitRows(Tensor.Randn(random, rows.Size(0), width));
        var error = ((rows - code.Reshape(-1, width)).Square().Sum(1, keepdim: true) + 1e-12f).Sqrt();
        return (rows + (error * direction)).Reshape(x.Shape);
    }

    /// <summary>
    /// y = softmax((logits + G)/τ) with Gumbel noise G = -ln(-ln U), or its one-hot argmax with y's gradient (Jang, Gu, Poole
    /// 2017, equation 2; Maddison, Mnih, Teh 2017).
    /// </summary>
    /// <param name="logits">[n, classes], in nats.</param>
    /// <param name="temperature">τ, above 0.</param>
    /// <param name="hard">Whether the value is one-hot.</param>
    /// <param name="random">Where U comes from; null for no noise.</param>
    /// <returns>The weights, [n, classes], and the largest's index, [n].</returns>
    public static (Tensor Weights, LongTensor Index) Gumbel(Tensor logits, float temperature, bool hard, RandomStream? random)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (!(temperature > 0)) throw new ArgumentException($"gumbel: a temperature above 0 is needed, not {temperature}");
        var noisy = random is null ? logits : logits + GumbelNoise(random, logits.Shape);
        var soft = (noisy * (1f / temperature)).Softmax();
        var index = soft.Detach().ArgMax(1);
        return (hard ? StraightThrough(soft, Tensor.OneHot(index, logits.Size(1))) : soft, index);
    }

    /// <summary>Independent standard Gumbel numbers, -ln(-ln U).</summary>
    public static Tensor GumbelNoise(RandomStream random, ReadOnlySpan<int> shape)
    {
        using var noGrad = new NoGrad();
        return -(-(Tensor.Rand(random, shape) + 0.5f / (1 << 24)).Log()).Log(); // U is a multiple of 2^-24: its middle is never 0 or 1
    }

    /// <summary>Rows divided by their Euclidean norm; differentiable, and a row of zeros stays one.</summary>
    public static Tensor UnitRows(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows * (rows.Square().Sum(-1, keepdim: true) + 1e-24f).Rsqrt();
    }

    // R^T g is a combination of g, e and q: all that is needed of the vectors are five dot products.
    private static Tensor RotatedBack(Tensor e, Tensor q, Tensor g)
    {
        var n = e.Size(0);
        var (ee, qq, eq) = (Dot(e, e), Dot(q, q), Dot(e, q));
        var (eg, qg) = (Dot(e, g), Dot(q, g));
        var (scale, alongE, alongQ) = (Tensor.Ones(n, 1), Tensor.Zeros(n, 1), Tensor.Zeros(n, 1));
        for (var i = 0; i < n; i++)
        {
            double ne = Math.Sqrt(ee.Data[i]), nq = Math.Sqrt(qq.Data[i]);
            if (!(ne > 1e-15 && nq > 1e-15)) continue;
            double ug = eg.Data[i] / ne, vg = qg.Data[i] / nq;
            var squared = 2 + (2 * eq.Data[i] / (ne * nq)); // |ê + q̂|²
            var reflect = squared < Opposite ? 0 : -2 * (ug + vg) / squared;
            var ratio = nq / ne;
            scale.Data[i] = (float)ratio;
            alongE.Data[i] = (float)(ratio * (reflect + (2 * vg)) / ne);
            alongQ.Data[i] = (float)(ratio * reflect / nq);
        }
        return (g * scale) + (e * alongE) + (q * alongQ);
    }

    private static Tensor Dot(Tensor a, Tensor b) => (a * b).Sum(1);
}
