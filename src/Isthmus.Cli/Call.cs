using System.CommandLine;
using Isthmus.Reports;

namespace Isthmus.Cli;

/// <summary>Whether stdout and stderr are terminals: elsewhere there is neither colour nor progress.</summary>
internal readonly record struct Terminals(bool Output, bool Errors);

/// <summary>What a verb is called with: the values of its options, the common flags, and where results, notes and progress go.</summary>
internal sealed class Call(ParseResult parsed, TextWriter output, TextWriter errors, Terminals terminals, CancellationToken stop)
{
    private ProgressLine? _progress;

    /// <summary>The value of an option, or its default.</summary>
    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>The value of an argument; null where an optional one was left out.</summary>
    public T? Get<T>(Argument<T> argument) => parsed.GetValue(argument);

    /// <summary>Whether the option stands on the command line, as opposed to having its default.</summary>
    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary><c>--json</c>.</summary>
    public bool Json => parsed.GetValue(CommonOptions.Json);

    /// <summary><c>--seed</c>, 0 unless given.</summary>
    public ulong Seed => parsed.GetValue(CommonOptions.Seed);

    /// <summary><c>--threads</c>, all cores unless given; at least 1.</summary>
    public int Threads => parsed.GetValue(CommonOptions.Threads) switch
    {
        null => Environment.ProcessorCount,
        >= 1 and <= 1024 and int n => n,
        { } n => throw new InputException($"--threads {n} is outside 1..1024"),
    };

    /// <summary><c>--out</c>, or null.</summary>
    public string? Out => parsed.GetValue(CommonOptions.Out);

    /// <summary><c>--out</c> of a verb that writes a page: a new file or an earlier page, never the data of somebody who slipped.</summary>
    public string? Report => Out is { } path && File.Exists(path) && Path.GetExtension(path).ToUpperInvariant() is not (".HTML" or ".HTM")
        ? throw new InputException($"--out '{path}' exists and is not a page: it would be overwritten", "name a new file, or one that ends in .html")
        : Out;

    /// <summary>A file that is written beside one that is read: never the same.</summary>
    /// <param name="output">Where to write, or null.</param>
    /// <param name="input">What is read: a path or a generator.</param>
    /// <exception cref="InputException">Both are one file.</exception>
    public static string? Beside(string? output, string? input) =>
        output is not null && input is not null && File.Exists(input) && Path.GetFullPath(output) == Path.GetFullPath(input)
            ? throw new InputException($"'{output}' is the file that is read: it would be overwritten", "name another file to write")
            : output;

    /// <summary><c>--quiet</c>.</summary>
    public bool Quiet => parsed.GetValue(CommonOptions.Quiet);

    /// <summary><c>--verbose</c>.</summary>
    public bool Verbose => parsed.GetValue(CommonOptions.Verbose);

    /// <summary>Asked for by Ctrl-C: finish the step, write what there is, return.</summary>
    public CancellationToken Stop => stop;

    /// <summary>The line on stderr that says how far a long work is; silent where nobody looks.</summary>
    public ProgressLine Progress => _progress ??= new ProgressLine(errors, terminals.Errors && !Quiet && !Json);

    /// <summary>The one place where a verb prints its result: JSON under <c>--json</c>, else for people.</summary>
    /// <param name="json">Properties become snake_case names (<c>IxtBits</c>: <c>ixt_bits</c>); an anonymous object will do.</param>
    /// <param name="people">Writes the same for people.</param>
    public void Result(Func<object> json, Action<TextWriter> people)
    {
        _progress?.Clear();
        if (Json) JsonOutput.Write(output, json());
        else people(output);
        output.Flush();
    }

    /// <summary>A table for people: as wide as it needs; the header is bold on a terminal.</summary>
    public void Write(TextTable table) => output.Write(table.ToText(Ansi.IsWanted(terminals.Output)));

    /// <summary>A warning on stderr, unless <c>--quiet</c>.</summary>
    public void Warn(string message) => Say("warning: " + message, !Quiet);

    /// <summary>A remark on stderr, unless <c>--quiet</c>.</summary>
    public void Note(string message) => Say(message, !Quiet);

    /// <summary>A remark on stderr under <c>--verbose</c> only.</summary>
    public void Detail(string message) => Say(message, Verbose);

    private void Say(string line, bool wanted)
    {
        if (!wanted) return;
        _progress?.Clear();
        errors.WriteLine(Text.OneLine(line));
    }
}
