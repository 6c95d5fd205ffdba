using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Training rows for what is fitted by a solver of its own, not by gradients.</summary>
/// <param name="Features">[rows, features]: what enters the part that is fitted.</param>
public sealed record FittingRows(Tensor Features)
{
    /// <summary>The class of each row, [rows]; null where the task has none.</summary>
    public LongTensor? Labels { get; init; }

    /// <summary>The number of classes; 0 where the task has none.</summary>
    public int Classes { get; init; }

    /// <summary>Annotated concepts, [rows, concepts], NaN where unknown; null where there are none.</summary>
    public Tensor? Concepts { get; init; }

    /// <summary>Where each row stands in the data, from 0; null where nobody asks.</summary>
    public IReadOnlyList<int>? Places { get; init; }

    /// <summary>What the head makes of the rows, [rows, classes], for a part that is fitted after it; else null.</summary>
    public Tensor? Logits { get; init; }
}

/// <summary>
/// A part that is fitted to labelled training rows by a solver of its own: a bottleneck before training, to the same end again when an
/// interrupted training goes on; a decoder after it, to what passed.
/// </summary>
public interface IFitted
{
    /// <summary>Fits the part; the same rows give the same bits.</summary>
    /// <exception cref="InputException">The rows do not say what it needs.</exception>
    void Fit(FittingRows rows);
}

/// <summary>A bottleneck with a residual beside its concepts, which is fitted after the head, to what the head leaves.</summary>
public interface IResidual
{
    /// <summary>Numbers at the end of the output that are added to the head's logits.</summary>
    int ResidualWidth { get; }

    /// <summary>Fits the residual under <see cref="FittingRows.Logits"/>.</summary>
    void FitResidual(FittingRows rows);
}

/// <summary>A head that adds to the loss: what its weights should look like.</summary>
public interface IPenalized
{
    /// <summary>The terms, differentiable in the weights.</summary>
    IReadOnlyList<Term> Terms();
}
