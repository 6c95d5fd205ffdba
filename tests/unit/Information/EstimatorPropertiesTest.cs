using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>What must hold for any data, on random cases with ties, odd scales and odd sizes.</summary>
public class EstimatorPropertiesTest
{
    private const int Cases = 200;

    private static (Samples X, Samples Y) Random(ulong seed, out RandomStream random)
    {
        random = new RandomStream(seed).Fork("case");
        var (n, dx, dy) = (40 + random.NextInt(120), 1 + random.NextInt(3), 1 + random.NextInt(3));
        var (x, y) = (new double[n * dx], new double[n * dy]);
        var rho = random.NextDouble();
        for (var i = 0; i < n; i++)
        {
            for (var c = 0; c < dx; c++) x[i * dx + c] = random.NextGaussian();
            for (var c = 0; c < dy; c++) y[i * dy + c] = rho * x[i * dx] + random.NextGaussian();
        }
        return (new Samples(x, n, dx), new Samples(y, n, dy, null, "y"));
    }

    private static Samples Map(Samples s, Func<double, int, double> map)
    {
        var values = s.Values.ToArray();
        for (var i = 0; i < values.Length; i++) values[i] = map(values[i], i % s.Dimensions);
        return new Samples(values, s.Count, s.Dimensions, null, s.Name);
    }

    [Fact]
    public void Neighbour_readings_are_symmetric_and_free_of_units_and_row_order()
    {
        for (ulong seed = 0; seed < Cases; seed++)
        {
            var (x, y) = Random(seed, out var random);
            SampleEstimator estimator = (seed % 3) switch
            {
                0 => new Ksg1 { Scaling = Standardise.Always },
                1 => new Ksg2 { Scaling = Standardise.Always },
                _ => new MixedInformation { Scaling = Standardise.Always },
            };
            double Read(Samples a, Samples b) => estimator.Read(new Rows(a, b, null, 0, 1)).Nats;
            var value = Read(x, y);
            Assert.Equal(value, Read(y, x), 10);
            var order = random.Permutation(x.Count);
            Assert.Equal(value, Read(x.Take(order), y.Take(order)), 10);
            // Powers of two and negation are exact; other units may move a rim by one rounding, so they are tried on one in ten.
            Assert.Equal(value, Read(Map(x, (v, c) => -v * (1 << (3 * c + 1))), Map(y, (v, _) => v / 1024)), 10);
            if (seed % 10 == 0) Assert.Equal(value, Read(Map(x, (v, c) => v * 1e-8 * (c + 1) + c), Map(y, (v, _) => v + 1e6)), 5e-3);
        }
    }

    [Fact]
    public void Tree_and_brute_force_read_the_same_bits_with_ties_and_without()
    {
        for (ulong seed = 0; seed < Cases; seed++)
        {
            var (x, y) = Random(seed, out _);
            if (seed % 2 == 0) (x, y) = (Map(x, (v, _) => Math.Round(2 * v)), Map(y, (v, _) => Math.Round(v)));
            int[] widths = [x.Dimensions, y.Dimensions];
            double[][] blocks = [x.Values.ToArray(), y.Values.ToArray()];
            var tree = new Neighbourhoods(blocks, widths, x.Count, 1) { ForceTree = true }.Balls(3, [1, 2, 3], countTies: true);
            var brute = new Neighbourhoods(blocks, widths, x.Count, 2) { ForceTree = false }.Balls(3, [1, 2, 3], countTies: true);
            Assert.Equal(tree.Radius, brute.Radius);
            for (var s = 0; s < 3; s++) Assert.Equal(tree.Counts[s], brute.Counts[s]);
        }
    }

    [Fact]
    public void Binned_classes_lie_between_zero_and_the_smaller_entropy()
    {
        for (ulong seed = 0; seed < Cases; seed++)
        {
            var random = new RandomStream(seed);
            var n = 20 + random.NextInt(200);
            var (a, b) = (new int[n], new int[n]);
            for (var i = 0; i < n; i++)
            {
                a[i] = random.NextInt(2 + (int)(seed % 5));
                b[i] = random.NextDouble() < 0.5 ? a[i] : random.NextInt(4);
            }
            if (a.Distinct().Count() < 2 || b.Distinct().Count() < 2) continue;
            var reading = new BinnedInformation { Correction = EntropyCorrection.MaximumLikelihood }.Read(new Rows(Samples.OfLabels(a), Samples.OfLabels(b), null, 0, 1));
            Assert.InRange(reading.Nats, -1e-12, reading.CeilingNats!.Value + 1e-12);
        }
    }

    [Fact]
    public void Kernel_bounds_are_ordered_and_between_zero_and_log_n()
    {
        for (ulong seed = 0; seed < Cases; seed++)
        {
            var (x, _) = Random(seed, out var random);
            var variance = Math.Exp(4 * random.NextGaussian());
            var s = KernelBounds.Estimate(x.Values, x.Count, x.Dimensions, variance, threads: 1);
            Assert.InRange(s.Lower.Bits!.Value.Value, -1e-12, s.Upper.Bits!.Value.Value + 1e-12);
            Assert.True(s.Upper.Bits.Value.Value <= Math.Log2(x.Count) + 1e-12);
        }
    }

    [Fact]
    public void The_sandwich_stays_under_its_ceilings()
    {
        for (ulong seed = 0; seed < Cases; seed++)
        {
            var random = new RandomStream(seed).Fork("codes");
            var (n, d) = (2 + random.NextInt(60), 1 + random.NextInt(6));
            var (mean, std, z) = (new float[n * d], new float[n * d], new float[n * d]);
            var labels = new int[n];
            for (var i = 0; i < n * d; i++)
            {
                mean[i] = (float)(random.NextGaussian() * Math.Exp(2 * random.NextGaussian()));
                std[i] = (float)Math.Exp(2 * random.NextGaussian());
                z[i] = mean[i] + std[i] * (float)random.NextGaussian();
            }
            for (var i = 0; i < n; i++) labels[i] = random.NextInt(3);
            var s = GaussianCodeSandwich.Estimate(mean, std, z, n, d, labels, threads: 1);
            Assert.True(s.Kept.Bits!.Value.Value <= Math.Log2(n) + 1e-9);
            Assert.True(s.LabelLow!.Bits!.Value.Value <= s.LabelLow.Ceiling!.Value.Value + 1e-12);
            Assert.True(s.LabelHigh!.Bits!.Value.Value >= 0);
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Readings_without_alarm_seldom_err_on_tasks_that_no_alarm_was_set_on()
    {
        var rows = Calibration.Run(["ksg1", "mixed", "binning", "gaussian", "ross", "lossy"], InformationTasks.HeldOut, [2000], 3);
        var counted = rows.Where(r => r.Truth >= 0.2).ToArray();
        Assert.True(counted.Sum(r => r.NoAlarm) > 0.3 * counted.Length * (1 - counted.Average(r => r.Erring)));
        Assert.True(counted.Sum(r => r.WrongNoAlarm) <= 0.04 * counted.Sum(r => r.NoAlarm), Calibration.Markdown(rows));
    }
}
