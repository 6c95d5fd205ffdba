using System.CommandLine;
using Isthmus.Information;
using Isthmus.Runs;

namespace Isthmus.Cli;

/// <summary>The flags of the verbs that measure a run's layers.</summary>
internal sealed class LayerFlags
{
    public readonly Option<string?> Channel = new("--channel") { HelpName = "KIND", Description = "what stands between a layer and its reader: noise:STD, bins:N, ebab[:N] or float16" };
    public readonly Option<string> Rows = new("--rows") { HelpName = "PART", Description = "test, train or all of the run's own rows (default test)", DefaultValueFactory = _ => "test" };
    public readonly Option<int> Most = new("--most") { HelpName = "N", Description = "at most so many rows, spread evenly (default 2000)", DefaultValueFactory = _ => 2000 };

    /// <summary>The channel; null where none is given.</summary>
    public LayerChannel? ChannelOf(Call call) => call.Get(Channel) is { } text ? LayerChannel.Parse(text) : null;

    /// <summary>The run's rows.</summary>
    public LayerRows Load(Call call, Runs.Run run) => LayerRows.Load(run, call.Get(Rows)!, call.Get(Most));
}
