using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What <see cref="MultitaskConcepts"/> are made of.</summary>
public sealed record MultitaskOptions
{
    /// <summary>The weight of the concepts' loss.</summary>
    [Option("weight of the concepts' loss, their mean in nats, beside the task's", Min = 0)]
    public float ConceptWeight { get; init; } = 1;

    /// <summary>Whether rare states weigh more.</summary>
    [Option("whether the states of a concept weigh the inverse of their frequency")]
    public bool Balance { get; init; }
}

/// <summary>
/// No bottleneck: all features go on, and concepts are learned beside the answer (Caruana: "Multitask Learning", 1997). The control that every model of concepts is
/// compared with: the same labels, and nothing that has to pass through them. Putting a concept by hand changes no answer.
/// </summary>
public sealed class MultitaskConcepts : ConceptBottleneck
{
    /// <summary>A layer from a number of features.</summary>
    public MultitaskConcepts(int features, ConceptSpace space, MultitaskOptions options, RandomStream random, IReadOnlyList<double[]>? stateWeights = null)
        : base(space, options?.ConceptWeight ?? throw new ArgumentNullException(nameof(options)), 0, stateWeights)
    {
        OutputWidth = features;
        Predictor = AddModule("predictor", new Linear(features, Space.Width, random));
    }

    /// <summary>Features to scores.</summary>
    public Linear Predictor { get; }

    /// <inheritdoc/>
    public override int OutputWidth { get; }

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(32.0 * OutputWidth);

    /// <inheritdoc/>
    public override Tensor Scores(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return Predictor.Forward(h.Single);
    }

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put)
    {
        ArgumentNullException.ThrowIfNull(h);
        return h.Single;
    }

    /// <inheritdoc/>
    public override (int From, int Count)? CodeColumns(int concept) => null;

    /// <inheritdoc/>
    public override IReadOnlyList<string>? NamesOf(Part part) => null;
}
