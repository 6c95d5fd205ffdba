using System.Reflection;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>A recipe ready to be trained, with its data.</summary>
/// <param name="Recipe">With every part chosen.</param>
/// <param name="Loaded">Its data.</param>
public sealed record Plan(Recipe Recipe, LoadedData Loaded)
{
    /// <summary>The recipe that is trained when nothing is asked for.</summary>
    public static string EmbeddedRecipe
    {
        get
        {
            using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("sprites.yaml")!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    /// <summary>A plan from what a person named.</summary>
    /// <param name="source">A recipe's file, data, a run's folder (its recipe again), or null for the embedded recipe.</param>
    /// <param name="overrides">Values put over the recipe's fields.</param>
    /// <exception cref="InputException">Anything wrong with the recipe or the data.</exception>
    public static Plan Make(string? source, IReadOnlyList<Override> overrides)
    {
        ArgumentNullException.ThrowIfNull(overrides);
        if (source is null && !overrides.Any(o => o.Path == "data.source")) return Complete(RecipeFile.Parse(EmbeddedRecipe, "embedded recipe", overrides));
        if (source is not null && IsRecipe(source)) return Complete(RecipeData.Locate(RecipeFile.Read(source, overrides), source));
        if (source is not null && RunFolder.IsRun(source)) return Complete(RecipeFile.With(RunFolder.Recipe(source), overrides));
        return OfData(source, overrides);
    }

    private static bool IsRecipe(string source) => Path.GetExtension(source).ToLowerInvariant() is ".yaml" or ".yml";

    private static Plan Complete(Recipe recipe)
    {
        var loaded = RecipeData.Load(recipe);
        return new Plan(RecipeDefaults.Complete(recipe, loaded.Schema), loaded);
    }

    // Data alone: what the person said about them is needed to load them, and loading them to choose the rest.
    private static Plan OfData(string? source, IReadOnlyList<Override> overrides)
    {
        var plain = new Recipe { Data = new DataRecipe { Source = source ?? "" } };
        var aboutData = overrides.Where(o => o.Path.StartsWith("data.", StringComparison.Ordinal) || o.Path == "seed").ToArray();
        _ = RecipeFile.With(plain with { Bottleneck = BottleneckRegistry.Find("vib").Default }, [.. overrides.Where(o => !IsPart(o.Path))]); // slips are told before data are read
        var start = RecipeFile.With(plain, aboutData);
        var loaded = RecipeData.Load(start);
        var bottleneck = overrides.LastOrDefault(o => o.Path is "bottleneck" or "bottleneck.type")?.Value;
        var named = bottleneck is null ? start : start with { Bottleneck = BottleneckRegistry.Find(bottleneck).Default };
        var chosen = RecipeDefaults.Complete(named with { Training = RecipeDefaults.Training(loaded.Schema, loaded.Split.Train.Length) }, loaded.Schema);
        var mirrored = overrides.Any(o => o.Path.Split('.')[0] == "decoder") ? chosen : chosen with { Decoder = null }; // follows the encoder that was asked for
        var recipe = RecipeFile.With(mirrored, overrides);
        return new Plan(RecipeDefaults.Complete(recipe, loaded.Schema), loaded);
    }

    private static bool IsPart(string path) => path.Split('.')[0] is "encoder" or "bottleneck" or "decoder" or "objective" or "phases";
}
