using Isthmus.Data;
using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

public class ColumnSamplesTest
{
    private static readonly Table s_table = new("t.csv",
    [
        TableColumn.Numeric("a", [0.5, 1.5, double.NaN, 3.5]),
        TableColumn.Numeric("b", [1, 2, 1, 2]),
        TableColumn.Text("c", [0, 1, 1, 2], ["p", "q", "r"]),
    ]);

    [Fact]
    public void Rows_WithMissingValuesAreLeftOutOfAllSets()
    {
        var s = ColumnSamples.From(s_table, "a", "b", "c");
        Assert.Equal([0.5, 1.5, 3.5], s.X.Column(0));
        Assert.Equal([1, 2, 2], s.Y.Column(0));
        Assert.Equal([0, 1, 2], s.Given!.Column(0));
        Assert.Equal((false, true, true), (s.X.IsDiscrete(0), s.Y.IsDiscrete(0), s.Given.IsDiscrete(0)));
        Assert.Equal(["1 of 4 rows with missing values are left out"], s.Notes);
    }

    [Fact]
    public void Words_AmongOthersBecomeColumnsOfTheirOwn()
    {
        var s = ColumnSamples.From(s_table, "b,c", "2");
        Assert.Equal(4, s.X.Dimensions);
        Assert.Equal([1, 0, 0, 0], s.X.Column(1));
        Assert.Equal([0, 0, 0, 1], s.X.Column(3));
        Assert.Null(s.Given);
    }

    [Fact]
    public void UnknownColumns_AreRefused() => Assert.Throws<InputException>(() => ColumnSamples.From(s_table, "aa", "b"));

    [Theory]
    [InlineData("inf")]
    [InlineData("-Infinity")]
    [InlineData("1e999")]
    public void An_infinite_cell_among_numbers_is_refused_and_never_read_as_a_name(string cell)
    {
        var words = new[] { "1", "2", cell, "4" };
        var table = new Table("t.csv", [TableColumn.Text("a", [0, 1, 2, 3], words), TableColumn.Numeric("b", [2, 4, 5, 1])]);
        var error = Assert.Throws<InputException>(() => ColumnSamples.From(table, "a", "b"));
        Assert.Contains($"column 'a' holds '{cell}'", error.Message, StringComparison.Ordinal);
    }
}
