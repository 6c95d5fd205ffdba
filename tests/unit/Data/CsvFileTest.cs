using System.Globalization;
using System.Text;
using Isthmus.Data;

namespace Isthmus.Tests.Data;

public sealed class CsvFileTest : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private Table Read(string text, HeaderMode header = HeaderMode.Detect, string name = "t.csv") => CsvFile.Read(_scratch.Write(name, text), header);

    private InputException Refused(string text, HeaderMode header = HeaderMode.Detect, string name = "t.csv")
    {
        var e = Assert.Throws<InputException>(() => Read(text, header, name));
        Assert.DoesNotContain('\n', e.Message);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
        return e;
    }

    [Theory]
    [InlineData("a,b\n1,x\n2.5,y\n,x\n", "\n")]
    [InlineData("a;b\n1;x\n2.5;y\n;x\n", "\n")]
    [InlineData("a\tb\n1\tx\n2.5\ty\n\tx\n", "\n")]
    [InlineData("a|b\n1|x\n2.5|y\n|x", "\n")]
    [InlineData("\ufeffa,b\n1,x\n\n2.5,\"y\"\n , x \n", "\r\n")]
    public void Separators_LineEndsQuotesAndByteOrderMarksAreFoundOut(string text, string lineEnd)
    {
        var table = Read(text.Replace("\n", lineEnd, StringComparison.Ordinal));
        Assert.Equal(["a", "b"], table.Columns.Select(c => c.Name));
        Assert.Equal([1, 2.5, double.NaN], table.Columns[0].Numbers);
        Assert.Equal(["x", "y"], table.Columns[1].Categories);
        Assert.Equal([0, 1, 0], table.Columns[1].Codes);
    }

    [Fact]
    public void Utf16_WithAByteOrderMarkIsRead()
    {
        var path = _scratch.Write("t.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("größe,b\n1,2\n")]);
        Assert.Equal("größe", CsvFile.Read(path).Columns[0].Name);
    }

    [Theory]
    [InlineData("x,1\ny,2\n", false)] // a number in the first row
    [InlineData("p,x\ne,x\np,y\n", false)] // words that come again
    [InlineData("name,colour\nx,red\ny,blue\n", true)]
    [InlineData("name,size\nx,1\ny,2\n", true)]
    [InlineData("p,x,p\ne,x,q\n", false)]
    public void Header_IsDetected(string text, bool expected) => Assert.Equal(expected, Read(text).HasHeader);

    [Fact]
    public void Header_FollowsWhatIsSaid()
    {
        Assert.Equal(3, Read("a,b\n1,2\n3,4\n", HeaderMode.None).Count);
        Assert.Equal(["c1", "c2"], Read("a,b\n1,2\n3,4\n", HeaderMode.None).Columns.Select(c => c.Name));
        Assert.Equal(["1", "2"], Read("1,2\n3,4\n", HeaderMode.Row).Columns.Select(c => c.Name));
    }

    [Fact]
    public void Missing_IsWhatPeopleWriteForIt() =>
        Assert.Equal(7, Read("a,b\n1,x\n?,x\nNA,x\nNaN,x\n\"\",x\nnull,x\nN/A,x\n,x\n2,x\n").Columns[0].MissingCount);

    [Fact]
    public void Quotes_HoldSeparatorsLineBreaksAndQuotes()
    {
        var table = Read("a,b\n\"x,\"\"y\"\"\nz\",1\nw,2\n");
        Assert.Equal("x,\"y\"\nz", table.Columns[0].Cell(0));
        Assert.Equal([2, 4], table.Lines!);
    }

    [Theory]
    [InlineData("2011-01-01,1\n2011-01-02,2\n", 86400)]
    [InlineData("2016-07-01 00:00:00,1\n2016-07-01 01:00:00,2\n", 3600)]
    [InlineData("13.02.2020,1\n14.02.2020,2\n", 86400)]
    [InlineData("2020-02-28T23:00Z,1\n2020-02-28T23:01Z,2\n", 60)]
    public void Dates_AreRecognised(string text, double step)
    {
        var column = Read("when,b\n" + text).Columns[0];
        Assert.Equal(ColumnType.Date, column.Type);
        Assert.Equal(step, column.Numbers[1] - column.Numbers[0]);
    }

    [Fact]
    public void Numbers_DoNotDependOnTheCulture()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            Assert.Equal([1.5, -2e-3], Read("a,b\n1.5,x\n-2e-3,y\n").Columns[0].Numbers);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("", "t.csv: empty")]
    [InlineData("\n\n", "t.csv: empty")]
    [InlineData("a,b\n1,2\n3\n", "t.csv line 3: 1 cells, the first row has 2")]
    [InlineData("a,b\n1,2\n\n3,4,5\n", "t.csv line 4: 3 cells, the first row has 2")]
    [InlineData("a,b,a\n1,2,3\n", "t.csv line 1: two columns are named 'a'")]
    [InlineData("a,b\n1,x\"y\n", "t.csv line 2: ")]
    [InlineData("a,b\n1,\"x\n", "t.csv line 2: ")]
    [InlineData("a;b\n1,5;x\n2,5;y\n", "t.csv line 2, column 'a': '1,5' has a decimal comma")]
    [InlineData("a\0b\n", "t.csv: not a text file")]
    public void Damage_IsNamedWithItsLine(string text, string message) => Assert.Contains(message, Refused(text).Message, StringComparison.Ordinal);

    [Fact]
    public void Header_WithoutRowsIsAnError() => Assert.Contains("a header, but no rows", Refused("a,b\n", HeaderMode.Row).Message, StringComparison.Ordinal);

    // One row of different words: a table whose rows were lost, not one row of data.
    [Fact]
    public void Header_ByItselfIsAnErrorWhereItIsFoundOut() => Assert.Contains("a header, but no rows", Refused("colour,size,price\n", HeaderMode.Detect).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("12a")]
    [InlineData("1e99")]
    [InlineData("Infinity")]
    public void OneOddCellAmongNumbers_IsDamage(string odd)
    {
        var rows = string.Concat(Enumerable.Range(0, 300).Select(i => i == 150 ? $"{odd},x\n" : $"{i},x\n"));
        Assert.Contains($"t.csv line 152, column 'a': '{odd}' is not a number", Refused("a,b\n" + rows).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Types_CanBeGiven()
    {
        var path = _scratch.Write("t.csv", "a,b\n01,1\n2,x\n");
        Assert.Equal(["01", "2"], CsvFile.Read(path, types: new Dictionary<string, ColumnType> { ["a"] = ColumnType.Text }).Columns[0].Categories);
        Assert.EndsWith("line 3, column 'b': expected a number, got 'x'",
            Assert.Throws<InputException>(() => CsvFile.Read(path, types: new Dictionary<string, ColumnType> { ["b"] = ColumnType.Numeric })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_IsLimitedBeforeItIsTaken()
    {
        var path = _scratch.Write("t.csv", "a,b\n" + string.Concat(Enumerable.Repeat("1,2\n", 1000)));
        Assert.Contains("the limit is 9 kB", Assert.Throws<InputException>(() => CsvFile.Read(path, maxMemory: 9_000)).Message, StringComparison.Ordinal);
        Assert.Equal(1000, CsvFile.Read(path, maxMemory: 20_000).Count);
    }

    [Fact]
    public void MissingFile_SuggestsItsNeighbour()
    {
        _scratch.Write("housing.csv", "a\n1\n");
        Assert.Contains("housing.csv", Assert.Throws<InputException>(() => CsvFile.Read(_scratch["houzing.csv"])).Hint, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<InputException>(() => CsvFile.Read(_scratch.Folder)).Message, StringComparison.Ordinal);
    }

    [DataTheory("tabular")]
    [InlineData("tabular/cal_housing.data", 20640, 9, true)]
    [InlineData("tabular/optdigits.tra", 3823, 65, false)]
    [InlineData("tabular/mushroom.csv", 8124, 23, false)]
    [InlineData("tabular/bike_sharing_hour.csv", 17379, 19, true)]
    [InlineData("timeseries/ETTh1.csv", 17420, 8, true)]
    [InlineData("timeseries/beijing_pm25.csv", 43824, 13, true)]
    [InlineData("concepts/dermatology.csv", 366, 35, true)]
    [InlineData("concepts/zoo.csv", 101, 18, false)]
    [InlineData("concepts/wbcatt_test.csv", 3099, 14, true)]
    [InlineData("concepts/awa2-predicate-matrix-binary.txt", 50, 85, false)]
    public void RealFiles_AreRead(string file, int rows, int columns, bool header)
    {
        var table = CsvFile.Read(TestData.Require(file));
        Assert.Equal((rows, columns, header), (table.Count, table.Columns.Count, table.HasHeader));
    }

    [DataFact("tabular/cal_housing.data")]
    public void CaliforniaHousing_HasItsKnownMeans()
    {
        var table = CsvFile.Read(TestData.Require("tabular/cal_housing.data"));
        Assert.Equal(206855.81690891474, table["median_house_value"]!.Numbers.Average(), 6);
        Assert.Equal(1425.4767441860465, table["population"]!.Numbers.Average(), 8);
    }

    [Theory]
    [InlineData("s1-s3", "1,2,3")]
    [InlineData("S2-4", "2,3")]
    [InlineData("id,s2-s3,5", "0,2,3,4")]
    [InlineData("a-b", "4")]
    [InlineData("s3-a-b", "3,4")]
    [InlineData("a-b-a-b", "4")]
    public void ColumnsAreNamedByRanges(string selectors, string expected)
    {
        var table = new Table("t", [.. new[] { "id", "s1", "s2", "s3", "a-b" }.Select(n => TableColumn.Numeric(n, [1]))]);
        Assert.Equal(expected, string.Join(',', table.Find(selectors)));
    }

    [Theory]
    [InlineData("s3-s1", "column range 's3-s1' of t runs backwards")]
    [InlineData("s1-s9", "unknown column of t 's1-s9'")]
    [InlineData("1-9", "column '1-9': t has columns 1 to 3")]
    [InlineData("-", "unknown column of t '-'")]
    public void WrongRanges_AreNamed(string selectors, string message)
    {
        var table = new Table("t", [.. new[] { "s1", "s2", "s3" }.Select(n => TableColumn.Numeric(n, [1]))]);
        Assert.Contains(message, Assert.Throws<InputException>(() => table.Find(selectors)).Message, StringComparison.Ordinal);
    }
}
