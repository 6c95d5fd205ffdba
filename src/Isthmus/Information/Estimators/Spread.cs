using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>How a value scatters and moves with the number of rows, from random halves and quarters or a bootstrap.</summary>
/// <param name="Error">The standard error of the value at n rows, in nats.</param>
/// <param name="QuarterMean">The mean value over quarters.</param>
/// <param name="QuarterError">Its standard error.</param>
/// <param name="HalfMean">The mean value over halves.</param>
internal sealed record Spread(double Error, double QuarterMean, double QuarterError, double HalfMean)
{
    private const int Partitions = 4, Resamples = 40;

    /// <summary>Measures it; null where neither an interval nor checks were asked for, or n is too small to divide.</summary>
    public static Spread? Of(SampleEstimator estimator, Rows rows, Reading value, MeasureOptions options)
    {
        var wanted = options.Intervals != IntervalKind.None;
        if (!wanted && !options.Checks) return null;
        if (estimator.Retrains) // its own error, and no trend: a value stands for its subsamples
            return value.StandardError is { } own ? new Spread(own, value.Nats, 0, value.Nats) : null;
        if (rows.Count / 4 < estimator.LeastRows) return null;
        var random = new RandomStream(rows.Seed).Fork("subsamples");
        var partitions = wanted && (options.Intervals == IntervalKind.Subsample || estimator.NearestNeighbour) ? Partitions : 1;
        var (quarters, quarterSd) = Parts(estimator, rows, random, 4, partitions);
        var (halves, _) = Parts(estimator, rows, random, 2, 1);
        // Parts of one partition do not overlap: their spread is that of independent samples of n/4 rows, twice that of n.
        var error = quarterSd / 2;
        if (value.StandardError is { } direct) error = direct;
        else if (wanted && options.Intervals != IntervalKind.Subsample && !estimator.NearestNeighbour)
            error = Bootstrap(estimator, rows);
        return new Spread(error, quarters, quarterSd / 2, halves);
    }

    private static (double Mean, double Sd) Parts(SampleEstimator estimator, Rows rows, RandomStream random, int parts, int partitions)
    {
        var size = rows.Count / parts;
        var values = new double[parts];
        double sum = 0, variance = 0;
        for (var p = 0; p < partitions; p++)
        {
            var order = random.Permutation(rows.Count);
            for (var i = 0; i < parts; i++)
            {
                var chosen = order[(i * size)..((i + 1) * size)];
                Array.Sort(chosen); // a part of a series stays in order
                values[i] = estimator.Read(rows.Take(chosen)).Nats;
            }
            var (mean, error) = Statistics.MeanAndError(values);
            sum += mean;
            variance += error * error * parts;
        }
        return (sum / partitions, Math.Sqrt(variance / partitions));
    }

    private static double Bootstrap(SampleEstimator estimator, Rows rows)
    {
        var random = new RandomStream(rows.Seed).Fork("bootstrap");
        var values = new double[Resamples];
        var chosen = new int[rows.Count];
        for (var b = 0; b < Resamples; b++)
        {
            for (var i = 0; i < chosen.Length; i++) chosen[i] = random.NextInt(chosen.Length);
            values[b] = estimator.Read(rows.Take(chosen)).Nats;
        }
        return Statistics.MeanAndError(values).Error * Math.Sqrt(Resamples);
    }
}
