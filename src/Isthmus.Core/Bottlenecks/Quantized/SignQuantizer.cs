using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What quantisers by signs share: groups of bits, each an index, the entropy loss and the weights of rows.</summary>
public abstract class SignQuantizer : IndexBottleneck
{
    private readonly int _bits, _groups;
    private readonly float _entropy, _diversity, _commitment;
    private readonly bool _factorized;

    private protected SignQuantizer(int features, int bits, int groups, float magnitude, bool factorized, float inverseTemperature, float entropy, float diversity, float commitment, RandomStream random)
    {
        if (bits is < 1 or > 62) throw new InputException($"bottleneck.bits: 1 to 62 bits of an index are expected, not {bits}", "more bits are several groups");
        Setting.Require(groups >= 1, "groups", "at least 1", groups);
        Setting.Require(entropy >= 0 && float.IsFinite(entropy), "entropy", "a number of at least 0", entropy);
        Setting.Require(diversity >= 0 && float.IsFinite(diversity), "diversity", "a number of at least 0", diversity);
        Setting.Require(commitment >= 0 && float.IsFinite(commitment), "commitment", "a number of at least 0", commitment);
        Setting.Require(inverseTemperature > 0 && float.IsFinite(inverseTemperature), "inverse_temperature", "a number above 0", inverseTemperature);
        if (!factorized && entropy > 0 && diversity > 0 && bits > BitEntropy.LargestJoint)
            throw new InputException($"bottleneck.bits: the entropy over the codes of {bits} bits needs 2^{bits} probabilities; at most {BitEntropy.LargestJoint} bits are expected", "groups of fewer bits have an entropy each, and factorized: true takes the bits as independent");
        (_bits, _groups, Magnitude, _factorized, _entropy, _diversity, _commitment) = (bits, groups, magnitude, factorized, entropy, diversity, commitment);
        InverseTemperature = inverseTemperature;
        Projection = AddModule("projection", new Linear(features, groups * bits, random));
    }

    /// <summary>Features to the numbers whose signs are sent.</summary>
    public Linear Projection { get; }

    /// <summary>τ of p(code | x) ∝ exp(2τ x·code).</summary>
    public float InverseTemperature { get; }

    /// <inheritdoc/>
    public override int Positions => _groups;

    /// <inheritdoc/>
    public override long Alphabet => 1L << _bits;

    /// <summary>Numbers of a row.</summary>
    private protected int Width => _groups * _bits;

    /// <summary>Bits of a group.</summary>
    private protected int Bits => _bits;

    /// <summary>The numbers of a code are this and its negative.</summary>
    private protected float Magnitude { get; }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return Evaluate(Quantize(h), c);
        var x = Numbers(h, training: true);
        var indices = Chosen(x, c.Random);
        var code = Decode(indices);
        var terms = new List<Term>();
        if (_entropy > 0) terms.Add(new Term("entropy", Entropy(x * (4 * InverseTemperature * Magnitude), c.Mask), _entropy));
        if (_commitment > 0) terms.Add(new Term("commitment", OverRows((code - x).Square(), c.Mask), _commitment));
        return new Passage(GradientEstimators.StraightThrough(x, code), RateOf(indices), terms, () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        return Signs(Numbers(h, training: false));
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var code = Tensor.Zeros(indices.Shape[0], Width);
        Span<float> to = code.Data;
        ReadOnlySpan<long> from = indices.Data;
        for (var i = 0; i < from.Length; i++)
            for (var j = 0; j < _bits; j++) to[(i * _bits) + j] = ((from[i] >> j) & 1) == 1 ? Magnitude : -Magnitude;
        return code;
    }

    /// <summary>The numbers whose signs are sent, [batch, groups bits].</summary>
    private protected abstract Tensor Numbers(Features h, bool training);

    /// <summary>The indices of a training pass.</summary>
    private protected virtual LongTensor Chosen(Tensor x, RandomStream random) => Signs(x);

    /// <summary>Bit j of an index is set where number j of the group is above 0.</summary>
    private protected LongTensor Signs(Tensor x)
    {
        var indices = LongTensor.Zeros(x.Size(0), _groups);
        ReadOnlySpan<float> data = x.Data;
        var to = indices.Data;
        for (var i = 0; i < to.Length; i++)
        {
            long index = 0;
            for (var j = 0; j < _bits; j++) index |= (data[(i * _bits) + j] > 0 ? 1L : 0L) << j;
            to[i] = index;
        }
        return indices;
    }

    // E[H(p(c|x))] - diversity H(E[p(c|x)]), summed over groups; negative where codes are sure and differ.
    private Tensor Entropy(Tensor logits, Tensor? mask)
    {
        var sure = OverRows(BitEntropy.OfBits(logits), mask);
        if (_diversity == 0) return sure;
        var weights = Weights(mask, logits.Size(0));
        if (_factorized) return sure - (BitEntropy.Factorized(logits, weights) * _diversity);
        var spread = Tensor.Scalar(0f);
        for (var g = 0; g < _groups; g++) spread += BitEntropy.Joint(_groups == 1 ? logits : logits.Narrow(1, g * _bits, _bits), weights);
        return sure - (spread * _diversity);
    }

    // The mean over rows of each row's sum.
    private static Tensor OverRows(Tensor x, Tensor? mask) =>
        mask is null ? x.Sum() * (1f / x.Size(0)) : (x.Sum(1) * Weights(mask, x.Size(0))).Sum();

    private static Tensor Weights(Tensor? mask, int rows)
    {
        if (mask is null) return Tensor.Full([rows], 1f / rows);
        if (mask.Numel != rows) throw new ArgumentException($"mask: one number a row is needed, {rows}, not [{string.Join(", ", mask.Shape.ToArray())}]");
        var present = mask.Detach().Reshape(rows);
        return present * (1f / Math.Max(1f, present.Sum().Item()));
    }
}
