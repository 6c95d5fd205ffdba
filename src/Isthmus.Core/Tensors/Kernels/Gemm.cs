namespace Isthmus.Tensors.Kernels;

/// <summary>What a product does to its result before it is written.</summary>
internal enum GemmActivation
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>max(x, 0).</summary>
    Relu,
}

/// <summary>Matrix products of row-major floats. An element's bits depend on its row of A, its column of B and k alone.</summary>
internal static unsafe class Gemm
{
    /// <summary>
    /// C[m,n] = op(A)[m,k] op(B)[k,n] (+ C if accumulate) (+ bias[n]), then the activation; lda, ldb and ldc are the row strides
    /// of the stored matrices.
    /// </summary>
    public static void Multiply(bool transA, bool transB, int m, int n, int k, float* a, int lda, float* b, int ldb,
        float* c, int ldc, bool accumulate = false, float* bias = null, GemmActivation activation = GemmActivation.None)
    {
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
            {
                var sum = 0f;
                for (var p = 0; p < k; p++)
                {
                    var x = transA ? a[(long)p * lda + i] : a[(long)i * lda + p];
                    var y = transB ? b[(long)j * ldb + p] : b[(long)p * ldb + j];
                    sum = MathF.FusedMultiplyAdd(x, y, sum);
                }
                if (accumulate) sum += c[(long)i * ldc + j];
                if (bias != null) sum += bias[j];
                if (activation == GemmActivation.Relu) sum = MathF.Max(sum, 0f);
                c[(long)i * ldc + j] = sum;
            }
    }

    /// <summary>
    /// count independent products with strides (in floats) between their matrices; a stride of 0 repeats a matrix.
    /// </summary>
    public static void Batched(bool transA, bool transB, int count, int m, int n, int k, float* a, int lda, long strideA,
        float* b, int ldb, long strideB, float* c, int ldc, long strideC, bool accumulate = false)
    {
        for (var i = 0; i < count; i++)
            Multiply(transA, transB, m, n, k, a + i * strideA, lda, b + i * strideB, ldb, c + i * strideC, ldc, accumulate);
    }
}
