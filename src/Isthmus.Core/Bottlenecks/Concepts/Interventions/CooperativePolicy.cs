using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How much each term of CooP counts.</summary>
/// <param name="Uncertainty">Of a concept's belief, in bits.</param>
/// <param name="Importance">Of the change of the most probable class's expected probability.</param>
/// <param name="Cost">Of a question's cost, as a multiple of the mean cost: at most 0 in practice.</param>
public sealed record CooperativeWeights(double Uncertainty, double Importance, double Cost);

/// <summary>
/// CooP (Chauhan et al. 2023): w_u H(ĉ_j) + w_i |E_{v~ĉ_j} P(y* | ĉ[j←v]) − P(y*)| + w_c cost_j, y* the most probable class now. Of numbers, the
/// second term is the expected change of the answers, summed over the outputs.
/// </summary>
/// <remarks>A question of several concepts gets the mean of their first two terms. The expectation is under the belief in two classes as in many.</remarks>
public sealed class CooperativePolicy : ConceptPolicy
{
    /// <summary>With weights to order, or 1, 1 and −0.1; <see cref="Tune"/> finds them on validation rows.</summary>
    public CooperativePolicy(CooperativeWeights? weights = null) => Weights = weights ?? new(1, 1, -0.1);

    /// <summary>The weights in force.</summary>
    public CooperativeWeights Weights { get; }

    /// <inheritdoc/>
    public override string Name => "coop";

    /// <inheritdoc/>
    public override double[] Scores(InterventionState state, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(state);
        var scores = base.Scores(state, random);
        var mean = state.Units.Average(u => u.Cost);
        if (mean > 0)
            for (var i = 0; i < scores.Length; i++) scores[i] += Weights.Cost * state.Units[i % state.Units.Count].Cost / mean;
        return scores;
    }

    /// <summary>
    /// The weights whose curve of the loss has the smallest area over the cost spent, tried on validation rows with true values; of equal ones the
    /// first of the list. The loss says more than the accuracy where rows are few.
    /// </summary>
    /// <param name="validation">Rows that are not judged later.</param>
    /// <param name="units">With the costs that count.</param>
    /// <param name="options">Of the tries.</param>
    public static CooperativePolicy Tune(InterventionCase validation, InterventionUnits units, InterventionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(units);
        (double U, double I)[] pairs = [(1, 1), (1, 0), (0, 1), (1, 0.3), (1, 3), (1, 10), (1, 30)];
        double[] costs = units.Select(u => u.Cost).Distinct().Count() == 1 ? [0] : [0, -0.03, -0.1, -0.3, -1];
        CooperativePolicy? best = null;
        var lowest = double.PositiveInfinity;
        foreach (var (u, i) in pairs)
            foreach (var c in costs)
            {
                var policy = new CooperativePolicy(new(u, i, c));
                var trace = InterventionTrace.Run(validation, units, policy, InterventionValue.Truth, options);
                var loss = trace.AreasByCost(trace.Loss).Average();
                if (best is not null && loss >= lowest - 1e-12) continue;
                (best, lowest) = (policy, loss);
            }
        return best!;
    }

    /// <inheritdoc/>
    protected override void ScoreConcepts(InterventionState state, double[] scores)
    {
        var (space, classes) = (state.Units.Space, state.Case.Target.IsClasses);
        if (Weights.Importance != 0)
            Expect(state, scores, (row, p, answers) =>
            {
                var now = state.Answer(row);
                if (classes) return Moved(p, answers, now, InterventionTarget.Best(now));
                var sum = 0d;
                for (var k = 0; k < now.Length; k++) sum += Moved(p, answers, now, k);
                return sum;
            });
        for (var row = 0; row < state.Rows; row++)
            for (var j = 0; j < space.Count; j++)
            {
                ref var score = ref scores[(row * space.Count) + j];
                score += Weights.Uncertainty * ConceptStates.Uncertainty(space, j, state.Belief(row, j), state.Deviation(j));
            }
    }

    private double Moved(ReadOnlySpan<double> p, double[][] answers, ReadOnlySpan<double> now, int output)
    {
        var mean = 0d;
        for (var v = 0; v < answers.Length; v++) mean += p[v] * answers[v][output];
        return Weights.Importance * Math.Abs(mean - now[output]);
    }
}
