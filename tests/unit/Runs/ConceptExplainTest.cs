using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Runs;

namespace Isthmus.Tests.Runs;

public class ConceptExplainTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Recipe Toy(params string[] sets) => RecipeFile.Parse("""
        seed: 1
        data: {source: "make:tabulartoy,n=4000", split: "0.4,0.1,0.5"}
        encoder: {type: mlp, widths: [32]}
        bottleneck: {type: concept, kind: hard}
        training: {epochs: 12, batch: 64, learning_rate: 0.01, checkpoint_seconds: 0}
        """, "test", [.. sets.Select(Override.Parse)]);

    private string Csv(string header, Func<int, string> row, int rows = 60)
    {
        var path = Path.Combine(_folder, "t.csv");
        File.WriteAllLines(path, [header, .. Enumerable.Range(0, rows).Select(row)]);
        return path;
    }

    private RunSummary Train(string path, string concepts, List<string>? notes = null, params string[] sets) => TrainJob.Start(
        RecipeFile.Parse($"data: {{source: '{path}', target: y, concepts: '{concepts}'}}\ntraining: {{epochs: 1}}", "test", [.. sets.Select(Override.Parse)]),
        new TrainOptions { Out = Path.Combine(_folder, "run"), Report = false, Note = n => notes?.Add(n) });

    [Fact]
    public void HardIndependentConcepts_AreClean_AndTheirHeadIsTheMajority()
    {
        var path = Path.Combine(_folder, "toy");
        TrainJob.Start(Toy(), new TrainOptions { Out = path });
        var e = Explainer.Explain(Run.Load(path), new ExplainSettings());
        Assert.Equal(["c1", "c2", "c3"], e.Concepts!.Select(c => c.Name));
        Assert.All(e.Concepts!, c => Assert.InRange(c.Accuracy!.Value, 0.95, 1));
        Assert.Equal("clean", e.Leakage!.Verdict);
        Assert.Contains("3 bits", e.Leakage.Passes, StringComparison.Ordinal);
        Assert.Equal(1, e.Leakage.CeilingAccuracy!.Value, 6);
        Assert.Equal((2, 3), (e.Head!.Weights.Count, e.Head.Columns.Count));
        Assert.All(Enumerable.Range(0, 3), c => Assert.True(e.Head.Weights[1][c] > e.Head.Weights[0][c]));
        Assert.StartsWith("0 ← − ", e.Head.Rules[0], StringComparison.Ordinal);
        var report = File.ReadAllText(Path.Combine(path, "report.html"));
        Assert.Contains("How well each concept is known", ExplanationReportOf(path), StringComparison.Ordinal);
        Assert.Contains("How concepts decide", report, StringComparison.Ordinal);
    }

    private string ExplanationReportOf(string run)
    {
        var page = Path.Combine(_folder, "concepts.html");
        ExplanationReport.Explain(Run.Load(run), new ExplainSettings { Leakage = false }, page);
        return File.ReadAllText(page);
    }

    [Fact]
    public void Groups_ShowForWhomItIsRight()
    {
        var path = Csv("x,site,c,y", i => string.Create(CultureInfo.InvariantCulture, $"{i % 2},{(i % 4 < 2 ? "north" : "south")},{i % 2},{(i % 7 == 0 ? 1 - (i % 2) : i % 2)}"), 400);
        Train(path, "c", null, "data.groups=site", "data.split=1,0,0", "training.epochs=30");
        var e = Explainer.Explain(Run.Load(Path.Combine(_folder, "run")), new ExplainSettings { Part = "train", Leakage = false });
        Assert.Equal(["north", "south"], e.Subgroups!.Select(g => g.Group));
        Assert.All(e.Subgroups!, g => Assert.Equal(200, g.Rows));
        Assert.Equal(Enumerable.Range(0, 400).Where(i => i % 4 < 2).Average(i => i % 7 == 0 ? 0 : 1), e.Subgroups![0].Accuracy!.Value, 9);
        Assert.Equal(1, e.Subgroups![0].ConceptAccuracy[0]!.Value);
    }

    [Fact]
    public void NamesWithCommas_StandInQuotes_AndAnAnswerThatIsNoNumberIsRefused()
    {
        var path = Csv("x,\"stable, yes/no\",age,y", i => string.Create(CultureInfo.InvariantCulture, $"{i % 2},{i % 2},{i + 0.5},{(i % 7 == 0 ? 1 - (i % 2) : i % 2)}"));
        TrainJob.Start(RecipeFile.Parse($"data: {{source: '{path}', target: y, concepts: '\"stable, yes/no\", age'}}\ntraining: {{epochs: 1}}", "test"), new TrainOptions { Out = Path.Combine(_folder, "run"), Report = false });
        var run = Run.Load(Path.Combine(_folder, "run"));
        Assert.Equal(["stable, yes/no", "age"], run.Model.Schema.Concepts.Select(c => c.Name));
        Assert.Contains("no number", Assert.Throws<InputException>(() => EditRun.Of(run, run.LoadOwn().Data, 0, Edit.Parse("age=1e300"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AConceptThatNeverChanges_IsRefused()
    {
        var path = Csv("x,c,d,y", i => string.Create(CultureInfo.InvariantCulture, $"{i},0,{i % 3},{i % 2}"));
        var e = Assert.Throws<InputException>(() => Train(path, "c,d"));
        Assert.True(e.Message.Contains("concept 'c' is always '0'", StringComparison.Ordinal), e.Message);
        Assert.False(Directory.Exists(Path.Combine(_folder, "run")));
    }

    [Fact]
    public void AConceptThatIsTheTarget_IsRefused()
    {
        var path = Csv("x,c,y", i => string.Create(CultureInfo.InvariantCulture, $"{i},{(i % 2 == 0 ? "even" : "odd")},{i % 2}"));
        Assert.Contains("concept 'c' is the target 'y' under another name", Assert.Throws<InputException>(() => Train(path, "c")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AConceptThatIsRarelyAnnotated_IsRefused_AsFarAsIsAsked()
    {
        var path = Csv("x,c,y", i => string.Create(CultureInfo.InvariantCulture, $"{i},{(i % 10 == 0 ? $"{i / 10 % 2}" : "")},{i % 2}"));
        Assert.Contains("annotated in", Assert.Throws<InputException>(() => Train(path, "c")).Message, StringComparison.Ordinal);
        Train(path, "c", null, "data.least_annotated=2");
    }

    [Fact]
    public void EqualRowsWithAnotherClass_AreNoted()
    {
        var path = Csv("x,c,y", i => string.Create(CultureInfo.InvariantCulture, $"{i / 2},{i / 3 % 2},{i % 2}"));
        var notes = new List<string>();
        Train(path, "c", notes, "data.split=1,0,0");
        Assert.Contains(notes, n => n.StartsWith("60 training rows equal another one", StringComparison.Ordinal));
    }

    [Fact]
    public void Costs_StandInTheRecipe_AndUnknownNamesAreRefused()
    {
        var path = Csv("x,c,d,y", i => string.Create(CultureInfo.InvariantCulture, $"{i},{i / 3 % 2},{i % 3},{i % 2}"));
        Train(path, "c,d", null, "data.costs={d: 5}");
        var run = Run.Load(Path.Combine(_folder, "run"));
        Assert.Equal([("c", 1d), ("d", 5d)], run.Model.Recipe.Data.Costs.Select(p => (p.Key, p.Value)));
        var card = run.Summary!;
        Assert.Equal([("c", 0.5, 48), ("d", 0.5, 48)], card.Concepts!.Select(c => (c.Name, c.Threshold!.Value, c.Annotated)));
        Assert.Equal(64, card.TrainingSha256.Length);
        Assert.Equal([1d, 5d], ((ConceptBottleneck)run.Model.Network.Bottleneck).Space.Axes.Select(a => a.Cost));
        Assert.Equal([ConceptType.Binary, ConceptType.Ordinal], ((ConceptBottleneck)run.Model.Network.Bottleneck).Space.Axes.Select(a => a.Type));
        Directory.Delete(Path.Combine(_folder, "run"), true);
        // Other annotations, another digest.
        Csv("x,c,d,y", i => string.Create(CultureInfo.InvariantCulture, $"{i},{i / 3 % 2},{2 - (i % 3)},{i % 2}"));
        Assert.NotEqual(card.TrainingSha256, Train(path, "c,d", null, "data.costs={d: 5}").TrainingSha256);
        Directory.Delete(Path.Combine(_folder, "run"), true);
        Assert.Contains("unknown concept", Assert.Throws<InputException>(() => Train(path, "c,d", null, "data.costs={e: 5}")).Message, StringComparison.Ordinal);
    }
}
