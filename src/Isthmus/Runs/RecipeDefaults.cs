using Isthmus.Bottlenecks;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>
/// What is chosen where a recipe says nothing, by the kind and size of the data. The figures behind the choices are those of the
/// guide's measurements: MNIST and California Housing with seeds apart from the ones that are reported.
/// </summary>
public static class RecipeDefaults
{
    private const int MostPixelsForMlp = 1024;

    /// <summary>A recipe with every part that is null chosen.</summary>
    public static Recipe Complete(Recipe recipe, Schema schema)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(schema);
        var task = Model.TaskOf(schema);
        if (recipe.Bottleneck is null && recipe.Data.Concepts is not null && task is (RunTask.Classification or RunTask.Regression)) recipe = recipe with { Bottleneck = new Choice("concept", new ConceptOptions()) };
        if (recipe.Bottleneck?.Type == "pca") recipe = Pca(recipe, schema, task);
        if (recipe.Bottleneck is { Options: PosthocOptions or LabelFreeConceptsOptions } projected)
            recipe = recipe with { Bottleneck = GivenConcepts.Named(projected), Encoder = recipe.Encoder ?? new Choice("identity", new NoOptions()), Decoder = recipe.Decoder ?? new Choice(task == RunTask.Classification ? "sparse" : "linear", task == RunTask.Classification ? new SparseHeadOptions() : new NoOptions()) };
        // Concepts in the space of the data's own numbers.
        if (recipe.Bottleneck is { Options: LanguageOptions or DiscoveredOptions } words)
            recipe = recipe with { Bottleneck = GivenConcepts.Named(words), Encoder = recipe.Encoder ?? new Choice("identity", new NoOptions()), Decoder = recipe.Decoder ?? new Choice("linear", new NoOptions()) };
        var encoder = recipe.Encoder ?? (schema.Kind == DataKind.Images && recipe.Bottleneck is { } on && BottleneckRegistry.Find(on.Type).NeedsMaps ? new Choice("conv", new ConvOptions { Width = 0 }) : Encoder(schema));
        // Written out, so that whoever edits the recipe sees what may be asked for and what it costs.
        if (OnConcepts(recipe)) recipe = recipe with { Data = recipe.Data with { Costs = Costs(recipe.Data.Costs, schema) } };
        if (recipe.Bottleneck?.Options is ConceptOptions concepts && recipe.Phases.Count == 0) recipe = recipe with { Phases = Phases(concepts) };
        return recipe with
        {
            Name = recipe.Name.Length > 0 ? recipe.Name : NameOf(recipe, schema),
            Encoder = encoder,
            Bottleneck = recipe.Bottleneck ?? new Choice("vib", Vib(schema, task)),
            Decoder = recipe.Decoder ?? (OnConcepts(recipe) ? new Choice(recipe.Bottleneck!.Options is EnergyOptions ? "identity" : "linear", new NoOptions()) : Decoder(encoder, schema, task)),
            Objective = recipe.Objective ?? Objective(schema, task),
        };
    }

    /// <summary>How long and with which steps a network is trained where only data are given.</summary>
    /// <param name="schema">Of the data.</param>
    /// <param name="rows">Training rows.</param>
    public static TrainingRecipe Training(Schema schema, int rows)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (schema.Kind == DataKind.Text) return new TrainingRecipe { Batch = 32, Epochs = Math.Clamp(2000 * 32 / Math.Max(1, rows), 2, 200), Schedule = "cosine", LearningRate = 3e-3, Warmup = 50, ClipNorm = 1 };
        if (schema.Kind == DataKind.Images) return new TrainingRecipe { Batch = 100, Epochs = Epochs(rows, 100, 1440, 20), Schedule = "cosine", LearningRate = 2e-3 };
        return new TrainingRecipe { Batch = 128, Epochs = Epochs(rows, 128, 6000, 60), Schedule = "cosine", LearningRate = 2e-3 };
    }

    // Enough epochs for so many steps, and not more than that many for data that are large anyway.
    private static int Epochs(int rows, int batch, int steps, int least) => Math.Clamp(steps * batch / Math.Max(1, rows), least, 400);

    private static Choice Encoder(Schema schema)
    {
        if (schema is { Kind: DataKind.Images, FeatureShape: [var channels, var height, var width] })
            return channels == 1 && height * width <= MostPixelsForMlp ? new Choice("mlp", new MlpEncoderOptions { Widths = [512, 512] }) : new Choice("conv", new ConvOptions());
        if (schema.Kind == DataKind.Text) return new Choice("transformer", new TransformerOptions { Width = 64, FeedForward = 256, Causal = true, Pool = "all" });
        var size = schema.FeatureShape.Aggregate(1, (a, b) => a * b);
        return new Choice("mlp", size > 64 ? new MlpEncoderOptions { Widths = [256, 256] } : new MlpEncoderOptions { Widths = [128, 128, 128], Activation = "silu" });
    }

    private static SortedDictionary<string, double> Costs(IReadOnlyDictionary<string, double> given, Schema schema)
    {
        foreach (var name in given.Keys)
            if (schema.Concepts.All(c => c.Name != name)) throw Suggest.Unknown("concept of data.costs", name, schema.Concepts.Select(c => c.Name));
        return new SortedDictionary<string, double>(schema.Concepts.ToDictionary(c => c.Name, c => given.TryGetValue(c.Name, out var cost) ? cost : 1), StringComparer.Ordinal);
    }

    // A head that a person can read: its weights are what each concept says for each class. An energy's answer is what passes.
    private static bool OnConcepts(Recipe recipe) => recipe.Bottleneck?.Options is ConceptOptions or ConceptEmbeddingOptions or InterventionAwareOptions or MinimalConceptOptions or MultitaskOptions or EnergyOptions or SpatialConceptOptions or ConceptSlotOptions;

    // A head alone is a convex problem of a few weights, which larger steps solve in as many epochs.
    private const double HeadRate = 0.02;

    private static PhaseRecipe[] Phases(ConceptOptions concepts) => concepts.Scheme == ConceptScheme.Joint ? [] :
    [
        new PhaseRecipe { Name = "concepts", Train = ["encoder", "bottleneck"], Weights = new SortedDictionary<string, double> { ["task"] = 0 } },
        new PhaseRecipe { Name = "head", Train = ["decoder"], TrueConcepts = concepts.Scheme == ConceptScheme.Independent, LearningRate = HeadRate, Weights = new SortedDictionary<string, double> { ["concepts"] = 0 } },
    ];

    // Components are fitted to the rows themselves, and what is rebuilt from them is the answer or enters a network as the row would.
    private static Recipe Pca(Recipe recipe, Schema schema, RunTask task) => recipe with
    {
        Encoder = recipe.Encoder ?? new Choice("identity", new NoOptions()),
        Decoder = recipe.Decoder ?? (task == RunTask.Reconstruction ? new Choice("identity", new NoOptions())
            : new Choice("mlp", Encoder(schema).Options is MlpOptions o ? Mirror(o, o.Widths) : new MlpOptions())),
        Objective = recipe.Objective ?? (task == RunTask.Reconstruction ? ObjectiveRegistry.Find("mse", task).Default : null),
    };

    private static VibOptions Vib(Schema schema, RunTask task) => (schema.Kind, task) switch
    {
        (DataKind.Images, RunTask.Classification) => new VibOptions { Latent = 32, Beta = 1e-2f },
        (DataKind.Images, _) => new VibOptions { Latent = 32, Beta = 1f },
        (DataKind.Text, _) => new VibOptions { Latent = 32, Beta = 1e-2f },
        (_, RunTask.Classification) => new VibOptions { Latent = 8, Beta = 1e-2f },
        (_, RunTask.Reconstruction) => new VibOptions { Latent = 8, Beta = 0.1f },
        _ => new VibOptions { Latent = 8, Beta = 1e-2f },
    };

    private static Choice Decoder(Choice encoder, Schema schema, RunTask task)
    {
        if (task != RunTask.Reconstruction)
            return schema.Kind is DataKind.Images or DataKind.Text ? new Choice("linear", new NoOptions()) : new Choice("mlp", new MlpOptions { Widths = [64] });
        return encoder.Options switch
        {
            ConvOptions o => new Choice("deconv", new DeconvOptions { Channels = [.. o.Channels.Reverse()], Kernel = o.Kernel, Stride = o.Stride, Padding = o.Padding, Activation = o.Activation }),
            MlpOptions o => new Choice("mlp", Mirror(o, [.. o.Widths.Reverse()])),
            ResidualOptions o when schema.Kind != DataKind.Images => new Choice("residual", new ResidualOptions { Widths = [.. o.Widths.Reverse()], Activation = o.Activation, Norm = o.Norm, Dropout = o.Dropout }),
            RecurrentOptions o when schema.Kind == DataKind.Series => new Choice(encoder.Type, new RecurrentDecoderOptions { Hidden = o.Hidden, Layers = o.Layers }),
            TransformerOptions o when schema.Kind == DataKind.Series => new Choice("transformer", new TransformerDecoderOptions { Width = o.Width, Heads = o.Heads, Layers = o.Layers, FeedForward = o.FeedForward, Dropout = o.Dropout }),
            _ => new Choice("linear", new NoOptions()),
        };
    }

    private static MlpOptions Mirror(MlpOptions o, IReadOnlyList<int> widths) => new() { Widths = widths, Activation = o.Activation, Norm = o.Norm, Dropout = o.Dropout };

    private static Choice Objective(Schema schema, RunTask task) => task == RunTask.Reconstruction && schema.Kind == DataKind.Images
        ? new Choice("bernoulli", new NoOptions())
        : ObjectiveRegistry.Entries.First(e => e.Tasks.Contains(task)).Default;

    private static string NameOf(Recipe recipe, Schema schema)
    {
        var source = GeneratorCatalogue.IsGenerator(recipe.Data.Source) ? recipe.Data.Source[GeneratorCatalogue.Prefix.Length..].Split(',')[0] : Path.GetFileNameWithoutExtension(recipe.Data.Source.TrimEnd('/', '\\'));
        var name = new string([.. $"{source}-{recipe.Bottleneck?.Type ?? "vib"}".Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? char.ToLowerInvariant(c) : '-')]).Trim('-');
        return name.Length > 0 ? name[..Math.Min(60, name.Length)] : OptionModel.Word(schema.Kind.ToString());
    }
}
