using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What an <see cref="InterventionAwareEmbedding"/> is made of.</summary>
public sealed record InterventionAwareOptions : ConceptEmbeddingOptions
{
    /// <summary>The most concepts asked in a rollout.</summary>
    [Option("most concepts asked in a rollout; how many is drawn for each batch", Min = 1, Max = 64)]
    public int Rollout { get; init; } = 6;

    /// <summary>What each concept asked multiplies the loss at the end of a rollout by.</summary>
    [Option("what each concept asked multiplies the loss at a rollout's end by", Min = 1, Max = 2)]
    public float Discount { get; init; } = 1.1f;

    /// <summary>The weight of the policy's loss.</summary>
    [Option("weight of the policy's loss: to ask next what helps most", Min = 0)]
    public float PolicyWeight { get; init; } = 1;

    /// <summary>Hidden units of the policy.</summary>
    [Option("hidden units of the policy", Min = 1, Max = 4096)]
    public int PolicyWidth { get; init; } = 64;
}

/// <summary>
/// A concept embedding that is trained to be asked about (IntCEM; Espinosa Zarlenga et al.: "Learning to Receive Help", NeurIPS 2023): in training a
/// policy, learned with it, asks for one concept after another; what is answered at the end counts too, and the policy learns to ask
/// next what raises the true class's probability most.
/// </summary>
/// <remarks>
/// A rollout begins with a random set of known concepts, asks T of them (T uniform from 1 to <see cref="InterventionAwareOptions.Rollout"/>), drawn by
/// Gumbel's trick with a straight-through gradient, and adds discount^T times the cross-entropy at its end to that at its beginning, which is the
/// network's own task loss; the paper divides both by 1 + discount^T.
/// </remarks>
public sealed class InterventionAwareEmbedding : ConceptBottleneck
{
    private const float Closed = -1e9f;

    private readonly InterventionAwareOptions _options;
    private readonly Tensor _spread; // [concepts, width]: a number for each concept to its columns
    private Module? _decoder;

    /// <summary>A layer from a number of features.</summary>
    public InterventionAwareEmbedding(int features, ConceptSpace space, InterventionAwareOptions options, RandomStream random, IReadOnlyList<double[]>? stateWeights = null)
        : base(space, options?.ConceptWeight ?? throw new ArgumentNullException(nameof(options)), options.RandInt, stateWeights)
    {
        ArgumentNullException.ThrowIfNull(random);
        Setting.Require(options.Rollout >= 1, "rollout", "at least 1", options.Rollout);
        Setting.Require(options.Discount >= 1 && float.IsFinite(options.Discount), "discount", "a number of at least 1", options.Discount);
        Setting.Require(options.PolicyWeight >= 0 && float.IsFinite(options.PolicyWeight), "policy_weight", "a number of at least 0", options.PolicyWeight);
        _options = options;
        Embedding = AddModule("embedding", new ConceptEmbedding(features, Space, options, random));
        Policy = AddModule("policy", new Mlp([Embedding.OutputWidth + Space.Count, options.PolicyWidth, Space.Count], random.Fork("policy")));
        _spread = Tensor.Zeros(Space.Count, Space.Width);
        for (var c = 0; c < Space.Width; c++) _spread.Data[(Space.ConceptOf(c) * Space.Width) + c] = 1;
    }

    /// <summary>The embedding.</summary>
    public ConceptEmbedding Embedding { get; }

    /// <summary>What passes, and which concepts are known, to how much each is wanted.</summary>
    public Mlp Policy { get; }

    /// <inheritdoc/>
    public override int OutputWidth => Embedding.OutputWidth;

    /// <inheritdoc/>
    public override Bits? Capacity => Embedding.Capacity;

    /// <inheritdoc/>
    public override (int From, int Count)? CodeColumns(int concept) => Embedding.CodeColumns(concept);

    /// <inheritdoc/>
    public override Tensor Scores(Features h) => Embedding.Scores(h);

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put) => Embedding.Emit(h, scores, put);

    /// <inheritdoc/>
    public override void AttachDecoder(Module decoder) => _decoder = decoder;

    /// <summary>How much the learned policy wants to ask for each concept, [rows, concepts], as logits.</summary>
    /// <param name="h">The features.</param>
    /// <param name="scores">Their scores.</param>
    /// <param name="put">What has been put already; null for nothing.</param>
    public Tensor AskNext(Features h, Tensor scores, ConceptValues? put)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return Policy.Forward(Tensor.Cat([Emit(h, scores, put), put?.Known ?? Tensor.Zeros(scores.Size(0), Space.Count)], 1));
    }

    /// <inheritdoc/>
    protected override IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c)
    {
        foreach (var term in base.Terms(h, scores, c)) yield return term;
        if (!c.Training || c.TrueConcepts is not { } truth || _decoder is null) yield break;
        if (c.Labels is not { } labels) throw new InputException("bottleneck intcem: its policy learns to raise the true class's probability, and these data have no classes", "take cem");
        var (end, policy, weight) = Rollout(h, scores, truth, labels, c.Random.Fork("rollout"));
        yield return new Term("rollout", end, weight);
        yield return new Term("policy", policy, _options.PolicyWeight);
    }

    private (Tensor End, Tensor Policy, float Weight) Rollout(Features h, Tensor scores, Tensor truth, LongTensor labels, RandomStream random)
    {
        var known = Space.Known(truth);
        var length = 1 + random.NextInt(Math.Min(_options.Rollout, Space.Count));
        var asked = known.Known * Tensor.Rand(random, known.Known.Shape).Lt(_options.RandInt);
        var beliefs = Space.Activate(scores);
        var policyLoss = Tensor.Scalar(0f);
        for (var step = 0; step < length; step++)
        {
            var open = known.Known * asked.Detach().Lt(0.5f);
            if (open.Sum().Item() == 0) break;
            var wanted = AskNext(h, scores, At(beliefs, known.Values, asked), asked).MaskedFill(open.LogicalNot(), Closed);
            policyLoss += wanted.CrossEntropy(Best(h, scores, beliefs, known.Values, asked, open, labels)) * (1f / length);
            var (drawn, _) = GradientEstimators.Gumbel(wanted, 1f, hard: true, random);
            asked += drawn * open; // nothing where nothing is open
        }
        var end = _decoder!.Forward(Emit(h, scores, At(beliefs, known.Values, asked))).CrossEntropy(labels);
        return (end, policyLoss, MathF.Pow(_options.Discount, length));
    }

    private Tensor AskNext(Features h, Tensor scores, ConceptValues put, Tensor asked) => Policy.Forward(Tensor.Cat([Emit(h, scores, put), asked], 1));

    // Beliefs moved to the truth as far as concepts are asked; a gradient flows to what is asked.
    private ConceptValues At(Tensor beliefs, Tensor truth, Tensor asked) =>
        new(beliefs + (asked.MatMul(_spread) * (truth - beliefs)), Tensor.Ones(asked.Size(0), Space.Count));

    // The open concept whose truth raises the true class most; −100, which the loss leaves out, where none is open.
    private LongTensor Best(Features h, Tensor scores, Tensor beliefs, Tensor truth, Tensor asked, Tensor open, LongTensor labels)
    {
        using var noGrad = new NoGrad();
        var (rows, count) = (asked.Size(0), Space.Count);
        var (best, value) = (new long[rows], new float[rows]);
        Array.Fill(best, -100);
        for (var j = 0; j < count; j++)
        {
            using var scope = new TensorScope("ask");
            var also = asked.Clone();
            for (var i = 0; i < rows; i++) also.Data[(i * count) + j] = 1;
            var logs = _decoder!.Forward(Emit(h, scores, At(beliefs, truth, also))).LogSoftmax(-1);
            for (var i = 0; i < rows; i++)
            {
                if (open.Data[(i * count) + j] == 0) continue;
                var p = logs.Data[(i * logs.Size(1)) + (int)labels.Data[i]];
                if (best[i] >= 0 && p <= value[i]) continue;
                (best[i], value[i]) = (j, p);
            }
        }
        return LongTensor.Over(best);
    }
}
