using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reflection;
using Isthmus.Tensors;

namespace Isthmus.Cli;

/// <summary>Turns a command line into a verb's call, and its outcome into an exit code: 0 done, 1 a check did not hold, 2 wrong
/// input, 3 internal error (and 130 when Ctrl-C ended a verb that had nothing to keep).</summary>
internal sealed class Shell(TextWriter output, TextWriter errors, Terminals terminals, VerbEntry[] verbs, CancellationToken stop)
{
    public const int Done = 0, DidNotHold = 1, WrongInput = 2, Internal = 3, Stopped = 130;

    private static readonly ParserConfiguration s_parsing = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line and returns the exit code; nothing is thrown.</summary>
    public int Run(string[] args)
    {
        var verbose = args.Contains("--verbose") || args.Contains("-v");
        try
        {
            return Dispatch(args is ["help", .. var rest] ? [.. rest, "--help"] : args);
        }
        catch (InputException e)
        {
            return Fail(WrongInput, e.Message, e.Hint, verbose ? e.InnerException : null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            errors.WriteLine("stopped"); // what was kept, the verb has said
            return Stopped;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(WrongInput, e.Message, null, verbose ? e : null);
        }
        catch (Exception e)
        {
            return Fail(Internal, $"internal error, {e.GetType().Name}: {e.Message}", verbose ? null : "--verbose shows where it happened", verbose ? e : null);
        }
        finally
        {
            output.Flush();
        }
    }

    /// <summary>Parses without running.</summary>
    internal ParseResult Parse(string[] args) => new CommandTree(verbs, args).Root.Parse(args, s_parsing);

    private int Dispatch(string[] args)
    {
        var tree = new CommandTree(verbs, args);
        var parsed = tree.Root.Parse(args, s_parsing);
        var command = parsed.CommandResult.Command;
        if (parsed.GetValue(CommonOptions.Version))
        {
            output.WriteLine("isthmus " + typeof(Shell).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]);
            return Done;
        }
        var entry = tree.EntryOf(command);
        // `isthmus data` asks what there is, and so does `isthmus`; `isthmus trian --help` is a slip
        var asksForVerbs = entry is null && parsed.UnmatchedTokens.Count == 0 && parsed.Errors.All(e => e.SymbolResult is CommandResult);
        if (asksForVerbs || (entry is not null && parsed.GetValue(CommonOptions.Help)))
        {
            HelpText.Write(output, command, entry, tree.VerbOf(command), Ansi.IsWanted(terminals.Output));
            return Done;
        }
        if (ParseErrors.UnknownOption(parsed) is { } unknown) throw unknown;
        if (parsed.Errors.Count > 0) throw ParseErrors.First(parsed);
        var call = new Call(parsed, output, errors, terminals, stop);
        try
        {
            Threads.Count = call.Threads;
            return tree.VerbOf(command)!.Run(call) ? Done : DidNotHold;
        }
        finally
        {
            call.Progress.Clear();
        }
    }

    private int Fail(int code, string message, string? hint, Exception? trace)
    {
        errors.WriteLine("error: " + Text.OneLine(message));
        if (hint is not null) errors.WriteLine("hint: " + Text.OneLine(hint));
        if (trace is not null) errors.WriteLine(trace);
        return code;
    }
}
