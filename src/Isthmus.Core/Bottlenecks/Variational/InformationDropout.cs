using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What an <see cref="InformationDropout"/> is made of.</summary>
public sealed record InformationDropoutOptions
{
    /// <summary>Dimensions of the code, at least 1.</summary>
    [Option("dimensions of the code", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 32;

    /// <summary>The weight of the rate; at least 0.</summary>
    [Option("weight of the rate", Unit = "nats per nat", Min = 0)]
    public float Beta { get; init; } = 1e-2f;

    /// <summary>The largest noise, as a standard deviation of the logarithm; above 0.</summary>
    [Option("largest noise, as a standard deviation of the logarithm", Min = 0, AboveMin = true)]
    public float MaxAlpha { get; init; } = 0.7f;
}

/// <summary>
/// Multiplicative noise whose strength depends on the input: z = f(x) e^(alpha(x) n), n normal, f a softplus. The prior of ln z
/// is a learned Gaussian, so that the rate is the KL divergence between two Gaussians of the logarithms. Achille and Soatto,
/// "Information dropout: learning optimal representations through noisy computation", TPAMI 2018, section 4 and
/// proposition 3 (softplus activations, log-normal prior).
/// </summary>
public sealed class InformationDropout : ContinuousBottleneck
{
    private const float Smallest = 1e-6f; // of f and alpha, so that logarithms stay finite
    private readonly float _beta, _maxAlpha;

    /// <summary>A bottleneck from a number of features.</summary>
    public InformationDropout(int features, InformationDropoutOptions options, RandomStream random) : base(options?.Latent ?? 0)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!(options.MaxAlpha > 0)) throw new InputException($"bottleneck.max_alpha: a number above 0 is expected, not {options.MaxAlpha}");
        (_beta, _maxAlpha) = (options.Beta, options.MaxAlpha);
        Activation = AddModule("activation", new Linear(features, options.Latent, random));
        Strength = AddModule("strength", new Linear(features, options.Latent, random));
        Prior = AddModule("prior", new DiagonalPrior(options.Latent));
    }

    /// <summary>Features to the input of the softplus.</summary>
    public Linear Activation { get; }

    /// <summary>Features to the logit of alpha / MaxAlpha.</summary>
    public Linear Strength { get; }

    /// <summary>The belief about ln z.</summary>
    public DiagonalPrior Prior { get; }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        var (mean, alpha) = Code(h);
        if (c.Mode == PassMode.Ship) return Ship(mean);
        var sample = mean + (alpha! * Tensor.Randn(c.Random, mean.Shape));
        var code = new GaussianCode(mean, alpha!, sample);
        var (nats, perDimension) = Prior.Rate(code);
        var output = Received(c.Mode == PassMode.Mean ? mean : sample);
        return new Passage(output, new Rate(nats, RateKind.UpperBound, RateScope.Sample) { PerDimension = perDimension },
            [new Term("rate", nats.Mean(), _beta)], () => AsFloats(output))
        {
            Code = code,
        };
    }

    /// <inheritdoc/>
    protected override (Tensor Mean, Tensor? Std) Code(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        var mean = (Activation.Forward(h.Single).Softplus() + Smallest).Log();
        return (mean, Strength.Forward(h.Single).Sigmoid() * _maxAlpha + Smallest);
    }

    /// <inheritdoc/>
    protected override Tensor Received(Tensor code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return code.Exp();
    }

    /// <inheritdoc/>
    protected override Tensor Sent(Tensor output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return output.Clamp(min: Smallest).Log();
    }
}
