using Isthmus.Bottlenecks;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>An entry that did not come out as it was logged.</summary>
/// <param name="Entry">Its number.</param>
/// <param name="What">What differs, or why it could not be computed.</param>
public sealed record ReplayDifference(int Entry, string What);

/// <summary>A log, computed again.</summary>
/// <param name="Replayed">Entries whose answers before and after, to the last bit, and whose input are those logged.</param>
/// <param name="Differences">The others, the first hundred.</param>
/// <param name="Different">How many others there are.</param>
public sealed record ReplayOutcome(int Replayed, IReadOnlyList<ReplayDifference> Differences, int Different)
{
    /// <summary>Whether all came out as logged.</summary>
    public bool Holds => Different == 0;
}

/// <summary>Computes every prediction of a log again, on the run's weights.</summary>
public static class AuditReplay
{
    private const int MostListed = 100, MostSources = 8;

    /// <summary>Replays a log. The chain itself is <see cref="AuditLog.Verify"/>'s.</summary>
    /// <param name="run">The run.</param>
    /// <param name="log">Its log.</param>
    /// <param name="path">A copy of the log that lies elsewhere; null for the run's own file.</param>
    /// <param name="stop">Ends the work.</param>
    public static ReplayOutcome Of(Run run, AuditLog log, string? path = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(log);
        var sources = new Dictionary<string, Dataset>(StringComparer.Ordinal);
        var (replayed, different, listed) = (0, 0, new List<ReplayDifference>());
        log.Read(entry =>
        {
            stop.ThrowIfCancellationRequested();
            if (Difference(run, entry, sources, stop) is not { } what)
            {
                replayed++;
                return;
            }
            different++;
            if (listed.Count < MostListed) listed.Add(new ReplayDifference(entry.Number, what));
        }, path);
        return new ReplayOutcome(replayed, listed, different);
    }

    private static string? Difference(Run run, AuditEntry entry, Dictionary<string, Dataset> sources, CancellationToken stop)
    {
        try
        {
            var data = DataOf(run, entry.Data, sources);
            if (entry.Row is { } row && (row < 0 || row >= data.Count * run.Model.Units)) return FormattableString.Invariant($"{data.Name} has no row {row}");
            if (AuditLog.DigestOf(data, entry.Row) != entry.InputSha256) return "the input is no longer the one that was logged";
            var outcome = EditRun.Of(run, data, entry.Row, new Edit(entry.Changes), entry.Inference, entry.Seed, stop);
            if (outcome.Edit != entry.Edit) return $"the changes are not those of '{Schema.Shown(entry.Edit)}'";
            if (!LoggedAnswer.Of(outcome.Before).Same(entry.Before)) return "the answer before the edit is another";
            if (!LoggedAnswer.Of(outcome.After).Same(entry.After)) return "the answer after the edit is another";
            return outcome.Changed != entry.Changed || outcome.OutputMse != entry.OutputMse ? "what the edit did is another" : null;
        }
        catch (InputException e)
        {
            return e.Message;
        }
    }

    private static Dataset DataOf(Run run, string? source, Dictionary<string, Dataset> sources)
    {
        var key = source ?? "";
        if (sources.TryGetValue(key, out var known)) return known;
        if (sources.Count == MostSources) sources.Clear();
        return sources[key] = source is null ? run.LoadOwn().Data : run.LoadRows(source);
    }
}
