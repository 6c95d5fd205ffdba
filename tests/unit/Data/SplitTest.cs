using Isthmus.Data;

namespace Isthmus.Tests.Data;

public class SplitTest
{
    private static readonly int[] Labels = [.. Enumerable.Range(0, 1000).Select(i => i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(1000)]
    public void Random_PutsEveryRowInExactlyOnePart(int count)
    {
        var split = Split.Random(count, SplitShares.Default, 3);
        Assert.Equal(Enumerable.Range(0, count), All(split).Order());
        Assert.InRange(split.Train.Length, 0.8 * count - 1, 0.8 * count + 1);
        Assert.InRange(split.Test.Length, 0.1 * count - 1, 0.1 * count + 1);
    }

    [Fact]
    public void Random_WithLabels_KeepsTheSharesOfEveryClass()
    {
        var split = Split.Random(1000, SplitShares.Default, 0, Labels);
        foreach (var (label, total) in new[] { (0, 700), (1, 200), (2, 100) })
        {
            Assert.InRange(split.Train.Count(r => Labels[r] == label), 0.8 * total - 1, 0.8 * total + 1);
            Assert.InRange(split.Test.Count(r => Labels[r] == label), 0.1 * total - 1, 0.1 * total + 1);
        }
    }

    [Fact]
    public void Random_IsAFunctionOfItsSeed()
    {
        Assert.Equal(Split.Random(500, SplitShares.Default, 7).Train, Split.Random(500, SplitShares.Default, 7).Train);
        Assert.NotEqual(Split.Random(500, SplitShares.Default, 7).Train, Split.Random(500, SplitShares.Default, 8).Train);
    }

    [Fact]
    public void InOrder_KeepsTheLastRowsForTestAndTakesValidationFromTheFirst()
    {
        var split = Split.InOrder(1000, 0.8, 0.1, 0, Labels);
        Assert.Equal(Enumerable.Range(800, 200), split.Test);
        Assert.Equal(Enumerable.Range(0, 800), split.Train.Concat(split.Validation).Order());
        Assert.Equal(80, split.Validation.Length);
    }

    [Fact]
    public void Chronological_LeavesAGapBetweenParts()
    {
        var split = Split.Chronological(100, SplitShares.Default, gap: 3);
        Assert.Equal((79, 83, 89, 93, 99), (split.Train[^1], split.Validation[0], split.Validation[^1], split.Test[0], split.Test[^1]));
    }

    [Fact]
    public void ByGroup_NeverTearsAGroupApart()
    {
        var groups = Enumerable.Range(0, 1000).Select(i => i * i % 83 % 40).ToArray();
        var split = Split.ByGroup(groups, SplitShares.Default, 1);
        var parts = new[] { split.Train, split.Validation, split.Test }.Select(p => p.Select(r => groups[r]).ToHashSet()).ToArray();
        Assert.Empty(parts[0].Intersect(parts[1]).Concat(parts[0].Intersect(parts[2])).Concat(parts[1].Intersect(parts[2])));
        Assert.Equal(1000, All(split).Distinct().Count());
        Assert.InRange(split.Train.Length, 700, 900);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void ByGroup_LeavesNoPartEmptyWhileAnotherHasTwoGroups(int count, bool validates)
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            var split = Split.ByGroup([.. Enumerable.Range(0, 60).Select(i => i % count)], SplitShares.Default, seed);
            Assert.NotEmpty(split.Train);
            Assert.NotEmpty(split.Test);
            Assert.Equal(validates, split.Validation.Length > 0);
            Assert.Equal(60, All(split).Distinct().Count());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Folds_TestEveryRowOnce(bool grouped)
    {
        var groups = Enumerable.Range(0, 1000).Select(i => i / 7).ToArray();
        var folds = Split.Folds(1000, 5, 0.1, 2, grouped ? null : Labels, grouped ? groups : null);
        Assert.Equal(Enumerable.Range(0, 1000), folds.SelectMany(f => f.Test).Order());
        foreach (var fold in folds)
        {
            Assert.Equal(1000, All(fold).Distinct().Count());
            if (grouped) Assert.Empty(fold.Test.Select(r => groups[r]).Intersect(fold.Train.Select(r => groups[r])));
            else Assert.InRange(fold.Test.Count(r => Labels[r] == 2), 19, 21);
        }
    }

    [Theory]
    [InlineData("0.8,0.1")]
    [InlineData("0.8,0.1,0.2")]
    [InlineData("a,b,c")]
    [InlineData("-0.1,0.6,0.5")]
    [InlineData("NaN,0.5,0.5")]
    public void Shares_ThatAreNotSharesAreRefused(string text) => Assert.Throws<InputException>(() => SplitShares.Parse(text));

    [Fact]
    public void Folds_OutOfRangeAreRefused() => Assert.Contains("expected 2 to 10", Assert.Throws<InputException>(() => Split.Folds(10, 11, 0.1, 0)).Message, StringComparison.Ordinal);

    private static IEnumerable<int> All(Split split) => split.Train.Concat(split.Validation).Concat(split.Test);
}
