using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_headAttention = Rule.Add("head_attention", static (n, g) =>
    {
        var (heads, weights) = ((int, Tensor))n.Saved!;
        var (q, memory) = (n[0], n.Count > 1 ? n[1] : null);
        var dq = Uninitialized(q._shape);
        var dMemory = memory is null ? null : Uninitialized(memory._shape);
        var width = g._shape[2];
        var dKeys = dMemory is null ? dq.Pointer + width : dMemory.Pointer;
        if (weights.Numel > 0) Heads(q, memory, heads, weights).Backward(g.Pointer, dq.Pointer, dKeys, dKeys + width);
        else
        {
            dq.Data.Clear();
            dMemory?.Data.Clear();
        }
        n.Give(0, dq);
        if (dMemory is not null) n.Give(1, dMemory);
        GC.KeepAlive(weights);
    });

    /// <summary>
    /// Scaled dot-product attention in several heads (Vaswani et al. 2017, section 3.2.2) of a projection that lies row by row, heads side by side. This is
    /// [batch, tokens, 3 width], queries before keys before values; or, with a memory, queries alone, [batch, tokens, width].
    /// </summary>
    /// <param name="memory">Keys before values, [batch, others, 2 width]; or null.</param>
    /// <param name="heads">Divides the width.</param>
    /// <param name="causal">Token i sees tokens 0..i only.</param>
    /// <param name="mask">[batch, keys], 0 for a key that none sees; or null. A query that sees none gets zeros, and passes no gradient on.</param>
    /// <returns>[batch, tokens, width].</returns>
    internal Tensor HeadAttention(Tensor? memory, int heads, bool causal = false, Tensor? mask = null)
    {
        var width = memory is null ? _shape[2] / 3 : _shape[2];
        var result = Uninitialized([_shape[0], _shape[1], width]);
        var keep = NoGrad.IsRecording && (NeedsGradient || memory is { NeedsGradient: true });
        var weights = keep ? Uninitialized([_shape[0], heads, _shape[1], (memory ?? this)._shape[1]]) : null;
        var body = Heads(this, memory, heads, weights);
        body.Causal = causal;
        body.Mask = mask is null ? null : mask.Pointer;
        if (body.Keys > 0) body.Forward(result.Pointer);
        else result.Data.Clear();
        GC.KeepAlive(mask);
        return Record(s_headAttention, result, memory is null ? [this] : [this, memory], keep ? (heads, weights!) : null);
    }

    private static HeadAttention Heads(Tensor q, Tensor? memory, int heads, Tensor? weights)
    {
        var width = memory is null ? q._shape[2] / 3 : q._shape[2];
        var keys = memory is null ? q.Pointer + width : memory.Pointer;
        return new HeadAttention
        {
            Batch = q._shape[0],
            Queries = q._shape[1],
            Keys = (memory ?? q)._shape[1],
            Heads = heads,
            Width = width / heads,
            Scale = 1 / MathF.Sqrt(width / heads),
            Q = q.Pointer,
            K = keys,
            V = keys + width,
            QueryRow = q._shape[2],
            KeyRow = (memory ?? q)._shape[2],
            Weights = weights is null ? null : weights.Pointer,
        };
    }
}
