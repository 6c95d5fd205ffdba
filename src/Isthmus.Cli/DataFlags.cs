using System.CommandLine;
using Isthmus.Data;

namespace Isthmus.Cli;

/// <summary>The DATA argument's flags, the same for every verb that reads data.</summary>
internal sealed class DataFlags
{
    private readonly Option<string?> _target = Columns("--target", "what is to be predicted");
    private readonly Option<string?> _concepts = Columns("--concepts", "annotated concepts, which are not features");
    private readonly Option<string?> _features = Columns("--features", "features (default: every column without another role)");
    private readonly Option<string?> _ignore = Columns("--ignore", "columns to leave out");
    private readonly Option<string?> _groups = Columns("--groups", "the column whose equal values a split keeps together");
    private readonly Option<string?> _time = Columns("--time", "the column that orders a series");
    private readonly Option<int> _horizon = new("--horizon") { HelpName = "N", Description = "how many steps ahead a series' target lies (default 1)", DefaultValueFactory = _ => 1 };
    private readonly Option<int?> _window = new("--window") { HelpName = "N", Description = "how many steps or tokens a window has" };
    private readonly Option<string?> _ratings = new("--ratings") { HelpName = "USER,ITEM[,RATING]", Description = "the columns of a table of ratings" };
    private readonly Option<string?> _survival = new("--survival") { HelpName = "TIME,EVENT", Description = "the columns of a survival target" };
    private readonly Option<string?> _header = new("--header") { HelpName = "none|row", Description = "whether the first row names the columns (default: detected)" };
    private readonly Option<string?> _task = new("--task") { HelpName = "TASK", Description = "classification, regression, reconstruction or forecast (default: the target's type decides)" };
    private readonly Option<string?> _split = new("--split") { HelpName = "SHARES", Description = "training, validation and test, as in 0.8,0.1,0.1" };
    private readonly Option<string?> _test = new("--test") { HelpName = "DATA", Description = "other data whose rows are the test part" };
    private readonly Option<int> _folds = new("--folds") { HelpName = "K", Description = "cross-validation with K folds" };
    private readonly Option<string?> _memory = new("--max-memory") { HelpName = "SIZE", Description = "how much the decoded data may take, as in 500M or 8G (default 4G)" };

    /// <summary>How a file is read, and nothing about what its columns are for.</summary>
    public IReadOnlyList<Symbol> Reading => [_header, _memory];

    /// <summary>The columns' roles: for verbs that only look at data.</summary>
    public IReadOnlyList<Symbol> Roles => [_target, _concepts, _features, _ignore, _groups, _time, _horizon, _window, _ratings, _survival, _header, _task, _memory];

    /// <summary>All of them: for verbs that train.</summary>
    public IReadOnlyList<Symbol> All => [.. Roles, _split, _test, _folds];

    /// <summary>The options that a call asks for.</summary>
    /// <exception cref="InputException">A word that an option does not know.</exception>
    public DataOptions Read(Call call) => new()
    {
        Target = call.Get(_target),
        Concepts = call.Get(_concepts),
        Features = call.Get(_features),
        Ignore = call.Get(_ignore),
        Groups = call.Get(_groups),
        Time = call.Get(_time),
        Horizon = call.Get(_horizon),
        Window = call.Get(_window),
        Ratings = call.Get(_ratings),
        Survival = call.Get(_survival),
        Header = Word<HeaderMode>(_header.Name, call.Get(_header)),
        Task = Word<TaskKind>(_task.Name, call.Get(_task)),
        Split = call.Get(_split),
        Test = call.Get(_test),
        Folds = call.Get(_folds),
        Seed = call.Seed,
        MaxMemory = call.Get(_memory) is { } size ? Sizes.Parse(_memory.Name, size) : new DataOptions().MaxMemory,
    };

    /// <summary>A word of a list, in any case; the first of the list where none is given.</summary>
    public static T Word<T>(string option, string? given) where T : struct, Enum
    {
        if (given is null) return default;
        return Enum.GetNames<T>().FirstOrDefault(n => n.Equals(given, StringComparison.OrdinalIgnoreCase)) is { } name ? Enum.Parse<T>(name)
            : throw Suggest.Unknown($"value of {option}", given, [.. Enum.GetNames<T>().Select(n => n.ToLowerInvariant())]);
    }

    private static Option<string?> Columns(string name, string description) => new(name) { HelpName = "COLS", Description = description };
}
