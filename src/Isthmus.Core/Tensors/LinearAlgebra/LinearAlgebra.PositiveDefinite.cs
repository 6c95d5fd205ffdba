namespace Isthmus.Tensors;

public static unsafe partial class LinearAlgebra
{
    private static readonly Rule s_solvePositive = Rule.Add("solve_positive_definite", static (n, g) =>
    {
        // A X = B: dB = A⁻¹ g and dA = -(dB Xᵀ + X dBᵀ) / 2, symmetric as A is.
        var (factors, solutions) = ((double[][], double[][]))n.Saved!;
        var (size, columns) = (g.Sizes[^2], g.Sizes[^1]);
        var (da, db) = (Tensor.Uninitialized(n[0].Sizes), Tensor.Uninitialized(g.Sizes));
        MatrixBatch.Each(factors.Length, Work(size), b =>
        {
            var right = MatrixBatch.Read(g, b, size * columns);
            SolveBy(factors[b], right, size, columns);
            MatrixBatch.Write(right, db, b, size * columns);
            var product = Dense.Multiply(right, Dense.Transpose(solutions[b], size, columns), size, columns, size);
            for (var i = 0; i < size; i++)
                for (var j = 0; j <= i; j++)
                    product[(i * size) + j] = product[(j * size) + i] = -(product[(i * size) + j] + product[(j * size) + i]) / 2;
            MatrixBatch.Write(product, da, b, size * size);
        });
        n.Give(0, da);
        n.Give(1, db);
    });
    private static readonly Rule s_logDet = Rule.Add("logdet", static (n, g) =>
    {
        // d log det A = tr(A⁻¹ dA)
        var factors = (double[][])n.Saved!;
        var size = n[0].Sizes[^1];
        var dx = Tensor.Uninitialized(n[0].Sizes);
        MatrixBatch.Each(factors.Length, Work(size), b =>
        {
            var scaled = new double[size * size];
            for (var i = 0; i < size; i++) scaled[(i * size) + i] = g.Pointer[b];
            SolveBy(factors[b], scaled, size, size);
            MatrixBatch.Write(scaled, dx, b, size * size);
        });
        n.Give(0, dx);
    });

    /// <summary>The X with A X = B for symmetric positive definite matrices, by Cholesky's factors.</summary>
    /// <param name="a">[..., n, n]; the lower triangle is read. Its gradient is symmetric.</param>
    /// <param name="b">[..., n, k]; batches broadcast.</param>
    /// <returns>[..., n, k].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or a matrix is not positive definite.</exception>
    public static Tensor SolvePositiveDefinite(Tensor a, Tensor b)
    {
        (a, b) = Aligned("solve_positive_definite", a, b);
        var factors = Factor("solve_positive_definite", a);
        var (size, columns) = (b.Sizes[^2], b.Sizes[^1]);
        var solutions = new double[factors.Length][];
        var result = Tensor.Uninitialized(b.Sizes);
        MatrixBatch.Each(factors.Length, Work(size), i =>
        {
            solutions[i] = MatrixBatch.Read(b, i, size * columns);
            SolveBy(factors[i], solutions[i], size, columns);
            MatrixBatch.Write(solutions[i], result, i, size * columns);
        });
        return Tensor.Record(s_solvePositive, result, a, b, (factors, solutions));
    }

    /// <summary>The inverses of symmetric positive definite matrices. To multiply by one, <see cref="SolvePositiveDefinite"/> is more exact.</summary>
    /// <param name="a">[..., n, n]; the lower triangle is read. Its gradient is symmetric.</param>
    /// <returns>[..., n, n].</returns>
    /// <exception cref="ArgumentException">A matrix is not square, or not positive definite.</exception>
    public static Tensor InversePositiveDefinite(Tensor a)
    {
        CheckSquare("inverse_positive_definite", a);
        return SolvePositiveDefinite(a, Tensor.Eye(a.Sizes[^1]));
    }

    /// <summary>The natural logarithms of the determinants of symmetric positive definite matrices.</summary>
    /// <param name="a">[..., n, n]; the lower triangle is read. Its gradient is symmetric.</param>
    /// <returns>[...]; 0 for n = 0.</returns>
    /// <exception cref="ArgumentException">A matrix is not square, or not positive definite.</exception>
    public static Tensor LogDetPositiveDefinite(Tensor a)
    {
        var factors = Factor("logdet", a);
        var size = a.Sizes[^1];
        var result = Tensor.Uninitialized(a.Sizes[..^2]);
        for (var b = 0; b < factors.Length; b++)
        {
            double sum = 0;
            for (var i = 0; i < size; i++) sum += Math.Log(factors[b][(i * size) + i]);
            result.Pointer[b] = (float)(2 * sum);
        }
        return Tensor.Record(s_logDet, result, a, factors);
    }

    private static void SolveBy(double[] factor, double[] right, int n, int columns)
    {
        fixed (double* l = factor, x = right)
        {
            Dense.SolveTriangular(l, n, x, columns, upper: false, transposed: false, unit: false);
            Dense.SolveTriangular(l, n, x, columns, upper: false, transposed: true, unit: false);
        }
    }
}
