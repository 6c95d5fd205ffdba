using Isthmus.Information;

namespace Isthmus.Tests.Information;

public class KsgTest
{
    private static readonly Samples FiveX = Samples.Of([1.3, 3.7, 5.1, 2.4, 3.4]);
    private static readonly Samples FiveY = Samples.Of([1.5, 3.32, 5.3, 2.3, 3.3], "y");

    internal static double Nats(SampleEstimator estimator, string task, int n, ulong seed)
    {
        var (x, y) = InformationTasks.Parse(task).Sample(n, seed);
        return estimator.Read(new Rows(x, y, null, 0, 0)).Nats;
    }

    internal static double Mean(SampleEstimator estimator, string task, int n, int seeds = 3) =>
        Enumerable.Range(0, seeds).Average(seed => Nats(estimator, task, n, (ulong)seed));

    [Theory]
    [InlineData(1, 1.4186501235, 1.2743806194)]
    [InlineData(2, 0.7934822725, 0.8415721072)]
    [InlineData(3, 0.1683144214, 0.1683144214)]
    public void Five_points_read_as_published(int k, double first, double second)
    {
        var rows = new Rows(FiveX, FiveY, null, 0, 1);
        Assert.Equal(first, Bits.FromNats(new Ksg1 { K = k }.Read(rows).Nats).Value, 9);
        Assert.Equal(second, Bits.FromNats(new Ksg2 { K = k }.Read(rows).Nats).Value, 9);
    }

    [Theory]
    [InlineData("gaussian,dim=1,rho=0.8", 10000, 0.510826, 0.028)]
    [InlineData("gaussian,dim=2,rho=0.8", 10000, 1.021651, 0.028)]
    [InlineData("gaussian,dim=1,rho=0.75", 5000, 0.413339, 0.04)]
    [InlineData("gaussian,dim=1,rho=0.75,transform=cdf", 5000, 0.413339, 0.04)]
    [InlineData("gaussian,dim=1,rho=0.75,transform=half-cube", 5000, 0.413339, 0.04)]
    [InlineData("gaussian,dim=1,rho=0.75,transform=wiggly", 5000, 0.413339, 0.04)]
    [InlineData("gaussian,dim=1,rho=0.75,transform=bimodal", 5000, 0.413339, 0.04)]
    [InlineData("gaussian,dim=1,rho=0.75,transform=swiss-roll", 5000, 0.413339, 0.04)]
    [InlineData("uniform,eps=0.1", 5000, 1.709438, 0.05)]
    [InlineData("uniform,eps=0.75", 5000, 0.333333, 0.05)]
    [InlineData("student,dim=1,df=1,transform=asinh", 5000, 0.2255, 0.03)]
    [InlineData("loggamma,k=5", 5000, 1.320398, 0.06)]
    [InlineData("loggamma,k=10", 5000, 1.878830, 0.06)]
    [InlineData("pairs,dx=3,dy=3", 5000, 0.96, 0.04)]
    [InlineData("pairs,dx=5,dy=5", 5000, 0.72, 0.04)]
    [InlineData("pairs,dx=25,dy=25", 2000, 0.14, 0.06)]
    public void Tasks_read_within_the_known_tolerance(string task, int n, double nats, double tolerance)
    {
        Assert.InRange(Mean(new Ksg1(), task, n), nats - tolerance, nats + tolerance);
        if (!task.StartsWith("pairs", StringComparison.Ordinal) && !task.Contains("dim=2", StringComparison.Ordinal))
            Assert.InRange(Mean(new Ksg2(), task, n), nats - tolerance, nats + tolerance);
    }

    [Theory]
    [InlineData("mixture,m=5", 1.054920, 0.05)]
    [InlineData("mixture,m=10", 1.678753, 0.05)]
    [InlineData("zip,p=0.15", 0.229776, 0.03)]
    [InlineData("qary,m=2,p=0.2", 0.368064, 0.03)]
    [InlineData("qary,m=10,p=0.1", 1.802297, 0.05)]
    [InlineData("gaussian,dim=1,rho=0.75", 0.413339, 0.04)]
    public void Mixtures_read_within_the_known_tolerance(string task, double nats, double tolerance) =>
        Assert.InRange(Mean(new MixedInformation(), task, 5000), nats - tolerance, nats + tolerance);

    [Theory]
    [InlineData("dense,dx=2,dy=2", 0.293893, 0.03)]
    [InlineData("dense,dx=3,dy=3", 0.413339, 0.03)]
    [InlineData("dense,dx=5,dy=5", 0.592812, 0.03)]
    [InlineData("dense,dx=25,dy=25", 1.292184, 0.06)]
    [InlineData("dense,dx=50,dy=50", 1.624265, 0.06)]
    [InlineData("pairs,dx=25,dy=25", 1.021651, 0.06)]
    [InlineData("gaussian,dim=10,rho=0.8", 5.108256, 0.06)]
    public void The_gaussian_baseline_reads_gaussians_of_any_dimension(string task, double nats, double tolerance) =>
        Assert.InRange(Mean(new GaussianInformation(), task, 10000, 2), nats - tolerance, nats + tolerance);

    [Fact]
    public void Ross_reads_a_class_against_a_number() =>
        Assert.InRange(Mean(new RossInformation(), "mixture,m=5", 5000), 1.054920 - 0.03, 1.054920 + 0.03);

    [Fact]
    public void Conditioning_on_a_common_cause_removes_its_information()
    {
        // x = z + noise, y = z + noise: I(X;Y) = -1/2 ln(1 - 1/4), I(X;Y|Z) = 0.
        var random = new Isthmus.Tensors.RandomStream(8);
        const int n = 4000;
        var (x, y, z) = (new double[n], new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            z[i] = random.NextGaussian();
            x[i] = z[i] + random.NextGaussian();
            y[i] = z[i] + random.NextGaussian();
        }
        var rows = new Rows(Samples.Of(x), Samples.Of(y, "y"), Samples.Of(z, "z"), 0, 0);
        foreach (SampleEstimator estimator in new SampleEstimator[] { new Ksg1(), new MixedInformation(), new GaussianInformation() })
        {
            Assert.InRange(estimator.Read(rows).Nats, -0.03, 0.03);
            Assert.InRange(estimator.Read(rows with { Given = null }).Nats, 0.144 - 0.03, 0.144 + 0.03);
        }
    }

    [Fact]
    public void Units_offsets_and_sides_do_not_matter()
    {
        var (x, y) = InformationTasks.Parse("gaussian,dim=2,rho=0.8").Sample(1000, 3);
        Samples Moved(Samples s, double scale, double offset) => new([.. s.Values.ToArray().Select(v => v * scale + offset)], s.Count, s.Dimensions, null, s.Name);
        foreach (SampleEstimator estimator in new SampleEstimator[] { new Ksg1 { Scaling = Standardise.Always }, new Ksg2 { Scaling = Standardise.Always }, new MixedInformation { Scaling = Standardise.Always }, new GaussianInformation() })
        {
            var value = estimator.Read(new Rows(x, y, null, 0, 1)).Nats;
            Assert.Equal(value, estimator.Read(new Rows(Moved(x, 1, 1e6), y, null, 0, 1)).Nats, 2e-3);
            Assert.Equal(value, estimator.Read(new Rows(Moved(x, 1e-8, 0), y, null, 0, 1)).Nats, 2e-3);
            Assert.Equal(value, estimator.Read(new Rows(Moved(x, -3, 0.5), Moved(y, 1e5, -4), null, 0, 1)).Nats, 2e-3);
            Assert.Equal(value, estimator.Read(new Rows(y, x, null, 0, 1)).Nats, 9);
            Assert.Equal(value, estimator.Read(new Rows(x, y, null, 0, 3)).Nats);
        }
        var automatic = new Ksg1().Read(new Rows(Moved(x, 1e-8, 0), Moved(y, 1, 1e6), null, 0, 1)).Nats;
        Assert.Equal(new Ksg1 { Scaling = Standardise.Always }.Read(new Rows(x, y, null, 0, 1)).Nats, automatic, 2e-3);
        Assert.Equal(new Ksg1().Read(new Rows(x, y, null, 0, 1)).Nats, new MixedInformation().Read(new Rows(x, y, null, 0, 1)).Nats, 12);
    }

    [Fact]
    public void Rows_that_coincide_are_told_apart_and_reported()
    {
        var (x, y) = InformationTasks.Parse("qary,m=2,p=0.2").Sample(500, 3);
        var reading = new Ksg1().Read(new Rows(x, y, null, 0, 1));
        Assert.Equal(Verdict.Unreliable, reading.Verdict);
        Assert.Contains("mixed", reading.Notes![0], StringComparison.Ordinal);
        Assert.True(double.IsFinite(reading.Nats));
    }
}
