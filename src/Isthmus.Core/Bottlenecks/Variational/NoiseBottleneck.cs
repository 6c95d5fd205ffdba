using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="NoiseBottleneck"/> is made of.</summary>
public sealed record NoiseOptions
{
    /// <summary>Dimensions of the code, at least 1.</summary>
    [Option("dimensions of the code", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 32;

    /// <summary>The standard deviation of the noise, above 0; where it starts, if it is learned.</summary>
    [Option("standard deviation of the noise, or where it starts", Min = 0, AboveMin = true)]
    public float Std { get; init; } = 1f;

    /// <summary>Whether one standard deviation for all dimensions is learned (Kolchinsky et al. 2019) or stays.</summary>
    [Option("whether the standard deviation is learned")]
    public bool Learned { get; init; } = true;

    /// <summary>The weight of the rate; at least 0.</summary>
    [Option("weight of the rate", Unit = "nats per nat", Min = 0)]
    public float Beta { get; init; } = 1e-2f;
}

/// <summary>
/// A code with Gaussian noise of one width added to every dimension, and the pairwise bound on I(X; T) of a batch as its
/// rate: -mean_i ln mean_j exp(-|m_i - m_j|² / 2 s²). Kolchinsky, Tracey, Wolpert: "Nonlinear information bottleneck", Entropy
/// 2019, equation 10 (after Kolchinsky and Tracey 2017). For the batch's own distribution it is an upper bound; as an estimate
/// for the population it saturates at ln(batch size), and so is a surrogate.
/// </summary>
public sealed class NoiseBottleneck : ContinuousBottleneck
{
    private readonly float _beta;

    /// <summary>A bottleneck from a number of features.</summary>
    public NoiseBottleneck(int features, NoiseOptions options, RandomStream random) : base(options?.Latent ?? 0)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!(options.Std > 0)) throw new InputException($"bottleneck.std: a standard deviation above 0 is expected, not {options.Std}");
        _beta = options.Beta;
        Projection = AddModule("projection", new Linear(features, options.Latent, random));
        var logStd = Tensor.Full([1], MathF.Log(options.Std));
        LogStd = options.Learned ? AddParameter("log_std", logStd) : AddBuffer("log_std", logStd);
    }

    /// <summary>Features to means.</summary>
    public Linear Projection { get; }

    /// <summary>ln s, [1].</summary>
    public Tensor LogStd { get; }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        var (mean, std) = Code(h);
        if (c.Mode == PassMode.Ship) return Ship(mean);
        var sample = mean + (std! * Tensor.Randn(c.Random, mean.Shape));
        var output = c.Mode == PassMode.Mean ? mean : sample;
        var rate = PairwiseBound(mean, std!);
        return new Passage(output, new Rate(rate, RateKind.Surrogate, RateScope.Batch), [new Term("rate", rate, _beta)], () => AsFloats(output))
        {
            Code = new GaussianCode(mean, std!.Expand(mean.Shape), sample),
        };
    }

    /// <inheritdoc/>
    protected override (Tensor Mean, Tensor? Std) Code(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return (Projection.Forward(h.Single), LogStd.Exp().Expand(Latent));
    }

    private static Tensor PairwiseBound(Tensor mean, Tensor std)
    {
        var scaled = mean / std;
        var squares = scaled.Square().Sum(1, keepdim: true);
        var distances = (squares + squares.Transpose() - (2f * scaled.MatMul(scaled, transposeOther: true))).Clamp(min: 0f);
        return MathF.Log(mean.Size(0)) - (distances * -0.5f).LogSumExp(1).Mean();
    }
}
