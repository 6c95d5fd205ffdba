using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="VariationalBottleneck"/> is made of.</summary>
public sealed record VibOptions
{
    /// <summary>Dimensions of the code, at least 1.</summary>
    [Option("dimensions of the code", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 32;

    /// <summary>The weight of the rate, in nats of task loss per nat; at least 0.</summary>
    [Option("weight of the rate", Unit = "nats per nat", Min = 0)]
    public float Beta { get; init; } = 1e-2f;

    /// <summary>How beta moves.</summary>
    [Option("how beta moves: it stays, rises from 0, or holds the rate at target_bits")]
    public BetaMode Schedule { get; init; }

    /// <summary>Steps of the rise under <see cref="BetaMode.Anneal"/>.</summary>
    [Option("anneal: steps of the rise", Unit = "steps", Min = 1)]
    public long AnnealSteps { get; init; } = 1000;

    /// <summary>The rate held under <see cref="BetaMode.Target"/>, in bits a sample.</summary>
    [Option("target: the rate that is held", Unit = "bits", Min = 0)]
    public double TargetBits { get; init; }

    /// <summary>Nats of each dimension that cost nothing (Kingma et al. 2016, equation 15); only with factorised priors.</summary>
    [Option("rate of each dimension that costs nothing; not with mixture and vamp priors", Unit = "nats", Min = 0)]
    public float FreeBits { get; init; }

    /// <summary>standard, diagonal, mixture or vamp.</summary>
    [Option("what the receiver believes before the message", Choices = "standard|diagonal|mixture|vamp")]
    public string Prior { get; init; } = "standard";

    /// <summary>Components of the mixture and VampPrior, at least 1.</summary>
    [Option("mixture, vamp: components of the prior", Min = 1, Max = 65536)]
    public int Components { get; init; } = 30;
}

/// <summary>
/// The deep variational information bottleneck: a Gaussian code N(mean(h), diag(std(h)²)) whose divergence to a prior bounds
/// I(X; Z) from above. Alemi, Fischer, Dillon, Murphy: "Deep variational information bottleneck", ICLR 2017, equation 17; the
/// standard deviation is softplus(rho - 5) as there.
/// </summary>
/// <remarks>
/// The bound can lie far above what passes: print it beside the sandwich estimate of I(X; Z). A mixture prior closes most of
/// the gap. In mode Mean the output is the mean, whose rate is infinite before it is quantised: the KL is then a bound on
/// the training channel, not on what the mean lets pass.
/// </remarks>
public sealed class VariationalBottleneck : ContinuousBottleneck
{
    private const float InitialShift = -5f;
    private readonly float _freeNats;
    private readonly BetaSchedule _beta;

    /// <summary>A bottleneck from a number of features.</summary>
    /// <param name="features">Size of the encoder's output.</param>
    /// <param name="options">See there.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="inputShape">The shape of one input of the encoder, for the VampPrior.</param>
    public VariationalBottleneck(int features, VibOptions options, RandomStream random, params ReadOnlySpan<int> inputShape) : base(options?.Latent ?? 0)
    {
        ArgumentNullException.ThrowIfNull(options);
        Head = AddModule("head", new Linear(features, 2 * options.Latent, random));
        Prior = AddModule<Prior>("prior", options.Prior switch
        {
            "standard" => new StandardPrior(),
            "diagonal" => new DiagonalPrior(options.Latent),
            "mixture" => new MixturePrior(options.Latent, options.Components, random),
            "vamp" => new VampPrior(options.Components, inputShape.Length > 0 ? inputShape : [features], random),
            var other => throw Suggest.Unknown("prior", other, ["standard", "diagonal", "mixture", "vamp"]),
        });
        if (options.FreeBits > 0 && options.Prior is "mixture" or "vamp")
            throw new InputException($"bottleneck.free_bits: a {options.Prior} prior does not split its rate over dimensions, so that no dimension can have free bits");
        _freeNats = options.FreeBits;
        _beta = AddModule("beta", new BetaSchedule(options.Schedule, options.Beta, options.AnnealSteps, Bits.FromBits(options.TargetBits)));
    }

    /// <summary>Features to means and rho, [features] to [2 latent].</summary>
    public Linear Head { get; }

    /// <summary>The receiver's belief.</summary>
    public Prior Prior { get; }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        var (mean, std) = Encode(h);
        if (c.Mode == PassMode.Ship) return Ship(mean);
        var sample = mean + (std * Tensor.Randn(c.Random, mean.Shape));
        var code = new GaussianCode(mean, std, sample);
        var (nats, perDimension) = Prior.Rate(code);
        var rate = nats.Mean();
        var cost = _freeNats > 0 ? perDimension!.Mean(0).Clamp(min: _freeNats).Sum() : rate;
        var beta = _beta.Current(c);
        if (c.Training) _beta.Observe(rate.Item());
        var output = c.Mode == PassMode.Mean ? mean : sample;
        return new Passage(output, new Rate(nats, RateKind.UpperBound, RateScope.Sample) { PerDimension = perDimension },
            [new Term("rate", cost, beta)], () => AsFloats(output))
        {
            Code = code,
        };
    }

    /// <inheritdoc/>
    public override void Attach(Module encoder)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        Prior.Attach(x => Encode(encoder.Forward(x)));
    }

    /// <inheritdoc/>
    protected override (Tensor Mean, Tensor? Std) Code(Features h) => Encode(h);

    private (Tensor Mean, Tensor Std) Encode(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        var head = Head.Forward(h.Single);
        return (head.Narrow(1, 0, Latent), (head.Narrow(1, Latent, Latent) + InitialShift).Softplus());
    }
}
