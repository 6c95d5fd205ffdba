using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tests.Tensors.Kernels;

public unsafe class GemmTest
{
    private static readonly float[] s_pool = Random(1 << 20);

    public static TheoryData<bool, bool> Transpositions => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory]
    [MemberData(nameof(Transpositions))]
    public void Multiply_HasTheBitsOfItsDefinition_ForAllSizes(bool transA, bool transB)
    {
        foreach (var k in new[] { 0, 1, 5, 33, 288, 289, 600 })
            foreach (var m in new[] { 0, 1, 2, 5, 11, 12, 13, 25, 100 })
                foreach (var n in new[] { 0, 1, 3, 15, 16, 17, 31, 32, 33, 65, 257 })
                    Check(new Case(m, n, k, transA, transB, Pad: (m + n) % 3, Accumulate: (m + k) % 2 == 1, Bias: n % 4 < 2, Relu: m % 4 == 1));
    }

    [Theory]
    [MemberData(nameof(Transpositions))]
    public void Multiply_HasTheBitsOfItsDefinition_InLargeProducts(bool transA, bool transB)
    {
        Check(new Case(150, 300, 700, transA, transB, 1, true, true, false));
        Check(new Case(300, 150, 700, transA, transB, 0, false, true, true));
        Check(new Case(512, 40, 130, transA, transB, 5, false, false, false));
        Check(new Case(40, 512, 130, transA, transB, 5, true, false, true));
    }

    [Theory]
    [MemberData(nameof(Transpositions))]
    public void Multiply_IsCloseToADoubleReference(bool transA, bool transB)
    {
        foreach (var (m, n, k) in new[] { (7, 9, 3), (12, 32, 288), (64, 70, 1000), (130, 128, 300) })
        {
            var x = new Case(m, n, k, transA, transB, 2, true, true, false);
            var got = x.Run();
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                {
                    double sum = s_pool[x.CAt + i * x.Ldc + j] + (double)s_pool[x.BiasAt + j], size = Math.Abs(sum);
                    for (var p = 0; p < k; p++)
                    {
                        var term = (double)x.Left(i, p) * x.Right(p, j);
                        sum += term;
                        size += Math.Abs(term);
                    }
                    Assert.Equal(sum, got[i * x.Ldc + j], 1e-5 * size);
                }
        }
    }

    [Theory]
    [MemberData(nameof(Transpositions))]
    public void ARow_HasTheSameBits_WhateverTheNumberOfRowsAndColumns(bool transA, bool transB)
    {
        const int M = 300, N = 200, K = 500;
        float[] left = s_pool[..(M * K)], right = s_pool[(M * K)..((M * K) + (K * N))];
        int lda = transA ? M : K, ldb = transB ? K : N;
        var whole = new float[M * N];
        var part = new float[M * N];
        fixed (float* a = left, b = right, c = whole, d = part)
        {
            Gemm.Multiply(transA, transB, M, N, K, a, lda, b, ldb, c, N);
            foreach (var (row, rows, column, columns) in new[] { (0, 1, 0, N), (299, 1, 0, N), (5, 13, 7, 1), (0, M, 199, 1), (37, 100, 16, 17), (0, 24, 0, 100) })
            {
                Gemm.Multiply(transA, transB, rows, columns, K, a + (transA ? row : row * lda), lda, b + (transB ? column * ldb : column), ldb, d, N);
                for (var i = 0; i < rows; i++)
                    Assert.True(whole.AsSpan((row + i) * N + column, columns).SequenceEqual(part.AsSpan(i * N, columns)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Transpositions))]
    public void Multiply_HasTheSameBits_ForAnyNumberOfThreads(bool transA, bool transB)
    {
        var wide = new Case(200, 500, 300, transA, transB, 3, true, true, true);
        var tall = new Case(700, 100, 300, transA, transB, 0, false, true, false);
        var one = WithThreads(1, () => (wide.Run(), tall.Run()));
        foreach (var threads in new[] { 2, 3 })
        {
            var more = WithThreads(threads, () => (wide.Run(), tall.Run()));
            Assert.Equal(one.Item1, more.Item1);
            Assert.Equal(one.Item2, more.Item2);
        }
    }

    [Theory]
    [MemberData(nameof(Transpositions))]
    public void Batched_IsManyProducts(bool transA, bool transB)
    {
        const int M = 33, N = 40, K = 50, Count = 9;
        int lda = transA ? M : K, ldb = transB ? K : N;
        foreach (var (strideA, strideB) in new[] { (M * K, K * N), (0, K * N), (M * K, 0), (17, 5) })
            foreach (var accumulate in new[] { false, true })
            {
                float[] batched = s_pool[..(Count * M * N)], single = s_pool[..(Count * M * N)];
                fixed (float* x = s_pool, c = batched, d = single)
                {
                    Gemm.Batched(transA, transB, Count, M, N, K, x, lda, strideA, x + 9, ldb, strideB, c, N, M * N, accumulate);
                    for (var i = 0; i < Count; i++)
                        Gemm.Multiply(transA, transB, M, N, K, x + i * strideA, lda, x + 9 + i * strideB, ldb, d + i * M * N, N, accumulate);
                }
                Assert.Equal(single, batched);
            }
    }

    [Fact]
    public void NothingIsAllocated_InSteadyState()
    {
        var c = new float[200 * 200];
        fixed (float* x = s_pool, y = c)
        {
            for (var warm = 0; warm < 3; warm++) Gemm.Multiply(false, true, 200, 200, 200, x, 200, x, 200, y, 200);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++) Gemm.Multiply(false, true, 200, 200, 200, x, 200, x, 200, y, 200);
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    internal static T WithThreads<T>(int threads, Func<T> run)
    {
        var before = Workers.Threads;
        Workers.Threads = threads;
        try
        {
            return run();
        }
        finally
        {
            Workers.Threads = before;
        }
    }

    internal static float[] Random(int n)
    {
        var random = new RandomStream(20);
        var x = new float[n];
        for (var i = 0; i < n; i++) x[i] = random.NextSingle() * 2 - 1;
        return x;
    }

    private static void Check(Case x)
    {
        var got = x.Run();
        for (var i = 0; i < x.M; i++)
        {
            for (var j = 0; j < x.N; j++)
                if (x.Defined(i, j) != got[i * x.Ldc + j]) Assert.Fail($"{x}: element ({i}, {j})");
            for (var j = x.N; j < x.Ldc; j++) Assert.Equal(s_pool[x.CAt + i * x.Ldc + j], got[i * x.Ldc + j]);
        }
    }

    /// <summary>A product of pieces of the pool, and what its elements are by definition: fma in ascending k in blocks.</summary>
    internal sealed record Case(int M, int N, int K, bool TransA, bool TransB, int Pad, bool Accumulate, bool Bias, bool Relu)
    {
        private const int AAt = 11, BAt = 220_001;
        public int Lda => (TransA ? M : K) + Pad;
        public int Ldb => (TransB ? K : N) + 2 * Pad;
        public int Ldc => N + Pad;
        public int CAt => 600_003;
        public int BiasAt => 1_000_000;

        public float Left(int i, int p) => s_pool[AAt + (TransA ? p * Lda + i : i * Lda + p)];
        public float Right(int p, int j) => s_pool[BAt + (TransB ? j * Ldb + p : p * Ldb + j)];

        public float[] Run()
        {
            var c = s_pool[CAt..(CAt + M * Ldc)];
            fixed (float* x = s_pool, y = c)
                Gemm.Multiply(TransA, TransB, M, N, K, x + AAt, Lda, x + BAt, Ldb, y, Ldc, Accumulate, Bias ? x + BiasAt : null,
                    Relu ? GemmActivation.Relu : GemmActivation.None);
            return c;
        }

        public float Defined(int i, int j)
        {
            var c = Accumulate ? s_pool[CAt + i * Ldc + j] : 0f;
            int block = Gemm.BlockLength(K), left = AAt + (TransA ? i : i * Lda), right = BAt + (TransB ? j * Ldb : j);
            int leftStep = TransA ? Lda : 1, rightStep = TransB ? 1 : Ldb;
            for (var from = 0; from < K; from += block)
            {
                var sum = 0f;
                for (var p = from; p < Math.Min(K, from + block); p++)
                    sum = MathF.FusedMultiplyAdd(s_pool[left + p * leftStep], s_pool[right + p * rightStep], sum);
                c += sum;
            }
            if (Bias) c += s_pool[BiasAt + j];
            return Relu ? MathF.Max(c, 0f) : c;
        }
    }
}
