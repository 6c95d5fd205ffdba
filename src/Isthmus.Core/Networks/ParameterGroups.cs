using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>Parameters that an <see cref="Optimizer"/> treats in a way of their own (PyTorch's <c>param_groups</c>).</summary>
/// <param name="Parameters">As <see cref="Module.NamedParameters"/> gives them.</param>
/// <param name="WeightDecay">In place of the optimiser's, at least 0; null for the optimiser's.</param>
/// <param name="RateFactor">What the learning rate, schedules included, is multiplied by, at least 0.</param>
public sealed record ParameterGroup(IReadOnlyList<(string Name, Tensor Value)> Parameters, double? WeightDecay = null, float RateFactor = 1)
{
    /// <summary>In place of the optimiser's; null for the optimiser's.</summary>
    public double? WeightDecay { get; } = WeightDecay is null or >= 0 ? WeightDecay : throw new ArgumentOutOfRangeException(nameof(WeightDecay), WeightDecay, "a weight decay is at least 0");

    /// <summary>What the learning rate is multiplied by.</summary>
    public float RateFactor { get; } = RateFactor >= 0 ? RateFactor : throw new ArgumentOutOfRangeException(nameof(RateFactor), RateFactor, "a learning rate's factor is at least 0");
}

/// <summary>The groups that people make.</summary>
public static class ParameterGroups
{
    /// <summary>
    /// Two groups: matrices and kernels decay; biases, the scales and shifts of norms, and whatever else has fewer than two dimensions do not.
    /// </summary>
    /// <param name="module">Whose parameters they are.</param>
    /// <param name="decay">At least 0.</param>
    /// <example><code>new Adam(net.NamedParameters(), 1e-3f, decoupled: true) { Groups = ParameterGroups.WithoutDecayForBiasesAndNorms(net, 0.01) }</code></example>
    public static IReadOnlyList<ParameterGroup> WithoutDecayForBiasesAndNorms(Module module, double decay)
    {
        ArgumentNullException.ThrowIfNull(module);
        var all = module.NamedParameters().ToLookup(p => p.Value.Dim > 1);
        return [new ParameterGroup([.. all[true]], decay), new ParameterGroup([.. all[false]], 0)];
    }
}
