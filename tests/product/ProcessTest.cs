using System.Diagnostics;

namespace Isthmus.Tests.Product;

public class ProcessTest
{
    [Fact]
    public async Task Help_IsThereAtOnce()
    {
        using var folder = new TemporaryFolder();
        var times = new List<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            var clock = Stopwatch.StartNew();
            var (code, output, errors) = await Command.RunProcess(folder.Path, "--help");
            times.Add(clock.Elapsed);
            Assert.Equal((0, ""), (code, errors));
            Assert.StartsWith("isthmus: ", output, StringComparison.Ordinal);
        }
        Assert.InRange(times.Min().TotalSeconds, 0, 2); // it takes less than 0.15 s on an idle machine; tests share theirs
    }

    [Fact]
    public async Task Output_IsUtf8WithoutAMarkAndExitCodesReachTheCaller()
    {
        using var folder = new TemporaryFolder();
        var (code, output, errors) = await Command.RunProcess(folder.Path, "trian");
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("error: unknown verb 'trian'", errors, StringComparison.Ordinal);
        Assert.Equal(0, (await Command.RunProcess(folder.Path, "--version")).Code);
    }
}
