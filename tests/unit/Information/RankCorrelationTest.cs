using Isthmus.Information;

namespace Isthmus.Tests.Information;

public class RankCorrelationTest
{
    [Fact]
    public void Kendall_OfOrders_IsOneAndMinusOne()
    {
        Assert.Equal(1, RankCorrelation.Kendall([1, 2, 5, 9], [-3, 0, 0.5, 100]), 12);
        Assert.Equal(-1, RankCorrelation.Kendall([1, 2, 5, 9], [4, 3, 2, 1]), 12);
        Assert.True(double.IsNaN(RankCorrelation.Kendall([1, 1, 1], [1, 2, 3])));
    }

    // scipy.stats.kendalltau(x, y, variant="b").
    [Fact]
    public void Kendall_WithTies_IsScipys() =>
        Assert.Equal(0.4615384615384616, RankCorrelation.Kendall([1, 2, 2, 3, 5, 5, 7, 4], [2, 1, 3, 3, 6, 4, 4, 0]), 12);

    [Fact]
    public void Granulated_ReadingThatFollowsOneSetting_GetsItsShareOnly()
    {
        double[][] settings = [[0, 0], [0, 1], [1, 0], [1, 1]];
        double[] gaps = [1, 2, 3, 4];
        Assert.Equal(1, RankCorrelation.Granulated(settings, gaps, gaps), 12);
        // Follows the first setting and contradicts the second: 1 and -1, though the plain coefficient over all is 1/3.
        double[] reading = [2, 1, 4, 3];
        Assert.Equal(0, RankCorrelation.Granulated(settings, reading, gaps), 12);
        Assert.Equal(1 / 3.0, RankCorrelation.Kendall(reading, gaps), 12);
    }

    [Fact]
    public void Granulated_GroupsOfOne_AreLeftOut()
    {
        Assert.Equal(-1, RankCorrelation.Granulated([[0, 0], [0, 1], [1, 2]], [1, 2, 3], [2, 1, 0]), 12);
        Assert.True(double.IsNaN(RankCorrelation.Granulated([[0, 0], [1, 1]], [1, 2], [2, 1])));
        Assert.Throws<ArgumentException>(() => RankCorrelation.Granulated([[0], [1, 1]], [1, 2], [2, 1]));
    }
}
