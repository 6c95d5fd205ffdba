using System.Text.Json;

namespace Isthmus.Tests.Product;

public class RunVerbsTest : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string In(string name) => Path.Combine(_folder.Path, name);

    private static JsonElement Json(params string[] args)
    {
        var (code, output, errors) = Command.Run([.. args, "--json", "--quiet"]);
        Assert.True(code == 0, errors);
        Assert.Equal(1, output.Count(c => c == '\n'));
        return JsonDocument.Parse(output).RootElement;
    }

    private JsonElement Train(string name, params string[] args) => Json(["train", "make:moons,n=300,noise=0.1", "--epochs", "10", "--out", In(name), .. args]);

    [Fact]
    public void Train_PrintsTheContractsObject()
    {
        var root = Train("a", "--baseline", "--latent", "3", "--beta", "0.01", "--seed", "5");
        Assert.Equal(("classification", "vib", 5, "mean"), (root.GetProperty("task").GetString(), root.GetProperty("bottleneck").GetString(), root.GetProperty("seed").GetInt32(), root.GetProperty("inference").GetString()));
        Assert.Equal(In("a"), root.GetProperty("run").GetString());
        foreach (var name in (string[])["accuracy", "f1_macro", "auc", "nll_bits", "rmse", "r2", "mse", "majority_or_mean"]) Assert.True(root.GetProperty("test").TryGetProperty(name, out _), name);
        var rate = root.GetProperty("rate");
        foreach (var name in (string[])["message", "unit", "capacity_bits", "bound_bits", "bound_kind", "estimate", "bill_bits", "bill_scope", "note"]) Assert.True(rate.TryGetProperty(name, out _), name);
        foreach (var name in (string[])["low_bits", "high_bits", "ceiling_bits", "direction"]) Assert.True(rate.GetProperty("estimate").TryGetProperty(name, out _), name);
        foreach (var name in (string[])["epochs", "steps", "seconds", "samples_per_second", "peak_memory_mb"]) Assert.True(root.GetProperty("train").TryGetProperty(name, out _), name);
        Assert.InRange(root.GetProperty("baseline").GetProperty("accuracy").GetDouble(), 0.5, 1);
        Assert.Equal(64, root.GetProperty("model_sha256").GetString()!.Length);
        Assert.Equal(64, root.GetProperty("recipe_sha256").GetString()!.Length);
        Assert.True(root.GetProperty("threads").GetInt32() >= 1);
        Assert.Equal(("training-bound", "mean", "sandwich"), (rate.GetProperty("bound_kind").GetString(), rate.GetProperty("message").GetString(), rate.GetProperty("estimate").GetProperty("direction").GetString()));
    }

    [Fact]
    public void TheSameSeed_GivesTheSameModelForEveryNumberOfThreads() =>
        Assert.Equal(Train("a", "--threads", "1").GetProperty("model_sha256").GetString(), Train("b", "--threads", "2").GetProperty("model_sha256").GetString());

    [Fact]
    public void People_ReadQualityReadingsAndWhereTheReportIs()
    {
        var (code, output, _) = Command.Run("train", "make:moons,n=300", "--epochs", "3", "--out", In("a"));
        Assert.Equal(0, code);
        foreach (var word in (string[])["accuracy", "capacity", "bound", "estimate", "bill", "report.html", "sha256"]) Assert.Contains(word, output, StringComparison.Ordinal);
        Assert.Contains("Content-Security-Policy", File.ReadAllText(In("a/report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void AText_IsTrainedJudgedAndContinued()
    {
        File.WriteAllText(In("sea.txt"), string.Concat(Enumerable.Repeat("she sells sea shells. ", 60)));
        File.WriteAllText(In("new.txt"), "she sel");
        var root = Json("train", In("sea.txt"), "--window", "8", "--epochs", "4", "--set", "training.batch=8", "--set", "encoder.width=16", "--latent", "8", "--beta", "1e-3", "--out", In("a"));
        Assert.Equal(("next-token", "token"), (root.GetProperty("task").GetString(), root.GetProperty("rate").GetProperty("unit").GetString()));
        Assert.InRange(root.GetProperty("test").GetProperty("nll_bits").GetDouble(), 0, 3);
        Assert.Equal(root.GetProperty("test").GetProperty("nll_bits").GetDouble(), Json("evaluate", In("a")).GetProperty("test").GetProperty("nll_bits").GetDouble());
        var (code, output, _) = Command.Run("predict", In("a"), In("new.txt"));
        var lines = output.TrimEnd('\n').Split('\n');
        Assert.Equal((0, 8, "row,token,prediction,p"), (code, lines.Length, lines[0]));
        Assert.StartsWith("7,l,", lines[7], StringComparison.Ordinal);
        var refused = Command.Run("train", In("sea.txt"), "--set", "encoder=mlp");
        Assert.Equal((2, ""), (refused.Code, refused.Output));
    }

    [Fact]
    public void Predict_WritesARowOfCsvForEachRow()
    {
        Train("a", "--latent", "2");
        var (code, output, _) = Command.Run("predict", In("a"), "make:moons,n=7,seed=9", "--with", "codes,bits");
        var lines = output.TrimEnd('\n').Split('\n');
        Assert.Equal((0, 8), (code, lines.Length));
        Assert.Equal("row,prediction,p_0,p_1,bits,z1,z2", lines[0]);
        foreach (var line in lines[1..])
        {
            var cells = line.Split(',');
            Assert.Equal(7, cells.Length);
            Assert.Equal(1, double.Parse(cells[2], System.Globalization.CultureInfo.InvariantCulture) + double.Parse(cells[3], System.Globalization.CultureInfo.InvariantCulture), 5);
        }
        Assert.Equal(0, Command.Run("predict", In("a"), "make:moons,n=7,seed=9", "--with", "codes,bits", "--out", In("p.csv")).Code);
        Assert.Equal(output, File.ReadAllText(In("p.csv")));
    }

    [Fact]
    public void SchemaDrift_IsOneClearLine()
    {
        var csv = _folder.Write("t.csv", "size,town,y\n" + string.Concat(Enumerable.Range(0, 80).Select(i => $"{i},{(i % 3 == 0 ? "Bern" : "Basel")},{(i % 2 == 0 ? "u" : "v")}\n")));
        Json("train", csv, "--target", "y", "--epochs", "1", "--out", In("a"));
        foreach (var args in (string[][])[["predict", In("a"), In("good.csv"), "--out", In("good.csv")], ["encode", In("a"), In("good.csv"), In("good.csv")]])
        {
            _folder.Write("good.csv", "town,size\nBern,3\n");
            var (code, _, errors) = Command.Run(args);
            Assert.Equal(2, code);
            Assert.Contains("is the file that is read: it would be overwritten", errors, StringComparison.Ordinal);
            Assert.Equal("town,size\nBern,3\n", File.ReadAllText(In("good.csv")));
        }
        Assert.Equal(0, Command.Run("predict", In("a"), _folder.Write("good.csv", "town,size\nBern,3\n")).Code);
        foreach (var (text, word) in new[] { ("size\n3\n", "town"), ("size,town\n3,Bren\n", "Bren"), ("size,town\nx,Bern\n", "size") })
        {
            var (code, output, errors) = Command.Run("predict", In("a"), _folder.Write("bad.csv", text));
            Assert.Equal((2, ""), (code, output));
            Assert.Contains(word, errors, StringComparison.Ordinal);
            Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
        }
    }

    [Fact]
    public void Evaluate_AgreesWithWhatTrainingPrinted()
    {
        var trained = Train("a");
        var again = Json("evaluate", In("a"));
        Assert.Equal(trained.GetProperty("test").ToString(), again.GetProperty("test").ToString());
        Assert.Equal(trained.GetProperty("rate").ToString(), again.GetProperty("rate").ToString());
        Assert.Equal(50, Json("evaluate", In("a"), "make:moons,n=50,seed=8").GetProperty("rows").GetInt32());
        Assert.Equal("sample", Json("evaluate", In("a"), "--inference", "sample").GetProperty("rate").GetProperty("message").GetString());
    }

    [Fact]
    public void Sweep_TrainsEveryValueAndResumes()
    {
        string[] line = ["sweep", "make:moons,n=200", "--epochs", "2", "--over", "bottleneck.beta=1e-4..1", "--points", "3", "--out", In("s")];
        var root = Json(line);
        Assert.Equal([1e-4, 1e-2, 1], root.GetProperty("points").EnumerateArray().Select(p => p.GetProperty("value").GetDouble()));
        Assert.All(root.GetProperty("points").EnumerateArray(), p => Assert.True(p.GetProperty("rate").GetProperty("bound_bits").GetDouble() > 0));
        Assert.All(root.GetProperty("points").EnumerateArray(), p => Assert.True(p.GetProperty("rate").GetProperty("bill_bits").GetDouble() > 0));
        Assert.Contains(">bill<", File.ReadAllText(root.GetProperty("report").GetString()!), StringComparison.Ordinal); // the curve's first series
        Directory.Delete(In("s/03"), recursive: true);
        var resumed = Json("sweep", "--resume", In("s"));
        Assert.Equal(root.GetProperty("points")[2].GetProperty("test").ToString(), resumed.GetProperty("points")[2].GetProperty("test").ToString());
        Assert.Equal(root.GetProperty("points")[0].ToString(), resumed.GetProperty("points")[0].ToString());
        Assert.Equal([1, 2, 4], Json("sweep", "make:moons,n=200", "--epochs", "1", "--over", "bottleneck.latent=1,2,4", "--out", In("t")).GetProperty("points").EnumerateArray().Select(p => p.GetProperty("value").GetInt32()));
    }

    [Fact]
    public void Recipe_PrintsWhatTrainWouldUse()
    {
        var yaml = Json("recipe", "make:moons,n=300,noise=0.1", "--epochs", "10").GetProperty("yaml").GetString()!;
        var file = _folder.Write("r.yaml", yaml);
        Assert.Equal(Train("a").GetProperty("model_sha256").GetString(), Json("train", file, "--out", In("b")).GetProperty("model_sha256").GetString());
        Assert.Equal(Json("recipe", In("a")).GetProperty("recipe_sha256").GetString(), Json("recipe", file).GetProperty("recipe_sha256").GetString());
        Assert.Equal("Isthmus recipe", Json("recipe", "--schema").GetProperty("title").GetString());
    }

    [Fact]
    public void Runs_AreListedShownAndCompared()
    {
        Train("runs/a");
        Train("runs/b", "--beta", "0.5");
        var listed = Json("runs", "list", In("runs")).GetProperty("runs").EnumerateArray().ToArray();
        Assert.Equal([In("runs/a"), In("runs/b")], listed.Select(r => r.GetProperty("run").GetString()!));
        Assert.Equal("finished", Json("runs", "show", In("runs/a")).GetProperty("state").GetString());
        var differences = Json("runs", "compare", In("runs/a"), In("runs/b")).GetProperty("differences").EnumerateArray().ToArray();
        Assert.Equal("bottleneck.beta", Assert.Single(differences).GetProperty("field").GetString());
        File.WriteAllText(In("runs/b/summary.json"), "{");
        Assert.Equal(["damaged", "finished"], Json("runs", "list", In("runs")).GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("state").GetString()!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Bits_HoldsTheBoundBelowTheBudget()
    {
        var root = Json("train", "make:moons,n=600,noise=0.1", "--bits", "4", "--epochs", "60", "--out", In("a"));
        Assert.InRange(root.GetProperty("rate").GetProperty("bound_bits").GetDouble(), 1, 4);
    }

    [Theory]
    [InlineData("train|nothing.csv", "nothing.csv")]
    [InlineData("train|nothing.yaml", "nothing.yaml: no such file")]
    [InlineData("train|make:moons|--bottleneck|vbi", "hint: did you mean 'vib'?")]
    [InlineData("train|make:moons|--set|training.epoch=3", "unknown field 'training.epoch' (did you mean 'epochs'")]
    [InlineData("train|make:moons|--set|nonsense", "--set 'nonsense' is not path=value")]
    [InlineData("train|make:moons|--inference|average", "inference is 'average'")]
    [InlineData("train|make:moons|--bits|-1", "--bits -1: expected")]
    [InlineData("train|make:moons|--bits|3|--bottleneck|identity", "through identity everything passes")]
    [InlineData("train|make:moons|--set|encoder.type=conv", "conv, which needs images")]
    [InlineData("train|--resume|nowhere", "nowhere: no such run")]
    [InlineData("predict|nowhere|make:moons", "nowhere: no such run")]
    [InlineData("predict|nowhere|make:moons|--with|code", "did you mean 'codes'?")]
    [InlineData("sweep|make:moons", "--over is missing")]
    [InlineData("sweep|make:moons|--over|bottleneck.beta", "is not path=a..b")]
    [InlineData("sweep|make:moons|--over|bottleneck.bta=1..2", "did you mean 'beta'?")]
    [InlineData("runs|show|nowhere", "nowhere: no such run")]
    public void WrongInput_IsOneLineAndLeavesNoRun(string line, string expected)
    {
        var (code, output, errors) = Command.Run([.. line.Split('|'), "--out", In("x")]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.StartsWith("error: ", errors, StringComparison.Ordinal);
        Assert.InRange(errors.Count(c => c == '\n'), 1, 2);
        Assert.False(Directory.Exists(In("x")));
    }

    [Fact]
    public void ListBottlenecks_SaysALineOfEach()
    {
        var output = Command.Run("train", "--list-bottlenecks").Output;
        foreach (var name in (string[])["identity", "linear", "noise", "dropout", "vib"]) Assert.Contains($"\n{name} ", "\n" + output, StringComparison.Ordinal);
    }
}
