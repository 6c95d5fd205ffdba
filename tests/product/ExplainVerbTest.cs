using System.Globalization;
using System.Text.Json;

namespace Isthmus.Tests.Product;

public class ExplainVerbTest(TrainedForEditing runs) : IClassFixture<TrainedForEditing>
{
    private static JsonElement Json(params string[] args)
    {
        var (code, output, errors) = Command.Run([.. args, "--json", "--quiet"]);
        Assert.True(code == 0, errors);
        Assert.Equal(1, output.Count(c => c == '\n'));
        return JsonDocument.Parse(output).RootElement;
    }

    [Fact]
    public void TheContractsNamesAreThere_AndTheCountsAreThoseOfPredict()
    {
        var root = Json("explain", runs.Codes, "--rows", "all", "--most", "400");
        Assert.Equal(JsonValueKind.Null, root.GetProperty("concepts").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("leakage").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("features").ValueKind);
        var codes = root.GetProperty("codes");
        var rows = Command.Run("predict", runs.Codes, "make:led7,n=400", "--with", "codes").Output.TrimEnd('\n').Split('\n').Skip(1).Select(l => l.Split(',')).ToArray();
        Assert.Equal(400, rows.Length);
        var used = 0;
        for (var p = 0; p < 2; p++)
        {
            var column = rows.Select(r => r[^(2 - p)]).GroupBy(v => v).ToDictionary(g => long.Parse(g.Key, CultureInfo.InvariantCulture), g => g.Count());
            var position = codes.GetProperty("positions")[p];
            Assert.Equal((column.Count, 8 - column.Count), (position.GetProperty("used").GetInt32(), position.GetProperty("dead").GetInt32()));
            Assert.Equal(-column.Values.Sum(c => c / 400.0 * Math.Log2(c / 400.0)), position.GetProperty("entropy_bits").GetDouble(), 1e-9);
            foreach (var card in codes.GetProperty("list").EnumerateArray().Where(c => c.GetProperty("position").GetInt32() == p))
            {
                Assert.Equal(column[card.GetProperty("code").GetInt64()], card.GetProperty("count").GetInt32());
                used++;
                foreach (var example in card.GetProperty("examples").EnumerateArray())
                    Assert.Equal(card.GetProperty("code").GetInt64().ToString(CultureInfo.InvariantCulture), rows[example.GetInt32()][^(2 - p)]);
            }
        }
        Assert.Equal(used, codes.GetProperty("used").GetInt32());
        Assert.Equal(Math.Log2(400), codes.GetProperty("ceiling_bits").GetDouble(), 1e-9);
        Assert.InRange(codes.GetProperty("joint_entropy_bits").GetDouble(), 0, codes.GetProperty("factorised_bits").GetDouble() + 1e-9);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("y=7")]
    public void Search_CountsWhatACodeHasOfAClass(string pattern)
    {
        var search = Json("explain", runs.Codes, "--rows", "all", "--search", pattern).GetProperty("search");
        var best = search.GetProperty("matches")[0];
        var card = Json("explain", runs.Codes, "--rows", "all", "--code", best.GetProperty("name").GetString()!).GetProperty("codes").GetProperty("list")[0];
        Assert.Equal(card.GetProperty("count").GetInt32(), best.GetProperty("count").GetInt32());
        var (precision, recall, rows) = (best.GetProperty("precision").GetDouble(), best.GetProperty("recall").GetDouble(), search.GetProperty("rows").GetInt32());
        Assert.Equal(precision * best.GetProperty("count").GetInt32(), recall * rows, 1e-6); // both count the rows that have code and class
        if (card.GetProperty("label").GetProperty("pattern").GetString() == "7") Assert.Equal(precision, card.GetProperty("label").GetProperty("precision").GetDouble(), 1e-12);
    }

    [Fact]
    public void Columns_ArePatternsToo()
    {
        var csv = Path.Combine(runs.Folder, "t.csv");
        File.WriteAllText(csv, "size,town,y\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"{i},{(i % 3 == 0 ? "Bern" : "Basel")},{(i < 100 ? "u" : "v")}\n")));
        var run = runs.In("table");
        if (!Directory.Exists(run)) Json("train", csv, "--target", "y", "--bottleneck", "fsq", "--set", "bottleneck.levels=3,3", "--epochs", "2", "--out", run);
        foreach (var (pattern, rows) in new[] { ("size>=150", 50), ("size<20", 20), ("size!=7", 199), ("town=Bern", 67), ("town!=Bern", 133), ("u", 100), ("y=v", 100) })
            Assert.Equal(rows, Json("explain", run, "--rows", "all", "--search", pattern).GetProperty("search").GetProperty("rows").GetInt32());
        foreach (var (pattern, words, hint) in new[] { ("sise>3", "unknown column", "'size'"), ("town=Brn", "unknown value of town", "'Bern'"), ("town>Bern", "words", ""), ("size>x", "not a number", ""), ("window", "unknown class", "classes: u, v") })
        {
            var (code, _, errors) = Command.Run("explain", run, "--search", pattern);
            Assert.Equal(2, code);
            Assert.Contains(words, errors, StringComparison.Ordinal);
            Assert.Contains(hint, errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Dimensions_HaveBitsAndEffects()
    {
        var latents = Json("explain", runs.Images, "--rows", "all").GetProperty("latents");
        Assert.Equal(3, latents.GetProperty("count").GetInt32());
        foreach (var card in latents.GetProperty("list").EnumerateArray())
        {
            Assert.True(card.GetProperty("bits").GetDouble() >= 0);
            Assert.True(card.GetProperty("low").GetDouble() <= card.GetProperty("high").GetDouble());
            Assert.True(card.GetProperty("effect_mse").GetDouble() >= 0);
        }
    }

    [Fact]
    public void OfAHyperprior_TheLevelsAreExplained_NotTheScales()
    {
        var run = runs.In("hyper");
        Json("train", "make:led7,n=200", "--bottleneck", "hyperprior", "--epochs", "1", "--out", run);
        Assert.All(Json("explain", run, "--top", "3").GetProperty("latents").GetProperty("list").EnumerateArray(), c => Assert.StartsWith("levels.", c.GetProperty("name").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public void FeaturesOfADictionary_AreExplainedSearchedAndSilenced()
    {
        var run = runs.In("sae");
        Json("train", "make:led7,n=300", "--bottleneck", "sae-topk", "--set", "bottleneck.features=32", "--set", "bottleneck.active=4", "--epochs", "3", "--out", run);
        var features = Json("explain", run, "--rows", "all").GetProperty("features");
        Assert.Equal(32, features.GetProperty("count").GetInt32());
        Assert.InRange(features.GetProperty("l0").GetDouble(), 0.01, 4);
        var card = features.GetProperty("list")[0];
        var (name, row) = (card.GetProperty("name").GetString()!, card.GetProperty("examples")[0].GetInt32());
        Assert.Equal(card.GetProperty("max").GetDouble(), card.GetProperty("sizes")[0].GetDouble());
        var edit = Json("edit", run, "--row", row.ToString(CultureInfo.InvariantCulture), "--set", $"block {name}");
        Assert.Equal(card.GetProperty("max").GetDouble(), edit.GetProperty("entries")[0].GetProperty("before").GetDouble(), 1e-6);
        Assert.Equal(0, edit.GetProperty("entries")[0].GetProperty("after").GetDouble());
        var shipped = Json("edit", run, "--row", row.ToString(CultureInfo.InvariantCulture), "--inference", "ship", "--set", $"{name}=0");
        Assert.True(shipped.GetProperty("bits_changed").GetDouble() < 0);
        Assert.NotEmpty(Json("explain", run, "--search", "7").GetProperty("search").GetProperty("matches").EnumerateArray());
        Assert.Equal(name, Json("explain", run, "--code", name).GetProperty("features").GetProperty("list")[0].GetProperty("name").GetString());
    }

    [Fact]
    public void Text_IsSearchedByRegularExpressions()
    {
        var text = Path.Combine(runs.Folder, "t.txt");
        File.WriteAllText(text, string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 200)));
        var run = runs.In("text");
        Json("train", text, "--bottleneck", "vq", "--set", "bottleneck.codes=16", "--set", "data.window=24", "--epochs", "2", "--out", run);
        var search = Json("explain", run, "--rows", "all", "--most", "4800", "--search", "[cm]at").GetProperty("search");
        Assert.InRange(search.GetProperty("rows").GetInt32(), 390, 400); // parts of a text leave tokens out between them
        Assert.Equal(2, Command.Run("explain", run, "--search", "(").Code);
        Assert.Equal(1, Json("edit", run, "--row", "4000", "--set", "code.0=3").GetProperty("rows").GetInt32());
        Assert.Equal(2, Command.Run("edit", run, "--row", "4800", "--set", "code.0=3").Code);
        Assert.Equal(0, Command.Run("explain", run, "--out", runs.In("text.html"), "--quiet").Code);
        Assert.Contains("[", File.ReadAllText(runs.In("text.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void ThePage_HasCardsWithPictures()
    {
        var page = runs.In("cards.html");
        Assert.Equal(0, Command.Run("explain", runs.Images, "--out", page, "--quiet").Code);
        var html = File.ReadAllText(page);
        Assert.Contains("data:image/png;base64,", html, StringComparison.Ordinal);
        Assert.Contains("latent.0", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "position is outside 0..1", "code.0 … code.1", "--code", "2:1")]
    [InlineData(true, "code is outside 0..7", null, "--code", "0:8")]
    [InlineData(true, "POSITION:CODE", "0:17", "--code", "3")]
    [InlineData(true, "unknown class 'foo'", "classes: 0, 1", "--search", "foo")]
    [InlineData(true, "unknown part of the rows 'tst'", "did you mean 'test'", "--rows", "tst")]
    [InlineData(true, "--top 0", null, "--top", "0")]
    [InlineData(true, ".html is expected", null, "--out", "x.txt")]
    [InlineData(false, "no codes or features pass its bottleneck, vib", "latent.0 … latent.2", "--code", "0:1")]
    [InlineData(false, "a pattern is column=value", null, "--search", "foo")]
    public void WrongInput_IsOneLine(bool codes, string error, string? hint, params string[] args)
    {
        var (code, output, errors) = Command.Run(["explain", codes ? runs.Codes : runs.Images, .. args]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(error, errors, StringComparison.Ordinal);
        if (hint is not null) Assert.Contains(hint, errors.Split('\n')[1], StringComparison.Ordinal);
        Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
    }
}
