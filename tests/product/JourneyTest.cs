using System.Text.Json;
using Isthmus.Web;

namespace Isthmus.Tests.Product;

/// <summary>The whole way of docs/concepts.md: a table, a run, its explanation, the page, an edit, the log, the replay, the pages to hand over.</summary>
public class JourneyTest
{
    [Fact]
    public async Task FromATable_ToADecisionThatCanBeAudited()
    {
        using var folder = new TemporaryFolder();
        string In(string name) => Path.Combine(folder.Path, name);
        var (table, run) = (In("toy.csv"), In("run"));
        Ok("data", "make", "tabulartoy,n=10000", "--out", table);
        Ok("train", table, "--target", "y", "--concepts", "c1,c2,c3", "--bottleneck", "concept", "--set", "bottleneck.kind=hard", "--epochs", "5", "--out", run);
        Assert.True(File.Exists(Path.Combine(run, "report.html")));

        var explained = Json("explain", run, "--out", In("explained.html"));
        Assert.Equal("clean", explained.GetProperty("leakage").GetProperty("verdict").GetString());
        Assert.Equal(3, explained.GetProperty("concepts").GetArrayLength());
        Assert.True(File.Exists(In("explained.html")));
        var curve = Json("intervene", run, "--policy", "ucp", "--most", "300").GetProperty("curves")[0].GetProperty("points");
        Assert.Equal(1, curve[3].GetProperty("accuracy").GetDouble());

        var row = 3;
        var edited = Json("edit", run, "--row", "3", "--set", "c1=1", "--log", "--who", "reviewer", "--comment", "seen on the original");
        await using (var server = await PageServer.Start(RunSession.Open(run), 0))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            var page = JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/cases/3", UriKind.Relative))).RootElement;
            Assert.Equal(edited.GetRawText(), page.GetProperty("outcome").GetRawText());
            using var body = new StringContent(JsonSerializer.Serialize(new { row, changes = new[] { new { name = "c1", word = "0" }, new { name = "c2", word = "0" } }, log = true }), System.Text.Encoding.UTF8, "application/json");
            var answer = JsonDocument.Parse(await (await client.PostAsync(new Uri("/api/edit", UriKind.Relative), body)).Content.ReadAsStringAsync()).RootElement;
            Assert.Equal("0", answer.GetProperty("outcome").GetProperty("after").GetProperty("prediction").GetString());
            Assert.Equal(2, answer.GetProperty("entry").GetInt32());
        }

        var replay = Json("log", run, "--replay");
        Assert.Equal((2, true, 2), (replay.GetProperty("entries").GetInt32(), replay.GetProperty("holds").GetBoolean(), replay.GetProperty("replay").GetProperty("replayed").GetInt32()));
        Ok("log", run, "--export", In("edits.jsonl"));
        Ok("log", run, "--verify", "--file", In("edits.jsonl"), "--head", replay.GetProperty("head").GetString()!);
        Ok("predict", run, table, "--with", "concepts", "--out", In("predictions.csv"));
        Assert.Contains("c1", File.ReadLines(In("predictions.csv")).First(), StringComparison.Ordinal);
    }

    private static string Ok(params string[] args)
    {
        var (code, output, errors) = Command.Run([.. args, "--quiet"]);
        Assert.True(code == 0, $"{string.Join(' ', args)}: {errors}");
        return output;
    }

    private static JsonElement Json(params string[] args) => JsonDocument.Parse(Ok([.. args, "--json"])).RootElement;
}
