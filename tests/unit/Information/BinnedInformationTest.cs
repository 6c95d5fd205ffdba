using Isthmus.Information;

namespace Isthmus.Tests.Information;

public class BinnedInformationTest
{
    [Theory]
    [InlineData("gaussian,rho=0.75", 0.413339, 0.03)]
    [InlineData("qary,m=2,p=0.2", 0.368064, 0.02)]
    [InlineData("qary,m=10,p=0.1", 1.802297, 0.02)]
    [InlineData("mixture,m=5", 1.054920, 0.05)]
    [InlineData("zip,p=0.15", 0.229776, 0.03)]
    public void Quantile_bins_read_the_truth_of_few_columns(string task, double nats, double tolerance) =>
        Assert.InRange(KsgTest.Mean(new BinnedInformation(), task, 10000), nats - tolerance, nats + tolerance);

    [Theory]
    [InlineData("gaussian,rho=0.75", 0.413339, 0.04)]
    [InlineData("mixture,m=5", 1.054920, 0.12)] // a uniform density has edges, which kernels smooth
    [InlineData("dense,dx=2,dy=2", 0.293893, 0.05)]
    public void Kernel_densities_read_the_truth_of_smooth_columns(string task, double nats, double tolerance)
    {
        Assert.InRange(KsgTest.Mean(new KernelDensityInformation(), task, 4000), nats - tolerance, nats + tolerance);
        Assert.InRange(KsgTest.Mean(new KernelDensityInformation { Factor = 0 }, task, 2000), nats - 1.5 * tolerance, nats + 1.5 * tolerance);
    }

    [Fact]
    public void Conditioning_on_the_cause_removes_it()
    {
        // y = x xor z of fair bits: I(X;Y) = 0, I(X;Y|Z) = 1 bit.
        var random = new Isthmus.Tensors.RandomStream(1);
        var (x, y, z) = (new int[2000], new int[2000], new int[2000]);
        for (var i = 0; i < x.Length; i++) (x[i], z[i]) = (random.NextInt(2), random.NextInt(2));
        for (var i = 0; i < x.Length; i++) y[i] = x[i] ^ z[i];
        var rows = new Rows(Samples.OfLabels(x), Samples.OfLabels(y), Samples.OfLabels(z), 0, 1);
        Assert.Equal(1, Bits.FromNats(new BinnedInformation().Read(rows).Nats).Value, 0.01);
        Assert.Equal(1, Bits.FromNats(new MixedInformation().Read(rows).Nats).Value, 0.01);
        Assert.Equal(0, Bits.FromNats(new BinnedInformation().Read(rows with { Given = null }).Nats).Value, 0.01);
    }

    [Fact]
    public void Edges_are_laid_as_described()
    {
        Assert.Equal([0, 1, 2, 3, 4], Bins.Uniform(0, 4, 4).Edges);
        Assert.Equal([1, 2, 3], Bins.Quantiles([3, 1, 2], 2).Edges);
        Assert.Equal([0, 1, 4, 5], Bins.Quantiles([0, 1, 1, 1, 1, 4, 5], 6).Edges.Where(e => e == Math.Round(e)));
        // Distinct levels above 0 are 1, 2, 3, 4: two in each bin, zero alone in the first.
        var ebab = Bins.Ebab([0, 0, 0, 1, 2, 2, 3, 4], 2, 0);
        Assert.Equal([0, 1, 3, 4], ebab.Edges);
        Assert.Equal([0, 1, 1, 2, 2], new double[] { 0, 1, 2.5, 3, 4 }.Select(ebab.Of));
        var bins = Bins.Uniform(-1, 1, 30);
        Assert.Equal((0, 29, 15), (bins.Of(-7), bins.Of(7), bins.Of(0.01)));
        Assert.Equal(1, Bins.Quantiles([5, 5, 5], 4).Count);
    }

    [Fact]
    public void The_identity_layer_of_all_twelve_bit_patterns_passes_twelve_bits()
    {
        // Known answer 49: 4,096 patterns, P(y = 1) = 0.517090 = 2118/4096, y a function of x.
        var bits = new double[4096 * 12];
        for (var i = 0; i < bits.Length; i++) bits[i] = (i / 12 >> (i % 12)) & 1;
        var labels = Enumerable.Range(0, 4096).Select(i => i * 7919 % 4096 < 2118 ? 1 : 0).ToArray();
        var (input, label) = BinnedInformation.Layer(new Samples(bits, 4096, 12), [Bins.Uniform(-1, 1, 30)], labels);
        Assert.Equal(12, input.Value, 9);
        Assert.Equal(0.999157, label.Value, 1e-6);
    }

    [Fact]
    public void Too_many_cells_for_the_rows_are_reported()
    {
        var (x, y) = InformationTasks.Parse("gaussian,dim=1,rho=0.5").Sample(200, 1);
        var reading = new BinnedInformation { Count = 30 }.Read(new Rows(x, y, null, 0, 1));
        Assert.Equal(Verdict.TooFewSamples, reading.Verdict);
        Assert.Contains("ksg1", reading.Notes![0], StringComparison.Ordinal);
    }
}
