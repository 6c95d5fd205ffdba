using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>A bottleneck that recipes can name.</summary>
/// <param name="Name">As it is written: <c>bottleneck.type</c> and <c>--bottleneck</c>.</param>
/// <param name="Summary">One line, in lower case.</param>
/// <param name="OptionsType">A record whose properties, annotated by <see cref="OptionAttribute"/>, can be set in recipes.</param>
/// <param name="Create">Builds it from its place, its options and a stream for the initial weights.</param>
public sealed record BottleneckEntry(string Name, string Summary, Type OptionsType, Func<Site, object, RandomStream, Bottleneck> Create)
    : RegistryEntry(Name, Summary, OptionsType)
{
    /// <summary>Whether maps [channels, height, width] may enter; to others they are given as vectors.</summary>
    public bool TakesMaps { get; init; }

    /// <summary>Whether it is built over annotated concepts, which the data have to name.</summary>
    public bool NeedsConcepts { get; init; }

    /// <summary>Whether only maps may enter, so that images are encoded to maps where the recipe names no encoder.</summary>
    public bool NeedsMaps { get; init; }

    /// <summary>An entry whose options have a type.</summary>
    public static BottleneckEntry Of<TOptions>(string name, string summary, Func<Site, TOptions, RandomStream, Bottleneck> create) =>
        new(name, summary, typeof(TOptions), (site, options, random) => create(site, (TOptions)options, random));
}

/// <summary>Options of <see cref="LinearBottleneck"/>.</summary>
public sealed record LinearBottleneckOptions
{
    /// <summary>Numbers that pass.</summary>
    [Option("numbers that pass", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 32;
}

/// <summary>Bottlenecks by name. A new one is one more line here.</summary>
public static class BottleneckRegistry
{
    /// <summary>In the order in which they are listed.</summary>
    public static IReadOnlyList<BottleneckEntry> Entries { get; } =
    [
        BottleneckEntry.Of<NoOptions>("identity", "no bottleneck: everything passes", (site, _, _) => new IdentityBottleneck(site.Size)),
        BottleneckEntry.Of<LinearBottleneckOptions>("linear", "a narrow linear layer", (site, o, random) => new LinearBottleneck(site.Size, o.Latent, random)),
        BottleneckEntry.Of<NoiseOptions>("noise", "a linear code with Gaussian noise; the rate is the pairwise bound of a batch (Kolchinsky et al. 2019)",
            (site, o, random) => new NoiseBottleneck(site.Size, o, random)),
        BottleneckEntry.Of<InformationDropoutOptions>("dropout", "information dropout: multiplicative noise that depends on the input (Achille and Soatto 2018)",
            (site, o, random) => new InformationDropout(site.Size, o, random)),
        BottleneckEntry.Of<VibOptions>("vib", "the variational information bottleneck: a Gaussian code and its divergence to a prior (Alemi et al. 2017)",
            (site, o, random) => new VariationalBottleneck(site.Size, o, random, [.. site.InputShape])),
        BottleneckEntry.Of<VqOptions>("vq", "vector quantisation: the nearest codes of learned codebooks (van den Oord et al. 2017)",
            (site, o, random) => new VectorQuantizer(site.Shape, o, random)) with { TakesMaps = true },
        BottleneckEntry.Of<RvqOptions>("rvq", "residual vector quantisation: codes on what codes left (Zeghidour et al. 2021)",
            (site, o, random) => new ResidualQuantizer(site.Shape, o, random)) with { TakesMaps = true },
        BottleneckEntry.Of<GvqOptions>("gvq", "grouped residual vector quantisation: groups of numbers with codebooks of their own (Yang et al. 2023)",
            (site, o, random) => new GroupedQuantizer(site.Shape, o, random)) with { TakesMaps = true },
        BottleneckEntry.Of<UniTokOptions>("unitok", "multi-codebook tokens: chunks of a unit vector, each with a small codebook (Ma et al. 2025)",
            (site, o, random) => new MultiCodebookTokenizer(site.Shape, o, random)) with { TakesMaps = true },
        BottleneckEntry.Of<SpatialConceptOptions>("sl-cbm", "concepts with a place: a map of each, sparse and local, pooled by attention (SL-CBM 2026)",
            (site, o, random) => new SpatialConceptLayer(site.Shape, ConceptSpaces.Of(site), o, random, o.Balance ? ConceptSpaces.StateWeights(site) : null)) with { TakesMaps = true, NeedsMaps = true, NeedsConcepts = true },
        BottleneckEntry.Of<ConceptSlotOptions>("concept-slots", "concepts that slot attention fills from each picture, and places that attend to them (Hong et al. 2023)",
            (site, o, random) => new ConceptSlots(site.Shape, ConceptSpaces.Of(site), o, random)) with { TakesMaps = true, NeedsMaps = true, NeedsConcepts = true },
        BottleneckEntry.Of<FsqOptions>("fsq", "finite scalar quantisation: a few levels in each of a few dimensions (Mentzer et al. 2024)",
            (site, o, random) => new FiniteScalarQuantizer(site.Size, o, random)),
        BottleneckEntry.Of<ResidualFsqOptions>("rfsq", "residual finite scalar quantisation: stages of ever finer grids (Mentzer et al. 2024, Zeghidour et al. 2021)",
            (site, o, random) => new ResidualFsq(site.Size, o, random)),
        BottleneckEntry.Of<LfqOptions>("lfq", "lookup-free quantisation: signs, with an entropy loss over all codes (Yu et al. 2024)",
            (site, o, random) => new LookupFreeQuantizer(site.Size, o, random)),
        BottleneckEntry.Of<BsqOptions>("bsq", "binary spherical quantisation: signs of a vector on the sphere (Zhao et al. 2025)",
            (site, o, random) => new BinarySphericalQuantizer(site.Size, o, random)),
        BottleneckEntry.Of<SimVqOptions>("simvq", "a frozen table under one learned linear map (Zhu et al. 2025)", (site, o, random) => new SimVq(site.Size, o, random)),
        BottleneckEntry.Of<VqganLcOptions>("vqgan-lc", "frozen features as a codebook, with a trained projector (Zhu et al. 2024)", (site, o, random) => new VqganLc(site.Size, o, random)),
        BottleneckEntry.Of<IbqOptions>("ibq", "index backpropagation: every code learns from every row (Shi et al. 2025)", (site, o, random) => new IndexBackpropagation(site.Size, o, random)),
        BottleneckEntry.Of<LatentQuantizerOptions>("latent", "latent quantisation: the nearest of a few learned values in each dimension (Hsu et al. 2023)",
            (site, o, random) => new LatentQuantizer(site.Size, o, random)),
        BottleneckEntry.Of<FspOptions>("fsp", "finite scalar perturbation: equal cells of a distribution function (Zhai et al. 2026)",
            (site, o, random) => new FiniteScalarPerturbation(site.Size, o, random)),
        BottleneckEntry.Of<VpVaeOptions>("vp-vae", "perturbed vectors in training, a k-means codebook afterwards (Zhai et al. 2026)",
            (site, o, random) => new VectorPerturbation(site.Size, o, random)),
        BottleneckEntry.Of<DkvbOptions>("dkvb", "the discrete key-value bottleneck: frozen keys, local values (Träuble et al. 2023)",
            (site, o, random) => new DiscreteKeyValue(site.Size, o, random)),
        BottleneckEntry.Of<CodebookFeaturesOptions>("codebook", "codebook features: the sum of the most similar codes (Tamkin et al. 2024)",
            (site, o, random) => new CodebookFeatures(site.Size, o, random)),
        BottleneckEntry.Of<L1Options>("sae-l1", "a sparse autoencoder with an L1 penalty on what features add (Bricken et al. 2023)",
            (site, o, random) => new L1Autoencoder(site.Size, o, random)),
        BottleneckEntry.Of<TopKOptions>("sae-topk", "a sparse autoencoder of the k largest features (Gao et al. 2024)", (site, o, random) => new TopKAutoencoder(site.Size, o, random)),
        BottleneckEntry.Of<BatchTopKOptions>("sae-batchtopk", "a sparse autoencoder of the k B largest features of a batch, with a threshold afterwards (Bussmann et al. 2024)",
            (site, o, random) => new BatchTopKAutoencoder(site.Size, o, random)),
        BottleneckEntry.Of<JumpReluOptions>("sae-jumprelu", "a sparse autoencoder with learned thresholds and a penalty on their number (Rajamanoharan et al. 2024)",
            (site, o, random) => new JumpReluAutoencoder(site.Size, o, random)),
        BottleneckEntry.Of<GatedOptions>("sae-gated", "a sparse autoencoder that decides apart which features are active (Rajamanoharan et al. 2024)",
            (site, o, random) => new GatedAutoencoder(site.Size, o, random)),
        BottleneckEntry.Of<MatryoshkaOptions>("sae-matryoshka", "a sparse autoencoder whose first features have to do alone too (Bussmann et al. 2025)",
            (site, o, random) => new MatryoshkaAutoencoder(site.Size, o, random)),
        BottleneckEntry.Of<ConceptOptions>("concept", "named concepts, hard, as probabilities or as logits, and a head on them (Koh et al. 2020)",
            (site, o, random) => new ConceptLayer(site.Size, ConceptSpaces.Of(site), o, random, o.Balance ? ConceptSpaces.StateWeights(site) : null)) with { NeedsConcepts = true },
        BottleneckEntry.Of<ConceptEmbeddingOptions>("cem", "an embedding for each concept, blended by its probability (Espinosa Zarlenga et al. 2022)",
            (site, o, random) => new ConceptEmbedding(site.Size, ConceptSpaces.Of(site), o, random, o.Balance ? ConceptSpaces.StateWeights(site) : null)) with { NeedsConcepts = true },
        BottleneckEntry.Of<InterventionAwareOptions>("intcem", "concept embeddings that learn to be asked about, and what to ask (Espinosa Zarlenga et al. 2023)",
            (site, o, random) => new InterventionAwareEmbedding(site.Size, ConceptSpaces.Of(site), o, random, o.Balance ? ConceptSpaces.StateWeights(site) : null)) with { NeedsConcepts = true },
        BottleneckEntry.Of<MinimalConceptOptions>("mcbm", "concepts drawn to what they alone would say, so that nothing else passes (Minimal Concept Bottleneck Models 2026)",
            (site, o, random) => new MinimalConcepts(site.Size, ConceptSpaces.Of(site), o, random, o.Balance ? ConceptSpaces.StateWeights(site) : null)) with { NeedsConcepts = true },
        BottleneckEntry.Of<MultitaskOptions>("multitask", "no bottleneck: all features pass, and concepts are learned beside the answer (Caruana 1997)",
            (site, o, random) => new MultitaskConcepts(site.Size, ConceptSpaces.Of(site), o, random, o.Balance ? ConceptSpaces.StateWeights(site) : null)) with { NeedsConcepts = true },
        BottleneckEntry.Of<PosthocOptions>("pcbm", "features of a network as it is, projected onto concept vectors that are fitted or given (Yuksekgonul et al. 2023)",
            (site, o, _) => new PosthocConcepts(site.Size, GivenConcepts.Space(site, o.Bank, o.Names), o, GivenConcepts.Bank(site, o))) with { NeedsConcepts = true },
        BottleneckEntry.Of<PosthocResidualOptions>("pcbm-h", "the same, and a linear residual that says what the concepts leave out (Yuksekgonul et al. 2023)",
            (site, o, _) => new PosthocResidual(site.Size, GivenConcepts.Space(site, o.Bank, o.Names), site.Task == RunTask.Classification ? site.OutputSize : 0, o, GivenConcepts.Bank(site, o))) with { NeedsConcepts = true },
        BottleneckEntry.Of<LabelFreeConceptsOptions>("lf-cbm", "features of a network as it is, projected to behave like similarities to concepts (Oikarinen et al. 2023)",
            (site, o, _) => new LabelFreeConcepts(site.Size, GivenConcepts.Space(site, o.Similarity, o.Names), o, GivenConcepts.Similarity(site, o))) with { NeedsConcepts = true },
        BottleneckEntry.Of<LanguageOptions>("labo", "cosines with a few concepts of a bank, chosen submodularly (Yang et al. 2023)", (site, o, _) => GivenConcepts.Language(site, o)),
        BottleneckEntry.Of<DiscoveredOptions>("dn-cbm", "features of a sparse autoencoder as concepts, named by the nearest words (Rao et al. 2024)",
            (site, o, random) => new DiscoveredConcepts(site.Size, o, random, GivenConcepts.Bank(site, o))),
        BottleneckEntry.Of<EnergyOptions>("ecbm", "concepts and class under one energy: a concept put by hand moves the others (Xu et al. 2024)", Energies) with { NeedsConcepts = true },
        BottleneckEntry.Of<EntropicOptions>("entropic", "rounded numbers under a learned factorised prior (Ballé et al. 2018, Matsubara et al. 2022)",
            (site, o, random) => new EntropicBottleneck(site.Size, o, random)),
        BottleneckEntry.Of<HyperpriorOptions>("hyperprior", "rounded numbers whose scales are sent first (Ballé et al. 2018)",
            (site, o, random) => new ScaleHyperprior(site.Size, o, random)),
        BottleneckEntry.Of<PcaOptions>("pca", "principal components, one step and static tables: the baseline beside learned codes (Hotelling 1933)",
            (site, o, _) => new PcaBottleneck(site.Size, o)),
    ];

    /// <summary>The entry with a name.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static BottleneckEntry Find(string name) => Registries.Find("bottleneck", name, Entries);

    private static EnergyConceptBottleneck Energies(Site site, EnergyOptions options, RandomStream random) => site is { Task: RunTask.Classification, Schema.Target: { Classes.Count: > 0 } target }
        ? new EnergyConceptBottleneck(site.Size, ConceptSpaces.Of(site), target.Classes, options, random, target.Names[0])
        : throw new InputException("bottleneck.type ecbm: an energy sums over classes, and the target is not one of classes", "take --bottleneck concept for numbers");
}
