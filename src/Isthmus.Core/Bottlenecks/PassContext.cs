using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a bottleneck lets out: which message the output stands for.</summary>
public enum PassMode
{
    /// <summary>A random code, as in training.</summary>
    Sample,

    /// <summary>The mean or the most probable code; of a continuous code it has no finite rate.</summary>
    Mean,

    /// <summary>What the receiver gets when the message is written to bytes: <c>Restore</c> returns the same bits.</summary>
    Ship,
}

/// <summary>The circumstances of one pass.</summary>
/// <param name="Mode">Which message.</param>
/// <param name="Random">Noise; equal streams give equal passes.</param>
public sealed record PassContext(PassMode Mode, RandomStream Random)
{
    /// <summary>1 where a token of [batch, tokens] is present, 0 where it is padding; null where all are.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>The annotated concepts of the batch, [batch, concepts], NaN where unknown; null without concepts.</summary>
    public Tensor? TrueConcepts { get; init; }

    /// <summary>Whether annotated concepts stand in for predicted ones wherever they are known: the head of an independent concept model learns so.</summary>
    public bool UseTrueConcepts { get; init; }

    /// <summary>The true classes of the batch, in training only: for layers that learn what to ask; null without classes.</summary>
    public LongTensor? Labels { get; init; }

    /// <summary>What a person changes in the message; null for nothing.</summary>
    public Edit? Edit { get; init; }

    /// <summary>Training steps done, for schedules; meaningless in evaluation.</summary>
    public long Step { get; init; }

    /// <summary>Whether schedules, running averages and codebooks may move.</summary>
    public bool Training { get; init; }
}
