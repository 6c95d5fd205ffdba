namespace Isthmus.Tensors;

public static unsafe partial class LinearAlgebra
{
    // U, S and Vᵀ lie one after the other in a row.
    private static readonly Rule s_svd = Rule.Add("svd", static (n, g) =>
    {
        var factors = ((double[] U, double[] S, double[] Vh)[])n.Saved!;
        var (rows, columns) = (n[0].Sizes[^2], n[0].Sizes[^1]);
        var dx = Tensor.Uninitialized(n[0].Sizes);
        MatrixBatch.Each(factors.Length, Work(Math.Max(rows, columns)), b =>
            MatrixBatch.Write(SvdGradient(factors[b], MatrixBatch.Read(g, b, g.Sizes[^1]), rows, columns), dx, b, rows * columns));
        n.Give(0, dx);
    });

    /// <summary>The thin singular value decomposition A = U diag(S) Vh.</summary>
    /// <remarks>Gradients of U and Vh exist for values that differ and are not 0; where two are one, or one is 0, that part of the
    /// gradient is 0, which is right for functions that do not depend on the choice of basis there. Gradients of S always exist.</remarks>
    /// <param name="a">[..., m, n].</param>
    /// <returns>U [..., m, k] with orthonormal columns, the largest element of each positive where m is at least n; S [..., k],
    /// falling, at least 0; Vh [..., k, n] with orthonormal rows; k = min(m, n).</returns>
    /// <exception cref="ArgumentException">There are no two dimensions, or a matrix holds NaN or infinity.</exception>
    public static (Tensor U, Tensor S, Tensor Vh) Svd(Tensor a)
    {
        ArgumentNullException.ThrowIfNull(a);
        if (a.Dim < 2) throw new ArgumentException($"svd: matrices [..., m, n] are needed, not {Shapes.Text(a.Sizes)}");
        var (rows, columns) = (a.Sizes[^2], a.Sizes[^1]);
        var k = Math.Min(rows, columns);
        var (sizeU, sizeV) = (rows * k, k * columns);
        int[] batch = a.Sizes[..^2];
        var factors = new (double[] U, double[] S, double[] Vh)[MatrixBatch.Count(a)];
        var failed = new bool[factors.Length];
        var packed = Tensor.Uninitialized([.. batch, sizeU + k + sizeV]);
        MatrixBatch.Each(factors.Length, 16 * Work(Math.Max(rows, columns)), b =>
        {
            var matrix = MatrixBatch.Read(a, b, rows * columns);
            if (failed[b] = !Array.TrueForAll(matrix, double.IsFinite)) return;
            var values = new double[k];
            var turned = new double[k * k];
            if (rows >= columns)
            {
                var left = Dense.Transpose(matrix, rows, columns);
                JacobiSvd.Run(left, k, rows, values, turned);
                factors[b] = (Dense.Transpose(left, k, rows), values, turned);
            }
            else
            {
                JacobiSvd.Run(matrix, k, columns, values, turned); // of the transposed matrix, whose columns these are
                factors[b] = (Dense.Transpose(turned, k, k), values, matrix);
            }
            var size = sizeU + k + sizeV;
            MatrixBatch.Write(factors[b].U, packed, b, size);
            MatrixBatch.Write(values, packed, b, size, sizeU);
            MatrixBatch.Write(factors[b].Vh, packed, b, size, sizeU + k);
        });
        ThrowIfAny("svd", a, failed);
        packed = Tensor.Record(s_svd, packed, a, factors);
        return (packed.Narrow(-1, 0, sizeU).Reshape([.. batch, rows, k]), packed.Narrow(-1, sizeU, k), packed.Narrow(-1, sizeU + k, sizeV).Reshape([.. batch, k, columns]));
    }

    /// <summary>The singular values of matrices: [..., m, n] to [..., min(m, n)], falling. See <see cref="Svd"/>.</summary>
    /// <param name="a">[..., m, n].</param>
    public static Tensor Svdvals(Tensor a) => Svd(a).S;

    // dA = U [(skew(Uᵀ gU) ∘ F) S + S (skew(Vᵀ gV) ∘ F) + diag gS] Vᵀ + (I - U Uᵀ) gU S⁻¹ Vᵀ + U S⁻¹ gVᵀ (I - V Vᵀ)
    // with F_ij = 1 / (s_j² - s_i²) (Townsend 2016, equations 20 to 28).
    private static double[] SvdGradient((double[] U, double[] S, double[] Vh) factors, double[] g, int m, int n)
    {
        var (u, s, vh) = factors;
        var k = s.Length;
        var (gu, gs, gvh) = (g[..(m * k)], g[(m * k)..((m * k) + k)], g[((m * k) + k)..]);
        var (ut, v) = (Dense.Transpose(u, m, k), Dense.Transpose(vh, k, n));
        var inU = Dense.Multiply(ut, gu, k, m, k);                          // Uᵀ gU
        var inV = Dense.Multiply(vh, Dense.Transpose(gvh, k, n), k, n, k);  // Vᵀ gV
        var near = k == 0 ? 0 : RepeatGap * s[0] * s[0];
        var core = new double[k * k];
        for (var i = 0; i < k; i++)
            for (var j = 0; j < k; j++)
            {
                var gap = (s[j] - s[i]) * (s[j] + s[i]);
                core[(i * k) + j] = i == j ? gs[i] : Math.Abs(gap) <= near ? 0
                    : (((inU[(i * k) + j] - inU[(j * k) + i]) * s[j]) + (s[i] * (inV[(i * k) + j] - inV[(j * k) + i]))) / gap;
            }
        var inverse = Array.ConvertAll(s, value => value * value <= near ? 0 : 1 / value);
        // Left of Vᵀ: U core, and what gU has outside U's space; then what gVᵀ has outside V's.
        var left = Dense.Multiply(u, core, m, k, k);
        var projected = Dense.Multiply(u, inU, m, k, k);
        for (var i = 0; i < m * k; i++) left[i] += (gu[i] - projected[i]) * inverse[i % k];
        var result = Dense.Multiply(left, vh, m, k, n);
        var outside = Dense.Multiply(Dense.Multiply(gvh, v, k, n, k), vh, k, k, n);
        for (var i = 0; i < k * n; i++) outside[i] = (gvh[i] - outside[i]) * inverse[i / n];
        var added = Dense.Multiply(u, outside, m, k, n);
        for (var i = 0; i < result.Length; i++) result[i] += added[i];
        return result;
    }
}
