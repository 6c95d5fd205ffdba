using System.CommandLine;
using Isthmus.Cli.Verbs;

namespace Isthmus.Cli;

/// <summary>
/// The index of verbs as a tree of commands. Only verbs whose words stand on the command line are made with their options; the
/// others are names for the help and for did-you-mean.
/// </summary>
internal sealed class CommandTree
{
    private readonly Dictionary<Command, VerbEntry> _entries = [];
    private readonly Dictionary<Command, Verb> _verbs = [];

    public CommandTree(VerbEntry[] verbs, string[] args)
    {
        foreach (var option in (Option[])[.. CommonOptions.All, CommonOptions.Version])
        {
            option.Recursive = option != CommonOptions.Version;
            Root.Add(option);
        }
        var groups = new Dictionary<string, Command>();
        foreach (var entry in verbs)
        {
            var command = new Command(entry.Leaf, entry.Summary);
            _entries[command] = entry;
            if (args.Contains(entry.Leaf) && (!entry.IsGrouped || args.Contains(entry.Head))) AddSymbols(command, _verbs[command] = entry.Create());
            if (!entry.IsGrouped)
            {
                Root.Add(command);
                continue;
            }
            if (!groups.TryGetValue(entry.Head, out var group))
            {
                Root.Add(group = groups[entry.Head] = new Command(entry.Head, VerbIndex.GroupSummaries.GetValueOrDefault(entry.Head)));
            }
            group.Add(command);
        }
    }

    /// <summary>The command <c>isthmus</c>.</summary>
    public Command Root { get; } = new("isthmus", "put a bottleneck into a neural network and know what it costs to send");

    /// <summary>The verb's line in the index; null for the root and for a group.</summary>
    public VerbEntry? EntryOf(Command command) => _entries.GetValueOrDefault(command);

    /// <summary>The verb; null for the root, a group, or a verb that the command line does not name.</summary>
    public Verb? VerbOf(Command command) => _verbs.GetValueOrDefault(command);

    private static void AddSymbols(Command command, Verb verb)
    {
        foreach (var symbol in verb.Symbols)
        {
            if (symbol is Option option) command.Add(option);
            else command.Add((Argument)symbol);
        }
    }
}
