using System.CommandLine;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class EncodeVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };
    private readonly Argument<string> _input = new("INPUT") { Description = "rows like those it was trained on; a target is not needed" };
    private readonly Argument<string> _file = new("OUT.isth") { Description = "the file to write" };
    private readonly Option<int?> _rows = new("--frame-rows") { HelpName = "N", Description = "rows that share a frame (default 1024); 1 for frames that can be decoded one by one" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _input, _file, _rows];

    public override string Details =>
        "Writes what passes the bottleneck as real bytes: the entropy-coded message of every row. The receiver needs the run's model file, whose bytes are " +
        "listed apart. Continuous codes are shipped by dithered quantisation.";

    public override IReadOnlyList<string> Examples => ["isthmus encode runs/digits digits/ digits.isth", "isthmus encode runs/digits digits/ digits.isth --frame-rows 1 --json"];

    public override bool Run(Call call)
    {
        var rowsAFrame = call.Get(_rows) ?? Shipment.MaxRowsAFrame;
        if (rowsAFrame is < 1 or > Shipment.MaxRowsAFrame) throw new InputException($"--frame-rows {rowsAFrame} is outside 1..{Shipment.MaxRowsAFrame}");
        var run = Runs.Run.Load(call.Get(_run)!);
        var data = run.LoadNew(call.Get(_input)!, withTarget: false);
        var report = new ShipmentReport();
        AtomicFile.Write(Call.Beside(call.Get(_file), call.Get(_input))!, stream => report = Shipment.Of(run).Write(data, [.. Enumerable.Range(0, data.Count)], stream, rowsAFrame, call.Stop));
        call.Result(() => report, output =>
        {
            output.WriteLine($"{CellText.Of(report.Samples)} samples in {CellText.Of(report.Bytes)} bytes: {CellText.Number(report.BitsPerSample)} bits a sample"
                + (report.BoundBits is { } bound ? $", of which the message itself is {CellText.Number(bound)}" : ""));
            if (report.PsnrDb is { } psnr) output.WriteLine($"PSNR {CellText.Number(psnr)} dB");
            output.WriteLine($"the receiver also needs the model, {CellText.Of(report.ModelBytes)} bytes");
        });
        return true;
    }
}
