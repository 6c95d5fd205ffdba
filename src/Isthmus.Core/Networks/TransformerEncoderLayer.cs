using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Attention and a two-layer network, each with a residual and a layer norm (Vaswani et al. 2017, section 3.1; the norm first as in Xiong et al. 2020),
/// with the names of <c>torch.nn.TransformerEncoderLayer</c> (batch_first).
/// </summary>
public sealed class TransformerEncoderLayer : Module
{
    private readonly MultiHeadAttention _attention;
    private readonly Linear _linear1, _linear2;
    private readonly LayerNorm _norm1, _norm2;
    private readonly Dropout _dropout, _dropout1, _dropout2;
    private readonly bool _normFirst, _gelu;

    /// <summary>A layer with PyTorch's initial weights. Attention weights themselves are not dropped.</summary>
    /// <param name="width">Features of a token.</param>
    /// <param name="heads">Divides the width.</param>
    /// <param name="random">Where the initial weights and the dropout come from.</param>
    /// <param name="feedForward">Width of the inner layer.</param>
    /// <param name="dropout">In [0, 1).</param>
    /// <param name="normFirst">Norms before attention and network, not after the residuals.</param>
    /// <param name="gelu">GELU inside, not ReLU.</param>
    public TransformerEncoderLayer(int width, int heads, RandomStream random, int feedForward = 2048, float dropout = 0.1f, bool normFirst = false, bool gelu = false)
    {
        ArgumentNullException.ThrowIfNull(random);
        (_normFirst, _gelu) = (normFirst, gelu);
        _attention = AddModule("self_attn", new MultiHeadAttention(width, heads, random));
        _linear1 = AddModule("linear1", new Linear(width, feedForward, random));
        _dropout = AddModule("dropout", new Dropout(dropout, random.Fork("dropout")));
        _linear2 = AddModule("linear2", new Linear(feedForward, width, random));
        _norm1 = AddModule("norm1", new LayerNorm(width));
        _norm2 = AddModule("norm2", new LayerNorm(width));
        _dropout1 = AddModule("dropout1", new Dropout(dropout, random.Fork("dropout1")));
        _dropout2 = AddModule("dropout2", new Dropout(dropout, random.Fork("dropout2")));
    }

    /// <summary>[batch, tokens, width] to the same, every token seeing all.</summary>
    protected override Tensor Compute(Tensor x) => Layer(x, false, null);

    /// <summary>As <see cref="MultiHeadAttention.Forward(Tensor, bool, Tensor?)"/> says of the masks.</summary>
    /// <param name="x">[batch, tokens, width].</param>
    /// <param name="causal">A token sees itself and those before it.</param>
    /// <param name="mask">[batch, tokens], 1 where a token is present; or null.</param>
    /// <returns>[batch, tokens, width].</returns>
    public Tensor Forward(Tensor x, bool causal, Tensor? mask = null) => Emit(Layer(x, causal, mask));

    /// <inheritdoc/>
    protected internal override string? Bypass(string part) => part switch
    {
        "norm1" or "norm2" when !_normFirst => null, // a norm after the sum: both ways have joined
        "self_attn" or "dropout1" or "norm1" => "the residual stream, to which the attention's output is added",
        _ => "the residual stream, to which the output of linear2 is added",
    };

    private Tensor Layer(Tensor x, bool causal, Tensor? mask)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (_normFirst)
        {
            x += Attend(_norm1.Forward(x));
            return x + Think(_norm2.Forward(x));
        }
        x = _norm1.Forward(x + Attend(x));
        return _norm2.Forward(x + Think(x));

        Tensor Attend(Tensor y) => _dropout1.Forward(_attention.Forward(y, causal, mask));
        Tensor Think(Tensor y) => _dropout2.Forward(_linear2.Forward(_dropout.Forward(Active(_linear1.Forward(y)))));
        Tensor Active(Tensor y) => _gelu ? y.Gelu() : y.Relu();
    }
}
