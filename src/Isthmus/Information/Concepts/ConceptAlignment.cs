using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Whether rows that a code puts together share the concept: the concept alignment score of Espinosa Zarlenga et al. ("Concept Embedding Models", NeurIPS 2022, appendix A.3).
/// </summary>
public static class ConceptAlignment
{
    private const int Steps = 10, MostRounds = 20;

    /// <summary>
    /// For each concept the mean, over numbers of clusters from 2 to the number of rows, of the homogeneity 1 − H(c|cluster)/H(c) of a k-medoids clustering of its
    /// code (the published area over its width). 1 where nearness in the code is equality of the concept.
    /// </summary>
    /// <param name="rows">Rows; those with an unknown concept are left out.</param>
    /// <param name="mostRows">Rows read at most: all pairs of them are compared.</param>
    /// <param name="seed">Of the first medoids.</param>
    /// <exception cref="ArgumentException">Fewer than 10 annotated rows.</exception>
    public static IReadOnlyList<double> Scores(ConceptRows rows, int mostRows = 400, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        rows = rows.Annotated(mostRows);
        var n = rows.Count;
        if (n < Steps) throw new ArgumentException(FormattableString.Invariant($"concept alignment: {n} annotated rows; at least {Steps} are needed"), nameof(rows));
        return [.. Enumerable.Range(0, rows.Concepts).Select(j =>
        {
            var truth = new ConceptStrata([.. Enumerable.Range(0, n).Select(i => rows.Truth.Data[i * rows.Concepts + j])], n, 1);
            var distances = Distances(rows.Block(j), n);
            var random = new RandomStream(seed).Fork("alignment").Fork((ulong)j);
            double area = 0, before = 0;
            for (var s = 0; s <= Steps; s++)
            {
                var clusters = 2 + (int)((long)(n - 2) * s / Steps);
                var value = Homogeneity(truth.Of, truth.Count, Medoids(distances, n, clusters, random.Fork((ulong)s)), clusters);
                if (s > 0) area += (before + value) / 2 / Steps;
                before = value;
            }
            return area;
        })];
    }

    /// <summary>1 − H(class|cluster)/H(class) (Rosenberg and Hirschberg 2007); 1 for a single class.</summary>
    /// <param name="classes">[n] from 0.</param>
    /// <param name="classCount">How many.</param>
    /// <param name="clusters">[n] from 0.</param>
    /// <param name="clusterCount">How many.</param>
    public static double Homogeneity(ReadOnlySpan<int> classes, int classCount, ReadOnlySpan<int> clusters, int clusterCount)
    {
        if (classes.Length != clusters.Length) throw new ArgumentException(FormattableString.Invariant($"homogeneity: {classes.Length} classes and {clusters.Length} clusters"));
        var counts = new long[classCount, clusterCount];
        var totals = new long[classCount];
        for (var i = 0; i < classes.Length; i++)
        {
            counts[classes[i], clusters[i]]++;
            totals[classes[i]]++;
        }
        var entropy = CountEntropy.Estimate(totals, EntropyCorrection.MaximumLikelihood).Value;
        return entropy == 0 ? 1 : CountEntropy.MutualInformation(counts, EntropyCorrection.MaximumLikelihood).Value / entropy;
    }

    private static float[] Distances(float[] block, int n)
    {
        var (width, distances) = (block.Length / n, new float[n * n]);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < i; j++)
            {
                var sum = 0.0;
                for (var c = 0; c < width; c++) sum += Math.Pow((double)block[i * width + c] - block[j * width + c], 2);
                distances[i * n + j] = distances[j * n + i] = (float)Math.Sqrt(sum);
            }
        return distances;
    }

    // Park and Jun ("A simple and fast algorithm for K-medoids clustering", 2009), from medoids drawn far from one another.
    private static int[] Medoids(float[] distances, int n, int clusters, RandomStream random)
    {
        var medoids = new List<int> { random.NextInt(n) };
        var nearest = new float[n];
        for (var i = 0; i < n; i++) nearest[i] = distances[i * n + medoids[0]];
        while (medoids.Count < clusters)
        {
            var total = nearest.Sum(d => (double)d * d);
            var next = 0;
            if (total > 0)
                for (var left = random.NextDouble() * total; next < n - 1 && (left -= (double)nearest[next] * nearest[next]) > 0;) next++;
            else next = random.NextInt(n); // all rows lie on medoids
            medoids.Add(next);
            for (var i = 0; i < n; i++) nearest[i] = Math.Min(nearest[i], distances[i * n + next]);
        }
        var assigned = Assign(distances, n, medoids);
        for (var round = 0; round < MostRounds; round++)
        {
            for (var m = 0; m < clusters; m++)
            {
                var own = Enumerable.Range(0, n).Where(i => assigned[i] == m).ToArray();
                if (own.Length > 0) medoids[m] = own.MinBy(i => own.Sum(j => (double)distances[i * n + j]));
            }
            var again = Assign(distances, n, medoids);
            if (again.AsSpan().SequenceEqual(assigned)) break;
            assigned = again;
        }
        return assigned;
    }

    private static int[] Assign(float[] distances, int n, List<int> medoids)
    {
        var assigned = new int[n];
        for (var i = 0; i < n; i++)
            for (var m = 1; m < medoids.Count; m++)
                if (distances[i * n + medoids[m]] < distances[i * n + medoids[assigned[i]]]) assigned[i] = m;
        return assigned;
    }
}
