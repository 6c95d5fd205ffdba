namespace Isthmus.Tensors;

/// <summary>
/// Decompositions and solves of batches of matrices with gradients, as <c>torch.linalg</c>. They are computed in double and
/// rounded once at the end; gradients read the unrounded factors. Large batches run on all threads, a matrix on one.
/// </summary>
public static unsafe partial class LinearAlgebra
{
    private static readonly Rule s_cholesky = Rule.Add("cholesky", static (n, g) =>
    {
        // A = L Lᵀ: the gradient is L⁻ᵀ (P + Pᵀ) L⁻¹ / 2 with P the lower triangle of Lᵀ g, its diagonal halved (Murray 2016, equation 10).
        var factors = (double[][])n.Saved!;
        var size = g.Sizes[^1];
        var dx = Tensor.Uninitialized(g.Sizes);
        MatrixBatch.Each(factors.Length, Work(size), b =>
        {
            var l = factors[b];
            var gradient = MatrixBatch.Read(g, b, size * size);
            for (var i = 0; i < size; i++) gradient.AsSpan((i * size) + i + 1, size - i - 1).Clear();
            var p = Dense.Multiply(Dense.Transpose(l, size, size), gradient, size, size, size);
            for (var i = 0; i < size; i++)
                for (var j = 0; j <= i; j++) p[(i * size) + j] = p[(j * size) + i] = p[(i * size) + j] / 2;
            fixed (double* first = l, y = p)
            {
                Dense.SolveTriangular(first, size, y, size, upper: false, transposed: true, unit: false);
                var turned = Dense.Transpose(p, size, size); // (L⁻ᵀ S)ᵀ = S L⁻¹, and once more from the left
                fixed (double* z = turned) Dense.SolveTriangular(first, size, z, size, upper: false, transposed: true, unit: false);
                MatrixBatch.Write(turned, dx, b, size * size);
            }
        });
        n.Give(0, dx);
    });
    private static readonly Rule s_solveTriangular = Rule.Add("solve_triangular", static (n, g) =>
    {
        // T X = B: dB = T⁻ᵀ g and dT = -dB Xᵀ on the triangle; for Tᵀ X = B, dB = T⁻¹ g and dT = -X dBᵀ.
        var (upper, transposed, unit, solutions) = ((bool, bool, bool, double[][]))n.Saved!;
        var (size, columns) = (g.Sizes[^2], g.Sizes[^1]);
        var (triangle, da, db) = (n[0], Tensor.Uninitialized(n[0].Sizes), Tensor.Uninitialized(g.Sizes));
        MatrixBatch.Each(solutions.Length, Work(size), b =>
        {
            var t = MatrixBatch.Read(triangle, b, size * size);
            var right = MatrixBatch.Read(g, b, size * columns);
            fixed (double* first = t, y = right) Dense.SolveTriangular(first, size, y, columns, upper, !transposed, unit);
            MatrixBatch.Write(right, db, b, size * columns);
            var (rows, others) = transposed ? (solutions[b], right) : (right, solutions[b]);
            var product = Dense.Multiply(rows, Dense.Transpose(others, size, columns), size, columns, size);
            for (var i = 0; i < size; i++)
                for (var j = 0; j < size; j++)
                    product[(i * size) + j] = (upper ? j > i : j < i) || (i == j && !unit) ? -product[(i * size) + j] : 0;
            MatrixBatch.Write(product, da, b, size * size);
        });
        n.Give(0, da);
        n.Give(1, db);
    });

    /// <summary>The lower triangular L with A = L Lᵀ of symmetric positive definite matrices.</summary>
    /// <param name="a">[..., n, n]; the lower triangle is read. Its gradient is symmetric.</param>
    /// <returns>[..., n, n], 0 above the diagonal.</returns>
    /// <exception cref="ArgumentException">A matrix is not square, or not positive definite.</exception>
    public static Tensor Cholesky(Tensor a)
    {
        var factors = Factor("cholesky", a);
        var result = Tensor.Uninitialized(a.Sizes);
        for (var b = 0; b < factors.Length; b++) MatrixBatch.Write(factors[b], result, b, factors[b].Length);
        return Tensor.Record(s_cholesky, result, a, factors);
    }

    /// <summary>The X with T X = B, or Tᵀ X = B, for triangular matrices, by substitution. A zero on T's diagonal gives infinities.</summary>
    /// <param name="t">[..., n, n]; the other triangle is not read.</param>
    /// <param name="b">[..., n, k]; batches broadcast.</param>
    /// <param name="upper">Whether T is upper triangular, else lower.</param>
    /// <param name="transposed">Solves with Tᵀ.</param>
    /// <param name="unitriangular">Takes T's diagonal as ones, whatever it holds.</param>
    /// <returns>[..., n, k].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor SolveTriangular(Tensor t, Tensor b, bool upper, bool transposed = false, bool unitriangular = false)
    {
        (t, b) = Aligned("solve_triangular", t, b);
        var (size, columns) = (b.Sizes[^2], b.Sizes[^1]);
        var solutions = new double[MatrixBatch.Count(b)][];
        var result = Tensor.Uninitialized(b.Sizes);
        MatrixBatch.Each(solutions.Length, Work(size), i =>
        {
            var triangle = MatrixBatch.Read(t, i, size * size);
            var x = solutions[i] = MatrixBatch.Read(b, i, size * columns);
            fixed (double* first = triangle, y = x) Dense.SolveTriangular(first, size, y, columns, upper, transposed, unitriangular);
            MatrixBatch.Write(x, result, i, size * columns);
        });
        return Tensor.Record(s_solveTriangular, result, t, b, (upper, transposed, unitriangular, solutions));
    }

    // The Cholesky factors of a batch.
    private static double[][] Factor(string op, Tensor a)
    {
        CheckSquare(op, a);
        var size = a.Sizes[^1];
        var factors = new double[MatrixBatch.Count(a)][];
        var failed = new int[factors.Length];
        MatrixBatch.Each(factors.Length, Work(size), b =>
        {
            factors[b] = MatrixBatch.Read(a, b, size * size);
            fixed (double* first = factors[b]) failed[b] = Dense.Cholesky(first, size);
        });
        var bad = Array.FindIndex(failed, pivot => pivot >= 0);
        if (bad >= 0) throw new ArgumentException(FormattableString.Invariant($"{op}: matrix {bad} of the shape {Shapes.Text(a.Sizes)} is not positive definite: the leading minor of order {failed[bad] + 1} is not positive. Add to its diagonal, or use Eigh"));
        return factors;
    }

    private static (Tensor A, Tensor B) Aligned(string op, Tensor a, Tensor b)
    {
        CheckSquare(op, a);
        ArgumentNullException.ThrowIfNull(b);
        if (b.Dim < 2 || b.Sizes[^2] != a.Sizes[^1]) throw new ArgumentException($"{op}: matrices {Shapes.Text(a.Sizes)} and right sides {Shapes.Text(b.Sizes)} do not fit: [..., n, n] and [..., n, k] are needed");
        var batch = Shapes.Broadcast(op, a.Sizes[..^2], b.Sizes[..^2]);
        return (a.ExpandBatch(batch), b.ExpandBatch(batch));
    }

    private static void CheckSquare(string op, Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        if (a.Dim < 2 || a.Sizes[^1] != a.Sizes[^2]) throw new ArgumentException($"{op}: square matrices [..., n, n] are needed, not {Shapes.Text(a.Sizes)}");
    }

    private static long Work(int n) => (long)n * n * Math.Max(4, n) / 4;
}
