using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class HeadRunTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private RunSummary Train(string name, string source, params string[] sets) => TrainJob.Start(RecipeFile.Parse($$"""
        seed: 1
        data: {source: "{{source}}"}
        training: {epochs: 3, batch: 64, learning_rate: 0.01, checkpoint_seconds: 0}
        """, "test", [.. sets.Select(Override.Parse)]), new TrainOptions { Out = Path.Combine(_folder, name), Report = false });

    private Run Load(string name) => Run.Load(Path.Combine(_folder, name));

    [Fact]
    public void Pcbm_IsFittedToTheConceptsOfAFile_AndItsHeadIsSparse()
    {
        var summary = Train("pcbm", "make:tabulartoy,n=1500", "bottleneck.type=pcbm", "decoder.type=sparse", "decoder.nec=2");
        var run = Load("pcbm");
        Assert.Equal("identity", run.Model.Recipe.Encoder!.Type);
        Assert.InRange(summary.Test.Accuracy!.Value, 0.75, 1);
        var weight = HeadEdits.LayerOf(run.Model.Network.Decoder).Weight;
        Assert.InRange(weight.ToArray().Count(w => w != 0), 2, 4);
        // What was fitted is in the model's file: the loaded run answers as the one that was trained.
        Assert.Equal(summary.Test.Accuracy, Evaluation.Of(run, null, null).Test.Accuracy);
        Assert.Contains(((PosthocConcepts)run.Model.Network.Bottleneck).Weight.ToArray(), w => w != 0);
        var edited = EditRun.Of(run, run.LoadOwn().Data, 0, Edit.Parse("c1=1,c2=1,c3=1"));
        Assert.NotEqual(edited.Before.Probabilities!, edited.After.Probabilities!);
    }

    [Fact]
    public void PcbmH_SaysHowMuchItsResidualDoes_OnABinaryTask()
    {
        var summary = Train("pcbm-h", "make:tabulartoy,n=1500", "bottleneck.type=pcbm-h");
        Assert.Contains(summary.Warnings, w => w.StartsWith("the residual makes ", StringComparison.Ordinal));
        var run = Load("pcbm-h");
        var head = HeadEdits.LayerOf(run.Model.Network.Decoder);
        Assert.Equal([2, 3], head.Weight.Shape.ToArray());
        Assert.Contains(((PosthocResidual)run.Model.Network.Bottleneck).ResidualWeight.ToArray(), w => w != 0);
        Assert.Equal(summary.Test.Accuracy, Evaluation.Of(run, null, null).Test.Accuracy);
    }

    // A run stopped at its first checkpoint and resumed has the same bytes.
    [Fact]
    public void FittedRuns_ResumeToTheSameBits()
    {
        var whole = Train("whole", "make:tabulartoy,n=800", "bottleneck.type=pcbm-h", "training.epochs=6");
        using var stop = new CancellationTokenSource();
        var path = Path.Combine(_folder, "parts");
        var recipe = RecipeFile.Parse("""
            seed: 1
            data: {source: "make:tabulartoy,n=800"}
            bottleneck: pcbm-h
            training: {epochs: 6, batch: 64, learning_rate: 0.01, checkpoint_seconds: 0}
            """, "test");
        Assert.Throws<OperationCanceledException>(() => TrainJob.Start(recipe, new TrainOptions { Out = path, Report = false, Stop = stop.Token, Progress = p => { if (p.Done == 17) stop.Cancel(); } }));
        Assert.Equal(whole.ModelSha256, TrainJob.Resume(path, new TrainOptions { Report = false }).ModelSha256);
    }

    private string Matrix(string name, int rows, int columns, Func<int, int, float> value, string[]? names = null)
    {
        var path = Path.Combine(_folder, name);
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++) values[i] = value(i / columns, i % columns);
        using (var file = File.Create(path))
        {
            var writer = new NpyWriter(file, columns);
            writer.Write(values);
            writer.Complete();
        }
        if (names is not null) File.WriteAllLines(Path.ChangeExtension(path, ".txt"), names);
        return path;
    }

    // Embeddings in columns, and vectors of words: no row is annotated.
    [Fact]
    public void ABankOfVectors_NeedsNoConceptsInTheData_AndNoFileAfterwards()
    {
        var lines = new List<string> { "a,b,c,d,y" };
        var random = new RandomStream(3);
        for (var i = 0; i < 400; i++)
        {
            double[] x = [random.NextGaussian(), random.NextGaussian(), random.NextGaussian(), random.NextGaussian()];
            lines.Add(FormattableString.Invariant($"{x[0]:F4},{x[1]:F4},{x[2]:F4},{x[3]:F4},{(x[0] + x[1] > 0 ? "up" : "down")}"));
        }
        var data = Path.Combine(_folder, "rows.csv");
        File.WriteAllLines(data, lines);
        var bank = Matrix("words.npy", 3, 4, (i, j) => i == j ? 1 : 0.1f, ["wing", "tail", "beak"]);
        var summary = Train("bank", data, "data.target=y", "bottleneck.type=pcbm", $"bottleneck.bank={bank}");
        File.Delete(bank);
        File.Delete(Path.ChangeExtension(bank, ".txt"));
        var run = Load("bank");
        Assert.Equal(["wing", "tail", "beak"], ((ConceptBottleneck)run.Model.Network.Bottleneck).Space.Axes.Select(a => a.Name));
        Assert.InRange(summary.Test.Accuracy!.Value, 0.9, 1);
        Assert.Equal(summary.Test.Accuracy, Evaluation.Of(run, null, null).Test.Accuracy);
    }

    [Fact]
    public void LfCbm_LearnsFromSimilarities_ByThePlacesOfItsRows()
    {
        var lines = new List<string> { "a,b,c,y" };
        var random = new RandomStream(3);
        var rows = new List<double[]>();
        for (var i = 0; i < 400; i++)
        {
            rows.Add([random.NextGaussian(), random.NextGaussian(), random.NextGaussian()]);
            lines.Add(FormattableString.Invariant($"{rows[i][0]:F4},{rows[i][1]:F4},{rows[i][2]:F4},{(rows[i][0] - rows[i][1] > 0 ? "up" : "down")}"));
        }
        var data = Path.Combine(_folder, "rows.csv");
        File.WriteAllLines(data, lines);
        var similarity = Matrix("p.npy", 400, 3, (i, j) => j == 2 ? 0.1f : (float)(0.3 + (0.1 * rows[i][j])), ["long", "wide", "unseen"]);
        var summary = Train("lf", data, "data.target=y", "bottleneck.type=lf-cbm", $"bottleneck.similarity={similarity}", "bottleneck.rate=0.02");
        Assert.InRange(summary.Test.Accuracy!.Value, 0.9, 1);
        Assert.Contains(summary.Warnings, w => w.StartsWith("concepts left out: unseen (strongest similarities 0.10)", StringComparison.Ordinal));
        var layer = (LabelFreeConcepts)Load("lf").Model.Network.Bottleneck;
        Assert.True(Math.Abs(layer.Weight.Data[0]) > 5 * Math.Abs(layer.Weight.Data[1]));
        Assert.Contains("the data have row", Assert.Throws<InputException>(() => Train("short", data, "data.target=y", "bottleneck.type=lf-cbm", $"bottleneck.similarity={Matrix("q.npy", 10, 3, (_, _) => 1)}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void APriorFile_DrawsTheHead_AndIsNotNeededAfterwards()
    {
        var prior = Path.Combine(_folder, "prior.csv");
        File.WriteAllText(prior, "class,c1,c3\n1,1,-1\n0,-1,1\n");
        Train("prior", "make:tabulartoy,n=600", "bottleneck.type=concept", "decoder.type=prior", $"decoder.prior={prior}", "decoder.weight=20", "training.epochs=40");
        File.Delete(prior);
        var weight = ((PriorHead)Load("prior").Model.Network.Decoder).Linear.Weight;
        Assert.True(weight.Data[3] > 0.8 && weight.Data[5] < -0.8 && Math.Abs(weight.Data[4]) < 0.4, string.Join(' ', weight.ToArray()));
        File.WriteAllText(prior, "class,c1,c9\n1,1,-1\n0,-1,1\n");
        Assert.Contains("unknown concept 'c9'", Assert.Throws<InputException>(() => Train("wrong", "make:tabulartoy,n=600", "bottleneck.type=concept", "decoder.type=prior", $"decoder.prior={prior}")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("row-softmax")]
    [InlineData("non-negative")]
    [InlineData("sparse")]
    public void Heads_StandOnOtherBottlenecksToo(string decoder)
    {
        var summary = Train(decoder, "make:moons,n=400", "bottleneck.type=linear", "bottleneck.latent=4", "encoder.type=mlp", $"decoder.type={decoder}", "training.epochs=25");
        Assert.InRange(summary.Test.Accuracy!.Value, 0.75, 1);
        Assert.Equal(summary.Test.Accuracy, Evaluation.Of(Load(decoder), null, null).Test.Accuracy);
    }
}
