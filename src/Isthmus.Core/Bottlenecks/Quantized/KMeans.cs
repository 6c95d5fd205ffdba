using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Centres of rows: seeds by k-means++ (Arthur and Vassilvitskii 2007) and rounds of Lloyd (1982). A centre without rows stays
/// where it is. Used to start codebooks (Zeghidour et al. 2021, SoundStream, section 3.3).
/// </summary>
public static class KMeans
{
    /// <summary>Centres and how many rows each has.</summary>
    /// <param name="rows">[n, width], at least one row.</param>
    /// <param name="count">Centres, at least 1; more than there are rows are copies, moved apart a little.</param>
    /// <param name="iterations">The most rounds of Lloyd; it ends earlier when no row changes its centre. 0 for the seeds alone.</param>
    /// <param name="random">Where the seeds are drawn from.</param>
    /// <param name="onSphere">Whether centres are brought to norm 1 after each round; the rows have it already.</param>
    /// <returns>Centres [count, width] and rows of each [count]: of the assignment whose means the centres are.</returns>
    public static (Tensor Centres, Tensor Counts) Fit(Tensor rows, int count, int iterations, RandomStream random, bool onSphere = false)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(random);
        if (rows.Dim != 2 || rows.Size(0) < 1 || count < 1) throw new ArgumentException($"k-means: {count} centres of rows [{string.Join(", ", rows.Shape.ToArray())}]; at least one of each is needed");
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("k-means");
        var centres = Seeds(rows, count, random);
        var places = rows.NearestRows(centres);
        for (var i = 0; i < iterations; i++)
        {
            MoveToMeans(rows, places, centres);
            if (onSphere) GradientEstimators.UnitRows(centres).Data.CopyTo(centres.Data);
            if (i + 1 == iterations) break; // counts are of the assignment that made the means
            var next = rows.NearestRows(centres);
            if (next.Data.SequenceEqual(places.Data)) break;
            places = next;
        }
        return (scope.Keep(centres), scope.Keep(Counts(places, count)));
    }

    /// <summary>How many indices name each of a number of entries; negative ones name none.</summary>
    internal static Tensor Counts(LongTensor places, int entries)
    {
        var counts = Tensor.Zeros(entries);
        foreach (var p in places.Data)
            if (p >= 0) counts.Data[(int)p]++;
        return counts;
    }

    // Each next seed is a row drawn with probability proportional to its squared distance to the nearest seed so far.
    private static Tensor Seeds(Tensor rows, int count, RandomStream random)
    {
        var (n, width) = (rows.Size(0), rows.Size(1));
        var seeds = Tensor.Zeros(count, width);
        var nearest = new double[n];
        Array.Fill(nearest, double.PositiveInfinity);
        for (var k = 0; k < count; k++)
        {
            using var scope = new TensorScope("seed");
            var row = k == 0 ? random.NextInt(n) : Draw(nearest, random);
            var seed = seeds.Data.Slice(k * width, width);
            rows.Data.Slice(row * width, width).CopyTo(seed);
            if (k >= n) foreach (ref var v in seed) v += 1e-3f * (float)random.NextGaussian();
            var distances = (rows.Detach() - seeds.Narrow(0, k, 1)).Square().Sum(1).Data;
            for (var i = 0; i < n; i++) nearest[i] = Math.Min(nearest[i], distances[i]);
        }
        return seeds;
    }

    private static void MoveToMeans(Tensor rows, LongTensor places, Tensor centres)
    {
        using var scope = new TensorScope("means");
        var (count, width) = (centres.Size(0), centres.Size(1));
        var (sums, counts) = (rows.Detach().SegmentSum(places, count), Counts(places, count));
        for (var k = 0; k < count; k++)
            if (counts.Data[k] > 0)
                for (var d = 0; d < width; d++) centres.Data[(k * width) + d] = sums.Data[(k * width) + d] / counts.Data[k];
    }

    private static int Draw(double[] weights, RandomStream random)
    {
        var at = random.NextDouble() * weights.Sum();
        for (var i = 0; i < weights.Length; i++)
        {
            at -= weights[i];
            if (at < 0) return i;
        }
        return random.NextInt(weights.Length); // all rows coincide with seeds
    }
}
