using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="TopKAutoencoder"/> is made of.</summary>
public sealed record TopKOptions : SparseOptions
{
    /// <summary>Features that are active at a time, at most.</summary>
    [Option("features that are active at a time, at most", Min = 1, Max = 1 << 20)]
    public int Active { get; init; } = 32;

    /// <summary>How many may be active at the first step; 0 for no more than later.</summary>
    [Option("features that are active at the first step; 0 for no more than later", Min = 0, Max = 1 << 20)]
    public int FirstActive { get; init; }

    /// <summary>Steps over which the number falls from the first to the last.</summary>
    [Option("steps over which that number falls", Unit = "steps", Min = 0, Max = 1 << 30)]
    public int ActiveDecay { get; init; }

    internal int ActiveAt(long step) => FirstActive <= Active || step >= ActiveDecay ? Active
        : (int)Math.Round(FirstActive + ((Active - FirstActive) * (step / (double)ActiveDecay)));
}

/// <summary>
/// The k largest outputs of the encoder, where they are positive: Makhzani and Frey, "k-sparse autoencoders", 2013; Gao et al., "Scaling and
/// evaluating sparse autoencoders", 2024, section 2.3. Never more than k features are active.
/// </summary>
public sealed class TopKAutoencoder : SparseAutoencoder
{
    private readonly TopKOptions _options;

    /// <summary>An autoencoder of a number of inputs.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public TopKAutoencoder(int inputs, TopKOptions options, RandomStream random) : base(inputs, inputs, tied: true, unitRows: true, options, random)
    {
        _options = Checked(options);
    }

    private protected override Activations Activate(Tensor x, Tensor? target, PassContext c)
    {
        var (pattern, values) = SparsePattern.LinearTopK(x, Encoder, EncoderBias, target is null ? _options.Active : _options.ActiveAt(c.Step));
        return new Activations(pattern, values, []);
    }

    internal static TopKOptions Checked(TopKOptions options)
    {
        Setting.Require(options.Active >= 1 && options.Active <= options.Features, "active", FormattableString.Invariant($"1 to the {options.Features} features"), options.Active);
        Setting.Require(options.FirstActive >= 0 && options.FirstActive <= options.Features, "first_active", FormattableString.Invariant($"0 to the {options.Features} features"), options.FirstActive);
        Setting.Require(options.ActiveDecay >= 0, "active_decay", "at least 0", options.ActiveDecay);
        return options;
    }
}

/// <summary>
/// Rebuilds another tensor than the one it reads, as a layer's output from its input, by the k largest features: Dunefsky, Chlenski, Nanda,
/// "Transcoders find interpretable LLM feature circuits", 2024. Training features have two parts, the input first and then
/// <c>target</c>; afterwards the input is enough.
/// </summary>
public sealed class Transcoder : SparseAutoencoder
{
    private readonly TopKOptions _options;
    private readonly Tensor _inputBias;

    /// <summary>A transcoder from a number of inputs to a number of outputs.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public Transcoder(int inputs, int outputs, TopKOptions options, RandomStream random) : base(inputs, outputs, tied: false, unitRows: true, options, random)
    {
        _options = TopKAutoencoder.Checked(options);
        _inputBias = AddBuffer("input_bias", Tensor.Zeros(inputs));
    }

    private protected override Tensor InputBias => _inputBias;

    private protected override Activations Activate(Tensor x, Tensor? target, PassContext c)
    {
        var (pattern, values) = SparsePattern.LinearTopK(x, Encoder, EncoderBias, target is null ? _options.Active : _options.ActiveAt(c.Step));
        return new Activations(pattern, values, []);
    }

    private protected override Tensor TargetOf(Features h)
    {
        var target = h["target"];
        if (target.Dim != 2 || target.Size(0) != h.Count || target.Size(1) != Decoder.Size(1)) throw new ArgumentException($"transcoder: a target [{h.Count}, {Decoder.Size(1)}] is needed, not [{string.Join(", ", target.Shape.ToArray())}]");
        return target;
    }

    private protected override void Centre(Tensor inputs, Tensor targets)
    {
        base.Centre(inputs, targets);
        GeometricMedian.Of(inputs).CopyTo(_inputBias.Data);
    }
}
