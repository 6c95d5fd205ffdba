using Isthmus.Studies.Benches;

namespace Isthmus.Tests.Studies;

public class InformationBenchesTest
{
    /// <summary>Values of the peers on the same numbers: <c>benchmarks/peers/NAME_peer.py --values</c>.</summary>
    [Theory]
    [InlineData("ksg-2-2", 1.042812073726072, 1e-9)]
    [InlineData("ksg-10-10", 2.603934657146567, 1e-9)]
    [InlineData("ksg-2-2-ckdtree", 1.0428120737260738, 1e-9)]
    [InlineData("ksg-10-10-ckdtree", 2.603934657146567, 1e-9)]
    [InlineData("information-20-columns", 0.44693741210853144, 1e-5)] // the peer adds noise of 1e-10, which moves a few counts by one
    [InlineData("kde-bounds", 8.419236643753631, 1e-9)]
    [InlineData("ib-64-64-32", 0.9877480191000962, 1e-6)] // 300 updates carry rounding on
    public void Steps_ComputeWhatThePeersCompute(string bench, double value, double tolerance) =>
        Assert.Equal(value, InformationBenches.Readings.Single(r => r.Name == bench).Prepare()(), tolerance);
}
