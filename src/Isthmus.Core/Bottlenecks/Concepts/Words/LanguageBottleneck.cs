using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="LanguageBottleneck"/> is made of.</summary>
public sealed record LanguageOptions
{
    /// <summary>Where the candidates lie.</summary>
    [Option("a .npy file of candidate concepts' embeddings, [concepts, features]; empty for the features themselves")]
    public string Bank { get; init; } = "";

    /// <summary>What they are called.</summary>
    [Option("their names; empty for the lines of the .txt file beside it, or numbers")]
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Where classes lie.</summary>
    [Option("a .npy file of class embeddings, [classes, features], by which concepts tell classes apart; empty for coverage alone")]
    public string Classes { get; init; } = "";

    /// <summary>How many concepts pass.</summary>
    [Option("concepts that pass; without a bank no more than features", Min = 1, Max = 65536)]
    public int Count { get; init; } = 16;

    /// <summary>Whether each class has its own concepts.</summary>
    [Option("whether classes take turns, each choosing out of its own pool")]
    public bool PerClass { get; init; }

    /// <summary>Candidates of a class.</summary>
    [Option("candidates of a class, where classes choose: those that speak for it most", Min = 1, Max = 1 << 20)]
    public int Pool { get; init; } = 100;

    /// <summary>Weight of discriminability.</summary>
    [Option("weight of how well a concept tells classes apart", Min = 0)]
    public double Discriminability { get; init; } = 1;

    /// <summary>Weight of coverage.</summary>
    [Option("weight of how well the chosen stand for all candidates", Min = 0)]
    public double Coverage { get; init; } = 1;

    /// <summary>How sharp classes are told apart.</summary>
    [Option("temperature of the softmax over a concept's similarities with classes; 0 for their shares, as in the paper", Min = 0)]
    public double Temperature { get; init; } = 0.1;

    /// <summary>What two candidates may be similar.</summary>
    [Option("cosine above which the later of two candidates is dropped before the choice", Min = 0, Max = 1)]
    public double LargestSimilarity { get; init; } = 1;

    /// <summary>Whether means go.</summary>
    [Option("whether the means of features and of candidates are taken away first (the modality gap)")]
    public bool Centre { get; init; } = true;

    /// <summary>What cosines are multiplied by.</summary>
    [Option("what cosines are multiplied by on their way to the head; edits are in cosines", Min = 0, AboveMin = true)]
    public float Scale { get; init; } = 10;
}

/// <summary>
/// LaBo: cosines of the features with a few concepts of a bank, chosen by <see cref="SubmodularSelection"/>, and nothing else (Yang et al., "Language in a
/// Bottle", 2023). Features are embeddings of the space in which the concepts lie; what learns is the head alone.
/// </summary>
public sealed class LanguageBottleneck : ConceptBottleneck
{
    private readonly LanguageOptions _options;
    private readonly Tensor _directions, _mean;

    /// <summary>A bottleneck of the chosen concepts.</summary>
    /// <param name="features">How many numbers enter.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="bank">The candidates, of that width; null for the features themselves.</param>
    /// <param name="classes">[classes, features]: names' embeddings or class means; null for coverage alone.</param>
    /// <exception cref="InputException">Widths differ, or classes are to choose and there are none.</exception>
    public LanguageBottleneck(int features, LanguageOptions options, ConceptBank? bank = null, Tensor? classes = null)
        : this(features, options ?? throw new ArgumentNullException(nameof(options)), Chosen(features, options, bank, classes))
    {
    }

    private LanguageBottleneck(int features, LanguageOptions options, (IReadOnlyList<string> Names, Tensor Directions) chosen) : base(ConceptNames.Space(chosen.Names, options.Scale), 0, 0, null)
    {
        Setting.Require(options.Scale > 0 && float.IsFinite(options.Scale), "scale", "a number above 0", options.Scale);
        _options = options;
        _directions = AddBuffer("directions", chosen.Directions);
        _mean = AddBuffer("mean", Tensor.Zeros(1, features));
    }

    /// <summary>A bottleneck that gets its concepts from a stored model.</summary>
    public static LanguageBottleneck ToLoad(int features, LanguageOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var count = options.Bank.Length == 0 ? Math.Min(options.Count, features) : options.Count;
        return new(features, options, ([.. Enumerable.Range(0, count).Select(i => FormattableString.Invariant($"concept {i}"))], Tensor.Zeros(count, features)));
    }

    /// <summary>The chosen concepts' directions, [concepts, features].</summary>
    public Tensor Directions => _directions;

    /// <inheritdoc/>
    public override bool Annotated => false;

    /// <inheritdoc/>
    public override int OutputWidth => Space.Width;

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(32.0 * Space.Width);

    /// <inheritdoc/>
    public override Tensor Scores(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        return GradientEstimators.UnitRows(h.Single - _mean).MatMul(_directions, transposeOther: true) * _options.Scale;
    }

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put) => put is null ? scores : Space.Put(scores, put);

    /// <summary>Finds the mean of the features.</summary>
    public override void Prepare(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        if (!_options.Centre) return;
        using var noGrad = new NoGrad();
        var sums = new double[_mean.Size(1)];
        long rows = 0;
        foreach (var h in training)
        {
            var x = h.Single;
            for (var i = 0; i < x.Numel; i++) sums[i % sums.Length] += x.Data[i];
            rows += x.Size(0);
        }
        if (rows == 0) return;
        for (var i = 0; i < sums.Length; i++) _mean.Data[i] = (float)(sums[i] / rows);
    }

    /// <summary>The concepts' names.</summary>
    public override byte[] FrozenTables => ConceptNames.ToBytes(Space);

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables) => Space = ConceptNames.Parse(tables, Space.Count, _options.Scale);

    private static (IReadOnlyList<string> Names, Tensor Directions) Chosen(int features, LanguageOptions options, ConceptBank? bank, Tensor? classes)
    {
        Setting.Require(options.Temperature >= 0, "temperature", "at least 0", options.Temperature);
        Setting.Require(options.Count >= 1, "count", "at least 1", options.Count);
        Setting.Refuse(options.PerClass && classes is null, "per_class: there are no classes to choose", "name their embeddings: classes");
        IReadOnlyList<string> names = bank is null ? [.. Enumerable.Range(0, features).Select(i => FormattableString.Invariant($"feature {i}"))] : [.. bank.Concepts.Select(c => c.Name)];
        if (bank is not null && bank.Vectors.Size(1) != features) throw new InputException($"bottleneck.bank: embeddings of {bank.Vectors.Size(1)} numbers, and {features} enter", "concepts lie in the space of the features: take encoder: identity for embeddings");
        if (classes is not null && (classes.Dim != 2 || classes.Size(1) != features)) throw new InputException($"bottleneck.classes: [classes, {features}] is expected, not {Shapes.Text(classes.Shape)}");
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("choice");
        var directions = bank is null ? Tensor.Eye(features) : Directed(bank.Vectors, options.Centre);
        var similarity = directions.MatMul(directions, transposeOther: true);
        var kept = options.LargestSimilarity < 1 ? SubmodularSelection.Distinct(similarity, options.LargestSimilarity) : [.. Enumerable.Range(0, names.Count)];
        if (bank is not null && kept.Length < options.Count) throw new InputException(FormattableString.Invariant($"bottleneck.count: {options.Count} concepts of {kept.Length} candidates"), "take fewer, or a larger bank, or a larger largest_similarity");
        var told = classes is null ? null : Directed(classes, options.Centre).MatMul(directions, transposeOther: true);
        var scores = told is null ? new double[names.Count] : SubmodularSelection.Discriminability(told, options.Temperature);
        var weights = new SelectionOptions { Discriminability = options.Discriminability, Coverage = options.Coverage };
        var chosen = options.PerClass ? ByTurns(told!, scores, similarity, kept, options, weights) : SubmodularSelection.Greedy(scores, similarity, options.Count, weights, kept).Concepts;
        return ([.. chosen.Select(c => names[c])], directions.IndexSelect(0, LongTensor.From([.. chosen], chosen.Count)).Unscoped());
    }

    // Rows of length 1, about their mean where asked.
    private static Tensor Directed(Tensor rows, bool centre) => GradientEstimators.UnitRows(centre && rows.Size(0) > 1 ? rows.Detach() - rows.Detach().Mean(0, keepdim: true) : rows.Detach());

    // Each class's best that is not chosen yet, class after class; then the best of all.
    private static List<int> ByTurns(Tensor told, double[] scores, Tensor similarity, int[] kept, LanguageOptions options, SelectionOptions weights)
    {
        var pools = SubmodularSelection.Pools(told, options.Pool, options.Temperature).Select(p => p.Intersect(kept).ToArray()).ToArray();
        var queues = SubmodularSelection.PerClass(scores, similarity, pools, options.Count, weights).Select(c => new Queue<int>(c.Concepts)).ToArray();
        var chosen = new List<int>();
        while (chosen.Count < options.Count && queues.Any(q => q.Count > 0))
            foreach (var queue in queues)
            {
                while (queue.Count > 0 && chosen.Contains(queue.Peek())) queue.Dequeue();
                if (queue.Count > 0 && chosen.Count < options.Count) chosen.Add(queue.Dequeue());
            }
        int[] rest = [.. kept.Except(chosen)];
        return [.. chosen, .. SubmodularSelection.Greedy(scores, similarity, options.Count - chosen.Count, weights, rest).Concepts];
    }
}
