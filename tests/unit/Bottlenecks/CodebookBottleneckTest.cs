using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class CodebookBottleneckTest
{
    private static PassContext Train(ulong seed = 1) => new(PassMode.Sample, new RandomStream(seed)) { Training = true };

    private static PassContext Mean() => new(PassMode.Mean, new RandomStream(1));

    private static LongTensor Indices(Passage p) => p.Message().Single<Symbols>().Values;

    public static TheoryData<string> Kinds => [.. s_makers.Keys];

    private static readonly Dictionary<string, (int[] Shape, Func<RandomStream, CodebookBottleneck> Make)> s_makers = new(StringComparer.Ordinal)
    {
        ["plain"] = ([6], r => new VectorQuantizer(6, new VqOptions { Codes = 16, Width = 4 }, r)),
        ["heads, both projections"] = ([6], r => new VectorQuantizer(6, new VqOptions { Codes = 16, Width = 4, Heads = 3, Project = CodeProjection.Both, Prior = IndexPrior.Context }, r)),
        ["shared heads, none"] = ([6], r => new VectorQuantizer(6, new VqOptions { Codes = 9, Width = 2, Heads = 3, Shared = true, Project = CodeProjection.None, Prior = IndexPrior.Packed }, r)),
        ["gradient, cosine"] = ([6], r => new VectorQuantizer(6, new VqOptions { Codes = 16, Width = 4, Codebook = CodebookLearning.Gradient, Cosine = true, Orthogonal = 1, Diversity = 0.1f }, r)),
        ["rotation, series"] = ([5, 6], r => new VectorQuantizer([5, 6], new VqOptions { Codes = 16, Width = 4, Places = true, Estimator = CodeEstimator.Rotation, Prior = IndexPrior.Position }, r)),
        ["gumbel, channels first"] = ([6, 5], r => new VectorQuantizer([6, 5], new VqOptions { Codes = 7, Width = 4, Places = true, ChannelsFirst = true, Estimator = CodeEstimator.Gumbel }, r)),
        ["map, context"] = ([4, 3, 2], r => new VectorQuantizer([4, 3, 2], new VqOptions { Codes = 7, Width = 2, Heads = 2, Project = CodeProjection.None, Places = true, Prior = IndexPrior.Context }, r)),
        ["volume, adaptive"] = ([4, 2, 3, 2], r => new VectorQuantizer([4, 2, 3, 2], new VqOptions { Codes = 7, Width = 2, Places = true, Prior = IndexPrior.Adaptive, Project = CodeProjection.Both, Sampling = 0.1f }, r)),
        ["map as a vector"] = ([4, 3, 2], r => new VectorQuantizer([4, 3, 2], new VqOptions { Codes = 7, Width = 2, Project = CodeProjection.Both }, r)),
        ["rvq"] = ([6], r => new ResidualQuantizer([6], new RvqOptions { Codes = [16], Stages = 3, Width = 4 }, r)),
        ["rvq, sizes, beam"] = ([6], r => new ResidualQuantizer([6], new RvqOptions { Codes = [16, 4, 9], Width = 4, Beam = 3, Prior = IndexPrior.Context }, r)),
        ["rvq, shared, adaptive"] = ([6], r => new ResidualQuantizer([6], new RvqOptions { Codes = [16], Stages = 3, Width = 4, Shared = true, Prior = IndexPrior.Adaptive }, r)),
        ["rvq, gradient"] = ([6], r => new ResidualQuantizer([6], new RvqOptions { Codes = [16], Stages = 3, Width = 4, Codebook = CodebookLearning.Gradient, Estimator = CodeEstimator.Rotation }, r)),
        ["gvq"] = ([8, 3, 3], r => new GroupedQuantizer([8, 3, 3], new GvqOptions { Codes = 16, Groups = 2, Stages = 2, Width = 4, Project = CodeProjection.None, Places = true }, r)),
        ["unitok"] = ([6], r => new MultiCodebookTokenizer([6], new UniTokOptions { Codes = 8, Chunks = 3, Width = 4 }, r)),
    };

    private static (CodebookBottleneck Bottleneck, Func<int, Tensor> Data) Trained(string kind)
    {
        var (shape, make) = s_makers[kind];
        var random = new RandomStream(21);
        Tensor Data(int n) => Tensor.Randn(random, [n, .. shape]);
        var bottleneck = make(new RandomStream(2));
        for (var i = 0; i < 3; i++) bottleneck.Pass(Data(100), Train());
        return (bottleneck, Data);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Ships_WhatItRestores(string kind)
    {
        var (bottleneck, data) = Trained(kind);
        bottleneck.Freeze([data(300)]);
        RoundTrip.Check(bottleneck, data(50));
        RoundTrip.Check(bottleneck, data(1));
        var again = s_makers[kind].Make(new RandomStream(77));
        again.LoadStateDict(bottleneck.StateDict());
        again.LoadTables(bottleneck.FrozenTables);
        var h = data(30);
        Assert.Equal(bottleneck.Pass(h, Mean()).Rate!.Nats.ToArray(), again.Pass(h, Mean()).Rate!.Nats.ToArray());
        Assert.Equal(bottleneck.Layout.Alphabets.Sum(a => Math.Log2(a)) * bottleneck.Layout.Places, bottleneck.Capacity!.Value.Value, 1e-9);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TrainingIndices_DecodeToTheVectorsReturned_BitByBit(string kind)
    {
        var (bottleneck, data) = Trained(kind);
        var passage = bottleneck.Pass(data(40), Train(5));
        var restored = bottleneck.Restore(passage.Message());
        Assert.Equal(restored.Shape.ToArray(), passage.Output.Shape.ToArray());
        if (kind.StartsWith("gumbel", StringComparison.Ordinal))
            Assert.All(passage.Output.ToArray().Zip(restored.ToArray()), p => Assert.Equal(p.First, p.Second, 1e-5f)); // a one-hot product
        else Assert.Equal(restored.ToArray(), passage.Output.ToArray());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Evaluation_ChangesNoState_AndTrainingGivesGradients(string kind)
    {
        var (bottleneck, data) = Trained(kind);
        var h = data(40);
        h.RequiresGrad = true;
        var passage = bottleneck.Pass(h, Train());
        var loss = (passage.Output * passage.Output).Sum();
        foreach (var term in passage.Terms) loss += term.Value * term.Weight;
        loss.Backward();
        Assert.Contains(h.Grad!.ToArray(), g => g != 0);
        Assert.All(bottleneck.Parameters(), p => Assert.Contains(p.Grad!.ToArray(), g => g != 0 && float.IsFinite(g)));
        var before = bottleneck.StateDict().ToDictionary(p => p.Key, p => p.Value.ToArray());
        bottleneck.Pass(data(40), Mean());
        bottleneck.Freeze([data(40)]);
        foreach (var (name, value) in bottleneck.StateDict()) Assert.Equal(before[name], value.ToArray());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void DuplicatingTheBatch_ChangesNoMeanLoss(string kind)
    {
        if (kind.StartsWith("gumbel", StringComparison.Ordinal) || kind.Contains("adaptive", StringComparison.Ordinal) && kind.StartsWith("volume", StringComparison.Ordinal)) return; // choices are drawn
        var (bottleneck, data) = Trained(kind);
        var twin = s_makers[kind].Make(new RandomStream(3));
        twin.LoadStateDict(bottleneck.StateDict());
        var h = data(64);
        var once = bottleneck.Pass(h, Train()).Terms;
        var twice = twin.Pass(Tensor.Cat([h, h]), Train()).Terms;
        Assert.Equal(once.Count, twice.Count);
        foreach (var (a, b) in once.Zip(twice)) Assert.Equal(a.Value.Item(), b.Value.Item(), 1e-4f * Math.Max(1, Math.Abs(a.Value.Item())));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void PermutingTheBatch_PermutesTheMessages(string kind)
    {
        var (bottleneck, data) = Trained(kind);
        var h = data(20);
        var order = new RandomStream(9).Permutation(20);
        var index = LongTensor.From(order);
        var (straight, permuted) = (Indices(bottleneck.Pass(h, Mean())), Indices(bottleneck.Pass(h.IndexSelect(0, index), Mean())));
        for (var i = 0; i < 20; i++)
            for (var p = 0; p < bottleneck.Positions; p++) Assert.Equal(straight.Data[(order[i] * bottleneck.Positions) + p], permuted.Data[(i * bottleneck.Positions) + p]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AResumedTraining_GoesOnBitByBit(string kind)
    {
        var (bottleneck, data) = Trained(kind);
        var resumed = s_makers[kind].Make(new RandomStream(99));
        resumed.LoadStateDict(bottleneck.StateDict());
        for (var step = 0; step < 3; step++)
        {
            var h = data(60);
            var (a, b) = (bottleneck.Pass(h, Train((ulong)step)), resumed.Pass(h, Train((ulong)step)));
            Assert.Equal(a.Output.ToArray(), b.Output.ToArray());
        }
        foreach (var (name, value) in bottleneck.StateDict()) Assert.Equal(value.ToArray(), resumed.StateDict()[name].ToArray());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Training_HasTheSameBits_ForEveryThreadCount(string kind)
    {
        float[][] Run(int threads)
        {
            Threads.Count = threads;
            return [.. Trained(kind).Bottleneck.StateDict().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value.ToArray())];
        }
        var before = Threads.Count;
        try
        {
            Assert.Equal(Run(1), Run(3));
        }
        finally
        {
            Threads.Count = before;
        }
    }

    [Fact]
    public void EightStagesOfAThousandAndTwentyFourCodes_AreEightyBits_AndSixThousandASecond()
    {
        var rvq = new ResidualQuantizer([75, 2], new RvqOptions { Codes = [1024], Stages = 8, Width = 2, Places = true }, new RandomStream(1));
        Assert.Equal(75 * 80, rvq.Capacity!.Value.Value, 1e-6); // 75 frames of a second, EnCodec's 6 kbit/s
    }

    [Fact]
    public void Perplexity_IsAtMostTheCodesAndTheBatch()
    {
        var random = new RandomStream(3);
        foreach (var (rows, codes) in (ReadOnlySpan<(int, int)>)[(5, 40), (40, 5), (300, 300)])
        {
            var vq = new VectorQuantizer(3, new VqOptions { Codes = codes, Width = 3 }, random);
            var usage = CodeUsage.Of(Indices(vq.Pass(Tensor.Randn(random, rows, 3), Train())), [codes]);
            Assert.InRange(usage.Positions[0].Perplexity, 1, Math.Min(rows, codes) + 1e-9);
            Assert.InRange(usage.Joint.Value, 0, usage.Ceiling.Value + 1e-9);
        }
    }

    // x = (1,2),(3,4), e = (0,0),(3,3): with means over vectors of sums over dimensions the gradient is 2 beta (x - e)/2.
    [Theory]
    [InlineData(CodebookLearning.Ema)]
    [InlineData(CodebookLearning.Gradient)]
    public void TheLosses_HaveTheirClosedForm(CodebookLearning learning)
    {
        var vq = new VectorQuantizer(2, new VqOptions { Codes = 2, Width = 2, DeadThreshold = 0, Project = CodeProjection.None, Codebook = learning }, new RandomStream(3));
        var state = vq.StateDict();
        float[] book = [0, 0, 3, 3];
        book.CopyTo(state["codebook.table"].Data);
        state["codebook.state"].Data[0] = 1;
        var x = Tensor.From([1f, 2, 3, 4], 2, 2);
        x.RequiresGrad = true;
        var passage = vq.Pass(x, Train());
        var commitment = passage.Terms.Single(t => t.Name == "commitment");
        Assert.Equal(3f, commitment.Value.Item(), 1e-6f);
        Assert.Equal(0.25f, commitment.Weight);
        var loss = commitment.Value * commitment.Weight;
        if (learning == CodebookLearning.Gradient) loss += passage.Terms.Single(t => t.Name == "codebook").Value;
        loss.Backward();
        Assert.Equal([0.25f, 0.5f, 0f, 0.25f], x.Grad!.ToArray());
        if (learning == CodebookLearning.Gradient) Assert.Equal([-1f, -2, 0, -1], vq.Parameters()[0].Grad!.ToArray()); // 2 (e - x)/2
        else Assert.DoesNotContain(passage.Terms, t => t.Name == "codebook");
    }

    [Fact]
    public void AGradientCodebook_LearnsByTheOptimizer()
    {
        var random = new RandomStream(4);
        var vq = new VectorQuantizer(2, new VqOptions { Codes = 4, Width = 2, Project = CodeProjection.None, Codebook = CodebookLearning.Gradient, Kmeans = 0 }, random);
        var adam = new Adam(vq.NamedParameters(), 0.05f);
        float first = 0, last = 0;
        var x = Tensor.Randn(random, 256, 2);
        for (var step = 0; step < 60; step++)
        {
            adam.ZeroGrad();
            var loss = vq.Pass(x, Train((ulong)step)).Terms.Single(t => t.Name == "codebook").Value;
            loss.Backward();
            adam.Step();
            last = loss.Item();
            if (step == 0) first = last;
        }
        Assert.True(last < 0.9f * first, FormattableString.Invariant($"{first} to {last}"));
    }

    [Fact]
    public void Residuals_ShrinkStageByStage_AndTheFirstStagesDecodeAlone()
    {
        var random = new RandomStream(5);
        var rvq = new ResidualQuantizer([4], new RvqOptions { Codes = [32], Stages = 4, Width = 4, Project = CodeProjection.None }, random);
        var x = Tensor.Randn(random, 500, 4);
        for (var i = 0; i < 20; i++) rvq.Pass(x, Train((ulong)i));
        var message = rvq.Pass(x, Mean()).Message();
        var errors = Enumerable.Range(0, 5).Select(k => (x - rvq.Restore(message, k)).Square().Sum(1).Mean().Item()).ToArray();
        for (var k = 1; k < 5; k++) Assert.True(errors[k] < 0.6f * errors[k - 1], string.Join(", ", errors));
        Assert.Equal(x.Square().Sum(1).Mean().Item(), errors[0]);
        Assert.Equal(20, rvq.Capacity!.Value.Value, 1e-9);
    }

    [Fact]
    public void LaterStages_HaveACommitmentGradient()
    {
        // Subtracting the straight-through value would leave stage 1 alone with a gradient: with sg[q] the gradient is 2/n Σ_k (x - q_1 - … - q_k).
        var rvq = new ResidualQuantizer([1], new RvqOptions { Codes = [1], Stages = 2, Width = 1, Project = CodeProjection.None, DeadThreshold = 0, Commitment = 1 }, new RandomStream(1));
        var state = rvq.StateDict();
        (state["codebook0.table"].Data[0], state["codebook1.table"].Data[0]) = (1, 0.5f);
        state["codebook0.state"].Data[0] = state["codebook1.state"].Data[0] = 1;
        var x = Tensor.From([2f], 1, 1);
        x.RequiresGrad = true;
        var term = rvq.Pass(x, Train()).Terms.Single();
        Assert.Equal(1 + 0.25f, term.Value.Item());
        term.Value.Backward();
        Assert.Equal([2 * (1 + 0.5f)], x.Grad!.ToArray());
    }

    [Theory]
    [InlineData(StageDropout.Batch)]
    [InlineData(StageDropout.Example)]
    public void DroppedStages_AreAbsent_AndDecodeToZero(StageDropout dropout)
    {
        var random = new RandomStream(6);
        var rvq = new ResidualQuantizer([4], new RvqOptions { Codes = [8], Stages = 6, Width = 4, Dropout = dropout, LeastStages = 1, StagesMultiple = 2 }, random);
        var seen = new HashSet<int>();
        for (var step = 0; step < 20; step++)
        {
            var passage = rvq.Pass(Tensor.Randn(random, 30, 4), Train((ulong)step));
            var indices = Indices(passage);
            var kept = Enumerable.Range(0, 30).Select(i => indices.Data.Slice(i * 6, 6).ToArray().TakeWhile(v => v >= 0).Count()).ToArray();
            Assert.All(kept, k => Assert.Equal(0, k % 2));
            for (var i = 0; i < 30; i++) Assert.All(indices.Data.Slice(i * 6, 6)[kept[i]..].ToArray(), v => Assert.Equal(-1, v));
            if (dropout == StageDropout.Batch) Assert.Single(kept.Distinct());
            seen.UnionWith(kept);
            Assert.Equal(rvq.Restore(passage.Message()).ToArray(), passage.Output.ToArray());
        }
        Assert.Equal([2, 4, 6], seen.Order());
        Assert.All(Indices(rvq.Pass(Tensor.Randn(random, 30, 4), Mean())).ToArray(), v => Assert.InRange(v, 0, 7));
    }

    [Fact]
    public void ABeam_IsNoWorseThanGreedy_AndAWideOneFindsTheBestSum()
    {
        var random = new RandomStream(7);
        var x = Tensor.Randn(random, 60, 3);
        Tensor[] tables = [.. Enumerable.Range(0, 3).Select(_ => Tensor.Randn(random, 6, 3))];
        double Error(int width)
        {
            var found = BeamEncoding.Encode(x, tables, width);
            var sum = Enumerable.Range(0, 3).Select(k => tables[k].IndexSelect(0, LongTensor.From([.. Enumerable.Range(0, 60).Select(i => found.Data[(i * 3) + k])]))).Aggregate((a, b) => a + b);
            return (x - sum).Square().Sum(1).ToArray().Sum();
        }
        double best = 0;
        for (var i = 0; i < 60; i++)
        {
            var least = double.PositiveInfinity;
            for (var c = 0; c < 216; c++)
            {
                double error = 0;
                for (var d = 0; d < 3; d++)
                {
                    var difference = x.Data[(i * 3) + d] - tables[0].Data[(c % 6 * 3) + d] - tables[1].Data[(c / 6 % 6 * 3) + d] - tables[2].Data[(c / 36 * 3) + d];
                    error += difference * difference;
                }
                least = Math.Min(least, error);
            }
            best += least;
        }
        Assert.True(Error(4) < Error(1));
        Assert.Equal(best, Error(36), 1e-3); // 36 keeps every pair: the search is exact
    }

    [Fact]
    public void AbsentPlaces_CostNothing_TeachNothing_AndAreZeros()
    {
        var random = new RandomStream(8);
        VectorQuantizer Make() => new([4, 3], new VqOptions { Codes = 8, Width = 2, Places = true, Project = CodeProjection.Both }, new RandomStream(2));
        var (vq, twin) = (Make(), Make());
        var h = Tensor.Randn(random, 50, 4, 3);
        var mask = Tensor.Ones(50, 4);
        for (var i = 0; i < 50; i++) for (var t = 1 + (i % 4); t < 4; t++) mask.Data[(i * 4) + t] = 0;
        var other = h.Clone(); // whatever stands at absent places
        for (var i = 0; i < 200; i++) if (mask.Data[i] == 0) other.Data.Slice(i * 3, 3).Fill(1000 + i);
        for (var step = 0; step < 3; step++)
        {
            var (a, b) = (vq.Pass(h, Train((ulong)step) with { Mask = mask }), twin.Pass(other, Train((ulong)step) with { Mask = mask }));
            Assert.Equal(a.Output.ToArray(), b.Output.ToArray());
            Assert.Equal(a.Terms[0].Value.Item(), b.Terms[0].Value.Item());
            for (var i = 0; i < 200; i++) if (mask.Data[i] == 0) Assert.Equal([0f, 0, 0], a.Output.Data.Slice(i * 3, 3).ToArray());
        }
        vq.Freeze([h]);
        var context = RoundTrip.Ship() with { Mask = mask };
        RoundTrip.Check(vq, h, context, 4);
        Assert.True(vq.Pass(h, context).Rate!.Nats.Data[0] < vq.Pass(h, context with { Mask = null }).Rate!.Nats.Data[0]);
        mask.Data[0] = 0;
        mask.Data[1] = 1;
        Assert.Throws<ArgumentException>(() => vq.Pass(h, context with { Mask = mask }));
    }

    [Fact]
    public void Maps_AreQuantisedPlaceByPlace_WhicheverWayTheyLie()
    {
        var random = new RandomStream(9);
        var first = new VectorQuantizer([3, 5], new VqOptions { Codes = 8, Width = 3, Places = true, Project = CodeProjection.None, ChannelsFirst = true }, new RandomStream(2));
        var last = new VectorQuantizer([5, 3], new VqOptions { Codes = 8, Width = 3, Places = true, Project = CodeProjection.None }, new RandomStream(2));
        var h = Tensor.Randn(random, 20, 5, 3);
        var (a, b) = (first.Pass(h.Transpose(1, 2), Train()), last.Pass(h, Train()));
        Assert.Equal(Indices(b).ToArray(), Indices(a).ToArray());
        Assert.Equal(b.Output.ToArray(), a.Output.Transpose(1, 2).ToArray());
    }

    [Fact]
    public void TheTemperature_FallsGeometrically_AndSoftMixturesBecomeHard()
    {
        var random = new RandomStream(10);
        var vq = new VectorQuantizer(2, new VqOptions { Codes = 4, Width = 2, Project = CodeProjection.None, Estimator = CodeEstimator.GumbelSoft, Temperature = 1, TemperatureEnd = 1e-3f, TemperatureSteps = 10 }, random);
        var x = Tensor.Randn(random, 200, 2);
        vq.Pass(x, Train());
        float Distance(long step)
        {
            var passage = vq.Pass(x, Train() with { Step = step });
            return (passage.Output - vq.Restore(passage.Message())).Square().Sum(1).Mean().Item();
        }
        var (early, late) = (Distance(0), Distance(1000));
        Assert.True(late < 0.05f * early, FormattableString.Invariant($"{early} to {late}"));
    }

    [Fact]
    public void ImpossibleSettings_AreRefusedByName()
    {
        void Refused(string name, Action make) => Assert.Contains($"bottleneck.{name}", Assert.Throws<InputException>(make).Message, StringComparison.Ordinal);
        var r = new RandomStream(1);
        Refused("codes", () => new VectorQuantizer(4, new VqOptions { Codes = 0 }, r));
        Refused("width", () => new VectorQuantizer(4, new VqOptions { Width = 0 }, r));
        Refused("project", () => new VectorQuantizer(4, new VqOptions { Width = 3, Project = CodeProjection.None }, r));
        Refused("places", () => new VectorQuantizer(4, new VqOptions { Places = true }, r));
        Refused("orthogonal", () => new VectorQuantizer(4, new VqOptions { Orthogonal = 1 }, r));
        Refused("estimator", () => new ResidualQuantizer([4], new RvqOptions { Estimator = CodeEstimator.Gumbel }, r));
        Refused("shared", () => new ResidualQuantizer([4], new RvqOptions { Codes = [4, 8], Shared = true }, r));
        Refused("least_stages", () => new ResidualQuantizer([4], new RvqOptions { LeastStages = 9 }, r));
        Refused("sampling", () => new ResidualQuantizer([4], new RvqOptions { Beam = 2, Sampling = 1 }, r));
        var vq = new VectorQuantizer(4, new VqOptions(), r);
        Assert.Throws<InvalidOperationException>(() => vq.Pass(Tensor.Zeros(2, 4), RoundTrip.Ship()));
        Assert.Throws<ArgumentException>(() => vq.Restore(new Message([new Symbols("index", LongTensor.From([256L], 1, 1), 256)])));
    }
}
