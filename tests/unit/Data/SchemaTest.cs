using Isthmus.Data;

namespace Isthmus.Tests.Data;

public class SchemaTest
{
    private static readonly double NaN = double.NaN;

    private static Table People() => new("people.csv",
    [
        TableColumn.Numeric("age", [20, 30, NaN, 50, 1000]),
        TableColumn.Text("colour", [0, 1, 1, -1, 2], ["blue", "green", "red"]),
        TableColumn.Numeric("rings", [2, 4, 0, 4, 2]),
        TableColumn.Text("kind", [0, 1, 0, 1, 1], ["cat", "dog"]),
    ])
    {
        Lines = [2, 3, 4, 5, 6],
    };

    private static Schema Fit(DataOptions? options = null, int[]? training = null)
    {
        options ??= new DataOptions { Target = "kind", Concepts = "rings" };
        var table = People();
        return Schema.Fit(table, TableRoles.Resolve(table, options), options, training ?? [0, 1, 2, 3]);
    }

    [Fact]
    public void Fit_TakesStatisticsFromTheTrainingRowsOnly()
    {
        var age = Fit().Columns[0];
        Assert.Equal(100.0 / 3, age.Mean, 12); // the 1000 of row 4 is not seen
        Assert.Equal(Math.Sqrt(1400.0 / 9), age.Scale, 12);
        Assert.Equal(1, Fit().Columns[1].FillCategory);
    }

    [Fact]
    public void Apply_FillsStandardisesAndOneHots()
    {
        var schema = Fit();
        Assert.Equal(["age", "age?", "colour=blue", "colour=green", "colour=red", "colour?"], schema.FeatureNames);
        var data = schema.Apply(People());
        Assert.Equal([0, 1, 0, 1, 0, 0], data.Row(2).ToArray()); // a missing age is the mean: 0 after standardisation
        Assert.Equal([0f, 0, 1, 0, 1], data.Row(3)[1..].ToArray()); // a missing colour is the mode
        Assert.Equal([0, 1, 0, 1, 1], ((ClassTarget)data.Target!).Labels);
        Assert.Equal(["0", "2", "4"], data.Concepts!.Columns[0].Categories);
        Assert.Equal([1, 2, 0, 2, 1], data.Concepts.Values);
    }

    [Fact]
    public void Apply_EmbedsCategoriesWithAnIndexForMissing()
    {
        var data = Fit(new DataOptions { Target = "age", EmbedCategories = true }, [0, 1]).Apply(People());
        Assert.Equal([4, 3], data.Indices!.Cardinalities);
        Assert.Equal([0, 2], data.Indices.Row(2).ToArray());
        Assert.Equal(["rings"], data.FeatureNames);
        Assert.Equal(4, data.Count); // the row without an age is left out
    }

    [Fact]
    public void Targets_ComeBackInTheirUnits()
    {
        var target = (ContinuousTarget)Fit(new DataOptions { Target = "age" }, [0, 1]).Apply(People()).Target!;
        Assert.Equal([20, 30, 50, 1000], target.Values.Select(v => Math.Round(target.InUnits(v), 3)));
    }

    [Fact]
    public void Json_RoundTrips()
    {
        var schema = Fit();
        var back = Schema.FromJson(schema.ToJson());
        Assert.Equal(schema.ToJson(), back.ToJson());
        Assert.Equal(schema.Apply(People()).Features, back.Apply(People()).Features);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1,2")]
    [InlineData("{\"format\":2,\"kind\":\"table\",\"feature_shape\":[1]}")]
    [InlineData("{\"kind\":\"images\",\"feature_shape\":[-1]}")]
    public void Json_ThatIsNoSchemaIsRefusedInOneLine(string json)
    {
        var e = Assert.Throws<InputException>(() => Schema.FromJson(json, "schema.json"));
        Assert.StartsWith("schema.json: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Apply_SaysWhatDoesNotFit()
    {
        var schema = Fit();
        Table Changed(int at, TableColumn column) => People() with { Columns = [.. People().Columns.Select((c, i) => i == at ? column : c)] };
        void Refused(Table table, string message, string? hint)
        {
            var e = Assert.Throws<InputException>(() => schema.Apply(table));
            Assert.Equal((message, hint), (e.Message, e.Hint));
        }
        Refused(Changed(0, People().Columns[0] with { Name = "Age" }), "people.csv: column 'age' is missing", "did you mean 'Age'?");
        Refused(Changed(0, TableColumn.Text("age", [0, 0, 0, 0, 0], ["old"])), "people.csv line 2, column 'age': expected a number, got 'old'", null);
        Refused(Changed(1, TableColumn.Text("colour", [0, 1, 1, 1, 2], ["blue", "gren", "red"])), "people.csv line 3, column 'colour': category 'gren' was not there in training", "did you mean 'green'?");
        Refused(Changed(3, TableColumn.Text("kind", [0, 0, 0, 0, 0], ["cow"])), "people.csv line 2, column 'kind': class 'cow' was not there in training", "known: cat, dog");
    }

    [Fact]
    public void Apply_WithoutTarget_NeedsNoTargetColumn()
    {
        var table = People();
        var data = Fit().Apply(table with { Columns = [.. table.Columns.Take(2)] }, withTarget: false);
        Assert.Null(data.Target);
        Assert.Null(data.Concepts);
        Assert.Equal(5, data.Count);
    }

    [Fact]
    public void Find_UnderstandsHeadersNumbersAndRanges()
    {
        Assert.Equal([0, 2, 3], People().Find("age,3-4"));
        Assert.Equal([1], People().Find("COLOUR"));
        Assert.Equal("did you mean 'colour'?", Assert.Throws<InputException>(() => People().Find("color")).Hint);
        Assert.Contains("has columns 1 to 4", Assert.Throws<InputException>(() => People().Find("5")).Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => People().Find("3-2"));
        Assert.Throws<InputException>(() => People().Find(","));
    }

    [Fact]
    public void Roles_RefuseAColumnTwiceAndDates()
    {
        Assert.Contains("is a target already", Assert.Throws<InputException>(() => TableRoles.Resolve(People(), new DataOptions { Target = "kind", Concepts = "kind" })).Message, StringComparison.Ordinal);
        var dated = People() with { Columns = [.. People().Columns, new TableColumn("day", ColumnType.Date, [0, 1, 2, 3, 4], [], [])] };
        Assert.Equal("a series: --time day; otherwise --ignore day", Assert.Throws<InputException>(() => TableRoles.Resolve(dated, new DataOptions())).Hint);
    }

    [Fact]
    public void Fit_OfArrays_StandardisesChannelsByTheTrainingRows()
    {
        var data = new Dataset("v", DataKind.Vectors, 3, [1, 5, 3, 5, 100, 6], 2);
        var schema = Schema.Fit(data, [0, 1]);
        Assert.Equal([2, 5], schema.Mean);
        Assert.Equal([1, 1], schema.Scale); // a constant column keeps its scale
        Assert.Equal([-1, 0, 1, 0, 98, 1], schema.Apply(data).Features);
        Assert.Throws<InputException>(() => schema.Apply(new Dataset("w", DataKind.Vectors, 1, [1, 2, 3], 3)));
    }

    [Fact]
    public void Dataset_RefusesColumnsOfAnotherLength() =>
        Assert.Throws<ArgumentException>(() => new Dataset("v", DataKind.Vectors, 2, [1, 2], 1) { Target = new ClassTarget("y", [0], ["a"]) });
}
