using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class CodebookTest
{
    private static Codebook Known(CodebookSettings settings, float[] codes, float[] counts)
    {
        var book = new Codebook(settings, new RandomStream(1));
        var state = book.StateDict();
        codes.CopyTo(state["table"].Data);
        counts.CopyTo(state["counts"].Data);
        for (var k = 0; state.ContainsKey("sums") && k < codes.Length; k++) state["sums"].Data[k] = codes[k] * counts[k / settings.Width];
        state["state"].Data[0] = 1;
        return book;
    }

    // Van den Oord et al., appendix A.1, by hand: K = 2, decay 1/2, counts (1, 1), codes 0 and 10, rows 1, 2, 9.
    [Fact]
    public void MovingAverages_HaveTheirClosedForm()
    {
        var book = Known(new CodebookSettings(2, 1) { Decay = 0.5f, DeadThreshold = 0 }, [0, 10], [1, 1]);
        var x = Tensor.From([1f, 2f, 9f], 3, 1);
        book.Begin(x, new RandomStream(2));
        var indices = book.Nearest(x);
        Assert.Equal([0L, 0, 1], indices.ToArray());
        book.Collect((x, indices));
        Assert.Equal([0f, 10f], book.Table.ToArray()); // the pass's indices still decode to its vectors
        book.Refresh();
        Assert.Equal(1.00000133, book.Table.Data[0], 1e-6);
        Assert.Equal(9.499981, book.Table.Data[1], 1e-5);
        Assert.Equal([1.5f, 1f], book.Counts.ToArray()); // the smoothing is not stored
        Assert.Equal([1.5f, 9.5f], book.StateDict()["sums"].ToArray());
        book.Refresh(); // nothing waits any more
        Assert.Equal(9.499981, book.Table.Data[1], 1e-5);
    }

    [Fact]
    public void AStepOnTheBatchThatStartedIt_MovesNoConvergedCode()
    {
        var x = Tensor.Randn(new RandomStream(3), 200, 4);
        var book = new Codebook(new CodebookSettings(8, 4) { KMeansIterations = 1000, DeadThreshold = 0 }, new RandomStream(1));
        book.Begin(x, new RandomStream(2));
        var before = book.Table.ToArray();
        book.Collect((x, book.Nearest(x)));
        book.Refresh();
        Assert.All(before.Zip(book.Table.ToArray()), p => Assert.Equal(p.First, p.Second, 2e-5f));
        Assert.Equal(200, book.Counts.ToArray().Sum(), 1e-3);
    }

    [Fact]
    public void ADeadCode_BecomesARowOfTheBatch_AndIsChosenInTheSameStep()
    {
        var book = Known(new CodebookSettings(2, 1) { DeadThreshold = 1 }, [0, 1000], [5, 0.5f]);
        var x = Tensor.From([100f, 101f, 102f, 103f], 4, 1);
        book.Begin(x, new RandomStream(2));
        Assert.InRange(book.Table.Data[1], 100, 103);
        Assert.Equal(1f, book.Counts.Data[1]);
        Assert.Equal(book.Table.Data[1], book.StateDict()["sums"].Data[1]);
        book.Collect((x, book.Nearest(x)));
        book.Refresh();
        Assert.InRange(book.Table.Data[1], 99.9, 103.1); // the averages of the same step leave it where it is
    }

    [Fact]
    public void AnImpossibleThreshold_IsRefusedByName()
    {
        var book = new Codebook(new CodebookSettings(64, 2) { DeadThreshold = 2 }, new RandomStream(1));
        var e = Assert.Throws<InputException>(() => book.Begin(Tensor.Randn(new RandomStream(2), 100, 2), new RandomStream(3)));
        Assert.Contains("dead_threshold", e.Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => new Codebook(new CodebookSettings(0, 2), new RandomStream(1)));
        Assert.Throws<InputException>(() => new Codebook(new CodebookSettings(2, 2) { Decay = 1 }, new RandomStream(1)));
    }

    [Fact]
    public void CodesOnTheSphere_StayOnIt()
    {
        var x = GradientEstimators.UnitRows(Tensor.Randn(new RandomStream(3), 300, 5));
        var book = new Codebook(new CodebookSettings(16, 5) { Cosine = true, Decay = 0.5f }, new RandomStream(1));
        for (var i = 0; i < 3; i++)
        {
            book.Begin(x, new RandomStream(2));
            book.Collect((x, book.Nearest(x)));
        }
        book.Refresh();
        Assert.All(book.Table.Square().Sum(-1).ToArray(), n => Assert.Equal(1f, n, 1e-5f));
    }

    [Fact]
    public void HeadsThatShareATable_CollectTogether()
    {
        var settings = new CodebookSettings(2, 1) { Decay = 0.5f, DeadThreshold = 0 };
        var one = Known(settings, [0, 10], [1, 1]);
        var two = Known(settings with { Heads = 2, Shared = true }, [0, 10], [1, 1]);
        var x = Tensor.From([1f, 2, 9, 8], 4, 1);
        one.Collect((x, one.Nearest(x)));
        two.Collect((x.Reshape(2, 2), two.Nearest(x.Reshape(2, 2))));
        one.Refresh();
        two.Refresh();
        Assert.Equal(one.Table.ToArray(), two.Table.ToArray());
    }

    [Fact]
    public void AbsentIndices_AreZerosAndTeachNothing()
    {
        var book = Known(new CodebookSettings(2, 1) { Decay = 0.5f, DeadThreshold = 0 }, [3, 10], [1, 1]);
        Assert.Equal([3f, 0f, 10f], book.Lookup(LongTensor.From([0L, -1, 1], 3, 1)).ToArray());
        book.Collect((Tensor.From([1f, 700f, 9f], 3, 1), LongTensor.From([0L, -1, 1], 3, 1)));
        Assert.Equal([1f, 1f], book.Counts.ToArray());
        Assert.Throws<ArgumentException>(() => book.Lookup(LongTensor.From([2L], 1, 1)));
    }

    [Fact]
    public void KMeans_FindsPlantedCentres_AndKeepsEmptyOnes()
    {
        var random = new RandomStream(5);
        var rows = Tensor.Randn(random, 400, 2) * 0.1f;
        for (var i = 0; i < 400; i++) rows.Data[i * 2] += 10 * (i % 4);
        var (centres, counts) = KMeans.Fit(rows, 4, 20, random);
        Assert.Equal([0f, 10f, 20f, 30f], [.. Enumerable.Range(0, 4).Select(k => MathF.Round(centres.Data[k * 2])).Order()]);
        Assert.Equal([100f, 100, 100, 100], counts.ToArray());
        var (more, few) = KMeans.Fit(Tensor.From([1f, 1, 1], 3, 1), 5, 10, random);
        Assert.All(more.ToArray(), v => Assert.Equal(1f, v, 0.01f));
        Assert.Equal(3, few.ToArray().Sum());
    }

    // Shin et al. 2021, equation 4, on rows (1,0), (0,2), (3,3).
    [Fact]
    public void Orthogonality_HasItsClosedForm()
    {
        Assert.Equal(2 / 9.0, CodebookRegularizers.Orthogonality(Tensor.From([1f, 0, 0, 2, 3, 3], 3, 2)).Item(), 1e-6);
        Assert.Equal(0, CodebookRegularizers.Orthogonality(Tensor.Eye(4)).Item(), 1e-6);
    }

    [Fact]
    public void Diversity_IsZeroForEvenChoices_AndLnKForOne_AndItsDescentSpreadsThem()
    {
        var table = Tensor.From([-10f, 10], 2, 1);
        Assert.Equal(0, CodebookRegularizers.Diversity(Tensor.From([-10f, 10], 2, 1), table, 1).Item(), 1e-6);
        Assert.Equal(Math.Log(2), CodebookRegularizers.Diversity(Tensor.From([10f, 10], 2, 1), table, 1).Item(), 1e-5);
        var x = Tensor.From([1f, 1.5f], 2, 1);
        x.RequiresGrad = true;
        CodebookRegularizers.Diversity(x, Tensor.From([-1f, 1], 2, 1), 1).Backward();
        Assert.All(x.Grad!.ToArray(), g => Assert.True(g > 0)); // downhill is towards the unused code
    }

    [Theory]
    [InlineData(new long[] { 3, 1 }, 1.7547653506, 0.8112781245)]
    [InlineData(new long[] { 4, 2, 1, 1 }, 3.3635856610, 1.75)]
    [InlineData(new long[] { 5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0 }, 8, 3)]
    public void Perplexity_HasItsClosedForm(long[] counts, double perplexity, double bits)
    {
        var usage = new CodeCounts(counts);
        Assert.Equal(perplexity, usage.Perplexity, 1e-9);
        Assert.Equal(bits, usage.Entropy.Value, 1e-9);
        Assert.Equal(counts.Count(c => c > 0) / (double)counts.Length, usage.Fraction);
    }

    [Fact]
    public void JointEntropy_IsNotTheSumOfThePositions()
    {
        // Two positions that always agree: one bit together, two when factorised.
        var usage = CodeUsage.Of(LongTensor.From([0L, 0, 1, 1, 0, 0, 1, 1], 4, 2), [2, 2]);
        Assert.Equal(1, usage.Joint.Value, 1e-12);
        Assert.Equal(2, usage.Factorised.Value, 1e-12);
        Assert.Equal(2, usage.Ceiling.Value, 1e-12);
        Assert.Equal(2, usage.Distinct);
        Assert.Equal(1 + (1 / (8 * Math.Log(2))), usage.CorrectedJoint.Value, 1e-12); // Miller: (2 - 1)/(2 x 4) nats
        Assert.Throws<ArgumentException>(() => CodeUsage.Of(LongTensor.From([2L], 1, 1), [2]));
    }
}
