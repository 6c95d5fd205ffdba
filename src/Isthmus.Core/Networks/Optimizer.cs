using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Moves parameters along their gradients. Its state has names, so that a checkpoint continues with the same bits.
/// </summary>
public abstract class Optimizer
{
    private readonly (string Name, Tensor Value)[] _parameters;

    /// <summary>An optimiser of named parameters; those without a gradient at a step are left alone.</summary>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="learningRate">Above 0.</param>
    protected Optimizer(IEnumerable<(string Name, Tensor Value)> parameters, float learningRate)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!(learningRate >= 0)) throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "a learning rate is at least 0");
        _parameters = [.. parameters];
        LearningRate = learningRate;
    }

    /// <summary>The step size; schedules set it.</summary>
    public float LearningRate { get; set; }

    /// <summary>How many steps have been made.</summary>
    public long Steps { get; set; }

    /// <summary>What the optimiser moves.</summary>
    protected IReadOnlyList<(string Name, Tensor Value)> Parameters => _parameters;

    /// <summary>Moves every parameter that has a gradient.</summary>
    public void Step()
    {
        Steps++;
        for (var i = 0; i < _parameters.Length; i++)
            if (_parameters[i].Value.Grad is { } gradient) Update(i, _parameters[i].Value, gradient);
    }

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGrad()
    {
        foreach (var (_, value) in _parameters) value.ZeroGrad();
    }

    /// <summary>The state by name (moments; a name is the parameter's and what it holds), to be written to a checkpoint.</summary>
    public abstract IReadOnlyDictionary<string, Tensor> StateDict();

    /// <summary>Takes a state back; <see cref="Steps"/> is set apart.</summary>
    /// <exception cref="InputException">A tensor is missing or has another shape.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (var (name, tensor) in StateDict())
        {
            if (!state.TryGetValue(name, out var given)) throw new InputException($"optimiser state: tensor '{name}' is missing");
            if (!given.Shape.SequenceEqual(tensor.Shape)) throw new InputException($"optimiser state: tensor '{name}' has another shape than its parameter");
            given.Data.CopyTo(tensor.Data);
        }
    }

    /// <summary>Moves parameter number i.</summary>
    protected abstract void Update(int i, Tensor parameter, Tensor gradient);

    /// <summary>A tensor of zeros for each parameter, of its shape, living as long as the optimiser.</summary>
    protected Tensor[] ZerosLikeParameters() => [.. _parameters.Select(p => Tensor.Zeros(p.Value.Shape).Unscoped())];

    /// <summary>State tensors under the parameters' names with a suffix.</summary>
    protected Dictionary<string, Tensor> Named(params ReadOnlySpan<(string Suffix, Tensor[] Values)> groups)
    {
        var state = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (suffix, values) in groups)
            for (var i = 0; i < values.Length; i++) state.Add($"{_parameters[i].Name}.{suffix}", values[i]);
        return state;
    }
}
