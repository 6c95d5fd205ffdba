using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// A residual block whose stream is wide and whose inside is narrow: x + W2 act(W1 x), the inner width below the outer one
/// (the hourglass, against the usual wide inside of a narrow stream); parts are named norm, linear1 and linear2.
/// </summary>
public sealed class HourglassMlp : Module
{
    private readonly LayerNorm? _norm;
    private readonly Linear _linear1, _linear2;

    /// <summary>A block with PyTorch's initial weights.</summary>
    /// <param name="width">Features of the stream.</param>
    /// <param name="inner">Features inside, at least 1.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="norm">Whether a layer norm stands before W1.</param>
    public HourglassMlp(int width, int inner, RandomStream random, bool norm = true)
    {
        if (norm) _norm = AddModule("norm", new LayerNorm(width));
        _linear1 = AddModule("linear1", new Linear(width, inner, random));
        _linear2 = AddModule("linear2", new Linear(inner, width, random));
    }

    /// <summary>[…, width] to the same.</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var y = _norm is null ? x : _norm.Forward(x);
        return x + _linear2.Forward(_linear1.Forward(y).Gelu());
    }

    /// <inheritdoc/>
    protected internal override string? Bypass(string part) => "the input, which is added to the output of linear2";
}
