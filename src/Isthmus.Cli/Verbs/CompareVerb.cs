using System.CommandLine;
using System.Globalization;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class CompareVerb : Verb
{
    private static readonly CompareSettings s_defaults = new();

    private readonly Option<bool> _quick = new("--quick") { Description = "one seed, one size and at most two epochs of each: whether it runs" };
    private readonly Option<string?> _bottlenecks = new("--bottlenecks") { HelpName = "NAMES", Description = $"which, of {string.Join(", ", Comparison.Names)} (default: {string.Join(",", s_defaults.Bottlenecks)})" };
    private readonly Option<double> _bits = new("--bits") { HelpName = "N", DefaultValueFactory = _ => s_defaults.Bits, Description = "the bill at which they are compared, bits a unit (default 48)" };
    private readonly Option<string?> _seeds = new("--seeds") { HelpName = "A-B", Description = "seeds, as in 0-4 or 0,7 (default 0-4)" };

    public override IReadOnlyList<Symbol> Symbols => [.. TrainFlags.Symbols, _quick, _bottlenecks, _bits, _seeds];

    public override string Details =>
        "Trains a recipe with one bottleneck after the other, each at the two sizes whose bills lie on both sides of --bits, with every seed, and puts quality, bill, capacity, entropy, codes in use " +
        "and seconds into one table. The bill is what was really written. The folder holds one run each.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus compare recipes/mnist-codes.yaml",
        "isthmus compare make:sprites,n=3000 --task reconstruction --bits 30 --bottlenecks pca,vq,fsq --seeds 0-2",
        "isthmus compare recipes/mnist-codes.yaml --quick --json",
    ];

    public override bool Run(Call call)
    {
        var what = "";
        var options = new TrainOptions
        {
            Out = call.Out,
            Progress = p => call.Progress.Show(new ProgressState($"{what}, {p.What}", p.Done, p.Total, p.SamplesPerSecond, p.Loss, p.RateBits)),
            Stop = call.Stop,
        };
        var settings = s_defaults with { Bits = call.Get(_bits), Quick = call.Get(_quick) };
        if (call.Get(_bottlenecks) is { } names) settings = settings with { Bottlenecks = names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) };
        if (call.Get(_seeds) is { } seeds) settings = settings with { Seeds = [.. NumberList.Seeds(seeds).Select(s => (ulong)s)] };
        var result = Comparison.Start(TrainFlags.Plan(call), settings, options, w => what = w);
        call.Result(() => result, output =>
        {
            var measure = result.Rows[0].Measure;
            var table = new TextTable("bottleneck", "size", "bill, bits", measure, $"at {CellText.Number(result.Bits)} bits", "capacity", "entropy", "in use", "seconds");
            foreach (var r in result.Rows)
                table.Add(r.Bottleneck, r.Size, Spread(r.BillBits, r.BillDeviation, "0.0"), Spread(r.Quality, r.QualityDeviation, "0.0000"),
                    r.QualityAtBill is { } at ? Spread(at, r.QualityAtBillDeviation ?? 0, "0.0000") : null, r.CapacityBits, r.EntropyBits, r.Usage, r.Seconds);
            call.Write(table);
            output.WriteLine();
            output.WriteLine($"report  {result.Report}");
        });
        return true;
    }

    private static string Spread(double value, double deviation, string format) =>
        $"{value.ToString(format, CultureInfo.InvariantCulture)} ± {deviation.ToString(format, CultureInfo.InvariantCulture)}";
}
