using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What stands for rounding while a code is trained.</summary>
public enum Relaxation
{
    /// <summary>Uniform noise on [-1/2, 1/2): an unbiased gradient of another channel (Ballé, Laparra, Simoncelli 2017).</summary>
    Noise,

    /// <summary>Rounding with the gradient of the identity: the right channel, a biased gradient (Theis et al. 2017).</summary>
    StraightThrough,

    /// <summary>A smooth staircase, then noise: between the two (Agustsson and Theis 2020).</summary>
    SoftRound,
}

/// <summary>The relaxations of rounding.</summary>
public static class Relaxations
{
    /// <summary>
    /// Agustsson and Theis, "Universally quantized neural compression", NeurIPS 2020, equation 15: with m = floor(x) + 1/2 and
    /// r = x - m, m + tanh(alpha r) / (2 tanh(alpha / 2)); the identity for alpha to 0, rounding for alpha to infinity.
    /// </summary>
    public static Tensor SoftRound(Tensor x, float alpha)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!(alpha > 0)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "soft rounding needs alpha above 0");
        var middle = x.Detach().Floor() + 0.5f;
        return middle + (((x - middle) * alpha).Tanh() * (0.5f / MathF.Tanh(alpha / 2)));
    }

    /// <summary>A code as the decoder and the prior see it in training.</summary>
    /// <returns>For the decoder, and for the rate: the rate always sees noise, whose cost bounds that of rounding in the mean.</returns>
    public static (Tensor ForDecoder, Tensor ForRate) Relax(Tensor y, Relaxation relaxation, RandomStream random, float alpha = 4f)
    {
        ArgumentNullException.ThrowIfNull(y);
        var noise = Tensor.Rand(random, y.Shape) - 0.5f;
        switch (relaxation)
        {
            case Relaxation.StraightThrough: return (y.RoundStraightThrough(), y + noise);
            case Relaxation.SoftRound:
                var noisy = SoftRound(y, alpha) + noise;
                return (noisy, noisy);
            default:
                var sum = y + noise;
                return (sum, sum);
        }
    }
}
