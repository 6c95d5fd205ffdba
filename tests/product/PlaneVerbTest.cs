using System.Text.Json;

namespace Isthmus.Tests.Product;

public class PlaneVerbTest : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Train(string keep)
    {
        var run = Path.Combine(_folder.Path, "run-" + keep);
        var (code, _, errors) = Command.Run("train", "make:moons,n=400,noise=0.1", "--epochs", "5", "--set", "training.keep=" + keep, "--out", run, "--quiet");
        Assert.True(code == 0, errors);
        return run;
    }

    [Fact]
    public void Plane_PrintsTheContractsObjectAndWritesThePicture()
    {
        var run = Train("log");
        var (code, output, errors) = Command.Run("plane", run, "--layers", "encoder.2,bottleneck,decoder", "--json");
        Assert.Equal((0, ""), (code, errors));
        var root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(["encoder.2", "bottleneck", "decoder"], root.GetProperty("layers").EnumerateArray().Select(l => l.GetString()!));
        Assert.Equal([0, 1, 2, 5], root.GetProperty("epochs").EnumerateArray().Select(e => e.GetInt32()));
        Assert.Equal("bins:30", root.GetProperty("channel").GetString());
        var points = root.GetProperty("points").EnumerateArray().ToArray();
        Assert.Equal(12, points.Length);
        foreach (var p in points)
        {
            var (x, y) = (p.GetProperty("ixt_bits").GetDouble(), p.GetProperty("ity_bits").GetDouble());
            Assert.InRange(y, 0, Math.Min(1, x) + 1e-9);
            _ = (p.GetProperty("epoch").GetInt32(), p.GetProperty("layer").GetString());
        }
        Assert.Equal(3, root.GetProperty("bins").GetArrayLength());
        var html = File.ReadAllText(root.GetProperty("report").GetString()!);
        Assert.Contains("<svg class=\"plot\"", html, StringComparison.Ordinal);
        Assert.Contains("exact curve of these rows", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_ReadsALayerThroughItsChannel()
    {
        var run = Train("none");
        var (code, output, errors) = Command.Run("measure", run, "--layer", "encoder.2", "--channel", "noise:0.1", "--spectra", "--json");
        Assert.Equal((0, ""), (code, errors));
        var root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(("encoder.2", "noise:0.1", 40, 2), (root.GetProperty("layer").GetString(), root.GetProperty("channel").GetString(), root.GetProperty("n").GetInt32(), root.GetProperty("dx").GetInt32()));
        Assert.InRange(root.GetProperty("ixt_bits").GetDouble(), 0.1, Math.Log2(40) + 1e-9);
        Assert.InRange(root.GetProperty("ity_bits").GetDouble(), 0, 1);
        var estimates = root.GetProperty("estimates").EnumerateArray().ToArray();
        Assert.Contains(estimates, e => e.GetProperty("estimator").GetString() == "kde-upper" && e.GetProperty("direction").GetString() == "upper");
        Assert.InRange(root.GetProperty("spectra").GetProperty("local_rank").GetDouble(), 0, 2);
        foreach (var name in (string[])["rankme", "stable_rank", "participation", "alpha_req", "von_neumann_bits"]) Assert.True(root.GetProperty("spectra").GetProperty(name).GetDouble() > 0, name);

        (code, output, _) = Command.Run("measure", run, "--layer", "bottleneck");
        Assert.Equal(0, code);
        Assert.Contains("own Gaussian noise", output, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutKeptEpochs_ThePlaneHasTheEndOfTraining()
    {
        var (code, output, _) = Command.Run("plane", Train("none"), "--layers", "encoder.2,bottleneck", "--json");
        Assert.Equal(0, code);
        var root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(2, root.GetProperty("points").GetArrayLength());
        Assert.Contains(root.GetProperty("notes").EnumerateArray(), n => n.GetString()!.Contains("kept no weights", StringComparison.Ordinal));
    }

    [Fact]
    public void ADeterministicLayer_IsReadThroughBinsThatAreStated()
    {
        var (code, output, _) = Command.Run("measure", Train("none"), "--layer", "encoder.2", "--json");
        Assert.Equal(0, code);
        var root = JsonDocument.Parse(output).RootElement;
        Assert.Equal("bins:30", root.GetProperty("channel").GetString());
        Assert.Contains(root.GetProperty("notes").EnumerateArray(), n => n.GetString()!.Contains("infinite", StringComparison.Ordinal));
    }

    [Fact]
    public void WrongInput_IsOneLineWithWhatToDo()
    {
        var run = Train("none");
        foreach (var (args, begins, hint) in ((string, string, string)[])
        [
            ("plane|RUN|--epochs|3", "error: RUN has kept no weights of its epochs\n", "hint: leave out --epochs, or train it with --set training.keep=log\n"),
            ("plane|RUN|--layers|encodr.2", "error: unknown layer 'encodr.2'\n", "hint: did you mean 'encoder.2'"),
            ("plane|RUN|--channel|noise:-1", "error: channel 'noise:-1': ", "hint: "),
            ("plane|RUN|--epochs|x", "error: --epochs 'x' is not a list of epochs\n", "hint: "),
            ("plane|RUN|--estimator|ksg7", "error: estimator 'ksg7' is not known\n", "hint: "),
            ("plane|nowhere", "error: nowhere: no such run\n", "hint: "),
            ("measure|RUN|--layer|encoder.22|--channel|float16", "error: unknown layer 'encoder.22'\n", "hint: did you mean 'encoder.2'"),
            ("measure|RUN|--layer|encoder.2|--channel|bins:0", "error: channel 'bins:0': ", ""),
            ("measure|RUN|--layer|encoder.2|--channel|bin:9", "error: unknown channel 'bin:9'\n", "hint: "),
            ("measure|RUN|--layer|encoder.2|--channel|float16|--rows|tests", "error: unknown part of the rows 'tests'\n", "hint: did you mean 'test'?\n"),
            ("measure|RUN|--layer|encoder.2|--x|1", "error: --x does not go with --layer\n", "hint: "),
            ("measure|RUN", "error: --layer is missing", "hint: "),
        ])
        {
            var (code, output, errors) = Command.Run(args.Replace("RUN", run, StringComparison.Ordinal).Split('|'));
            Assert.Equal((2, ""), (code, output));
            Assert.StartsWith(begins.Replace("RUN", run, StringComparison.Ordinal), errors, StringComparison.Ordinal);
            Assert.Contains(hint, errors, StringComparison.Ordinal);
            Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
        }
    }
}
