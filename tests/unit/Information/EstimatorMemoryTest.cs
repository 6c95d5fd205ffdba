using Isthmus.Information;

namespace Isthmus.Tests.Information;

/// <summary>What an estimator allocates, measured over the whole process and so while no other test runs.</summary>
[Collection("alone")]
public class EstimatorMemoryTest
{
    [Fact]
    [Trait("Category", "Slow")]
    public void Memory_grows_with_n_and_not_with_its_square()
    {
        const int n = 100_000;
        var (x, y) = InformationTasks.Parse("gaussian,dim=2,rho=0.8").Sample(n, 1);
        var start = GC.GetTotalAllocatedBytes(true);
        Assert.Equal(1.4739, Bits.FromNats(new Ksg1().Read(new Rows(x, y, null, 0, 0)).Nats).Value, 0.04);
        Assert.InRange(GC.GetTotalAllocatedBytes(true) - start, 1, 200L * n * 8);
        start = GC.GetTotalAllocatedBytes(true);
        KernelBounds.Estimate(x.Values, n, 2, 0.1);
        Assert.InRange(GC.GetTotalAllocatedBytes(true) - start, 1, 1_000_000_000); // all that was ever allocated; a matrix would be 80 GB
    }
}
