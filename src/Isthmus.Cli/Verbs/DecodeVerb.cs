using System.CommandLine;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class DecodeVerb : Verb
{
    private readonly Argument<string> _run = new("RUN") { Description = "the run that encoded the file" };
    private readonly Argument<string> _file = new("IN.isth") { Description = "a file that encode wrote" };
    private readonly Argument<string> _to = new("OUT") { Description = "predictions.csv, numbers.npy, or a folder for the PNGs of reconstructed images" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _file, _to];

    public override string Details => "Reads messages back and lets the decoder answer: what a server does with what a device has sent. Damage and files of another model are refused.";

    public override IReadOnlyList<string> Examples => ["isthmus decode runs/digits digits.isth predictions.csv", "isthmus decode runs/autoencoder digits.isth pictures"];

    public override bool Run(Call call)
    {
        var to = Call.Beside(call.Get(_to), call.Get(_file))!;
        var samples = Decoded.Write(Runs.Run.Load(call.Get(_run)!), call.Get(_file)!, to, call.Stop);
        call.Result(() => new { Samples = samples, File = to }, output => output.WriteLine($"{samples} samples in {to}"));
        return true;
    }
}
