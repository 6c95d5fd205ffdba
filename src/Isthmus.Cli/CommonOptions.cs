using System.CommandLine;

namespace Isthmus.Cli;

/// <summary>The flags that every verb understands.</summary>
internal static class CommonOptions
{
    public static readonly Option<bool> Json = new("--json") { Description = "print one JSON object on stdout, nothing else" };

    public static readonly Option<ulong> Seed = new("--seed") { HelpName = "N", Description = "the seed of everything random (default 0)" };

    public static readonly Option<int?> Threads = new("--threads")
    {
        HelpName = "N",
        Description = "how many threads (default: all cores); never changes a result",
    };

    public static readonly Option<string?> Out = new("--out")
    {
        HelpName = "PATH",
        Description = "the run's folder or the report's file (default: a new folder under runs/)",
    };

    public static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "no progress and no notes on stderr" };

    public static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "say more on stderr; with a stack trace for internal errors" };

    public static readonly Option<bool> Help = new("--help", "-h", "-?") { Description = "show this help" };

    public static readonly Option<bool> Version = new("--version") { Description = "print the version" };

    /// <summary>Those that a verb's help lists.</summary>
    public static readonly Option[] All = [Json, Seed, Threads, Out, Quiet, Verbose, Help];
}
