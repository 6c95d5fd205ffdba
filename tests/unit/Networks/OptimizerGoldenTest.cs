using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

public class OptimizerGoldenTest
{
    private static readonly Dictionary<string, Func<(string, Tensor)[], Optimizer>> s_optimizers = new(StringComparer.Ordinal)
    {
        ["sgd/plain"] = p => new Sgd(p, 0.05f, momentum: 0),
        ["sgd/momentum"] = p => new Sgd(p, 0.05f, momentum: 0.9f, weightDecay: 0.1f),
        ["sgd/nesterov"] = p => new Sgd(p, 0.05f, momentum: 0.8f, weightDecay: 0.1f, nesterov: true),
        ["adam"] = p => new Adam(p, 0.02f, weightDecay: 0.1),
        ["adamw"] = p => new Adam(p, 0.02f, weightDecay: 0.1, decoupled: true),
        ["rmsprop"] = p => new RmsProp(p, 0.02f),
        ["rmsprop/centered"] = p => new RmsProp(p, 0.02f, alpha: 0.9f, eps: 1e-3f, momentum: 0.9f, centered: true, weightDecay: 0.1f),
        ["adagrad"] = p => new Adagrad(p, 0.1f),
        ["adagrad/decay"] = p => new Adagrad(p, 0.1f, rateDecay: 0.1f, weightDecay: 0.1f, initialSum: 0.2f),
        ["lamb"] = p => new Lamb(p, 0.02f),
        ["sgd/groups"] = p => new Sgd(p, 0.05f, momentum: 0.9f, weightDecay: 0.1f) { Groups = [new([p[0]], 0.2), new([p[1]], RateFactor: 0.25f)] },
        ["adamw/groups"] = p => new Adam(p, 0.02f, decoupled: true) { Groups = Groups(p) },
        ["rmsprop/groups"] = p => new RmsProp(p, 0.02f) { Groups = Groups(p) },
        ["adagrad/groups"] = p => new Adagrad(p, 0.02f) { Groups = Groups(p) },
        ["clip_norm"] = p => new Sgd(p, 0.05f, momentum: 0),
        ["clip_value"] = p => new Sgd(p, 0.05f, momentum: 0),
    };

    public static TheoryData<string> Names => [.. s_optimizers.Keys];

    [Fact]
    public void EveryGolden_IsChecked() =>
        Assert.Equal(NetworkGoldens.Root.GetProperty("optimizers").EnumerateObject().Select(o => o.Name).Order(), s_optimizers.Keys.Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void TwentySteps_AreThoseOfPyTorch(string name)
    {
        var golden = NetworkGoldens.Root.GetProperty("optimizers").GetProperty(name);
        var parameters = Start();
        var optimizer = s_optimizers[name](parameters);
        var average = new WeightAverage(parameters, 0.9f);
        var seen = 0;
        for (var t = 0; t < 20; t++)
        {
            Step(name, optimizer, parameters, t);
            average.Update();
            if (golden.GetProperty("steps")[seen].GetInt32() != t + 1) continue;
            for (var i = 0; i < 2; i++) NetworkGoldens.AssertClose(golden.GetProperty("values")[seen][i], parameters[i].Value, $"{name} after {t + 1} steps");
            seen++;
        }
        Assert.Equal(3, seen);
        average.Swap();
        for (var i = 0; i < 2; i++) NetworkGoldens.AssertClose(golden.GetProperty("average")[i], parameters[i].Value, $"{name}, averaged");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AContinuedOptimizer_MakesTheSameBits(string name)
    {
        var straight = Start();
        var one = s_optimizers[name](straight);
        for (var t = 0; t < 7; t++) Step(name, one, straight, t);
        var again = straight.Select(p => (p.Name, p.Value.Clone().Detach())).ToArray();
        foreach (var (_, value) in again) value.RequiresGrad = true;
        var two = s_optimizers[name](again);
        two.LoadStateDict(one.StateDict());
        two.Steps = one.Steps;
        for (var t = 7; t < 12; t++)
        {
            Step(name, one, straight, t);
            Step(name, two, again, t);
        }
        for (var i = 0; i < 2; i++) Assert.Equal(straight[i].Value.ToArray(), again[i].Item2.ToArray());
    }

    [Fact]
    public void Schedules_AreThoseOfPyTorch()
    {
        var schedules = new Dictionary<string, Schedule>
        {
            ["step"] = new StepSchedule(5, 0.5),
            ["exponential"] = new ExponentialSchedule(0.9),
            ["cosine"] = new CosineSchedule(23, 0.1),
            ["warmup"] = new WarmUpSchedule(4, new ExponentialSchedule(0.9)),
            ["one_cycle"] = new OneCycleSchedule(25),
        };
        foreach (var (name, schedule) in schedules)
        {
            var expected = NetworkGoldens.Root.GetProperty("schedules").GetProperty(name).EnumerateArray().Select(v => v.GetDouble()).ToArray();
            for (var t = 0; t < expected.Length; t++) Assert.True(Math.Abs(expected[t] - schedule.Factor(t)) < 1e-9, $"{name} at {t}: {schedule.Factor(t)}, PyTorch has {expected[t]}");
        }
        Assert.Equal(1, new ConstantSchedule().Factor(100));
        Assert.Equal(0.1, new CosineSchedule(23, 0.1).Factor(1000), 12);
    }

    [Fact]
    public void ThePlateau_IsThatOfPyTorch()
    {
        var plateau = new PlateauSchedule(0.5, patience: 2);
        var factors = NetworkGoldens.Root.GetProperty("figures").EnumerateArray().Select(v => plateau.Observe(v.GetDouble())).ToArray();
        Assert.Equal(NetworkGoldens.Root.GetProperty("schedules").GetProperty("plateau").EnumerateArray().Select(v => v.GetDouble()), factors);
    }

    [Fact]
    public void BiasesAndNorms_DoNotDecay()
    {
        var net = new TransformerEncoderLayer(6, 2, new RandomStream(1), 8);
        var groups = ParameterGroups.WithoutDecayForBiasesAndNorms(net, 0.3);
        Assert.Equal(["self_attn.in_proj_weight", "self_attn.out_proj.weight", "linear1.weight", "linear2.weight"], groups[0].Parameters.Select(p => p.Name));
        Assert.Equal((0.3, 0.0), (groups[0].WeightDecay, groups[1].WeightDecay));
        Assert.Equal(net.Parameters().Count, groups[0].Parameters.Count + groups[1].Parameters.Count);
        foreach (var decoupled in new[] { false, true })
        {
            var before = net.NamedParameters().ToDictionary(p => p.Name, p => p.Value.ToArray());
            foreach (var p in net.Parameters())
            {
                p.ZeroGrad();
                (p * 0f).Sum().Backward(); // a gradient of zeros: what moves, moves by its decay
            }
            new Adam(net.NamedParameters(), 0.1f, decoupled: decoupled) { Groups = groups }.Step();
            foreach (var (name, value) in groups[0].Parameters) Assert.NotEqual(before[name], value.ToArray());
            foreach (var (name, value) in groups[1].Parameters) Assert.Equal(before[name], value.ToArray());
        }
    }

    [Fact]
    public void GroupsThatOverlap_OrAreStrange_AreRefused()
    {
        var p = Start();
        Assert.Contains("two groups", Assert.Throws<ArgumentException>(() => new Sgd(p, 0.1f) { Groups = [new(p), new([p[1]])] }).Message);
        Assert.Contains("none of the optimiser's", Assert.Throws<ArgumentException>(() => new Sgd([p[0]], 0.1f) { Groups = [new(p)] }).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ParameterGroup(p, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ParameterGroup(p, RateFactor: float.NaN));
    }

    private static IReadOnlyList<ParameterGroup> Groups((string, Tensor)[] p) => [new([p[0]], 0.2), new([p[1]], 0, 0.25f)];

    private static (string Name, Tensor Value)[] Start()
    {
        var (a, b) = (Tensor.Zeros(3, 4), Tensor.Zeros(5));
        for (var k = 0; k < 12; k++) a.Data[k] = (float)(-1 + (2.0 * k / 11));
        for (var k = 0; k < 5; k++) b.Data[k] = (float)(0.5 - (2.5 * k / 4));
        a.RequiresGrad = b.RequiresGrad = true;
        return [("a", a), ("b", b)];
    }

    private static void Step(string name, Optimizer optimizer, (string Name, Tensor Value)[] parameters, int t)
    {
        optimizer.ZeroGrad();
        using (new TensorScope("step"))
            foreach (var (_, p) in parameters)
            {
                var shift = Tensor.Zeros(p.Shape);
                for (var k = 0; k < shift.Numel; k++) shift.Data[k] = (float)Math.Cos((0.7 * k) + t);
                ((p.Square() * 0.25f) + (p * shift)).Sum().Backward();
            }
        if (name == "clip_norm") GradientClipping.ClipNorm(parameters.Select(p => p.Value), 1.5);
        if (name == "clip_value") GradientClipping.ClipValue(parameters.Select(p => p.Value), 0.4f);
        optimizer.Step();
    }
}
