using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Attention to the sequence itself, attention to another, and a two-layer network, each with a residual and a layer norm (Vaswani et al. 2017, section
/// 3.1; the norms first as in Xiong et al. 2020), with the names of <c>torch.nn.TransformerDecoderLayer</c> (batch_first).
/// </summary>
public sealed class TransformerDecoderLayer : Module
{
    private readonly MultiHeadAttention _self, _cross;
    private readonly Linear _linear1, _linear2;
    private readonly LayerNorm _norm1, _norm2, _norm3;
    private readonly Dropout _dropout, _dropout1, _dropout2, _dropout3;
    private readonly bool _normFirst, _gelu;

    /// <summary>A layer with PyTorch's initial weights. Attention weights themselves are not dropped.</summary>
    /// <param name="width">Features of a token, here and in the other sequence.</param>
    /// <param name="heads">Divides the width.</param>
    /// <param name="random">Where the initial weights and the dropout come from.</param>
    /// <param name="feedForward">Width of the inner layer.</param>
    /// <param name="dropout">In [0, 1).</param>
    /// <param name="normFirst">Norms before attentions and network, not after the residuals.</param>
    /// <param name="gelu">GELU inside, not ReLU.</param>
    public TransformerDecoderLayer(int width, int heads, RandomStream random, int feedForward = 2048, float dropout = 0.1f, bool normFirst = false, bool gelu = false)
    {
        ArgumentNullException.ThrowIfNull(random);
        (_normFirst, _gelu) = (normFirst, gelu);
        _self = AddModule("self_attn", new MultiHeadAttention(width, heads, random));
        _cross = AddModule("multihead_attn", new MultiHeadAttention(width, heads, random));
        _linear1 = AddModule("linear1", new Linear(width, feedForward, random));
        _dropout = AddModule("dropout", new Dropout(dropout, random.Fork("dropout")));
        _linear2 = AddModule("linear2", new Linear(feedForward, width, random));
        _norm1 = AddModule("norm1", new LayerNorm(width));
        _norm2 = AddModule("norm2", new LayerNorm(width));
        _norm3 = AddModule("norm3", new LayerNorm(width));
        _dropout1 = AddModule("dropout1", new Dropout(dropout, random.Fork("dropout1")));
        _dropout2 = AddModule("dropout2", new Dropout(dropout, random.Fork("dropout2")));
        _dropout3 = AddModule("dropout3", new Dropout(dropout, random.Fork("dropout3")));
    }

    /// <summary>The sequence with what it takes from the other.</summary>
    /// <param name="x">[batch, tokens, width].</param>
    /// <param name="memory">The other sequence, [batch, others, width].</param>
    /// <param name="causal">A token sees itself and those before it, and all of the other sequence.</param>
    /// <param name="mask">[batch, tokens], 1 where a token is present; or null.</param>
    /// <param name="memoryMask">[batch, others], 1 where one of the others is present; or null.</param>
    /// <returns>[batch, tokens, width].</returns>
    public Tensor Forward(Tensor x, Tensor memory, bool causal = true, Tensor? mask = null, Tensor? memoryMask = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(memory);
        if (_normFirst)
        {
            x += Attend(_norm1.Forward(x));
            x += Look(_norm2.Forward(x));
            return Emit(x + Think(_norm3.Forward(x)));
        }
        x = _norm1.Forward(x + Attend(x));
        x = _norm2.Forward(x + Look(x));
        return Emit(_norm3.Forward(x + Think(x)));

        Tensor Attend(Tensor y) => _dropout1.Forward(_self.Forward(y, causal, mask));
        Tensor Look(Tensor y) => _dropout2.Forward(_cross.Forward(y, memory, memoryMask));
        Tensor Think(Tensor y) => _dropout3.Forward(_linear2.Forward(_dropout.Forward(Active(_linear1.Forward(y)))));
        Tensor Active(Tensor y) => _gelu ? y.Gelu() : y.Relu();
    }

    /// <inheritdoc/>
    protected internal override string? Bypass(string part) => part == "norm3" && !_normFirst ? null : "the residual stream, to which each part's output is added";
}
