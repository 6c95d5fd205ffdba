namespace Isthmus.Runs;

/// <summary>One run of a folder of runs.</summary>
/// <param name="Run">Its folder.</param>
/// <param name="Created">When it was begun, UTC.</param>
/// <param name="State">finished, stopped or damaged.</param>
/// <param name="Summary">Its summary; null where it is not finished.</param>
/// <param name="Problem">Why it is damaged.</param>
public sealed record RunEntry(string Run, DateTime Created, string State, RunSummary? Summary, string? Problem = null);

/// <summary>The runs of a folder.</summary>
public static class RunList
{
    /// <summary>All runs directly under a folder, oldest first; damaged ones are listed as such.</summary>
    public static IReadOnlyList<RunEntry> Of(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateDirectories(folder).Where(RunFolder.IsRun).Select(Read).OrderBy(e => e.Created).ThenBy(e => e.Run, StringComparer.Ordinal)];
    }

    /// <summary>One run.</summary>
    /// <exception cref="InputException">Not a run, or damaged.</exception>
    public static RunEntry Show(string folder)
    {
        var header = RunFolder.Header(folder);
        var summary = RunFolder.Summary(folder);
        return new RunEntry(folder, header.Created, summary is null ? "stopped" : "finished", summary is null ? null : summary with { Run = folder });
    }

    private static RunEntry Read(string folder)
    {
        try { return Show(folder); }
        catch (InputException e) { return new RunEntry(folder, Directory.GetCreationTimeUtc(folder), "damaged", null, e.Message); }
    }
}
