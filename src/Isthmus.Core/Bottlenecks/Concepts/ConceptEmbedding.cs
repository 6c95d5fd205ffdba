using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="ConceptEmbedding"/> is made of.</summary>
public record ConceptEmbeddingOptions
{
    /// <summary>m, the numbers of each embedding.</summary>
    [Option("numbers that pass for each column of concepts", Min = 1, Max = 4096)]
    public int Size { get; init; } = 16;

    /// <summary>The weight of the concepts' loss.</summary>
    [Option("weight of the concepts' loss, their mean in nats, beside the task's", Min = 0)]
    public float ConceptWeight { get; init; } = 1;

    /// <summary>The chance of true concepts in training.</summary>
    [Option("chance with which a concept's true value stands in for its prediction in a training batch", Min = 0, Max = 1)]
    public float RandInt { get; init; } = 0.25f;

    /// <summary>Whether rare states weigh more.</summary>
    [Option("whether the states of a concept weigh the inverse of their frequency")]
    public bool Balance { get; init; }
}

/// <summary>
/// Concept embeddings (Espinosa Zarlenga et al.: "Concept Embedding Models", NeurIPS 2022, section 4): for each column two vectors of the input, one for
/// present and one for absent, blended by the probability, p c⁺ + (1 − p) c⁻. Far more passes than the concepts: <c>explain</c> says how much.
/// </summary>
public sealed class ConceptEmbedding : ConceptBottleneck
{
    private readonly int _size;

    /// <summary>A layer from a number of features.</summary>
    public ConceptEmbedding(int features, ConceptSpace space, ConceptEmbeddingOptions options, RandomStream random, IReadOnlyList<double[]>? stateWeights = null)
        : base(space, options?.ConceptWeight ?? throw new ArgumentNullException(nameof(options)), options.RandInt, stateWeights)
    {
        ArgumentNullException.ThrowIfNull(random);
        Setting.Require(options.Size >= 1, "size", "at least 1", options.Size);
        _size = options.Size;
        Contexts = AddModule("contexts", new Linear(features, checked(Space.Width * 2 * _size), random));
        Scorer = AddModule("scorer", new Linear(2 * _size, 1, random.Fork("scorer")));
    }

    /// <summary>Features to both vectors of each column: [width, 2, size].</summary>
    public Linear Contexts { get; }

    /// <summary>Both vectors to the column's score, the same for all columns.</summary>
    public Linear Scorer { get; }

    /// <inheritdoc/>
    public override int OutputWidth => Space.Width * _size;

    /// <inheritdoc/>
    public override (int From, int Count)? CodeColumns(int concept) => (Space.Offset(concept) * _size, Space.Axes[concept].Width * _size);

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(32.0 * OutputWidth);

    /// <inheritdoc/>
    public override Tensor Scores(Features h) => Scorer.Forward(Vectors(h).Reshape(-1, Space.Width, 2 * _size)).Reshape(-1, Space.Width);

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put)
    {
        var vectors = Vectors(h);
        var p = Beliefs(h, scores, put).Reshape(-1, Space.Width, 1);
        var (present, absent) = (vectors.Select(2, 0), vectors.Select(2, 1));
        return (absent + (p * (present - absent))).Reshape(-1, OutputWidth);
    }

    private Tensor Vectors(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return Contexts.Forward(h.Single).LeakyRelu().Reshape(-1, Space.Width, 2, _size);
    }
}
