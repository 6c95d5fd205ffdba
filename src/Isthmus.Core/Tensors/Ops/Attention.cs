using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_attention = Rule.Add("scaled_dot_product_attention", static (n, g) =>
    {
        var (s, log, mask) = ((AttentionShape, Tensor, Tensor?))n.Saved!;
        var r = (g * n.Output).Sum(-1);
        var saved = new Attention.Saved(n[0].Pointer, n[1].Pointer, n[2].Pointer, mask is null ? null : mask.Pointer, log.Pointer, g.Pointer, r.Pointer);
        if (n.Needs(0))
        {
            var dq = Uninitialized(n[0]._shape);
            Attention.BackwardQueries(s, saved, dq.Pointer);
            n.Give(0, dq);
        }
        if (n.Needs(1) || n.Needs(2))
        {
            var (dk, dv) = (Uninitialized(n[1]._shape), Uninitialized(n[2]._shape));
            Attention.BackwardKeys(s, saved, dk.Pointer, dv.Pointer);
            n.Give(1, dk);
            n.Give(2, dv);
        }
        GC.KeepAlive(r);
        GC.KeepAlive(mask);
        GC.KeepAlive(log);
    });

    /// <summary>
    /// softmax(scale q k^T) v with memory linear in the lengths, forward and backward: scores are computed in tiles and not kept (Rabe, Staats 2021;
    /// Dao, Fu, Ermon, Rudra, Ré 2022, algorithms 1 and 4). This is q, [batch, …, queries, width].
    /// </summary>
    /// <param name="key">k, [batch, …, keys, width].</param>
    /// <param name="value">v, [batch, …, keys, values].</param>
    /// <param name="causal">Query i sees keys 0..i only.</param>
    /// <param name="mask">[batch, keys]: a key with 0 is seen by none (the opposite of PyTorch's key_padding_mask); or null.</param>
    /// <param name="scale">Above 0; 1 / sqrt(width) where null.</param>
    /// <returns>[batch, …, queries, values]; a query that sees no key has zeros, and passes no gradient on.</returns>
    public Tensor ScaledDotProductAttention(Tensor key, Tensor value, bool causal = false, Tensor? mask = null, float? scale = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        if (Dim < 3 || key.Dim != Dim || value.Dim != Dim || _shape[^1] != key._shape[^1] || key._shape[^2] != value._shape[^2]
            || !_shape.AsSpan()[..^2].SequenceEqual(key._shape.AsSpan()[..^2]) || !_shape.AsSpan()[..^2].SequenceEqual(value._shape.AsSpan()[..^2]))
            throw new ArgumentException($"scaled_dot_product_attention: query {Shapes.Text(_shape)}, key {Shapes.Text(key._shape)} and value {Shapes.Text(value._shape)} do not fit: [batch, ..., queries, width], [batch, ..., keys, width] and [batch, ..., keys, values] are needed");
        if (mask is not null && !mask._shape.AsSpan().SequenceEqual([_shape[0], key._shape[^2]]))
            throw new ArgumentException($"scaled_dot_product_attention: a mask [{_shape[0]}, {key._shape[^2]}] is needed, not {Shapes.Text(mask._shape)}");
        if (scale is { } given && !(given > 0 && float.IsFinite(given))) throw new ArgumentOutOfRangeException(nameof(scale), scale, "a scale is above 0");
        var count = checked((int)Shapes.Count(_shape.AsSpan()[..^2]));
        var shape = new AttentionShape(count, _shape[^2], key._shape[^2], _shape[^1], value._shape[^1],
            Math.Max(1, count / Math.Max(1, _shape[0])), causal, scale ?? 1 / MathF.Sqrt(Math.Max(1, _shape[^1])));
        var result = Uninitialized([.. _shape[..^1], value._shape[^1]]);
        var log = Uninitialized(_shape[..^1]);
        Attention.Forward(shape, Pointer, key.Pointer, value.Pointer, mask is null ? null : mask.Pointer, result.Pointer, log.Pointer);
        return Record(s_attention, result, [this, key, value], (shape, log, mask?.Detach()));
    }
}
