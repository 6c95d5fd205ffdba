using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>A trained run: its recipe, schema and network.</summary>
public sealed class Run
{
    private Run(string folder, RunHeader header, Model model) => (Folder, Header, Model) = (folder, header, model);

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>What the folder says about itself.</summary>
    public RunHeader Header { get; }

    /// <summary>The network with its trained weights.</summary>
    public Model Model { get; }

    /// <summary>The summary; null where the run was stopped before it was written.</summary>
    public RunSummary? Summary => RunFolder.Summary(Folder);

    /// <summary>The epochs' metrics.</summary>
    public IReadOnlyList<EpochMetrics> Metrics => MetricsLog.Read(MetricsLog.PathIn(Folder));

    /// <summary>Loads a run.</summary>
    /// <exception cref="InputException">Not a run, damaged, or not trained to its end.</exception>
    public static Run Load(string folder)
    {
        var header = RunFolder.Header(folder);
        var model = Model.Build(RunFolder.Recipe(folder), RunFolder.Schema(folder));
        var path = Path.Combine(folder, RunFolder.ModelName);
        if (!File.Exists(path)) throw new InputException($"{folder} has no trained model yet", $"isthmus train --resume {folder}");
        model.Load(path);
        model.Network.Eval();
        return new Run(folder, header, model);
    }

    /// <summary>New rows through the run's schema.</summary>
    /// <param name="source">A DATA argument.</param>
    /// <param name="withTarget">Whether the target is wanted.</param>
    /// <exception cref="InputException">The rows do not fit what the run was trained on.</exception>
    public Dataset LoadNew(string source, bool withTarget) =>
        DataSource.LoadNew(source, Model.Schema, RecipeData.Options(Model.Recipe), withTarget);

    /// <summary>New rows through the run's schema, with their target where they have one.</summary>
    /// <param name="source">A DATA argument.</param>
    /// <exception cref="InputException">The rows do not fit what the run was trained on.</exception>
    public Dataset LoadRows(string source)
    {
        try
        {
            return LoadNew(source, withTarget: true);
        }
        catch (InputException)
        {
            return LoadNew(source, withTarget: false);
        }
    }

    /// <summary>The data that the run was trained on, split as they were.</summary>
    public LoadedData LoadOwn() => RecipeData.Load(Model.Recipe, Header);
}

/// <summary>From a recipe's data section to data.</summary>
public static class RecipeData
{
    /// <summary>The options that a recipe's data section stands for.</summary>
    public static DataOptions Options(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var d = recipe.Data;
        return new DataOptions
        {
            Target = d.Target,
            Concepts = d.Concepts,
            Features = d.Features,
            Ignore = d.Ignore,
            Groups = d.Groups,
            Time = d.Time,
            Horizon = d.Horizon,
            Window = d.Window,
            Patch = d.Patch,
            TextUnit = d.TextUnit,
            MaxMemory = (long)(d.MaxMemory * 1e6),
            Ratings = d.Ratings,
            Survival = d.Survival,
            Header = d.Header,
            Task = d.Task,
            Split = d.Split,
            Test = d.Test,
            Folds = d.Folds,
            ValidationShare = d.ValidationShare,
            Standardise = d.Standardise,
            Seed = recipe.Seed,
        };
    }

    /// <summary>Loads a recipe's data.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="header">Where they lay when the run was begun, for data that are not found under the recipe's own path.</param>
    public static LoadedData Load(Recipe recipe, RunHeader? header = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (recipe.Data.Source.Length == 0) throw new InputException("the recipe names no data", "data.source: a path, or a generator like make:sprites");
        var options = Options(recipe);
        if (header?.Test is { } test && options.Test is not null && !Exists(options.Test)) options = options with { Test = test };
        var source = header is not null && !Exists(recipe.Data.Source) ? header.Data : recipe.Data.Source;
        var loaded = DataSource.Load(source, options);
        return recipe.Data.Folds > 0 ? loaded.Fold(recipe.Data.Fold ?? 0) : loaded;
    }

    /// <summary>A recipe whose relative paths are found from here: as they are, or else beside the recipe's file.</summary>
    public static Recipe Locate(Recipe recipe, string recipePath)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var folder = Path.GetDirectoryName(Path.GetFullPath(recipePath)) ?? ".";
        return recipe with { Data = recipe.Data with { Source = Found(recipe.Data.Source), Test = recipe.Data.Test is { } test ? Found(test) : null } };
        string Found(string path) => Exists(path) || !Exists(Path.Combine(folder, path)) ? path : Path.Combine(folder, path);
    }

    internal static string Absolute(string source) => GeneratorCatalogue.IsGenerator(source) ? source : Path.GetFullPath(source);

    private static bool Exists(string source) => GeneratorCatalogue.IsGenerator(source) || File.Exists(source) || Directory.Exists(source);
}
