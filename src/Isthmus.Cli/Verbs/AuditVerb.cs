using System.CommandLine;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

/// <summary><c>audit</c>: anybody's codes on the axes of this project.</summary>
internal sealed class AuditVerb : Verb
{
    private readonly Argument<string> _codes = new("CODES") { Description = "a .npz (or one .npy of symbols), written by any program" };
    private readonly Option<string?> _mu = new("--mu") { HelpName = "ARRAY", Description = "means of Gaussian codes [n, k]" };
    private readonly Option<string?> _sigma = new("--sigma") { HelpName = "ARRAY", Description = "their standard deviations [n, k]" };
    private readonly Option<string?> _labels = new("--labels") { HelpName = "ARRAY", Description = "a class for each row [n]" };
    private readonly Option<int?> _codebook = new("--codebook") { HelpName = "K", Description = "how many symbols a place may hold (default: as many as occur)" };

    public override IReadOnlyList<Symbol> Symbols => [_codes, _mu, _sigma, _labels, _codebook];

    public override string Details =>
        "Symbols are read from the array 'codes' or 'indices': one row a sample, one column a place. What they cost is said in four ways: " +
        "what could pass (capacity), what static tables say (bound), what passes (estimate) and what an adaptive coder wrote (bill).";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus audit codes.npz --codebook 512",
        "isthmus audit vae.npz --mu mu --sigma sigma --labels y --json",
    ];

    public override bool Run(Call call)
    {
        var audit = CodeFile.Audit(call.Get(_codes)!, call.Get(_mu), call.Get(_sigma), call.Get(_labels), call.Get(_codebook), call.Seed);
        var rate = audit.Rate;
        var plot = new BarPlot("What a row's message costs", new Axis("bits"));
        if (rate.CapacityBits is { } capacity) plot.Bar("capacity", capacity);
        if (rate.BoundBits is { } bound) plot.Bar("bound", bound);
        if (rate.Estimate is { LowBits: { } low, HighBits: var high }) plot.Interval("estimate", low, high ?? double.PositiveInfinity);
        if (rate.BillBits is { } bill) plot.Bar("bill", bill);
        new Answer($"The codes of {call.Get(_codes)}", audit, ["place", "symbols", "used", "bits", "perplexity", "bits about the label"],
            [.. audit.Usage.Select(u => (object?[])[u.Position, u.Symbols, u.Used, u.Bits, u.Perplexity, u.LabelBits])])
        {
            Lead = $"bits a row: capacity {CellText.Of(rate.CapacityBits)}, bound {CellText.Of(rate.BoundBits)} ({rate.BoundKind}), " +
                $"estimate {CellText.Of(rate.Estimate.LowBits)} … {CellText.Of(rate.Estimate.HighBits)}, bill {CellText.Of(rate.BillBits)}",
            Remarks = [.. audit.Alarms.Select(a => "alarm: " + a), rate.Note],
            Plot = plot,
            Explanation = Details,
        }.Print(call);
        return true;
    }
}
