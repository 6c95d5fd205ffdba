using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A random order, one for each row: the seed fixes it, so that larger sets contain the smaller ones.</summary>
public sealed class RandomPolicy : InterventionPolicy
{
    /// <inheritdoc/>
    public override string Name => "random";

    /// <inheritdoc/>
    public override double[] Scores(InterventionState state, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(random);
        var scores = new double[state.Rows * state.Units.Count];
        for (var row = 0; row < state.Rows; row++)
        {
            var order = random.Fork((ulong)row).Permutation(state.Units.Count);
            for (var place = 0; place < order.Length; place++) scores[(row * order.Length) + order[place]] = -place;
        }
        return scores;
    }
}

/// <summary>One order for all rows, given: a protocol, or one that was found on validation rows.</summary>
public sealed class FixedOrderPolicy : InterventionPolicy
{
    private readonly int[] _order;

    /// <summary>The order of the questions, from the first to ask; questions that are not in it come last, in their own order.</summary>
    public FixedOrderPolicy(IReadOnlyList<int> order, string name = "fixed")
    {
        ArgumentNullException.ThrowIfNull(order);
        if (order.Distinct().Count() != order.Count) throw new ArgumentException("fixed order: a question stands in it twice", nameof(order));
        (_order, Name) = ([.. order], name);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override double[] Scores(InterventionState state, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(state);
        var units = state.Units.Count;
        var scores = new double[state.Rows * units];
        for (var i = 0; i < scores.Length; i++)
        {
            var place = Array.IndexOf(_order, i % units);
            scores[i] = place < 0 ? -_order.Length : -place;
        }
        return scores;
    }
}

/// <summary>UCP: the concept that the model is least sure of, by the entropy of its belief (Shin et al. 2023); of a group, its least sure member.</summary>
public sealed class UncertaintyPolicy : ConceptPolicy
{
    /// <inheritdoc/>
    public override string Name => "ucp";

    /// <inheritdoc/>
    protected override bool TakesGreatest => true;

    /// <inheritdoc/>
    protected override void ScoreConcepts(InterventionState state, double[] scores)
    {
        var space = state.Units.Space;
        for (var row = 0; row < state.Rows; row++)
            for (var j = 0; j < space.Count; j++)
                scores[(row * space.Count) + j] = ConceptStates.Uncertainty(space, j, state.Belief(row, j), state.Deviation(j));
    }
}

/// <summary>LCP: the concept whose belief is farthest from its truth (Shin et al. 2023). It knows the truth: a bound, not a way to ask.</summary>
public sealed class LargestErrorPolicy : ConceptPolicy
{
    /// <inheritdoc/>
    public override string Name => "lcp";

    /// <inheritdoc/>
    public override bool IsOracle => true;

    /// <inheritdoc/>
    protected override bool TakesGreatest => true;

    /// <inheritdoc/>
    protected override void ScoreConcepts(InterventionState state, double[] scores)
    {
        var space = state.Units.Space;
        using var scope = new TensorScope("lcp");
        var truth = space.Encode(state.Case.Truth);
        for (var row = 0; row < state.Rows; row++)
            for (var j = 0; j < space.Count; j++)
            {
                var distance = ConceptStates.Distance(space.Axes[j], state.Belief(row, j), truth.Data.Slice((row * space.Width) + space.Offset(j), space.Axes[j].Width));
                scores[(row * space.Count) + j] = double.IsNaN(distance) ? double.NegativeInfinity : distance;
            }
    }
}

/// <summary>
/// CCTP: the concept that contributes most to the answers, Σ_k |ĉ_j ∂f_k/∂ĉ_j| (Shin et al. 2023), f the logits.
/// </summary>
/// <remarks>
/// Logits are taken less their mean over the classes, which is all that probabilities tell of them: for a linear head with weights W the
/// score is p_j Σ_k |W_kj − mean_k W_kj|, and the same whatever is added to the weights of all classes alike.
/// </remarks>
public sealed class ContributionPolicy : ConceptPolicy
{
    /// <inheritdoc/>
    public override string Name => "cctp";

    /// <inheritdoc/>
    protected override void ScoreConcepts(InterventionState state, double[] scores)
    {
        var space = state.Units.Space;
        var outputs = state.Answer(0).Length;
        for (var k = 0; k < outputs; k++)
        {
            using var scope = new TensorScope("cctp");
            using var gradient = new EnableGrad();
            var relaxed = state.Relaxed();
            relaxed.Values.RequiresGrad = true;
            var answers = state.Case.Model.Answers(relaxed);
            if (state.Case.Target.IsClasses)
            {
                var logs = (answers.Size(1) == 1 ? Tensor.Cat([1f - answers, answers], 1) : answers).Clamp(1e-30f).Log();
                answers = logs - logs.Mean(1, keepdim: true);
            }
            if (!answers.NeedsGradient) throw new InvalidOperationException("cctp: the model's answers have no gradient in the concepts: take ectp");
            answers.Narrow(1, k, 1).Sum().Backward();
            if (relaxed.Values.Grad is not { } slope) continue; // the answers depend on weights only
            for (var row = 0; row < state.Rows; row++)
                for (var j = 0; j < space.Count; j++)
                {
                    var belief = state.Belief(row, j);
                    var at = (row * space.Width) + space.Offset(j);
                    for (var w = 0; w < belief.Length; w++) scores[(row * space.Count) + j] += Math.Abs((double)belief[w] * slope.Data[at + w]);
                }
            relaxed.Values.ZeroGrad();
        }
    }
}

/// <summary>
/// ECTP: the concept whose value is expected to move the answers most, E_{v~ĉ_j} KL(f(ĉ[j←v]) ‖ f(ĉ)) in nats (Shin et al. 2023); of numbers,
/// half the squared change, which is the divergence of two normal distributions of unit variance.
/// </summary>
public sealed class ExpectedChangePolicy : ConceptPolicy
{
    /// <inheritdoc/>
    public override string Name => "ectp";

    /// <inheritdoc/>
    protected override void ScoreConcepts(InterventionState state, double[] scores)
    {
        var classes = state.Case.Target.IsClasses;
        Expect(state, scores, (row, p, answers) =>
        {
            var now = state.Answer(row);
            var sum = 0d;
            for (var v = 0; v < answers.Length; v++)
                for (var k = 0; k < now.Length; k++)
                    sum += p[v] * (!classes ? 0.5 * (answers[v][k] - now[k]) * (answers[v][k] - now[k])
                        : answers[v][k] > 0 ? answers[v][k] * Math.Log(answers[v][k] / Math.Max(now[k], 1e-30)) : 0);
            return sum;
        });
    }
}

/// <summary>EUDTP: the concept whose value is expected to make the answer most certain, H(f(ĉ)) − E_{v~ĉ_j} H(f(ĉ[j←v])) in nats (Shin et al. 2023).</summary>
public sealed class EntropyDecreasePolicy : ConceptPolicy
{
    /// <inheritdoc/>
    public override string Name => "eudtp";

    /// <inheritdoc/>
    /// <exception cref="InputException">The answers are numbers, which have no entropy.</exception>
    protected override void ScoreConcepts(InterventionState state, double[] scores)
    {
        if (!state.Case.Target.IsClasses) throw new InputException("policy eudtp: classes are expected, and this model answers with numbers", "take ectp");
        Expect(state, scores, (row, p, answers) =>
        {
            var after = 0d;
            for (var v = 0; v < answers.Length; v++) after += p[v] * ConceptStates.Entropy(answers[v]);
            return ConceptStates.Entropy(state.Answer(row)) - after;
        });
    }
}

/// <summary>
/// The question whose answer helps most, tried out with what the expert would say (Espinosa Zarlenga et al. 2023, "optimal"): the true
/// class's probability afterwards, or less squared error. It knows the truth: a bound, not a way to ask.
/// </summary>
public sealed class GreedyOptimalPolicy : InterventionPolicy
{
    /// <inheritdoc/>
    public override string Name => "greedy";

    /// <inheritdoc/>
    public override bool IsOracle => true;

    /// <inheritdoc/>
    public override double[] Scores(InterventionState state, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(state);
        var units = state.Units.Count;
        var scores = new double[state.Rows * units];
        for (var u = 0; u < units; u++)
        {
            var answers = state.AnswersIfAsked(u);
            for (var row = 0; row < state.Rows; row++) scores[(row * units) + u] = -state.Case.Target.Loss(answers[row], row);
        }
        return scores;
    }
}
