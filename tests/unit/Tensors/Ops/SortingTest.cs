using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

public class SortingTest
{
    private const float NaN = float.NaN, Inf = float.PositiveInfinity;

    // torch 1.13: torch.tensor([2, nan, 1, -0., 2, inf, 0., nan, -inf]).sort(stable=True) and (descending=True, stable=True)
    [Theory]
    [InlineData(false, new long[] { 8, 3, 6, 2, 0, 4, 5, 1, 7 })]
    [InlineData(true, new long[] { 1, 7, 5, 0, 4, 2, 3, 6, 8 })]
    public void NaN_IsTheLargest_AndEqualsKeepTheirOrder(bool descending, long[] order)
    {
        var x = Tensor.From([2, NaN, 1, -0f, 2, Inf, 0, NaN, -Inf]);
        Assert.Equal(order, x.ArgSort(0, descending).ToArray());
        var picked = x.Sort(0, descending).Values.ToArray();
        for (var i = 0; i < order.Length; i++) Assert.Equal(x.Data[(int)order[i]], picked[i]);
    }

    [Fact]
    public void TopK_TakesTheFirstOfEquals_AndIsTheHeadOfTheSortedLine()
    {
        var random = new RandomStream(5);
        var x = Tensor.Rand(random, 3, 400, 2).Affine(20, 0).Floor(); // 20 values, so that each occurs often
        foreach (var largest in new[] { true, false })
            foreach (var k in new[] { 0, 1, 17, 399, 400 })
            {
                var (values, indices) = x.TopK(k, 1, largest);
                var (sorted, order) = x.Sort(1, largest);
                Assert.Equal([3, k, 2], values.Shape.ToArray());
                Assert.Equal(sorted.Narrow(1, 0, k).ToArray(), values.ToArray());
                for (var o = 0; o < 3; o++)
                    for (var j = 0; j < k * 2; j++) Assert.Equal(order.Data[(o * 800) + j], indices.Data[(o * k * 2) + j]);
            }
    }

    [Fact]
    public void Unique_GivesValues_PlacesAndCounts()
    {
        // As torch.unique, which counts NaNs one by one too, but leaves them between the numbers (1.13); here they come last.
        var (values, inverse, counts) = Tensor.From([2, NaN, -0f, 0, 2, NaN], 2, 3).Unique();
        Assert.Equal([0, 2, NaN, NaN], values.ToArray());
        Assert.Equal([2, 3], inverse.Shape.ToArray());
        Assert.Equal([1, 2, 0, 0, 1, 3], inverse.ToArray());
        Assert.Equal([2, 2, 1, 1], counts.ToArray());
    }

    [Fact]
    public void EmptyAndScalar_AreSortedToo()
    {
        Assert.Equal([0], Tensor.Zeros(0).Unique().Values.Shape.ToArray());
        Assert.Equal([0, 3], Tensor.Zeros(0, 3).Sort(1).Indices.Shape.ToArray());
        var x = Tensor.Scalar(3);
        x.RequiresGrad = true;
        x.Sort(0).Values.Backward();
        Assert.Equal(1f, x.Grad!.Item());
    }

    [Fact]
    public void K_OutsideTheDimension_IsNamed() =>
        Assert.Contains("topk: k = 5 is outside 0..3, the size of dimension 1 of the shape [2, 3]", Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Zeros(2, 3).TopK(5, 1)).Message);
}
