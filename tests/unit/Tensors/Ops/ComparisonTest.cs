using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

public class ComparisonTest
{
    private static readonly Tensor s_x = Tensor.From([-1, 0, 1, float.NaN, float.PositiveInfinity]);

    [Fact]
    public void Comparisons_AreThoseOfFloats_AlsoForNaN()
    {
        foreach (var c in new[] { -1f, 0f, 1f, float.NaN, float.PositiveInfinity })
        {
            Check(s_x.Gt(c), s_x.Gt(Tensor.Scalar(c)), v => v > c);
            Check(s_x.Ge(c), s_x.Ge(Tensor.Scalar(c)), v => v >= c);
            Check(s_x.Lt(c), s_x.Lt(Tensor.Scalar(c)), v => v < c);
            Check(s_x.Le(c), s_x.Le(Tensor.Scalar(c)), v => v <= c);
            Check(s_x.Eq(c), s_x.Eq(Tensor.Scalar(c)), v => v == c);
            Check(s_x.Ne(c), s_x.Ne(Tensor.Scalar(c)), v => v != c);
            Check(s_x.LogicalAnd(Tensor.Scalar(c)), s_x.LogicalAnd(Tensor.Scalar(c)), v => v != 0 && c != 0);
            Check(s_x.LogicalOr(Tensor.Scalar(c)), s_x.LogicalOr(Tensor.Scalar(c)), v => v != 0 || c != 0);
            Check(s_x.LogicalXor(Tensor.Scalar(c)), s_x.LogicalXor(Tensor.Scalar(c)), v => v != 0 != (c != 0));
        }
        Check(s_x.LogicalNot(), s_x.LogicalNot(), v => v == 0);
        Check(s_x.IsNaN(), s_x.IsNaN(), float.IsNaN);
        Check(s_x.IsFinite(), s_x.IsFinite(), float.IsFinite);

        static void Check(Tensor scalar, Tensor tensor, Func<float, bool> truth)
        {
            var expected = s_x.ToArray().Select(v => truth(v) ? 1f : 0f).ToArray();
            Assert.Equal(expected, scalar.ToArray());
            Assert.Equal(expected, tensor.ToArray());
        }
    }

    [Fact]
    public void ExtremesOverSeveralDims_SayWhatIsEmpty_AndLetNaNWin()
    {
        Assert.Contains("amax: dimensions [1] of the shape [2, 0] hold no element to pick", Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 0).AMax([1])).Message);
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(0).Max());
        Assert.Equal([0], Tensor.Zeros(2, 0).AMax([0]).Shape.ToArray());
        Assert.Equal(float.NaN, s_x.Max().Item());
        Assert.Equal(3, s_x.ArgMax());
        Assert.Equal(1, Tensor.From([3, -2, 4, -2], 2, 2).ArgMin());
    }
}
