using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

public class NeighbourhoodsTest
{
    private static double[] Cloud(int n, int d, ulong seed, bool ties)
    {
        var random = new RandomStream(seed);
        var values = new double[n * d];
        for (var i = 0; i < values.Length; i++) values[i] = ties ? random.NextInt(7) : random.NextGaussian();
        return values;
    }

    private static double Distance(double[] rows, int d, int i, int j)
    {
        var far = 0.0;
        for (var c = 0; c < d; c++) far = Math.Max(far, Math.Abs(rows[i * d + c] - rows[j * d + c]));
        return far;
    }

    [Theory]
    [InlineData(5, 1, false)]
    [InlineData(16, 2, false)]
    [InlineData(17, 3, true)]
    [InlineData(200, 1, true)]
    [InlineData(333, 2, false)]
    [InlineData(500, 4, true)]
    [InlineData(257, 9, false)]
    public void Trees_and_brute_force_equal_the_naive_search(int n, int d, bool ties)
    {
        var rows = Cloud(n, d, 11, ties);
        foreach (var k in new[] { 1, 3, 4 })
        {
            var expected = new double[n];
            var counted = new int[n];
            for (var i = 0; i < n; i++)
            {
                var all = Enumerable.Range(0, n).Where(j => j != i).Select(j => Distance(rows, d, i, j)).Order().ToArray();
                expected[i] = all[k - 1];
                counted[i] = Enumerable.Range(0, n).Count(j => Distance(rows, d, i, j) < expected[i]);
            }
            foreach (var tree in new[] { true, false })
            {
                Assert.Equal(expected, Neighbourhoods.KthDistance(rows, n, d, k, 2, tree));
                Assert.Equal(counted, Neighbourhoods.CountNearer(rows, n, d, expected, 2, tree));
            }
        }
    }

    [Theory]
    [InlineData(120, 1, 1)]
    [InlineData(301, 2, 3)]
    public void Balls_and_boxes_agree_between_tree_and_brute_force(int n, int dx, int dy)
    {
        var (x, y) = (Cloud(n, dx, 1, false), Cloud(n, dy, 2, false));
        var tree = new Neighbourhoods([x, y], [dx, dy], n, 1) { ForceTree = true };
        var brute = new Neighbourhoods([x, y], [dx, dy], n, 3) { ForceTree = false };
        var (a, b) = (tree.Balls(3, [1, 2, 3]), brute.Balls(3, [1, 2, 3]));
        Assert.Equal(a.Radius, b.Radius);
        for (var s = 0; s < 3; s++) Assert.Equal(a.Counts[s], b.Counts[s]);
        Assert.All(a.Counts[2], count => Assert.Equal(3, count)); // itself and the two nearer than the third
        var (c, e) = (tree.Boxes(3), brute.Boxes(3));
        Assert.Equal(c.Radius, e.Radius);
        for (var s = 0; s < 2; s++) Assert.Equal(c.Counts[s], e.Counts[s]);
    }

    [Fact]
    public void Euclidean_neighbours_equal_the_naive_search()
    {
        const int n = 400, d = 3, k = 5;
        var rows = Cloud(n, d, 4, false);
        var tree = new KdTree(rows, n, d, 1);
        var (query, best, who) = (new double[d], new double[k], new int[k]);
        for (var p = 0; p < n; p++)
        {
            tree.Point(p, query);
            tree.Nearest<SquaredEuclidean>(query, p, best, who);
            var i = tree.Row(p);
            var naive = Enumerable.Range(0, n).Where(j => j != i)
                .Select(j => Enumerable.Range(0, d).Sum(c => Math.Pow(rows[i * d + c] - rows[j * d + c], 2))).Order().Take(k).ToArray();
            for (var j = 0; j < k; j++) Assert.Equal(naive[j], best[j], 12);
        }
    }

    [Fact]
    public void Partial_sorting_splits_at_any_position_even_with_many_ties()
    {
        var random = new RandomStream(2);
        for (var round = 0; round < 200; round++)
        {
            var n = 2 + random.NextInt(60);
            var keys = Enumerable.Range(0, n).Select(_ => (double)random.NextInt(1 + round % 12)).ToArray();
            var items = Enumerable.Range(0, n).ToArray();
            var original = (double[])keys.Clone();
            var nth = 1 + random.NextInt(n - 1);
            Selection.Partition(keys, items, nth);
            Assert.True(keys[..nth].Max() <= keys[nth..].Min());
            Assert.Equal(Enumerable.Range(0, n), items.Order());
            for (var i = 0; i < n; i++) Assert.Equal(original[items[i]], keys[i]);
        }
    }
}
