using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Moves parameters along their gradients. Its state has names, so that a checkpoint continues with the same bits.
/// </summary>
public abstract class Optimizer
{
    private readonly (string Name, Tensor Value)[] _parameters;
    private readonly double _weightDecay;
    private ParameterGroup?[] _groupOf;

    /// <summary>An optimiser of named parameters; those without a gradient at a step are left alone.</summary>
    /// <param name="parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
    /// <param name="learningRate">At least 0.</param>
    /// <param name="weightDecay">What <see cref="Update"/> gets where no group says otherwise, at least 0.</param>
    protected Optimizer(IEnumerable<(string Name, Tensor Value)> parameters, float learningRate, double weightDecay = 0)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!(learningRate >= 0)) throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "a learning rate is at least 0");
        if (!(weightDecay >= 0)) throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "a weight decay is at least 0");
        _parameters = [.. parameters];
        _weightDecay = weightDecay;
        _groupOf = new ParameterGroup?[_parameters.Length];
        LearningRate = learningRate;
    }

    /// <summary>The step size; schedules set it.</summary>
    public float LearningRate { get; set; }

    /// <summary>How many steps have been made.</summary>
    public long Steps { get; set; }

    /// <summary>
    /// Parameters with a decay or a share of the learning rate of their own; those in none have the optimiser's. Groups are not in the
    /// state: they are set again after a resume.
    /// </summary>
    /// <exception cref="ArgumentException">A parameter is in two groups, or is none of this optimiser's.</exception>
    public IReadOnlyList<ParameterGroup> Groups
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            var groupOf = new ParameterGroup?[_parameters.Length];
            foreach (var group in value)
                foreach (var (name, tensor) in group.Parameters)
                {
                    var i = Array.FindIndex(_parameters, p => ReferenceEquals(p.Value, tensor));
                    if (i < 0) throw new ArgumentException($"parameter groups: '{name}' is none of the optimiser's parameters");
                    if (groupOf[i] is not null) throw new ArgumentException($"parameter groups: '{name}' is in two groups");
                    groupOf[i] = group;
                }
            (field, _groupOf) = (value, groupOf);
        }
    } = [];

    /// <summary>What the optimiser moves.</summary>
    protected IReadOnlyList<(string Name, Tensor Value)> Parameters => _parameters;

    /// <summary>Moves every parameter that has a gradient, and brings it back to where it is kept (<see cref="Tensor.Constraint"/>).</summary>
    public void Step()
    {
        Steps++;
        for (var i = 0; i < _parameters.Length; i++)
        {
            var (_, value) = _parameters[i];
            if (value.Grad is not { } gradient) continue;
            Update(i, value, gradient, LearningRate * (_groupOf[i]?.RateFactor ?? 1), _groupOf[i]?.WeightDecay ?? _weightDecay);
            value.Constraint?.Invoke(value);
        }
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
    /// <param name="i">Its place in <see cref="Parameters"/>.</param>
    /// <param name="parameter">Is written.</param>
    /// <param name="gradient">Of its shape.</param>
    /// <param name="learningRate">The present step size for this parameter.</param>
    /// <param name="weightDecay">The decay for this parameter.</param>
    protected abstract void Update(int i, Tensor parameter, Tensor gradient, float learningRate, double weightDecay);

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
