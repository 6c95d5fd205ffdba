using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Isthmus.Data;

namespace Isthmus.Tests.Data;

public class GeneratorTest
{
    // The same rows on every machine and in every version: a change here is a change of the generators' data and belongs into the changelog.
    [Theory]
    [InlineData("make:sprites,n=50", "95FAEE7F75424412")]
    [InlineData("make:gaussian,n=500,dim=2", "0CF45446F6AB04C1")]
    [InlineData("make:moons,n=500", "C4C4EABDE5B0E217")]
    [InlineData("make:rings,n=500", "2129BDAEADACF462")]
    [InlineData("make:xor,n=500", "8A2CD862CB08E740")]
    [InlineData("make:led7,n=500", "6FBB0DFF37749FDA")]
    [InlineData("make:trig,n=500", "9395E304A6AFF7EA")]
    [InlineData("make:dot,n=500", "A5F38D3D61262274")]
    [InlineData("make:tabulartoy,n=500", "119ED1A7DF0D84FE")]
    [InlineData("make:asia,n=500", "E7AAE648FEC7A912")]
    [InlineData("make:motifs,n=200", "D1E15CF49BB01D72")]
    [InlineData("make:ar,n=500", "037767FA5B54F484")]
    [InlineData("make:sine,n=500", "9F2CE9F7BB2BEADF")]
    [InlineData("make:tones,n=20", "CD07BBD05C52F80E")]
    public void Rows_ArePinned(string argument, string hash)
    {
        var data = GeneratorCatalogue.Make(argument, seed: 7);
        var bytes = MemoryMarshal.AsBytes(data.Features.AsSpan()).ToArray().Concat(data.Target is ClassTarget t ? MemoryMarshal.AsBytes(t.Labels.AsSpan()).ToArray() : []);
        Assert.Equal(hash, Convert.ToHexString(SHA256.HashData([.. bytes]))[..16]);
        Assert.All(data.Features, v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void Seed_InTheArgumentWins()
    {
        Assert.Equal(GeneratorCatalogue.Make("make:moons,n=10,seed=3", 1).Features, GeneratorCatalogue.Make("make:moons,n=10", 3).Features);
        Assert.NotEqual(GeneratorCatalogue.Make("make:moons,n=10", 1).Features, GeneratorCatalogue.Make("make:moons,n=10", 3).Features);
    }

    [Theory]
    [InlineData("make:sprits", "unknown generator 'sprits'", "did you mean 'sprites'?")]
    [InlineData("make:moons,nois=1", "unknown key of make:moons 'nois'", "did you mean 'noise'?")]
    [InlineData("make:moons,n=0", "make:moons: n=0: expected a whole number from 2 to 10000000 (points)", null)]
    [InlineData("make:moons,n=2.5", "make:moons: n=2.5: expected a whole number from 2 to 10000000 (points)", null)]
    [InlineData("make:moons,noise=NaN", "make:moons: noise=NaN: expected a number from 0 to 10 (standard deviation of noise on both coordinates)", null)]
    [InlineData("make:moons,noise", "make:moons: 'noise' is not of the form key=value", "for example make:moons,n=2000,noise=0.1")]
    [InlineData("make:moons,n=5,n=6", "make:moons: 'n' is given twice", null)]
    [InlineData("make:moons,seed=-1", "make:moons: seed '-1' is not a whole number", null)]
    [InlineData("make:arithmetic", "make:arithmetic needs path=FOLDER", "for example make:arithmetic,path=FOLDER,n=5000,digits=2")]
    public void WrongArguments_AreAnsweredInOneLine(string argument, string message, string? hint)
    {
        var e = Assert.Throws<InputException>(() => GeneratorCatalogue.Make(argument));
        Assert.Equal((message, hint), (e.Message, e.Hint));
    }

    [Fact]
    public void Memory_IsCheckedFirst() =>
        Assert.Contains("the limit is 1 GB", Assert.Throws<InputException>(() => GeneratorCatalogue.Make("make:sprites,n=1000000", 0, 1_000_000_000)).Message, StringComparison.Ordinal);

    [Fact]
    public void Asia_KnowsWhatItsFindingsSayOfBreath()
    {
        var data = GeneratorCatalogue.Make("make:asia,n=20000", 1);
        Assert.Equal(0.85279, data.Truth!["concept_accuracy"], 5e-6);
        Assert.Equal(0.402445, data.Truth["mi_concepts_bits"], 5e-7);
        Assert.Equal(["tub", "lung", "bronc", "either", "xray"], data.Concepts!.Columns.Select(c => c.Name));
        // p(dysp | bronc, not either) = 0.8
        var rows = Enumerable.Range(0, data.Count).Where(i => data.Concepts.Row(i)[2] == 1 && data.Concepts.Row(i)[3] == 0).ToArray();
        Assert.InRange(rows.Average(i => ((ClassTarget)data.Target!).Labels[i]), 0.78, 0.82);
    }

    [Fact]
    public void Motifs_KnowsWhatTheCourseOfOneConceptSays()
    {
        var data = GeneratorCatalogue.Make("make:motifs,n=40000,windows=5", 1);
        var (labels, joint) = (((ClassTarget)data.Target!).Labels, new double[5, 2]);
        for (var i = 0; i < data.Count; i++)
        {
            var row = data.Concepts!.Row(i).ToArray();
            var (ramp, spike) = (Enumerable.Range(0, 5).Single(t => row[t * 3] == 1), Enumerable.Range(0, 5).Single(t => row[(t * 3) + 1] == 1));
            Assert.Equal(ramp < spike ? 1 : 0, labels[i]);
            joint[ramp, labels[i]] += 1.0 / data.Count;
        }
        var bits = 0.0;
        for (var r = 0; r < 5; r++)
            for (var y = 0; y < 2; y++)
                if (joint[r, y] > 0) bits += joint[r, y] * Math.Log2(joint[r, y] / ((joint[r, 0] + joint[r, 1]) * Enumerable.Range(0, 5).Sum(s => joint[s, y])));
        Assert.Equal(data.Truth!["mi_single_course_bits"], bits, 0.01);
    }

    [Fact]
    public void Examples_AreValidArguments() => Assert.All(GeneratorCatalogue.All, g => Assert.Equal(g, GeneratorCatalogue.Parse(g.Example).Generator));

    [Fact]
    public void Gaussian_HasItsCorrelationAndTruth()
    {
        var data = GeneratorCatalogue.Make("make:gaussian,dim=3,rho=0.8,n=50000");
        var y = ((ContinuousTarget)data.Target!).Values;
        Assert.Equal(0.8, data.Features.Zip(y, (a, b) => (double)a * b).Average(), 0.01);
        Assert.Equal(2.2109, data.Truth["mi_bits"], 4); // -3/2 log2(1 - 0.64)
    }

    // Published: Bayes accuracy 74.002 %, I(Y; display) = 2.213 of 3.322 bits.
    [Fact]
    public void Led7_KnowsItsBayesAccuracy()
    {
        var data = GeneratorCatalogue.Make("make:led7,n=20000");
        Assert.Equal(0.74002, data.Truth["bayes_accuracy"], 5);
        Assert.Equal(2.213, data.Truth["mi_bits"], 3);
        Assert.Equal(0.9, data.Features.Zip(data.Concepts!.Values, (a, b) => a == b ? 1.0 : 0).Average(), 0.005);
        Assert.Equal(1, GeneratorCatalogue.Make("make:led7,n=5,flip=0").Truth["bayes_accuracy"], 12);
    }

    [Fact]
    public void Trig_KnowsWhatItsConceptsSay()
    {
        var data = GeneratorCatalogue.Make("make:trig,n=40000");
        Assert.Equal(0.813, data.Truth["concept_accuracy"], 3);
        Assert.Equal(0.415, data.Truth["mi_concepts_bits"], 3);
        Assert.Equal(0.962, data.Truth["target_entropy_bits"], 3);
        Assert.Equal(data.Truth["concept_accuracy"], ConceptCeiling(data), 0.01);
    }

    [Fact]
    public void Dot_KnowsWhatItsConceptsSay()
    {
        var data = GeneratorCatalogue.Make("make:dot,n=40000");
        Assert.Equal(0.188722, data.Truth["mi_concepts_bits"], 6);
        Assert.Equal(0.75, ConceptCeiling(data), 0.01);
    }

    [Fact]
    public void Xor_IsDecidedByBothConceptsOnly() => Assert.Equal(1, ConceptCeiling(GeneratorCatalogue.Make("make:xor")));

    [Theory]
    [InlineData(0, 0.18872, 0)]
    [InlineData(0.25, 0.25893, 0.01875)]
    [InlineData(0.5, 0.34998, 0.08170)]
    public void TabularToy_KnowsWhatOneConceptSays(double delta, double target, double concept)
    {
        var data = GeneratorCatalogue.Make(FormattableString.Invariant($"make:tabulartoy,delta={delta},n=40000"));
        Assert.Equal(target, data.Truth["mi_concept_target_bits"], 5);
        Assert.Equal(concept, data.Truth["mi_two_concepts_bits"], 5);
        var agree = Enumerable.Range(0, data.Count).Average(i => data.Concepts!.Row(i)[0] == ((ClassTarget)data.Target!).Labels[i] ? 1.0 : 0);
        Assert.Equal(0.75 + Math.Asin(delta) / (2 * Math.PI), agree, 0.01);
    }

    [Fact]
    public void Autoregressive_HasItsCorrelation()
    {
        var x = GeneratorCatalogue.Make("make:ar,n=50000,phi=0.8").Features;
        Assert.Equal(0.8, Enumerable.Range(1, x.Length - 1).Average(t => (double)x[t] * x[t - 1]) / x.Average(v => (double)v * v), 0.01);
    }

    [Fact]
    public void Sprites_AreInsideAntiAliasedAndColoured()
    {
        var data = GeneratorCatalogue.Make("make:sprites,n=200,spread=1,shapes=4");
        Assert.Equal([3, 32, 32], data.FeatureShape);
        Assert.Contains(data.Features, v => v is > 0.3f and < 0.7f);
        for (var i = 0; i < data.Count; i++)
        {
            var row = data.Row(i);
            var areas = new double[3];
            for (var channel = 0; channel < 3; channel++)
            {
                double area = 0, border = 0;
                for (var p = 0; p < 1024; p++)
                {
                    area += row[channel * 1024 + p];
                    if (p % 32 is 0 or 31 || p / 32 is 0 or 31) border += row[channel * 1024 + p];
                }
                areas[channel] = area;
                Assert.InRange(border, 0, 12);
            }
            Assert.Equal(data.Concepts!.Row(i)[5], Array.IndexOf(areas, areas.Max()));
            Assert.InRange(areas.Max(), 25, 400); // from the smallest triangle to the largest square
        }
    }

    [DataFact("mnist")]
    public void Arithmetic_AddsTheDigitsItShows()
    {
        var data = GeneratorCatalogue.Make($"make:arithmetic,n=100,path={TestData.Require("mnist")}");
        Assert.Equal([1, 28, 56], data.FeatureShape);
        for (var i = 0; i < data.Count; i++) Assert.Equal(data.Concepts!.Row(i)[0] + data.Concepts.Row(i)[1], ((ClassTarget)data.Target!).Labels[i]);
        Assert.Equal(19, ((ClassTarget)data.Target!).Classes.Count);
    }

    // The best accuracy of anybody who sees the true concepts only.
    private static double ConceptCeiling(Dataset data) => Enumerable.Range(0, data.Count)
        .GroupBy(i => string.Join(',', data.Concepts!.Row(i).ToArray()))
        .Sum(g => g.CountBy(i => ((ClassTarget)data.Target!).Labels[i]).Max(c => c.Value)) / (double)data.Count;
}
