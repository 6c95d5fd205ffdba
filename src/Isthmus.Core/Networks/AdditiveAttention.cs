using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// A network's choice among the places of a sequence: the weights are softmax over places of v tanh(W query + U place), and what is taken
/// is the places' mean under them. Bahdanau, Cho, Bengio: "Neural machine translation by jointly learning to align and translate",
/// ICLR 2015, equations 5 and 6 and appendix A.1.2; without biases, as there.
/// </summary>
public sealed class AdditiveAttention : Module
{
    private readonly Linear _query, _keys, _score;
    private readonly int _querySize, _memorySize;

    /// <summary>An attention with the initial weights of <see cref="Linear"/>.</summary>
    /// <param name="querySize">Features of the query.</param>
    /// <param name="memorySize">Features of a place.</param>
    /// <param name="hiddenSize">Width of the hidden layer, at least 1.</param>
    /// <param name="random">Where the initial weights come from.</param>
    public AdditiveAttention(int querySize, int memorySize, int hiddenSize, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        (_querySize, _memorySize) = (querySize, memorySize);
        _query = AddModule("query", new Linear(querySize, hiddenSize, random, bias: false));
        _keys = AddModule("keys", new Linear(memorySize, hiddenSize, random, bias: false));
        _score = AddModule("score", new Linear(hiddenSize, 1, random, bias: false));
    }

    /// <summary>What a query takes from a sequence.</summary>
    /// <param name="query">[batch, query features].</param>
    /// <param name="memory">[batch, places, features of a place].</param>
    /// <param name="mask">[batch, places], 1 where a place is present, at least one a row; or null.</param>
    /// <returns>The context [batch, features of a place] and the weights [batch, places], whose rows sum to 1.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public (Tensor Context, Tensor Weights) Forward(Tensor query, Tensor memory, Tensor? mask = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Dim != 2 || query.Size(1) != _querySize) throw new ArgumentException($"additive attention: a query [batch, {_querySize}] is needed, not {Shapes.Text(query.Shape)}");
        return Take(query, memory, Keys(memory, query.Size(0), mask), mask);
    }

    // U place, which stays the same for all queries of a sequence.
    internal Tensor Keys(Tensor memory, int batch, Tensor? mask)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (memory.Dim != 3 || memory.Size(0) != batch || memory.Size(1) < 1 || memory.Size(2) != _memorySize)
            throw new ArgumentException($"additive attention: a sequence [{batch}, places, {_memorySize}] with at least one place is needed, not {Shapes.Text(memory.Shape)}");
        if (mask is not null && !mask.Shape.SequenceEqual([batch, memory.Size(1)]))
            throw new ArgumentException($"additive attention: a mask [{batch}, {memory.Size(1)}] is needed, not {Shapes.Text(mask.Shape)}");
        return _keys.Forward(memory);
    }

    internal (Tensor Context, Tensor Weights) Take(Tensor query, Tensor memory, Tensor keys, Tensor? mask)
    {
        var (batch, places) = (memory.Size(0), memory.Size(1));
        var scores = _score.Forward((_query.Forward(query).Reshape(batch, 1, -1) + keys).Tanh()).Reshape(batch, places);
        var weights = (mask is null ? scores : scores.MaskedFill(1 - mask, -1e30f)).Softmax();
        return (Emit(weights.Reshape(batch, 1, places).MatMul(memory).Reshape(batch, _memorySize)), weights);
    }
}
