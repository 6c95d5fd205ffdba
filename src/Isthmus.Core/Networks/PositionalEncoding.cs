using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Adds to token p, at features 2i and 2i + 1, the sine and cosine of p / 10000^(2i / width) (Vaswani et al. 2017, section 3.5). It has no
/// weights and takes any length.
/// </summary>
public sealed class SinusoidalPositionalEncoding : Module
{
    private readonly int _width;

    /// <summary>An encoding for tokens of a width.</summary>
    /// <param name="width">Features of a token, at least 1; of an odd number the last has a sine only.</param>
    public SinusoidalPositionalEncoding(int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _width = width;
    }

    /// <summary>[batch, tokens, width] to the same.</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim < 2 || x.Size(-1) != _width) throw new ArgumentException($"positional encoding: [..., tokens, {_width}] is needed, not {Shapes.Text(x.Shape)}");
        return x + Table(x.Size(-2), _width);
    }

    /// <summary>What is added, [tokens, width].</summary>
    public static Tensor Table(int tokens, int width)
    {
        var table = Tensor.Zeros(tokens, width);
        for (var p = 0; p < tokens; p++)
            for (var i = 0; i < width; i++)
            {
                var angle = p / Math.Pow(10000, (i & ~1) / (double)width);
                table.Data[(p * width) + i] = (float)((i & 1) == 0 ? Math.Sin(angle) : Math.Cos(angle));
            }
        return table;
    }
}

/// <summary>Adds a learned vector to each position (Gehring et al. 2017, section 3.1): a table with the weights and start of an <see cref="Embedding"/>.</summary>
public sealed class LearnedPositionalEncoding : Module
{
    /// <summary>A table of normal numbers.</summary>
    /// <param name="tokens">The most positions there are.</param>
    /// <param name="width">Features of a token.</param>
    /// <param name="random">Where the initial rows come from.</param>
    /// <param name="std">Their standard deviation; 1 is that of <c>torch.nn.Embedding</c>, 0.02 is usual in transformers.</param>
    public LearnedPositionalEncoding(int tokens, int width, RandomStream random, float std = 1f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Weight = AddParameter("weight", Initializers.Normal(random, std, tokens, width));
    }

    /// <summary>[tokens, width].</summary>
    public Tensor Weight { get; }

    /// <summary>[…, length, width] to the same; the length is at most the table's.</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim < 2 || x.Size(-2) > Weight.Size(0) || x.Size(-1) != Weight.Size(1))
            throw new ArgumentException($"positional encoding: [..., at most {Weight.Size(0)} tokens, {Weight.Size(1)}] is needed, not {Shapes.Text(x.Shape)}");
        return x + Weight.Narrow(0, 0, x.Size(-2));
    }
}
