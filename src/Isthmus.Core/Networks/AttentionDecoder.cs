using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// A recurrent decoder that looks at the whole source before each step in place of one vector for all of it: context_i = <see cref="AdditiveAttention"/>
/// of state_(i-1) to the source, state_i = <see cref="GRU"/> of input_i and context_i. Bahdanau, Cho, Bengio: "Neural machine translation by jointly
/// learning to align and translate", ICLR 2015, section 3.1 (RNNsearch); the gates are those of PyTorch's GRU.
/// </summary>
public sealed class AttentionDecoder : Module
{
    private readonly AdditiveAttention _attention;
    private readonly GRU _gru;
    private readonly int _inputSize, _hiddenSize;

    /// <summary>A decoder with PyTorch's initial weights.</summary>
    /// <param name="inputSize">Features of an input, as of the embedding of the symbol before.</param>
    /// <param name="memorySize">Features of a place of the source.</param>
    /// <param name="hiddenSize">Features of the state.</param>
    /// <param name="attentionSize">Width of the attention's hidden layer.</param>
    /// <param name="random">Where the initial weights come from.</param>
    public AttentionDecoder(int inputSize, int memorySize, int hiddenSize, int attentionSize, RandomStream random)
    {
        (_inputSize, _hiddenSize) = (inputSize, hiddenSize);
        _attention = AddModule("attention", new AdditiveAttention(hiddenSize, memorySize, attentionSize, random));
        _gru = AddModule("gru", new GRU(inputSize + memorySize, hiddenSize, random));
    }

    /// <summary>Walks over inputs that are known (teacher forcing); one that writes freely calls it a step at a time with the last state.</summary>
    /// <param name="inputs">[batch, steps, input features], at least one step.</param>
    /// <param name="memory">The source, [batch, places, features of a place].</param>
    /// <param name="initial">The state before the first step, [batch, hidden]; or null for zeros.</param>
    /// <param name="mask">[batch, places], 1 where a place is present, at least one a row; or null.</param>
    /// <returns>The states [batch, steps, hidden], the contexts [batch, steps, features of a place], and the weights (the alignment)
    /// [batch, steps, places].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public (Tensor States, Tensor Contexts, Tensor Weights) Run(Tensor inputs, Tensor memory, Tensor? initial = null, Tensor? mask = null)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Dim != 3 || inputs.Size(1) < 1 || inputs.Size(2) != _inputSize)
            throw new ArgumentException($"attention decoder: inputs [batch, steps, {_inputSize}] with at least one step are needed, not {Shapes.Text(inputs.Shape)}");
        var (batch, steps) = (inputs.Size(0), inputs.Size(1));
        if (initial is not null && !initial.Shape.SequenceEqual([batch, _hiddenSize]))
            throw new ArgumentException($"attention decoder: an initial state [{batch}, {_hiddenSize}] is needed, not {Shapes.Text(initial.Shape)}");
        var keys = _attention.Keys(memory, batch, mask);
        var state = initial ?? Tensor.Zeros(batch, _hiddenSize);
        var (states, contexts, weights) = (new Tensor[steps], new Tensor[steps], new Tensor[steps]);
        for (var i = 0; i < steps; i++)
        {
            (contexts[i], weights[i]) = _attention.Take(state, memory, keys, mask);
            var x = Tensor.Cat([inputs.Select(1, i), contexts[i]], 1).Reshape(batch, 1, -1);
            states[i] = state = _gru.Run(x, state.Reshape(1, batch, -1)).Output.Reshape(batch, -1);
        }
        return (Emit(Tensor.Stack(states, 1)), Tensor.Stack(contexts, 1), Tensor.Stack(weights, 1));
    }
}
