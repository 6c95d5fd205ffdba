using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors;

[Collection("alone")]
public class NearestRowsTest
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 5, 3)]
    [InlineData(97, 33, 17)]
    [InlineData(200, 1024, 64)]
    [InlineData(50, 70, 600)] // several blocks of k
    [InlineData(13, 1, 4)]
    public void IsTheArgMinOfTheDistances(int rows, int entries, int width)
    {
        var random = new RandomStream(5);
        var (x, table) = (Tensor.Randn(random, rows, width), Tensor.Randn(random, entries, width));
        var found = x.NearestRows(table).ToArray();
        for (var i = 0; i < rows; i++)
        {
            var distances = Enumerable.Range(0, entries).Select(j => Distance(x, i, table, j)).ToArray();
            Assert.True(distances[found[i]] <= distances.Min() + (1e-5 * width));
        }
    }

    [Fact]
    public void TiesGoToTheLowestIndex_AndNaNIsNeverChosen()
    {
        var table = Tensor.Zeros(100, 3);
        for (var j = 0; j < 100; j++) table.Data[j * 3] = j % 10;
        var x = Tensor.From([3f, 0, 0, 9.4f, 1, 1], 2, 3);
        Assert.Equal([3L, 9L], x.NearestRows(table).ToArray());
        table.Data[9] = float.NaN;
        Assert.Equal([13L, 9L], x.NearestRows(table).ToArray());
        Assert.Equal([0L], Tensor.From([float.NaN, 0, 0], 1, 3).NearestRows(table).ToArray());
    }

    [Fact]
    public void EveryEntryIsNearestToItself_AmongWellSeparatedOnes()
    {
        var table = Tensor.Randn(new RandomStream(4), 500, 20);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => (long)i), table.NearestRows(table).ToArray());
    }

    [Fact]
    public void Heads_AreTheirPiecesAlone()
    {
        var random = new RandomStream(6);
        var (x, tables) = (Tensor.Randn(random, 40, 15), Tensor.Randn(random, 3, 20, 5));
        var all = x.NearestRows(tables, 3);
        var shared = x.NearestRows(tables.Narrow(0, 1, 1), 3);
        for (var h = 0; h < 3; h++)
        {
            var piece = x.Narrow(1, h * 5, 5);
            var (own, one) = (piece.NearestRows(tables.Select(0, h)).ToArray(), piece.NearestRows(tables.Select(0, 1)).ToArray());
            for (var i = 0; i < 40; i++) Assert.Equal((own[i], one[i]), (all.Data[(i * 3) + h], shared.Data[(i * 3) + h]));
        }
        Assert.Throws<ArgumentException>(() => x.NearestRows(tables, 2));
    }

    [Fact]
    public void HasTheSameIndices_ForEveryThreadCountAndBatch()
    {
        var random = new RandomStream(7);
        // Rounded to a coarse grid, so that there are many ties.
        var (x, table) = ((Tensor.Randn(random, 1000, 6) * 2f).Round(), (Tensor.Randn(random, 300, 6) * 2f).Round());
        var before = Threads.Count;
        try
        {
            Threads.Count = 1;
            var alone = x.NearestRows(table).ToArray();
            Threads.Count = 3;
            Assert.Equal(alone, x.NearestRows(table).ToArray());
            Assert.Equal(alone[500..507], x.Narrow(0, 500, 7).NearestRows(table).ToArray());
        }
        finally
        {
            Threads.Count = before;
        }
    }

    [Fact]
    public void HasTheSameIndices_OnEveryInstructionSet() => InstructionSets.AssertSameBits("nearest rows");

    [FingerprintOf("nearest rows")]
    private static Fingerprint Compute()
    {
        var random = new RandomStream(8);
        var print = new Fingerprint();
        foreach (var (n, entries, k) in (ReadOnlySpan<(int, int, int)>)[(130, 77, 9), (40, 300, 310), (500, 64, 2)])
            print.Add(((Tensor.Randn(random, n, k) * 3f).Round().NearestRows((Tensor.Randn(random, entries, k) * 3f).Round())).ToArray());
        return print;
    }

    [Fact]
    public void NoMatrixOfDistances_IsMade()
    {
        var random = new RandomStream(10);
        var (x, table) = (Tensor.Randn(random, 20_000, 16), Tensor.Randn(random, 4096, 16)); // all distances would be 328 MB
        x.NearestRows(table);
        TensorPool.Trim();
        var (pool, heap, process) = (TensorPool.BytesHeld, GC.GetTotalAllocatedBytes(true), Environment.WorkingSet);
        x.NearestRows(table);
        Assert.InRange(TensorPool.BytesHeld - pool, 0, 1 << 20); // norms and squares of the table
        Assert.InRange(GC.GetTotalAllocatedBytes(true) - heap, 0, 2 << 20); // the 20,000 indices
        Assert.InRange(Environment.WorkingSet - process, long.MinValue, 50 << 20);
    }

    [Fact]
    public void SegmentSum_IsTheOneHotProduct()
    {
        var random = new RandomStream(9);
        var x = Tensor.Randn(random, 30, 4);
        var index = LongTensor.From([.. Enumerable.Range(0, 30).Select(i => i % 7 == 6 ? -1L : i * i % 5)]);
        var sums = x.SegmentSum(index, 5);
        for (var j = 0; j < 5; j++)
            for (var d = 0; d < 4; d++)
                Assert.Equal(Enumerable.Range(0, 30).Where(i => index.Data[i] == j).Sum(i => (double)x.Data[(i * 4) + d]), sums.Data[(j * 4) + d], 1e-5);
        Assert.Throws<ArgumentOutOfRangeException>(() => x.SegmentSum(index, 3));
    }

    private static double Distance(Tensor x, int i, Tensor table, int j)
    {
        double sum = 0;
        var k = x.Size(1);
        for (var d = 0; d < k; d++)
        {
            var difference = (double)x.Data[(i * k) + d] - table.Data[(j * k) + d];
            sum += difference * difference;
        }
        return sum;
    }
}
