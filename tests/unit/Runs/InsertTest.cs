using Isthmus.Bottlenecks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

/// <summary>Bottlenecks of <c>insert:</c> inside a recipe's network: trained, saved, loaded, counted.</summary>
public class InsertTest : IDisposable
{
    private const string Recipe = """
        name: sea
        data: {source: "SOURCE", window: 8}
        encoder: {type: transformer, width: 16, heads: 2, layers: 2, feed_forward: 32}
        insert:
          - {layer: encoder.layers.0, bottleneck: {type: codebook, codes: 32, active: 4}}
          - {layer: encoder.layers.1, bottleneck: {type: codebook, codes: 24, active: 2}}
        bottleneck: identity
        decoder: linear
        training: {epochs: 3, batch: 8, learning_rate: 0.01}
        """;

    private const string Phases = "phases=[{train: [encoder, decoder]}, {train: [insert]}, {epochs: 2}]";

    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Recipe Make(params string[] sets)
    {
        var path = Path.Combine(_folder, "sea.txt");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("she sells sea shells. ", 50)));
        return RecipeFile.Parse(Recipe.Replace("SOURCE", path, StringComparison.Ordinal), "test", [.. sets.Select(Override.Parse)]);
    }

    private (Run Run, RunSummary Summary) Train(string name, params string[] sets)
    {
        var summary = TrainJob.Start(Make(sets), new TrainOptions { Out = Path.Combine(_folder, name), Report = false });
        return (Run.Load(summary.Run), summary);
    }

    [Fact]
    public void ALoadedRun_HasItsCodesAndTablesBack()
    {
        var (run, summary) = Train("a");
        Assert.Equal(["encoder.layers.0", "encoder.layers.1"], run.Model.Insertions.Select(i => i.Layer));
        var codes = Assert.IsType<CodebookFeatures>(run.Model.Insertions[1].Bottleneck);
        Assert.Equal([24, 16], codes.Codebook.Shape.ToArray());
        Assert.NotNull(codes.FrozenTables);
        var again = Evaluation.Of(run, null, null);
        Assert.Equal(summary.Test, again.Test);
        Assert.Equal(summary.Inserted, again.Inserted);
        Assert.Equal(RecipeFile.Sha256(run.Model.Recipe), summary.RecipeSha256);
    }

    [Fact]
    public void Readings_AreThoseOfEachLayersMessages()
    {
        var (run, summary) = Train("a");
        var own = run.LoadOwn();
        using var noGrad = new NoGrad();
        var (nats, seen) = (new double[2], new[] { new HashSet<long>(), new HashSet<long>() });
        foreach (var row in own.Split.Test)
        {
            var x = Tensor.Zeros(1, 8);
            for (var t = 0; t < 8; t++) x.Data[t] = own.Data.Indices!.Row(row)[t];
            run.Model.Network.Forward(x);
            for (var i = 0; i < 2; i++)
            {
                var passage = Assert.Single(run.Model.Insertions[i].Passages);
                foreach (var n in passage.Rate!.Nats.Data) nats[i] += n;
                seen[i].UnionWith(passage.Message().Single<Symbols>().Values.Data.ToArray());
            }
        }
        for (var i = 0; i < 2; i++)
        {
            var reading = summary.Inserted[i];
            Assert.Equal(nats[i] / (own.Split.Test.Length * 8) / Math.Log(2), reading.BoundBits!.Value, 4);
            Assert.Equal(run.Model.Insertions[i].Bottleneck.Capacity!.Value.Value, reading.CapacityBits!.Value, 9);
            Assert.Equal((seen[i].Count, "codebook", "code-length"), (reading.Used, reading.Bottleneck, reading.BoundKind));
        }
    }

    [Fact]
    public void CodesOfALayer_AreSearchedAndForced_AsTheNetworkUsesThem()
    {
        var (run, _) = Train("a");
        const string Layer = "encoder.layers.1";
        var found = Explainer.Explain(run, new ExplainSettings { Layer = Layer, Search = "s", Part = "all", Most = 5000 });
        Assert.Equal((Layer, "codebook"), (found.Layer, found.Bottleneck));
        Assert.Equal("code.0 … code.1", found.Message);
        var best = found.Search!.Matches[0];
        // Precision and recall counted over again, from the messages.
        var data = run.LoadOwn().Data;
        var tokens = data.Indices!;
        var code = long.Parse(best.Name.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        var (both, having, active) = (0, 0, 0);
        using var noGrad = new NoGrad();
        run.Model.Network.Eval();
        for (var row = 0; row < data.Count; row++)
        {
            var x = Tensor.Zeros(1, 8);
            for (var t = 0; t < 8; t++) x.Data[t] = tokens.Row(row)[t];
            run.Model.Network.Forward(x);
            var codes = run.Model.Insertions[1].Passages[0].Message().Single<Symbols>().Values;
            for (var t = 0; t < 8; t++)
            {
                if (tokens.Row(row)[t] < 0) continue;
                var (isS, has) = (tokens.Vocabulary[0][(int)tokens.Row(row)[t]] == "s", codes.Data.Slice(2 * t, 2).Contains(code));
                (both, having, active) = (both + (isS && has ? 1 : 0), having + (isS ? 1 : 0), active + (has ? 1 : 0));
            }
        }
        Assert.Equal(((double)both / active, (double)both / having, active), (best.Precision, best.Recall, best.Count));

        var before = EditRun.Of(run, data, 11, Edit.Parse("code.0=1").At(Layer)).Before.Probabilities!;
        var forced = EditRun.Of(run, data, 11, Edit.Parse("code.0=3,code.1=5").At(Layer));
        Assert.Equal(forced with { Edit = "" }, EditRun.Of(run, data, 11, Edit.Parse($"{Layer}/code.0=3,{Layer}/code.1=5")) with { Edit = "" }, SameOutcome);
        // The network run by hand with the layer's output put in place gives the same answer.
        var book = ((CodebookFeatures)run.Model.Insertions[1].Bottleneck).Codebook;
        var input = Tensor.Zeros(1, 8);
        for (var t = 0; t < 8; t++) input.Data[t] = tokens.Row(1)[t];
        using var put = run.Model.Network.GetSubmodule(Layer).ReplaceOutput(y =>
        {
            var changed = y.Clone();
            for (var d = 0; d < 16; d++) changed.Data[(3 * 16) + d] = book.Data[(3 * 16) + d] + book.Data[(5 * 16) + d];
            return changed;
        });
        var by = run.Model.Network.Forward(input).Softmax();
        var classes = before.Count;
        for (var c = 0; c < classes; c++) Assert.Equal(by.Data[(3 * classes) + c], forced.After.Probabilities![c], 1e-5);
        // Undoing is leaving it out: nothing stays behind in the network.
        put.Dispose();
        Assert.Equal(before, EditRun.Of(run, data, 11, Edit.Parse($"{Layer}/code.0=7")).Before.Probabilities!);
        Assert.Contains("unknown layer with a bottleneck", Assert.Throws<InputException>(() => EditRun.Of(run, data, 11, Edit.Parse("encoder.layers.2/code.0=7"))).Message, StringComparison.Ordinal);
        Assert.Contains("one bottleneck at a time", Assert.Throws<InputException>(() => EditRun.Of(run, data, 11, Edit.Parse($"{Layer}/code.0=7,encoder.layers.0/code.0=7"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FeaturesOfALayer_AreFittedToTheTrainedNetwork_AndReadAsTheyAre()
    {
        const string Sae = "insert=[{layer: encoder.layers.0, bottleneck: {type: sae-topk, features: 24, active: 4}}]";
        var (start, _) = Train("start", Sae, "phases=[{train: [encoder, decoder]}, {train: [insert], epochs: 0}]");
        var (run, summary) = Train("sae", Sae, "phases=[{train: [encoder, decoder]}, {train: [insert], epochs: 2}]");
        static float[] Rows(Run of, IEnumerable<int> rows)
        {
            var data = of.LoadOwn().Data;
            of.Model.Network.Eval();
            using var noGrad = new NoGrad();
            return [.. rows.SelectMany(row =>
            {
                var x = Tensor.Zeros(1, 8);
                for (var t = 0; t < 8; t++) x.Data[t] = data.Indices!.Row(row)[t];
                of.Model.Network.Forward(x);
                return of.Model.Insertions[0].Inputs[0].Single.ToArray();
            })];
        }
        var training = Rows(start, start.LoadOwn().Split.Train);
        var autoencoder = Assert.IsType<TopKAutoencoder>(start.Model.Insertions[0].Bottleneck);
        var median = GeometricMedian.Of(Tensor.From(training, training.Length / 16, 16));
        for (var d = 0; d < 16; d++) Assert.Equal(median[d], autoencoder.DecoderBias.Data[d], 1e-4f);

        var test = Rows(run, run.LoadOwn().Split.Test);
        var reading = SparseMetrics.Read((SparseAutoencoder)run.Model.Insertions[0].Bottleneck, [Tensor.From(test, test.Length / 16, 16)]);
        var inserted = Assert.Single(summary.Inserted);
        Assert.Equal(reading.Fvu, inserted.Fvu!.Value, 1e-4);
        Assert.Equal(reading.L0, inserted.L0!.Value, 1e-9);
        Assert.Equal(reading.DeadShare, inserted.DeadShare!.Value, 1e-9);
        // A feature is silenced by its name at the layer.
        var feature = Explainer.Explain(run, new ExplainSettings { Layer = "encoder.layers.0", Part = "all" }).Features!.List[0];
        var outcome = EditRun.Of(run, run.LoadOwn().Data, null, Edit.Parse($"block encoder.layers.0/{feature.Name}"));
        Assert.True(outcome.KlBits > 0 && outcome.SymbolsChanged > 0);
    }

    private static bool SameOutcome(EditOutcome a, EditOutcome b) =>
        a.Layer == b.Layer && a.BitsAfter == b.BitsAfter && a.KlBits == b.KlBits && a.After.Probabilities!.SequenceEqual(b.After.Probabilities!);

    [Fact]
    public void CodesAlone_LeaveTheNetworkAsItWas()
    {
        var (network, _) = Train("network", "phases=[{train: [encoder, decoder]}]", "training.epochs=2", "insert=[]");
        var (alone, summary) = Train("alone", "phases=[{train: [encoder, decoder], epochs: 2}, {train: [insert], epochs: 2}]");
        foreach (var (name, tensor) in network.Model.Network.StateDict()) Assert.Equal(tensor.ToArray(), alone.Model.Network.StateDict()[name].ToArray());
        // What is inserted is not in force before it is trained, and is afterwards.
        Assert.Equal(network.Metrics[1].Validation!["loss"], alone.Metrics[1].Validation!["loss"], 6);
        Assert.True(alone.Metrics[2].Train.ContainsKey("encoder.layers.0.reconstruction"));
        Assert.NotEqual(network.Summary!.Test.NllBits, summary.Test.NllBits);
        alone.Model.Insertions[0].Remove();
        alone.Model.Insertions[1].Remove();
        Assert.Equal(network.Summary!.Test.NllBits, Evaluation.Of(alone, null, null).Test.NllBits);
    }

    [Theory]
    [InlineData]
    [InlineData(Phases)]
    [InlineData(Phases, "insert=[{layer: encoder.layers.0, bottleneck: {type: sae-topk, features: 24, active: 4}}]")]
    [InlineData("insert=[{layer: encoder.layers.0, bottleneck: {type: vib, latent: 4}}, {layer: encoder.layers.1.linear1, bypass: true, bottleneck: {type: vq, codes: 8}}]", "training.ema=0.9")]
    public void AStoppedTraining_EndsWithTheSameBits(params string[] sets)
    {
        var (_, whole) = Train("whole", sets);
        var random = new RandomStream(7);
        var (sessions, parts) = (0, Path.Combine(_folder, "parts"));
        RunSummary? resumed = null;
        for (; resumed is null; sessions++)
        {
            using var stop = new CancellationTokenSource();
            var left = sessions < 4 ? 1 + random.NextInt(14) : int.MaxValue;
            var options = new TrainOptions { Out = parts, Report = false, Stop = stop.Token, Progress = _ => { if (--left <= 0) stop.Cancel(); } };
            try { resumed = sessions == 0 ? TrainJob.Start(Make(sets), options) : TrainJob.Resume(parts, options); }
            catch (OperationCanceledException) { }
        }
        Assert.InRange(sessions, 3, 5);
        Assert.Equal(whole.ModelSha256, resumed.ModelSha256);
    }

    [Theory]
    [InlineData("insert[0].layer is missing", "insert=[{bottleneck: codebook}]")]
    [InlineData("insert[0].bottleneck is missing", "insert=[{layer: encoder.layers.0}]")]
    [InlineData("encoder.layer.0", "insert=[{layer: encoder.layer.0, bottleneck: codebook}]")]
    [InlineData("does not carry all that passes", "insert=[{layer: encoder.layers.0.self_attn, bottleneck: codebook}]")]
    [InlineData("has a bottleneck already", "insert=[{layer: encoder.norm, bottleneck: codebook}, {layer: encoder.norm, bottleneck: codebook}]")]
    [InlineData("is not called by itself", "insert=[{layer: encoder.layers, bottleneck: codebook}]")]
    public void WhatCannotBe_IsOneLine(string message, string set)
    {
        var e = Assert.Throws<InputException>(() => TrainJob.Start(Make(set), new TrainOptions { Out = Path.Combine(_folder, "no"), Report = false }));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.False(Directory.Exists(Path.Combine(_folder, "no")));
    }
}
