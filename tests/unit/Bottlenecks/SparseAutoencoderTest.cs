using System.Text.Json;
using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;
using Isthmus.Tests.Networks;

namespace Isthmus.Tests.Bottlenecks;

public class SparseAutoencoderTest
{
    private const int Inputs = 12, Features = 40;

    public static TheoryData<string> Kinds => ["l1", "topk", "batchtopk", "jumprelu", "gated", "matryoshka"];

    private static SparseAutoencoder Make(string kind, int inputs = Inputs, ulong seed = 1)
    {
        var random = new RandomStream(seed);
        return kind switch
        {
            "l1" => new L1Autoencoder(inputs, new L1Options { Features = Features, DeadAfter = 3 }, random),
            "topk" => new TopKAutoencoder(inputs, new TopKOptions { Features = Features, Active = 4, DeadAfter = 3 }, random),
            "batchtopk" => new BatchTopKAutoencoder(inputs, new BatchTopKOptions { Features = Features, Active = 4, DeadAfter = 3 }, random),
            "jumprelu" => new JumpReluAutoencoder(inputs, new JumpReluOptions { Features = Features, DeadAfter = 3 }, random),
            "gated" => new GatedAutoencoder(inputs, new GatedOptions { Features = Features, DeadAfter = 3 }, random),
            _ => new MatryoshkaAutoencoder(inputs, new MatryoshkaOptions { Features = Features, Active = 4, DeadAfter = 3 }, random),
        };
    }

    private static PassContext Training(long step = 0) => new(PassMode.Sample, new RandomStream(9)) { Training = true, Step = step };

    private static Tensor Loss(Passage p) => p.Terms.Select(t => t.Value * t.Weight).Aggregate((a, b) => a + b);

    private static void Learn(SparseAutoencoder s, Tensor x, int steps, Adam? adam = null, int from = 0)
    {
        adam ??= new Adam(s.NamedParameters(), 3e-3f);
        for (var i = from; i < from + steps; i++)
        {
            using var scope = new TensorScope("step");
            adam.ZeroGrad();
            Loss(s.Pass(x, Training(i))).Backward();
            adam.Step();
        }
    }

    private static Tensor Data(int rows, ulong seed = 2)
    {
        var random = new RandomStream(seed);
        // Few directions out of many, off the origin and large.
        var directions = Tensor.Randn(new RandomStream(77), 20, Inputs);
        var x = Tensor.Zeros(rows, Inputs);
        for (var i = 0; i < rows; i++)
            for (var n = 0; n < 3; n++)
            {
                var (j, size) = ((int)random.NextInt(20), 1 + random.NextDouble());
                for (var d = 0; d < Inputs; d++) x.Data[(i * Inputs) + d] += (float)(5 * size * directions.Data[(j * Inputs) + d]);
            }
        return x + 7f;
    }

    [Fact]
    public void AStepWithAuxK_IsPyTorchs()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Bottlenecks", "Goldens", "sparse.json"));
        using var document = JsonDocument.Parse(file);
        var golden = document.RootElement;
        var x = NetworkGoldens.Tensor(golden.GetProperty("x"));
        var sae = new TopKAutoencoder(6, new TopKOptions { Features = 14, Active = 3, AuxActive = 2, DeadAfter = 5, Normalise = false }, new RandomStream(1));
        foreach (var (name, value) in sae.NamedParameters()) NetworkGoldens.Tensor(golden.GetProperty(name)).Data.CopyTo(value.Data);
        foreach (var i in golden.GetProperty("dead").EnumerateArray()) sae.Silent.Data[i.GetInt32()] = 5;
        var passage = sae.Pass(x, Training());
        NetworkGoldens.AssertClose(golden.GetProperty("output"), passage.Output, "output");
        Assert.Equal(["reconstruction", "aux"], passage.Terms.Select(t => t.Name));
        Assert.Equal(golden.GetProperty("reconstruction").GetDouble(), passage.Terms[0].Value.Item(), 5);
        Assert.Equal(golden.GetProperty("aux").GetDouble(), passage.Terms[1].Value.Item(), 5);
        Assert.Equal(1f / 32, passage.Terms[1].Weight);
        Loss(passage).Backward();
        foreach (var (name, value) in sae.NamedParameters()) NetworkGoldens.AssertClose(golden.GetProperty("grad").GetProperty(name), value.Grad, "gradient of " + name);
    }

    [Fact]
    public void AuxK_ReachesDeadRowsAlone()
    {
        var sae = (TopKAutoencoder)Make("topk");
        var x = Tensor.Randn(new RandomStream(4), 64, Inputs);
        int[] dead = [2, 17, 30];
        foreach (var i in dead)
        {
            foreach (ref var w in sae.Encoder.Data.Slice(i * Inputs, Inputs)) w *= 0.2f; // positive now and then, never among the largest
            sae.Silent.Data[i] = 3;
        }
        var aux = sae.Pass(x, Training()).Terms.Single(t => t.Name == "aux");
        aux.Value.Backward();
        Assert.True(sae.DecoderBias.Grad is null || sae.DecoderBias.Grad.ToArray().All(v => v == 0));
        var encoder = sae.Encoder.Grad!.Square().Sum(1).ToArray();
        for (var i = 0; i < Features; i++) Assert.Equal(dead.Contains(i), encoder[i] > 0);
        var decoder = sae.Decoder.Grad!.Square().Sum(1).ToArray();
        for (var i = 0; i < Features; i++) Assert.Equal(dead.Contains(i), decoder[i] > 0);
    }

    [Fact]
    public void WithoutDeadFeatures_OrWithoutARest_ThereIsNoAuxK()
    {
        var sae = Make("topk");
        Assert.DoesNotContain(sae.Pass(Data(8), Training()).Terms, t => t.Name == "aux");
        sae.Silent.Data.Fill(100);
        Assert.DoesNotContain(sae.Pass(Tensor.Zeros(8, Inputs), Training()).Terms, t => t.Name == "aux" && !float.IsFinite(t.Value.Item()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void WhatIsShipped_IsWhatIsRestored(string kind)
    {
        var sae = Make(kind);
        var x = Data(300);
        sae.Prepare([x]);
        Learn(sae, x, 30);
        sae.Freeze([x, Data(100, 5)]);
        var test = Data(50, 6);
        RoundTrip.Check(sae, test);
        // Levels cost little quality: about a twentieth of the squared error.
        var mean = sae.Pass(test, new PassContext(PassMode.Mean, new RandomStream(1)));
        var ship = sae.Pass(test, RoundTrip.Ship());
        var (exact, rounded) = ((mean.Output - test).Square().Sum().Item(), (ship.Output - test).Square().Sum().Item());
        Assert.InRange(rounded, 0.9f * exact, 1.25f * exact);
        Assert.Null(mean.Rate);
        var tables = sae.FrozenTables!;
        var other = Make(kind);
        other.LoadStateDict(sae.StateDict());
        other.LoadTables(tables);
        Assert.Equal(ship.Output.ToArray(), other.Restore(ship.Message()).ToArray());
        Assert.Throws<InputException>(() => other.LoadTables(tables.AsSpan(0, tables.Length / 2)));
        Assert.Throws<InputException>(() => other.LoadTables([1, 2, 3]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EvaluationChangesNothing_AndARowDependsOnNoOther(string kind)
    {
        var sae = Make(kind);
        var x = Data(200);
        sae.Prepare([x]);
        Learn(sae, x, 10);
        var before = sae.StateDict().ToDictionary(p => p.Key, p => p.Value.ToArray());
        var whole = sae.Pass(x, new PassContext(PassMode.Mean, new RandomStream(1))).Output;
        foreach (var (name, value) in sae.StateDict()) Assert.Equal(before[name], value.ToArray());
        var part = sae.Pass(x.Narrow(0, 50, 20).Clone(), new PassContext(PassMode.Mean, new RandomStream(1))).Output;
        Assert.Equal(whole.Data.Slice(50 * Inputs, 20 * Inputs).ToArray(), part.ToArray());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AResumedTraining_HasTheSameBits(string kind)
    {
        var x = Data(64);
        var straight = Make(kind);
        straight.Prepare([x]);
        var adam = new Adam(straight.NamedParameters(), 3e-3f);
        Learn(straight, x, 6, adam);
        var (weights, moments) = (straight.StateDict().ToDictionary(p => p.Key, p => p.Value.Clone()), adam.StateDict().ToDictionary(p => p.Key, p => p.Value.Clone()));
        Learn(straight, x, 6, adam, from: 6);
        var resumed = Make(kind, seed: 55);
        resumed.LoadStateDict(weights);
        var second = new Adam(resumed.NamedParameters(), 3e-3f);
        second.LoadStateDict(moments);
        second.Steps = 6;
        Learn(resumed, x, 6, second, from: 6);
        foreach (var (name, value) in straight.StateDict()) Assert.Equal(value.ToArray(), resumed.StateDict()[name].ToArray());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ABatchRepeated_HasTheSameLosses(string kind)
    {
        var x = Tensor.Randn(new RandomStream(4), 16, Inputs);
        var (once, twice) = (Make(kind).Pass(x, Training()), Make(kind).Pass(Tensor.Cat([x, x]), Training()));
        foreach (var (a, b) in once.Terms.Zip(twice.Terms)) Assert.InRange(b.Value.Item(), a.Value.Item() * 0.9999f, a.Value.Item() * 1.0001f);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TrainingRebuilds_AndDirectionsStayUnitVectors(string kind)
    {
        var sae = Make(kind);
        var x = Data(256);
        sae.Prepare([x]);
        var start = sae.Pass(x, Training()).Terms[0].Value.Item();
        Learn(sae, x, 150);
        Assert.True(sae.Pass(x, Training()).Terms[0].Value.Item() < 0.8f * start);
        if (sae.UnitRows) Assert.All(sae.Decoder.Square().Sum(1).ToArray(), v => Assert.InRange(v, 1 - 1e-5f, 1 + 1e-5f));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Folding_ChangesNoOutput(string kind)
    {
        var sae = Make(kind);
        var x = Data(128);
        sae.Prepare([x]);
        Learn(sae, x, 20);
        var before = sae.Pass(x, new PassContext(PassMode.Mean, new RandomStream(1))).Output;
        sae.Fold();
        Assert.Equal(1f, sae.Scale);
        Assert.All(sae.Decoder.Square().Sum(1).ToArray(), v => Assert.InRange(v, 0.9999f, 1.0001f));
        var after = sae.Pass(x, new PassContext(PassMode.Mean, new RandomStream(1))).Output;
        foreach (var (a, b) in before.ToArray().Zip(after.ToArray())) Assert.InRange(b, a - 2e-3f, a + 2e-3f);
    }

    [Fact]
    public void TopK_NeverHasMoreThanK_AndDecaysToIt()
    {
        var sae = new TopKAutoencoder(Inputs, new TopKOptions { Features = Features, Active = 3, FirstActive = 11, ActiveDecay = 8 }, new RandomStream(1));
        var x = Tensor.Randn(new RandomStream(4), 100, Inputs);
        foreach (var (step, most) in ((long, int)[])[(0, 11), (4, 7), (8, 3), (100, 3)])
            Assert.Equal(most, MostActive(sae.Pass(x, Training(step)).Message()));
        Assert.Equal(3, MostActive(sae.Pass(x, new PassContext(PassMode.Mean, new RandomStream(1))).Message()));

        static int MostActive(Message m)
        {
            var f = m.Single<Floats>().Values;
            return Enumerable.Range(0, f.Size(0)).Max(i => f.Data.Slice(i * Features, Features).ToArray().Count(v => v != 0));
        }
    }

    [Fact]
    public void BatchTopK_ChoosesOverTheBatch_AndFindsItsThreshold()
    {
        var sae = new BatchTopKAutoencoder(4, new BatchTopKOptions { Features = 4, Active = 1.5f, Normalise = false }, new RandomStream(1));
        Tensor.Eye(4).Data.CopyTo(sae.Encoder.Data);
        var x = Tensor.From([5f, 4, 3, 0, 1, 0.5f, 0.2f, 0], 2, 4);
        var f = sae.Pass(x, Training()).Message().Single<Floats>().Values;
        Assert.Equal([5f, 4, 3, 0, 0, 0, 0, 0], f.ToArray());
        Assert.Equal(3f, sae.Threshold);
        var export = sae.ToJumpRelu();
        var test = Tensor.Randn(new RandomStream(3), 50, 4) * 4f;
        Assert.Equal(sae.Pass(test, new PassContext(PassMode.Mean, new RandomStream(1))).Output.ToArray(), export.Pass(test, new PassContext(PassMode.Mean, new RandomStream(1))).Output.ToArray());
    }

    [Fact]
    public void JumpRelu_HasThePapersGradients()
    {
        var z = Tensor.From([0.08f, 0.11f, 0.124f, 0.126f]);
        var theta = Tensor.Full([4], 0.1f);
        theta.RequiresGrad = true;
        JumpRelu.Apply(z, theta, 0.05f).Sum().Backward();
        AssertNear([-2, -2, -2, 0], theta.Grad!);
        theta.ZeroGrad();
        JumpRelu.Step(z, theta, 0.05f).Sum().Backward();
        AssertNear([-20, -20, -20, 0], theta.Grad!);
        z.RequiresGrad = true;
        JumpRelu.Apply(z, theta, 0.05f).Sum().Backward();
        AssertNear([0, 1, 1, 1], z.Grad!);
    }

    [Fact]
    public void Gated_HasThePapersFeaturesAndPenalty()
    {
        var sae = new GatedAutoencoder(2, new GatedOptions { Features = 3, Normalise = false }, new RandomStream(1));
        float[] w = [1, 0, 0, 1, 1, -1], c = [-0.5f, -3, 0], m = [0, 0.1f, 0.2f], r = [MathF.Log(2), 0, 0];
        w.CopyTo(sae.Encoder.Data);
        c.CopyTo(sae.EncoderBias.Data);
        m.CopyTo(sae.SizeBias.Data);
        r.CopyTo(sae.LogGain.Data);
        var passage = sae.Pass(Tensor.From([1f, 2], 1, 2), Training());
        AssertNear([2, 0, 0], passage.Message().Single<Floats>().Values.Reshape(3));
        Assert.Equal(0.5f, passage.Terms.Single(t => t.Name == "sparsity").Value.Item(), 6);
        var gate = passage.Terms.Single(t => t.Name == "gate").Value;
        gate.Backward(); // the decoder is held fixed: only what makes the gates learns
        Assert.True(sae.Decoder.Grad is null && sae.LogGain.Grad is null && sae.SizeBias.Grad is null);
        Assert.NotNull(sae.Encoder.Grad);
    }

    [Fact]
    public void L1_DoesNotChangeWithTheLengthOfADirection()
    {
        var x = Tensor.Randn(new RandomStream(4), 32, Inputs);
        var (a, b) = (Make("l1"), Make("l1"));
        foreach (ref var v in b.Encoder.Data) v *= 3;
        foreach (ref var v in b.Decoder.Data) v /= 3;
        var (p, q) = (a.Pass(x, Training()), b.Pass(x, Training()));
        foreach (var (s, t) in p.Terms.Zip(q.Terms)) Assert.InRange(t.Value.Item(), s.Value.Item() * 0.9999f, s.Value.Item() * 1.0001f);
    }

    [Fact]
    public void Matryoshka_SumsTheErrorsOfItsPrefixes()
    {
        var sae = (MatryoshkaAutoencoder)Make("matryoshka");
        Assert.Equal([2, 5, 10, 20, 40], sae.Prefixes);
        var x = Tensor.Randn(new RandomStream(4), 16, Inputs);
        var passage = sae.Pass(x, Training());
        var f = passage.Message().Single<Floats>().Values;
        var expected = sae.Prefixes.Sum(n => (double)(f.Narrow(1, 0, n).Clone().MatMul(sae.Decoder.Narrow(0, 0, n).Clone()) - x).Square().Sum(1).Mean().Item());
        Assert.Equal(expected, passage.Terms[0].Value.Item(), 4);
        Assert.Throws<InputException>(() => new MatryoshkaAutoencoder(4, new MatryoshkaOptions { Features = 8, Active = 2, Prefixes = [4, 4] }, new RandomStream(1)));
    }

    [Fact]
    public void Transcoder_LearnsAnotherTensor()
    {
        var random = new RandomStream(3);
        var x = Tensor.Randn(random, 256, 6) + 2f;
        var features = new Features(("input", x), ("target", x.MatMul(Tensor.Randn(random, 6, 9)).Relu() + 3f));
        var transcoder = new Transcoder(6, 9, new TopKOptions { Features = 60, Active = 8 }, random);
        transcoder.Prepare([features]);
        var adam = new Adam(transcoder.NamedParameters(), 1e-2f);
        var losses = new List<float>();
        for (var i = 0; i < 200; i++)
        {
            using var scope = new TensorScope("step");
            adam.ZeroGrad();
            var loss = Loss(transcoder.Pass(features, Training(i)));
            losses.Add(loss.Item());
            loss.Backward();
            adam.Step();
        }
        Assert.True(losses[^1] < 0.2f * losses[0], $"{losses[0]} to {losses[^1]}");
        Assert.Equal([256, 9], transcoder.Pass(x, new PassContext(PassMode.Mean, random)).Output.Shape.ToArray());
        transcoder.Freeze([features]);
        RoundTrip.Check(transcoder, features);
    }

    [Fact]
    public void Resampling_GivesDeadFeaturesARow()
    {
        var sae = new TopKAutoencoder(Inputs, new TopKOptions { Features = Features, Active = 4, ResampleEvery = 10, DeadAfter = 3 }, new RandomStream(1));
        var x = Data(64);
        sae.EncoderBias.Data[5] = -1000;
        sae.Silent.Data[5] = 50;
        var before = sae.Encoder.Data.Slice(5 * Inputs, Inputs).ToArray();
        sae.Pass(x, Training(9));
        Assert.Equal(-1000f, sae.EncoderBias.Data[5]);
        sae.Pass(x, Training(10));
        Assert.Equal(0f, sae.EncoderBias.Data[5]);
        Assert.NotEqual(before, sae.Encoder.Data.Slice(5 * Inputs, Inputs).ToArray());
        Assert.Equal(1f, sae.Decoder.Select(0, 5).Square().Sum().Item(), 5);
    }

    [Fact]
    public void GeometricMedian_StopsAtRows()
    {
        Assert.Equal([1f], GeometricMedian.Of(Tensor.From([0f, 1, 10], 3, 1)));
        Assert.Equal([0f, 0], GeometricMedian.Of(Tensor.From([1f, 0, -1, 0, 0, 1, 0, -1, 0, 0], 5, 2)));
        Assert.Equal([3f], GeometricMedian.Of(Tensor.From([3f, 3, 3, 3, 9], 5, 1)));
        var triangle = GeometricMedian.Of(Tensor.From([0f, 0, 1, 0, 0.5f, MathF.Sqrt(3) / 2], 3, 2)); // its centre
        Assert.Equal(0.5f, triangle[0], 4);
        Assert.Equal(MathF.Sqrt(3) / 6, triangle[1], 4);
    }

    [Fact]
    public void ImpossibleSettings_AreRefusedByName()
    {
        var random = new RandomStream(1);
        Assert.Contains("bottleneck.active", Assert.Throws<InputException>(() => new TopKAutoencoder(4, new TopKOptions { Features = 8, Active = 9 }, random)).Message, StringComparison.Ordinal);
        Assert.Contains("bottleneck.features", Assert.Throws<InputException>(() => new L1Autoencoder(4, new L1Options { Features = 0 }, random)).Message, StringComparison.Ordinal);
        Assert.Contains("bottleneck.bandwidth", Assert.Throws<InputException>(() => new JumpReluAutoencoder(4, new JumpReluOptions { Bandwidth = 0 }, random)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Make("topk").Pass(Tensor.Zeros(3, Inputs + 1), Training()));
        Assert.Throws<InvalidOperationException>(() => Make("topk").Pass(Tensor.Zeros(3, Inputs), RoundTrip.Ship()));
    }

    private static void AssertNear(float[] expected, Tensor actual)
    {
        foreach (var (e, a) in expected.Zip(actual.ToArray())) Assert.InRange(a, e - 1e-4f, e + 1e-4f);
    }
}
