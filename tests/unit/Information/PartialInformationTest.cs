using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>The gates whose decompositions the literature agrees on, and identities on random tables.</summary>
public class PartialInformationTest
{
    private static PartialInformationResult Gate(RedundancyMeasure measure, params string[] outcomes) => PartialInformation.Decompose(
        JointDistribution.FromOutcomes(["X", "Y", "T"], outcomes.Select(o => ((IReadOnlyList<string>)[.. o.Select(c => c.ToString())], 1.0)), counts: true), "X", "Y", "T", measure);

    private static void Check(PartialInformationResult r, double redundancy, double first, double second, double synergy)
    {
        Assert.Equal(redundancy, r.Redundancy.Value, 1e-6);
        Assert.Equal(first, r.UniqueFirst.Value, 1e-6);
        Assert.Equal(second, r.UniqueSecond.Value, 1e-6);
        Assert.Equal(synergy, r.Synergy.Value, 1e-6);
    }

    [Fact]
    public void Gates_HaveTheirKnownParts()
    {
        foreach (var measure in Enum.GetValues<RedundancyMeasure>())
        {
            Check(Gate(measure, "000", "011", "101", "110"), 0, 0, 0, 1);
            Check(Gate(measure, "000", "111"), 1, 0, 0, 0);
            Check(Gate(measure, "000", "010", "100", "111"), 0.311278, 0, 0, 0.5);
        }
        // Each source is copied into the target: only BROJA finds that each is unique.
        Check(Gate(RedundancyMeasure.Broja, "000", "011", "102", "113"), 0, 1, 1, 0);
        Check(Gate(RedundancyMeasure.MinimumMutualInformation, "000", "011", "102", "113"), 1, 0, 0, 1);
        Check(Gate(RedundancyMeasure.WilliamsBeer, "000", "011", "102", "113"), 1, 0, 0, 1);
    }

    [Fact]
    public void Parts_AddUpAndAreNotNegativeOnRandomTables()
    {
        var random = new RandomStream(101);
        for (var i = 0; i < 200; i++)
        {
            var d = RandomTables.Table(random, 2, 2 + random.NextInt(2), 2);
            foreach (var measure in Enum.GetValues<RedundancyMeasure>())
            {
                var r = PartialInformation.Decompose(d, "A", "B", "C", measure);
                Assert.Equal(d.MutualInformation("C", "A,B").Value, (r.Redundancy + r.UniqueFirst + r.UniqueSecond + r.Synergy).Value, 1e-9);
                Assert.Equal(d.MutualInformation("C", "A").Value, (r.Redundancy + r.UniqueFirst).Value, 1e-9);
                foreach (var part in new[] { r.Redundancy, r.UniqueFirst, r.UniqueSecond, r.Synergy }) Assert.True(part.Value >= -1e-6, $"{measure}: {part}");
            }
            Assert.True(PartialInformation.Decompose(d, "A", "B", "C", RedundancyMeasure.Broja).Redundancy.Value <=
                PartialInformation.Decompose(d, "A", "B", "C", RedundancyMeasure.MinimumMutualInformation).Redundancy.Value + 1e-9);
        }
    }
}
