using System.CommandLine;
using System.Globalization;
using Isthmus.Runs;

namespace Isthmus.Cli;

/// <summary>The flags that are shorthand for recipe fields: those of <c>train</c>, <c>sweep</c> and <c>recipe</c>.</summary>
internal static class TrainFlags
{
    public static readonly Argument<string?> Source = new("RECIPE|DATA") { Arity = ArgumentArity.ZeroOrOne, Description = "a recipe (.yaml), or data: a file, a folder, make:NAME,…; nothing: the embedded sprites" };

    private static readonly Option<string[]> s_set = new("--set") { HelpName = "PATH=VALUE", Description = "any recipe field, as in bottleneck.beta=1e-3" };

    // The option and the field that it stands for.
    private static readonly (Option Option, string Field)[] s_fields =
    [
        (Text("--target", "COLS", "target columns, by name or number"), "data.target"),
        (Text("--concepts", "COLS", "concept columns"), "data.concepts"),
        (Text("--features", "COLS", "feature columns (default: all that have no other role)"), "data.features"),
        (Text("--ignore", "COLS", "columns to leave out"), "data.ignore"),
        (Text("--groups", "COL", "column whose equal values a split keeps together"), "data.groups"),
        (Text("--time", "COL", "column that orders a series"), "data.time"),
        (Number("--horizon", "N", "later steps that are predicted"), "data.horizon"),
        (Number("--window", "N", "steps in a window"), "data.window"),
        (Text("--ratings", "COLS", "columns user,item[,rating]"), "data.ratings"),
        (Text("--survival", "COLS", "columns time,event"), "data.survival"),
        (Text("--header", "MODE", "detect, none or row"), "data.header"),
        (Text("--task", "TASK", "classification, regression, reconstruction or forecast"), "data.task"),
        (Text("--split", "SHARES", "training, validation, test, as in 0.8,0.1,0.1"), "data.split"),
        (Text("--test", "DATA", "data whose rows are the test part"), "data.test"),
        (Number("--folds", "K", "train k times, each k-th part once for test (data.fold: one of them)"), "data.folds"),
        (Text("--bottleneck", "NAME", "--list-bottlenecks prints them"), "bottleneck"),
        (Number("--latent", "N", "dimensions of the code"), "bottleneck.latent"),
        (Text("--beta", "X", "weight of the rate"), "bottleneck.beta"),
        (Text("--inference", "MESSAGE", "message that is judged: mean, sample, average:k, ship"), "inference"),
        (Number("--epochs", "N", "passes over the training rows"), "training.epochs"),
        (Text("--max-minutes", "M", "wall time after which training ends"), "training.max_minutes"),
        (new Option<bool>("--class-weights") { Description = "classes weigh the inverse of their frequency" }, "training.class_weights"),
    ];

    public static IEnumerable<Symbol> Symbols => [Source, .. s_fields.Select(f => f.Option), s_set];

    /// <summary>What the command line says about recipe fields, flags first.</summary>
    public static List<Override> Overrides(Call call)
    {
        var list = new List<Override>();
        foreach (var (option, field) in s_fields)
        {
            if (!call.Has(option)) continue;
            var value = option switch
            {
                Option<string?> text => Quoted(field, call.Get(text) ?? ""),
                Option<int?> number => call.Get(number)?.ToString(CultureInfo.InvariantCulture) ?? "",
                _ => "true",
            };
            list.Add(new Override(field, value, option.Name));
        }
        if (call.Has(CommonOptions.Seed)) list.Add(new Override("seed", call.Seed.ToString(CultureInfo.InvariantCulture), "--seed"));
        list.AddRange((call.Get(s_set) ?? []).Select(Override.Parse));
        return list;
    }

    /// <summary>The recipe that the command line asks for, with the data loaded where they had to be.</summary>
    public static Plan Plan(Call call) => Runs.Plan.Make(call.Get(Source), Overrides(call));

    /// <summary>Whether folds may be asked for: by the command line, or by a recipe.</summary>
    public static bool AsksForFolds(Call call) => Overrides(call).Exists(o => o.Path == "data.folds" || o.Path == "data")
        || (call.Get(Source) is { } source && (source.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || source.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) || RunFolder.IsRun(source)));

    // A text of a person is a text, not YAML: `--target 1` is column 1 and `--target a: b` is a column of that name.
    private static string Quoted(string field, string value) => field.StartsWith("data.", StringComparison.Ordinal) && field is not ("data.header" or "data.task")
        ? System.Text.Json.JsonSerializer.Serialize(value) : value;

    private static Option<string?> Text(string name, string help, string description) => new(name) { HelpName = help, Description = description };

    private static Option<int?> Number(string name, string help, string description) => new(name) { HelpName = help, Description = description };
}
