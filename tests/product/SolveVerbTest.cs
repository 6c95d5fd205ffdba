using System.Text.Json;

namespace Isthmus.Tests.Product;

public class SolveVerbTest
{
    [Fact]
    public void Ib_OfANoiselessPairReachesTheInformation()
    {
        using var folder = new TemporaryFolder();
        var joint = folder.Write("joint.csv", "0.5,0\n0,0.5\n");
        var (code, output, errors) = Command.Run("solve", "ib", "--joint", joint, "--beta", "0.5,4", "--json");
        Assert.Equal((0, ""), (code, errors));
        var root = JsonDocument.Parse(output).RootElement;
        Assert.Equal("ib", root.GetProperty("problem").GetString());
        var points = root.GetProperty("points");
        Assert.Equal(0, points[0].GetProperty("ixt_bits").GetDouble(), 9);
        Assert.Equal(1, points[1].GetProperty("ixt_bits").GetDouble(), 9);
        Assert.Equal(1, points[1].GetProperty("ity_bits").GetDouble(), 9);
        Assert.Equal(0.25, points[1].GetProperty("train_beta").GetDouble(), 12);
        Assert.Equal(2, points[1].GetProperty("encoder").GetArrayLength());
        Assert.Equal(1, root.GetProperty("critical_betas")[0].GetDouble(), 6);
        Assert.Equal(JsonValueKind.Object, points[1].GetProperty("certificate").ValueKind);
    }

    [Theory]
    [InlineData("solve|ibb", "unknown problem 'ibb'", "did you mean 'ib'?")]
    [InlineData("solve|ib", "ib needs --joint FILE", null)]
    [InlineData("solve|ib|--joint|no-such.csv", "cannot read 'no-such.csv': no such file", null)]
    [InlineData("solve|ib|--joint|JOINT|--beta|2,x", "--beta 2,x: 'x' is not a number", null)]
    public void WrongInput_IsOneLine(string line, string error, string? hint)
    {
        using var folder = new TemporaryFolder();
        var joint = folder.Write("joint.csv", "0.5,0\r\n0,0.5\r\n");
        var (code, output, errors) = Command.Run([.. line.Split('|').Select(w => w == "JOINT" ? joint : w)]);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("error: " + error + "\n", errors, StringComparison.Ordinal);
        if (hint is not null) Assert.EndsWith("hint: " + hint + "\n", errors, StringComparison.Ordinal);
    }
}
