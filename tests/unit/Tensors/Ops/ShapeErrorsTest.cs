using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

/// <summary>What does not fit is said with the operation, the shapes and what is needed.</summary>
public class ShapeErrorsTest
{
    public static TheoryData<string, Func<object>> Wrong => new()
    {
        { "einsum: \"ij,jk->ik\": it names 2 operands, and 1 were given", () => Tensor.Einsum("ij,jk->ik", Tensor.Zeros(2, 3)) },
        { "einsum: \"ij,jk->ik\": 'j' is 3 and 4 long: operand 1 has the shape [4, 5]", () => Tensor.Einsum("ij,jk->ik", Tensor.Zeros(2, 3), Tensor.Zeros(4, 5)) },
        { "'ij' names 2 dimensions, and operand 0 has the shape [2]", () => Tensor.Einsum("ij->i", Tensor.Zeros(2)) },
        { "'z' of the result must stand in an operand", () => Tensor.Einsum("ij->z", Tensor.Zeros(2, 3)) },
        { "named by the letters", () => Tensor.Einsum("..ij->ij", Tensor.Zeros(2, 3)) },
        { "more than one arrow", () => Tensor.Einsum("i->i->i", Tensor.Zeros(2)) },
        { "cdist: shapes [2, 3] and [2, 4] do not fit", () => Tensor.Zeros(2, 3).Cdist(Tensor.Zeros(2, 4)) },
        { "cdist: p is 1 or 2, not 3.5", () => Tensor.Zeros(2, 3).Cdist(Tensor.Zeros(2, 3), 3.5f) },
        { "norm: p is 1, 2 or infinity, not 0", () => Tensor.Zeros(2, 3).Norm(0) },
        { "norm: dimension 1 is named twice", () => Tensor.Zeros(2, 3).Norm(2, [1, 1]) },
        { "tril: matrices [..., m, n] are needed, not [3]", () => Tensor.Zeros(3).Tril() },
        { "pad: [1] are not pairs", () => Tensor.Zeros(3).Pad([1]) },
        { "pad: [-2, -2] cuts off more than dimension 0", () => Tensor.Zeros(3).Pad([-2, -2]) },
        { "at most 2", () => Tensor.Zeros(3).Pad([0, 3], PadMode.Reflect) },
        { "at most 3", () => Tensor.Zeros(3).Pad([4, 0], PadMode.Circular) },
        { "at most 0", () => Tensor.Zeros(2, 0).Pad([1, 0], PadMode.Replicate) },
        { "pixel_shuffle: images [N, C r^2, H, W] are needed for r = 2, not [1, 3, 2, 2]", () => Tensor.Zeros(1, 3, 2, 2).PixelShuffle(2) },
        { "pixel_unshuffle: images [N, C, H r, W r] are needed for r = 2, not [1, 3, 2, 3]", () => Tensor.Zeros(1, 3, 2, 3).PixelUnshuffle(2) },
        { "upsample_bilinear2d: a size of at least 1 is needed, not 0 x 2", () => Tensor.Zeros(1, 3, 2, 3).UpsampleBilinear2d(0, 2) },
        { "upsample_linear1d: signals [N, C, L]", () => Tensor.Zeros(3, 2).UpsampleLinear1d(2) },
        { "max_pool1d: a window of 4 does not fit into [1, 2, 3] with a padding of 0", () => Tensor.Zeros(1, 2, 3).MaxPool1d(4) },
        { "avg_pool1d: signals [N, C, L] are needed, not [2, 3]", () => Tensor.Zeros(2, 3).AvgPool1d(2) },
    };

    // torch.chunk: 7 in 3 are 3, 3, 1; 6 in 5 are three pairs; nothing in 2 is two times nothing.
    [Theory]
    [InlineData(7, 3, new[] { 3, 3, 1 })]
    [InlineData(6, 5, new[] { 2, 2, 2 })]
    [InlineData(6, 3, new[] { 2, 2, 2 })]
    [InlineData(2, 5, new[] { 1, 1 })]
    [InlineData(0, 2, new[] { 0, 0 })]
    public void Chunks_AreAllOfOneSizeButTheLast(int size, int chunks, int[] sizes) =>
        Assert.Equal(sizes, Tensor.Zeros(2, size).Chunk(chunks, 1).Select(t => t.Size(1)));

    [Theory]
    [MemberData(nameof(Wrong))]
    public void IsNamed(string message, Func<object> operation) => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(operation).Message);

    [Fact]
    public void NearRows_KeepTheirDistance()
    {
        // By |a|² + |b|² - 2ab in floats this distance would be 0 or 0.03.
        var distance = Tensor.From([1000f, 1000f], 1, 2).Cdist(Tensor.From([1000f, 1000.0001f], 1, 2)).Item();
        Assert.Equal(1000.0001f - 1000f, distance);
    }
}
