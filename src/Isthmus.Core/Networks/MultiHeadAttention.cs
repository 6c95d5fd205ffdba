using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Attention of a sequence to itself or to another in several heads (Vaswani et al. 2017, section 3.2.2), with the names of
/// <c>torch.nn.MultiheadAttention</c> (batch_first): softmax(q k^T / sqrt(d)) v in each head. Long sequences are attended to in tiles
/// (<see cref="Tensor.ScaledDotProductAttention"/>), so that memory is linear in their length.
/// </summary>
public sealed class MultiHeadAttention : Module
{
    /// <summary>How many scores a head may have before they are no longer kept: computing them again costs nearly twice the time.</summary>
    internal const long MostScores = 512 * 512;

    private readonly int _width, _heads;
    private readonly Tensor _inWeight, _inBias;
    private readonly Linear _out;

    /// <summary>A layer with PyTorch's initial weights.</summary>
    /// <param name="width">Features of a token.</param>
    /// <param name="heads">Divides the width.</param>
    /// <param name="random">Where the initial weights come from.</param>
    public MultiHeadAttention(int width, int heads, RandomStream random)
    {
        if (heads < 1 || width < 1 || width % heads != 0) throw new ArgumentException($"multi-head attention: {heads} heads do not divide a width of {width}");
        (_width, _heads) = (width, heads);
        // Uniform of Glorot and Bengio 2010 for the three projections taken as one; biases are 0.
        _inWeight = AddParameter("in_proj_weight", Initializers.Uniform(random, MathF.Sqrt(6f / (4 * width)), 3 * width, width));
        _inBias = AddParameter("in_proj_bias", Tensor.Zeros(3 * width));
        _out = AddModule("out_proj", new Linear(width, width, random));
        _out.Bias!.Data.Clear();
    }

    /// <summary>The sequence attends to itself, without masks.</summary>
    protected override Tensor Compute(Tensor x) => Self(x, false, null);

    /// <summary>The sequence attends to itself.</summary>
    /// <param name="x">[batch, tokens, width].</param>
    /// <param name="causal">A token sees itself and those before it.</param>
    /// <param name="mask">[batch, tokens], 1 where a token is present and 0 where it is padding that none sees (the opposite of
    /// PyTorch's key_padding_mask); or null. A token that sees none attends to zeros, where PyTorch has NaN.</param>
    /// <returns>[batch, tokens, width].</returns>
    public Tensor Forward(Tensor x, bool causal, Tensor? mask = null) => Emit(Self(x, causal, mask));

    /// <summary>A sequence attends to another, from which both keys and values come.</summary>
    /// <param name="query">[batch, tokens, width].</param>
    /// <param name="memory">[batch, others, width].</param>
    /// <param name="mask">[batch, others], 1 where one of the others is present; or null.</param>
    /// <returns>[batch, tokens, width].</returns>
    public Tensor Forward(Tensor query, Tensor memory, Tensor? mask = null)
    {
        Check(query);
        Check(memory);
        if (query.Size(0) != memory.Size(0)) throw new ArgumentException($"multi-head attention: batches of {query.Size(0)} and {memory.Size(0)} differ");
        CheckMask(mask, memory);
        var q = query.Linear(_inWeight.Narrow(0, 0, _width), _inBias.Narrow(0, 0, _width));
        var both = memory.Linear(_inWeight.Narrow(0, _width, 2 * _width), _inBias.Narrow(0, _width, 2 * _width));
        if ((long)query.Size(1) * memory.Size(1) <= MostScores) return Emit(_out.Forward(q.HeadAttention(both, _heads, mask: mask)));
        var (k, v) = (Split(both, 2, 0), Split(both, 2, 1));
        return Emit(Joined(Split(q, 1, 0).ScaledDotProductAttention(k, v, false, mask)));
    }

    private Tensor Self(Tensor x, bool causal, Tensor? mask)
    {
        Check(x);
        CheckMask(mask, x);
        var all = x.Linear(_inWeight, _inBias);
        if ((long)x.Size(1) * x.Size(1) <= MostScores) return _out.Forward(all.HeadAttention(null, _heads, causal, mask));
        return Joined(Split(all, 3, 0).ScaledDotProductAttention(Split(all, 3, 1), Split(all, 3, 2), causal, mask));
    }

    // One of some projections that lie side by side, [batch, heads, tokens, width / heads].
    private Tensor Split(Tensor x, int of, int index) => x.Narrow(-1, index * _width, x.Size(-1) / of).Reshape(x.Size(0), x.Size(1), _heads, _width / _heads).Transpose(1, 2);

    private Tensor Joined(Tensor heads) => _out.Forward(heads.Transpose(1, 2).Reshape(heads.Size(0), heads.Size(2), _width));

    private static void CheckMask(Tensor? mask, Tensor keys)
    {
        if (mask is not null && !mask.Shape.SequenceEqual([keys.Size(0), keys.Size(1)]))
            throw new ArgumentException($"multi-head attention: a mask [{keys.Size(0)}, {keys.Size(1)}] is needed, not {Shapes.Text(mask.Shape)}");
    }

    private void Check(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim != 3 || x.Size(2) != _width) throw new ArgumentException($"multi-head attention: an input [batch, tokens, {_width}] is needed, not {Shapes.Text(x.Shape)}");
    }
}
