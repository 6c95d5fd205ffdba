using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="GatedAutoencoder"/> is made of.</summary>
public sealed record GatedOptions : PenalisedOptions;

/// <summary>
/// Which features are active is decided apart from how large they are: π = W x + c, f = 1[π > 0] ReLU(e^r W x + m), with shared W. The penalty is
/// on ReLU(π), which also has to rebuild the row with the decoder held fixed: Rajamanoharan et al., "Improving dictionary learning with
/// gated sparse autoencoders", 2024, equations 6 to 8.
/// </summary>
public sealed class GatedAutoencoder : SparseAutoencoder
{
    private readonly GatedOptions _options;

    /// <summary>An autoencoder of a number of inputs.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public GatedAutoencoder(int inputs, GatedOptions options, RandomStream random) : base(inputs, inputs, tied: true, unitRows: true, options, random)
    {
        Setting.Require(options.Sparsity >= 0, "sparsity", "at least 0", options.Sparsity);
        Setting.Require(options.WarmUp >= 0, "warm_up", "at least 0", options.WarmUp);
        _options = options;
        LogGain = AddParameter("log_gain", Tensor.Zeros(options.Features));
        SizeBias = AddParameter("size_bias", Tensor.Zeros(options.Features));
    }

    /// <summary>r, [features].</summary>
    public Tensor LogGain { get; }

    /// <summary>m, [features]; c is the encoder's bias.</summary>
    public Tensor SizeBias { get; }

    private protected override Activations Activate(Tensor x, Tensor? target, PassContext c)
    {
        var pattern = Above(x, 0f);
        var places = pattern.PlaceIndex();
        var products = pattern.Linear(x, Encoder, Tensor.Zeros(Features));
        var values = ((products * LogGain.Exp().IndexSelect(0, places)) + SizeBias.IndexSelect(0, places)).Relu();
        if (target is null) return new Activations(pattern, values, []);
        var gates = (products + EncoderBias.IndexSelect(0, places)).Relu(); // rounding may leave one just below 0
        var rebuilt = pattern.Multiply(gates, Decoder.Detach());
        return new Activations(pattern, values,
        [
            new Term("sparsity", gates.Sum() * (1f / Math.Max(1, x.Size(0))), _options.SparsityAt(c.Step)),
            new Term("gate", SquaredError(rebuilt, target.Detach()), 1f),
        ]);
    }

    private protected override void FoldFeature(int i, float factor)
    {
        base.FoldFeature(i, factor);
        SizeBias.Data[i] *= factor;
    }
}
