using Isthmus.Bottlenecks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class ConceptQueriesTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_trained_energy_answers_questions_and_its_corrections_move_other_concepts()
    {
        var run = Train("make:asia,n=8000", "ecbm");
        Assert.Equal("identity", run.Model.Recipe.Decoder!.Type);
        var answered = ConceptQueries.Answer(run, ["p(bronc|dysp=1)", "p(dysp=1|bronc=1)"], "all", 500);
        Assert.InRange(answered.Queries![0].Probability, BayesianNetwork.Asia.Ask("p(bronc|dysp=1)").Probability - 0.08, BayesianNetwork.Asia.Ask("p(bronc|dysp=1)").Probability + 0.08);
        Assert.InRange(answered.Queries[1].Probability, 0.72, 0.88);
        Assert.Contains("did you mean 'xray'", Assert.Throws<InputException>(() => ConceptQueries.Answer(run, ["p(lung|xrai=1)"])).Hint, StringComparison.Ordinal);

        using var scope = new TensorScope("test");
        var model = new NetworkConcepts(run.Model.Network, Tensor.From([0, 1], 1, 2));
        var put = new ConceptValues(Tensor.Ones(1, 5), Tensor.From([0, 0, 0, 0, 1], 1, 5)); // the X-ray
        Assert.True(model.Beliefs(put).Data[1] > 2 * model.Beliefs(null).Data[1], "lung cancer becomes likelier after an abnormal X-ray");
        Assert.True(model.Answers(put).Data[1] > model.Answers(null).Data[1]);
        var edited = EditRun.Of(run, run.LoadOwn().Data, 0, Edit.Parse("bronc=1"));
        Assert.True(edited.After.Probabilities![1] > edited.Before.Probabilities![1]);
    }

    [Fact]
    public void Other_bottlenecks_have_no_joint_distribution_to_ask() =>
        Assert.Contains("ecbm", Assert.Throws<InputException>(() => ConceptQueries.Answer(Train("make:xor,n=200", "concept"), ["p(lung|xray=1)"])).Hint, StringComparison.Ordinal);

    [Fact]
    public void Concepts_of_windows_are_read_along_time_and_edited_one_by_one()
    {
        var run = Train("make:motifs,n=1500,windows=5,noise=0.1", "concept", "decoder.type=temporal", "training.epochs=40");
        var quality = Evaluation.Of(run, null, null).Test;
        Assert.InRange(quality.Accuracy!.Value, 0.85, 1);
        // A ramp in the first window and a spike in the last, and the other way round.
        var data = run.LoadOwn().Data;
        Assert.Equal("1", EditRun.Of(run, data, 0, Edit.Parse(Only("ramp_0", "spike_4"))).After.Prediction);
        Assert.Equal("0", EditRun.Of(run, data, 0, Edit.Parse(Only("spike_0", "ramp_4"))).After.Prediction);
        Assert.Contains("temporal", Assert.Throws<InputException>(() => Train("make:motifs,n=100", "cem", "decoder.type=temporal")).Message, StringComparison.Ordinal);

        string Only(params string[] on) => string.Join(",", run.Model.Schema.Concepts.Select(c => $"{c.Name}={(on.Contains(c.Name) ? 1 : 0)}"));
    }

    private Run Train(string data, string bottleneck, params string[] sets)
    {
        var recipe = RecipeFile.Parse($$"""
            seed: 1
            data: {source: "{{data}}"}
            encoder: {type: mlp, widths: [16]}
            bottleneck: {type: {{bottleneck}}}
            training: {epochs: 12, batch: 64, learning_rate: 0.003, checkpoint_seconds: 0}
            """, "test", [.. sets.Select(Override.Parse)]);
        var path = Path.Combine(_folder, bottleneck + sets.Length);
        TrainJob.Start(recipe, new TrainOptions { Out = path, Report = false });
        return Run.Load(path);
    }
}
