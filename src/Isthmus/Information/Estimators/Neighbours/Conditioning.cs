using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>When columns are brought to unit standard deviation before distances are taken.</summary>
public enum Standardise
{
    /// <summary>Only when the largest and smallest standard deviation of the columns differ more than fourfold.</summary>
    Auto,

    /// <summary>Always: the value no longer depends on units.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>How samples are made fit for neighbour distances: comparable scales, and ties broken on request.</summary>
internal static class Conditioning
{
    private const double SameScale = 4, TieNoise = 1e-10;

    /// <summary>The values of each set of samples, divided by the columns' standard deviations where the policy says so.</summary>
    public static double[][] Scale(Standardise policy, params ReadOnlySpan<Samples> sets)
    {
        var deviations = new double[sets.Length][];
        double least = double.PositiveInfinity, most = 0;
        for (var s = 0; s < sets.Length; s++)
        {
            deviations[s] = Deviations(sets[s]);
            foreach (var sd in deviations[s])
            {
                if (sd <= 0) continue;
                least = Math.Min(least, sd);
                most = Math.Max(most, sd);
            }
        }
        var scale = policy == Standardise.Always || (policy == Standardise.Auto && most > SameScale * least);
        var values = new double[sets.Length][];
        for (var s = 0; s < sets.Length; s++)
        {
            values[s] = sets[s].Values.ToArray();
            if (!scale) continue;
            var d = sets[s].Dimensions;
            for (var i = 0; i < values[s].Length; i++)
                if (deviations[s][i % d] > 0) values[s][i] = (values[s][i] - sets[s][0, i % d]) / deviations[s][i % d];
        }
        return values;
    }

    /// <summary>Adds seeded noise of 1e-10 standard deviations to every value (after the first row is moved to 0), so that no two are equal.</summary>
    public static void BreakTies(double[] values, int d, ulong seed, string name)
    {
        var random = new RandomStream(seed).Fork("ties").Fork(name);
        var n = values.Length / d;
        for (var c = 0; c < d; c++)
        {
            var origin = values[c];
            var sum = 0.0;
            for (var i = 0; i < n; i++)
            {
                values[i * d + c] -= origin;
                sum += values[i * d + c];
            }
            var (mean, squares) = (sum / n, 0.0);
            for (var i = 0; i < n; i++) squares += (values[i * d + c] - mean) * (values[i * d + c] - mean);
            var noise = TieNoise * Math.Sqrt(squares / n);
            for (var i = 0; i < n; i++) values[i * d + c] += noise * random.NextGaussian();
        }
    }

    /// <summary>
    /// Every continuous column replaced by the normal scores of its ranks, Φ⁻¹((rank − ½)/n) with mean ranks for ties: mutual
    /// information is the same, so an estimator that reads something else is not to be trusted. Discrete columns stay.
    /// </summary>
    public static Samples NormalScores(Samples samples)
    {
        var (n, d) = (samples.Count, samples.Dimensions);
        var values = samples.Values.ToArray();
        var order = new int[n];
        for (var c = 0; c < d; c++)
        {
            if (samples.IsDiscrete(c)) continue;
            var column = samples.Column(c);
            for (var i = 0; i < n; i++) order[i] = i;
            Array.Sort(column, order);
            for (int i = 0, j; i < n; i = j)
            {
                for (j = i + 1; j < n && column[j] == column[i];) j++;
                var score = MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, (i + j) / 2.0 / n);
                for (var t = i; t < j; t++) values[order[t] * d + c] = score;
            }
        }
        return samples.With(values);
    }

    /// <summary>The standard deviation of every column (divisor n), computed about the first row so that a large offset costs no digits.</summary>
    public static double[] Deviations(Samples samples)
    {
        var (n, d) = (samples.Count, samples.Dimensions);
        var values = samples.Values;
        var (sums, squares) = (new double[d], new double[d]);
        for (var i = 0; i < n; i++)
        {
            for (var c = 0; c < d; c++)
            {
                var v = values[i * d + c] - values[c];
                sums[c] += v;
                squares[c] += v * v;
            }
        }
        for (var c = 0; c < d; c++)
        {
            var mean = sums[c] / n;
            sums[c] = Math.Sqrt(Math.Max(0, squares[c] / n - mean * mean));
        }
        return sums;
    }
}
