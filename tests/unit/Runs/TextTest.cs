using Isthmus.Data;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

/// <summary>A text through the main job: windows, targets, causality, bits per token, predictions, messages.</summary>
public class TextTest : IDisposable
{
    private const string Small = "encoder.width=16,encoder.feed_forward=32,encoder.layers=1";

    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Text(string content, string name = "text.txt")
    {
        File.WriteAllText(Path.Combine(_folder, name), content);
        return Path.Combine(_folder, name);
    }

    private Run Trained(string path, params string[] sets)
    {
        var plan = Plan.Make(path, [.. new[] { "data.window=8" }.Concat(sets).Select(Override.Parse)]);
        var run = Path.Combine(_folder, "run");
        TrainJob.Start(plan.Recipe, plan.Loaded, new TrainOptions { Out = run, Report = false });
        return Run.Load(run);
    }

    [Fact]
    public void TheTargetOfEachToken_IsTheNext_AndPartsFollowEachOther()
    {
        var text = string.Concat(Enumerable.Range(0, 205).Select(i => (char)('a' + (i * i % 7))));
        var loaded = DataSource.Load(Text(text), new DataOptions { Window = 4 });
        var (tokens, target) = (loaded.Data.Indices!, Assert.IsType<TokenTarget>(loaded.Data.Target));
        Assert.Equal((51, 51, 0), (loaded.Data.Count, target.Count, loaded.Data.Notes.Count));
        for (var i = 0; i < 204; i++) Assert.Equal((text[i].ToString(), text[i + 1].ToString()), (target.Classes[tokens.Values[i]], target.Classes[target.Labels[i]]));
        Assert.Equal(Enumerable.Range(0, 51), loaded.Split.Train.Concat(loaded.Split.Validation).Concat(loaded.Split.Test));
        Assert.Equal(loaded.Schema.ToJson(), Schema.FromJson(loaded.Schema.ToJson()).ToJson());
    }

    [Theory]
    [InlineData("transformer")]
    [InlineData("gru")]
    [InlineData("lstm")]
    public void AnAnswer_DependsOnNothingThatComesLater(string encoder)
    {
        var plan = Plan.Make(Text(string.Concat(Enumerable.Repeat("abcdefgh", 40))), [Override.Parse("data.window=8"), Override.Parse("encoder=" + encoder)]);
        var model = Model.Build(plan.Recipe, plan.Loaded.Schema);
        model.Network.Eval();
        using var noGrad = new NoGrad();
        var x = Tensor.Zeros(1, 8);
        for (var t = 0; t < 8; t++) x.Data[t] = t + 1;
        var before = model.Network.Forward(x).ToArray();
        x.Data[5] = 1;
        var after = model.Network.Forward(x).ToArray();
        var width = before.Length / 8;
        Assert.Equal(before[..(5 * width)], after[..(5 * width)]);
        for (var t = 5; t < 8; t++) Assert.NotEqual(before[(t * width)..((t + 1) * width)], after[(t * width)..((t + 1) * width)]);
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("vq", "bottleneck.codes=16")]
    public void BitsPerToken_AreThoseOfEachTokensProbability(string bottleneck, params string[] sets)
    {
        var run = Trained(Text(string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 40))), ["bottleneck=" + bottleneck, "training.epochs=2", .. Small.Split(','), .. sets]);
        var own = run.LoadOwn();
        var target = (TokenTarget)own.Data.Target!;
        var (nats, right, count) = (0.0, 0, 0);
        using var noGrad = new NoGrad();
        foreach (var row in own.Split.Test)
        {
            var x = Tensor.Zeros(1, 8);
            for (var t = 0; t < 8; t++) x.Data[t] = own.Data.Indices!.Row(row)[t];
            var logits = run.Model.Network.Forward(x);
            for (var t = 0; t < 8; t++, count++)
            {
                var line = logits.Data.Slice(t * logits.Size(1), logits.Size(1)).ToArray();
                nats += Math.Log(line.Sum(v => Math.Exp(v))) - line[target.Row(row)[t]];
                if (Array.IndexOf(line, line.Max()) == target.Row(row)[t]) right++;
            }
        }
        var quality = run.Summary!.Test;
        Assert.Equal(nats / count / Math.Log(2), quality.NllBits!.Value, 5);
        Assert.Equal((double)right / count, quality.Accuracy!.Value, 9);
        Assert.Equal(("token", run.Model.Units), (run.Summary.Rate.Unit, 8));
        if (bottleneck == "vq") Assert.Equal(4, run.Summary.Rate.CapacityBits!.Value, 9);
    }

    [Fact]
    public void WhatRepeats_IsLearned_AndContinued()
    {
        var run = Trained(Text(string.Concat(Enumerable.Repeat("isthmus ", 120))), ["bottleneck=identity", "training.epochs=20", "training.batch=4", .. Small.Split(',')]);
        Assert.True(run.Summary!.Test.Accuracy > 0.99 && run.Summary.Test.NllBits < 0.1, $"{run.Summary.Test}");
        var lines = Predicted(run, "isthmus isth");
        Assert.Equal(13, lines.Length);
        Assert.Equal("row,token,prediction,p", lines[0]);
        Assert.StartsWith("12,h,m,0.9", lines[12], StringComparison.Ordinal);
        // Beginnings of the same text have the same answers, whatever fills the window.
        Assert.Equal(lines[..^2], Predicted(run, "isthmus is")[..11]);
        Assert.StartsWith("1,\uFFFD,", Predicted(run, "Q")[1], StringComparison.Ordinal);
    }

    private string[] Predicted(Run run, string text)
    {
        using var to = new StringWriter { NewLine = "\n" };
        Predictor.Write(run, run.LoadNew(Text(text, "new.txt"), withTarget: false), to, PredictionColumns.None);
        return to.ToString().TrimEnd('\n').Split('\n');
    }

    [Theory]
    [InlineData("vib", "bottleneck.latent=4")]
    [InlineData("fsq")]
    public void Messages_AreATokenEach_AndDecodeToTheSendersAnswers(string bottleneck, params string[] sets)
    {
        var run = Trained(Text(string.Concat(Enumerable.Repeat("round the ragged rock ", 60))), ["bottleneck=" + bottleneck, "training.epochs=2", .. Small.Split(','), .. sets]);
        var own = run.LoadOwn();
        using var stream = new MemoryStream();
        var shipment = Shipment.Of(run);
        var report = shipment.Write(own.Data, own.Split.Test, stream);
        Assert.Equal(own.Split.Test.Length * 8, report.Samples);
        stream.Position = 0;
        using var noGrad = new NoGrad();
        var received = shipment.Read(stream).SelectMany(a => a.ArgMax(1).Data.ToArray()).Select(c => (int)c).ToArray();
        Assert.Equal(Evaluator.Run(run.Model, own.Data, own.Split.Test, Inference.Ship).Choices!, received);
        Assert.Equal(run.Summary!.Rate.BillBits!.Value, report.BitsPerSample, 9);
    }

    [Theory]
    [InlineData(1024, "vib", "bottleneck.latent=4")]
    [InlineData(1, "vib", "bottleneck.latent=4")]
    [InlineData(1024, "fsq")]
    public void ATextThatEndsInsideAWindow_IsSentWithoutWhatFillsIt(int rowsAFrame, string bottleneck, params string[] sets)
    {
        var run = Trained(Text(string.Concat(Enumerable.Repeat("round the ragged rock ", 60))), ["bottleneck=" + bottleneck, "training.epochs=1", .. Small.Split(','), .. sets]);
        var (cut, whole) = (Sent("round the rag"), Sent("round the ragged")); // 13 and 16 tokens, windows of 8
        Assert.Equal((13, 16), (cut.Report.Samples, whole.Report.Samples));
        Assert.Equal(8.0 * cut.Report.Bytes / 13, cut.Report.BitsPerSample);
        Assert.True(13 * cut.Report.BoundBits < 16 * whole.Report.BoundBits, $"{cut.Report} {whole.Report}");
        Assert.Equal(13 * run.Model.Site.OutputSize, cut.Answers.Length);
        Assert.Equal(whole.Answers[..cut.Answers.Length], cut.Answers); // no token's answer depends on what follows it

        (ShipmentReport Report, float[] Answers) Sent(string text)
        {
            var data = run.LoadNew(Text(text, "new.txt"), withTarget: false);
            using var stream = new MemoryStream();
            var report = Shipment.Of(run).Write(data, [.. Enumerable.Range(0, data.Count)], stream, rowsAFrame);
            stream.Position = 0;
            return (report, [.. Shipment.Of(run).Read(stream).SelectMany(a => a.ToArray())]);
        }
    }

    [Theory]
    [InlineData("encoder.type is mlp, which sees a whole window at once", "encoder=mlp")]
    [InlineData("--task reconstruction", "data.task=reconstruction")]
    [InlineData("36 tokens are less than a window of 64", "data.window=64")]
    [InlineData("decoder.type is gru", "decoder=gru")]
    public void WhatCannotBe_IsOneLine(string message, string set)
    {
        var e = Assert.Throws<InputException>(() =>
        {
            var plan = Plan.Make(Text("she sells sea shells on the seashore"), [Override.Parse("data.window=4"), Override.Parse(set)]);
            Model.Build(plan.Recipe, plan.Loaded.Schema);
        });
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [DataFact("text/tinyshakespeare.txt")]
    [Trait("Category", "Slow")]
    public void Shakespeare_TakesFewerBitsThanPairsOfCharactersDo()
    {
        // Counts of pairs in the training part (0.1 added to each) give 3.62 bits a character on the test part.
        var run = Trained(TestData.Require("text/tinyshakespeare.txt"), "data.window=64", "training.epochs=1", "bottleneck=identity");
        Assert.InRange(run.Summary!.Test.NllBits!.Value, 1.5, 3.2);
    }
}
