using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="ResidualFsq"/> is made of.</summary>
public sealed record ResidualFsqOptions
{
    /// <summary>Levels of each dimension, the same in every stage, each from 2 to 65536.</summary>
    [Option("levels of each dimension, the same in every stage", Min = 2, Max = 65536)]
    public IReadOnlyList<int> Levels { get; init; } = [8, 5, 5, 5];

    /// <summary>Stages, each an index; at least 1.</summary>
    [Option("stages, each an index", Min = 1, Max = 64)]
    public int Stages { get; init; } = 2;

    /// <summary>Whether the numbers are brought to mean 0 and variance 1 before they are squashed.</summary>
    [Option("whether numbers are normalised before they are squashed")]
    public bool Normalize { get; init; } = true;
}

/// <summary>
/// Finite scalar quantisation in stages: what a stage leaves over is quantised by the next on a finer grid. The numbers are squashed
/// once, r = tanh(z); stage i rounds clamp(r L^i, -1, 1) to the symmetric grid, adds L^-i times its value to the output and takes
/// it from r. Zeghidour et al. 2021 (SoundStream) with the grids of Mentzer et al. 2024, in the symmetric form of Parker et al. 2024
/// (arXiv 2411.19842).
/// </summary>
/// <remarks>
/// The symmetric grid is needed: the finer grid must lie about 0, where the remainders lie. The cells of a stage are 2/(L - 1)
/// wide and the next grid spans 2/L, so the outermost remainders are clamped; with them the error of s stages is at most
/// L^-(s-1)/(L - 1). The message is the stages' indices in order: the first ones alone
/// are a coarser message. The gradient is straight through to the squashed number.
/// </remarks>
public sealed class ResidualFsq : IndexBottleneck
{
    private readonly LevelGrid _grid;
    private readonly BatchStandardizer? _standardizer;
    private readonly Tensor[] _scales; // L^-i of each dimension
    private readonly int[] _levels;

    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range, or a stage's cells are too fine for 32-bit numbers.</exception>
    public ResidualFsq(int features, ResidualFsqOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        _grid = new LevelGrid(options.Levels, 1, LevelForm.Symmetric);
        _levels = [.. options.Levels];
        Setting.Require(options.Stages >= 1, "stages", "at least 1", options.Stages);
        var finest = options.Stages * Math.Log2(_levels.Max());
        if (finest > 24) throw new InputException(FormattableString.Invariant($"bottleneck.stages: {options.Stages} stages of {_levels.Max()} levels are {finest:0.#} bits a number; at most 24 are expected"));
        Positions = options.Stages;
        _scales = [.. Enumerable.Range(0, options.Stages).Select(i => Tensor.From([.. _levels.Select(l => (float)Math.Pow(l, -i))], _levels.Length))];
        Projection = AddModule("projection", new Linear(features, _grid.Width, random));
        if (options.Normalize) _standardizer = AddModule("standardizer", new BatchStandardizer(_grid.Width));
    }

    /// <summary>Features to the numbers that are rounded.</summary>
    public Linear Projection { get; }

    /// <inheritdoc/>
    public override int Positions { get; }

    /// <inheritdoc/>
    public override long Alphabet => _grid.Codes;

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return Evaluate(Quantize(h), c);
        var squashed = Squashed(h, training: true);
        var indices = Stages(squashed);
        return new Passage(GradientEstimators.StraightThrough(squashed, Decode(indices)), RateOf(indices), [], () => AsMessage(indices));
    }

    /// <summary>The output of the first stages alone: what a receiver of part of the message has.</summary>
    /// <param name="m">A message of this bottleneck.</param>
    /// <param name="stages">From 0 to the number of stages.</param>
    public Tensor RestorePart(Message m, int stages)
    {
        ArgumentNullException.ThrowIfNull(m);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stages, Positions);
        return Decode(m.Single<Symbols>().Values, stages);
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        return Stages(Squashed(h, training: false));
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return Decode(indices, Positions);
    }

    private Tensor Squashed(Features h, bool training)
    {
        var z = Projection.Forward(h.Single);
        return (_standardizer is null ? z : _standardizer.Apply(z, training)).Tanh();
    }

    private LongTensor Stages(Tensor squashed)
    {
        using var noGrad = new NoGrad();
        var (rows, width) = (squashed.Size(0), _grid.Width);
        var indices = LongTensor.Zeros(rows, Positions);
        var rest = squashed.ToArray();
        for (var stage = 0; stage < Positions; stage++)
        {
            var scale = _scales[stage].Data;
            for (var i = 0; i < rows; i++)
            {
                long index = 0, place = 1;
                for (var d = 0; d < width; d++)
                {
                    ref var r = ref rest[(i * width) + d];
                    float zero = (_levels[d] - 1) / 2f, t = Math.Clamp(r / scale[d], -1f, 1f);
                    var level = Math.Clamp((int)MathF.Floor((zero * t) + zero + 0.5f), 0, _levels[d] - 1);
                    r -= (level - zero) / zero * scale[d];
                    index += place * level;
                    place *= _levels[d];
                }
                indices.Data[(i * Positions) + stage] = index;
            }
        }
        return indices;
    }

    private Tensor Decode(LongTensor indices, int stages)
    {
        var rows = indices.Shape[0];
        var output = Tensor.Zeros(rows, _grid.Width);
        for (var stage = 0; stage < stages; stage++)
        {
            var column = LongTensor.Zeros(rows, 1);
            for (var i = 0; i < rows; i++) column.Data[i] = indices.Data[(i * Positions) + stage];
            output += _grid.Decode(column) * _scales[stage];
        }
        return output;
    }
}
