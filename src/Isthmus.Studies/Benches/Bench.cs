namespace Isthmus.Studies.Benches;

/// <summary>One thing that is timed.</summary>
/// <param name="Name">As <c>bench --filter</c> and the peers' scripts know it.</param>
/// <param name="Shape">Sizes, for people.</param>
/// <param name="Prepare">Makes the data and returns what is timed: one call is one step.</param>
public sealed record Bench(string Name, string Shape, Func<Action> Prepare)
{
    /// <summary>The script under <c>benchmarks/peers</c> that times a peer under the same name; null where there is none.</summary>
    public string? PeerScript { get; init; }

    /// <summary>How many threads it is for; null for as many as the caller says.</summary>
    public int? Threads { get; init; }
}

/// <summary>A timed bench.</summary>
/// <param name="Name">The bench.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Ms">The median of one step, in milliseconds.</param>
/// <param name="Peer">The peer's name and version, or null.</param>
/// <param name="PeerMs">The peer's median, in milliseconds: the best of its settings.</param>
/// <param name="Ratio">PeerMs / Ms.</param>
/// <param name="Threads">Threads on both sides.</param>
public sealed record BenchResult(string Name, string Shape, double Ms, string? Peer, double? PeerMs, double? Ratio, int Threads);
