using System.Globalization;
using System.Text;
using System.Text.Json;
using Isthmus.Tensors;

namespace Isthmus.Tests.Product;

/// <summary>Three kinds of trees told by three marks; a fourth goes with one of them in the old wood, and in the new one with another too.</summary>
public sealed class Woods : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public Woods()
    {
        Write("old.csv", 450, shifted: false, concepts: true, 1);
        Write("few.csv", 12, shifted: true, concepts: false, 2);
        Write("new.csv", 300, shifted: true, concepts: false, 3);
        var (code, _, errors) = Command.Run("train", PathOf("old.csv"), "--target", "kind", "--concepts", "round,long,dark,marked", "--epochs", "40", "--out", Run, "--quiet");
        if (code != 0) throw new InvalidOperationException(errors);
    }

    public string Run => PathOf("run");

    public string PathOf(string name) => Path.Combine(_folder, name);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string name, int rows, bool shifted, bool concepts, ulong seed)
    {
        var random = new RandomStream(seed);
        var text = new StringBuilder(concepts ? "a,b,c,m,round,long,dark,marked,kind\n" : "a,b,c,m,kind\n");
        for (var i = 0; i < rows; i++)
        {
            var kind = i % 3;
            int[] marks = [kind == 0 ? 1 : 0, kind == 1 ? 1 : 0, kind == 2 ? 1 : 0, kind == 1 || (shifted && kind == 0) ? 1 : 0];
            for (var j = 0; j < 4; j++) text.Append(CultureInfo.InvariantCulture, $"{marks[j] - (shifted && kind == 0 && j == 0 ? 0.6 : 0) + (0.2 * random.NextGaussian()):0.000},");
            if (concepts) text.AppendJoin(',', marks).Append(',');
            text.Append(kind switch { 0 => "oak", 1 => "ash", _ => "elm" }).Append('\n');
        }
        File.WriteAllText(PathOf(name), text.ToString());
    }
}

public class AdaptVerbTest(Woods woods) : IClassFixture<Woods>
{
    [Fact]
    public void TheContractsNamesAreThere_TheNewWoodGainsAndTheOldLosesNothing()
    {
        var (code, output, errors) = Command.Run("adapt", woods.Run, "--shots", woods.PathOf("few.csv"), "--test", woods.PathOf("new.csv"), "--json", "--quiet");
        Assert.True(code == 0, errors);
        var root = JsonDocument.Parse(output).RootElement;
        Assert.True(root.GetProperty("target_after").GetDouble() > root.GetProperty("target_before").GetDouble() + 0.02);
        Assert.True(root.GetProperty("source_after").GetDouble() >= root.GetProperty("source_before").GetDouble() - 0.02);
        var edit = root.GetProperty("edits")[0];
        Assert.Equal(("ash", "oak"), (edit.GetProperty("predicted").GetString(), edit.GetProperty("true").GetString()));

        // What is kept beside the run says the same, judged and answered.
        (code, output, errors) = Command.Run("adapt", woods.Run, "--apply", woods.PathOf("new.csv"), "--json", "--quiet");
        Assert.True(code == 0, errors);
        Assert.Equal(root.GetProperty("target_after").GetDouble(), JsonDocument.Parse(output).RootElement.GetProperty("target_after").GetDouble());
        (code, _, errors) = Command.Run("adapt", woods.Run, "--apply", woods.PathOf("new.csv"), "--out", woods.PathOf("answers.csv"));
        Assert.True(code == 0, errors);
        var answers = File.ReadAllLines(woods.PathOf("answers.csv")).Skip(1).Select(l => l.Split(',')[0]).ToArray();
        var truth = File.ReadAllLines(woods.PathOf("new.csv")).Skip(1).Select(l => l.Split(',')[^1]).ToArray();
        Assert.Equal(root.GetProperty("target_after").GetDouble(), answers.Zip(truth, (a, b) => a == b ? 1.0 : 0).Average(), 1e-12);
    }

    [Fact]
    public void AFileOfOtherWeightsOrADamagedOneIsOneLine()
    {
        foreach (var text in new[] { "{", "{\"format\":1,\"model_sha256\":\"00\",\"edits\":[]}", "{\"format\":1,\"model_sha256\":\"00\",\"edits\":null}", "{\"format\":1,\"model_sha256\":\"00\",\"edits\":[null]}" })
        {
            var copy = woods.PathOf("copy" + text.Length);
            Directory.CreateDirectory(copy);
            foreach (var file in Directory.GetFiles(woods.Run)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
            File.WriteAllText(Path.Combine(copy, "adaptation.json"), text);
            var (code, output, errors) = Command.Run("adapt", copy, "--apply", woods.PathOf("new.csv"));
            Assert.Equal((2, ""), (code, output));
            Assert.StartsWith("error: ", errors, StringComparison.Ordinal);
            Assert.InRange(errors.TrimEnd('\n').Split('\n').Length, 1, 2);
        }
    }

    [Theory]
    [InlineData("adapt")]
    [InlineData("adapt", "--tolerance", "2", "--shots", "x.csv")]
    [InlineData("adapt", "--shots", "missing.csv")]
    public void WrongCallsAreOneLine(params string[] args)
    {
        var (code, output, errors) = Command.Run([args[0], woods.Run, .. args[1..]]);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("error: ", errors, StringComparison.Ordinal);
    }
}
