using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A model that has learned what to ask.</summary>
public interface ILearntPolicy
{
    /// <summary>How much each concept is wanted, [rows, concepts]; null where the model has learned none.</summary>
    /// <param name="put">What has been put already; null for nothing.</param>
    Tensor? AskNext(ConceptValues? put);
}

/// <summary>The policy that a model has learned with its concepts (IntCEM): see <see cref="InterventionAwareEmbedding"/>.</summary>
public sealed class LearntPolicy : ConceptPolicy
{
    /// <inheritdoc/>
    public override string Name => "learnt";

    /// <inheritdoc/>
    /// <exception cref="InputException">The model has learned none.</exception>
    protected override void ScoreConcepts(InterventionState state, double[] scores)
    {
        using var scope = new TensorScope("learnt policy");
        using var noGrad = new NoGrad();
        var wanted = (state.Case.Model as ILearntPolicy)?.AskNext(state.Put) ?? throw new InputException("policy learnt: this model has not learned what to ask", "train with --bottleneck intcem, or take coop");
        for (var i = 0; i < scores.Length; i++) scores[i] = wanted.Data[i];
    }
}
