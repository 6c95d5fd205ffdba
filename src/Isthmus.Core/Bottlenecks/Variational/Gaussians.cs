using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Formulas of diagonal Gaussians on tensors, in nats.</summary>
public static class Gaussians
{
    private const float HalfLog2Pi = 0.9189385332f;

    /// <summary>
    /// KL(N(mean, std²) ‖ N(0, 1)) of each dimension: (m² + s² - 1)/2 - ln s (Kingma and Welling 2014, appendix B).
    /// </summary>
    /// <returns>[batch, latent], nats.</returns>
    public static Tensor KlToStandard(Tensor mean, Tensor std)
    {
        ArgumentNullException.ThrowIfNull(mean);
        return mean.GaussianKl(std);
    }

    /// <summary>KL(N(mean, std²) ‖ N(priorMean, priorStd²)) of each dimension, in nats; the prior broadcasts.</summary>
    public static Tensor Kl(Tensor mean, Tensor std, Tensor priorMean, Tensor priorStd)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(std);
        return KlToStandard((mean - priorMean) / priorStd, std / priorStd);
    }

    /// <summary>ln N(z; mean, std²) summed over the last dimension: [batch].</summary>
    public static Tensor LogDensity(Tensor z, Tensor mean, Tensor std)
    {
        ArgumentNullException.ThrowIfNull(z);
        var scaled = (z - mean) / std;
        return -((scaled.Square() * 0.5f) + std.Log() + HalfLog2Pi).Sum(-1);
    }

    /// <summary>ln N(z_b; mean_k, std_k²) for every sample b and component k: [batch, components], by two matrix products.</summary>
    /// <param name="z">[batch, latent].</param>
    /// <param name="mean">[components, latent].</param>
    /// <param name="std">[components, latent], above 0.</param>
    public static Tensor LogDensities(Tensor z, Tensor mean, Tensor std)
    {
        ArgumentNullException.ThrowIfNull(z);
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(std);
        var precision = 1f / std.Square();
        var scaledMean = mean * precision;
        var squares = z.Square().MatMul(precision, transposeOther: true) - (2f * z.MatMul(scaledMean, transposeOther: true));
        var constant = (mean * scaledMean * 0.5f + std.Log() + HalfLog2Pi).Sum(-1);
        return (squares * -0.5f) - constant;
    }
}
