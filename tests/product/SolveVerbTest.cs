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

    // A Z-channel of crossover 0.2: log2(1 + 0.8 * 0.2^(0.2 / 0.8)) bits (closed form).
    [Fact]
    public void Capacity_IsTheClosedFormOfTheZChannel()
    {
        using var folder = new TemporaryFolder();
        var root = Solve("capacity", "--channel", folder.Write("z.csv", "1,0\n0.2,0.8\n"));
        Assert.Equal(Math.Log2(1 + (0.8 * Math.Pow(0.2, 0.25))), root.GetProperty("bits").GetDouble(), 9);
        Assert.InRange(root.GetProperty("gap_bits").GetDouble(), 0, 1e-9);
        Assert.Equal(2, root.GetProperty("input").GetArrayLength());
    }

    // R(D) of a binary source under Hamming distortion is h(p) - h(D).
    [Fact]
    public void RateDistortion_IsTheClosedFormOfABinarySource()
    {
        var point = Solve("rate-distortion", "--p", "0.6,0.4", "--beta", "3").GetProperty("points")[0];
        var d = point.GetProperty("distortion").GetDouble();
        Assert.Equal(Entropy(0.4) - Entropy(d), point.GetProperty("rate_bits").GetDouble(), 9);
        Assert.Equal(1 / (1 + Math.Exp(3)), d, 9);
    }

    [Fact]
    public void Coupling_OfEqualMarginalsIsTheDiagonal()
    {
        var root = Solve("coupling", "--p", "0.5,0.3,0.2", "--q", "0.5,0.3,0.2");
        var entropy = -(0.5 * Math.Log2(0.5)) - (0.3 * Math.Log2(0.3)) - (0.2 * Math.Log2(0.2));
        Assert.Equal(entropy, root.GetProperty("entropy_bits").GetDouble(), 9);
        Assert.Equal(entropy, root.GetProperty("lower_bound_bits").GetDouble(), 9);
        Assert.Equal(0.3, root.GetProperty("joint")[1][1].GetDouble(), 9);
    }

    [Fact]
    public void GaussianIb_BeginsAtOneOverTheSquaredCorrelation()
    {
        var root = Solve("gaussian-ib", "--rho", "0.9,0.5", "--beta", "1,10");
        Assert.Equal(1 / 0.81, root.GetProperty("critical_betas")[0].GetDouble(), 9);
        Assert.Equal(0, root.GetProperty("points")[0].GetProperty("ixt_bits").GetDouble());
        Assert.InRange(root.GetProperty("points")[1].GetProperty("ity_bits").GetDouble(), 0.5, 1.41);
    }

    [Fact]
    public void Ebim_StaysWithinItsBudget()
    {
        var root = Solve("ebim", "--p", "0.25,0.25,0.25,0.25", "--budget", "1");
        Assert.Equal(1, root.GetProperty("ixt_bits").GetDouble(), 9);
        Assert.Equal(1, root.GetProperty("ht_bits").GetDouble(), 9);
    }

    [Fact]
    public void Out_IsAPageWithTheCurve()
    {
        using var folder = new TemporaryFolder();
        var page = Path.Combine(folder.Path, "curve.html");
        Assert.Equal(0, Command.Run("solve", "gaussian-ib", "--rho", "0.9", "--out", page).Code);
        Assert.Contains("<svg class=\"plot\"", File.ReadAllText(page), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rate-distortion|--p|0.6,0.4", "0.4439")]
    [InlineData("coupling|--p|0.6,0.4|--q|0.5,0.5", "joint entropy")]
    [InlineData("gaussian-ib|--rho|0.9", "I(X;Y) 1.198 bits")]
    [InlineData("ebim|--p|0.6,0.4|--budget|0.5", "I(X;T)")]
    public void ForPeople_ThereIsText(string line, string says) =>
        Assert.Contains(says, Command.Run(["solve", .. line.Split('|')]).Output, StringComparison.Ordinal);

    private static JsonElement Solve(params string[] args)
    {
        var (code, output, errors) = Command.Run(["solve", .. args, "--json"]);
        Assert.Equal((0, ""), (code, errors));
        return JsonDocument.Parse(output).RootElement;
    }

    private static double Entropy(double p) => -(p * Math.Log2(p)) - ((1 - p) * Math.Log2(1 - p));

    [Theory]
    [InlineData("solve|ibb", "unknown problem 'ibb'", "did you mean 'ib'?")]
    [InlineData("solve|ib", "ib needs --joint FILE", null)]
    [InlineData("solve|capacity", "capacity needs --channel FILE", null)]
    [InlineData("solve|coupling|--p|1", "coupling needs --q LIST", null)]
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
