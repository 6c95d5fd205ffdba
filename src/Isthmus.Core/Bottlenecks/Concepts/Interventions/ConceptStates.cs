namespace Isthmus.Bottlenecks;

/// <summary>The states that a concept may turn out to be in, and how probable and how far they are under a model's beliefs.</summary>
/// <remarks>
/// A continuous concept has no list of states: three points stand for the normal distribution about what the model believes
/// (Gauss–Hermite, exact for polynomials up to the fifth degree), with the deviation that the model's errors are known to have.
/// </remarks>
internal static class ConceptStates
{
    private static readonly double[] s_weights = [1 / 6d, 2 / 3d, 1 / 6d];
    private static readonly double[] s_points = [-Math.Sqrt(3), 0, Math.Sqrt(3)];

    /// <summary>How many states are gone through: 2, m, m, or 3 points.</summary>
    public static int Count(ConceptAxis axis) => axis.Type == ConceptType.Continuous ? s_points.Length : axis.States;

    /// <summary>The probabilities of the states under a belief.</summary>
    public static double[] Probabilities(ConceptSpace space, int concept, ReadOnlySpan<float> belief) =>
        space.Axes[concept].Type == ConceptType.Continuous ? s_weights : space.StateProbabilities(concept, belief);

    /// <summary>What is put for a state: the state's columns, or a point about the belief.</summary>
    /// <param name="state">What concerns the rows alike.</param>
    /// <param name="concept">Its position.</param>
    /// <param name="which">From 0.</param>
    public static ConceptFill Fill(InterventionState state, int concept, int which)
    {
        var space = state.Units.Space;
        if (space.Axes[concept].Type == ConceptType.Continuous)
            return (row, columns) => columns[0] = (float)(state.Belief(row, concept)[0] + (state.Deviation(concept) * s_points[which]));
        var encoded = space.Encode(concept, which);
        return (_, columns) => encoded.CopyTo(columns);
    }

    /// <summary>The entropy of a belief in bits; of a continuous one the deviation of its errors, at most 1 (a share of the concept's own).</summary>
    public static double Uncertainty(ConceptSpace space, int concept, ReadOnlySpan<float> belief, double deviation) =>
        space.Axes[concept].Type == ConceptType.Continuous ? Math.Min(1, deviation) : Entropy(space.StateProbabilities(concept, belief)) / Math.Log(2);

    /// <summary>−Σ p ln p, in nats.</summary>
    public static double Entropy(ReadOnlySpan<double> p)
    {
        var sum = 0d;
        foreach (var q in p)
            if (q > 0) sum -= q * Math.Log(q);
        return sum;
    }

    /// <summary>How far a belief is from the truth: a share of probability (binary, categorical), of the scale (ordinal), standard deviations (continuous).</summary>
    public static double Distance(ConceptAxis axis, ReadOnlySpan<float> belief, ReadOnlySpan<float> truth)
    {
        var sum = 0d;
        for (var i = 0; i < belief.Length; i++) sum += Math.Abs((double)belief[i] - truth[i]);
        return axis.Type switch { ConceptType.Categorical => sum / 2, ConceptType.Ordinal => sum / belief.Length, _ => sum };
    }
}
