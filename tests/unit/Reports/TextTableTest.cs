using Isthmus.Reports;

namespace Isthmus.Tests.Reports;

public class TextTableTest
{
    [Fact]
    public void Table_AlignsTextsLeftAndNumbersRight() =>
        Assert.Equal(
            "name     rows  accuracy   time\n" +
            "iris      150     0.967  1.2 s\n" +
            "mnist  10,000     0.980      –\n",
            new TextTable("name", "rows", "accuracy", "time").Add("iris", 150, 0.967, TimeSpan.FromSeconds(1.2)).Add("mnist", 10_000, 0.98, null).ToText());

    [Fact]
    public void Header_IsBoldOnlyWhenAskedFor()
    {
        var table = new TextTable("a").Add(1);
        Assert.Equal("\u001b[1ma\u001b[0m\n1\n", table.ToText(bold: true));
        Assert.Equal("a\n1\n", table.ToText());
    }

    [Fact]
    public void ControlCharacters_DoNotReachTheTerminal() => Assert.Equal("n\na??[31mb\n", new TextTable("n").Add("a\n\u001b[31mb").ToText());

    [Fact]
    public void WideCharacters_TakeTwoColumns() =>
        Assert.Equal("n     v\n日本  1\nabc   2\n", new TextTable("n", "v").Add("日本", 1).Add("abc", 2).ToText());

    [Theory]
    [InlineData(0.9674999, "0.9675")]
    [InlineData(0.5, "0.5")]
    [InlineData(-12.3456, "-12.35")]
    [InlineData(17512.3, "17,512")]
    [InlineData(0.0001234, "0.0001234")]
    [InlineData(0.00001234, "1.234e-5")]
    [InlineData(1e6, "1e6")]
    [InlineData(999999.7, "1,000,000")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.NegativeInfinity, "-∞")]
    [InlineData(0.0, "0")]
    public void Numbers_AreShort(double value, string text) => Assert.Equal(text, CellText.Number(value));

    [Fact]
    public void Columns_HaveEqualDecimalsUnlessTooFarApart()
    {
        Assert.Equal(["0.113", "0.900", "–", "0.000"], CellText.OfColumn([0.113, 0.9, double.NaN, 0.0]));
        Assert.Equal(["1234", "0.0012"], CellText.OfColumn([1234.0, 0.0012]));
        Assert.Equal(["1e-7", "0.5"], CellText.OfColumn([1e-7, 0.5]));
    }
}
