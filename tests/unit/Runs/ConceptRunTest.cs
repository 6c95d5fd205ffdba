using Isthmus.Bottlenecks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class ConceptRunTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Run Train(string name, params string[] sets)
    {
        var recipe = RecipeFile.Parse("""
            seed: 1
            data: {source: "make:tabulartoy,n=1500"}
            encoder: {type: mlp, widths: [32]}
            bottleneck: {type: concept}
            training: {epochs: 15, batch: 64, learning_rate: 0.01, checkpoint_seconds: 0}
            """, "test", [.. sets.Select(Override.Parse)]);
        var path = Path.Combine(_folder, name);
        TrainJob.Start(recipe, new TrainOptions { Out = path, Report = false });
        return Run.Load(path);
    }

    [Fact]
    public void Independent_LearnsItsHeadFromTrueConcepts()
    {
        var run = Train("independent");
        Assert.Equal(["concepts", "head"], run.Model.Recipe.Phases.Select(p => p.Name));
        // Whatever the features, the majority of the true concepts is the answer.
        var head = run.Model.Network.Decoder;
        for (var c = 0; c < 8; c++)
        {
            var concepts = Tensor.From([c & 1, c >> 1 & 1, c >> 2 & 1], 1, 3);
            Assert.Equal((c & 1) + (c >> 1 & 1) + (c >> 2 & 1) >= 2 ? 1 : 0, head.Forward(concepts).ArgMax(1).Data[0]);
        }
        var test = Evaluation.Of(run, null, null).Test;
        Assert.InRange(test.Accuracy!.Value, 0.9, 1);
    }

    [Fact]
    public void Sequential_LeavesTheConceptsAlone_AndJointMovesThem()
    {
        var independent = Concepts(Train("independent", "training.epochs=4"));
        Assert.Equal(independent, Concepts(Train("sequential", "training.epochs=4", "bottleneck.scheme=sequential")));
        Assert.NotEqual(independent, Concepts(Train("joint", "training.epochs=4", "bottleneck.scheme=joint")));
        static float[] Concepts(Run run) => ((ConceptLayer)run.Model.Network.Bottleneck).Predictor.Weight.ToArray();
    }

    [Fact]
    public void EditsByName_ChangeTheDecision_AndAFullOneIsTheHeadOnThem()
    {
        var run = Train("hard", "bottleneck.kind=hard");
        var data = run.LoadOwn().Data;
        var ones = EditRun.Of(run, data, 0, Edit.Parse("c1=1,c2=1,c3=1"));
        Assert.Equal("1", ones.After.Prediction);
        Assert.Equal("0", EditRun.Of(run, data, 0, Edit.Parse("c1=0,c2=0,c3=0")).After.Prediction);
        using var scope = new TensorScope("test");
        var direct = run.Model.Network.Decoder.Forward(Tensor.Ones(1, 3)).Softmax(-1);
        Assert.Equal(direct.ToArray().Select(v => (double)v), ones.After.Probabilities!);
        Assert.Contains("unknown concept 'c9'", Assert.Throws<InputException>(() => EditRun.Of(run, data, 0, Edit.Parse("c9=1"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AConceptBottleneck_NeedsConcepts()
    {
        var recipe = RecipeFile.Parse("""
            data: {source: "make:moons,n=100"}
            bottleneck: {type: concept}
            """, "test");
        Assert.Contains("needs annotated concepts", Assert.Throws<InputException>(() => TrainJob.Start(recipe, new TrainOptions { Out = Path.Combine(_folder, "none") })).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "none")));
    }
}
