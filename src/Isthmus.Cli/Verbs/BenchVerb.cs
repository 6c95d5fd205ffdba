using System.CommandLine;
using Isthmus.Reports;
using Isthmus.Studies.Benches;

namespace Isthmus.Cli.Verbs;

/// <summary><c>bench</c>: how fast we are, and beside whom.</summary>
internal sealed class BenchVerb : Verb
{
    private readonly Option<string?> _filter = new("--filter") { HelpName = "NAME", Description = "only benches whose name contains this" };
    private readonly Option<bool> _peers = new("--peers") { Description = "time PyTorch and others on the same shapes too (Debian: python3-torch libopenblas0-pthread)" };
    private readonly Option<int?> _rounds = new("--rounds") { HelpName = "N", Description = "how many turns each side takes (default 3)" };

    public override IReadOnlyList<Symbol> Symbols => [_filter, _peers, _rounds];

    public override string Details =>
        "Times are medians of one step. ratio = peer's time / our time: above 1 we are the faster. Both sides use the same number of threads, " +
        "take turns, and the peer runs at the best of its settings. Close other programs first.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus bench --filter gemm",
        "isthmus bench --peers --json",
    ];

    public override bool Run(Call call)
    {
        var rounds = call.Get(_rounds) ?? 3;
        if (rounds is < 1 or > 100) throw new InputException($"--rounds {rounds} is outside 1..100");
        var results = BenchRunner.Run(call.Get(_filter), call.Threads, call.Get(_peers), rounds, name => call.Detail(name), call.Stop);
        call.Result(() => new { benches = results }, output =>
        {
            var table = new TextTable("bench", "shape", "threads", "ms", "peer", "peer ms", "ratio");
            foreach (var r in results) table.Add(r.Name, r.Shape, r.Threads, r.Ms, r.Peer ?? "", r.PeerMs, r.Ratio);
            call.Write(table);
        });
        return true;
    }
}
