using System.CommandLine;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class SweepVerb : Verb
{
    private readonly Option<string?> _over = new("--over") { HelpName = "PATH=A..B", Description = "the field and its values: a..b (even in the logarithm where b > 10 a) or a,b,c" };
    private readonly Option<int> _points = new("--points") { HelpName = "N", DefaultValueFactory = _ => 8, Description = "values between a and b, both included (default 8)" };
    private readonly Option<string?> _resume = new("--resume") { HelpName = "FOLDER", Description = "continue a sweep" };

    public override IReadOnlyList<Symbol> Symbols => [.. TrainFlags.Symbols, _over, _points, _resume];

    public override string Details => "Trains a recipe along one field and draws quality against what it costs. The folder holds one run a value.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus sweep recipes/mnist-vib.yaml --over bottleneck.beta=1e-4..1 --points 8",
        "isthmus sweep houses.csv --target price --over bottleneck.latent=1,2,4,8",
        "isthmus sweep --resume runs/20260101-120000-sweep-houses-vib",
    ];

    public override bool Run(Call call)
    {
        var point = "";
        var options = new TrainOptions
        {
            Out = call.Out,
            Progress = p => call.Progress.Show(new ProgressState($"{point}, {p.What}", p.Done, p.Total, p.SamplesPerSecond, p.Loss, p.RateBits)),
            Note = call.Note,
            Stop = call.Stop,
        };
        var result = Result(call, options, p => point = p);
        call.Result(() => result, output =>
        {
            var quality = result.Points.Count > 0 ? result.Points[0].Test.Main.Name : "quality";
            var table = new TextTable(result.Over, quality, "bill, bits", "as billed", "bound, bits", "estimate, bits", "ceiling");
            foreach (var p in result.Points)
                table.Add(p.Value, p.Test.Main.Value, p.Rate.BillBits, p.Rate.Bill?.Quality?.Main.Value, p.Rate.BoundBits, p.Rate.Estimate.LowBits is null ? null : $"{CellText.Number(p.Rate.Estimate.LowBits.Value)} … {CellText.Of(p.Rate.Estimate.HighBits)}", p.Rate.Estimate.CeilingBits);
            call.Write(table);
            output.WriteLine();
            output.WriteLine($"report  {result.Report}");
        });
        return true;
    }

    private SweepResult Result(Call call, TrainOptions options, Action<string> announce)
    {
        if (call.Get(_resume) is { } folder) return Sweep.Resume(folder, options, announce);
        var over = call.Get(_over) ?? throw new InputException("--over is missing", "for example --over bottleneck.beta=1e-4..1 --points 8");
        var plan = TrainFlags.Plan(call);
        return Sweep.Start(plan, SweepRange.Parse(over, call.Get(_points), plan.Recipe), options, announce);
    }
}
