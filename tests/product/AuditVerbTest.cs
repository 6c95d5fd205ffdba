using System.Text.Json;

namespace Isthmus.Tests.Product;

public class AuditVerbTest
{
    [Fact]
    public void Json_HoldsTheRateUsageAndAlarms()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "codes.npy");
        File.WriteAllBytes(path, [.. Header("|u1", "(8, 2)"), 0, 3, 1, 3, 0, 3, 1, 3, 0, 3, 1, 3, 0, 3, 1, 3]);
        var (code, output, errors) = Command.Run("audit", path, "--codebook", "4", "--json");
        Assert.Equal((0, ""), (code, errors));
        var root = JsonDocument.Parse(output).RootElement;
        var rate = root.GetProperty("rate");
        Assert.Equal(4, rate.GetProperty("capacity_bits").GetDouble());
        Assert.Equal(1, rate.GetProperty("estimate").GetProperty("low_bits").GetDouble(), 9);
        Assert.Equal("stream", rate.GetProperty("bill_scope").GetString());
        Assert.Equal(2, root.GetProperty("usage")[0].GetProperty("used").GetInt32());
        Assert.Contains("place 1 always holds the same symbol", root.GetProperty("alarms").EnumerateArray().Select(a => a.GetString()));
        Assert.Contains("alarm: place 1", Command.Run("audit", path).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no.npz", null)]
    [InlineData("bad.npy", "not a number of codes")]
    public void WrongFiles_AreOneLine(string name, string? content)
    {
        using var folder = new TemporaryFolder();
        var path = content is null ? Path.Combine(folder.Path, name) : folder.Write(name, content);
        var (code, output, errors) = Command.Run("audit", path);
        Assert.Equal((2, ""), (code, output));
        Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
        Assert.Equal(2, Command.Run("audit", path, "--mu", "m").Code);
    }

    private static byte[] Header(string type, string shape)
    {
        var text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(text)];
    }
}
