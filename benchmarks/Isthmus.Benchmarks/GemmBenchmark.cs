using System.Runtime.InteropServices;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Benchmarks;

/// <summary>Products on the shapes that training meets: count x (m, n, k), stored transposed or not.</summary>
internal static unsafe class GemmBenchmark
{
    private static readonly (string Name, int Count, int M, int N, int K, bool TransA, bool TransB)[] s_shapes =
    [
        ("square", 1, 1024, 1024, 1024, false, false),
        ("square, B transposed", 1, 1024, 1024, 1024, false, true),
        ("VIB layer 1", 1, 100, 1024, 784, false, true),
        ("VIB layer 1, dW", 1, 1024, 784, 100, true, false),
        ("VIB layer 2", 1, 100, 1024, 1024, false, true),
        ("VIB layer 2, dX", 1, 100, 1024, 1024, false, false),
        ("VIB layer 2, dW", 1, 1024, 1024, 100, true, false),
        ("VIB layer 3", 1, 100, 512, 1024, false, true),
        ("VIB layer 3, dW", 1, 512, 1024, 100, true, false),
        ("tabular 1", 1, 128, 64, 16, false, true),
        ("tabular 2", 1, 128, 64, 64, false, true),
        ("tabular 2, dX", 1, 128, 64, 64, false, false),
        ("tabular 2, dW", 1, 64, 64, 128, true, false),
        ("tabular 3", 1, 128, 16, 64, false, true),
        ("transformer projection", 1, 2048, 128, 128, false, true),
        ("transformer feed-forward", 1, 2048, 512, 128, false, true),
        ("transformer feed-forward, dW", 1, 512, 128, 2048, true, false),
        ("attention scores", 64, 128, 128, 32, false, true),
        ("attention values", 64, 128, 32, 128, false, false),
        ("attention values, dV", 64, 128, 32, 128, true, false),
        ("GRU", 1, 32, 384, 64, false, true),
        ("one row", 1, 1, 1024, 1024, false, true),
        ("one row, dX", 1, 1, 1024, 1024, false, false),
    ];

    public static void Run(int threads, string only)
    {
        Workers.Threads = threads;
        Console.WriteLine(FormattableString.Invariant($"{"product",-30} {"count x m x n x k",-22} {"us",9} {"GFLOP/s",9}   ({threads} threads)"));
        foreach (var s in s_shapes.Where(s => s.Name.Contains(only, StringComparison.Ordinal)))
        {
            float* a = Fill((long)s.Count * s.M * s.K, 1), b = Fill((long)s.Count * s.K * s.N, 2), c = Fill((long)s.Count * s.M * s.N, 3);
            int lda = s.TransA ? s.M : s.K, ldb = s.TransB ? s.K : s.N;
            var seconds = Timing.Seconds(threads, s.Count == 1
                ? () => Gemm.Multiply(s.TransA, s.TransB, s.M, s.N, s.K, a, lda, b, ldb, c, s.N)
                : () => Gemm.Batched(s.TransA, s.TransB, s.Count, s.M, s.N, s.K, a, lda, (long)s.M * s.K, b, ldb, (long)s.K * s.N, c, s.N, (long)s.M * s.N));
            var name = s.Name + (s.TransA ? " TN" : s.TransB ? " NT" : " NN");
            var shape = FormattableString.Invariant($"{s.Count}x{s.M}x{s.N}x{s.K}");
            Console.WriteLine(FormattableString.Invariant($"{name,-30} {shape,-22} {seconds * 1e6,9:F1} {2.0 * s.Count * s.M * s.N * s.K / seconds / 1e9,9:F1}"));
            NativeMemory.AlignedFree(a);
            NativeMemory.AlignedFree(b);
            NativeMemory.AlignedFree(c);
        }
    }

    private static float* Fill(long n, int seed)
    {
        var x = (float*)NativeMemory.AlignedAlloc((nuint)n * sizeof(float), 64);
        for (long i = 0; i < n; i++) x[i] = (i * 7 + seed) % 31 * 0.03f - 0.4f;
        return x;
    }
}
