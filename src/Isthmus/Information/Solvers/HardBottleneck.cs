namespace Isthmus.Information;

/// <summary>A partition of X into clusters T.</summary>
/// <param name="Labels">The cluster of each x, numbered from 0.</param>
/// <param name="Clusters">How many clusters there are.</param>
/// <param name="IxtBits">I(X;T) = H(T).</param>
/// <param name="ItyBits">I(T;Y).</param>
public sealed record HardClustering(int[] Labels, int Clusters, double IxtBits, double ItyBits);

/// <summary>One step of the agglomerative bottleneck: the clusters of two symbols become one.</summary>
/// <param name="First">The smallest x of the first cluster.</param>
/// <param name="Second">The smallest x of the second cluster, greater than <paramref name="First"/>.</param>
/// <param name="CostBits">The relevance lost, (p_i + p_j) JS[p(y|i), p(y|j)].</param>
/// <param name="After">The partition after the merge.</param>
public sealed record BottleneckMerge(int First, int Second, double CostBits, HardClustering After);

/// <summary>Bottlenecks whose encoder is a partition: agglomerative, sequential and, for small alphabets, exhaustive.</summary>
public static class HardBottleneck
{
    /// <summary>The agglomerative bottleneck (Slonim and Tishby 1999): from singletons, always the cheapest merge, until one cluster is left.</summary>
    /// <param name="joint">p(x, y), rows x; at most 2048 different rows.</param>
    /// <returns>One merge a step; x that have the same p(y|x) or no mass are together from the start.</returns>
    /// <exception cref="InputException">The matrix is not a distribution or is too large.</exception>
    public static IReadOnlyList<BottleneckMerge> Agglomerate(double[,] joint)
    {
        var problem = new BottleneckProblem(joint);
        if (problem.Inputs > 2048) throw new InputException($"agglomerative bottleneck of {problem.Inputs} symbols, expected at most 2048");
        var merges = new List<BottleneckMerge>();
        var before = problem.Information;
        foreach (var (first, second, labels) in PartitionSearch.Relevance(problem).Agglomerate())
        {
            var after = Describe(problem, labels);
            var relevance = after.ItyBits * Math.Log(2);
            merges.Add(new BottleneckMerge(problem.FirstSymbol(first), problem.FirstSymbol(second), Math.Max(0, before - relevance) / Math.Log(2), after));
            before = relevance;
        }
        return merges;
    }

    /// <summary>The relevance that is lost when two symbols become one, (p_i + p_j) JS[p(y|i), p(y|j)] with weights in proportion (Slonim and Tishby 1999, eq. 5).</summary>
    /// <param name="joint">p(x, y), rows x.</param>
    /// <param name="first">A row.</param>
    /// <param name="second">Another row.</param>
    /// <exception cref="InputException">The matrix is not a distribution.</exception>
    public static Bits MergeCost(double[,] joint, int first, int second)
    {
        var p = Probabilities.CopyJoint(joint, "joint");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)first, (uint)p.GetLength(0));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)second, (uint)p.GetLength(0));
        double a = 0, b = 0, cells = 0;
        for (var y = 0; y < p.GetLength(1); y++)
        {
            a += p[first, y];
            b += p[second, y];
            cells += Shannon.Term(p[first, y] + p[second, y]) - Shannon.Term(p[first, y]) - Shannon.Term(p[second, y]);
        }
        return Bits.FromNats(Math.Max(0, cells - Shannon.Term(a + b) + Shannon.Term(a) + Shannon.Term(b)));
    }

    /// <summary>The sequential bottleneck (Slonim, Friedman, Tishby 2002): the partition into a number of clusters with the largest I(T;Y) that single moves find.</summary>
    /// <param name="joint">p(x, y), rows x.</param>
    /// <param name="clusters">At least 1.</param>
    /// <param name="restarts">Seeded random partitions to start from, besides the agglomerative one; at least 0.</param>
    /// <param name="seed">The key of the random starts.</param>
    /// <exception cref="InputException">The matrix is not a distribution.</exception>
    public static HardClustering Sequential(double[,] joint, int clusters, int restarts = 8, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(restarts);
        var problem = new BottleneckProblem(joint);
        var count = Math.Min(clusters, problem.Inputs);
        var search = PartitionSearch.Relevance(problem);
        return Describe(problem, search.Best(count, restarts, seed));
    }

    /// <summary>The best partition of all for H(T) − β I(T;Y), by trying every one.</summary>
    /// <param name="joint">p(x, y), rows x; at most 10 different rows.</param>
    /// <param name="beta">At least 0.</param>
    /// <param name="maxClusters">Partitions into more clusters are left out.</param>
    /// <exception cref="InputException">The matrix is not a distribution or is too large.</exception>
    public static HardClustering Exhaustive(double[,] joint, double beta, int maxClusters = int.MaxValue)
    {
        BottleneckOptions.RequireBeta(beta);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxClusters, 1);
        var problem = new BottleneckProblem(joint);
        if (problem.Inputs > Partitions.MaxExhaustive)
            throw new InputException($"exhaustive bottleneck of {problem.Inputs} different symbols, expected at most {Partitions.MaxExhaustive}");
        return Describe(problem, PartitionSearch.Deterministic(problem, beta).Exhaustive(maxClusters));
    }

    private static HardClustering Describe(BottleneckProblem problem, int[] labels)
    {
        var encoding = problem.Hard(labels);
        return new HardClustering(problem.Expand(labels), labels.Max() + 1, encoding.Entropy / Math.Log(2), encoding.Relevance / Math.Log(2));
    }
}
