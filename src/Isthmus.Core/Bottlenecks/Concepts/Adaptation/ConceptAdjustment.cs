namespace Isthmus.Bottlenecks;

/// <summary>What is done to the concepts of a row that a model takes for one class and that may be of another.</summary>
/// <param name="Predicted">The class that the model predicts: only such rows are changed.</param>
/// <param name="True">The class that they were found to be of in the shots.</param>
/// <param name="Mask">Concepts that are put at nothing (0 in every column): they spoke for the wrong class.</param>
/// <param name="Amplify">Concepts whose belief is multiplied: they speak for the right class, and too softly.</param>
public sealed record ConceptAdjustment(int Predicted, int True, IReadOnlyList<int> Mask, IReadOnlyList<int> Amplify);

/// <summary>What few labelled rows of a new domain taught: adjustments of concepts, with how they were found to do.</summary>
/// <param name="Adjustments">In the order in which they were taken; empty where nothing helped.</param>
/// <param name="Factor">What beliefs of amplified concepts are multiplied by.</param>
/// <param name="ShotsBefore">The accuracy on the shots without them.</param>
/// <param name="ShotsAfter">With them: of the rows that they were found on, so no measure of the target.</param>
/// <param name="SourceBefore">The accuracy on rows of the old domain without them.</param>
/// <param name="SourceAfter">With them.</param>
/// <param name="RolledBack">How many adjustments were taken back because the old domain got worse.</param>
public sealed record ConceptAdaptation(IReadOnlyList<ConceptAdjustment> Adjustments, double Factor, double ShotsBefore, double ShotsAfter, double SourceBefore, double SourceAfter, int RolledBack)
{
    internal ConceptAdaptation And(ConceptAdjustment adjustment) => this with { Adjustments = [.. Adjustments, adjustment] };

    /// <summary>The model with the adjustments in force: no weight is changed.</summary>
    public IConceptModel Apply(IConceptModel model) => Adjustments.Count == 0 ? model : new AdaptedConcepts(model, Adjustments, Factor);
}
