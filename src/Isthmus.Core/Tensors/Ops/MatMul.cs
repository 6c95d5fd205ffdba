using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_matmul = Rule.Add("matmul", static (n, g) =>
    {
        var (ta, tb) = ((bool, bool))n.Saved!;
        if (n.Needs(0)) n.Give(0, ta ? Product(n[1], g, tb, true) : Product(g, n[1], false, !tb));
        if (n.Needs(1)) n.Give(1, tb ? Product(g, n[0], true, ta) : Product(n[0], g, !ta, false));
    });
    private static readonly Rule s_linear = Rule.Add("linear", static (n, g) =>
    {
        // y = x W^T + b: dx = g W, dW = g^T x, db = column sums of g
        var rows = g.Alias([Rows(g), g._shape[^1]]);
        if (n.Needs(0)) n.Give(0, Product(rows, n[1], false, false).Alias(n[0]._shape));
        if (n.Needs(1)) n.Give(1, Product(rows, n[0].Alias([Rows(n[0]), n[0]._shape[^1]]), true, false));
        if (n.Count > 2 && n.Needs(2)) n.Give(2, rows.SumTo(n[2]._shape));
    });

    /// <summary>
    /// The matrix product over the last two dimensions; earlier dimensions are batches and broadcast. A one-dimensional operand
    /// is a row on the left, a column on the right, as in <c>torch.matmul</c>.
    /// </summary>
    /// <param name="other">[…, k, n], or [k].</param>
    /// <param name="transposeThis">Reads this as […, k, m] without copying.</param>
    /// <param name="transposeOther">Reads the other as […, n, k] without copying.</param>
    /// <returns>[…, m, n].</returns>
    public Tensor MatMul(Tensor other, bool transposeThis = false, bool transposeOther = false)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Dim == 0 || other.Dim == 0) throw new ArgumentException($"matmul: needs at least one dimension on both sides, not {Shapes.Text(_shape)} and {Shapes.Text(other._shape)}");
        if (Dim == 1) return Unsqueeze(0).MatMul(other, false, transposeOther).Squeeze(other.Dim == 1 ? 0 : -2);
        if (other.Dim == 1) return MatMul(other.Unsqueeze(1), transposeThis, false).Squeeze(-1);
        var result = Product(this, other, transposeThis, transposeOther);
        return Record(s_matmul, result, this, other, NoGrad.IsRecording ? (transposeThis, transposeOther) : null);
    }

    /// <summary>x W^T + b over the last dimension.</summary>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    /// <returns>[…, out] for this of shape […, in].</returns>
    public Tensor Linear(Tensor weight, Tensor? bias = null)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (Dim == 0 || weight.Dim != 2 || _shape[^1] != weight._shape[1] || (bias is not null && (bias.Dim != 1 || bias._shape[0] != weight._shape[0])))
            throw new ArgumentException($"linear: input {Shapes.Text(_shape)}, weight {Shapes.Text(weight._shape)} and bias {(bias is null ? "none" : Shapes.Text(bias._shape))} do not fit: [..., in], [out, in] and [out] are needed");
        var result = Uninitialized([.. _shape[..^1], weight._shape[0]]);
        Gemm.Multiply(false, true, Rows(this), weight._shape[0], weight._shape[1], Pointer, weight._shape[1], weight.Pointer, weight._shape[1],
            result.Pointer, weight._shape[0], bias: bias is null ? null : bias.Pointer);
        return Record(s_linear, result, bias is null ? [this, weight] : [this, weight, bias]);
    }

    /// <summary>The outer product of two vectors: [m] and [n] to [m, n].</summary>
    public Tensor Outer(Tensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Reshape(-1, 1) * other.Reshape(1, -1);
    }

    private static int Rows(Tensor t) => t._shape[^1] == 0 ? checked((int)Shapes.Count(t._shape.AsSpan()[..^1])) : checked((int)(t.Numel / t._shape[^1]));

    private static Tensor Product(Tensor a, Tensor b, bool ta, bool tb)
    {
        var (m, ka) = ta ? (a._shape[^1], a._shape[^2]) : (a._shape[^2], a._shape[^1]);
        var (kb, n) = tb ? (b._shape[^1], b._shape[^2]) : (b._shape[^2], b._shape[^1]);
        if (ka != kb)
            throw new ArgumentException($"matmul: shapes {Shapes.Text(a._shape)}{(ta ? " transposed" : "")} and {Shapes.Text(b._shape)}{(tb ? " transposed" : "")} do not fit: inner sizes {ka} and {kb} differ");
        var (batchA, batchB) = (a._shape[..^2], b._shape[..^2]);
        if (b.Dim == 2 && !ta)
        {
            // A batch of matrices against one: their rows are the rows of one tall matrix.
            var tall = Uninitialized([.. batchA, m, n]);
            Gemm.Multiply(false, tb, checked((int)(Shapes.Count(batchA) * m)), n, ka, a.Pointer, ka, b.Pointer, b._shape[^1], tall.Pointer, n);
            GC.KeepAlive(a);
            GC.KeepAlive(b);
            return tall;
        }
        var batch = Shapes.Broadcast("matmul", batchA, batchB);
        if (!batchA.AsSpan().SequenceEqual(batch) && Shapes.Count(batchA) != 1) a = a.Expand([.. batch, .. a._shape[^2..]]);
        if (!batchB.AsSpan().SequenceEqual(batch) && Shapes.Count(batchB) != 1) b = b.Expand([.. batch, .. b._shape[^2..]]);
        var count = checked((int)Shapes.Count(batch));
        var result = Uninitialized([.. batch, m, n]);
        Gemm.Batched(ta, tb, count, m, n, ka,
            a.Pointer, a._shape[^1], a.Numel == (long)m * ka ? 0 : (long)m * ka,
            b.Pointer, b._shape[^1], b.Numel == (long)n * ka ? 0 : (long)n * ka,
            result.Pointer, n, (long)m * n);
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        return result;
    }
}
