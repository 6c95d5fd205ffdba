using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>What recurrent networks have in common: layers of weights under PyTorch's names, and the states they start from.</summary>
public abstract class Recurrent : Module
{
    private readonly List<Layer> _layers = [];
    private readonly int _hidden;

    private protected Recurrent(int gates, int inputSize, int hiddenSize, int layers, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        _hidden = hiddenSize;
        for (var i = 0; i < layers; i++)
            _layers.Add(new Layer(i,
                AddParameter(FormattableString.Invariant($"weight_ih_l{i}"), Initializers.FanIn(random, hiddenSize, gates * hiddenSize, i == 0 ? inputSize : hiddenSize)),
                AddParameter(FormattableString.Invariant($"weight_hh_l{i}"), Initializers.FanIn(random, hiddenSize, gates * hiddenSize, hiddenSize)),
                AddParameter(FormattableString.Invariant($"bias_ih_l{i}"), Initializers.FanIn(random, hiddenSize, gates * hiddenSize)),
                AddParameter(FormattableString.Invariant($"bias_hh_l{i}"), Initializers.FanIn(random, hiddenSize, gates * hiddenSize))));
    }

    /// <summary>From below to above.</summary>
    private protected IReadOnlyList<Layer> Layers => _layers;

    /// <summary>The states before the first step, one tensor [batch, hidden] a layer.</summary>
    private protected Tensor[] States(Tensor x, Tensor? initial)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim != 3 || x.Size(1) == 0) throw new ArgumentException($"{GetType().Name}: an input [batch, steps, features] with at least one step is needed, not [{string.Join(", ", x.Shape.ToArray())}]");
        if (initial is not null && !initial.Shape.SequenceEqual([_layers.Count, x.Size(0), _hidden]))
            throw new ArgumentException($"{GetType().Name}: initial states [{_layers.Count}, {x.Size(0)}, {_hidden}] are needed, not [{string.Join(", ", initial.Shape.ToArray())}]");
        return [.. _layers.Select(l => initial is null ? Tensor.Zeros(x.Size(0), _hidden) : initial.Select(0, l.Index))];
    }

    private protected sealed record Layer(int Index, Tensor WeightIh, Tensor WeightHh, Tensor BiasIh, Tensor BiasHh);
}
