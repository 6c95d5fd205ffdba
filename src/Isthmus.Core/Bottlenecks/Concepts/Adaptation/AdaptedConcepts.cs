using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A model whose concepts are masked and amplified by the class that it predicts; what a person puts stays as put.</summary>
internal sealed class AdaptedConcepts(IConceptModel model, IReadOnlyList<ConceptAdjustment> adjustments, double factor) : IConceptModel
{
    public ConceptSpace Space => model.Space;

    public int Rows => model.Rows;

    public Tensor Beliefs(ConceptValues? put) => Adjusted(put) is { } also ? model.Beliefs(also) : model.Beliefs(put);

    public Tensor Answers(ConceptValues? put) => Adjusted(put) is { } also ? model.Answers(also) : model.Answers(put);

    /// <summary>What is put with the adjustments; null where no row is of a class that has any.</summary>
    private ConceptValues? Adjusted(ConceptValues? put)
    {
        Tensor answers, beliefs;
        using (new NoGrad()) (answers, beliefs) = (model.Answers(put), model.Beliefs(put));
        var space = Space;
        // What a person put keeps its way for gradients; the rest is added where it is not known yet.
        var (added, mark) = (Tensor.Zeros(Rows, space.Width), Tensor.Zeros(Rows, space.Count));
        var any = false;
        for (var row = 0; row < Rows; row++)
        {
            var predicted = InterventionTarget.Best(InterventionTarget.Row(answers, row, classes: true));
            foreach (var adjustment in adjustments)
            {
                if (adjustment.Predicted != predicted) continue;
                foreach (var concept in adjustment.Mask) any |= Put(row, concept, 0);
                foreach (var concept in adjustment.Amplify) any |= Put(row, concept, factor);
            }
        }
        if (!any) return null;
        return put is null ? new(added, mark) : new(Tensor.Where(space.Columns(put.Known), put.Values, added), put.Known.Maximum(mark));

        // The first adjustment of a concept counts.
        bool Put(int row, int concept, double times)
        {
            var at = (row * space.Count) + concept;
            if (mark.Data[at] != 0 || (put is not null && put.Known.Data[at] != 0)) return false;
            mark.Data[at] = 1;
            var from = (row * space.Width) + space.Offset(concept);
            for (var w = 0; w < space.Axes[concept].Width; w++) added.Data[from + w] = (float)(beliefs.Data[from + w] * times);
            return true;
        }
    }
}
