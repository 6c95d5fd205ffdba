using System.CommandLine;
using System.Globalization;
using Isthmus.Information;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

/// <summary><c>plane</c>: layers over training in the information plane.</summary>
internal sealed class PlaneVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder, trained with --set training.keep=log" };
    private readonly Option<string?> _layers = new("--layers") { HelpName = "NAMES", Description = "layers with commas, as in encoder.2,bottleneck,decoder (default: after each activation function, the bottleneck, the answer)" };
    private readonly Option<string?> _epochs = new("--epochs") { HelpName = "LIST", Description = "kept epochs with commas (default: all that were kept)" };
    private readonly Option<string?> _estimator = new("--estimator") { HelpName = "NAME", Description = "another estimator on what comes out of the channel (default: the channel's own reading)" };
    private readonly LayerFlags _flags = new();

    public override IReadOnlyList<Symbol> Symbols => [_run, _layers, _flags.Channel, _epochs, _estimator, _flags.Rows, _flags.Most];

    public override string Details =>
        "For each layer and kept epoch: how much of the input, and of the class, comes through a stated channel behind the layer. A deterministic " +
        "layer tells everything about its input; the channel is what makes the question finite, so pictures of different channels are not to be " +
        "compared. encoder.0 is a layer before its activation function, encoder.1 after it. Writes a page with the picture.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus plane runs/moons",
        "isthmus plane runs/moons --layers encoder.2,bottleneck,decoder --channel noise:0.1 --epochs 0,1,10,40 --json",
    ];

    public override bool Run(Call call)
    {
        var question = new PlaneQuestion
        {
            Layers = call.Get(_layers)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            Epochs = Epochs(call.Get(_epochs)),
            Channel = _flags.ChannelOf(call) ?? new PlaneQuestion().Channel,
            Estimator = call.Get(_estimator) is { } name ? MutualInformation.Make(name).Name : null,
            Seed = call.Seed,
            Threads = call.Threads,
        };
        var run = Runs.Run.Load(call.Get(_run)!);
        var plane = InformationPlane.Of(run, _flags.Load(call, run), question, epoch => call.Detail(FormattableString.Invariant($"epoch {epoch}")), call.Stop);
        var report = call.Report ?? Path.Combine(run.Folder, PlaneReport.Name);
        PlaneReport.Save(report, run, plane);
        call.Result(() => Json(plane, report), output =>
        {
            output.WriteLine(FormattableString.Invariant($"{plane.Rows} rows, channel {plane.Channel.Name}: {plane.Channel.Description}\n"));
            var table = new TextTable("layer", "epoch", "I(X;T), bits", "I(T;Y), bits", "verdict");
            foreach (var p in plane.Points.OrderBy(p => plane.Layers.ToList().IndexOf(p.Layer)))
                table.Add(p.Layer, p.Epoch, p.Ixt.Bits?.Value ?? p.Ixt.Measure, p.Ity?.Bits?.Value ?? p.Ity?.Measure, JsonOutput.Word(p.Ixt.Verdict));
            call.Write(table);
            output.WriteLine();
            foreach (var note in plane.Notes) output.WriteLine(Text.OneLine(note));
            output.WriteLine($"report  {report}");
        });
        return true;
    }

    private static object Json(InformationPlane plane, string report) => new
    {
        plane.Layers,
        plane.Epochs,
        Channel = plane.Channel.Name,
        ChannelDescription = plane.Channel.Description,
        plane.Estimator,
        n = plane.Rows,
        Points = plane.Points.Select(p => new
        {
            p.Epoch,
            p.Layer,
            IxtBits = p.Ixt.Bits?.Value,
            ItyBits = p.Ity?.Bits?.Value,
            IxtCeilingBits = p.Ixt.Ceiling?.Value,
            ItyLowBits = p.Ity?.Low?.Value,
            ItyHighBits = p.Ity?.High?.Value,
            p.Ixt.Verdict,
            ItyVerdict = p.Ity?.Verdict,
            p.Ixt.Measure,
        }),
        plane.Bins,
        Curve = plane.Curve is { } c ? new { IxtBits = c.Ixt, ItyBits = c.Ity, c.DistinctRows } : null,
        plane.Notes,
        report,
    };

    private static int[] Epochs(string? text) => text is null or "all" ? [] :
    [
        .. text.Split(',', StringSplitOptions.TrimEntries).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch
            : throw new InputException($"--epochs '{text}' is not a list of epochs", "for example --epochs 0,1,10,40")),
    ];
}
