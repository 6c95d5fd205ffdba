using System.Text.Json;

namespace Isthmus.Tests.Product;

public class MeasureVerbTest
{
    [Fact]
    public void Json_IsTheContractsAndNearTheTruth()
    {
        var (code, output, errors) = Command.Run("measure", "make:gaussian,n=1000,rho=0.8", "--x", "x1", "--y", "y1", "--estimator", "ksg1,gaussian", "--permutations", "20", "--json");
        Assert.Equal((0, ""), (code, errors));
        var root = JsonDocument.Parse(output).RootElement;
        Assert.Equal((1000, 1, 1), (root.GetProperty("n").GetInt32(), root.GetProperty("dx").GetInt32(), root.GetProperty("dy").GetInt32()));
        Assert.Equal(["ksg1", "gaussian"], root.GetProperty("estimates").EnumerateArray().Select(e => e.GetProperty("estimator").GetString()!));
        foreach (var e in root.GetProperty("estimates").EnumerateArray())
        {
            Assert.InRange(e.GetProperty("bits").GetDouble(), 0.6, 0.9); // truth 0.737; standard error about 0.04
            Assert.InRange(e.GetProperty("p_value").GetDouble(), 0, 0.05);
            Assert.True(e.GetProperty("low_bits").GetDouble() < e.GetProperty("high_bits").GetDouble());
            Assert.Contains(e.GetProperty("direction").GetString(), (string[])["lower", "upper", "none"]);
            Assert.Contains(e.GetProperty("verdict").GetString(), (string[])["no-alarm", "saturated", "unreliable", "too-few-samples", "dependent-samples"]);
            _ = (e.GetProperty("ceiling_bits"), e.GetProperty("note").GetString(), e.GetProperty("seconds").GetDouble());
        }
    }

    [Fact]
    public void ForPeople_ThereIsATableAndAReport()
    {
        using var folder = new TemporaryFolder();
        var report = Path.Combine(folder.Path, "measure.html");
        var (code, output, _) = Command.Run("measure", "make:moons,n=300", "--x", "1-2", "--y", "3", "--permutations", "0", "--out", report);
        Assert.Equal(0, code);
        Assert.Contains("300 rows, x of 2 and y of 1 columns", output, StringComparison.Ordinal);
        Assert.Contains("<svg class=\"plot\"", File.ReadAllText(report), StringComparison.Ordinal);
    }

    [Fact]
    public void AnExternalEstimator_StandsInTheSameTableWithTheTruth()
    {
        if (OperatingSystem.IsWindows()) return; // the command below is a shell's
        var (code, output, errors) = Command.Run("measure", "make:qary,m=4,bits=1,n=500", "--x", "x1", "--y", "y1", "--estimator", "binning", "--permutations", "0",
            "--external", "ls -s >/dev/null && echo 0.6931471805599453 nats #", "--json");
        Assert.Equal((0, ""), (code, errors));
        var root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(1, root.GetProperty("truth_bits").GetDouble(), 1e-9);
        var external = root.GetProperty("estimates")[1];
        Assert.StartsWith("external: ", external.GetProperty("estimator").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, external.GetProperty("bits").GetDouble(), 1e-12);
    }

    [Fact]
    public void AnExternalEstimator_IsGivenTheSamples()
    {
        if (OperatingSystem.IsWindows()) return;
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "count.sh");
        File.WriteAllText(script, "head -c 6 \"$1\" | tail -c 5 >&2\nprintf '{\"bits\": %s, \"low_bits\": 0}\\n' $(wc -c < \"$2\")\n");
        var (code, output, _) = Command.Run("measure", "make:gaussian,n=100", "--x", "x1", "--y", "y1", "--estimator", "gaussian", "--permutations", "0", "--external", $"sh {script}", "--json");
        Assert.Equal(0, code);
        Assert.Equal(256 + 800, JsonDocument.Parse(output).RootElement.GetProperty("estimates")[1].GetProperty("bits").GetDouble());
    }

    [Fact]
    public void AReport_NeverReplacesAFileThatIsNoPage()
    {
        using var folder = new TemporaryFolder();
        var data = Path.Combine(folder.Path, "data.csv");
        File.WriteAllText(data, "a,b\n1,2\n");
        var (code, output, errors) = Command.Run("measure", "make:gaussian,n=50", "--x", "x1", "--y", "y1", "--estimator", "gaussian", "--permutations", "0", "--out", data);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"error: --out '{data}' exists", errors, StringComparison.Ordinal);
        Assert.Equal("a,b\n1,2\n", File.ReadAllText(data));
    }

    // What it started in the background would keep its output open, and us waiting, for as long as it lives.
    [Fact]
    [Trait("Category", "Slow")]
    public void AnExternalEstimator_ThatLeavesSomethingRunning_IsRefused()
    {
        if (OperatingSystem.IsWindows()) return;
        var (code, _, errors) = Command.Run("measure", "make:gaussian,n=50", "--x", "x1", "--y", "y1", "--estimator", "gaussian", "--permutations", "0", "--external", "sleep 30 & echo 1 #");
        Assert.Equal(2, code);
        Assert.Contains("still holds its output", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("measure|make:gaussian,n=50|--x|x1|--y|y1|--estimator|gaussian|--external|false", "error: --external 'false' ended with exit code 1\n")]
    [InlineData("measure|make:gaussian,n=50|--x|x1|--y|y1|--estimator|gaussian|--external|echo hello #", "error: --external 'echo hello #' printed 'hello'\n")]
    [InlineData("measure|make:gaussian,n=50,bits=3,rho=0.1|--x|x1|--y|y1", "error: task 'gaussian': give rho or bits, not both\n")]
    [InlineData("measure|make:gaussian,n=50|--x|x1|--y|y1|--estimator|gaussian|--external|", "error: --external names no command\nhint: ")]
    [InlineData("measure|make:gaussian,n=50|--x|x1|--y|y1|--estimator|,", "error: no estimator is named\nhint: known: all, ksg1")]
    [InlineData("measure|make:gaussian,n=50|--x|x1|--y|y1|--channel|bins:3", "error: --channel goes with --layer only\n")]
    [InlineData("measure|make:gaussian,n=50|--x|x1|--y|y1|--spectra", "error: --spectra goes with --layer only\n")]
    [InlineData("measure|make:moons", "error: --x is missing\n")]
    [InlineData("measure|make:moons|--x|1|--y|9", "error: column '9': ")]
    [InlineData("measure|make:moons|--x|1|--y|2|--estimator|ksg7", "error: ")]
    [InlineData("measure|make:moons|--x|1|--y|2|--intervals|bootstrp", "error: unknown value of --intervals 'bootstrp'\nhint: did you mean 'bootstrap'?\n")]
    [InlineData("measure|make:sprites,n=9|--x|1|--y|2", "error: ")]
    public void WrongInput_IsOneLine(string line, string begins)
    {
        var (code, output, errors) = Command.Run(line.Split('|'));
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith(begins, errors, StringComparison.Ordinal);
        Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
    }
}
