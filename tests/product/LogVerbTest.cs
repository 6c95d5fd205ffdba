using System.Text.Json;

namespace Isthmus.Tests.Product;

public class LogVerbTest(TrainedForEditing runs) : IClassFixture<TrainedForEditing>
{
    [Fact]
    public void Edits_AreLogged_Verified_Replayed_AndExported()
    {
        using var folder = new TemporaryFolder();
        var run = System.IO.Path.Combine(folder.Path, "run");
        Directory.CreateDirectory(run);
        foreach (var file in Directory.EnumerateFiles(runs.Codes)) File.Copy(file, System.IO.Path.Combine(run, System.IO.Path.GetFileName(file)));
        Assert.Contains("no edits are logged", Command.Run("log", run).Output, StringComparison.Ordinal);
        Assert.Equal(0, Command.Run("edit", run, "--row", "3", "--set", "code.0=1", "--log", "--who", "reviewer", "--comment", "a reason").Code);
        Assert.Equal(0, Command.Run("edit", run, "--input", "make:led7,n=20,seed=9", "--row", "4", "--set", "block code.*:2", "--log").Code);
        var (code, output, _) = Command.Run("log", run);
        Assert.Equal(0, code);
        foreach (var word in (string[])["reviewer", "a reason", "code.0=1", "last hash"]) Assert.Contains(word, output, StringComparison.Ordinal);
        var root = JsonDocument.Parse(Command.Run("log", run, "--json").Output).RootElement;
        Assert.Equal(2, root.GetProperty("entries").GetInt32());
        Assert.Equal("a reason", root.GetProperty("log")[0].GetProperty("comment").GetString());
        root = JsonDocument.Parse(Command.Run("log", run, "--replay", "--json").Output).RootElement;
        Assert.True(root.GetProperty("holds").GetBoolean() && root.GetProperty("replay").GetProperty("holds").GetBoolean());
        Assert.Equal(2, root.GetProperty("replay").GetProperty("replayed").GetInt32());
        var copy = System.IO.Path.Combine(folder.Path, "copy.jsonl");
        Assert.Equal(0, Command.Run("log", run, "--export", copy).Code);
        Assert.Equal(0, Command.Run("log", run, "--verify", "--file", copy, "--head", root.GetProperty("head").GetString()![..12]).Code);
        var path = System.IO.Path.Combine(run, "edits", "log.jsonl");
        File.WriteAllText(path, File.ReadAllText(path).Replace("reviewer", "reviewed", StringComparison.Ordinal));
        (code, output, _) = Command.Run("log", run, "--verify");
        Assert.Equal(1, code);
        Assert.Contains("line 2: it was altered", output, StringComparison.Ordinal);
        Assert.Equal(2, Command.Run("edit", run, "--set", "code.0=1", "--who", "nobody").Code);
        Assert.Equal(2, Command.Run("log", run, "--head", "3f2a91c07b44").Code);
    }
}
