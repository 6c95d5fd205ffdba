using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="JumpReluAutoencoder"/> is made of.</summary>
public sealed record JumpReluOptions : PenalisedOptions
{
    /// <summary>θ of every feature at the start, in units of the scaled inputs.</summary>
    [Option("threshold of every feature at the start", Min = 0, AboveMin = true)]
    public float Threshold { get; init; } = 0.01f;

    /// <summary>ε: the width of the band about a threshold in which an output counts in its gradient. The paper has 0.001 for batches of
    /// thousands of rows; small batches find nothing in so narrow a band.</summary>
    [Option("width of the band in which outputs move a threshold", Min = 0, AboveMin = true)]
    public float Bandwidth { get; init; } = 0.05f;
}

/// <summary>
/// Outputs of the encoder above a threshold of each feature, and a penalty on their number: Rajamanoharan et al., "Jumping ahead: improving
/// reconstruction fidelity with JumpReLU sparse autoencoders", 2024, equations 3 and 10 to 12.
/// </summary>
public sealed class JumpReluAutoencoder : SparseAutoencoder
{
    private readonly JumpReluOptions _options;

    /// <summary>An autoencoder of a number of inputs.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public JumpReluAutoencoder(int inputs, JumpReluOptions options, RandomStream random) : base(inputs, inputs, tied: true, unitRows: true, options, random)
    {
        Setting.Require(options.Sparsity >= 0, "sparsity", "at least 0", options.Sparsity);
        Setting.Require(options.WarmUp >= 0, "warm_up", "at least 0", options.WarmUp);
        Setting.Require(options.Threshold > 0, "threshold", "above 0", options.Threshold);
        Setting.Require(options.Bandwidth > 0, "bandwidth", "above 0", options.Bandwidth);
        _options = options;
        LogThreshold = AddParameter("log_threshold", Tensor.Full([options.Features], MathF.Log(options.Threshold)));
    }

    /// <summary>ln θ, [features].</summary>
    public Tensor LogThreshold { get; }

    private protected override Activations Activate(Tensor x, Tensor? target, PassContext c)
    {
        var thresholds = LogThreshold.Exp();
        var band = target is null ? 0 : _options.Bandwidth / 2;
        var least = thresholds.Detach().ToArray();
        for (var i = 0; i < least.Length; i++) least[i] -= band;
        var pattern = Above(x, least);
        var outputs = pattern.Linear(x, Encoder, EncoderBias);
        var theta = thresholds.IndexSelect(0, pattern.PlaceIndex());
        var values = JumpRelu.Apply(outputs, theta, _options.Bandwidth);
        if (target is null) return new Activations(pattern, values, []);
        var count = JumpRelu.Step(outputs, theta, _options.Bandwidth).Sum() * (1f / Math.Max(1, x.Size(0)));
        return new Activations(pattern, values, [new Term("sparsity", count, _options.SparsityAt(c.Step))]);
    }

    private protected override void FoldFeature(int i, float factor)
    {
        base.FoldFeature(i, factor);
        LogThreshold.Data[i] += MathF.Log(factor);
    }
}

/// <summary>
/// z 1[z > θ] and 1[z > θ] with the straight-through gradients of θ by a box kernel K of width 1 (Rajamanoharan et al. 2024, equations 11
/// and 12): biased, since the true gradient of θ is 0 almost everywhere; it estimates that of the expected loss.
/// </summary>
public static class JumpRelu
{
    /// <summary>z 1[z > θ]: the gradient of θ is -(θ/ε) K((z - θ)/ε) g, that of z is 1[z > θ] g.</summary>
    /// <param name="z">Any shape.</param>
    /// <param name="theta">The same shape.</param>
    /// <param name="bandwidth">ε, above 0.</param>
    public static Tensor Apply(Tensor z, Tensor theta, float bandwidth)
    {
        Check(z, theta, bandwidth);
        var value = Tensor.Zeros(z.Shape);
        for (var i = 0; i < value.Numel; i++) value.Data[i] = z.Data[i] > theta.Data[i] ? z.Data[i] : 0f;
        return Tensor.WithGradient(value, [z, theta], g =>
        {
            var (toZ, toTheta) = (Tensor.Zeros(z.Shape), Tensor.Zeros(z.Shape));
            for (var i = 0; i < g.Numel; i++)
            {
                toZ.Data[i] = z.Data[i] > theta.Data[i] ? g.Data[i] : 0f;
                toTheta.Data[i] = -theta.Data[i] / bandwidth * Kernel((z.Data[i] - theta.Data[i]) / bandwidth) * g.Data[i];
            }
            return [toZ, toTheta];
        });
    }

    /// <summary>1[z > θ]: the gradient of θ is -(1/ε) K((z - θ)/ε) g, that of z is 0.</summary>
    /// <param name="z">Any shape.</param>
    /// <param name="theta">The same shape.</param>
    /// <param name="bandwidth">ε, above 0.</param>
    public static Tensor Step(Tensor z, Tensor theta, float bandwidth)
    {
        Check(z, theta, bandwidth);
        var value = Tensor.Zeros(z.Shape);
        for (var i = 0; i < value.Numel; i++) value.Data[i] = z.Data[i] > theta.Data[i] ? 1f : 0f;
        return Tensor.WithGradient(value, [theta], g =>
        {
            var toTheta = Tensor.Zeros(z.Shape);
            for (var i = 0; i < g.Numel; i++) toTheta.Data[i] = -1 / bandwidth * Kernel((z.Data[i] - theta.Data[i]) / bandwidth) * g.Data[i];
            return [toTheta];
        });
    }

    private static float Kernel(float u) => Math.Abs(u) < 0.5f ? 1f : 0f;

    private static void Check(Tensor z, Tensor theta, float bandwidth)
    {
        ArgumentNullException.ThrowIfNull(z);
        ArgumentNullException.ThrowIfNull(theta);
        if (!z.Shape.SequenceEqual(theta.Shape)) throw new ArgumentException($"jump_relu: outputs [{string.Join(", ", z.Shape.ToArray())}] and thresholds [{string.Join(", ", theta.Shape.ToArray())}] have different shapes");
        if (!(bandwidth > 0)) throw new ArgumentOutOfRangeException(nameof(bandwidth), bandwidth, "a bandwidth is above 0");
    }
}
