using System.CommandLine;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class RelativeVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run through vib with a standard or diagonal prior" };
    private readonly Option<int?> _rows = new("--rows") { HelpName = "N", Description = "test rows to send (default 50)" };
    private readonly Option<double?> _slack = new("--slack") { HelpName = "BITS", Description = "bits more than the divergence for each block, against bias (default 3)" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _rows, _slack];

    public override string Details =>
        "Research: sends random samples of the code at about their divergence to the prior, without quantising them. Sender and receiver draw the same " +
        "candidates; the number of the chosen one is sent, in blocks of at most 16 bits. The work is 2^bits candidates a block, and the sample leans to the " +
        "prior where a row's divergence is above the plan. To ship, use encode.";

    public override IReadOnlyList<string> Examples => ["isthmus relative runs/digits", "isthmus relative runs/digits --rows 200 --slack 4 --json"];

    public override bool Run(Call call)
    {
        var (rows, slack) = (call.Get(_rows) ?? 50, call.Get(_slack) ?? 3);
        if (rows is < 1 or > 100_000) throw new InputException($"--rows {rows} is outside 1..100000");
        if (slack is not (>= 0 and <= 8)) throw new InputException(FormattableString.Invariant($"--slack {slack} is outside 0..8"));
        var shipment = RelativeShipment.Of(Runs.Run.Load(call.Get(_run)!), rows, slack, call.Stop);
        call.Result(() => shipment, output =>
        {
            output.WriteLine($"{CellText.Of(shipment.Rows)} rows at {CellText.Of(shipment.SentBits)} bits each; the bound says {CellText.Number(shipment.BoundBits)}");
            foreach (var block in shipment.Blocks) output.WriteLine($"  block of {block}");
            var (name, value, _) = shipment.Test.Main;
            output.WriteLine($"{name} {CellText.Of(value)} with what arrived, {CellText.Of(shipment.Sampled.Main.Value)} with ordinary samples");
            output.WriteLine($"{CellText.Number(100 * shipment.ShareAbovePlan)} % of the rows cost more than was planned for them: their samples lean to the prior");
        });
        return true;
    }
}
