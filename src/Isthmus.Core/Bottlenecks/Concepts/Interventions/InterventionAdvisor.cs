using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A question that a policy would ask.</summary>
/// <param name="Unit">Its position among the questions.</param>
/// <param name="Name">The concept's or the group's.</param>
/// <param name="Score">How much it is wanted, in the policy's own unit.</param>
/// <param name="Cost">Of asking.</param>
public sealed record Suggestion(int Unit, string Name, double Score, double Cost);

/// <summary>What to ask next about a case of which the truth is not known: for a person at work.</summary>
public static class InterventionAdvisor
{
    /// <summary>The questions that are open, the most wanted first; equal ones in their own order.</summary>
    /// <param name="model">Bound to the rows.</param>
    /// <param name="row">Which of them.</param>
    /// <param name="units">The questions.</param>
    /// <param name="policy">One that does not need the truth.</param>
    /// <param name="put">What has been put already; null for nothing.</param>
    /// <param name="classes">Whether the model's answers are probabilities of classes.</param>
    /// <param name="seed">Of the random policy.</param>
    /// <exception cref="InputException">The policy needs the truth.</exception>
    public static IReadOnlyList<Suggestion> Next(IConceptModel model, int row, InterventionUnits units, InterventionPolicy policy, ConceptValues? put = null, bool classes = true, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(units);
        ArgumentNullException.ThrowIfNull(policy);
        if (policy.IsOracle) throw new InputException($"policy {policy.Name}: needs the true values, and cannot say what to ask", $"take one of {string.Join(", ", InterventionPolicy.Names.Where(n => !InterventionPolicy.Create(n).IsOracle))}");
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, model.Rows);
        using var scope = new TensorScope("suggestion");
        // Nothing is known of the truth: every concept may be asked, and what would be said does not enter a policy without an oracle.
        var target = classes ? InterventionTarget.Classes(LongTensor.Zeros(model.Rows)) : InterventionTarget.Numbers(Tensor.Zeros(model.Rows, 1));
        var on = new InterventionCase(model, Tensor.Zeros(model.Rows, model.Space.Count), target);
        var state = new InterventionState(on, units, Tensor.Zeros(model.Rows, model.Space.Width), put);
        var scores = policy.Scores(state, new RandomStream(seed).Fork("policy"));
        return [.. Enumerable.Range(0, units.Count).Where(u => state.CanAsk(row, u))
            .Select(u => new Suggestion(u, units[u].Name, scores[(row * units.Count) + u], units[u].Cost))
            .OrderByDescending(s => s.Score)];
    }
}
