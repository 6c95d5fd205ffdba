using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What <see cref="DiscoveredConcepts"/> are made of.</summary>
public sealed record DiscoveredOptions
{
    /// <summary>Features of the dictionary.</summary>
    [Option("features of the dictionary, each a concept", Min = 1, Max = 1 << 16)]
    public int Features { get; init; } = 64;

    /// <summary>Features that are active at a time.</summary>
    [Option("features that are active at a time, at most", Min = 1, Max = 1 << 16)]
    public int Active { get; init; } = 8;

    /// <summary>Weight of the dictionary's losses.</summary>
    [Option("weight of the dictionary's own losses", Min = 0)]
    public float Dictionary { get; init; } = 1;

    /// <summary>Steps after which a feature is dead.</summary>
    [Option("steps without being active after which a feature is dead and learns from what the others left", Unit = "steps", Min = 1, Max = 1 << 24)]
    public int DeadAfter { get; init; } = 100;

    /// <summary>Where words lie.</summary>
    [Option("a .npy file of word embeddings, [words, features], by which features are named; empty for numbers")]
    public string Bank { get; init; } = "";

    /// <summary>The words.</summary>
    [Option("their names; empty for the lines of the .txt file beside it, or numbers")]
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Whether means go.</summary>
    [Option("whether the mean of the words is taken away before they name features (the modality gap)")]
    public bool Centre { get; init; } = true;
}

/// <summary>
/// DN-CBM: the features of a sparse autoencoder as concepts, named after training by the words nearest to their directions (Rao et al.,
/// "Discover-then-Name", 2024). The dictionary learns to rebuild what enters, without labels, and nothing of the task reaches it or the encoder.
/// </summary>
public sealed class DiscoveredConcepts : ConceptBottleneck
{
    private readonly DiscoveredOptions _options;
    private readonly ConceptBank? _bank;
    private IReadOnlyList<FeatureName> _found = [];

    /// <summary>A dictionary over a number of features.</summary>
    /// <param name="features">How many numbers enter.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="random">For the initial weights.</param>
    /// <param name="bank">The words, of that width; null for numbers as names.</param>
    public DiscoveredConcepts(int features, DiscoveredOptions options, RandomStream random, ConceptBank? bank = null)
        : base(ConceptNames.Space(Enumerable.Range(0, Math.Max(1, (options ?? throw new ArgumentNullException(nameof(options))).Features)).Select(i => FormattableString.Invariant($"feature {i}"))), 0, 0, null)
    {
        Setting.Require(options.Dictionary >= 0, "dictionary", "at least 0", options.Dictionary);
        if (bank is not null && bank.Vectors.Size(1) != features) throw new InputException($"bottleneck.bank: embeddings of {bank.Vectors.Size(1)} numbers, and {features} enter", "words lie in the space of the features: take encoder: identity for embeddings");
        if (bank is { Concepts.Count: < 2 }) throw new InputException("bottleneck.bank: one word; at least 2 are expected");
        (_options, _bank) = (options, bank);
        Autoencoder = AddModule("autoencoder", new TopKAutoencoder(features, new TopKOptions { Features = options.Features, Active = options.Active, DeadAfter = options.DeadAfter }, random));
    }

    /// <summary>The dictionary.</summary>
    public TopKAutoencoder Autoencoder { get; }

    /// <summary>What features were named by, with cosines; empty before training, without words, and in a loaded run.</summary>
    public IReadOnlyList<FeatureName> Found => _found;

    /// <inheritdoc/>
    public override bool Annotated => false;

    /// <inheritdoc/>
    public override int OutputWidth => _options.Features;

    /// <inheritdoc/>
    public override Bits? Capacity => Bits.FromBits(32.0 * OutputWidth);

    /// <inheritdoc/>
    public override Tensor Scores(Features h)
    {
        using var noGrad = new NoGrad();
        var (pattern, values) = Autoencoder.Encode(h);
        return pattern.ToDense(values);
    }

    /// <inheritdoc/>
    public override Tensor Emit(Features h, Tensor scores, ConceptValues? put) => put is null ? scores : Space.Put(scores, put);

    /// <inheritdoc/>
    public override void Prepare(IEnumerable<Features> training) => Autoencoder.Prepare(training);

    /// <summary>Names the features by their directions.</summary>
    public override void Freeze(IEnumerable<Features> training)
    {
        if (_bank is null) return;
        _found = FeatureNaming.Name(Autoencoder.Decoder, [.. _bank.Concepts.Select(c => c.Name)], _bank.Vectors, _options.Centre);
        var names = new string[_found.Count];
        // The nearest feature has the word itself, others the word and their number.
        foreach (var word in _found.GroupBy(f => f.Word))
        {
            var nearest = word.OrderByDescending(f => f.Cosine).ThenBy(f => f.Feature).First();
            foreach (var f in word) names[f.Feature] = f == nearest ? f.Name : FormattableString.Invariant($"{f.Name} ({f.Feature})");
        }
        Space = ConceptNames.Space(names.Distinct(StringComparer.Ordinal).Count() == names.Length ? names : names.Select((n, i) => FormattableString.Invariant($"{n} #{i}")));
    }

    /// <summary>The features' names.</summary>
    public override byte[] FrozenTables => ConceptNames.ToBytes(Space);

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables) => Space = ConceptNames.Parse(tables, Space.Count);

    /// <inheritdoc/>
    protected override IEnumerable<Term> Terms(Features h, Tensor scores, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return [];
        return Autoencoder.Pass(h.Single.Detach(), c).Terms.Select(t => t with { Weight = t.Weight * _options.Dictionary });
    }
}
