using Isthmus.Networks;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class EncodersTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private RunSummary Train(string source, params string[] sets)
    {
        var plan = Plan.Make(source, [.. sets.Select(Override.Parse)]);
        return TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path.Combine(_folder, Guid.NewGuid().ToString("N")), Report = false });
    }

    // 30 words, of which the sorted odd ones are class b: nothing but the word says it.
    private string Words(int rows = 900)
    {
        var path = Path.Combine(_folder, "words.csv");
        var random = new RandomStream(5);
        File.WriteAllLines(path, ["x,word,few,y", .. Enumerable.Range(0, rows).Select(_ =>
        {
            var w = random.NextInt(30);
            return FormattableString.Invariant($"{random.NextInt(100)},w{w:00},{(random.NextInt(2) == 0 ? "p" : "q")},{(w % 2 == 0 ? "a" : "b")}");
        })]);
        return path;
    }

    [Theory]
    [InlineData("mlp", "encoder.norm=batch")]
    [InlineData("mlp", "encoder.norm=layer")]
    [InlineData("mlp", "encoder.embedding=none")]
    [InlineData("residual", "encoder.dropout=0.1")]
    [InlineData("residual", "encoder.embedding=3")]
    public void CategoriesOfATable_AreLearned(string type, string set)
    {
        var summary = Train(Words(), "data.target=y", "encoder=" + type, set, "training.epochs=25", "training.batch=64", "training.learning_rate=0.005");
        Assert.True(summary.Test.Accuracy > 0.97, $"{summary.Test.Accuracy}");
        var names = Safetensors.Read(Path.Combine(summary.Run, "model.safetensors")).Tensors;
        var table = names.Where(n => n.Key.StartsWith("encoder.0.table", StringComparison.Ordinal)).Select(n => n.Value.Shape.ToArray()).ToArray();
        if (set == "encoder.embedding=none") Assert.Empty(table);
        else if (set == "encoder.embedding=3") Assert.Equal(["30 3", "2 3"], table.Select(t => string.Join(' ', t)).OrderByDescending(t => t, StringComparer.Ordinal));
        else Assert.Equal([30, 11], Assert.Single(table)); // round(1.6 · 30^0.56) = 11; the column of two words stays one-hot
    }

    [Fact]
    public void AnEmbedding_IsTheTablesRowAndLeavesOtherNumbers()
    {
        var layer = new CategoryEmbeddings([(1, 3, 2), (4, 2, 1)], new RandomStream(1));
        var tables = layer.NamedParameters().Select(p => p.Value).ToArray();
        using var scope = new TensorScope("test");
        var x = Tensor.From([9f, 0, 0, 1, 1, 0, 7], 1, 7);
        Assert.Equal([9f, tables[0].Data[4], tables[0].Data[5], tables[1].Data[0], 7f], layer.Forward(x).ToArray());
        var series = layer.Forward(x.Reshape(1, 1, 7).Expand(2, 5, 7));
        Assert.Equal([2, 5, 5], series.Shape.ToArray());
        Assert.Equal(layer.Forward(x).ToArray(), series.Select(0, 1).Select(0, 4).ToArray());
    }

    [Theory]
    [InlineData("mlp", "encoder.widths=32")]
    [InlineData("gru", "encoder.hidden=24")]
    [InlineData("lstm", "encoder.layers=2", "encoder.pool=all")]
    [InlineData("transformer", "encoder.width=32", "encoder.dropout=0.05")]
    [InlineData("transformer", "encoder.causal=true", "encoder.pool=last")]
    [InlineData("conv1d", "encoder.norm=batch")]
    [InlineData("residual")]
    public void ASineForecast_IsLearnedByEveryEncoderOfSteps(string type, params string[] sets)
    {
        string[] all = ["encoder=" + type, .. sets, "data.window=16", "bottleneck=linear", "training.epochs=8", "training.batch=32", "training.learning_rate=0.01", "training.schedule=constant"];
        var summary = Train("make:sine,n=700", all);
        Assert.True(summary.Test.R2 > 0.7, $"{summary.Test.R2}");
    }

    [Theory]
    [InlineData("make:sine,n=400", "gru", "gru")]
    [InlineData("make:sine,n=400", "lstm", "lstm")]
    [InlineData("make:sine,n=400", "transformer", "transformer")]
    [InlineData("make:sine,n=400", "residual", "residual")]
    [InlineData("make:sine,n=400", "conv1d", "linear")]
    public void AReconstruction_MirrorsTheEncoder(string source, string encoder, string decoder)
    {
        var plan = Plan.Make(source, [.. new[] { "encoder=" + encoder, "data.task=reconstruction", "data.window=8", "bottleneck=linear", "bottleneck.latent=6", "training.batch=32", "training.epochs=12", "training.learning_rate=0.01" }.Select(Override.Parse)]);
        Assert.Equal(decoder, plan.Recipe.Decoder!.Type);
        var summary = TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = Path.Combine(_folder, "r"), Report = false });
        Assert.True(summary.Test.Mse < 0.7 * summary.Test.MajorityOrMean, $"{summary.Test.Mse} of {summary.Test.MajorityOrMean}");
    }

    [Theory]
    [InlineData("make:sprites,n=60,size=16", "gru")]
    [InlineData("make:sprites,n=60,size=16", "transformer")]
    [InlineData("make:sprites,n=60,size=16", "residual")]
    [InlineData("make:tones,n=40", "conv1d")]
    [InlineData("make:tones,n=40", "gru")]
    public void ImagesAndSounds_HaveStepsToo(string source, string type)
    {
        string[] sets = source.Contains("sprites", StringComparison.Ordinal) ? ["data.task=reconstruction", "decoder=gru"] : ["data.target=pitch", "decoder=linear"];
        Assert.True(double.IsFinite(Train(source, [.. sets, "encoder=" + type, "training.epochs=1"]).Test.NllBits!.Value));
    }

    [Theory]
    [InlineData("encoder=gru", "encoder.type is gru, which needs steps in time")]
    [InlineData("encoder=conv1d", "encoder.type is conv1d, which needs steps in time")]
    [InlineData("decoder=lstm", "decoder.type is lstm, which makes steps in time")]
    [InlineData("encoder.embedding=x", "encoder.embedding is 'x', expected auto, none or a whole number from 1 to 1024")]
    [InlineData("encoder={type: mlp, norm: batch}|training.batch=1", "training.batch is 1, batch norms need at least 2 rows")]
    public void WhatCannotBe_IsSaid(string sets, string message) =>
        Assert.Contains(message, Assert.Throws<InputException>(() => Train(Words(60), ["data.target=y", .. sets.Split('|')])).Message, StringComparison.Ordinal);

    [Fact]
    public void HeadsThatDoNotDivideTheWidth_AreRefused() =>
        Assert.Contains("encoder.heads is 3, which does not divide encoder.width, 16",
            Assert.Throws<InputException>(() => Train("make:sine,n=200", "encoder={type: transformer, width: 16, heads: 3}")).Message, StringComparison.Ordinal);

    [Fact]
    public void ALastBatchOfOneRow_IsLeftOutBeforeABatchNorm()
    {
        var summary = Train(Words(121), "data.target=y", "encoder.norm=batch", "training.batch=32", "training.epochs=3", "data.split=0.8,0.1,0.1");
        Assert.Equal(97, summary.Train.Rows[0]);
        Assert.Equal(9, summary.Train.Steps);
    }

    // out[n, o, l] = bias[o] + sum over c, k of x[n, c, l stride + k dilation - padding] weight[o, c, k], in double precision.
    [Fact]
    public void Conv1d_IsItsSum()
    {
        var layer = new Conv1d(4, 6, 3, new RandomStream(2), stride: 2, padding: 2, dilation: 2, groups: 2);
        using var scope = new TensorScope("test");
        var x = Tensor.Zeros(2, 4, 9);
        new RandomStream(3).FillNormal(x.Data);
        var y = layer.Forward(x);
        Assert.Equal([2, 6, 5], y.Shape.ToArray());
        for (var n = 0; n < 2; n++)
            for (var o = 0; o < 6; o++)
                for (var l = 0; l < 5; l++)
                {
                    double sum = layer.Bias!.Data[o];
                    for (var c = 0; c < 2; c++)
                        for (var k = 0; k < 3; k++)
                            if ((l * 2) + (k * 2) - 2 is >= 0 and < 9 and var at)
                                sum += (double)x.Data[(((n * 4) + (o / 3 * 2) + c) * 9) + at] * layer.Weight.Data[(((o * 2) + c) * 3) + k];
                    Assert.Equal(sum, y.Data[(((n * 6) + o) * 5) + l], 5);
                }
    }
}
