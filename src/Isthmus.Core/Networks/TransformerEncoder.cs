using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Encoder layers one above another and perhaps a norm at the end, with the names of <c>torch.nn.TransformerEncoder</c>: layers.0,
/// layers.1, …, norm.
/// </summary>
public sealed class TransformerEncoder : Module
{
    private readonly TransformerEncoderLayer[] _layers;
    private readonly LayerNorm? _norm;

    /// <summary>An encoder of given layers; each has weights of its own (PyTorch's begin as copies of one).</summary>
    /// <param name="layers">At least one.</param>
    /// <param name="norm">The last norm, usual where the layers have theirs first; or null.</param>
    public TransformerEncoder(IReadOnlyList<TransformerEncoderLayer> layers, LayerNorm? norm = null)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (layers.Count == 0) throw new ArgumentException("transformer encoder: at least one layer is needed");
        _layers = [.. layers];
        AddModule("layers", new ModuleList(_layers));
        if (norm is not null) _norm = AddModule("norm", norm);
    }

    /// <summary>[batch, tokens, width] to the same, every token seeing all.</summary>
    protected override Tensor Compute(Tensor x) => Walk(x, false, null);

    /// <summary>As <see cref="MultiHeadAttention.Forward(Tensor, bool, Tensor?)"/> says of the masks.</summary>
    /// <param name="x">[batch, tokens, width].</param>
    /// <param name="causal">A token sees itself and those before it.</param>
    /// <param name="mask">[batch, tokens], 1 where a token is present; or null.</param>
    /// <returns>[batch, tokens, width].</returns>
    public Tensor Forward(Tensor x, bool causal, Tensor? mask = null) => Emit(Walk(x, causal, mask));

    private Tensor Walk(Tensor x, bool causal, Tensor? mask)
    {
        foreach (var layer in _layers) x = layer.Forward(x, causal, mask);
        return _norm is null ? x : _norm.Forward(x);
    }
}

/// <summary>Decoder layers one above another and perhaps a norm at the end, with the names of <c>torch.nn.TransformerDecoder</c>.</summary>
public sealed class TransformerDecoder : Module
{
    private readonly TransformerDecoderLayer[] _layers;
    private readonly LayerNorm? _norm;

    /// <summary>A decoder of given layers.</summary>
    /// <param name="layers">At least one.</param>
    /// <param name="norm">The last norm; or null.</param>
    public TransformerDecoder(IReadOnlyList<TransformerDecoderLayer> layers, LayerNorm? norm = null)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (layers.Count == 0) throw new ArgumentException("transformer decoder: at least one layer is needed");
        _layers = [.. layers];
        AddModule("layers", new ModuleList(_layers));
        if (norm is not null) _norm = AddModule("norm", norm);
    }

    /// <summary>As <see cref="TransformerDecoderLayer.Forward(Tensor, Tensor, bool, Tensor?, Tensor?)"/>, through all layers.</summary>
    public Tensor Forward(Tensor x, Tensor memory, bool causal = true, Tensor? mask = null, Tensor? memoryMask = null)
    {
        foreach (var layer in _layers) x = layer.Forward(x, memory, causal, mask, memoryMask);
        return Emit(_norm is null ? x : _norm.Forward(x));
    }
}

/// <summary>Modules under the names 0, 1, 2 … that somebody else calls (<c>torch.nn.ModuleList</c>).</summary>
public sealed class ModuleList : Module
{
    /// <summary>A list of modules.</summary>
    public ModuleList(params ReadOnlySpan<Module> modules)
    {
        for (var i = 0; i < modules.Length; i++) AddModule(i.ToString(CultureInfo.InvariantCulture), modules[i]);
    }
}
