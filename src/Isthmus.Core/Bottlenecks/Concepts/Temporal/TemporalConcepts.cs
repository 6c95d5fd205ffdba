using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A <see cref="TemporalConceptHead"/> bound to some clips, for interventions on one concept in one window: the concepts of its space are called
/// <c>ramp@3</c>, windows counting from 0. Each is a number: how much of the concept is in the window.
/// </summary>
public sealed class TemporalConcepts : IConceptModel
{
    private readonly TemporalConceptHead _head;
    private readonly Tensor _concepts;

    /// <summary>Binds a head, in evaluation mode.</summary>
    /// <param name="head">What reads the concepts.</param>
    /// <param name="concepts">[rows, windows, concepts]: how much of each concept a detector finds in each window.</param>
    /// <param name="names">The concepts' names.</param>
    /// <exception cref="ArgumentException">The numbers of concepts differ.</exception>
    public TemporalConcepts(TemporalConceptHead head, Tensor concepts, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(concepts);
        ArgumentNullException.ThrowIfNull(names);
        if (concepts.Dim != 3 || concepts.Size(2) != head.Concepts || names.Count != head.Concepts)
            throw new ArgumentException($"temporal concepts: the head has {head.Concepts} concepts, given [{string.Join(", ", concepts.Shape.ToArray())}] and {names.Count} names");
        (_head, _concepts, Windows) = (head, concepts, concepts.Size(1));
        Space = new ConceptSpace([.. Enumerable.Range(0, Windows).SelectMany(t => names.Select(n => new ConceptAxis(FormattableString.Invariant($"{n}@{t}"), ConceptType.Continuous, []) { Group = n }))]);
    }

    /// <summary>How many windows a clip has.</summary>
    public int Windows { get; }

    /// <summary>What is done to attention.</summary>
    public AttentionEdit Attention { get; init; }

    /// <inheritdoc/>
    public ConceptSpace Space { get; }

    /// <inheritdoc/>
    public int Rows => _concepts.Size(0);

    /// <summary>[rows, windows × concepts]; what is put stands in its place, and moves no other.</summary>
    /// <inheritdoc/>
    public Tensor Beliefs(ConceptValues? put)
    {
        var own = _concepts.Reshape(Rows, Space.Width);
        return put is null ? own : Space.Put(own, put);
    }

    /// <inheritdoc/>
    public Tensor Answers(ConceptValues? put) => _head.Run(Beliefs(put).Reshape(Rows, Windows, _head.Concepts), Attention).Logits.Softmax(-1);
}
