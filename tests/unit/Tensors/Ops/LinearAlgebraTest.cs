using Isthmus.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Tests.Tensors.Ops;

/// <summary>Decompositions against MathNet.Numerics in double, and by what defines them.</summary>
public class LinearAlgebraTest
{
    public static TheoryData<string> Symmetric => ["one", "random", "repeated", "zero", "diagonal", "graded", "indefinite", "large", "blocks"];

    [Theory]
    [MemberData(nameof(Symmetric))]
    public void Eigh_HasTheValuesOfMathNet_AndVectorsThatRebuildTheMatrix(string kind)
    {
        var a = MakeSymmetric(kind);
        var n = a.Size(0);
        var (values, vectors) = LinearAlgebra.Eigh(a);
        var expected = ToMatrix(a).Evd(Symmetricity.Symmetric).EigenValues.Select(v => v.Real).Order().ToArray();
        var top = Math.Max(1e-30, expected.Max(Math.Abs));
        for (var i = 0; i < n; i++) Assert.True(Math.Abs(expected[i] - values.Data[i]) <= 1e-6 * top, $"{kind}: value {i} is {values.Data[i]}, MathNet has {expected[i]}");
        var v = ToMatrix(vectors);
        AssertNear(0, (v.TransposeThisAndMultiply(v) - Matrix<double>.Build.DenseIdentity(n)).Enumerate().Max(Math.Abs), 1e-6);
        var rebuilt = v * Matrix<double>.Build.DenseOfDiagonalArray([.. values.ToArray().Select(x => (double)x)]) * v.Transpose();
        AssertNear(0, (rebuilt - ToMatrix(a)).Enumerate().Max(Math.Abs), 2e-6 * top);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 4)]
    [InlineData(4, 7)]
    [InlineData(200, 200)]
    [InlineData(200, 30)]
    public void Svd_HasTheValuesOfMathNet_AndFactorsThatRebuildTheMatrix(int m, int n) => CheckSvd(Tensor.Randn(new RandomStream(8), m, n));

    [Fact]
    public void Svd_OfDeficientAndZeroMatrices_StillHasOrthonormalFactors()
    {
        var thin = Tensor.Randn(new RandomStream(9), 9, 2);
        CheckSvd(thin.MatMul(thin.Detach() * 0.5f, transposeOther: true)); // rank 2 of 9, values in pairs of rounding
        CheckSvd(Tensor.Zeros(4, 3));
        CheckSvd(Tensor.Zeros(3, 5));
        CheckSvd(Tensor.Eye(5)); // all values one
        CheckSvd(Tensor.From([1, 0, 0, 1, 0, 0, 1, 0, 0], 3, 3)); // two columns of zeros
    }

    [Fact]
    public void Svd_FindsSmallValues_NextToLargeOnes()
    {
        // Rotated diag(1, 1e-3, 1e-6) in floats: rounding moves values by 6e-8 at most; Gram's matrix would lose the last one.
        var a = Tensor.From([1e0f, 0, 0, 0, 1e-3f, 0, 0, 0, 1e-6f], 3, 3);
        Assert.Equal([1f, 1e-3f, 1e-6f], LinearAlgebra.Svdvals(a).ToArray());
        var columns = Tensor.From([1f, 1, 1, 1e-6f, -1e-6f, 0], 2, 3); // orthogonal rows of lengths sqrt 3 and 1e-6 sqrt 2
        var s = LinearAlgebra.Svdvals(columns).ToArray();
        Assert.Equal(Math.Sqrt(3), s[0], 1e-6);
        Assert.Equal(1e-6 * Math.Sqrt(2), s[1], 1e-12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(200)]
    public void Cholesky_Solve_Inverse_LogDet_AreThoseOfMathNet(int n)
    {
        var x = Tensor.Randn(new RandomStream(10), n, n);
        var a = x.MatMul(x, transposeOther: true) + Tensor.Eye(n);
        var b = Tensor.Randn(new RandomStream(11), n, 3);
        var cholesky = ToMatrix(a).Cholesky();
        AssertClose(cholesky.Factor, LinearAlgebra.Cholesky(a), 1e-6);
        AssertClose(cholesky.Solve(ToMatrix(b)), LinearAlgebra.SolvePositiveDefinite(a, b), 1e-6);
        AssertClose(cholesky.Solve(Matrix<double>.Build.DenseIdentity(n)), LinearAlgebra.InversePositiveDefinite(a), 1e-6);
        Assert.Equal(cholesky.DeterminantLn, LinearAlgebra.LogDetPositiveDefinite(a).Item(), 1e-6 * Math.Max(1, Math.Abs(cholesky.DeterminantLn)));
        AssertClose(cholesky.Factor.Solve(ToMatrix(b)), LinearAlgebra.SolveTriangular(Tensor.From([.. cholesky.Factor.ToRowMajorArray().Select(v => (float)v)], n, n), b, upper: false), 1e-4);
    }

    [Fact]
    public void IllConditioned_IsSolvedAsDoublesCan()
    {
        // Condition 1e6 in exact floats: float arithmetic would keep one digit.
        var a = Tensor.From([1, 1, 1, 1.000001f], 2, 2);
        var epsilon = (double)1.000001f - 1;
        var x = LinearAlgebra.SolvePositiveDefinite(a, Tensor.From([2, 2], 2, 1) + Tensor.From([0, 1e-6f], 2, 1)).ToArray();
        var second = ((double)(2 + 1e-6f) - 2) / epsilon; // of the right side as it was rounded
        Assert.Equal(second, x[1], 1e-6 * Math.Max(1, Math.Abs(second)));
        Assert.Equal(2 - second, x[0], 1e-6 * Math.Max(1, Math.Abs(second)));
        Assert.Equal(Math.Log(epsilon), LinearAlgebra.LogDetPositiveDefinite(a).Item(), 1e-5);
    }

    [Fact]
    public void EmptyMatrices_AndEmptyBatches_AreAllowed()
    {
        Assert.Equal([2, 0, 0], LinearAlgebra.Cholesky(Tensor.Zeros(2, 0, 0)).Shape.ToArray());
        Assert.Equal([0f, 0f], LinearAlgebra.LogDetPositiveDefinite(Tensor.Zeros(2, 0, 0)).ToArray());
        Assert.Equal([0, 3], LinearAlgebra.Eigvalsh(Tensor.Zeros(0, 3, 3)).Shape.ToArray());
        Assert.Equal([2, 0], LinearAlgebra.Eigvalsh(Tensor.Zeros(2, 0, 0)).Shape.ToArray());
        Assert.Equal([3, 0], LinearAlgebra.Svd(Tensor.Zeros(3, 0)).U.Shape.ToArray());
        Assert.Equal([0, 4], LinearAlgebra.SolveTriangular(Tensor.Zeros(0, 0), Tensor.Zeros(0, 4), upper: true).Shape.ToArray());
    }

    [Fact]
    public void RepeatedValues_HaveTheGradientOfWhatDoesNotDependOnTheBasis()
    {
        // log of a matrix with one value three times: the function V f(Λ) Vᵀ is smooth there.
        var a = Tensor.Eye(3) * 2f;
        a.RequiresGrad = true;
        var (values, vectors) = LinearAlgebra.Eigh(a);
        vectors.MatMul(vectors, transposeOther: true).Sum().Backward(); // the identity, whatever a is
        Assert.All(a.Grad!.ToArray(), g => Assert.Equal(0f, g, 1e-6f));
        a.ZeroGrad();
        values.Sum().Backward(); // the trace
        Assert.Equal(Tensor.Eye(3).ToArray(), a.Grad!.ToArray().Select(g => MathF.Round(g, 5)).ToArray());
        var b = Tensor.Ones(3, 3); // rank one
        b.RequiresGrad = true;
        LinearAlgebra.Svdvals(b).Sum().Backward();
        Assert.All(b.Grad!.ToArray(), g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void Results_AreTheSameForEveryNumberOfThreads_AndAlone()
    {
        var x = Tensor.Randn(new RandomStream(12), 12, 20, 20);
        var before = Threads.Count;
        try
        {
            var runs = new[] { 1, 2, 3 }.Select(threads =>
            {
                Threads.Count = threads;
                return LinearAlgebra.Svdvals(x).ToArray().Concat(LinearAlgebra.Eigvalsh(x).ToArray()).ToArray();
            }).ToArray();
            Assert.Equal(runs[0], runs[1]);
            Assert.Equal(runs[0], runs[2]);
            Assert.Equal(runs[0][..20], LinearAlgebra.Svdvals(x.Select(0, 0)).ToArray());
        }
        finally { Threads.Count = before; }
    }

    [Fact]
    public void WrongMatrices_AreNamed()
    {
        var bad = Tensor.From([1, 0, 0, 1, 1, 2, 2, 1], 2, 2, 2);
        Assert.Contains("cholesky: matrix 1 of the shape [2, 2, 2] is not positive definite: the leading minor of order 2", Message(() => LinearAlgebra.Cholesky(bad)));
        Assert.Contains("logdet: matrix 1", Message(() => LinearAlgebra.LogDetPositiveDefinite(bad)));
        Assert.Contains("solve_positive_definite: matrix 0 of the shape [1, 1] is not positive definite", Message(() => LinearAlgebra.SolvePositiveDefinite(Tensor.Zeros(1, 1), Tensor.Zeros(1, 1))));
        Assert.Contains("order 1", Message(() => LinearAlgebra.Cholesky(Tensor.Full([2, 2], float.NaN))));
        Assert.Contains("cholesky: square matrices [..., n, n] are needed, not [2, 3]", Message(() => LinearAlgebra.Cholesky(Tensor.Zeros(2, 3))));
        Assert.Contains("solve_triangular: matrices [2, 2] and right sides [3, 1] do not fit", Message(() => LinearAlgebra.SolveTriangular(Tensor.Eye(2), Tensor.Zeros(3, 1), upper: true)));
        Assert.Contains("eigh: matrix 0 of the shape [2, 2] holds NaN or infinity", Message(() => LinearAlgebra.Eigh(Tensor.Full([2, 2], float.NaN))));
        Assert.Contains("svd: matrix 0 of the shape [2, 2] holds NaN or infinity", Message(() => LinearAlgebra.Svd(Tensor.Full([2, 2], float.PositiveInfinity))));
        Assert.Contains("svd: matrices [..., m, n] are needed, not [4]", Message(() => LinearAlgebra.Svd(Tensor.Zeros(4))));

        static string Message(Func<object> operation) => Assert.ThrowsAny<ArgumentException>(operation).Message;
    }

    private static void CheckSvd(Tensor a)
    {
        var (u, s, vh) = LinearAlgebra.Svd(a);
        var k = s.Size(0);
        var expected = ToMatrix(a).Svd(computeVectors: false).S;
        var top = Math.Max(1e-30, expected.Max());
        for (var i = 0; i < k; i++) Assert.True(Math.Abs(expected[i] - s.Data[i]) <= 1e-6 * top, $"value {i} is {s.Data[i]}, MathNet has {expected[i]}");
        var (left, right) = (ToMatrix(u), ToMatrix(vh));
        var one = Matrix<double>.Build.DenseIdentity(k);
        AssertNear(0, (left.TransposeThisAndMultiply(left) - one).Enumerate().Max(Math.Abs), 1e-6);
        AssertNear(0, (right.TransposeAndMultiply(right) - one).Enumerate().Max(Math.Abs), 1e-6);
        var rebuilt = left * Matrix<double>.Build.DenseOfDiagonalArray([.. s.ToArray().Select(x => (double)x)]) * right;
        AssertNear(0, (rebuilt - ToMatrix(a)).Enumerate().Max(Math.Abs), 2e-6 * top);
    }

    private static Tensor MakeSymmetric(string kind)
    {
        var random = new RandomStream(7);
        switch (kind)
        {
            case "one": return Tensor.From([-3], 1, 1);
            case "zero": return Tensor.Zeros(4, 4);
            case "diagonal": return Tensor.Eye(4) * Tensor.From([3, -1, 2, 3]);
            case "repeated": return (Tensor.Ones(6, 6) * 0.5f) + Tensor.Eye(6); // 1 five times and 4
            case "graded": return Tensor.From([1e6f, 1, 1e-3f, 1, 1e-2f, 1e-4f, 1e-3f, 1e-4f, 1e-6f], 3, 3);
            case "blocks": return Tensor.From([1, 2, 0, 0, 2, 1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 5], 4, 4);
            default:
                var n = kind == "large" ? 200 : 9;
                var x = Tensor.Randn(random, n, n);
                return kind == "indefinite" ? x + x.Transpose() : x.MatMul(x, transposeOther: true);
        }
    }

    private static Matrix<double> ToMatrix(Tensor a) => Matrix<double>.Build.Dense(a.Size(0), a.Size(1), (i, j) => a.Data[(i * a.Size(1)) + j]);

    private static void AssertClose(Matrix<double> expected, Tensor actual, double tolerance)
    {
        var top = Math.Max(1, expected.Enumerate().Max(Math.Abs));
        AssertNear(0, (expected - ToMatrix(actual)).Enumerate().Max(Math.Abs), tolerance * top);
    }

    private static void AssertNear(double expected, double actual, double tolerance) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance, $"{actual} is further than {tolerance} from {expected}");
}
