using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>What recurrent networks have in common: layers of weights under PyTorch's names, and the states they start from.</summary>
public abstract class Recurrent : Module
{
    private readonly List<Layer> _layers = [];
    private readonly int _hidden, _directions;

    private protected Recurrent(int gates, int inputSize, int hiddenSize, int layers, bool bidirectional, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        (_hidden, _directions) = (hiddenSize, bidirectional ? 2 : 1);
        for (var i = 0; i < layers * _directions; i++)
        {
            var (level, reverse) = (i / _directions, i % _directions == 1);
            var name = FormattableString.Invariant($"l{level}{(reverse ? "_reverse" : "")}");
            _layers.Add(new Layer(i, reverse,
                AddParameter($"weight_ih_{name}", Initializers.FanIn(random, hiddenSize, gates * hiddenSize, level == 0 ? inputSize : hiddenSize * _directions)),
                AddParameter($"weight_hh_{name}", Initializers.FanIn(random, hiddenSize, gates * hiddenSize, hiddenSize)),
                AddParameter($"bias_ih_{name}", Initializers.FanIn(random, hiddenSize, gates * hiddenSize)),
                AddParameter($"bias_hh_{name}", Initializers.FanIn(random, hiddenSize, gates * hiddenSize))));
        }
    }

    /// <summary>Walks up from the input: each layer's states [batch, steps, hidden], of both directions side by side, are the next one's input.</summary>
    /// <param name="x">[batch, steps, features].</param>
    /// <param name="walk">From a layer and its input, in the order in which it walks, to its states.</param>
    private protected Tensor Upwards(Tensor x, Func<Layer, Tensor, Tensor> walk)
    {
        foreach (var level in _layers.Chunk(_directions))
        {
            var below = x;
            var sides = level.Select(layer => layer.Reverse ? walk(layer, below.Flip(1)).Flip(1) : walk(layer, below)).ToArray();
            x = sides.Length == 1 ? sides[0] : Tensor.Cat(sides, -1);
        }
        return x;
    }

    /// <summary>The states before the first step, one tensor [batch, hidden] a layer and direction.</summary>
    private protected Tensor[] States(Tensor x, Tensor? initial)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim != 3 || x.Size(1) == 0) throw new ArgumentException($"{GetType().Name}: an input [batch, steps, features] with at least one step is needed, not {Shapes.Text(x.Shape)}");
        if (initial is not null && !initial.Shape.SequenceEqual([_layers.Count, x.Size(0), _hidden]))
            throw new ArgumentException($"{GetType().Name}: initial states [{_layers.Count}, {x.Size(0)}, {_hidden}] are needed, not {Shapes.Text(initial.Shape)}");
        return [.. _layers.Select(l => initial is null ? Tensor.Zeros(x.Size(0), _hidden) : initial.Select(0, l.Index))];
    }

    private protected sealed record Layer(int Index, bool Reverse, Tensor WeightIh, Tensor WeightHh, Tensor BiasIh, Tensor BiasHh);
}
