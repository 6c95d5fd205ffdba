using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="SpatialConceptLayer"/> is made of.</summary>
public sealed record SpatialConceptOptions
{
    /// <summary>The weight of the concepts' loss.</summary>
    [Option("weight of the concepts' loss, their mean in nats, beside the task's", Min = 0)]
    public float ConceptWeight { get; init; } = 1;

    /// <summary>The weight of the maps' entropy.</summary>
    [Option("weight of the entropy over places of the maps of concepts that are there: maps become small", Unit = "nats per nat", Min = 0)]
    public float Entropy { get; init; } = 0.1f;

    /// <summary>The weight of the contrast.</summary>
    [Option("weight of the contrast: what a map points to looks like its own concept rather than like others", Unit = "nats per nat", Min = 0)]
    public float Contrast { get; init; } = 0.1f;

    /// <summary>The weight of the distance of beliefs to annotations.</summary>
    [Option("weight of the mean absolute distance of beliefs to annotated values: beliefs become 0 or 1", Min = 0)]
    public float L1 { get; init; } = 0.1f;

    /// <summary>The chance of true concepts in training.</summary>
    [Option("chance with which a concept's true value stands in for its prediction in a training batch", Min = 0, Max = 1)]
    public float RandInt { get; init; }

    /// <summary>Whether rare states weigh more.</summary>
    [Option("whether the states of a concept weigh the inverse of their frequency")]
    public bool Balance { get; init; }
}

/// <summary>
/// A concept bottleneck that says where: <see cref="SpatialConcepts"/> on a feature map, the probabilities of the concepts going on to the decoder, and in
/// training entropy, contrast and L1 terms for the concepts that are annotated as there (SL-CBM, arXiv 2601.12804).
/// </summary>
public sealed class SpatialConceptLayer : ConceptBottleneck
{
    private readonly SpatialConceptOptions _options;

    /// <summary>A layer on a feature map.</summary>
    /// <param name="shape">Of one row's features: [channels, height, width].</param>
    /// <param name="space">The concepts.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="random">For the initial weights.</param>
    /// <param name="stateWeights">What a row of each state of each concept counts; null where all count the same.</param>
    /// <exception cref="InputException">The features are no map, or an option is out of range.</exception>
    public SpatialConceptLayer(IReadOnlyList<int> shape, ConceptSpace space, SpatialConceptOptions options, RandomStream random, IReadOnlyList<double[]>? stateWeights = null)
        : base(space, options?.ConceptWeight ?? throw new ArgumentNullException(nameof(options)), options.RandInt, stateWeights)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Setting.Require(options.Entropy >= 0 && float.IsFinite(options.Entropy), "entropy", "a number of at least 0", options.Entropy);
        Setting.Require(options.Contrast >= 0 && float.IsFinite(options.Contrast), "contrast", "a number of at least 0", options.Contrast);
        Setting.Require(options.L1 >= 0 && float.IsFinite(options.L1), "l1", "a number of at least 0", options.L1);
        Setting.Refuse(shape.Count != 3, "type: concepts with places need a map of features", "take an encoder that makes maps, as conv without pooling to a vector");
        _options = options;
        Concepts = AddModule("concepts", new SpatialConcepts(shape[0], Space.Width, random));
    }

    /// <summary>The maps and their pooling.</summary>
    public SpatialConcepts Concepts { get; }

    /// <inheritdoc/>
    public override int OutputWidth => Space.Width;

    /// <summary>Where the concepts are, for pictures of them and of classes (<see cref="SpatialConcepts.Pictures"/>, <see cref="SpatialConcepts.ClassMaps"/>).</summary>
    public ConceptMaps Locate(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return Concepts.Locate(h.Single);
    }

    /// <inheritdoc/>
    public override Tensor Scores(Features h) => Locate(h).Scores;

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put) => Beliefs(h, scores, put);

    /// <inheritdoc/>
    protected override IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        foreach (var term in base.Terms(h, scores, c)) yield return term;
        if (c.TrueConcepts is not { } values || !c.Training) yield break;
        var known = Space.Known(values);
        var present = Present(Space, known);
        var maps = Concepts.Map.Forward(h.Single);
        if (_options.Entropy > 0) yield return new Term("entropy", SpatialConcepts.Entropy(maps, present), _options.Entropy);
        if (_options.Contrast > 0) yield return new Term("contrast", Concepts.Contrast(h.Single, maps, present), _options.Contrast);
        if (_options.L1 <= 0) yield break;
        var counted = Space.Columns(known.Known);
        yield return new Term("l1", ((Space.Activate(scores) - known.Values).Abs() * counted).Sum() / counted.Sum().Clamp(min: 1), _options.L1);
    }

    /// <summary>1 for each state that rows are annotated with, else 0; a number is no state, and has no place.</summary>
    internal static Tensor Present(ConceptSpace space, ConceptValues known)
    {
        var present = known.Values * space.Columns(known.Known);
        for (var i = 0; i < present.Numel; i++)
            if (space.Axes[space.ConceptOf(i % space.Width)].Type == ConceptType.Continuous) present.Data[i] = 0;
        return present;
    }
}
