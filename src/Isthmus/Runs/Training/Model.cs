using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>A network with its objective, as a recipe and a schema describe it.</summary>
public sealed class Model
{
    private const string TablesKey = "tables";
    private const string ObjectivePrefix = "objective.";

    private const string InsertedPrefix = "insert/";

    private Model(Recipe recipe, Schema schema, RunTask task, BottleneckNetwork network, IReadOnlyList<Insertion> insertions, Objective objective, Site decoderSite)
    {
        (Recipe, Schema, Task, Network, Insertions, Objective, Site) = (recipe, schema, task, network, insertions, objective, decoderSite);
    }

    /// <summary>The recipe, every part chosen.</summary>
    public Recipe Recipe { get; }

    /// <summary>How rows become features.</summary>
    public Schema Schema { get; }

    /// <summary>What is asked.</summary>
    public RunTask Task { get; }

    /// <summary>Encoder, bottleneck, decoder.</summary>
    public BottleneckNetwork Network { get; }

    /// <summary>The bottlenecks inside encoder and decoder, in the order of the recipe; each knows its layer's name. Their messages are not part of the bill.</summary>
    public IReadOnlyList<Insertion> Insertions { get; }

    /// <summary>What is minimised.</summary>
    public Objective Objective { get; }

    /// <summary>What enters the decoder and what leaves it.</summary>
    public Site Site { get; }

    /// <summary>How many units, each with a message and an answer of its own, a row is: the tokens of a window of text; otherwise 1.</summary>
    public int Units => Task == RunTask.NextToken ? Schema.Window : 1;

    /// <summary>Whether predictions are logits of numbers in [0, 1].</summary>
    internal bool PredictsLogits => ObjectiveRegistry.Find(Recipe.Objective!.Type, Task).PredictsLogits;

    /// <summary>The task that a schema's target makes.</summary>
    /// <exception cref="InputException">A target that no network here predicts.</exception>
    public static RunTask TaskOf(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return schema.Target switch
        {
            null => RunTask.Reconstruction,
            { Survival: true } => RunTask.Survival,
            { NextToken: true } => RunTask.NextToken,
            { Classes.Count: > 0 } => RunTask.Classification,
            _ => schema.Horizon > 0 ? RunTask.Forecast : RunTask.Regression,
        };
    }

    /// <summary>Builds a network with fresh weights from the recipe's seed.</summary>
    /// <param name="recipe">With every part chosen (<see cref="RecipeDefaults"/>).</param>
    /// <param name="schema">Of the data.</param>
    /// <param name="trainingRows">Rows to learn from; 0 where unknown.</param>
    /// <param name="classCounts">Training rows of each class; null where unknown.</param>
    /// <param name="stateCounts">Training rows of each state of each concept; null where unknown.</param>
    public static Model Build(Recipe recipe, Schema schema, int trainingRows = 0, IReadOnlyList<int>? classCounts = null, IReadOnlyList<int[]>? stateCounts = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(schema);
        var task = TaskOf(schema);
        int[] input = schema.Kind == DataKind.Text ? [schema.Window] : [.. schema.FeatureShape];
        if (input.Length == 0 || input.Contains(0)) throw new InputException($"{recipe.Data.Source}: its rows have no numbers for a network (columns of indices only)");
        var random = new RandomStream(recipe.Seed).Fork("weights");
        var start = new Site
        {
            Shape = input,
            InputShape = input,
            OutputShape = task switch { RunTask.Reconstruction => input, RunTask.Classification or RunTask.NextToken => [schema.Target!.Classes.Count], RunTask.Survival => [1], _ => [OutputsOf(schema)] },
            Task = task,
            Schema = schema,
            TrainingRows = trainingRows,
            ClassCounts = recipe.Training.ClassWeights ? classCounts : null,
            StateCounts = stateCounts,
            Costs = recipe.Data.Costs,
        };
        var first = Registries.Find("encoder", recipe.Encoder!.Type, EncoderRegistry.Entries);
        if (task == RunTask.NextToken && !first.LooksBack)
            throw new InputException($"encoder.type is {first.Name}, which sees a whole window at once; the next token is predicted from those before it", $"for it: {string.Join(", ", EncoderRegistry.Entries.Where(e => e.LooksBack).Select(e => e.Name))}");
        var encoder = first.Create(start, recipe.Encoder.Options, random.Fork("encoder"));
        encoder.Eval(); // so that the shape is found without moving the statistics of norms
        var middle = start with { Shape = ShapeAfter(start.Shape, encoder.Forward) };
        var entry = BottleneckRegistry.Find(recipe.Bottleneck!.Type);
        if (middle.Shape.Count > 1 && !entry.TakesMaps) (encoder, middle) = (new Sequential(encoder, new Flatten()), middle with { Shape = [middle.Size] });
        var bottleneck = entry.Create(middle, recipe.Bottleneck.Options, random.Fork("bottleneck"));
        bottleneck.Attach(encoder);
        var end = start with { Shape = ShapeAfter(middle.Shape, h => bottleneck.Pass(h, new PassContext(PassMode.Mean, new RandomStream(0))).Output) };
        // A residual is added to whatever head the concepts have.
        var residual = (bottleneck as IResidual)?.ResidualWidth ?? 0;
        if (residual > 0) end = end with { Shape = [end.Size - residual] };
        var decoder = Registries.Find("decoder", recipe.Decoder!.Type, DecoderRegistry.Entries).Create(end, recipe.Decoder.Options, random.Fork("decoder"));
        if (residual > 0) decoder = new ResidualSum(decoder, residual);
        var objective = ObjectiveRegistry.Find(recipe.Objective!.Type, task).Create(end, recipe.Objective.Options, random.Fork("objective"));
        var network = new BottleneckNetwork(encoder, bottleneck, decoder);
        return new Model(recipe, schema, task, network, InsertedBottlenecks.Build(network, recipe.Insert, start, random.Fork("insert")), objective, end);
    }

    /// <summary>Network and insertions as they judge: nothing is dropped, drawn or counted.</summary>
    internal void Judge()
    {
        Network.Eval();
        foreach (var insertion in Insertions) (insertion.Training, insertion.Active) = (false, true);
    }

    /// <summary>All that learns in the network, its insertions included.</summary>
    internal IEnumerable<(string Name, Tensor Value)> Parameters() => Network.NamedParameters().Concat(Insertions.SelectMany(i => i.NamedParameters().Select(p => (Of(i) + p.Name, p.Value))));

    /// <summary>Writes weights, the objective's own numbers and the bottleneck's tables.</summary>
    public void Save(string path)
    {
        var metadata = new Dictionary<string, string> { ["format"] = "isthmus-model-1" };
        if (Network.Bottleneck.FrozenTables is { } tables) metadata[TablesKey] = Convert.ToBase64String(tables);
        foreach (var i in Insertions)
            if (i.Bottleneck.FrozenTables is { } inserted) metadata[Of(i) + TablesKey] = Convert.ToBase64String(inserted);
        Safetensors.Write(path, State(), metadata);
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InputException">The file is damaged or belongs to another recipe.</exception>
    public void Load(string path)
    {
        var content = Safetensors.Read(path);
        try
        {
            LoadState(content.Tensors);
            if (content.Metadata.TryGetValue(TablesKey, out var text)) Network.Bottleneck.LoadTables(Convert.FromBase64String(text));
            foreach (var i in Insertions)
                if (content.Metadata.TryGetValue(Of(i) + TablesKey, out var inserted)) i.Bottleneck.LoadTables(Convert.FromBase64String(inserted));
        }
        catch (FormatException e)
        {
            throw new InputException($"{path}: its tables are damaged", inner: e);
        }
        catch (InputException e)
        {
            throw new InputException($"{path}: {e.Message}", e.Hint, e);
        }
    }

    /// <summary>All trained numbers by name.</summary>
    internal Dictionary<string, Tensor> State() => Network.StateDict()
        .Concat(Insertions.SelectMany(i => Modules(i).SelectMany(m => m.Module.StateDict().Select(p => new KeyValuePair<string, Tensor>(m.Prefix + p.Key, p.Value)))))
        .Concat(Objective.StateDict().Select(p => new KeyValuePair<string, Tensor>(ObjectivePrefix + p.Key, p.Value))).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);

    /// <summary>Copies all trained numbers by name.</summary>
    internal void LoadState(IReadOnlyDictionary<string, Tensor> state)
    {
        var modules = Insertions.SelectMany(Modules).Append((ObjectivePrefix, Objective)).ToArray();
        Network.LoadStateDict(state.Where(p => !modules.Any(m => p.Key.StartsWith(m.Item1, StringComparison.Ordinal))).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal));
        foreach (var (prefix, module) in modules)
            module.LoadStateDict(state.Where(p => p.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(p => p.Key[prefix.Length..], p => p.Value, StringComparer.Ordinal));
    }

    private static string Of(Insertion insertion) => $"{InsertedPrefix}{insertion.Layer}/";

    private static IEnumerable<(string Prefix, Module Module)> Modules(Insertion insertion)
    {
        yield return (Of(insertion) + "bottleneck.", insertion.Bottleneck);
        if (insertion.Decoder is { } decoder) yield return (Of(insertion) + "decoder.", decoder);
    }

    private static int OutputsOf(Schema schema) => schema.Target!.Names.Count * Math.Max(1, schema.Horizon);

    // Two zero rows through a part tell the shape that comes out of it.
    internal static int[] ShapeAfter(IReadOnlyList<int> shape, Func<Tensor, Tensor> part)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("shape");
        return part(Tensor.Zeros([2, .. shape])).Shape[1..].ToArray();
    }
}
