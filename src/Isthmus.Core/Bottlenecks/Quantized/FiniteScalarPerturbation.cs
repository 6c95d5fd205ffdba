using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="FiniteScalarPerturbation"/> is made of.</summary>
public sealed record FspOptions
{
    /// <summary>Levels of each dimension, each from 2 to 65536; their product is the number of codes.</summary>
    [Option("levels of each dimension", Min = 2, Max = 65536)]
    public IReadOnlyList<int> Levels { get; init; } = [8, 5, 5, 5];

    /// <summary>Indices a sample, at least 1.</summary>
    [Option("indices a sample", Min = 1, Max = 65536)]
    public int Heads { get; init; } = 1;

    /// <summary>η: the width of the perturbation in cells; at least 0.</summary>
    [Option("width of the perturbation", Unit = "cells", Min = 0)]
    public float Width { get; init; } = 1f;

    /// <summary>The share of rows that are quantised in training, in [0, 1]; the others are perturbed.</summary>
    [Option("share of rows that are quantised in training, the others perturbed", Min = 0, Max = 1)]
    public float Quantized { get; init; } = 0.5f;

    /// <summary>Weight of the loss that gives the numbers the mean and variance of the squashing; at least 0.</summary>
    [Option("weight of the loss that gives numbers the squashing's mean and variance", Min = 0)]
    public float Normalization { get; init; } = 1f;
}

/// <summary>
/// Finite scalar perturbation: a number is taken through a distribution function to the unit interval, which is cut into equal
/// cells, each sent as its middle (the Lloyd-Max levels of a uniform source). In training half the rows are quantised, the other half moved by
/// uniform noise of a cell's width, where that stays in the interval. Zhai, Ding, Lin, Zhao, Wang, Wang, Wang, Xi: "VP-VAE: rethinking vector quantization via
/// adaptive vector perturbation", 2026 (arXiv 2602.17133), section 3.3, equations 13 to 18.
/// </summary>
/// <remarks>
/// The distribution function is (tanh a + 1)/2, the logistic one, with variance π²/12 = 0.8225, to which the loss
/// |mean|² + |variance - 0.8225|² of the numbers brings them. Values are given on [-1, 1]: 2 (l + 1/2)/L - 1. A row's noise is taken where all its
/// dimensions stay inside, else the row passes as it is. The indices of a training pass are those of the quantised row, perturbed or
/// not. The gradient is that of the squashed number.
/// </remarks>
public sealed class FiniteScalarPerturbation : IndexBottleneck
{
    private const float Variance = (float)(Math.PI * Math.PI / 12);
    private readonly FspOptions _options;
    private readonly LevelGrid _grid;

    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range, or there are more codes than a 62-bit index can name.</exception>
    public FiniteScalarPerturbation(int features, FspOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _grid = new LevelGrid(options.Levels, options.Heads, LevelForm.Centred);
        Setting.Require(options.Width >= 0 && float.IsFinite(options.Width), "width", "at least 0", options.Width);
        Setting.Require(options.Quantized is >= 0 and <= 1, "quantized", "a number from 0 to 1", options.Quantized);
        Setting.Require(options.Normalization >= 0, "normalization", "at least 0", options.Normalization);
        Projection = AddModule("projection", new Linear(features, _grid.Width, random));
    }

    /// <summary>Features to the numbers that are squashed.</summary>
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
        var a = Projection.Forward(h.Single);
        var soft = Tensor.Zeros(a.Shape);
        var (code, indices) = _grid.Quantize(a, soft);
        Term[] terms = _options.Normalization > 0 ? [new Term("normalization", VectorPerturbation.Normalization(a, Variance), _options.Normalization)] : [];
        return new Passage(code + Perturbation(code.Detach(), soft, c.Random), RateOf(indices), terms, () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        return _grid.Quantize(Projection.Forward(h.Single)).Indices;
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return _grid.Decode(indices);
    }

    // What leads from the quantised rows to the perturbed ones, and 0 in rows that stay quantised.
    private Tensor Perturbation(Tensor code, Tensor soft, RandomStream random)
    {
        var (size, rows) = (_options.Levels.Count, code.Size(0) * _grid.Heads);
        var moves = Tensor.Zeros(code.Shape);
        Span<float> proposal = new float[size];
        for (var i = 0; i < rows; i++)
        {
            if (random.NextSingle() < _options.Quantized) continue;
            Span<float> from = soft.Data.Slice(i * size, size), value = code.Data.Slice(i * size, size), move = moves.Data.Slice(i * size, size);
            var inside = true;
            for (var d = 0; d < size; d++)
            {
                proposal[d] = from[d] + (_options.Width * ((2 * random.NextSingle()) - 1) / _options.Levels[d]);
                inside &= MathF.Abs(proposal[d]) <= 1;
            }
            for (var d = 0; d < size; d++) move[d] = (inside ? proposal[d] : from[d]) - value[d];
        }
        return moves;
    }
}
