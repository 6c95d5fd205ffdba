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
        var q = query.Linear(_inWeight.Narrow(0, 0, _width), _inBias.Narrow(0, 0, _width)).Reshape(query.Size(0), query.Size(1), _heads, _width / _heads).Transpose(1, 2);
        var both = memory.Linear(_inWeight.Narrow(0, _width, 2 * _width), _inBias.Narrow(0, _width, 2 * _width))
            .Reshape(memory.Size(0), memory.Size(1), 2, _heads, _width / _heads).Permute(2, 0, 3, 1, 4);
        return Emit(Attend(q, both.Select(0, 0), both.Select(0, 1), false, mask));
    }

    private Tensor Self(Tensor x, bool causal, Tensor? mask)
    {
        Check(x);
        var (n, t) = (x.Size(0), x.Size(1));
        // [3, batch, heads, tokens, width / heads]
        var all = x.Linear(_inWeight, _inBias).Reshape(n, t, 3, _heads, _width / _heads).Permute(2, 0, 3, 1, 4);
        return Attend(all.Select(0, 0), all.Select(0, 1), all.Select(0, 2), causal, mask);
    }

    private Tensor Attend(Tensor q, Tensor k, Tensor v, bool causal, Tensor? mask)
    {
        var (n, t, s) = (q.Size(0), q.Size(2), k.Size(2));
        if (mask is not null && !mask.Shape.SequenceEqual([n, s])) throw new ArgumentException($"multi-head attention: a mask [{n}, {s}] is needed, not [{string.Join(", ", mask.Shape.ToArray())}]");
        if ((long)t * s > MostScores || (mask is not null && SomeSeeNone(mask, causal)))
            return Joined(q.ScaledDotProductAttention(k, v, causal, mask), n, t);
        var scores = (q * (1 / MathF.Sqrt(_width / _heads))).MatMul(k, transposeOther: true);
        if (causal) scores = scores.MaskedFill(Later(t), float.NegativeInfinity);
        if (mask is not null) scores = scores.MaskedFill((1f - mask.Detach()).Reshape(n, 1, 1, s), float.NegativeInfinity);
        return Joined(scores.Softmax().MatMul(v), n, t);
    }

    private Tensor Joined(Tensor heads, int n, int t) => _out.Forward(heads.Transpose(1, 2).Reshape(n, t, _width));

    /// <summary>Whether a row of the mask hides everything or, where causal, its first token, which sees nothing else.</summary>
    private static bool SomeSeeNone(Tensor mask, bool causal)
    {
        var data = mask.Data;
        var s = mask.Size(1);
        for (var at = 0; at < data.Length; at += s)
            if (data.Slice(at, causal ? 1 : s).IndexOfAnyExcept(0f) < 0) return true;
        return false;
    }

    private static Tensor Later(int t)
    {
        var later = Tensor.Zeros(t, t);
        for (var i = 0; i < t; i++) later.Data.Slice((i * t) + i + 1, t - i - 1).Fill(1f);
        return later;
    }

    private void Check(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim != 3 || x.Size(2) != _width) throw new ArgumentException($"multi-head attention: an input [batch, tokens, {_width}] is needed, not [{string.Join(", ", x.Shape.ToArray())}]");
    }
}
