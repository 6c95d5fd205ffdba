using System.Globalization;
using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Benchmarks;

/// <summary>Nanoseconds an element of functions, rows, random arrays and optimiser steps, on arrays that stay in the second cache unless the name says otherwise.</summary>
internal static unsafe class VectorBenchmark
{
    private const int N = 1 << 16;

    public static void Run(int threads)
    {
        Workers.Threads = threads;
        float[] x = new float[N], y = new float[N];
        new RandomStream(1).FillNormal(x);
        float[] positive = [.. x.Select(MathF.Abs)];
        fixed (float* px = x, py = y, pp = positive)
        {
            // Lambdas may not hold fixed locals.
            float* from = px, to = py, above = pp;
            Map("exp", new ExpOp(), from, to);
            Map("expm1", new Expm1Op(), from, to);
            Map("log", new LogOp(), above, to);
            Map("log1p", new Log1pOp(), above, to);
            Map("tanh", new TanhOp(), from, to);
            Map("sigmoid", new SigmoidOp(), from, to);
            Map("softplus", new SoftplusOp(), from, to);
            Map("erf", new ErfOp(), from, to);
            Map("sin", new SinOp(), from, to);
            Map("gelu", new GeluErfOp(), from, to);
            Map("gelu tanh", new GeluTanhOp(), from, to);
            Map("silu", new SiluOp(), from, to);
            Report("pow", N, Timing.Seconds(threads, () => Tensors.Kernels.Map.Run(new PowOp(), above, false, from, false, to, N)));
            float* mean = stackalloc float[N / 10], rstd = stackalloc float[N / 10], gamma = stackalloc float[1024];
            new Span<float>(gamma, 1024).Fill(1);
            foreach (var cols in new[] { 10, 128, 1024 })
            {
                long rows = N / cols, n = rows * cols;
                Report($"softmax rows of {cols}", n, Timing.Seconds(threads, () => Softmax.Forward(from, rows, cols, to)));
                Report($"softmax backward rows of {cols}", n, Timing.Seconds(threads, () => Softmax.Backward(above, from, rows, cols, to)));
                Report($"log softmax rows of {cols}", n, Timing.Seconds(threads, () => LogSoftmax.Forward(from, rows, cols, to)));
                Report($"layer norm rows of {cols}", n, Timing.Seconds(threads, () => LayerNorm.Forward(from, rows, cols, gamma, gamma, 1e-5f, to, mean, rstd)));
                Report($"layer norm backward rows of {cols}", n, Timing.Seconds(threads, () => LayerNorm.Backward(above, from, rows, cols, gamma, mean, rstd, to, null, null)));
                Report($"sum rows of {cols}", n, Timing.Seconds(threads, () => Rows.SumRows(from, rows, cols, to)));
                Report($"sum columns, {cols} of them", n, Timing.Seconds(threads, () => Rows.SumColumns(from, rows, cols, to)));
                Report($"largest of rows of {cols}", n, Timing.Seconds(threads, () => Rows.ArgExtremeMiddle(from, rows, cols, 1, true, to, null)));
            }
        }
        var random = new RandomStream(1);
        Report("uniform numbers", N, Timing.Seconds(threads, () => random.FillUniform(y)));
        Report("normal numbers", N, Timing.Seconds(threads, () => random.FillNormal(y)));
        foreach (var n in new[] { N, 1 << 24 })
        {
            float[] w = new float[n], g = new float[n], m = new float[n], v = new float[n];
            fixed (float* pw = w, pg = g, pm = m, pv = v)
            {
                float* a = pw, b = pg, c = pm, d = pv;
                var seconds = Timing.Seconds(threads, () => AdamKernel.Step(a, b, c, d, n, new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0, false, 10)));
                Report(string.Create(CultureInfo.InvariantCulture, $"adam, {n} weights ({28.0 * n / seconds / 1e9:F1} GB/s)"), n, seconds);
            }
        }

        void Map<TOp>(string name, TOp op, float* from, float* to) where TOp : unmanaged, IMap =>
            Report(name, N, Timing.Seconds(threads, () => Tensors.Kernels.Map.Run(op, from, to, N)));
    }

    private static void Report(string name, long n, double seconds) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-40} {seconds / n * 1e9,8:F3} ns"));
}
