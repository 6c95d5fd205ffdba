using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

/// <summary>What every quantiser keeps: losses that do not know the batch's size, and state that goes on to the bit.</summary>
public class QuantizerStateTest
{
    private static readonly Dictionary<string, Func<RandomStream, Bottleneck>> s_makers = new()
    {
        ["fsq"] = r => new FiniteScalarQuantizer(6, new FsqOptions { Levels = [8, 5, 3], Noise = 0.3f }, r),
        ["rfsq"] = r => new ResidualFsq(6, new ResidualFsqOptions { Levels = [4, 3] }, r),
        ["lfq"] = r => new LookupFreeQuantizer(6, new LfqOptions { Bits = 5, Groups = 2 }, r),
        ["bsq"] = r => new BinarySphericalQuantizer(6, new BsqOptions { Bits = 5, Groups = 2, Stochastic = true, Commitment = 0.1f }, r),
        ["bsq-joint"] = r => new BinarySphericalQuantizer(6, new BsqOptions { Bits = 7, Factorized = false }, r),
        ["simvq"] = r => new SimVq(6, new SimVqOptions { Codes = 20, Width = 3, Heads = 2 }, r),
        ["vqgan-lc"] = r => new VqganLc(6, new VqganLcOptions { Codes = 20, Width = 3 }, r),
        ["ibq"] = r => new IndexBackpropagation(6, new IbqOptions { Codes = 20, Width = 3, Heads = 2 }, r),
        ["latent"] = r => new LatentQuantizer(6, new LatentQuantizerOptions(), r),
        ["fsp"] = r => new FiniteScalarPerturbation(6, new FspOptions { Levels = [4, 3] }, r),
        ["vp-vae"] = r => new VectorPerturbation(6, new VpVaeOptions { Codes = 8, Width = 3, Queue = 100 }, r),
        ["dkvb"] = r => new DiscreteKeyValue(6, new DkvbOptions { Keys = 10, KeyWidth = 3 }, r),
        ["codebook"] = r => new CodebookFeatures(6, new CodebookFeaturesOptions { Codes = 20, Active = 3 }, r),
    };

    public static TheoryData<string> Names => [.. s_makers.Keys];

    private static PassContext Train(ulong seed) => new(PassMode.Sample, new RandomStream(seed)) { Training = true };

    private static Bottleneck Make(string name) => s_makers[name](new RandomStream(2));

    private static Bottleneck Prepared(string name)
    {
        var bottleneck = Make(name);
        bottleneck.Prepare([Tensor.Randn(new RandomStream(5), 100, 6)]);
        return bottleneck;
    }

    private static float[] Step(Bottleneck bottleneck, Tensor h, ulong seed)
    {
        var passage = bottleneck.Pass(h, Train(seed));
        var loss = (passage.Output - 0.3f).Square().Sum(1).Mean();
        foreach (var term in passage.Terms) loss += term.Value * term.Weight;
        bottleneck.ZeroGrad();
        loss.Backward();
        new Sgd(bottleneck.NamedParameters(), 0.05f).Step();
        return [loss.Item(), .. passage.Output.ToArray()];
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TrainingGoesOn_FromStoredState_BitForBit(string name)
    {
        var random = new RandomStream(8);
        var one = Prepared(name);
        for (var i = 0; i < 3; i++) Step(one, Tensor.Randn(random, 40, 6), 10 + (ulong)i);
        var two = Make(name); // not prepared: all is in the state
        two.LoadStateDict(one.StateDict());
        for (var i = 0; i < 3; i++)
        {
            var h = Tensor.Randn(random, 40, 6);
            Assert.Equal(Step(one, h, 20 + (ulong)i), Step(two, h, 20 + (ulong)i));
        }
        foreach (var (key, value) in one.StateDict()) Assert.Equal(value.ToArray(), two.StateDict()[key].ToArray());
        var test = Tensor.Randn(random, 40, 6);
        one.Freeze([test]);
        two.Freeze([test]);
        Assert.Equal(one.FrozenTables, two.FrozenTables);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ARepeatedBatch_HasTheSameLosses(string name)
    {
        var h = Tensor.Randn(new RandomStream(9), 60, 6);
        if (name == "bsq") return; // its bits are drawn: the repeated rows get others
        var (one, two) = (Prepared(name), Prepared(name));
        var first = Prepared(name);
        first.Pass(h, Train(1));
        one.LoadStateDict(first.StateDict());
        two.LoadStateDict(first.StateDict());
        var (once, twice) = (one.Pass(h, Train(2)).Terms, two.Pass(Tensor.Cat([h, h]), Train(2)).Terms);
        Assert.Equal(once.Select(t => (t.Name, t.Weight)), twice.Select(t => (t.Name, t.Weight)));
        foreach (var (a, b) in once.Zip(twice)) Assert.Equal(a.Value.Item(), b.Value.Item(), 1e-4f * (1 + Math.Abs(a.Value.Item())));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Evaluation_ChangesNoState_AndEqualStreamsGiveEqualPasses(string name)
    {
        var h = Tensor.Randn(new RandomStream(9), 60, 6);
        var one = Prepared(name);
        one.Pass(h, Train(1));
        var before = one.StateDict().ToDictionary(p => p.Key, p => p.Value.ToArray());
        var mean = new PassContext(PassMode.Mean, new RandomStream(3));
        Assert.Equal(one.Pass(h, mean).Output.ToArray(), one.Pass(h, mean).Output.ToArray());
        one.Freeze([h]);
        RoundTrip.Check(one, h);
        foreach (var (key, value) in one.StateDict()) Assert.Equal(before[key], value.ToArray());
    }
}
