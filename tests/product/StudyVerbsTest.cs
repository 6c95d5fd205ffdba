using System.Text.Json;

namespace Isthmus.Tests.Product;

public class StudyVerbsTest
{
    [Fact]
    public void List_HasTheCatalogueWithStatusAndVerdict()
    {
        var systems = Json(0, "study", "list", "--json").GetProperty("systems").EnumerateArray().ToArray();
        Assert.Equal(342, systems.Length);
        Assert.All(systems, s => Assert.Contains(s.GetProperty("status").GetString(), (string[])["works", "planned", "not-ours"]));
        var hourglass = systems.Single(s => s.GetProperty("slug").GetString() == "hourglass-mlp");
        Assert.Equal(("bottleneck-blocks", "A", "works"), (hourglass.GetProperty("family").GetString(), hourglass.GetProperty("tier").GetString(), hourglass.GetProperty("status").GetString()));
        Assert.Contains(hourglass.GetProperty("verdict").GetString(), (string?[])["held", "opposite", "undecided", null]);
        var family = Json(0, "study", "list", "--family", "kv-cache", "--json").GetProperty("systems").EnumerateArray().ToArray();
        Assert.All(family, s => Assert.Equal("kv-cache", s.GetProperty("family").GetString()));
    }

    [Fact]
    public void Search_ScoresSystems()
    {
        var results = Json(0, "study", "search", "hourglass mlp", "--json").GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(("hourglass-mlp", true), (results[0].GetProperty("slug").GetString(), results[0].GetProperty("score").GetDouble() > results[1].GetProperty("score").GetDouble()));
        Assert.Empty(Json(0, "study", "search", "qwxyz", "--json").GetProperty("results").EnumerateArray());
    }

    [Fact]
    public void Show_TellsMechanismAndProcedure()
    {
        var shown = Json(0, "study", "show", "hourglass-mlp", "--json");
        Assert.Equal(4, shown.GetProperty("study").GetProperty("configs_per_arm").GetInt32());
        Assert.Contains("narrow", shown.GetProperty("mechanism").GetString(), StringComparison.Ordinal);
        Assert.Contains("procedure: ", Command.Run("study", "show", "hourglass-mlp").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_PrintsTheContractsObjectAndKeepsItsRuns()
    {
        using var folder = new TemporaryFolder();
        string[] line = ["study", "run", "hourglass-mlp", "--budget", "smoke", "--seeds", "3-4", "--data", "make:sprites,n=200,size=12,colours=1", "--out", folder.Path, "--json"];
        var study = Json(0, line).GetProperty("studies")[0];
        foreach (var name in (string[])["slug", "claim", "procedure", "differs", "data", "budget", "seeds", "primary", "unit", "direction", "margin", "differences", "interval", "p", "measures", "tuning", "verdict", "holds", "seconds"])
            Assert.True(study.TryGetProperty(name, out _), name);
        Assert.Equal(("smoke", "mse", "lower", "preview", true), (study.GetProperty("budget").GetString(), study.GetProperty("primary").GetString(), study.GetProperty("direction").GetString(), study.GetProperty("verdict").GetString(), study.GetProperty("holds").GetBoolean()));
        Assert.Equal((4, "100"), (study.GetProperty("tuning").GetProperty("configs_per_arm").GetInt32(), study.GetProperty("tuning").GetProperty("seeds").GetString()));
        Assert.Equal([3, 4], study.GetProperty("seeds").EnumerateArray().Select(s => s.GetInt32()));
        Assert.Equal(2, study.GetProperty("measures")[0].GetProperty("method").GetArrayLength());
        var files = Directory.GetFiles(Path.Combine(folder.Path, "hourglass-mlp"));
        Assert.Equal(12, files.Length);
        Assert.Equal(study.GetProperty("p").GetDouble(), Json(0, line).GetProperty("studies")[0].GetProperty("p").GetDouble());
        Assert.Equal(files, Directory.GetFiles(Path.Combine(folder.Path, "hourglass-mlp")));
    }

    [Fact]
    public void Table_ChecksAndWrites()
    {
        using var folder = new TemporaryFolder();
        var page = Path.Combine(folder.Path, "page.md");
        Assert.Equal(0, Command.Run("study", "table", "--write", page).Code);
        Assert.StartsWith("# Studies", File.ReadAllText(page), StringComparison.Ordinal);
        var records = Directory.CreateDirectory(Path.Combine(folder.Path, "records")).FullName;
        Assert.Equal(0, Command.Run("study", "table", "--from", records, "--check").Code);
        File.WriteAllText(Path.Combine(records, "hourglass-mlp.json"), StaleResult);
        var (code, output, _) = Command.Run("study", "table", "--from", records, "--check");
        Assert.Equal(1, code);
        Assert.Contains("stale: hourglass-mlp: recorded with code 0000000000000000", output, StringComparison.Ordinal);
        Assert.Equal("hourglass-mlp", Json(1, "study", "table", "--from", records, "--check", "--json").GetProperty("stale")[0].GetProperty("slug").GetString());
        File.WriteAllText(Path.Combine(records, "other.json"), "{}");
        Assert.Equal(2, Command.Run("study", "table", "--from", records).Code);
    }

    [Theory]
    [InlineData("study|run|hourglas-mlp", "error: unknown system 'hourglas-mlp'\nhint: did you mean 'hourglass-mlp'?\n")]
    [InlineData("study|show|hourglas-mlp", "error: unknown system 'hourglas-mlp'\nhint: did you mean 'hourglass-mlp'?\n")]
    [InlineData("study|list|--family|kv-cash", "error: unknown family 'kv-cash'\nhint: did you mean 'kv-cache'?\n")]
    [InlineData("study|run|hourglass-mlp|--budget|fulll", "error: unknown value of --budget 'fulll'\nhint: did you mean 'full'?\n")]
    [InlineData("study|run", "error: study run needs a SLUG, or --all\nhint: 'isthmus study list' lists the systems\n")]
    [InlineData("study|run|hourglass-mlp|--seeds|4-0", "error: --seeds 4-0: '4-0' is not a seed below 100 nor a range of them\nhint: as in --seeds 0-4 or --seeds 0,2,5; 100 and above are for tuning\n")]
    [InlineData("study|run|hourglass-mlp|--seeds|0-99999999999", null)]
    [InlineData("study|run|hourglass-mlp|--record|x", "error: --record takes full results only\nhint: --budget full, with at least five seeds\n")]
    [InlineData("study|run|hourglass-mlp|--budget|smoke|--data|make:moons,n=50", null)]
    [InlineData("study|table|--from|no-such-folder", null)]
    public void WrongInput_IsOneLine(string line, string? expected)
    {
        var (code, output, errors) = Command.Run(line.Split('|'));
        Assert.Equal((2, ""), (code, output));
        if (expected is not null) Assert.Equal(expected, errors);
        Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
    }

    private const string StaleResult =
        """
        {"slug":"hourglass-mlp","claim":"c","procedure":"p","differs":"d","data":"d","baseline":"b","method":"m","budget":"full","seeds":[0,1,2,3,4],
         "primary":"mse","unit":"","direction":"lower","margin":0,"ratio":false,"differences":[-1,-1,-1,-1,-1],"interval":[-1,-1],"p":0,"detectable":0,"by_examples":false,
         "measures":[{"name":"mse","unit":"","direction":"lower","baseline":[2,2,2,2,2],"method":[1,1,1,1,1],"difference":-1,"interval":[-1,-1],"ratio":false}],
         "tuning":{"configs_per_arm":1,"baseline":"fixed","method":"fixed"},"verdict":"held","seconds":1,"arm_seconds":[0.1,0.1],"code":"0000000000000000"}
        """;

    private static JsonElement Json(int code, params string[] args)
    {
        var (found, output, errors) = Command.Run(args);
        Assert.True(found == code, errors);
        return JsonDocument.Parse(output).RootElement;
    }
}
