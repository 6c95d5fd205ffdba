using Isthmus.Data;

namespace Isthmus.Tests.Data;

public sealed class DataSourceTest : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private string Csv(string name = "t.csv", int rows = 200) => _scratch.Write(name, "age,colour,kind,score\n" +
        string.Concat(Enumerable.Range(0, rows).Select(i => FormattableString.Invariant($"{i * 7 % 50},{"red green blue".Split(' ')[i % 3]},{(i % 4 == 0 ? "a" : "b")},{(i % 9 == 0 ? "" : (i * 0.5).ToString(System.Globalization.CultureInfo.InvariantCulture))}\n"))));

    private static InputException Refused(Action load)
    {
        var e = Assert.Throws<InputException>(load);
        Assert.DoesNotContain('\n', e.Message);
        return e;
    }

    [Fact]
    public void Table_IsSplitEvenlyAndStandardisedByItsTrainingRows()
    {
        var loaded = DataSource.Load(Csv(), new DataOptions { Target = "kind" });
        var labels = ((ClassTarget)loaded.Data.Target!).Labels;
        Assert.Equal((160, 20, 20), (loaded.Split.Train.Length, loaded.Split.Validation.Length, loaded.Split.Test.Length));
        Assert.Equal(40, loaded.Split.Train.Count(r => labels[r] == 0));
        Assert.Equal(0, loaded.Split.Train.Average(r => loaded.Data.Row(r)[0]), 1e-6);
        Assert.Equal(1, loaded.Split.Train.Average(r => loaded.Data.Row(r)[0] * loaded.Data.Row(r)[0]), 1e-5);
        Assert.Equal(["age", "colour=blue", "colour=green", "colour=red", "score", "score?"], loaded.Schema.FeatureNames);
    }

    [Fact]
    public void NewRows_GoThroughTheStoredSchema()
    {
        var loaded = DataSource.Load(Csv(), new DataOptions { Target = "kind" });
        var schema = Schema.FromJson(loaded.Schema.ToJson());
        var again = DataSource.LoadNew(Csv(), schema, new DataOptions(), withTarget: true);
        Assert.Equal(loaded.Data.Features, again.Features);
        var without = _scratch.Write("new.csv", "colour,score,age\nred,1,2\n");
        Assert.Equal(1, DataSource.LoadNew(without, schema, new DataOptions(), withTarget: false).Count);
        Assert.Equal($"{without}: column 'kind' is missing", Refused(() => DataSource.LoadNew(without, schema, new DataOptions(), withTarget: true)).Message);
        var unseen = _scratch.Write("new.csv", "colour,score,age\nred,1,2\ngray,1,2\n");
        Assert.EndsWith("line 3, column 'colour': category 'gray' was not there in training", Refused(() => DataSource.LoadNew(unseen, schema, new DataOptions(), false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingTargets_AreLeftOutWithANote()
    {
        var loaded = DataSource.Load(Csv(), new DataOptions { Target = "score" });
        Assert.Equal(177, loaded.Data.Count);
        Assert.Contains("23 of 200 rows without a target are left out", loaded.Data.Notes);
        Assert.IsType<ContinuousTarget>(loaded.Data.Target);
    }

    [Fact]
    public void Folds_RefitOnTheirOwnTrainingRows()
    {
        var loaded = DataSource.Load(Csv(), new DataOptions { Target = "kind", Folds = 4 });
        Assert.Equal(4, loaded.Folds);
        Assert.Equal(Enumerable.Range(0, 200), Enumerable.Range(0, 4).SelectMany(f => loaded.Fold(f).Split.Test).Order());
        Assert.NotEqual(loaded.Schema.Columns[0].Mean, loaded.Fold(1).Schema.Columns[0].Mean);
    }

    [Fact]
    public void Test_RowsComeFromAnotherFile()
    {
        var loaded = DataSource.Load(Csv(), new DataOptions { Target = "kind", Test = Csv("more.csv", 40) });
        Assert.Equal(Enumerable.Range(200, 40), loaded.Split.Test);
        Assert.Equal((180, 20), (loaded.Split.Train.Length, loaded.Split.Validation.Length));
    }

    [Fact]
    public void Groups_StayTogether()
    {
        var loaded = DataSource.Load(Csv(), new DataOptions { Target = "kind", Groups = "age" });
        var of = loaded.Data.Groups!.Of;
        Assert.Empty(loaded.Split.Train.Select(r => of[r]).Intersect(loaded.Split.Test.Select(r => of[r])));
        Assert.DoesNotContain("age", loaded.Schema.FeatureNames);
    }

    [Fact]
    public void Survival_NeedsTimesAndEvents()
    {
        var path = _scratch.Write("s.csv", "x,t,e\n" + string.Concat(Enumerable.Range(0, 30).Select(i => FormattableString.Invariant($"{i},{i * 2 % 7},{i % 2}\n"))));
        var target = Assert.IsType<SurvivalTarget>(DataSource.Load(path, new DataOptions { Survival = "t,e" }).Data.Target);
        Assert.Equal((2f, true), (target.Times[1], target.Events[1]));
        Assert.Contains("must hold 0", Refused(() => DataSource.Load(path, new DataOptions { Survival = "e,t" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_ThatContradictAreRefused()
    {
        Assert.Contains("exclude each other", Refused(() => DataSource.Load(Csv(), new DataOptions { Folds = 3, Split = "0.8,0.1,0.1" })).Message, StringComparison.Ordinal);
        Assert.Contains("--folds 1", Refused(() => DataSource.Load(Csv(), new DataOptions { Folds = 1 })).Message, StringComparison.Ordinal);
        Assert.Contains("is a target already", Refused(() => DataSource.Load(Csv(), new DataOptions { Target = "kind", Ignore = "kind" })).Message, StringComparison.Ordinal);
        Assert.Equal("did you mean 'kind'?", Refused(() => DataSource.Load(Csv(), new DataOptions { Target = "kinf" })).Hint);
        Assert.Contains("holds words", Refused(() => DataSource.Load(Csv(), new DataOptions { Target = "kind", Task = TaskKind.Regression })).Message, StringComparison.Ordinal);
        Assert.Contains("would take", Refused(() => DataSource.Load(Csv(), new DataOptions { MaxMemory = 5000 })).Message, StringComparison.Ordinal);
        Assert.Contains("there is no file", Refused(() => DataSource.Load("nowhere.csv", new DataOptions())).Message, StringComparison.Ordinal);
        Assert.Contains("not understood", Refused(() => DataSource.Load(_scratch.Write("a.xyz", "1"), new DataOptions())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WindowAndHorizon_AreNotSilentlyLeftOut()
    {
        var path = _scratch.Write("s.csv", "t,y\n" + string.Concat(Enumerable.Range(0, 50).Select(t => FormattableString.Invariant($"{t},{t * 10}\n"))));
        Assert.Equal("say --time COL", Refused(() => DataSource.Load(path, new DataOptions { Target = "y", Window = 4 })).Hint);
        Assert.Equal("say --time COL", Refused(() => DataSource.Load(path, new DataOptions { Target = "y", Horizon = 2 })).Hint);
        Assert.Contains("--horizon 2 without a target", Refused(() => DataSource.Load(path, new DataOptions { Time = "t", Horizon = 2 })).Message, StringComparison.Ordinal);
        Assert.Equal([4, 1], DataSource.Load(path, new DataOptions { Time = "t", Window = 4 }).Data.FeatureShape);
    }

    [Fact]
    public void Series_BecomesWindowsThatNoPartShares()
    {
        var path = _scratch.Write("s.csv", "t,x,y\n" + string.Concat(Enumerable.Range(0, 100).Where(t => t != 50).Select(t => FormattableString.Invariant($"{t},{t},{(t == 20 ? "" : t * 10)}\n"))));
        var loaded = DataSource.Load(path, new DataOptions { Time = "t", Target = "y", Window = 4, Horizon = 2 });
        var (data, split) = (loaded.Data, loaded.Split);
        Assert.Equal(["x", "y", "y?"], data.FeatureNames);
        Assert.Equal([4, 3], data.FeatureShape);
        var target = (ContinuousTarget)data.Target!;
        Assert.Equal(["y+1", "y+2"], target.Names);
        int X(int window, int step) => (int)Math.Round(data.Row(window)[step * 3] * loaded.Schema.Columns[1].Scale + loaded.Schema.Columns[1].Mean);
        for (var i = 0; i < data.Count; i++)
        {
            var start = X(i, 0);
            Assert.False(start <= 50 && start + 5 >= 50, "a window across the gap");
            Assert.False(start is 15 or 16, "a window whose target is missing");
            for (var h = 0; h < 2; h++) Assert.Equal((start + 4 + h) * 10, target.InUnits(target.Values[2 * i + h], h), 1e-3);
            Assert.Equal(start <= 20 && 20 < start + 4 ? 1 : 0, Enumerable.Range(0, 4).Sum(s => data.Row(i)[s * 3 + 2]));
        }
        Assert.True(split.Train.Max(i => X(i, 0)) + 6 <= split.Validation.Min(i => X(i, 0)));
        Assert.True(split.Validation.Max(i => X(i, 0)) + 6 <= split.Test.Min(i => X(i, 0)));
        var alone = DataSource.LoadNew(path, Schema.FromJson(loaded.Schema.ToJson()), new DataOptions(), withTarget: true);
        Assert.Equal(data.Features, alone.Features);
    }

    [Fact]
    public void Series_ThatRunsBackwardsIsRefused() =>
        Assert.EndsWith("line 4: time column 't' does not advance", Refused(() => DataSource.Load(_scratch.Write("s.csv", "t,x\n1,1\n2,1\n2,1\n"), new DataOptions { Time = "t", Window = 1 })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("make:moons,n=100", DataKind.Vectors)]
    [InlineData("make:sprites,n=100", DataKind.Images)]
    [InlineData("make:ar,n=200", DataKind.Series)]
    [InlineData("make:tones,n=50", DataKind.Sound)]
    public void Generators_LoadAsData(string argument, DataKind kind)
    {
        var loaded = DataSource.Load(argument, new DataOptions());
        Assert.Equal(kind, loaded.Data.Kind);
        Assert.NotNull(loaded.Data.Target);
        Assert.Equal(loaded.Data.Features, DataSource.LoadNew(argument, Schema.FromJson(loaded.Schema.ToJson()), new DataOptions(), true).Features);
    }

    [Fact]
    public void KnownFactors_CanBeTheTarget()
    {
        var colour = Assert.IsType<ClassTarget>(DataSource.Load("make:sprites,n=60", new DataOptions { Target = "colour", Concepts = "shape,size" }).Data.Target);
        Assert.Equal(["red", "green", "blue"], colour.Classes);
        Assert.IsType<ContinuousTarget>(DataSource.Load("make:sprites,n=60", new DataOptions { Target = "angle" }).Data.Target);
        Assert.Null(DataSource.Load("make:sprites,n=60", new DataOptions { Task = TaskKind.Reconstruction }).Data.Target);
        Assert.Equal("did you mean 'colour'?", Refused(() => DataSource.Load("make:sprites,n=60", new DataOptions { Target = "color" })).Hint);
    }

    [Fact]
    public void Idx_FolderOfOnePairIsSplitInOrder()
    {
        _scratch.Write("d/t10k-images-idx3-ubyte", ArrayFileTest.Idx(8, [100, 2, 2], [.. Enumerable.Range(0, 400).Select(i => (byte)i)]));
        _scratch.Write("d/t10k-labels-idx1-ubyte.gz", ArrayFileTest.Gzip(ArrayFileTest.Idx(8, [100], [.. Enumerable.Range(0, 100).Select(i => (byte)(i % 10))])));
        var loaded = DataSource.Load(_scratch["d"], new DataOptions());
        Assert.Equal(Enumerable.Range(80, 20), loaded.Split.Test);
        Assert.Equal((72, 8), (loaded.Split.Train.Length, loaded.Split.Validation.Length));
        Assert.Equal(80, DataSource.Load(_scratch["d"], new DataOptions { ValidationShare = 0 }).Split.Train.Length);
        Assert.Equal(255 / 255f, loaded.Data.Features.Max());
        _scratch.Write("d/train-images-idx3-ubyte", ArrayFileTest.Idx(8, [50, 2, 2], new byte[200]));
        _scratch.Write("d/train-labels-idx1-ubyte", ArrayFileTest.Idx(8, [50], new byte[50]));
        var two = DataSource.Load(_scratch["d"], new DataOptions());
        Assert.Equal(Enumerable.Range(50, 100), two.Split.Test);
        Assert.Equal(10, ((ClassTarget)two.Data.Target!).Classes.Count);
        _scratch.Write("d/train-labels-idx1-ubyte", ArrayFileTest.Idx(8, [49], new byte[49]));
        Assert.Contains("labels for 50 images", Refused(() => DataSource.Load(_scratch["d"], new DataOptions())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_SaysWhatIsThere()
    {
        var description = DataSource.Describe(Csv(), new DataOptions { Target = "kind" });
        Assert.Equal(("table", 200, 4), (description.Kind, description.Rows, description.Columns.Count));
        Assert.Equal(["feature", "feature", "target", "feature"], description.Columns.Select(c => c.Role));
        Assert.Equal((23, "numeric"), (description.Columns[3].Missing, description.Columns[3].Type));
        Assert.Equal(50, description.Classes["a"]);
        Assert.Contains("score", description.ToText(), StringComparison.Ordinal);
        Assert.Equal(2.213, DataSource.Describe("make:led7", new DataOptions()).Truth["mi_bits"], 3);
        var dated = DataSource.Describe(_scratch.Write("d.csv", "day,x\n2020-01-01,1\n2020-01-02,2\n"), new DataOptions());
        Assert.Contains(dated.Notes, n => n.Contains("--time day", StringComparison.Ordinal));
    }

    [DataTheory("tabular")]
    [InlineData("tabular/cal_housing.data", "median_house_value", null, 8)]
    [InlineData("tabular/mushroom.csv", "1", null, 118)]
    [InlineData("tabular/optdigits.tra", "65", null, 64)]
    [InlineData("tabular/bike_sharing_hour.csv", "cnt", "instant,dteday,casual,registered,18-19", 12)]
    [InlineData("concepts/zoo.csv", "18", null, 16)]
    [InlineData("concepts/wbcatt_test.csv", "label", "img_name,path", 31)]
    public void RealTables_Load(string file, string target, string? ignore, int features)
    {
        var loaded = DataSource.Load(TestData.Require(file), new DataOptions { Target = target, Ignore = ignore });
        Assert.Equal(features, loaded.Data.FeatureSize);
    }

    [DataFact("timeseries")]
    public void RealSeries_Load()
    {
        var ett = DataSource.Load(TestData.Require("timeseries/ETTh1.csv"), new DataOptions { Time = "date", Target = "OT", Window = 48, Horizon = 24 });
        Assert.Equal([48, 7], ett.Data.FeatureShape);
        Assert.Equal(17420 - 48 - 24 + 1, ett.Data.Count);
        var air = DataSource.Load(TestData.Require("timeseries/beijing_pm25.csv"), new DataOptions { Time = "No", Target = "pm2.5", Window = 24 });
        Assert.InRange(air.Data.Count, 38_000, 43_799 - 1);
        Assert.Contains("--time date", Refused(() => DataSource.Load(TestData.Require("timeseries/ETTh1.csv"), new DataOptions { Target = "OT" })).Hint, StringComparison.Ordinal);
    }

    [DataFact("mnist")]
    public void Mnist_IsSplitAsItsReadmeSays()
    {
        var loaded = DataSource.Load(TestData.Require("mnist"), new DataOptions());
        Assert.Equal((7200, 800, 2000), (loaded.Split.Train.Length, loaded.Split.Validation.Length, loaded.Split.Test.Length));
        Assert.Equal([1, 28, 28], loaded.Data.FeatureShape);
        Assert.Equal(10, ((ClassTarget)loaded.Data.Target!).Classes.Count);
    }
}
