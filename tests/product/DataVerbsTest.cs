using System.Text.Json;

namespace Isthmus.Tests.Product;

public class DataVerbsTest
{
    [Fact]
    public void List_NamesTheGeneratorsWithTheirKeys()
    {
        var root = JsonDocument.Parse(Command.Run("data", "list", "--json").Output).RootElement;
        var names = root.GetProperty("generators").EnumerateArray().Select(g => g.GetProperty("name").GetString()).ToArray();
        Assert.Contains("sprites", names);
        Assert.Contains("gaussian", names);
        Assert.Contains("\nmoons ", Command.Run("data", "list").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_TellsColumnsTypesAndRoles()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("houses.csv", "price;rooms;town\r\n1,5;3;Bern\r\n2,5;;Basel\r\n3;5;Bern\r\n".Replace(',', '.'));
        var root = JsonDocument.Parse(Command.Run("data", "describe", path, "--target", "price", "--json").Output).RootElement;
        Assert.Equal(("table", 3), (root.GetProperty("kind").GetString(), root.GetProperty("rows").GetInt32()));
        var columns = root.GetProperty("columns").EnumerateArray().ToArray();
        Assert.Equal(["target", "feature", "feature"], columns.Select(c => c.GetProperty("role").GetString()!));
        Assert.Equal(1, columns[1].GetProperty("missing").GetInt32());
    }

    [Fact]
    public void Make_WritesAFileThatDescribesItself()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "moons.csv");
        var (code, output, errors) = Command.Run("data", "make", "moons,n=50", "--out", path, "--json");
        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(50, JsonDocument.Parse(output).RootElement.GetProperty("data")[0].GetProperty("rows").GetInt32());
        Assert.Equal(50, JsonDocument.Parse(Command.Run("data", "describe", path, "--json").Output).RootElement.GetProperty("rows").GetInt32());
        Assert.Equal(0, Command.Run("data", "make", "xor", "sprites,n=3", "--out", folder.Path).Code);
        Assert.Equal(["moons.csv", "sprites.npz", "xor.csv"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Truth_OfTheGaussianPairIsTheClosedForm()
    {
        var root = JsonDocument.Parse(Command.Run("data", "make", "gaussian,dim=5,rho=0.8", "--truth", "--json").Output).RootElement;
        Assert.Equal(-2.5 * Math.Log2(1 - 0.64), root.GetProperty("data")[0].GetProperty("truth").GetProperty("mi_bits").GetDouble(), 6);
    }

    [Theory]
    [InlineData("train|--botleneck|vib", "error: unknown option '--botleneck'\nhint: did you mean '--bottleneck'?\n")]
    [InlineData("data|make|moonz", "error: unknown generator 'moonz'\nhint: did you mean 'moons'?\n")]
    [InlineData("data|describe|make:moons,noize=1", "error: unknown key of make:moons 'noize'\nhint: did you mean 'noise'?\n")]
    [InlineData("data|describe|make:moons|--task|regresion", "error: unknown value of --task 'regresion'\nhint: did you mean 'regression'?\n")]
    [InlineData("data|describe|make:moons|--max-memory|lots", "error: --max-memory 'lots' is not an amount of memory\nhint: as in --max-memory 500M or --max-memory 8G\n")]
    [InlineData("data|describe|make:moons|--max-memory|1K", null)]
    public void WrongInput_IsOneLine(string line, string? expected)
    {
        var (code, output, errors) = Command.Run(line.Split('|'));
        Assert.Equal((2, ""), (code, output));
        if (expected is not null) Assert.Equal(expected, errors);
        Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
    }
}
