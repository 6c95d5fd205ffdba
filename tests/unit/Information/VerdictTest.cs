using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class VerdictTest
{
    private static readonly string[] OneDimensional = ["ksg1", "ksg2", "mixed", "gaussian", "kde", "binning", "lossy"];

    private static bool Errs(double bits, double truth) => !(Math.Abs(bits - truth) <= Math.Max(0.2 * truth, 0.05));

    [Theory]
    [InlineData("gaussian,rho=0.9,transform=scrambled", 2000)]
    [InlineData("gaussian,rho=0.9,transform=scrambled", 5000)]
    [InlineData("gaussian,rho=0.75,transform=scrambled", 3000)]
    [InlineData("gaussian,rho=0.75,transform=heavy", 1000)]
    [InlineData("gaussian,rho=0.75,transform=heavy", 4000)]
    [InlineData("pairs,dx=25,dy=25", 2000)]
    [InlineData("gaussian,dim=10,rho=0.8", 2000)]
    public void Hard_pairs_alarm_wherever_the_reading_errs(string name, int n)
    {
        var task = InformationTasks.Parse(name);
        for (ulong seed = 0; seed < 2; seed++)
        {
            var (x, y) = task.Sample(n, seed);
            foreach (var estimator in x.Dimensions == 1 ? OneDimensional : ["ksg1", "ksg2", "mixed"])
            {
                var reading = MutualInformation.Make(estimator).Estimate(x, y, new MeasureOptions { Intervals = IntervalKind.None });
                if (Errs(reading.Bits!.Value.Value, task.Truth.Value))
                    Assert.True(reading.Verdict != Verdict.NoAlarm, $"{estimator} reads {reading.Bits} for {task.Truth} without alarm");
                if (estimator.StartsWith("ksg", StringComparison.Ordinal))
                {
                    Assert.NotEqual(Verdict.NoAlarm, reading.Verdict);
                    Assert.NotEmpty(reading.Notes);
                }
            }
        }
    }

    [Theory]
    [InlineData("gaussian,rho=0.8", "ksg1")]
    [InlineData("gaussian,rho=0.8", "ksg2")]
    [InlineData("gaussian,rho=0.8", "mixed")]
    [InlineData("gaussian,rho=0.8", "binning")]
    [InlineData("gaussian,dim=10,rho=0.8", "gaussian")]
    [InlineData("mixture,m=5", "ross")]
    [InlineData("qary,m=10,p=0.1", "binning")]
    public void Easy_pairs_do_not_alarm(string name, string estimator)
    {
        var task = InformationTasks.Parse(name);
        var (x, y) = task.Sample(10000, 1);
        var reading = MutualInformation.Make(estimator).Estimate(x, y);
        Assert.True(reading.Verdict == Verdict.NoAlarm, string.Join("; ", reading.Notes));
        Assert.False(Errs(reading.Bits!.Value.Value, task.Truth.Value));
        Assert.True(reading.Low < reading.Bits && reading.Bits < reading.High);
        Assert.InRange(reading.High!.Value.Value - reading.Low!.Value.Value, 0.001, 0.3);
    }

    [Theory]
    [InlineData("ksg1")]
    [InlineData("ksg2")]
    [InlineData("mixed")]
    public void A_column_with_itself_reads_the_ceiling_and_says_so(string estimator)
    {
        var (x, _) = InformationTasks.Parse("gaussian,rho=0.5").Sample(500, 3);
        foreach (var k in (int[])[1, 3, 7])
        {
            var reading = MutualInformation.Make(estimator, k).Estimate(x, x);
            Assert.Equal(reading.Ceiling!.Value.Value, reading.Bits!.Value.Value, 1e-9);
            Assert.Equal(Verdict.Saturated, reading.Verdict);
        }
    }

    [Fact]
    public void Columns_that_others_of_their_side_make_up_change_nothing_in_the_baseline()
    {
        var (x, y) = InformationTasks.Parse("gaussian,dim=2,rho=0.7").Sample(800, 4);
        double[] Column(Func<int, double> value) => [.. Enumerable.Range(0, x.Count).Select(value)];
        var (a, b) = (Column(i => x[i, 0]), Column(i => x[i, 1]));
        var more = Samples.FromColumns([a, b, Column(i => a[i] - 2 * b[i]), Column(i => 3 - a[i])], name: "x");
        var (plain, wide) = (new GaussianInformation().Estimate(x, y), new GaussianInformation().Estimate(more, y));
        Assert.Equal(plain.Bits!.Value.Value, wide.Bits!.Value.Value, 1e-9);
        Assert.Equal(plain.High!.Value.Value, wide.High!.Value.Value, 1e-9);
        Assert.Equal(0, new GaussianInformation().Estimate(x, y, new MeasureOptions { Given = more }).Bits!.Value.Value);

        var itself = new GaussianInformation().Estimate(more, x); // this one is infinite
        Assert.Null(itself.Bits);
        Assert.Null(itself.Low);
        Assert.Equal(Verdict.Unreliable, itself.Verdict);
        Assert.DoesNotContain(itself.Notes, n => n.Contains("NaN", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_no_interval_is_asked_none_is_shown()
    {
        var (x, y) = InformationTasks.Parse("gaussian,rho=0.8").Sample(400, 5);
        foreach (var estimator in OneDimensional)
        {
            var reading = MutualInformation.Make(estimator).Estimate(x, y, new MeasureOptions { Intervals = IntervalKind.None });
            Assert.NotNull(reading.Bits);
            Assert.Null(reading.Low);
            Assert.Null(reading.High);
        }
    }

    [Fact]
    public void Independent_series_alarm_and_circular_shifts_do_not_reject_them()
    {
        var rejected = 0;
        for (ulong seed = 0; seed < 20; seed++)
        {
            var random = new RandomStream(seed);
            var (x, y) = (new double[600], new double[600]);
            for (var i = 1; i < 600; i++)
            {
                x[i] = 0.9 * x[i - 1] + random.NextGaussian();
                y[i] = 0.9 * y[i - 1] + random.NextGaussian();
            }
            var reading = new Ksg1().Estimate(Samples.Of(x), Samples.Of(y, "y"),
                new MeasureOptions { Permutations = 19, Seed = seed, Intervals = IntervalKind.None, Checks = seed == 0 });
            if (reading.PValue <= 0.05) rejected++;
            if (seed == 0) Assert.NotEqual(Verdict.NoAlarm, reading.Verdict);
            Assert.Contains(reading.Notes, note => note.Contains("circular shifts", StringComparison.Ordinal));
        }
        Assert.InRange(rejected, 0, 5);
    }

    [Fact]
    public void The_null_covers_independence_and_rejects_dependence()
    {
        var rejected = 0;
        for (ulong seed = 0; seed < 40; seed++)
        {
            var random = new RandomStream(seed + 100);
            var x = Enumerable.Range(0, 150).Select(_ => random.NextGaussian()).ToArray();
            var y = Enumerable.Range(0, 150).Select(_ => random.NextGaussian()).ToArray();
            var p = new Ksg1().Estimate(Samples.Of(x), Samples.Of(y, "y"), MeasureOptions.ValueOnly with { Permutations = 39, Seed = seed }).PValue;
            if (p <= 0.05) rejected++;
        }
        Assert.InRange(rejected, 0, 6); // 2 expected of 40
        var (a, b) = InformationTasks.Parse("gaussian,rho=0.8").Sample(150, 1);
        Assert.Equal(1 / 40.0, new Ksg1().Estimate(a, b, MeasureOptions.ValueOnly with { Permutations = 39 }).PValue!.Value, 12);
    }

    [Fact]
    public void Bad_input_is_one_clear_line()
    {
        var (x, y) = InformationTasks.Parse("gaussian").Sample(50, 1);
        string Message(Action action) => Assert.Throws<InputException>(action).Message;
        Assert.Contains("row 2, column 1", Message(() => Samples.Of([1, double.NaN])), StringComparison.Ordinal);
        Assert.Contains("must be finite", Message(() => Samples.Of([1, double.PositiveInfinity])), StringComparison.Ordinal);
        Assert.Contains("49", Message(() => new Ksg1().Estimate(x, y.Take(Enumerable.Range(0, 49).ToArray()))), StringComparison.Ordinal);
        Assert.Contains("constant", Message(() => new Ksg1().Estimate(x, Samples.Of([.. Enumerable.Repeat(3.0, 50)], "y"))), StringComparison.Ordinal);
        Assert.Contains("at least 60", Message(() => new Ksg1 { K = 30 }.Estimate(x, y)), StringComparison.Ordinal);
        Assert.Contains("bootstrap", Message(() => new Ksg1().Estimate(x, y, new MeasureOptions { Intervals = IntervalKind.Bootstrap })), StringComparison.Ordinal);
        Assert.Contains("condition", Message(() => new Ksg2().Estimate(x, y, new MeasureOptions { Given = x })), StringComparison.Ordinal);
        Assert.Contains("not known", Message(() => MutualInformation.Make("ksg3")), StringComparison.Ordinal);
        Assert.Contains("columns", Message(() => new Samples(new double[5], 2, 2)), StringComparison.Ordinal);
    }

    [Fact]
    public void Readings_side_by_side_name_the_one_that_disagrees()
    {
        // y = x² + a little noise: a straight line sees nothing, neighbours see most.
        var random = new RandomStream(3);
        var x = Enumerable.Range(0, 2000).Select(_ => random.NextGaussian()).ToArray();
        var y = x.Select(v => v * v + 0.3 * random.NextGaussian()).ToArray();
        var readings = MutualInformation.Measure(Samples.Of(x), Samples.Of(y, "y"));
        var gaussian = readings.Single(r => r.Estimator == "gaussian");
        Assert.Equal(Verdict.Unreliable, gaussian.Verdict);
        Assert.Contains(gaussian.Notes, n => n.Contains("straight line", StringComparison.Ordinal));
        Assert.True(readings.Single(r => r.Estimator == "ksg1").Bits > gaussian.Bits);
        Assert.Equal(["binning", "mixed"], MutualInformation.Suited(Samples.OfLabels([1, 2]), Samples.OfLabels([1, 2])));
    }

    [Fact]
    public void Threads_and_seeds_change_what_they_should()
    {
        var (x, y) = InformationTasks.Parse("gaussian,dim=2,rho=0.6").Sample(240, 1);
        foreach (var name in MutualInformation.Names.Where(n => n != "ross"))
        {
            var options = new MeasureOptions { Permutations = 3, Threads = 1 };
            var one = MutualInformation.Make(name).Estimate(x, y, options);
            var many = MutualInformation.Make(name).Estimate(x, y, options with { Threads = 4 });
            Assert.Equal(one with { Seconds = 0, Notes = [] }, many with { Seconds = 0, Notes = [] });
            Assert.Equal(one.Notes, many.Notes);
        }
        var other = new Ksg1().Estimate(x, y, new MeasureOptions { Seed = 1 });
        Assert.Equal(new Ksg1().Estimate(x, y).Bits, other.Bits);
        Assert.NotEqual(new Ksg1().Estimate(x, y).Low, other.Low); // other subsamples
    }
}
