using System.Text.Json;
using Isthmus.Web;

namespace Isthmus.Tests.Product;

public sealed class TrainedConcepts : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainedConcepts()
    {
        // Concepts of all types, one with a name that is no name; the class follows from them.
        var lines = new List<string> { "m1,m2,m3,m4,\"fe<b>ver\"\"'=,&\",shape,grade,weight,illness" };
        for (var i = 0; i < 400; i++)
        {
            var (fever, shape, grade, weight) = (i & 1, i / 2 % 3, i / 6 % 4, (i * 37 % 100) / 10.0);
            var illness = fever + (grade / 2) + (shape == 2 ? 1 : 0) >= 2 ? "severe" : weight > 6 ? "mild" : "none";
            lines.Add(FormattableString.Invariant($"{fever + (0.01 * (i % 13))},{shape + (0.01 * (i % 17))},{grade},{weight},{(fever == 1 ? "yes" : "no")},{((string[])["round", "oval", "ragged"])[shape]},{grade + 1},{weight},{illness}"));
        }
        var data = _folder.Write("clinic.csv", string.Join("\n", lines) + "\n");
        var (code, _, errors) = Command.Run("train", data, "--target", "illness", "--features", "1-4", "--concepts", "5-8", "--bottleneck", "concept", "--epochs", "30", "--out", Run, "--quiet");
        Assert.True(code == 0, errors);
    }

    public string Run => Path.Combine(_folder.Path, "run");

    public void Dispose() => _folder.Dispose();
}

/// <summary>The page of a run with concepts, over HTTP.</summary>
public class ServeConceptsTest(TrainedConcepts trained) : IClassFixture<TrainedConcepts>
{
    private const string Fever = "fe<b>ver\"'=,&";

    private static async Task<JsonElement> Case(Served page) => await page.Get($"/api/cases/{await Row(page)}");

    private static async Task<int> Row(Served page) => (await page.Get("/api/cases?count=1")).GetProperty("cases")[0].GetProperty("case").GetProperty("row").GetInt32();

    [Fact]
    public async Task Concepts_AreShownWithBelief_Truth_Cost_AndContribution()
    {
        await using var page = await Served.Start(trained.Run);
        var concepts = (await Case(page)).GetProperty("concepts").EnumerateArray().ToArray();
        Assert.Equal([Fever, "shape", "grade", "weight"], concepts.Select(c => c.GetProperty("name").GetString()));
        Assert.Equal(["binary", "categorical", "ordinal", "continuous"], concepts.Select(c => c.GetProperty("type").GetString()));
        foreach (var concept in concepts[..3])
        {
            Assert.Equal(1, concept.GetProperty("probabilities").EnumerateArray().Sum(p => p.GetDouble()), 1e-5);
            Assert.Equal(concept.GetProperty("probability").GetDouble(), concept.GetProperty("probabilities")[concept.GetProperty("state").GetInt32()].GetDouble());
            Assert.Contains(concept.GetProperty("truth").GetString(), concept.GetProperty("categories").EnumerateArray().Select(c => c.GetString()));
            Assert.Equal(2, concept.GetProperty("contributions").GetArrayLength());
        }
    }

    [Fact]
    public async Task Contributions_AddUpToTheDifferenceOfTheLogits()
    {
        await using var page = await Served.Start(trained.Run);
        var shown = await Case(page);
        var head = JsonDocument.Parse(Command.Run("explain", page.Run, "--json", "--quiet").Output).RootElement.GetProperty("head");
        var classes = head.GetProperty("answers").EnumerateArray().Select(c => c.GetString()).ToList();
        var (first, second) = (classes.IndexOf(shown.GetProperty("head").GetProperty("predicted").GetString()), classes.IndexOf(shown.GetProperty("head").GetProperty("runner_up").GetString()));
        var p = shown.GetProperty("outcome").GetProperty("before").GetProperty("probabilities");
        var apart = shown.GetProperty("concepts").EnumerateArray().Sum(c => c.GetProperty("contributions")[0].GetDouble() - c.GetProperty("contributions")[1].GetDouble())
            + head.GetProperty("bias")[first].GetDouble() - head.GetProperty("bias")[second].GetDouble();
        Assert.Equal(Math.Log(p[first].GetDouble() / p[second].GetDouble()), apart, 1e-3);
    }

    [Theory]
    [InlineData("shape", "oval", "shape=oval")]
    [InlineData("grade", "4", "grade=4")]
    [InlineData("weight", "7.5", "weight=7.5")]
    public async Task AnEditOfAConcept_IsThatOfTheCommand(string name, string word, string typed)
    {
        await using var page = await Served.Start(trained.Run);
        var row = await Row(page);
        var answer = await page.Post("/api/edit", new { row, changes = new[] { new { name, word } } });
        var (code, output, errors) = Command.Run("edit", page.Run, "--row", $"{row}", "--set", typed, "--json", "--quiet");
        Assert.True(code == 0, errors);
        Assert.Equal(output.TrimEnd('\n'), answer.GetProperty("outcome").GetRawText());
        Assert.True(answer.GetProperty("concepts").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name).GetProperty("put").GetBoolean());
    }

    [Fact]
    public async Task AConceptWithAHostileName_IsEdited_Logged_Replayed_AndTakenUpAgain()
    {
        await using var page = await Served.Start(trained.Run);
        var row = await Row(page);
        await page.Post("/api/edit", new { row, changes = new[] { new { name = Fever, word = "yes" } }, log = true, suggested_by = "coop" });
        var entry = (await page.Get("/api/log")).GetProperty("log")[0];
        Assert.Equal((Fever, "coop", 1.0), (entry.GetProperty("changes")[0].GetProperty("name").GetString(), entry.GetProperty("suggested_by").GetString(), entry.GetProperty("cost").GetDouble()));
        Assert.True((await page.Post("/api/log/replay", new { })).GetProperty("replay").GetProperty("holds").GetBoolean());
        await using var again = await PageServer.Start(RunSession.Open(page.Run), 0);
        using var client = new HttpClient { BaseAddress = again.Address };
        var changes = JsonDocument.Parse(await client.GetStringAsync(new Uri($"/api/cases/{row}", UriKind.Relative))).RootElement.GetProperty("changes");
        Assert.Equal((Fever, "yes"), (changes[0].GetProperty("name").GetString(), changes[0].GetProperty("word").GetString()));
    }

    [Fact]
    public async Task WhatToAskNext_LeavesOutWhatIsKnown()
    {
        await using var page = await Served.Start(trained.Run);
        var row = await Row(page);
        foreach (var policy in (string?[])[null, "ucp", "ectp", "eudtp", "cctp", "random"])
        {
            var next = await page.Post("/api/suggest", new { row, wanted = policy });
            Assert.Equal(policy ?? "coop", next.GetProperty("policy").GetString());
            Assert.Equal(4, next.GetProperty("suggestions").GetArrayLength());
            var rest = await page.Post("/api/suggest", new { row, wanted = policy, changes = new[] { new { name = "shape", word = "oval" } } });
            Assert.DoesNotContain("shape", rest.GetProperty("suggestions").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        }
        var refused = await page.Send("/api/suggest", JsonSerializer.Serialize(new { row, wanted = "lcp" }));
        Assert.Equal(400, (int)refused.StatusCode);
    }

    [Fact]
    public async Task TheSmallestFlip_Flips_AndNoSingleEditDoesWhereItSaysTwo()
    {
        await using var page = await Served.Start(trained.Run);
        foreach (var listed in (await page.Get("/api/cases?count=8")).GetProperty("cases").EnumerateArray())
        {
            var row = listed.GetProperty("case").GetProperty("row").GetInt32();
            var flip = await page.Post("/api/flip", new { row });
            Assert.True(flip.GetProperty("found").GetBoolean() && flip.GetProperty("exact").GetBoolean());
            var edits = flip.GetProperty("edits").EnumerateArray().Select(e => new { name = e.GetProperty("name").GetString(), word = e.GetProperty("value").GetString() }).ToArray();
            var outcome = (await page.Post("/api/edit", new { row, changes = edits })).GetProperty("outcome");
            Assert.True(outcome.GetProperty("changed").GetBoolean());
            Assert.Equal(flip.GetProperty("after").GetString(), outcome.GetProperty("after").GetProperty("prediction").GetString());
            if (edits.Length == 1) continue;
            foreach (var concept in (await page.Get($"/api/cases/{row}")).GetProperty("concepts").EnumerateArray())
                foreach (var state in concept.GetProperty("categories").EnumerateArray())
                    Assert.False((await page.Post("/api/edit", new { row, changes = new[] { new { name = concept.GetProperty("name").GetString(), word = state.GetString() } } })).GetProperty("outcome").GetProperty("changed").GetBoolean());
        }
    }

    [Fact]
    public async Task Curves_AreThoseOfIntervene()
    {
        await using var page = await Served.Start(trained.Run);
        JsonElement global;
        do
        {
            await Task.Delay(50);
            global = await page.Get("/api/global");
        }
        while (!global.GetProperty("curves_ready").GetBoolean() || !global.GetProperty("ready").GetBoolean());
        var (code, output, errors) = Command.Run("intervene", page.Run, "--policy", "random,ucp,coop", "--competence", "1,0.8", "--most", "300", "--seeds", "3", "--json", "--quiet");
        Assert.True(code == 0, errors);
        Assert.Equal(JsonDocument.Parse(output).RootElement.GetProperty("curves").GetRawText(), global.GetProperty("curves").GetRawText());
    }

    [Theory]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[{\"name\":\"shap\",\"word\":\"oval\"}]}", "shap")]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[{\"name\":\"shape\",\"word\":\"ovl\"}]}", "ovl")]
    [InlineData("/api/edit", "{\"row\":1,\"changes\":[{\"name\":\"weight\",\"word\":\"heavy\"}]}", "heavy")]
    [InlineData("/api/flip", "{\"row\":1,\"wanted\":\"dead\"}", "dead")]
    [InlineData("/api/flip", "{}", "row")]
    public async Task WrongEdits_AreOneLine(string path, string body, string error)
    {
        await using var page = await Served.Start(trained.Run);
        var response = await page.Send(path, body);
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains(error, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetString()!, StringComparison.Ordinal);
    }
}
