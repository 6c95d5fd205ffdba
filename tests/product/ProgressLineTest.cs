using Isthmus.Cli;

namespace Isthmus.Tests.Product;

public class ProgressLineTest
{
    private static readonly ProgressState s_state = new("epoch 3/20", 300, 2000, PerSecond: 17512.3, Loss: 0.12345, Bits: 5.678);

    [Fact]
    public void Line_SaysRateLossBitsAndTimeLeft() =>
        Assert.Equal("epoch 3/20  17,512 samples/s  loss 0.1235  5.68 bits  15%  51 s left", ProgressLine.Line(s_state, TimeSpan.FromSeconds(9)));

    [Fact]
    public void Line_WithoutATotalHasNoTimeLeft() => Assert.Equal("reading\u00b7", ProgressLine.Line(new("reading\u00b7", 5, 0), TimeSpan.FromSeconds(9)));

    [Fact]
    public void Show_WritesOverOneLineWithinTheTerminalsWidthAndClearsIt()
    {
        using var errors = new StringWriter();
        var line = new ProgressLine(errors, true, () => 30);
        line.Show(s_state);
        line.Show(s_state); // younger than a tenth of a second: not shown
        Assert.Equal("\repoch 3/20  17,512 samples/s ", errors.ToString());
        line.Clear();
        line.Clear();
        Assert.Equal("\repoch 3/20  17,512 samples/s \r" + new string(' ', 29) + "\r", errors.ToString());
    }

    [Fact]
    public void Show_IsSilentWhereNobodyLooks()
    {
        using var errors = new StringWriter();
        var line = new ProgressLine(errors, false);
        line.Show(s_state);
        line.Clear();
        Assert.Equal("", errors.ToString());
    }
}
