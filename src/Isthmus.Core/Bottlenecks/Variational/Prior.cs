using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a variational bottleneck compares its code with: the receiver's belief before the message.</summary>
public abstract class Prior : Module
{
    /// <summary>The cost of a code under this belief.</summary>
    /// <param name="code">Its density and sample.</param>
    /// <returns>Nats of each sample, [batch]; and of each dimension, [batch, latent], where the prior factorises.</returns>
    public abstract (Tensor Nats, Tensor? PerDimension) Rate(GaussianCode code);

    /// <summary>Tells the prior how inputs become codes; only priors made of encoded inputs listen.</summary>
    internal virtual void Attach(Func<Tensor, (Tensor Mean, Tensor Std)> encode)
    {
    }
}

/// <summary>N(0, 1) in every dimension (Alemi et al. 2017).</summary>
public sealed class StandardPrior : Prior
{
    /// <inheritdoc/>
    public override (Tensor Nats, Tensor? PerDimension) Rate(GaussianCode code)
    {
        ArgumentNullException.ThrowIfNull(code);
        var kl = Gaussians.KlToStandard(code.Mean, code.Std);
        return (kl.Sum(1), kl);
    }
}

/// <summary>A Gaussian with learned means and variances, one for each dimension.</summary>
public sealed class DiagonalPrior : Prior
{
    /// <summary>A prior that starts as N(0, 1).</summary>
    public DiagonalPrior(int latent)
    {
        Mean = AddParameter("mean", Tensor.Zeros(latent));
        LogStd = AddParameter("log_std", Tensor.Zeros(latent));
    }

    /// <summary>[latent].</summary>
    public Tensor Mean { get; }

    /// <summary>ln of the standard deviations, [latent].</summary>
    public Tensor LogStd { get; }

    /// <inheritdoc/>
    public override (Tensor Nats, Tensor? PerDimension) Rate(GaussianCode code)
    {
        ArgumentNullException.ThrowIfNull(code);
        var kl = Gaussians.Kl(code.Mean, code.Std, Mean, LogStd.Exp());
        return (kl.Sum(1), kl);
    }
}

/// <summary>
/// A mixture of learned diagonal Gaussians. Its KL divergence has no closed form: the rate is ln q(z|x) - ln p(z) at the
/// sampled z, whose mean over samples is the divergence.
/// </summary>
public sealed class MixturePrior : Prior
{
    /// <summary>A mixture whose means start as draws from N(0, 1) and whose weights start equal.</summary>
    public MixturePrior(int latent, int components, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(components, 1);
        Mean = AddParameter("mean", Initializers.Normal(random, 1f, components, latent));
        LogStd = AddParameter("log_std", Tensor.Zeros(components, latent));
        Logits = AddParameter("logits", Tensor.Zeros(components));
    }

    /// <summary>[components, latent].</summary>
    public Tensor Mean { get; }

    /// <summary>[components, latent].</summary>
    public Tensor LogStd { get; }

    /// <summary>Unnormalised log weights, [components].</summary>
    public Tensor Logits { get; }

    /// <inheritdoc/>
    public override (Tensor Nats, Tensor? PerDimension) Rate(GaussianCode code)
    {
        ArgumentNullException.ThrowIfNull(code);
        var weights = Logits - Logits.LogSumExp(0);
        var logPrior = (Gaussians.LogDensities(code.Sample, Mean, LogStd.Exp()) + weights).LogSumExp(1);
        return (Gaussians.LogDensity(code.Sample, code.Mean, code.Std) - logPrior, null);
    }
}

/// <summary>
/// The mixture of the codes of learned pseudo-inputs, with equal weights: p(z) = 1/K sum_k q(z | u_k). Tomczak and Welling,
/// "VAE with a VampPrior", AISTATS 2018, equation 9.
/// </summary>
public sealed class VampPrior : Prior
{
    private Func<Tensor, (Tensor Mean, Tensor Std)>? _encode;

    /// <summary>A prior of pseudo-inputs that start as noise around 1/2.</summary>
    /// <param name="components">K.</param>
    /// <param name="inputShape">The shape of one input of the encoder.</param>
    /// <param name="random">Where the first pseudo-inputs come from.</param>
    public VampPrior(int components, ReadOnlySpan<int> inputShape, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(components, 1);
        PseudoInputs = AddParameter("pseudo_inputs", Initializers.Normal(random, 0.5f, [components, .. inputShape]));
        foreach (ref var v in PseudoInputs.Data) v += 0.5f;
    }

    /// <summary>[K, input shape].</summary>
    public Tensor PseudoInputs { get; }

    /// <inheritdoc/>
    public override (Tensor Nats, Tensor? PerDimension) Rate(GaussianCode code)
    {
        ArgumentNullException.ThrowIfNull(code);
        var encode = _encode ?? throw new InvalidOperationException("vamp prior: it does not know the encoder; put the bottleneck into a BottleneckNetwork, or call Attach");
        var (mean, std) = encode(PseudoInputs);
        var logPrior = Gaussians.LogDensities(code.Sample, mean, std).LogSumExp(1) - MathF.Log(PseudoInputs.Size(0));
        return (Gaussians.LogDensity(code.Sample, code.Mean, code.Std) - logPrior, null);
    }

    internal override void Attach(Func<Tensor, (Tensor Mean, Tensor Std)> encode) => _encode = encode;
}
