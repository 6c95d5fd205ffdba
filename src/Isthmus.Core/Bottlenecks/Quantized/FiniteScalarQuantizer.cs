using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="FiniteScalarQuantizer"/> is made of.</summary>
public sealed record FsqOptions
{
    /// <summary>Levels of each dimension, each at least 2; their product is the number of codes.</summary>
    [Option("levels of each dimension", Min = 2, Max = 65536)]
    public IReadOnlyList<int> Levels { get; init; } = [8, 5, 5, 5];

    /// <summary>Indices a sample, at least 1.</summary>
    [Option("indices a sample", Min = 1, Max = 65536)]
    public int Heads { get; init; } = 1;

    /// <summary>Whether the numbers are brought to mean 0 and variance 1 before they are squashed.</summary>
    [Option("whether numbers are normalised before they are squashed")]
    public bool Normalize { get; init; } = true;
}

/// <summary>
/// Every dimension is squashed and rounded to a few levels; the code is the tuple, its index a number to mixed bases, the
/// first dimension least significant. Nothing is learned but the projection, and every code is used. Mentzer, Minnen,
/// Agustsson, Tschannen: "Finite scalar quantization: VQ-VAE made simple", ICLR 2024, section 3.1.
/// </summary>
/// <remarks>
/// The bound is tanh(z + shift) half - offset with half = (L - 1)(1 - 1e-3)/2, offset 1/2 for even L, and
/// shift = atanh(offset / half) so that z = 0 gives exactly 0; the paper's code has tan in its place, with the same codes.
/// Two levels take the symmetric form, sign, because the shift does not exist there. Outputs lie in [-1, 1]. The gradient is
/// straight through the rounding. Unless told otherwise the numbers are normalised before they are squashed, by the batch in
/// training and by running averages afterwards (Ioffe and Szegedy 2015): otherwise fresh networks put out numbers so small
/// that all round to one code, and early steps push all of them past the squashing's reach, where no gradient brings them
/// back (measured on MNIST with a fully connected autoencoder: 0.0 bits).
/// </remarks>
public sealed class FiniteScalarQuantizer : IndexBottleneck
{
    private readonly int[] _levels;
    private readonly int _heads;
    private readonly Tensor _half, _offset, _shift, _scale;
    private const float Momentum = 0.05f, Epsilon = 1e-5f;
    private readonly bool _normalize;
    private readonly Tensor _mean, _variance, _started; // started: 1 once a training batch has been seen

    /// <summary>A quantiser of a number of features.</summary>
    /// <param name="features">Size of the encoder's output.</param>
    /// <param name="options">See there.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <exception cref="InputException">A level below 2, or more codes than a 62-bit index can name.</exception>
    public FiniteScalarQuantizer(int features, FsqOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        _levels = [.. options.Levels];
        _heads = options.Heads;
        if (_levels.Length == 0 || _levels.Any(l => l < 2)) throw new InputException($"bottleneck.levels: at least one level of at least 2 is expected, not [{string.Join(", ", _levels)}]");
        if (_heads < 1) throw new InputException($"bottleneck.heads: at least 1 is expected, not {_heads}");
        long codes = 1;
        foreach (var l in _levels)
        {
            if (codes > (1L << 62) / l) throw new InputException($"bottleneck.levels: [{string.Join(", ", _levels)}] has more than 2^62 codes");
            codes *= l;
        }
        Alphabet = codes;
        Projection = AddModule("projection", new Linear(features, _heads * _levels.Length, random));
        var (half, offset, shift, scale) = (new List<float>(), new List<float>(), new List<float>(), new List<float>());
        for (var h = 0; h < _heads; h++)
            foreach (var l in _levels)
            {
                var bound = l == 2 ? 0.5 : (l - 1) * (1 - 1e-3) / 2;
                var o = l % 2 == 0 ? 0.5 : 0.0;
                half.Add((float)bound);
                offset.Add((float)o);
                shift.Add(l == 2 ? 0f : (float)Math.Atanh(o / bound));
                scale.Add(l / 2);
            }
        _normalize = options.Normalize;
        _mean = AddBuffer("mean", Tensor.Zeros(_heads * _levels.Length));
        _variance = AddBuffer("variance", Tensor.Ones(_heads * _levels.Length));
        _started = AddBuffer("started", Tensor.Zeros(1));
        (_half, _offset, _shift, _scale) = (Row(half), Row(offset), Row(shift), Row(scale));
    }

    /// <summary>Features to the numbers that are rounded.</summary>
    public Linear Projection { get; }

    /// <inheritdoc/>
    public override int Positions => _heads;

    /// <inheritdoc/>
    public override long Alphabet { get; }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return Evaluate(Quantize(h), c);
        var bounded = Bound(h, training: true);
        var indices = IndicesOf(bounded);
        var code = Decode(indices);
        // Straight through (Bengio, Léonard, Courville 2013): the value of the rounded code, the gradient of the unrounded.
        var soft = bounded / _scale;
        return new Passage(soft + (code - soft).Detach(), RateOf(indices), [], () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        using var noGrad = new NoGrad();
        return IndicesOf(Bound(h));
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var size = _levels.Length;
        var code = Tensor.Zeros(indices.Shape[0], _heads * size);
        for (var i = 0; i < indices.Numel; i++)
        {
            var rest = indices.Data[i];
            for (var d = 0; d < size; d++)
            {
                var level = (int)(rest % _levels[d]);
                rest /= _levels[d];
                code.Data[(i * size) + d] = _levels[d] == 2 ? (2 * level) - 1 : (level - (_levels[d] / 2)) / (float)(_levels[d] / 2);
            }
        }
        return code;
    }

    private Tensor Bound(Features h, bool training = false)
    {
        ArgumentNullException.ThrowIfNull(h);
        var z = Projection.Forward(h.Single);
        if (_normalize) z = training ? ByBatch(z) : (z - _mean) * (_variance + Epsilon).Rsqrt();
        return ((z + _shift).Tanh() * _half) - _offset;
    }

    private Tensor ByBatch(Tensor z)
    {
        var mean = z.Mean(0);
        var centred = z - mean;
        var variance = centred.Square().Mean(0);
        var share = _started.Data[0] == 0 ? 1f : Momentum;
        for (var j = 0; j < mean.Numel; j++)
        {
            _mean.Data[j] += share * (mean.Data[j] - _mean.Data[j]);
            _variance.Data[j] += share * (variance.Data[j] - _variance.Data[j]);
        }
        _started.Data[0] = 1;
        return centred * (variance + Epsilon).Rsqrt();
    }

    private LongTensor IndicesOf(Tensor bounded)
    {
        var size = _levels.Length;
        var indices = LongTensor.Zeros(bounded.Size(0), _heads);
        for (var i = 0; i < indices.Numel; i++)
        {
            long index = 0, place = 1;
            for (var d = 0; d < size; d++)
            {
                // Two levels are bounded to (-1, 0) around -1/2: the sign decides.
                var v = bounded.Data[(i * size) + d];
                var level = _levels[d] == 2 ? (v > -0.5f ? 1 : 0) : Math.Clamp((int)MathF.Round(v) + (_levels[d] / 2), 0, _levels[d] - 1);
                index += place * level;
                place *= _levels[d];
            }
            indices.Data[i] = index;
        }
        return indices;
    }

    private static Tensor Row(List<float> values) => Tensor.From([.. values], values.Count);
}
