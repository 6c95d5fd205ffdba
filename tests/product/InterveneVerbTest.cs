using System.Text.Json;

namespace Isthmus.Tests.Product;

public sealed class DisplayTrained : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public DisplayTrained()
    {
        var (code, _, errors) = Command.Run("train", "make:led7,n=600", "--bottleneck", "concept", "--epochs", "5", "--out", Run, "--quiet");
        if (code != 0) throw new InvalidOperationException(errors);
    }

    public string Run => Path.Combine(_folder, "display");

    public string Page => Path.Combine(_folder, "curves.html");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

public class InterveneVerbTest(DisplayTrained display) : IClassFixture<DisplayTrained>
{
    [Fact]
    public void TheContractsNamesAreThere_AndThePageHoldsTheFigure()
    {
        var (code, output, errors) = Command.Run("intervene", display.Run, "--policy", "ucp,random,coop", "--competence", "1,0.9", "--out", display.Page, "--json", "--quiet");
        Assert.True(code == 0, errors);
        var root = JsonDocument.Parse(output).RootElement;
        var curves = root.GetProperty("curves").EnumerateArray().ToArray();
        Assert.Equal(6, curves.Length);
        foreach (var curve in curves)
        {
            var points = curve.GetProperty("points").EnumerateArray().ToArray();
            Assert.Equal(Enumerable.Range(0, 8), points.Select(p => p.GetProperty("edited").GetInt32()));
            Assert.All(points, p => Assert.InRange(p.GetProperty("accuracy").GetDouble(), p.GetProperty("low").GetDouble(), p.GetProperty("high").GetDouble()));
        }
        Assert.Equal(["ucp", "ucp", "random", "random", "coop", "coop"], curves.Select(c => c.GetProperty("policy").GetString()));
        var page = File.ReadAllText(display.Page);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.Contains("coop", page, StringComparison.Ordinal);
    }

    [Fact]
    public void PeopleSeeATable()
    {
        var (code, output, errors) = Command.Run("intervene", display.Run, "--policy", "ucp,random", "--edits", "2");
        Assert.True(code == 0, errors);
        Assert.Contains("ucp against random", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--policy", "ucb")]
    [InlineData("--competence", "often")]
    [InlineData("--costs", "nobody=1")]
    [InlineData("--order", "both")]
    public void WrongWordsAreOneLine(string flag, string value)
    {
        var (code, output, errors) = Command.Run("intervene", display.Run, flag, value);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("error: ", errors, StringComparison.Ordinal);
        Assert.InRange(errors.TrimEnd('\n').Split('\n').Length, 1, 2);
    }
}
