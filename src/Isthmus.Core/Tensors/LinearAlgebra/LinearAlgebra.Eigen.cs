namespace Isthmus.Tensors;

public static unsafe partial class LinearAlgebra
{
    // Values lie in the first row of the result, vectors below them.
    private static readonly Rule s_eigh = Rule.Add("eigh", static (n, g) =>
    {
        // A = V Λ Vᵀ: dA = V (F ∘ skew(Vᵀ gV) + diag gΛ) Vᵀ with F_ij = 1 / (λ_j - λ_i), 0 where the two are one (Giles 2008, section 3.1).
        var factors = ((double[] Values, double[] Rows)[])n.Saved!;
        var size = n[0].Sizes[^1];
        var dx = Tensor.Uninitialized(n[0].Sizes);
        MatrixBatch.Each(factors.Length, Work(size), b =>
        {
            var (values, rows) = factors[b];
            var gradient = MatrixBatch.Read(g, b, (size + 1) * size);
            var inner = Dense.Multiply(rows, gradient[size..], size, size, size);
            var near = RepeatGap * values.Aggregate(0.0, static (top, v) => Math.Max(top, Math.Abs(v)));
            for (var i = 0; i < size; i++)
                for (var j = 0; j <= i; j++)
                {
                    var gap = values[j] - values[i];
                    inner[(i * size) + j] = inner[(j * size) + i] = i == j ? gradient[i]
                        : Math.Abs(gap) <= near ? 0 : (inner[(i * size) + j] - inner[(j * size) + i]) / (2 * gap);
                }
            var product = Dense.Multiply(Dense.Transpose(rows, size, size), Dense.Multiply(inner, rows, size, size, size), size, size, size);
            MatrixBatch.Write(product, dx, b, size * size);
        });
        n.Give(0, dx);
    });

    // Eigenvalues or squared singular values nearer than this, relative to the largest, count as one.
    private const double RepeatGap = 1e-13;

    /// <summary>Eigenvalues and orthonormal eigenvectors of symmetric matrices: A = V diag(values) Vᵀ.</summary>
    /// <remarks>Vectors of equal values are any basis of their space. The gradient of what does not depend on which basis it is
    /// is right there too; of anything else it does not exist, and the part of equal values is 0.</remarks>
    /// <param name="a">[..., n, n]; the lower triangle is read. Its gradient is symmetric.</param>
    /// <returns>Values [..., n] in rising order; vectors [..., n, n], one a column, each with its largest element positive.</returns>
    /// <exception cref="ArgumentException">A matrix is not square, or holds NaN or infinity.</exception>
    public static (Tensor Values, Tensor Vectors) Eigh(Tensor a)
    {
        CheckSquare("eigh", a);
        var size = a.Sizes[^1];
        var factors = new (double[] Values, double[] Rows)[MatrixBatch.Count(a)];
        var failed = new bool[factors.Length];
        var packed = Tensor.Uninitialized([.. a.Sizes[..^2], size + 1, size]);
        MatrixBatch.Each(factors.Length, 8 * Work(size), b =>
        {
            var (values, rows) = factors[b] = (new double[size], MatrixBatch.Read(a, b, size * size));
            fixed (double* first = rows, y = values) failed[b] = !SymmetricEigen.Run(first, size, y);
            MatrixBatch.Write(values, packed, b, (size + 1) * size);
            MatrixBatch.Write(Dense.Transpose(rows, size, size), packed, b, (size + 1) * size, size);
        });
        ThrowIfAny("eigh", a, failed);
        packed = Tensor.Record(s_eigh, packed, a, factors);
        return (packed.Narrow(-2, 0, 1).Squeeze(-2), packed.Narrow(-2, 1, size));
    }

    /// <summary>The eigenvalues of symmetric matrices: [..., n, n] to [..., n], rising. See <see cref="Eigh"/>.</summary>
    /// <param name="a">[..., n, n]; the lower triangle is read.</param>
    public static Tensor Eigvalsh(Tensor a) => Eigh(a).Values;

    private static void ThrowIfAny(string op, Tensor a, bool[] failed)
    {
        var bad = Array.IndexOf(failed, true);
        if (bad >= 0) throw new ArgumentException(FormattableString.Invariant($"{op}: matrix {bad} of the shape {Shapes.Text(a.Sizes)} holds NaN or infinity"));
    }
}
