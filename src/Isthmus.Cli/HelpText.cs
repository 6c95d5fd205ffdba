using System.CommandLine;

namespace Isthmus.Cli;

/// <summary>The help of the command, of a group of verbs and of a verb.</summary>
internal static class HelpText
{
    private const int Widest = 100, FirstColumn = 26;

    /// <summary>Writes it; headings are bold where colour is wanted.</summary>
    public static void Write(TextWriter to, Command command, VerbEntry? entry, Verb? verb, bool colour)
    {
        var name = command.Parents.FirstOrDefault() is Command { Name: var parent } && parent != command.Name
            ? (parent == "isthmus" ? $"isthmus {command.Name}" : $"isthmus {parent} {command.Name}") : command.Name;
        to.WriteLine($"{Bold(name, colour)}: {entry?.Summary ?? command.Description}");
        to.WriteLine();
        if (verb is null) Group(to, name, command, colour);
        else Single(to, name, command, verb, colour);
    }

    private static void Group(TextWriter to, string name, Command command, bool colour)
    {
        to.WriteLine($"{Bold("usage", colour)}: {name} VERB …");
        to.WriteLine();
        to.WriteLine(Bold("verbs", colour));
        foreach (var verb in command.Subcommands) Row(to, verb.Name, verb.Description);
        to.WriteLine();
        to.WriteLine($"'{name} VERB --help' shows a verb's options and examples.");
    }

    private static void Single(TextWriter to, string name, Command command, Verb verb, bool colour)
    {
        var usage = command.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $"[{Shown(a)}]" : Shown(a));
        to.WriteLine($"{Bold("usage", colour)}: {string.Join(' ', usage.Prepend(name))}{(command.Options.Count > 0 ? " [options]" : "")}");
        if (verb.Details is { } details)
        {
            to.WriteLine();
            foreach (var line in Wrap(details, Widest)) to.WriteLine(line);
        }
        to.WriteLine();
        foreach (var argument in command.Arguments) Row(to, Shown(argument), argument.Description);
        if (command.Arguments.Count > 0) to.WriteLine();
        Options(to, "options", command.Options, colour);
        Options(to, "common options", CommonOptions.All, colour);
        to.WriteLine(Bold("examples", colour));
        foreach (var example in verb.Examples) to.WriteLine("  " + example);
    }

    private static void Options(TextWriter to, string title, IEnumerable<Option> options, bool colour)
    {
        var shown = options.Where(o => !o.Hidden).ToArray();
        if (shown.Length == 0) return;
        to.WriteLine(Bold(title, colour));
        foreach (var option in shown)
        {
            var value = option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? "" : " " + (option.HelpName ?? "VALUE");
            var again = option.Arity.MaximumNumberOfValues > 1 ? " …" : "";
            Row(to, string.Join(", ", option.Aliases.Where(a => a != "-?").Prepend(option.Name)) + value + again, option.Description);
        }
        to.WriteLine();
    }

    private static string Shown(Argument argument) => argument.Arity.MaximumNumberOfValues > 1 ? argument.Name + "…" : argument.Name;

    private static void Row(TextWriter to, string first, string? second)
    {
        var lines = Wrap(second ?? "", Widest - FirstColumn);
        if (first.Length > FirstColumn - 4)
        {
            to.WriteLine("  " + first);
            first = "";
        }
        foreach (var line in lines)
        {
            to.WriteLine("  " + first.PadRight(FirstColumn - 2) + line);
            first = "";
        }
    }

    private static List<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                lines.Add(line);
                line = word;
            }
            else line = line.Length == 0 ? word : line + " " + word;
        }
        lines.Add(line);
        return lines;
    }

    private static string Bold(string text, bool colour) => colour ? $"\u001b[1m{text}\u001b[0m" : text;
}
