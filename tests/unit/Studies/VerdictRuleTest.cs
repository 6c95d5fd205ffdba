using System.Text.Json;
using Isthmus.Studies;

namespace Isthmus.Tests.Studies;

public class VerdictRuleTest
{
    private static readonly JsonElement s_golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Studies", "Goldens", "verdicts.json"))).RootElement;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, s_golden.GetProperty("cases").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Comparison_IsSciPys(int index)
    {
        var c = s_golden.GetProperty("cases")[index];
        var measure = new Measure("m", "", c.GetProperty("better").GetString() == "higher" ? Better.Higher : Better.Lower, c.GetProperty("margin").GetDouble(), c.GetProperty("ratio").GetBoolean());
        var found = VerdictRule.Compare(measure, Numbers(c, "baseline"), Numbers(c, "method"));
        Assert.Equal(c.GetProperty("p").GetDouble(), found.P, 1e-10);
        Assert.Equal(c.GetProperty("p_opposite").GetDouble(), found.POpposite, 1e-10);
        Assert.Equal(c.GetProperty("low").GetDouble(), found.Low, 1e-9);
        Assert.Equal(c.GetProperty("high").GetDouble(), found.High, 1e-9);
        Assert.Equal(c.GetProperty("detectable").GetDouble(), found.Detectable, 1e-9);
        Assert.Equal(found.P < 0.03, measure.Sign * (measure.Sign > 0 ? found.Low : found.High) > measure.ScaledMargin);
    }

    [Fact]
    public void HeldByChance_IsTheSimulatedShare() => Assert.InRange(s_golden.GetProperty("held_by_chance").GetDouble(), VerdictRule.HeldByChance - 0.001, VerdictRule.HeldByChance + 0.001);

    [Fact]
    public void Detectable_IsTheMeanThatIsJustHeld()
    {
        double[] baseline = [1, 2, 3, 4, 5], spread = [0.3, -0.1, 0.2, -0.4, 0];
        var measure = new Measure("m", "", Better.Higher, 0.5);
        var needed = VerdictRule.Compare(measure, baseline, [.. baseline.Zip(spread, (b, s) => b + s)]).Detectable;
        StudyVerdict At(double mean) => VerdictRule.Decide(VerdictRule.Compare(measure, baseline, [.. baseline.Zip(spread, (b, s) => b + s + 0.5 + mean)]));
        Assert.Equal((StudyVerdict.Held, StudyVerdict.Undecided, StudyVerdict.Opposite), (At(needed * 1.001), At(needed * 0.999), At(-needed * 1.001)));
    }

    [Fact]
    public void EqualDifferences_AreDecidedByTheirSign()
    {
        StudyVerdict At(double method) => VerdictRule.Decide(VerdictRule.Compare(new Measure("bytes", "", Better.Lower), [8, 8, 8, 8, 8], [method, method, method, method, method]));
        Assert.Equal((StudyVerdict.Held, StudyVerdict.Undecided, StudyVerdict.Opposite), (At(7), At(8), At(9)));
    }

    [Fact]
    public void NotANumber_IsUndecided()
    {
        var found = VerdictRule.Compare(new Measure("m", "", Better.Lower), [1, 1, 1, 1, 1], [0, 0, double.NaN, 0, 0]);
        Assert.Equal(StudyVerdict.Undecided, VerdictRule.Decide(found));
        Assert.True(double.IsNaN(VerdictRule.Compare(new Measure("m", "", Better.Lower, 0, true), [1, 1], [0, 1]).P));
    }

    // Every seed agrees that the method is better, and only on one example of ten: with other examples it might not be.
    [Fact]
    public void FewExamples_CanOverruleSeeds()
    {
        double[] baseline = [1, 1, 1, 1, 1], method = [0.9, 0.901, 0.899, 0.9, 0.9];
        double[] even = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
        var measure = new Measure("m", "", Better.Lower);
        (double[], double[])[] One(double gain) => [.. Enumerable.Repeat((even, (double[])[1 - gain, 1, 1, 1, 1, 1, 1, 1, 1, 1]), 5)];
        (double[], double[])[] all = [.. Enumerable.Repeat((even, even.Select(e => e - 0.1).ToArray()), 5)];
        Assert.Equal(StudyVerdict.Held, VerdictRule.Decide(VerdictRule.Compare(measure, baseline, method)));
        Assert.Equal(StudyVerdict.Held, VerdictRule.Decide(VerdictRule.Compare(measure, baseline, method, all)));
        var overruled = VerdictRule.Compare(measure, baseline, method, One(1));
        Assert.Equal((StudyVerdict.Undecided, true), (VerdictRule.Decide(overruled), overruled.ByExamples));
        Assert.Equal(-0.3, overruled.Low, 0.001); // P(3 or more of 10 draws at 1/10) = 0.07, of 4 or more 0.013
        Assert.Throws<ArgumentException>(() => VerdictRule.Compare(measure, baseline, method, all[..4]));
    }

    private static double[] Numbers(JsonElement e, string name) => [.. e.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
}
