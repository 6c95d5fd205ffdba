using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="FiniteScalarQuantizer"/> is made of.</summary>
public sealed record FsqOptions
{
    /// <summary>Levels of each dimension, each from 2 to 65536; their product is the number of codes.</summary>
    [Option("levels of each dimension", Min = 2, Max = 65536)]
    public IReadOnlyList<int> Levels { get; init; } = [8, 5, 5, 5];

    /// <summary>Indices a sample, at least 1.</summary>
    [Option("indices a sample", Min = 1, Max = 65536)]
    public int Heads { get; init; } = 1;

    /// <summary>Whether the numbers are brought to mean 0 and variance 1 before they are squashed.</summary>
    [Option("whether numbers are normalised before they are squashed")]
    public bool Normalize { get; init; } = true;

    /// <summary>Whether the values of even numbers of levels lie symmetrically about 0.</summary>
    [Option("whether values lie symmetrically about 0")]
    public bool Symmetric { get; init; }

    /// <summary>The share of numbers that get noise of a cell's width in training instead of being rounded, in [0, 1].</summary>
    [Option("share of numbers that get noise in training instead of rounding", Min = 0, Max = 1)]
    public float Noise { get; init; }
}

/// <summary>
/// Every dimension is squashed and rounded to a few levels; the code is the tuple, its index a number to mixed bases, the
/// first dimension least significant. Nothing is learned but the projection, and every code is used. Mentzer, Minnen,
/// Agustsson, Tschannen: "Finite scalar quantization: VQ-VAE made simple", ICLR 2024, section 3.1; the symmetric form and the noise
/// are those of Parker, Smirnov, Pons, Carr, Zukowski, Evans, Liu: "Scaling transformers for low-bitrate high-quality speech
/// coding", ICLR 2025, section 3.2.
/// </summary>
/// <remarks>
/// The bound is tanh(z + shift) half - offset with half = (L - 1)(1 - 1e-3)/2, offset 1/2 for even L, and
/// shift = atanh(offset / half) so that z = 0 gives exactly 0; the paper's code has tan in its place, with the same codes.
/// Two levels take the symmetric form, sign, because the shift would move their border far from 0. Outputs lie in [-1, 1]. The
/// gradient is straight through the rounding. Unless told otherwise the numbers are normalised before they are squashed, by the
/// batch in training and by running averages afterwards: otherwise fresh networks put out numbers so small
/// that all round to one code, and early steps push all of them past the squashing's reach, where no gradient brings them
/// back (measured on MNIST with a fully connected autoencoder: 0.0 bits). Noise replaces the rounding of single numbers by
/// uniform noise of a cell's width about the squashed number; the indices, and so the message and the rate, are those of the
/// rounded numbers all the same.
/// </remarks>
public sealed class FiniteScalarQuantizer : IndexBottleneck
{
    private readonly LevelGrid _grid;
    private readonly BatchStandardizer? _standardizer;
    private readonly float _noise;
    private readonly Tensor _cells; // [width]: the width of a cell of each column

    /// <summary>A quantiser of a number of features.</summary>
    /// <param name="features">Size of the encoder's output.</param>
    /// <param name="options">See there.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <exception cref="InputException">A level is out of range, or there are more codes than a 62-bit index can name.</exception>
    public FiniteScalarQuantizer(int features, FsqOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        _grid = new LevelGrid(options.Levels, options.Heads, options.Symmetric ? LevelForm.Symmetric : LevelForm.Standard);
        _noise = options.Noise;
        Setting.Require(_noise is >= 0 and <= 1, "noise", "a number from 0 to 1", _noise);
        Projection = AddModule("projection", new Linear(features, _grid.Width, random));
        if (options.Normalize) _standardizer = AddModule("standardizer", new BatchStandardizer(_grid.Width));
        float[] cells = [.. options.Levels.Select(l => options.Symmetric || l == 2 ? 2f / (l - 1) : 1f / (l / 2))];
        _cells = Tensor.From([.. Enumerable.Range(0, _grid.Width).Select(i => cells[i % cells.Length])], _grid.Width);
    }

    /// <summary>Features to the numbers that are rounded.</summary>
    public Linear Projection { get; }

    /// <inheritdoc/>
    public override int Positions => _grid.Heads;

    /// <inheritdoc/>
    public override long Alphabet => _grid.Codes;

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return Evaluate(Quantize(h), c);
        var z = Numbers(h, training: true);
        var soft = _noise > 0 ? Tensor.Zeros(z.Shape) : null;
        var (code, indices) = _grid.Quantize(z, soft);
        return new Passage(soft is null ? code : Noisy(code, soft, c.Random), RateOf(indices), [], () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        return _grid.Quantize(Numbers(h, training: false)).Indices;
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return _grid.Decode(indices);
    }

    private Tensor Numbers(Features h, bool training)
    {
        var z = Projection.Forward(h.Single);
        return _standardizer is null ? z : _standardizer.Apply(z, training);
    }

    // The noise is added to the value, so that the gradient stays that of the squashed number.
    private Tensor Noisy(Tensor code, Tensor soft, RandomStream random)
    {
        var chosen = Tensor.Rand(random, code.Shape).Lt(Tensor.Scalar(_noise));
        var noise = (Tensor.Rand(random, code.Shape) - 0.5f) * _cells;
        return code + (chosen * (soft + noise - code.Detach())).Detach();
    }
}
