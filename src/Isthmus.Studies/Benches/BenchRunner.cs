using System.Diagnostics;

namespace Isthmus.Studies.Benches;

/// <summary>
/// Times benches, and peers on the same shapes in the same minutes: rounds of ours and theirs take turns, and medians over
/// the rounds are compared.
/// </summary>
public static class BenchRunner
{
    private const double WarmUpSeconds = 0.6, RoundSeconds = 0.8;

    /// <summary>Times every bench whose name contains the filter.</summary>
    /// <param name="filter">A part of names; null for all.</param>
    /// <param name="threads">Threads on both sides, where a bench does not say.</param>
    /// <param name="peers">Whether peers are timed too.</param>
    /// <param name="rounds">How many turns each side takes, at least 1.</param>
    /// <param name="progress">Told the name of what is timed next.</param>
    /// <param name="stop">Asks to end early.</param>
    /// <exception cref="InputException">No bench has such a name, or the peers are not installed.</exception>
    public static IReadOnlyList<BenchResult> Run(string? filter, int threads, bool peers, int rounds, Action<string>? progress = null, CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        var chosen = BenchIndex.All.Where(b => filter is null || b.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (chosen.Length == 0) throw Suggest.Unknown("bench", filter!, BenchIndex.All.Select(b => b.Name));
        var ours = chosen.ToDictionary(b => b, _ => new List<double>());
        var theirs = chosen.ToDictionary(b => b, _ => new Dictionary<bool, List<double>> { [true] = [], [false] = [] });
        var names = new Dictionary<Bench, string>();
        var threadsBefore = Tensors.Threads.Count;
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                foreach (var bench in chosen)
                {
                    stop.ThrowIfCancellationRequested();
                    progress?.Invoke($"{bench.Name}, round {round + 1} of {rounds}");
                    Tensors.Threads.Count = bench.Threads ?? threads;
                    ours[bench].AddRange(Time(bench.Prepare(), round == 0 ? WarmUpSeconds : WarmUpSeconds / 4));
                }
                if (!peers) continue;
                foreach (var group in chosen.Where(b => b.PeerScript is not null).GroupBy(b => (b.PeerScript, Threads: b.Threads ?? threads)))
                    foreach (var spinning in (bool[])[true, false])
                    {
                        stop.ThrowIfCancellationRequested();
                        progress?.Invoke($"{group.Key.PeerScript}, round {round + 1} of {rounds}");
                        var measured = Peers.Run(group.Key.PeerScript!, group.Select(b => b.Name), group.Key.Threads, spinning);
                        foreach (var bench in group)
                            if (measured.TryGetValue(bench.Name, out var row))
                            {
                                names[bench] = row.Peer;
                                theirs[bench][spinning].Add(row.Ms);
                            }
                    }
            }
        }
        finally
        {
            Tensors.Threads.Count = threadsBefore;
        }
        return [.. chosen.Select(b => Result(b, ours[b], theirs[b], names.GetValueOrDefault(b), b.Threads ?? threads))];
    }

    private static BenchResult Result(Bench bench, List<double> ours, Dictionary<bool, List<double>> theirs, string? peer, int threads)
    {
        var ms = Median(ours);
        double? best = theirs.Values.Where(v => v.Count > 0).Select(Median).DefaultIfEmpty(double.NaN).Min();
        if (double.IsNaN(best.Value)) best = null;
        return new BenchResult(bench.Name, bench.Shape, ms, peer, best, best / ms, threads);
    }

    // Milliseconds of single steps (or of short runs of them, where one is too short for the clock).
    private static List<double> Time(Action step, double warmUp)
    {
        var clock = Stopwatch.StartNew();
        long steps = 0;
        for (; clock.Elapsed.TotalSeconds < warmUp || steps < 3; steps++) step();
        var together = (int)Math.Max(1, 100e-6 * steps / clock.Elapsed.TotalSeconds);
        var times = new List<double>();
        for (var end = clock.Elapsed.TotalSeconds + RoundSeconds; clock.Elapsed.TotalSeconds < end || times.Count < 5;)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < together; i++) step();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / together);
        }
        return times;
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
