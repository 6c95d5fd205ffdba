using System.Globalization;
using System.Text.Json;

namespace Isthmus.Tests.Product;

public sealed class TrainedForEditing : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainedForEditing()
    {
        Train("make:led7,n=400", "codes", "--bottleneck", "vq", "--set", "bottleneck.codes=8", "--set", "bottleneck.heads=2", "--epochs", "6");
        Train("make:sprites,n=120,size=8", "images", "--task", "reconstruction", "--bottleneck", "vib", "--latent", "3", "--epochs", "2");
    }

    public string Folder => _folder.Path;

    public string Codes => In("codes");

    public string Images => In("images");

    public string In(string name) => Path.Combine(Folder, name);

    public void Dispose() => _folder.Dispose();

    private void Train(string data, string name, params string[] args)
    {
        var (code, _, errors) = Command.Run(["train", data, "--out", In(name), "--quiet", .. args]);
        Assert.True(code == 0, errors);
    }
}

public class EditVerbTest(TrainedForEditing runs) : IClassFixture<TrainedForEditing>
{
    private static JsonElement Json(params string[] args)
    {
        var (code, output, errors) = Command.Run([.. args, "--json", "--quiet"]);
        Assert.True(code == 0, errors);
        Assert.Equal(1, output.Count(c => c == '\n'));
        return JsonDocument.Parse(output).RootElement;
    }

    private static double[] Probabilities(JsonElement answer) => [.. answer.GetProperty("probabilities").EnumerateArray().Select(p => p.GetDouble())];

    [Fact]
    public void TheAnswerBeforeIsThatOfPredict_AndTheContractsNamesAreThere()
    {
        var root = Json("edit", runs.Codes, "--input", "make:led7,n=20,seed=9", "--row", "4", "--set", "code.0=1,code.1=6");
        foreach (var name in (string[])["before", "after", "changed", "bits_changed", "kl_bits", "total_variation", "symbols_changed"]) Assert.True(root.TryGetProperty(name, out _), name);
        var line = Command.Run("predict", runs.Codes, "make:led7,n=20,seed=9").Output.Split('\n')[5].Split(',');
        Assert.Equal(line[1], root.GetProperty("before").GetProperty("prediction").GetString());
        var (before, after) = (Probabilities(root.GetProperty("before")), Probabilities(root.GetProperty("after")));
        for (var c = 0; c < 10; c++) Assert.Equal(double.Parse(line[2 + c], CultureInfo.InvariantCulture), before[c], 1e-6);
        Assert.Equal(before.Zip(after).Sum(p => p.First * Math.Log2(p.First / p.Second)), root.GetProperty("kl_bits").GetDouble(), 1e-5);
        Assert.Equal(before.Zip(after).Sum(p => Math.Abs(p.First - p.Second)) / 2, root.GetProperty("total_variation").GetDouble(), 1e-6);
        Assert.Equal(root.GetProperty("bits_after").GetDouble() - root.GetProperty("bits_before").GetDouble(), root.GetProperty("bits_changed").GetDouble(), 1e-9);
        Assert.Equal(root.GetProperty("before").GetProperty("prediction").GetString() != root.GetProperty("after").GetProperty("prediction").GetString(), root.GetProperty("changed").GetBoolean());
    }

    [Fact]
    public void AllRows_GetTheMeanEffect()
    {
        var root = Json("edit", runs.Codes, "--input", "make:led7,n=30,seed=9", "--rows", "all", "--set", "block code.*:2");
        Assert.Equal(30, root.GetProperty("rows").GetInt32());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("before").GetProperty("prediction").ValueKind);
        var changes = Enumerable.Range(0, 30).Select(i => Json("edit", runs.Codes, "--input", "make:led7,n=30,seed=9", "--row", i.ToString(CultureInfo.InvariantCulture), "--set", "block code.*:2")).ToArray();
        Assert.Equal(changes.Average(c => c.GetProperty("kl_bits").GetDouble()), root.GetProperty("kl_bits").GetDouble(), 1e-6);
        Assert.Equal(changes.Count(c => c.GetProperty("changed").GetBoolean()) / 30.0, root.GetProperty("changed_share").GetDouble(), 1e-9);
        Assert.All(changes.SelectMany(c => c.GetProperty("entries").EnumerateArray()), e => Assert.Equal(2, e.GetProperty("before").GetDouble()));
    }

    [Fact]
    public void WithoutInput_TheRunsOwnRowsAreEdited()
    {
        var root = Json("edit", runs.Codes, "--row", "399", "--set", "code.0=3", "--set", "code.0@399=4");
        Assert.Equal("code.0=3,code.0@399=4", root.GetProperty("edit").GetString());
        Assert.Equal(2, Command.Run("edit", runs.Codes, "--row", "400", "--set", "code.0=3").Code);
    }

    [Fact]
    public void Reconstructions_AreWrittenAsAPictureOrATable()
    {
        var png = runs.In("edited.png");
        var root = Json("edit", runs.Images, "--row", "2", "--set", "latent.0=2", "--out", png);
        Assert.Equal(3 * 64, root.GetProperty("before").GetProperty("prediction").GetArrayLength());
        Assert.True(root.GetProperty("output_mse").GetDouble() > 0);
        Assert.Equal((26, 8, 3), Isthmus.Data.PngFile.Size(png));
        var csv = runs.In("edited.csv");
        Json("edit", runs.Images, "--rows", "all", "--set", "latent.0=2", "--out", csv);
        Assert.Equal(1 + (2 * 120), File.ReadAllLines(csv).Length);
        Assert.StartsWith("row,message,x1,", File.ReadLines(csv).First(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown name in the message 'cod.0'", "did you mean 'code.0'", "--set", "cod.0=1")]
    [InlineData("there is no 'code.2'", "code.0 … code.1", "--set", "code.2=1")]
    [InlineData("holds 0..7", null, "--set", "code.0=8")]
    [InlineData("row 400 is outside 0..399", "numbered from 0", "--row", "400", "--set", "code.0=1")]
    [InlineData("row -1 is outside", null, "--row", "-1", "--set", "code.0=1")]
    [InlineData("unknown edit 'blok'", "did you mean 'block'", "--set", "blok code.0:1")]
    [InlineData("--set is missing", "code.0=17")]
    [InlineData("unknown --rows 'al'", "did you mean 'all'", "--rows", "al", "--set", "code.0=1")]
    [InlineData("exclude each other", null, "--row", "1", "--rows", "all", "--set", "code.0=1")]
    [InlineData("row 7 is not among", "--rows all", "--row", "1", "--set", "code.0@7=1")]
    [InlineData("cannot write '.gif'", ".csv", "--set", "code.0=1", "--out", "x.gif")]
    [InlineData("reconstructs no images", ".csv", "--set", "code.0=1", "--out", "x.png")]
    public void WrongInput_IsOneLine(string error, string? hint, params string[] args)
    {
        var (code, output, errors) = Command.Run(["edit", runs.Codes, .. args]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(error, errors.Split('\n')[0], StringComparison.Ordinal);
        if (hint is not null) Assert.Contains(hint, errors.Split('\n')[1], StringComparison.Ordinal);
        Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
    }

    [Fact]
    public void People_ReadWhatChanged()
    {
        var (code, output, _) = Command.Run("edit", runs.Codes, "--row", "0", "--set", "code.0=1,code.1=2");
        Assert.Equal(0, code);
        foreach (var word in (string[])["prediction", "before", "after", "bits of the message", "KL"]) Assert.Contains(word, output, StringComparison.Ordinal);
    }
}
