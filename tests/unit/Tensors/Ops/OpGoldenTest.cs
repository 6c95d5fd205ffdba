using System.Globalization;
using System.Text.Json;
using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

/// <summary>Every operation against PyTorch in double precision (values and gradients), and against central differences.</summary>
public class OpGoldenTest
{
    private static readonly Dictionary<string, JsonElement> s_cases = Load();

    public static TheoryData<string> Names => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Values_And_Gradients_AreThoseOfPyTorch(string name)
    {
        var golden = s_cases[name];
        var (x, ints) = Inputs(golden);
        var y = GoldenOps.All[name](x, ints);
        AssertClose(golden.GetProperty("output"), y, name);
        if (!y.NeedsGradient) return;
        y.Backward(Weights(y));
        foreach (var (input, expected) in x.Zip(golden.GetProperty("grads").EnumerateArray()))
        {
            if (expected.ValueKind == JsonValueKind.Null) Assert.True(input.Grad is null || input.Grad.ToArray().All(v => v == 0), name);
            else AssertClose(expected, input.Grad ?? throw new Xunit.Sdk.XunitException($"{name}: an input has no gradient"), name);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_AreThoseOfCentralDifferences(string name)
    {
        // Ties, ends and infinities have no two-sided derivative; estimators have another gradient on purpose.
        if (name.Contains("round_straight") || name.Contains("estimator") || name.Contains("ties") || name.Contains("zero") || name.Contains("ends") || name.Contains("infinite")) return;
        var (x, ints) = Inputs(s_cases[name]);
        var y = GoldenOps.All[name](x, ints);
        if (!y.NeedsGradient) return;
        var weights = Weights(y);
        y.Backward(weights);
        foreach (var input in x)
        {
            if (input.Grad is null) continue;
            var step = Math.Max(1, (int)(input.Numel / 12)); // a dozen places of each input
            for (var i = 0; i < input.Numel; i += step)
            {
                const float h = 1e-2f;
                var at = input.Data[i];
                var numeric = ((8 * (Loss(at + h) - Loss(at - h))) - (Loss(at + (2 * h)) - Loss(at - (2 * h)))) / (12 * h);
                input.Data[i] = at;
                var tolerance = 6e-3 * (1 + Math.Abs(input.Grad.Data[i]));
                if (name is "cdist/ones" or "norm/ones" or "amax" or "amax/keepdim" or "amin" or "relu" or "leaky_relu" or "elu" or "clamp" or "abs" or "maximum" or "minimum" || name.StartsWith("max", StringComparison.Ordinal) || name.StartsWith("min", StringComparison.Ordinal))
                    if (Math.Abs(Loss(at + (2 * h)) + Loss(at - (2 * h)) - (2 * Loss(at))) > 1e-4) { input.Data[i] = at; continue; } // a kink lies within the step
                input.Data[i] = at;
                Assert.True(Math.Abs(numeric - input.Grad.Data[i]) < tolerance, $"{name}: element {i} has the gradient {input.Grad.Data[i]}, central differences say {numeric}");

                double Loss(float value)
                {
                    input.Data[i] = value;
                    using var noGrad = new NoGrad();
                    var z = GoldenOps.All[name](x, ints);
                    double sum = 0;
                    for (var k = 0; k < z.Numel; k++) sum += z.Data[k] * (double)weights.Data[k];
                    return sum;
                }
            }
        }
    }

    [Fact]
    public void EveryRuleOfTheTable_HasACase()
    {
        var covered = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, golden) in s_cases)
        {
            var (x, ints) = Inputs(golden);
            Collect(GoldenOps.All[name](x, ints).Node, covered);
        }
        var missing = Rule.Table.Keys.Where(r => !covered.Contains(r)).ToArray();
        Assert.True(missing.Length == 0, $"operations without a case in Goldens/ops.py: {string.Join(", ", missing)}");
    }

    [Fact]
    public void EveryCaseHasAnExpression() => Assert.Empty(s_cases.Keys.Except(GoldenOps.All.Keys).Concat(GoldenOps.All.Keys.Except(s_cases.Keys)));

    private static void Collect(Node? node, HashSet<string> covered)
    {
        if (node is null) return;
        covered.Add(node.Rule.Name);
        for (var i = 0; i < node.Count; i++) Collect(node[i].Node, covered);
    }

    private static Tensor Weights(Tensor y)
    {
        var w = Tensor.Zeros(y.Shape);
        for (var i = 0; i < w.Numel; i++) w.Data[i] = MathF.Cos(i);
        return w;
    }

    private static (Tensor[], LongTensor[]) Inputs(JsonElement golden)
    {
        var x = golden.GetProperty("inputs").EnumerateArray().Select(t => Tensor.From(Numbers(t), Shape(t)).Reshape(Shape(t))).ToArray();
        foreach (var input in x) input.RequiresGrad = true;
        var ints = golden.GetProperty("ints").EnumerateArray()
            .Select(t => LongTensor.From(t.GetProperty("data").EnumerateArray().Select(v => v.GetInt64()).ToArray(), Shape(t))).ToArray();
        return (x, ints);
    }

    private static void AssertClose(JsonElement expected, Tensor actual, string name)
    {
        Assert.Equal(Shape(expected), actual.Shape.ToArray());
        foreach (var (want, got, i) in Numbers(expected).Zip(actual.ToArray(), Enumerable.Range(0, int.MaxValue)))
        {
            if (!float.IsFinite(want)) Assert.Equal(want, got);
            else Assert.True(Math.Abs(want - got) <= 4e-6 * Math.Max(1, Math.Abs(want)) * 4, $"{name}: element {i} is {got}, PyTorch has {want}");
        }
    }

    private static int[] Shape(JsonElement tensor) => [.. tensor.GetProperty("shape").EnumerateArray().Select(v => v.GetInt32())];

    private static float[] Numbers(JsonElement tensor) => [.. tensor.GetProperty("data").EnumerateArray().Select(v =>
        v.ValueKind == JsonValueKind.Number ? (float)v.GetDouble() : float.Parse(v.GetString()!.Replace("inf", "Infinity"), CultureInfo.InvariantCulture))];

    private static Dictionary<string, JsonElement> Load()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Tensors", "Goldens", "ops.json");
        using var file = File.OpenRead(path);
        using var document = JsonDocument.Parse(file);
        return document.RootElement.GetProperty("cases").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => c.Clone(), StringComparer.Ordinal);
    }
}
