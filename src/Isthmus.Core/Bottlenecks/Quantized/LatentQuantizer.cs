using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="LatentQuantizer"/> is made of.</summary>
public sealed record LatentQuantizerOptions
{
    /// <summary>Numbers that are sent, at least 1.</summary>
    [Option("numbers that are sent", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 8;

    /// <summary>Values that each of them may take, at least 2.</summary>
    [Option("values that each of them may take", Min = 2, Max = 4096)]
    public int Levels { get; init; } = 8;

    /// <summary>Weight of the loss that moves the values to the numbers; at least 0.</summary>
    [Option("weight of the loss that moves values to numbers", Min = 0)]
    public float Quantization { get; init; } = 0.1f;

    /// <summary>Weight of the loss that moves the numbers to their values; at least 0.</summary>
    [Option("weight of the loss that moves numbers to their values", Min = 0)]
    public float Commitment { get; init; } = 0.1f;
}

/// <summary>
/// Latent quantisation: every number takes the nearest of a few learned values of its own. The code is the product of small scalar
/// codebooks, which with weight decay on the rest of the network makes single numbers stand for single causes. Hsu, Dorrell, Whittington, Wu,
/// Finn: "Disentanglement via latent quantization", NeurIPS 2023, section 3.
/// </summary>
/// <remarks>
/// The index of a number is the place of the nearest value in its table as it is now, the lower one of two that are as near. Values start evenly
/// in [-1/2, 1/2]. Losses are means over rows of sums over numbers. The gradient is straight through.
/// </remarks>
public sealed class LatentQuantizer : IndexBottleneck
{
    private readonly LatentQuantizerOptions _options;

    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public LatentQuantizer(int features, LatentQuantizerOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        Setting.Require(options.Latent >= 1, "latent", "at least 1", options.Latent);
        Setting.Require(options.Levels is >= 2 and <= 4096, "levels", "2 to 4096", options.Levels);
        Setting.Require(options.Quantization >= 0, "quantization", "at least 0", options.Quantization);
        Setting.Require(options.Commitment >= 0, "commitment", "at least 0", options.Commitment);
        _options = options;
        Projection = AddModule("projection", new Linear(features, options.Latent, random));
        var start = Tensor.Arange(options.Levels, -0.5f, 1f / (options.Levels - 1));
        Values = AddParameter("values", start.Reshape(1, -1).Expand(options.Latent, options.Levels).Clone());
    }

    /// <summary>Features to the numbers that are quantised.</summary>
    public Linear Projection { get; }

    /// <summary>The values of each number, [latent, levels], in no order once trained.</summary>
    public Tensor Values { get; }

    /// <inheritdoc/>
    public override int Positions => _options.Latent;

    /// <inheritdoc/>
    public override long Alphabet => _options.Levels;

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return Evaluate(Quantize(h), c);
        var z = Projection.Forward(h.Single);
        var indices = Nearest(z);
        var code = Decode(indices);
        return new Passage(GradientEstimators.StraightThrough(z, code), RateOf(indices),
        [
            new Term("quantization", (code - z.Detach()).Square().Sum(1).Mean(), _options.Quantization),
            new Term("commitment", (z - code.Detach()).Square().Sum(1).Mean(), _options.Commitment),
        ], () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        return Nearest(Projection.Forward(h.Single));
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return Values.Reshape(-1).IndexSelect(0, Flat(indices)).Reshape(-1, _options.Latent);
    }

    private LongTensor Nearest(Tensor z)
    {
        var indices = LongTensor.Zeros(z.Size(0), _options.Latent);
        ReadOnlySpan<float> numbers = z.Data, values = Values.Data;
        for (var i = 0; i < numbers.Length; i++)
        {
            var table = values.Slice(i % _options.Latent * _options.Levels, _options.Levels);
            var best = 0;
            for (var k = 1; k < table.Length; k++)
                if (MathF.Abs(numbers[i] - table[k]) < MathF.Abs(numbers[i] - table[best])) best = k;
            indices.Data[i] = best;
        }
        return indices;
    }
}
