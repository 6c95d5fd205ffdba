using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class QuantizedTest
{
    private static readonly RandomStream s_random = new(21);

    private static PassContext Train(ulong seed = 1) => new(PassMode.Sample, new RandomStream(seed)) { Training = true };

    private static PassContext Mean() => new(PassMode.Mean, new RandomStream(1));

    public static TheoryData<string, int> Makers => new() { { "vq", 1 }, { "vq", 3 }, { "fsq", 1 }, { "fsq", 3 }, { "fsq-large", 2 }, { "rfsq", 3 }, { "lfq", 2 }, { "bsq", 1 }, { "bsq", 3 } };

    private static IndexBottleneck Make(string kind, int heads) => kind switch
    {
        "vq" => new VectorQuantizer(6, new VqOptions { Codes = 16, Width = 4, Heads = heads }, new RandomStream(2)),
        "fsq" => new FiniteScalarQuantizer(6, new FsqOptions { Levels = [8, 5, 2, 3], Heads = heads }, new RandomStream(2)),
        "rfsq" => new ResidualFsq(6, new ResidualFsqOptions { Levels = [8, 5, 3], Stages = heads }, new RandomStream(2)),
        "lfq" => new LookupFreeQuantizer(6, new LfqOptions { Bits = 7, Groups = heads }, new RandomStream(2)),
        "bsq" => new BinarySphericalQuantizer(6, new BsqOptions { Bits = 14, Groups = heads }, new RandomStream(2)),
        _ => new FiniteScalarQuantizer(6, new FsqOptions { Levels = [255, 255, 255, 255], Heads = heads }, new RandomStream(2)),
    };

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

    [Fact]
    public void Vq_DuplicatingTheBatch_ChangesNoLoss()
    {
        var h = Tensor.Randn(s_random, 64, 6);
        var vq = Make("vq", 2);
        vq.Pass(h, Train());
        var twin = Make("vq", 2);
        twin.LoadStateDict(vq.StateDict());
        var once = vq.Pass(h, Train()).Terms[0].Value.Item();
        Assert.Equal(once, twin.Pass(Tensor.Cat([h, h]), Train()).Terms[0].Value.Item(), 1e-5f);
    }

    // Sections 1 and A.1 of the paper by hand: K = 2, decay 1/2, counts (1, 1), codes 0 and 10, rows 1, 2, 9.
    [Fact]
    public void Vq_MovingAverages_HaveTheirClosedForm()
    {
        var vq = new VectorQuantizer(1, new VqOptions { Codes = 2, Width = 1, Decay = 0.5f, DeadThreshold = 0 }, new RandomStream(3));
        vq.Projection.Weight.Data[0] = 1;
        vq.Projection.Bias!.Data[0] = 0;
        var state = vq.StateDict();
        state["codebook"].Data[0] = 0;
        state["codebook"].Data[1] = 10;
        state["sums"].Data[0] = 0;
        state["sums"].Data[1] = 10;
        state["counts"].Data.Fill(1);
        state["state"].Data[0] = 1;
        var x = Tensor.From([1f, 2f, 9f], 3, 1);
        vq.Pass(x, Train());
        vq.Pass(x, Train()); // the averages of the first pass take effect here
        Assert.Equal(1.00000133, vq.Codebook.Data[0], 1e-6);
        Assert.Equal(9.499981, vq.Codebook.Data[1], 1e-5);
        Assert.Equal(1.5f, state["counts"].Data[0]);
        Assert.Equal(9.5f, state["sums"].Data[1]);
    }

    [Fact]
    public void Vq_CommitmentGradient_HasItsClosedForm()
    {
        // x = (1,2),(3,4), e = (0,0),(3,3): with means over samples of sums over dimensions the gradient is 2 beta (x - e)/2.
        var vq = new VectorQuantizer(2, new VqOptions { Codes = 2, Width = 2, DeadThreshold = 0 }, new RandomStream(3));
        vq.Projection.Weight.Data.Clear();
        vq.Projection.Weight.Data[0] = vq.Projection.Weight.Data[3] = 1;
        vq.Projection.Bias!.Data.Clear();
        var state = vq.StateDict();
        float[] book = [0, 0, 3, 3];
        book.CopyTo(state["codebook"].Data);
        state["state"].Data[0] = 1;
        var x = Tensor.From([1f, 2, 3, 4], 2, 2);
        x.RequiresGrad = true;
        var term = vq.Pass(x, Train()).Terms[0];
        Assert.Equal(3f, term.Value.Item(), 1e-6f);
        (term.Value * term.Weight).Backward();
        Assert.Equal([0.25f, 0.5f, 0f, 0.25f], x.Grad!.ToArray());
    }

    [Fact]
    public void Vq_ReplacesDeadCodes_AndTheyStay()
    {
        var vq = new VectorQuantizer(2, new VqOptions { Codes = 4, Width = 2 }, new RandomStream(3));
        vq.Projection.Weight.Data.Clear();
        vq.Projection.Weight.Data[0] = vq.Projection.Weight.Data[3] = 1;
        vq.Projection.Bias!.Data.Clear();
        vq.Pass(Tensor.Randn(s_random, 100, 2), Train());
        var book = vq.StateDict()["codebook"];
        var (counts, sums) = (vq.StateDict()["counts"], vq.StateDict()["sums"]);
        for (var k = 0; k < 2; k++) { book.Data[k] = 1000; counts.Data[0] = 0.01f; sums.Data[k] = 10; }
        vq.StateDict()["state"].Data[0] = 1;
        vq.Pass(Tensor.Randn(s_random, 100, 2), Train());
        vq.Pass(Tensor.Randn(s_random, 100, 2), Train());
        Assert.All(vq.Codebook.ToArray(), v => Assert.InRange(v, -6, 6));
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
