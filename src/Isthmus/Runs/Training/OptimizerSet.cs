using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>The optimiser of a phase: weights that decay, and where the recipe spares them biases and norms that do not.</summary>
internal sealed class OptimizerSet
{
    private readonly Optimizer[] _parts;

    /// <summary>Makes it for named parameters; with decay groups, those of fewer than two dimensions do not decay.</summary>
    public OptimizerSet(TrainingRecipe training, IEnumerable<(string Name, Tensor Value)> parameters)
    {
        var all = parameters.ToArray();
        _parts = training.WeightDecay > 0 && !training.DecayBiases
            ? [TrainingSettings.Optimizer(training, all.Where(p => p.Value.Dim > 1), training.WeightDecay), TrainingSettings.Optimizer(training, all.Where(p => p.Value.Dim < 2), 0)]
            : [TrainingSettings.Optimizer(training, all, training.WeightDecay)];
    }

    /// <summary>The step size of all.</summary>
    public float LearningRate
    {
        get => _parts[0].LearningRate;
        set
        {
            foreach (var part in _parts) part.LearningRate = value;
        }
    }

    /// <summary>How many steps have been made.</summary>
    public long Steps
    {
        get => _parts[0].Steps;
        set
        {
            foreach (var part in _parts) part.Steps = value;
        }
    }

    /// <summary>Moves every parameter that has a gradient.</summary>
    public void Step()
    {
        foreach (var part in _parts) part.Step();
    }

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGrad()
    {
        foreach (var part in _parts) part.ZeroGrad();
    }

    /// <summary>The state by name.</summary>
    public Dictionary<string, Tensor> StateDict() => _parts.SelectMany(p => p.StateDict()).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);

    /// <summary>Takes a state back.</summary>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        foreach (var part in _parts) part.LoadStateDict(state);
    }
}
