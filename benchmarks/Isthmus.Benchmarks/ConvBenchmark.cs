using System.Runtime.InteropServices;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Benchmarks;

/// <summary>Convolutions that training meets: y, dx and dw of each, in milliseconds and as a rate.</summary>
internal static unsafe class ConvBenchmark
{
    private static readonly (string Name, ConvShape Shape)[] s_shapes =
    [
        ("autoencoder 1", new(128, 1, 28, 28, 32, 4, 4, 2, 2, 1, 1, 1, 1, 1)),
        ("autoencoder 2", new(128, 32, 14, 14, 64, 4, 4, 2, 2, 1, 1, 1, 1, 1)),
        ("3x3 of 64 at 32x32", new(16, 64, 32, 32, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1)),
        ("3x3 of 256 at 8x8", new(32, 256, 8, 8, 256, 3, 3, 1, 1, 1, 1, 1, 1, 1)),
        ("3x3 of 3 at 32x32", new(128, 3, 32, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1)),
        ("1x1 of 128 at 16x16", new(32, 128, 16, 16, 128, 1, 1, 1, 1, 0, 0, 1, 1, 1)),
        ("depthwise 3x3 at 28x28", new(16, 64, 28, 28, 64, 3, 3, 1, 1, 1, 1, 1, 1, 64)),
        ("1-d 5 of 32 at 512", new(32, 32, 1, 512, 64, 1, 5, 1, 1, 0, 2, 1, 1, 1)),
    ];

    public static void Run(int threads, string only)
    {
        Workers.Threads = threads;
        Console.WriteLine(FormattableString.Invariant($"{"convolution",-24} {"y us",9} {"GFLOP/s",8} {"dx us",9} {"GFLOP/s",8} {"dw us",9} {"GFLOP/s",8}   ({threads} threads)"));
        foreach (var (name, s) in s_shapes.Where(s => s.Name.Contains(only, StringComparison.Ordinal)))
        {
            float* x = Fill((long)s.N * s.C * s.H * s.W), w = Fill((long)s.OutC * s.Terms), y = Fill((long)s.N * s.OutC * s.Outputs);
            var work = 2.0 * s.N * s.OutC * s.Outputs * s.Terms;
            var forward = Timing.Seconds(threads, () => Conv2d.Forward(s, x, w, null, y));
            var input = Timing.Seconds(threads, () => Conv2d.BackwardInput(s, w, y, x));
            var weight = Timing.Seconds(threads, () => Conv2d.BackwardWeight(s, x, y, w));
            Console.WriteLine(FormattableString.Invariant(
                $"{name,-24} {forward * 1e6,9:F0} {work / forward / 1e9,8:F1} {input * 1e6,9:F0} {work / input / 1e9,8:F1} {weight * 1e6,9:F0} {work / weight / 1e9,8:F1}"));
            NativeMemory.AlignedFree(x);
            NativeMemory.AlignedFree(w);
            NativeMemory.AlignedFree(y);
        }
    }

    private static float* Fill(long n)
    {
        var x = (float*)NativeMemory.AlignedAlloc((nuint)n * sizeof(float), 64);
        for (long i = 0; i < n; i++) x[i] = i * 7 % 31 * 0.001f - 0.014f;
        return x;
    }
}
