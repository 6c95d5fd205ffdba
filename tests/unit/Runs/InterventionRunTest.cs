using Isthmus.Bottlenecks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

/// <summary>Digits on a display, through their seven segments.</summary>
public sealed class DisplayRun : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public DisplayRun()
    {
        Run = Train("""
            seed: 1
            data: {source: "make:led7,n=1500"}
            encoder: {type: mlp, widths: [16]}
            bottleneck: {type: concept}
            training: {epochs: 20, batch: 64, learning_rate: 0.02, checkpoint_seconds: 0}
            """, "display");
        TwoClasses = Train("""
            seed: 1
            data: {source: "make:tabulartoy,n=400"}
            encoder: {type: mlp, widths: [8]}
            bottleneck: {type: concept}
            training: {epochs: 2, batch: 64, checkpoint_seconds: 0}
            """, "two");
        Numbers = Train("""
            seed: 1
            data: {source: "make:gaussian,n=300"}
            encoder: {type: mlp, widths: [8]}
            bottleneck: {type: vib}
            training: {epochs: 1, checkpoint_seconds: 0}
            """, "numbers");
    }

    public Run Run { get; }

    public Run Numbers { get; }

    public Run TwoClasses { get; }

    public string File(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Run Train(string recipe, string name)
    {
        var path = Path.Combine(_folder, name);
        TrainJob.Start(RecipeFile.Parse(recipe, "test"), new TrainOptions { Out = path, Report = false });
        return Run.Load(path);
    }
}

public class InterventionRunTest(DisplayRun display) : IClassFixture<DisplayRun>
{
    [Fact]
    public void ItBeginsAtTheRunAloneAndEndsAtItsHeadOnTrueSegments()
    {
        var outcome = InterventionRun.Of(display.Run, new InterventionSettings { Policies = ["random", "ucp", "greedy"], Competences = [1, 0.6] });
        Assert.Equal((6, "accuracy", 7), (outcome.Curves.Count, outcome.Metric, outcome.Questions.Count));
        var alone = Evaluation.Of(display.Run, null, null).Test.Accuracy!.Value;
        Assert.All(outcome.Curves, c => Assert.Equal(alone, c.Points[0].Accuracy!.Value, 1e-9));
        foreach (var told in outcome.Curves.Where(c => c.Competence == 1)) Assert.InRange(told.Points[7].Accuracy!.Value, 0.99, 1);
        foreach (var misled in outcome.Curves.Where(c => c.Competence == 0.6)) Assert.True(misled.Points[7].Accuracy < alone); // a wrong expert makes it worse
        Assert.True(outcome.Curves.Single(c => c is { Policy: "greedy", Competence: 1 }).Area > outcome.Curves.Single(c => c is { Policy: "random", Competence: 1 }).Area);
        Assert.Equal([("ucp", 1.0), ("ucp", 0.6), ("greedy", 1.0), ("greedy", 0.6)], outcome.Comparisons.Select(c => (c.First, c.Competence)));
        Assert.Equal((5, 1), (outcome.Curves[0].Seeds, outcome.Curves.Single(c => c is { Policy: "ucp", Competence: 1 }).Seeds));
    }

    [Fact]
    public void AllSegmentsToldIsTheHeadOnThemToTheBit()
    {
        using var scope = new TensorScope("test");
        var data = display.Run.LoadOwn().Data;
        var on = ConceptRows.Case(display.Run, data, [.. Enumerable.Range(0, 100)]);
        var told = on.Model.Answers(on.Model.Space.Known(on.Truth));
        var head = display.Run.Model.Network.Decoder.Forward(on.Model.Space.Encode(on.Truth)).Softmax(-1);
        Assert.Equal(head.ToArray(), told.ToArray());
        var trace = InterventionTrace.Run(on, InterventionUnits.Singles(on.Model.Space), new UncertaintyPolicy(), InterventionValue.Truth);
        for (var row = 0; row < 100; row++) Assert.Equal(on.Target.Loss(on.Target.Row(head, row), row), trace.Loss[^1][row]);
    }

    [Fact]
    public void OfTwoClassesTheAreaUnderTheCurveStartsAtTheRunsOwn()
    {
        var outcome = InterventionRun.Of(display.TwoClasses, new InterventionSettings { Policies = ["ucp"], Part = "test" });
        Assert.Equal(Evaluation.Of(display.TwoClasses, null, null).Test.Auc!.Value, outcome.Curves[0].Points[0].Auc!.Value, 1e-6);
        Assert.Null(InterventionRun.Of(display.Run, new InterventionSettings { Policies = ["ucp"], MaxEdits = 1 }).Curves[0].Points[0].Auc);
    }

    [Fact]
    public void CostsAndGroupsAreReadFromTextAndFile()
    {
        var space = ((ConceptBottleneck)display.Run.Model.Network.Bottleneck).Space;
        var (first, second) = (space.Axes[0].Name, space.Axes[1].Name);
        var units = InterventionQuestions.Parse(space, $"top={second}+{first}", $"top=2.5,{space.Axes[2].Name}=0");
        Assert.Equal((6, "top", 2.5, 0.0, 1.0), (units.Count, units[0].Name, units[0].Cost, units[1].Cost, units[2].Cost));
        Assert.Equal([0, 1], units[0].Concepts);
        var file = display.File("costs.csv", $"concept,cost\n{first},3\n\n{second},4\n");
        Assert.Equal([3, 4, 1, 1, 1, 1, 1], InterventionQuestions.Parse(space, null, file).Select(u => u.Cost));
    }

    [Theory]
    [InlineData("top=nothing", null, "nothing")]
    [InlineData("top", null, "NAME=")]
    [InlineData(null, "s=x", "number of at least 0")]
    [InlineData(null, "nothing=1", "nothing")]
    public void WrongGroupsAndCostsAreOneLine(string? groups, string? costs, string said)
    {
        var space = new ConceptSpace([new ConceptAxis("s", ConceptType.Binary, ["no", "yes"]), new ConceptAxis("t", ConceptType.Binary, ["no", "yes"])]);
        var error = Assert.Throws<InputException>(() => InterventionQuestions.Parse(space, groups, costs));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void ARunWithoutConceptsIsRefused()
    {
        var error = Assert.Throws<InputException>(() => InterventionRun.Of(display.Numbers, new InterventionSettings()));
        Assert.Contains("no concepts", error.Message, StringComparison.Ordinal);
        Assert.Contains("--concepts", error.Hint!, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongSettingsAreRefused()
    {
        foreach (var settings in new InterventionSettings[] { new() { Policies = ["upc"] }, new() { Policies = ["ucp", "ucp"] }, new() { Competences = [1.5] }, new() { Competences = [] }, new() { Seeds = 0 }, new() { MaxEdits = 0 }, new() { Part = "tset" } })
            Assert.Throws<InputException>(() => InterventionRun.Of(display.Run, settings));
    }
}

public class ConceptAdviceTest(DisplayRun display) : IClassFixture<DisplayRun>
{
    [Fact]
    public void WhatIsPutIsNotAskedAgain_AndTheFlipTurnsTheDecision()
    {
        var data = display.Run.LoadOwn().Data;
        var all = ConceptAdvice.Next(display.Run, data, 3, Edit.None, "ectp");
        Assert.Equal((7, "ectp"), (all.Suggestions.Count, all.Policy));
        var first = all.Suggestions[0].Name;
        var edit = Edit.Parse($"{first}=1");
        Assert.DoesNotContain(ConceptAdvice.Next(display.Run, data, 3, edit).Suggestions, s => s.Name == first);
        var flip = ConceptAdvice.Flip(display.Run, data, 3, edit);
        Assert.True(flip.Found && flip.Exact);
        Assert.NotEqual(flip.Before, flip.After);
        var turned = EditRun.Of(display.Run, data, 3, Edit.Parse(string.Join(",", flip.Edits.Select(e => e.Change).Prepend(edit.ToString()))));
        Assert.Equal(flip.After, turned.After.Prediction);
        Assert.Equal(flip.Before, EditRun.Of(display.Run, data, 3, edit).After.Prediction);
        var wanted = display.Run.Model.Schema.Target!.Classes.First(c => c != flip.Before && c != flip.After);
        Assert.Equal(wanted, ConceptAdvice.Flip(display.Run, data, 3, edit, wanted).After);
        Assert.Throws<InputException>(() => ConceptAdvice.Flip(display.Run, data, 3, edit, "nothing"));
        Assert.Throws<InputException>(() => ConceptAdvice.Next(display.Run, data, 3, edit, "greedy"));
    }
}
