namespace Isthmus.Cli;

/// <summary>The one place that knows about colour on a terminal.</summary>
internal static class Ansi
{
    /// <summary>Colour only on a terminal, and not where the person said no (no-color.org) or the terminal is a dumb one.</summary>
    public static bool IsWanted(bool terminal) =>
        terminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
}
