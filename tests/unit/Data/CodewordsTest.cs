using Isthmus.Data;

namespace Isthmus.Tests.Data;

public class CodewordsTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string File_(string text, string name = "t-predicate-matrix-binary.txt")
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void ShowsTheLinesOfItsTable_WithSomeAttributesTurnedOver()
    {
        var path = File_("0 0 1 1\n1 1 1 0\n0 1 0 1\n");
        File_("1\tcat\n2\tdog\n3\tcow\n", "t-classes.txt");
        File_("fur\nbarks\ntail\nhorns\n", "t-predicates.txt");
        var data = GeneratorCatalogue.Make($"make:codewords,path={path},n=4000,flip=0.2");
        var target = (ClassTarget)data.Target!;
        Assert.Equal(["cat", "dog", "cow"], target.Classes);
        Assert.Equal(["fur", "barks", "tail", "horns"], data.Concepts!.Columns.Select(c => c.Name));
        float[][] table = [[0, 0, 1, 1], [1, 1, 1, 0], [0, 1, 0, 1]];
        var turned = 0;
        for (var i = 0; i < data.Count; i++)
        {
            Assert.Equal(table[target.Labels[i]], data.Concepts.Row(i).ToArray());
            for (var c = 0; c < 4; c++) turned += data.Row(i)[c] != table[target.Labels[i]][c] ? 1 : 0;
        }
        Assert.InRange(turned / 16000.0, 0.185, 0.215);
        Assert.Equal(2, data.Truth["least_distance"]);
    }

    // The nearest of fifty codewords of 85 attributes: 99.95, 99.8, 96.8 and 71.3 % at 5, 10, 20 and 30 % of attributes turned over.
    [DataTheory("concepts")]
    [InlineData(0.05, 0.998, 1)]
    [InlineData(0.1, 0.995, 1)]
    [InlineData(0.2, 0.955, 0.98)]
    [InlineData(0.3, 0.69, 0.74)]
    public void AnimalsWithAttributes_AreAsFarApartAsIsKnown(double flip, double low, double high)
    {
        var path = Path.Combine(TestData.Require("concepts"), "awa2-predicate-matrix-binary.txt");
        var data = GeneratorCatalogue.Make(FormattableString.Invariant($"make:codewords,path={path},n=4000,flip={flip}"));
        Assert.Equal(4, data.Truth["least_distance"]);
        var target = (ClassTarget)data.Target!;
        Assert.Contains("grizzly+bear", target.Classes);
        var words = new float[50][];
        for (var i = 0; i < data.Count; i++) words[target.Labels[i]] = data.Concepts!.Row(i).ToArray();
        var right = Enumerable.Range(0, data.Count).Count(i =>
        {
            var row = data.Row(i).ToArray();
            var distances = words.Select(w => w.Zip(row, (a, b) => a != b ? 1 : 0).Sum()).ToArray();
            return Array.IndexOf(distances, distances.Min()) == target.Labels[i];
        });
        Assert.InRange(right / (double)data.Count, low, high);
    }

    [Theory]
    [InlineData("0 1\n0 2\n", "line 2: 0 or 1 is expected, not '2'")]
    [InlineData("0 1\n0 1 1\n", "line 2: 3 attributes, 2 are expected")]
    [InlineData("0 1\n", "at least two classes")]
    public void ATableThatIsNone_IsRefused(string text, string words) =>
        Assert.Contains(words, Assert.Throws<InputException>(() => GeneratorCatalogue.Make($"make:codewords,path={File_(text)}")).Message, StringComparison.Ordinal);
}
