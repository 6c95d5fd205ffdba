using System.Text.Json;
using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information.Concepts;

public class ConceptMeasuresTest
{
    private static readonly JsonElement s_golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Information", "Concepts", "Goldens", "concepts.json"))).RootElement;

    [Fact]
    public void BinaryQuality_IsThatOfScikitLearn()
    {
        var score = ConceptQuality.Binary("c", Floats("truth"), Floats("probability"));
        Assert.Equal(Number("accuracy"), score.Accuracy!.Value, 12);
        Assert.Equal(Number("auc"), score.Auc!.Value, 12);
        Assert.Equal(Number("brier"), score.Brier!.Value, 6);
        Assert.Equal(Number("ece"), score.Ece!.Value, 6);
        Assert.Equal(60, score.Rows);
    }

    [Fact]
    public void QualityOfStates_IsThatOfScikitLearn()
    {
        var score = ConceptQuality.States("c", Floats("states"), Floats("shares"), 3);
        Assert.Equal(Number("accuracy_states"), score.Accuracy!.Value, 12);
        Assert.Equal(Number("auc_states"), score.Auc!.Value, 12);
        Assert.Equal(Number("brier_states"), score.Brier!.Value, 6);
    }

    [Fact]
    public void Quality_PassesOverUnknownAnnotations()
    {
        var score = ConceptQuality.Binary("c", [1, float.NaN, 0, 1], [0.9f, 0.1f, 0.2f, 0.4f]);
        Assert.Equal((3, 2 / 3.0, 2 / 3.0, 1), (score.Rows, score.Accuracy!.Value, score.Majority!.Value, score.Auc!.Value));
        Assert.Equal((0.01 + 0.04 + 0.36) / 3, score.Brier!.Value, 6);
        Assert.Null(ConceptQuality.Binary("c", [float.NaN], [0.5f]).Accuracy);
        Assert.Null(ConceptQuality.Binary("c", [1, 1], [0.5f, 0.6f]).Auc);
        var numbers = ConceptQuality.Continuous("c", [1, 2, 3, float.NaN], [1, 2, 4, 9]);
        Assert.Equal((1 / 3.0, 0.5), (numbers.Mse!.Value, numbers.R2!.Value));
        Assert.Throws<ArgumentException>(() => ConceptQuality.States("c", [3], [0.2f, 0.3f, 0.5f], 3));
    }

    [Fact]
    public void Subgroups_ShowWhoIsServedWorse()
    {
        var groups = ConceptQuality.Subgroups(["b", "a", "a", "b"], Tensor.From([1, 0, 1, float.NaN], 4, 1), Tensor.From([1, 0, 0, 1], 4, 1), [true, true, false, true]);
        Assert.Equal(["a", "b"], groups.Select(g => g.Group));
        Assert.Equal([0.5, 1], groups.Select(g => g.Accuracy!.Value));
        Assert.Equal([0.5, 1], groups.Select(g => g.ConceptAccuracy[0]!.Value));
    }

    [Fact]
    public void Homogeneity_IsThatOfScikitLearn() =>
        Assert.Equal(Number("homogeneity"), ConceptAlignment.Homogeneity(Ints("states"), 3, Ints("clusters"), 5), 12);

    [Fact]
    public void Welch_IsThatOfSciPy() => Assert.Equal(Number("welch"), ConceptSensitivity.WelchPValue(Doubles("a"), Doubles("b")), 10);

    // I(c;y) and I(ci;cj) of TabularToy in closed form; codes that are the concepts leak nothing.
    [Theory]
    [InlineData(0, 0.18872, 0)]
    [InlineData(0.25, 0.25893, 0.01875)]
    [InlineData(0.5, 0.34998, 0.08170)]
    public void TabularToy_HasTheClosedFormsOfItsConcepts(double delta, double aboutClass, double aboutConcept)
    {
        var rows = Toy(20_000, delta);
        var leaks = ConceptLeaks.Measure(rows, 20_000);
        Assert.All(leaks.Concepts, c => Assert.Equal(aboutClass, c.TrueTargetBits, 0.015));
        Assert.All(leaks.Concepts, c => Assert.Equal((0, 0), (c.Ctl, c.LeakBits)));
        Assert.Equal((0, 0), (leaks.MeanCtl, leaks.MeanIcl));
        var pairs = ConceptLeaks.Measure(new ConceptRows(rows.Truth, rows.Codes, rows.Blocks, [.. Enumerable.Range(0, rows.Count).Select(i => (int)rows.Truth.Data[3 * i + 1])], 2), 20_000);
        Assert.Equal(aboutConcept, pairs.Concepts[0].TrueTargetBits, 0.01);
    }

    [Fact]
    public void Leaks_OfACodeThatIsTheClass()
    {
        var toy = Toy(4000, 0.25);
        var codes = Tensor.From(toy.Truth.Data, 4000, 3);
        for (var i = 0; i < 4000; i++) codes.Data[3 * i] = toy.Labels[i];
        var leaks = ConceptLeaks.Measure(new ConceptRows(toy.Truth, codes, toy.Blocks, toy.Labels, 2));
        Assert.Equal(1 - 0.25893, leaks.Concepts[0].Ctl, 0.03);
        Assert.Equal(1 - 0.25893, leaks.Concepts[0].LeakBits, 0.03); // H(y|c)
        Assert.Equal(1 / 40.0, leaks.Concepts[0].LeakPValue);
        Assert.Equal((0, 0), (leaks.Concepts[1].Ctl, leaks.Concepts[1].LeakBits));
        Assert.Equal(0.25893 - 0.01875, leaks.Icl[0][1], 0.03); // I(y;c2) − I(c1;c2), of entropies 1
        Assert.Equal(0, leaks.Icl[1][2]);
    }

    // A sigmoid that is sure: half of its values are exactly 0 or 1, the others say nothing but that.
    [Fact]
    public void Leaks_OfSaturatedProbabilities_AreNotMadeUp()
    {
        var random = new RandomStream(11);
        const int n = 2000;
        var (truth, codes, labels) = (Tensor.Zeros(n, 1), Tensor.Zeros(n, 1), new int[n]);
        for (var i = 0; i < n; i++)
        {
            truth.Data[i] = random.NextInt(2);
            labels[i] = random.NextDouble() < 0.75 ? (int)truth.Data[i] : 1 - (int)truth.Data[i];
            var unsure = random.NextInt(2) == 0 ? 0 : (float)random.NextDouble() * 1e-3f;
            codes.Data[i] = truth.Data[i] == 1 ? 1 - unsure : unsure;
        }
        var leak = ConceptLeaks.Measure(new ConceptRows(truth, codes, [(0, 1)], labels, 2)).Concepts[0];
        Assert.InRange(leak.CodeTargetBits, leak.TrueTargetBits - 0.06, leak.TrueTargetBits + 0.06);
        Assert.InRange(leak.Ctl, 0, 0.06);
    }

    [Fact]
    public void Leaks_OfNumbers_AreCountedByRowsWhateverTheWidth()
    {
        var (n, random) = (1500, new RandomStream(3));
        var truth = Tensor.Zeros(n, 1);
        random.FillBernoulli(truth.Data, 0.5f);
        var labels = Enumerable.Range(0, n).Select(_ => random.NextInt(2)).ToArray();
        foreach (var width in new[] { 1, 4 })
        {
            var codes = Tensor.Randn(random, n, width); // tells nothing
            var leak = ConceptLeaks.Measure(new ConceptRows(truth, codes, [(0, width)], labels, 2)).Concepts[0];
            Assert.Equal(0, leak.CodeTargetBits, 0.03);
            Assert.Equal(0, leak.LeakBits, 0.01);
            Assert.True(leak.LeakPValue > 0.02);
            for (var i = 0; i < n; i++) codes.Data[i * width] += 3 * labels[i];
            leak = ConceptLeaks.Measure(new ConceptRows(truth, codes, [(0, width)], labels, 2)).Concepts[0];
            Assert.Equal(0.73, leak.LeakBits, 0.1); // 0.760 by integration, less what eight bins lose
            Assert.Equal(1 / 40.0, leak.LeakPValue);
        }
    }

    // Published: a perfectly pure bottleneck has NIS 0.475, which is half of what there is, and OIS 0.
    [Fact]
    public void PureCodes_HaveNoImpurity()
    {
        var (n, random) = (2000, new RandomStream(5));
        var truth = Tensor.Zeros(n, 3);
        random.FillBernoulli(truth.Data, 0.5f);
        var codes = Tensor.Zeros(n, 3);
        for (var i = 0; i < codes.Data.Length; i++) codes.Data[i] = truth.Data[i] * 2 - 1 + 0.1f * (float)random.NextGaussian();
        var scores = ConceptPurity.Measure(new ConceptRows(truth, codes, [(0, 1), (1, 1), (2, 1)], new int[n], 2));
        Assert.Equal(0.475, scores.Nis, 0.02);
        Assert.Equal(0.5, scores.NisNormalised, 0.02);
        Assert.Equal(0, scores.Ois, 0.06);
        for (var i = 0; i < n; i++) // every code tells every concept
            for (var j = 0; j < 3; j++) codes.Data[3 * i + j] = truth.Data[3 * i] + 2 * truth.Data[3 * i + 1] + 4 * truth.Data[3 * i + 2] + 0.1f * (float)random.NextGaussian();
        var mixed = ConceptPurity.Measure(new ConceptRows(truth, codes, [(0, 1), (1, 1), (2, 1)], new int[n], 2));
        Assert.Equal(0.5 * Math.Sqrt(6) / 1.5, mixed.Ois, 0.06); // six areas of 1 where 1/2 was due
        Assert.True(mixed.Nis > 0.55);
    }

    [Fact]
    public void Alignment_IsOneForTheConceptItself()
    {
        var (n, random) = (200, new RandomStream(9));
        var truth = Tensor.Zeros(n, 1);
        random.FillBernoulli(truth.Data, 0.5f);
        var noise = Tensor.Randn(random, n, 2);
        Assert.Equal(1, ConceptAlignment.Scores(new ConceptRows(truth, truth, [(0, 1)], new int[n], 2))[0], 12);
        var (other, near) = (ConceptAlignment.Scores(new ConceptRows(truth, noise, [(0, 2)], new int[n], 2))[0], Tensor.Randn(random, n, 2));
        for (var i = 0; i < n; i++) near.Data[2 * i] += 8 * truth.Data[i];
        Assert.Equal(1, ConceptAlignment.Scores(new ConceptRows(truth, near, [(0, 2)], new int[n], 2))[0], 0.02);
        Assert.InRange(other, 0.2, 0.8); // single rows are homogeneous whatever the code
    }

    [Fact]
    public void GlobalImportance_IsTheCosineWithFrequencies()
    {
        // Concept 1 is in class 0 only, concept 2 in half of class 1; the head has it the right way round for the first and the wrong way for the second.
        var truth = Tensor.From([1, 0, 1, 0, 0, 1, 0, 0], 4, 2);
        var global = ConceptExplanations.Global(Tensor.From([2, 3, 0, -1], 2, 2), truth, truth, [0, 0, 1, 1], [0, 0, 1, 0]);
        Assert.Equal(1, global.Weights[0]!.Value, 12);
        Assert.Equal(-1 / Math.Sqrt(10), global.Weights[1]!.Value, 12);
        Assert.Equal([1, 1], global.Projections.Select(v => v!.Value));
        Assert.Equal([1, -1], global.Contributions.Select(v => v!.Value));
    }

    [Fact]
    public void Existence_CountsWhatIsThere()
    {
        var (weights, activations) = (Tensor.From([3, 2, 1], 1, 3), Tensor.From([1, 1, 1, 0, 1, 1], 2, 3));
        var truth = Tensor.From([0, 1, 1, 1, 1, 0], 2, 3);
        Assert.Equal([0.5, 0.5, 2 / 3.0], Enumerable.Range(1, 3).Select(top => Math.Round(ConceptExplanations.Existence(weights, activations, truth, [0, 0], top) * 6) / 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConceptExplanations.Existence(weights, activations, truth, [0, 0], 4));
    }

    [Fact]
    public void Places_AreFoundAmongTheTopTwelfth()
    {
        var map = Enumerable.Range(0, 24).Select(i => (float)i).ToArray();
        Assert.Equal([true, true, false], new[] { 23, 22, 21 }.Select(p => ConceptExplanations.Located(map, p)));
        Assert.True(ConceptExplanations.Located(map, 20, 2));
        Assert.Equal(0.75, ConceptExplanations.MassInside([-5, 1, 3, 0], [1, 0, 1, 1]));
        Assert.Equal([1.5f, 4], ConceptExplanations.Map(Tensor.From([1, 2, 1, 3], 2, 1, 2), [1, 2]));
    }

    [Fact]
    public void CausalEffectAndCompleteness_AreTheirDefinitions()
    {
        Assert.Equal([0.5, -0.5], ConceptExplanations.CausalEffect(Tensor.From([1, 0, 0.5f, 0.5f], 2, 2), Tensor.From([0.5f, 0.5f, 0, 1], 2, 2)));
        Assert.Equal(0.75, ConceptExplanations.Completeness(0.8, 0.9, 0.5), 12);
        Assert.Throws<ArgumentException>(() => ConceptExplanations.Completeness(0.8, 0.5, 0.5));
    }

    [Fact]
    public void Sensitivity_IsSignificantForTheDirectionThatMatters()
    {
        var random = new RandomStream(11);
        var gradients = Tensor.Randn(random, 50, 8);
        for (var i = 0; i < 50; i++) gradients.Data[8 * i] += 4;
        float[][] Vectors(float first, int count) => [.. Enumerable.Range(0, count).Select(_ => Tensor.Randn(random, 8).ToArray()).Select(v => { v[0] += first; return v; })];
        var yes = ConceptSensitivity.Test(gradients, Vectors(8, 12), Vectors(0, 12), 4);
        Assert.True(yes is { Significant: true, Score: > 0.95 } && yes.PValue < 0.05);
        var no = ConceptSensitivity.Test(gradients, Vectors(0, 12), Vectors(0, 12), 4);
        Assert.False(no.Significant);
        Assert.Equal(1, ConceptSensitivity.Score(gradients, [1, 0, 0, 0, 0, 0, 0, 0]));
    }

    [Fact]
    public void UncertaintyReduction_OfWhatPasses()
    {
        var random = new RandomStream(13);
        var nuisance = Enumerable.Range(0, 1000).Select(_ => random.NextInt(4)).ToArray();
        var codes = Tensor.From([.. nuisance.SelectMany(v => new[] { v % 2, (float)random.NextGaussian() })], 1000, 2);
        Assert.Equal(0.5, ConceptLeakage.UncertaintyReduction(codes, nuisance, 4), 0.03); // one of two bits
        Assert.Equal(0, ConceptLeakage.UncertaintyReduction(codes, new int[1000], 2));
    }

    private static ConceptRows Toy(int n, double delta)
    {
        var data = GeneratorCatalogue.Make(FormattableString.Invariant($"make:tabulartoy,n={n},delta={delta}"));
        var truth = Tensor.From(data.Concepts!.Values, n, 3);
        return new ConceptRows(truth, truth, [(0, 1), (1, 1), (2, 1)], ((ClassTarget)data.Target!).Labels, 2);
    }

    private static double Number(string name) => s_golden.GetProperty(name).GetDouble();

    private static double[] Doubles(string name) => [.. s_golden.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    private static float[] Floats(string name) => [.. s_golden.GetProperty(name).EnumerateArray().Select(v => v.GetSingle())];

    private static int[] Ints(string name) => [.. s_golden.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];
}
