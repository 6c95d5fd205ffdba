using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Which concept is asked next: the order half of an intervention. Asked again after every pick.</summary>
public abstract class InterventionPolicy
{
    /// <summary>The name that a person writes.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the policy looks at truths that an expert has not told yet: a bound, and no way to ask.</summary>
    public virtual bool IsOracle => false;

    /// <summary>How much each question is wanted now, [rows × units], the greatest first.</summary>
    /// <param name="state">Where the intervention stands.</param>
    /// <param name="random">The same stream at every pick.</param>
    public abstract double[] Scores(InterventionState state, RandomStream random);

    /// <summary>The names of the policies that every model can be asked by; <c>learnt</c> needs one that has learned what to ask.</summary>
    public static IReadOnlyList<string> Names { get; } = ["random", "ucp", "lcp", "cctp", "ectp", "eudtp", "coop", "greedy"];

    /// <summary>A policy by its name.</summary>
    /// <exception cref="InputException">The name is unknown.</exception>
    public static InterventionPolicy Create(string name) => name switch
    {
        "random" => new RandomPolicy(),
        "ucp" => new UncertaintyPolicy(),
        "lcp" => new LargestErrorPolicy(),
        "cctp" => new ContributionPolicy(),
        "ectp" => new ExpectedChangePolicy(),
        "eudtp" => new EntropyDecreasePolicy(),
        "coop" => new CooperativePolicy(),
        "greedy" => new GreedyOptimalPolicy(),
        "learnt" => new LearntPolicy(),
        _ => throw Suggest.Unknown("intervention policy", name, [.. Names, "learnt"]),
    };
}

/// <summary>A policy that scores concepts one by one; a question of several concepts gets their mean.</summary>
public abstract class ConceptPolicy : InterventionPolicy
{
    /// <summary>Whether a question of several concepts gets the greatest of their scores instead of the mean.</summary>
    protected virtual bool TakesGreatest => false;

    /// <inheritdoc/>
    public override double[] Scores(InterventionState state, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(state);
        var (units, count) = (state.Units, state.Units.Space.Count);
        var concepts = new double[state.Rows * count];
        ScoreConcepts(state, concepts);
        var scores = new double[state.Rows * units.Count];
        for (var row = 0; row < state.Rows; row++)
            for (var u = 0; u < units.Count; u++)
            {
                var (sum, greatest, open) = (0d, double.NegativeInfinity, 0);
                foreach (var concept in units[u].Concepts)
                {
                    if (state.IsPut(row, concept)) continue;
                    var score = concepts[(row * count) + concept];
                    (sum, greatest, open) = (sum + score, Math.Max(greatest, score), open + 1);
                }
                scores[(row * units.Count) + u] = open == 0 ? double.NegativeInfinity : TakesGreatest ? greatest : sum / open;
            }
        return scores;
    }

    /// <summary>Scores concepts.</summary>
    /// <param name="state">Where the intervention stands.</param>
    /// <param name="scores">[rows × concepts]; entries of concepts that are put already are not read.</param>
    protected abstract void ScoreConcepts(InterventionState state, double[] scores);

    /// <summary>
    /// Goes through the states that each open concept may be in: for each row the answers under every state with its probability.
    /// </summary>
    /// <param name="state">Where the intervention stands.</param>
    /// <param name="scores">[rows × concepts].</param>
    /// <param name="score">Of a row: from its probabilities of states and its answers [states][outputs].</param>
    protected static void Expect(InterventionState state, double[] scores, ExpectedScore score)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(score);
        var space = state.Units.Space;
        foreach (var concept in state.Units.SelectMany(u => u.Concepts))
        {
            var open = false;
            for (var row = 0; row < state.Rows && !open; row++) open = !state.IsPut(row, concept);
            if (!open) continue;
            var answers = new double[ConceptStates.Count(space.Axes[concept])][][];
            for (var v = 0; v < answers.Length; v++) answers[v] = state.AnswersIf(concept, ConceptStates.Fill(state, concept, v));
            var rows = new double[answers.Length][];
            for (var row = 0; row < state.Rows; row++)
            {
                if (state.IsPut(row, concept)) continue;
                for (var v = 0; v < rows.Length; v++) rows[v] = answers[v][row];
                scores[(row * space.Count) + concept] = score(row, ConceptStates.Probabilities(space, concept, state.Belief(row, concept)), rows);
            }
        }
    }
}

/// <summary>A row's score from what would be answered in each state of a concept.</summary>
/// <param name="row">The row.</param>
/// <param name="probabilities">Of the states.</param>
/// <param name="answers">[states][outputs].</param>
public delegate double ExpectedScore(int row, ReadOnlySpan<double> probabilities, double[][] answers);
