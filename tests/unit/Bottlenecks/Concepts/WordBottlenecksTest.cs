using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class WordBottlenecksTest
{
    private static readonly PassContext s_mean = new(PassMode.Mean, new RandomStream(0));

    [Fact]
    public void Labo_PassesCosinesWithTheChosenConcepts_AboutTheMeanOfTheRows()
    {
        var bank = ConceptBank.Of(Tensor.From([2f, 0, 0, 1.9f, 0.1f, 0, 0, 1, 0, 0, 0, 3], 4, 3), ["east", "east again", "north", "up"]);
        var layer = new LanguageBottleneck(3, new LanguageOptions { Count = 3 }, bank);
        Assert.Equal(["east again", "north", "up"], layer.Space.Axes.Select(a => a.Name).Order()); // one of each direction
        var plain = new LanguageBottleneck(3, new LanguageOptions { Count = 3, Centre = false, LargestSimilarity = 0.9, Scale = 1 }, bank);
        Assert.Equal(["east", "north", "up"], plain.Space.Axes.Select(a => a.Name).Order());
        var passed = plain.Pass(Tensor.From([3f, 4, 0], 1, 3), s_mean).Output;
        var at = plain.Space.Axes.Select((a, i) => (a.Name, Value: passed.Data[i])).ToDictionary(p => p.Name, p => p.Value);
        Assert.Equal(0.6, at["east"], 1e-6);
        Assert.Equal(0.8, at["north"], 1e-6);
        Assert.Equal(0, at["up"], 1e-6);
        layer.Prepare([Tensor.From([5f, 5, 5, 7, 5, 5], 2, 3)]);
        Assert.Equal(0, layer.Scores(Tensor.From([6f, 5, 5], 1, 3)).Square().Sum().Item(), 1e-6); // the mean itself is like nothing
    }

    [Fact]
    public void Labo_ByClasses_ChoosesWhatTellsThemApart_AndTakesTurns()
    {
        var bank = ConceptBank.Of(Tensor.From([1f, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1], 4, 3), ["both", "first", "second", "none"]);
        var classes = Tensor.From([1f, 0.05f, 0.3f, 0.05f, 1, 0.3f], 2, 3);
        var options = new LanguageOptions { Count = 2, Coverage = 0, Centre = false, Classes = "given" };
        var told = new LanguageBottleneck(3, options with { Scale = 4 }, bank, classes);
        Assert.Equal(2, told.Space.Parse(0, "0.5")); // half a cosine passes as two
        Assert.Equal(["first", "second"], new LanguageBottleneck(3, options, bank, classes).Space.Axes.Select(a => a.Name).Order());
        Assert.Equal(["first", "second"], new LanguageBottleneck(3, options with { PerClass = true, Pool = 2 }, bank, classes).Space.Axes.Select(a => a.Name).Order());
        var all = new LanguageBottleneck(3, options with { PerClass = true, Pool = 1, Count = 4 }, bank, classes); // pools are too small: the best of the rest follow
        Assert.Equal(4, all.Space.Count);
    }

    [Fact]
    public void Labo_GivesItsNamesAndDirectionsToALoadedModel()
    {
        var bank = ConceptBank.Of(Tensor.Randn(new RandomStream(1), 3, 5), ["a", "b", "ü"]);
        var options = new LanguageOptions { Bank = "bank.npy", Count = 2 };
        var layer = new LanguageBottleneck(5, options, bank);
        layer.Prepare([Tensor.Randn(new RandomStream(2), 9, 5)]);
        var loaded = LanguageBottleneck.ToLoad(5, options);
        loaded.LoadStateDict(layer.StateDict());
        loaded.LoadTables(layer.FrozenTables);
        var x = Tensor.Randn(new RandomStream(3), 4, 5);
        Assert.Equal(layer.Pass(x, s_mean).Output.ToArray(), loaded.Pass(x, s_mean).Output.ToArray());
        Assert.Equal(layer.Space.ColumnNames, loaded.Space.ColumnNames);
        var bytes = layer.FrozenTables;
        Assert.Throws<InputException>(() => loaded.LoadTables(bytes.AsSpan(0, bytes.Length - 1)));
        Assert.Throws<InputException>(() => loaded.LoadTables([.. bytes, 0]));
        bytes[4] = 0xff;
        Assert.Throws<InputException>(() => loaded.LoadTables(bytes));
    }

    [Fact]
    public void Labo_RefusesBanksThatDoNotFit()
    {
        var bank = ConceptBank.Of(Tensor.Eye(2), ["a", "b"]);
        Assert.Throws<InputException>(() => new LanguageBottleneck(3, new LanguageOptions { Count = 1 }, bank));
        Assert.Throws<InputException>(() => new LanguageBottleneck(2, new LanguageOptions { Count = 3 }, bank));
        Assert.Throws<InputException>(() => new LanguageBottleneck(2, new LanguageOptions { Count = 1, PerClass = true }, bank));
    }

    [Fact]
    public void Discovered_FindsAndNamesTheDirectionsOfTheRows_AndEditsThemByName()
    {
        string[] words = ["east", "north", "up", "west"];
        var embeddings = Tensor.From([1f, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0], 4, 3);
        var random = new RandomStream(4);
        var layer = new DiscoveredConcepts(3, new DiscoveredOptions { Features = 8, Active = 1 }, random, ConceptBank.Of(embeddings, words));
        var rows = Tensor.Zeros(300, 3);
        for (var i = 0; i < 300; i++) rows.Data[(3 * i) + (i % 3)] = 1 + random.NextSingle();
        layer.Prepare([rows]);
        var adam = new Isthmus.Networks.Adam(layer.NamedParameters(), 0.02f);
        for (var step = 0; step < 300; step++)
        {
            using var scope = new TensorScope("step");
            adam.ZeroGrad();
            layer.Pass(rows, new PassContext(PassMode.Sample, random) { Training = true, Step = step }).Terms.Select(t => t.Value * t.Weight).Aggregate((a, b) => a + b).Backward();
            adam.Step();
        }
        layer.Freeze([rows]);
        // Whatever is most active on rows of an axis is called by its word.
        string Called(int axis)
        {
            var row = Tensor.Zeros(1, 3);
            row.Data[axis] = 1.5f;
            return layer.Space.Axes[(int)layer.Scores(row).ArgMax(1).Data[0]].Name.Split(' ')[0];
        }
        Assert.Equal(["east", "north", "up"], Enumerable.Range(0, 3).Select(Called));
        var one = Tensor.From([0f, 1.5f, 0], 1, 3);
        var north = (int)layer.Scores(one).ArgMax(1).Data[0];
        Assert.Equal(north, layer.Space.Find(layer.Space.Axes[north].Name));
        var codes = layer.Pass(one, s_mean).Output;
        Assert.True(codes.Data[north] > 0);
        var put = new ConceptValues(Tensor.Zeros(1, 8), Tensor.OneHot(LongTensor.From([(long)north], 1), 8));
        Assert.Equal(0, layer.Emit(one, layer.Scores(one), put).Data[north]);
        var loaded = new DiscoveredConcepts(3, new DiscoveredOptions { Features = 8, Active = 1 }, new RandomStream(9));
        loaded.LoadStateDict(layer.StateDict());
        loaded.LoadTables(layer.FrozenTables);
        Assert.Equal(layer.Space.ColumnNames, loaded.Space.ColumnNames);
        Assert.Equal(codes.ToArray(), loaded.Pass(one, s_mean).Output.ToArray());
    }

    [Fact]
    public void Discovered_FeaturesOfOneWord_KeepApartByTheirNumbers()
    {
        var bank = ConceptBank.Of(Tensor.From([1f, 0, -1, 0.1f], 2, 2), ["a", "b"]);
        var layer = new DiscoveredConcepts(2, new DiscoveredOptions { Features = 5, Active = 2 }, new RandomStream(1), bank);
        layer.Freeze([]);
        var names = layer.Space.Axes.Select(a => a.Name).ToArray();
        Assert.Equal(5, names.Distinct().Count());
        Assert.All(layer.Found, f => Assert.StartsWith(f.Name, names[f.Feature], StringComparison.Ordinal));
        Assert.Equal(layer.Found.Select(f => f.Word).Distinct().Count(), names.Count(n => n.Length == 1));
    }
}
