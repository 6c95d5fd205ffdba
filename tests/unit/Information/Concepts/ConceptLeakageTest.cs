using System.Text.RegularExpressions;
using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Tensors;
using static Isthmus.Tests.Information.Concepts.LeakCases;

namespace Isthmus.Tests.Information.Concepts;

public class ConceptLeakageTest
{
    [Theory]
    [InlineData("tabulartoy", Codes.Hard, 0, LeakVerdict.Clean)]
    [InlineData("dot", Codes.Hard, 0, LeakVerdict.Clean)]
    [InlineData("dot", Codes.Blurred, 0, LeakVerdict.Clean)]
    [InlineData("dot", Codes.Soft, 0, LeakVerdict.BeyondAnnotations)]
    [InlineData("dot", Codes.Planted, 0, LeakVerdict.BeyondAnnotations)]
    [InlineData("dot", Codes.PlantedHard, 0, LeakVerdict.BeyondAnnotations)]
    [InlineData("dot", Codes.Hard, 0.1, LeakVerdict.BeyondAnnotations)]
    public void Verdict_IsThatOfTheCode(string generator, Codes codes, double noise, string verdict) =>
        Assert.Equal(verdict, ConceptLeakage.Measure(Make(generator, 2000, 1, codes, noise)).Verdict);

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("tabulartoy", Codes.Hard, 0, LeakVerdict.Clean)]
    [InlineData("tabulartoy", Codes.Soft, 0, LeakVerdict.Clean)] // its concepts are all that its class is made of: nothing is left to leak
    [InlineData("tabulartoy", Codes.Blurred, 0.1, LeakVerdict.BeyondAnnotations)]
    [InlineData("dot", Codes.Hard, 0, LeakVerdict.Clean)]
    [InlineData("dot", Codes.Soft, 0, LeakVerdict.BeyondAnnotations)]
    [InlineData("dot", Codes.Planted, 0, LeakVerdict.BeyondAnnotations)]
    [InlineData("dot", Codes.PlantedXor, 0, LeakVerdict.BeyondAnnotations)] // no code by itself says anything
    public void Verdict_OfTenThousandRows(string generator, Codes codes, double noise, string verdict) =>
        Assert.All(Enumerable.Range(0, 2), seed => Assert.Equal(verdict, ConceptLeakage.Measure(Make(generator, 10_000, (ulong)seed, codes, noise, 1.5)).Verdict));

    [Fact]
    public void PlantedLeak_IsReadInBits()
    {
        var truth = DotTruth(Codes.Planted, 1);
        var report = ConceptLeakage.Measure(Make("dot", 4000, 3, Codes.Planted));
        Assert.InRange(truth, report.LowBits!.Value, report.HighBits!.Value);
        Assert.Equal(truth, report.BeyondAnnotationsBits!.Value, 0.04);
        Assert.Equal(0.01, report.PValue);
        Assert.Matches(new Regex(@"^beyond-annotations: 0\.\d\d bits \[0\.\d\d, 0\.\d\d\] \(leak, or noisy or incomplete annotations\)$"), report.Text);
    }

    // Closed forms: I(C;Y) and the best accuracy.
    [Theory]
    [InlineData("xor", 1, 1)]
    [InlineData("tabulartoy", 1, 1)]
    [InlineData("dot", 0.188722, 0.75)]
    [InlineData("trig", 0.415, 0.813)]
    public void Ceilings_OfTrueConcepts(string generator, double bits, double accuracy)
    {
        var data = GeneratorCatalogue.Make($"make:{generator},n=10000");
        var k = data.Concepts!.Columns.Count;
        var truth = Tensor.From(data.Concepts.Values, data.Count, k);
        var report = ConceptLeakage.Measure(new ConceptRows(truth, Tensor.Zeros(data.Count, 1), [.. Enumerable.Repeat((0, 1), k)], ((ClassTarget)data.Target!).Labels, 2));
        Assert.Equal(bits, report.TrueJointBits!.Value, 0.02);
        Assert.Equal(accuracy, report.CeilingAccuracy!.Value, 0.012);
        Assert.Equal(0, report.JointBits!.Value, 0.001);
        Assert.Equal(LeakVerdict.Clean, report.Verdict);
    }

    // Annotators who see a display of which a tenth of the segments is wrong, and a model that knows the true ones: 2.213 of 3.322 bits and 74.0 % are theirs, the rest is its.
    [Fact]
    public void Led7_OfNoisyAnnotators()
    {
        var data = GeneratorCatalogue.Make("make:led7,n=6000");
        var (seen, known) = (Tensor.From(data.Features, 6000, 7), Tensor.From(data.Concepts!.Values, 6000, 7));
        var labels = ((ClassTarget)data.Target!).Labels;
        var report = ConceptLeakage.Measure(new ConceptRows(seen, known, [.. Enumerable.Range(0, 7).Select(j => (j, 1))], labels, 10, known), new LeakageOptions { Permutations = 49, Folds = 3 });
        Assert.Equal(data.Truth["bayes_accuracy"], report.CeilingAccuracy!.Value, 0.02);
        Assert.Equal(data.Truth["mi_bits"], report.TrueJointBits!.Value, 0.1);
        Assert.Equal(Math.Log2(10), report.JointBits!.Value, 0.05);
        Assert.Equal(Math.Log2(10) - data.Truth["mi_bits"], report.BeyondAnnotationsBits!.Value, 0.12);
        Assert.Equal(0.1, report.Disagreement!.Value, 0.01);
        Assert.Contains(report.Words, w => w.Contains("noisy annotations are the likelier explanation", StringComparison.Ordinal));
    }

    [Fact]
    public void FewRows_CarryNoVerdict()
    {
        var report = ConceptLeakage.Measure(Make("dot", 366, 0, Codes.Planted));
        Assert.Equal(LeakVerdict.Undecided, report.Verdict);
        Assert.StartsWith("366 rows carry no verdict on leakage: to tell 0.02 bits from nothing takes at least 866", report.Words[0], StringComparison.Ordinal);
        Assert.StartsWith("undecided: 20 rows", ConceptLeakage.Measure(Make("dot", 20, 0, Codes.Hard)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void ManyCombinations_CarryNoVerdict()
    {
        var (n, k, random) = (2000, 14, new RandomStream(1));
        var truth = Tensor.Zeros(n, k);
        random.FillBernoulli(truth.Data, 0.5f);
        var labels = Enumerable.Range(0, n).Select(i => random.NextInt(2)).ToArray();
        var report = ConceptLeakage.Measure(new ConceptRows(truth, Tensor.Randn(random, n, k), [.. Enumerable.Range(0, k).Select(j => (j, 1))], labels, 2));
        Assert.Equal(LeakVerdict.Undecided, report.Verdict);
        Assert.Contains("different combinations of concepts among 2000 rows", report.Words[0], StringComparison.Ordinal);
    }

    [Fact]
    public void NoisyAnnotations_AreToldFromShadesAndFromStrayDecisions()
    {
        var noise = ConceptLeakage.Measure(Make("tabulartoy", 3000, 2, Codes.Blurred, 0.1));
        Assert.Contains(noise.Words, w => w.Contains("noisy annotations are the likelier explanation", StringComparison.Ordinal));
        Assert.Equal(0.1, noise.Disagreement!.Value, 0.02);
        Assert.True(noise.HardenedBits > 0.9 * noise.BeyondAnnotationsBits);
        var shades = ConceptLeakage.Measure(Make("dot", 3000, 2, Codes.Planted));
        Assert.Contains(shades.Words, w => w.Contains("it rides on the shades of the numbers", StringComparison.Ordinal));
        Assert.True(shades.HardenedBits < 0.1 * shades.BeyondAnnotationsBits);
        var stray = ConceptLeakage.Measure(Make("dot", 3000, 2, Codes.PlantedHard));
        Assert.Contains(stray.Words, w => w.Contains("a decision may speak of something else than its concept", StringComparison.Ordinal));
        Assert.All([noise, shades, stray], r => Assert.Contains(r.Words, w => w.Contains("need not be cheating", StringComparison.Ordinal)));
    }

    [Fact]
    public void UnknownConcepts_AreLeftOut()
    {
        var rows = Make("dot", 2000, 5, Codes.Hard);
        for (var i = 0; i < 300; i++) rows.Truth.Data[i * 2 + i % 2] = float.NaN;
        var report = ConceptLeakage.Measure(rows);
        Assert.Equal(1700, report.Rows);
        Assert.Contains("300 rows with an unknown concept were left out", report.Words);
    }

    [Fact]
    public void SameSeed_SameReport()
    {
        var rows = Make("dot", 1500, 7, Codes.Soft);
        var (a, b) = (ConceptLeakage.Measure(rows), ConceptLeakage.Measure(rows));
        Assert.Equal(a with { Words = [] }, b with { Words = [] });
        Assert.Equal(a.Words, b.Words);
    }

    // Codes that know the concepts only: over seeds nearly no alarm, and where nothing leaks the interval holds 0.
    [Fact]
    [Trait("Category", "Slow")]
    public void FalseAlarms_AreRare()
    {
        var reports = Enumerable.Range(0, 40).Select(seed => ConceptLeakage.Measure(Make("dot", 1500, (ulong)seed, Codes.Blurred), new LeakageOptions { Seed = (ulong)seed })).ToArray();
        Assert.InRange(reports.Count(r => r.Verdict == LeakVerdict.BeyondAnnotations), 0, 3); // expected at most 1
        Assert.InRange(reports.Count(r => r.LowBits > 0), 0, 4);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Intervals_HoldTheTruth()
    {
        foreach (var (codes, lift) in new[] { (Codes.Planted, 0.5), (Codes.Planted, 1), (Codes.PlantedXor, 2) })
        {
            var truth = DotTruth(codes, lift);
            var held = Enumerable.Range(0, 12).Count(seed => ConceptLeakage.Measure(Make("dot", 3000, (ulong)seed, codes, 0, lift)) is var r && r.LowBits <= truth && truth <= r.HighBits);
            Assert.InRange(held, 9, 12);
        }
    }

    [Fact]
    public void WrongShapesAndOptions_AreRefused()
    {
        var rows = Make("dot", 100, 0, Codes.Hard);
        Assert.Throws<ArgumentException>(() => new ConceptRows(rows.Truth, rows.Codes, [(0, 1)], rows.Labels, 2));
        Assert.Throws<ArgumentException>(() => new ConceptRows(rows.Truth, rows.Codes, [(0, 1), (1, 2)], rows.Labels, 2));
        Assert.Throws<ArgumentException>(() => new ConceptRows(rows.Truth, rows.Codes, rows.Blocks, rows.Labels[1..], 2));
        Assert.Throws<ArgumentException>(() => new ConceptRows(rows.Truth, Tensor.Full([100, 2], float.NaN), rows.Blocks, rows.Labels, 2));
        Assert.Throws<ArgumentException>(() => new ConceptRows(rows.Truth, rows.Codes, rows.Blocks, [.. rows.Labels.Select(l => l + 1)], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConceptLeakage.Measure(rows, new LeakageOptions { MarginBits = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConceptLeakage.Measure(rows, new LeakageOptions { Permutations = 5 }));
    }

    [Fact]
    public void Quantiles_AreClassesOfEqualSize()
    {
        Assert.Equal([0, 0, 1, 1, 2, 2, 3, 3], ConceptRows.QuantileLabels([1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.Equal([0, 0, 0, 1, 0], ConceptRows.QuantileLabels([1, 1, 1, 2, 1], 2));
    }
}
