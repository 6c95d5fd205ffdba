using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class QuantizedTest
{
    private static readonly RandomStream s_random = new(21);

    private static PassContext Train(ulong seed = 1) => new(PassMode.Sample, new RandomStream(seed)) { Training = true };

    private static PassContext Mean() => new(PassMode.Mean, new RandomStream(1));

    public static TheoryData<string, int> Makers => new() { { "vq", 1 }, { "vq", 3 }, { "fsq", 1 }, { "fsq", 3 }, { "fsq-large", 2 }, { "rfsq", 3 }, { "lfq", 2 }, { "bsq", 1 }, { "bsq", 3 }, { "simvq", 2 }, { "vqgan-lc", 2 }, { "ibq", 2 }, { "latent", 3 }, { "codebook", 3 } };

    private static IndexBottleneck Make(string kind, int heads) => kind switch
    {
        "vq" => new VectorQuantizer(6, new VqOptions { Codes = 16, Width = 4, Heads = heads }, new RandomStream(2)),
        "fsq" => new FiniteScalarQuantizer(6, new FsqOptions { Levels = [8, 5, 2, 3], Heads = heads }, new RandomStream(2)),
        "rfsq" => new ResidualFsq(6, new ResidualFsqOptions { Levels = [8, 5, 3], Stages = heads }, new RandomStream(2)),
        "lfq" => new LookupFreeQuantizer(6, new LfqOptions { Bits = 7, Groups = heads }, new RandomStream(2)),
        "simvq" => new SimVq(6, new SimVqOptions { Codes = 30, Width = 3, Heads = heads }, new RandomStream(2)),
        "vqgan-lc" => Prepared(new VqganLc(6, new VqganLcOptions { Codes = 30, Width = 3, Heads = heads }, new RandomStream(2))),
        "ibq" => new IndexBackpropagation(6, new IbqOptions { Codes = 30, Width = 3, Heads = heads }, new RandomStream(2)),
        "latent" => new LatentQuantizer(6, new LatentQuantizerOptions { Latent = heads }, new RandomStream(2)),
        "codebook" => new CodebookFeatures(6, new CodebookFeaturesOptions { Codes = 30, Active = heads }, new RandomStream(2)),
        "bsq" => new BinarySphericalQuantizer(6, new BsqOptions { Bits = 14, Groups = heads }, new RandomStream(2)),
        _ => new FiniteScalarQuantizer(6, new FsqOptions { Levels = [255, 255, 255, 255], Heads = heads }, new RandomStream(2)),
    };

    private static VqganLc Prepared(VqganLc lc)
    {
        lc.Prepare([Tensor.Randn(new RandomStream(7), 100, 6)]);
        return lc;
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public void Ships_WhatItRestores(string kind, int heads)
    {
        var bottleneck = Make(kind, heads);
        for (var i = 0; i < 3; i++) bottleneck.Pass(Tensor.Randn(s_random, 200, 6), Train());
        bottleneck.Freeze([Tensor.Randn(s_random, 500, 6)]);
        RoundTrip.Check(bottleneck, Tensor.Randn(s_random, 100, 6));
        var again = Make(kind, heads);
        again.LoadStateDict(bottleneck.StateDict());
        again.LoadTables(bottleneck.FrozenTables);
        var h = Tensor.Randn(s_random, 30, 6);
        Assert.Equal(bottleneck.Pass(h, Mean()).Rate!.Nats.ToArray(), again.Pass(h, Mean()).Rate!.Nats.ToArray());
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public void TrainingIndices_DecodeToTheVectorsReturned(string kind, int heads)
    {
        var bottleneck = Make(kind, heads);
        for (var i = 0; i < 4; i++)
        {
            var passage = bottleneck.Pass(Tensor.Randn(s_random, 50, 6), Train());
            var restored = bottleneck.Restore(passage.Message()).ToArray();
            Assert.All(passage.Output.ToArray().Zip(restored), p => Assert.Equal(p.Second, p.First, 1e-5f));
        }
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public void Evaluation_ChangesNoState_AndTheGradientIsStraightThrough(string kind, int heads)
    {
        var bottleneck = Make(kind, heads);
        var h = Tensor.Randn(s_random, 40, 6);
        h.RequiresGrad = true;
        var passage = bottleneck.Pass(h, Train());
        passage.Output.Sum().Backward();
        Assert.Contains(h.Grad!.ToArray(), g => g != 0);
        var before = bottleneck.StateDict().ToDictionary(p => p.Key, p => p.Value.ToArray());
        bottleneck.Pass(Tensor.Randn(s_random, 40, 6), Mean());
        bottleneck.Freeze([Tensor.Randn(s_random, 40, 6)]);
        foreach (var (name, value) in bottleneck.StateDict()) Assert.Equal(before[name], value.ToArray());
    }

    // FSQ of the paper's notebook: levels [3, 5, 4], z = (.25, .6, -7) gives (0, .5, -1) and index 10.
    [Fact]
    public void Fsq_HasThePublishedCode()
    {
        var fsq = new FiniteScalarQuantizer(3, new FsqOptions { Levels = [3, 5, 4], Normalize = false }, new RandomStream(4));
        fsq.Projection.Weight.Data.Clear();
        for (var i = 0; i < 3; i++) fsq.Projection.Weight.Data[(i * 3) + i] = 1;
        fsq.Projection.Bias!.Data.Clear();
        var passage = fsq.Pass(Tensor.From([0.25f, 0.6f, -7f], 1, 3), Mean());
        Assert.Equal([0f, 0.5f, -1f], passage.Output.ToArray());
        Assert.Equal([10L], passage.Message().Single<Symbols>().Values.ToArray());
        Assert.Equal(Math.Log2(60), fsq.Capacity!.Value.Value, 1e-12);
    }

    [Theory]
    [InlineData(8, 0.85625f)]
    [InlineData(5, 0.999f)]
    public void Fsq_GradientAtZero_HasItsClosedForm(int levels, float expected)
    {
        var fsq = new FiniteScalarQuantizer(1, new FsqOptions { Levels = [levels], Normalize = false }, new RandomStream(4));
        fsq.Projection.Weight.Data[0] = 1;
        fsq.Projection.Bias!.Data[0] = 0;
        var z = Tensor.From([0f], 1, 1);
        z.RequiresGrad = true;
        fsq.Pass(z, Train()).Output.Sum().Backward();
        Assert.Equal(expected, z.Grad!.Item(), 2e-4f);
    }

    [Fact]
    public void Fsq_StartsWithItsCodesSpread()
    {
        var fsq = new FiniteScalarQuantizer(6, new FsqOptions { Levels = [8, 8] }, new RandomStream(4));
        var faint = Tensor.Randn(s_random, 500, 6) * 0.05f + 5f;
        fsq.Pass(faint, Train());
        var indices = fsq.Pass(faint, Mean()).Message().Single<Symbols>().Values.ToArray();
        Assert.True(indices.Distinct().Count() > 30);
    }

    [Fact]
    public void Fsq_RoundTripsEveryIndex()
    {
        var fsq = new FiniteScalarQuantizer(4, new FsqOptions { Levels = [8, 5, 5, 2] }, new RandomStream(4));
        fsq.Projection.Weight.Data.Clear();
        for (var i = 0; i < 4; i++) fsq.Projection.Weight.Data[(i * 4) + i] = 1;
        fsq.Projection.Bias!.Data.Clear();
        for (var index = 0; index < 400; index++)
        {
            var code = fsq.Restore(new Message([new Symbols("index", LongTensor.From([(long)index], 1, 1), 400)]));
            Assert.All(code.ToArray(), v => Assert.InRange(v, -1f, 1f));
        }
        Assert.Throws<InputException>(() => new FiniteScalarQuantizer(1, new FsqOptions { Levels = [1] }, new RandomStream(1)));
        Assert.Throws<InputException>(() => new FiniteScalarQuantizer(1, new FsqOptions { Levels = [.. Enumerable.Repeat(1 << 16, 4)] }, new RandomStream(1)));
    }
}
