using System.Globalization;
using System.Text.Json;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tests.Tensors.Kernels;

/// <summary>Kernels against PyTorch: Goldens/kernels.py computed the values.</summary>
public unsafe class KernelGoldenTest
{
    private static readonly Lazy<Dictionary<string, JsonElement>> s_cases = new(() =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Tensors", "Goldens", "kernels.json")))
            .RootElement.GetProperty("cases").EnumerateObject().ToDictionary(p => p.Name, p => p.Value));

    public static TheoryData<string> Cases(string prefix) => [.. s_cases.Value.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal))];

    private static float[] Floats(JsonElement e) =>
        [.. e.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.String ? float.Parse(v.GetString()!.Replace("inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture) : (float)v.GetDouble())];

    private static void AssertClose(JsonElement c, string name, float[] got, double tolerance)
    {
        var want = Floats(c.GetProperty(name));
        Assert.Equal(want.Length, got.Length);
        for (var i = 0; i < want.Length; i++)
            Assert.True(Math.Abs(want[i] - got[i]) <= tolerance * (1 + Math.Abs(want[i])), FormattableString.Invariant($"{name}[{i}]: wanted {want[i]}, got {got[i]}"));
    }

    private static float[] Weights(int n) => [.. Enumerable.Range(0, n).Select(i => (float)Math.Cos(i))];

    [Theory]
    [MemberData(nameof(Cases), "batch_norm")]
    public void BatchNorm_AgreesWithPyTorch(string name)
    {
        var k = s_cases.Value[name];
        int n = k.GetProperty("n").GetInt32(), c = k.GetProperty("c").GetInt32(), l = k.GetProperty("l").GetInt32();
        var train = name.EndsWith("train", StringComparison.Ordinal);
        float[] x = Floats(k.GetProperty("x")), gamma = Floats(k.GetProperty("gamma")), beta = Floats(k.GetProperty("beta"));
        float[] runningMean = Floats(k.GetProperty("running_mean")), runningVariance = Floats(k.GetProperty("running_variance"));
        float[] y = new float[x.Length], dx = new float[x.Length], dy = Weights(x.Length), mean = new float[c], rstd = new float[c], dgamma = new float[c], dbeta = new float[c];
        fixed (float* px = x, pg = gamma, pb = beta, prm = runningMean, prv = runningVariance, py = y, pdx = dx, pdy = dy, pm = mean, pr = rstd, pdg = dgamma, pdb = dbeta)
        {
            if (train) BatchNorm.Forward(px, n, c, l, pg, pb, 1e-5f, 0.1f, prm, prv, py, pm, pr);
            else BatchNorm.Evaluate(px, n, c, l, pg, pb, 1e-5f, prm, prv, py, pr);
            BatchNorm.Backward(pdy, px, n, c, l, pg, train ? pm : prm, pr, train, pdx, pdg, pdb);
        }
        AssertClose(k, "y", y, 2e-6);
        AssertClose(k, "dx", dx, 4e-6);
        AssertClose(k, "dgamma", dgamma, 4e-6);
        AssertClose(k, "dbeta", dbeta, 4e-6);
        if (!train) return;
        AssertClose(k, "new_mean", runningMean, 1e-6);
        AssertClose(k, "new_variance", runningVariance, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Cases), "group_norm")]
    public void GroupNorm_AgreesWithPyTorch(string name)
    {
        var k = s_cases.Value[name];
        int n = k.GetProperty("n").GetInt32(), c = k.GetProperty("c").GetInt32(), l = k.GetProperty("l").GetInt32(), groups = k.GetProperty("groups").GetInt32();
        float[] x = Floats(k.GetProperty("x")), gamma = Floats(k.GetProperty("gamma")), beta = Floats(k.GetProperty("beta"));
        float[] y = new float[x.Length], dx = new float[x.Length], dy = Weights(x.Length), mean = new float[n * groups], rstd = new float[n * groups], dgamma = new float[c], dbeta = new float[c];
        fixed (float* px = x, pg = gamma, pb = beta, py = y, pdx = dx, pdy = dy, pm = mean, pr = rstd, pdg = dgamma, pdb = dbeta)
        {
            GroupNorm.Forward(px, n, c, l, groups, pg, pb, 1e-5f, py, pm, pr);
            GroupNorm.Backward(pdy, px, n, c, l, groups, pg, pm, pr, pdx, pdg, pdb);
        }
        AssertClose(k, "y", y, 2e-6);
        AssertClose(k, "dx", dx, 4e-6);
        AssertClose(k, "dgamma", dgamma, 4e-6);
        AssertClose(k, "dbeta", dbeta, 4e-6);
    }

    [Theory]
    [MemberData(nameof(Cases), "layer_norm")]
    [MemberData(nameof(Cases), "rms_norm")]
    public void RowNorms_AgreeWithPyTorch(string name)
    {
        var k = s_cases.Value[name];
        int rows = k.GetProperty("rows").GetInt32(), cols = k.GetProperty("cols").GetInt32();
        var layer = name.StartsWith("layer", StringComparison.Ordinal);
        float[] x = Floats(k.GetProperty("x")), gamma = Floats(k.GetProperty("gamma")), beta = Floats(k.GetProperty("beta"));
        float[] y = new float[x.Length], dx = new float[x.Length], dy = Weights(x.Length), mean = new float[rows], rstd = new float[rows], dgamma = new float[cols], dbeta = new float[cols];
        fixed (float* px = x, pg = gamma, pb = beta, py = y, pdx = dx, pdy = dy, pm = mean, pr = rstd, pdg = dgamma, pdb = dbeta)
        {
            if (layer)
            {
                LayerNorm.Forward(px, rows, cols, pg, pb, 1e-5f, py, pm, pr);
                LayerNorm.Backward(pdy, px, rows, cols, pg, pm, pr, pdx, pdg, pdb);
            }
            else
            {
                RmsNorm.Forward(px, rows, cols, pg, 1e-6f, py, pr);
                RmsNorm.Backward(pdy, px, rows, cols, pg, pr, pdx, pdg);
            }
        }
        AssertClose(k, "y", y, 2e-6);
        AssertClose(k, "dx", dx, 4e-6);
        AssertClose(k, "dgamma", dgamma, 4e-6);
        if (layer) AssertClose(k, "dbeta", dbeta, 4e-6);
    }

    [Theory]
    [MemberData(nameof(Cases), "adam")]
    [MemberData(nameof(Cases), "sgd")]
    public void Optimisers_AgreeWithPyTorch_ForFiveSteps(string name)
    {
        var k = s_cases.Value[name];
        var w = Floats(k.GetProperty("start"));
        float[] m = new float[w.Length], v = new float[w.Length];
        var step = 0;
        foreach (var (gradient, wanted) in k.GetProperty("gradients").EnumerateArray().Zip(k.GetProperty("weights").EnumerateArray()))
        {
            step++;
            fixed (float* pw = w, pg = Floats(gradient), pm = m, pv = v)
            {
                if (name.StartsWith("adam", StringComparison.Ordinal))
                    AdamKernel.Step(pw, pg, pm, pv, w.Length, new AdamStep(Get("lr", 0), Get("beta1", 0.9), Get("beta2", 0.999), Get("eps", 1e-8), Get("decay", 0), name == "adamw", step));
                else
                    SgdKernel.Step(pw, pg, Get("momentum", 0) == 0 ? null : pm, w.Length, new SgdStep(Get("lr", 0), Get("momentum", 0), Get("decay", 0), k.GetProperty("nesterov").GetBoolean()));
            }
            var want = Floats(wanted);
            for (var i = 0; i < want.Length; i++) Assert.Equal(want[i], w[i], 3e-7 * (1 + Math.Abs(want[i])));
        }
        Assert.Equal(5, step);
        double Get(string field, double otherwise) => k.TryGetProperty(field, out var e) ? e.GetDouble() : otherwise;
    }

    private static readonly Dictionary<string, Func<float[], float[]>> s_maps = new()
    {
        ["exp"] = x => Apply(new ExpOp(), x),
        ["expm1"] = x => Apply(new Expm1Op(), x),
        ["log"] = x => Apply(new LogOp(), x),
        ["log1p"] = x => Apply(new Log1pOp(), x),
        ["tanh"] = x => Apply(new TanhOp(), x),
        ["sigmoid"] = x => Apply(new SigmoidOp(), x),
        ["softplus"] = x => Apply(new SoftplusOp(), x),
        ["erf"] = x => Apply(new ErfOp(), x),
        ["sqrt"] = x => Apply(new SqrtOp(), x),
        ["rsqrt"] = x => Apply(new RsqrtOp(), x),
        ["abs"] = x => Apply(new AbsOp(), x),
        ["relu"] = x => Apply(new ReluOp(), x),
        ["floor"] = x => Apply(new FloorOp(), x),
        ["round"] = x => Apply(new RoundOp(), x),
        ["sign"] = x => Apply(new SignOp(), x),
        ["silu"] = x => Apply(new SiluOp(), x),
        ["gelu"] = x => Apply(new GeluErfOp(), x),
        ["gelu_tanh"] = x => Apply(new GeluTanhOp(), x),
        ["leaky_relu"] = x => Apply(new LeakyReluOp(0.1f), x),
        ["elu"] = x => Apply(new EluOp(1.5f), x),
    };

    [Fact]
    public void SpecialValues_AgreeWithPyTorch()
    {
        foreach (var (name, map) in s_maps) AssertSpecial(name, s_cases.Value["special/" + name], map(Floats(s_cases.Value["special/" + name].GetProperty("x"))));
    }

    [Fact]
    public void SpecialValuesOfTwoArguments_AgreeWithPyTorch()
    {
        JsonElement pow = s_cases.Value["special/pow"], add = s_cases.Value["special/logaddexp"];
        AssertSpecial("pow", pow, Apply(new PowOp(), Floats(pow.GetProperty("x")), Floats(pow.GetProperty("power"))));
        AssertSpecial("logaddexp", add, Apply(new LogAddExpOp(), Floats(add.GetProperty("x")), Floats(add.GetProperty("power"))));
    }

    /// <summary>The same infinities, NaN and signs of zero; other values to four units in the last place.</summary>
    private static void AssertSpecial(string name, JsonElement c, float[] got)
    {
        float[] x = Floats(c.GetProperty("x")), want = Floats(c.GetProperty("y"));
        for (var i = 0; i < x.Length; i++)
        {
            var at = FormattableString.Invariant($"{name}[{i}] at {x[i]}: wanted {want[i]}, got {got[i]}");
            if (float.IsFinite(want[i]) && want[i] != 0) Assert.True(Math.Abs(want[i] - got[i]) <= Math.Max(5e-7 * Math.Abs(want[i]), 3e-45), at);
            else Assert.True(want[i].Equals(got[i]) && float.IsNegative(want[i]) == float.IsNegative(got[i]) || (float.IsNaN(want[i]) && float.IsNaN(got[i])), at);
        }
    }

    private static float[] Apply<TOp>(TOp op, float[] x) where TOp : unmanaged, IMap
    {
        var y = new float[x.Length];
        fixed (float* px = x, py = y) Map.Run(op, px, py, x.Length);
        return y;
    }

    private static float[] Apply<TOp>(TOp op, float[] a, float[] b) where TOp : unmanaged, IZip
    {
        var y = new float[a.Length];
        fixed (float* pa = a, pb = b, py = y) Map.Run(op, pa, false, pb, false, py, a.Length);
        return y;
    }
}
