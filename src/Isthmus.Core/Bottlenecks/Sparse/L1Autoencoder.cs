using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What an <see cref="L1Autoencoder"/> is made of.</summary>
public sealed record L1Options : PenalisedOptions
{
    /// <summary>p: what the lengths are raised to in the penalty.</summary>
    [Option("what the lengths are raised to in the penalty", Min = 0, AboveMin = true, Max = 4)]
    public float Power { get; init; } = 1f;
}

/// <summary>
/// The positive outputs of the encoder under the penalty Σ (f |d|)^p, d the feature's direction, so that nothing is won by small sizes with
/// long directions: Bricken et al., "Towards monosemanticity", 2023, and Anthropic's update of April 2024. Directions have any length.
/// </summary>
public sealed class L1Autoencoder : SparseAutoencoder
{
    private readonly L1Options _options;

    /// <summary>An autoencoder of a number of inputs.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public L1Autoencoder(int inputs, L1Options options, RandomStream random) : base(inputs, inputs, tied: true, unitRows: false, options, random)
    {
        Setting.Require(options.Sparsity >= 0, "sparsity", "at least 0", options.Sparsity);
        Setting.Require(options.WarmUp >= 0, "warm_up", "at least 0", options.WarmUp);
        Setting.Require(options.Power > 0, "power", "above 0", options.Power);
        _options = options;
    }

    private protected override Activations Activate(Tensor x, Tensor? target, PassContext c)
    {
        var pattern = Above(x, 0f);
        var values = pattern.Linear(x, Encoder, EncoderBias);
        if (target is null) return new Activations(pattern, values, []);
        var lengths = values * Decoder.Square().Sum(1).Sqrt().IndexSelect(0, pattern.PlaceIndex());
        if (_options.Power != 1) lengths = (lengths.Log() * _options.Power).Exp(); // all are positive
        return new Activations(pattern, values, [new Term("sparsity", lengths.Sum() * (1f / Math.Max(1, x.Size(0))), _options.SparsityAt(c.Step))]);
    }
}
