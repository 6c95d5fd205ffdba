using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>What one step of gradient descent needs besides the arrays.</summary>
internal readonly record struct SgdStep(double LearningRate, double Momentum, double WeightDecay, bool Nesterov);

/// <summary>
/// Stochastic gradient descent as PyTorch defines it: d = g + decay w, b = momentum b + d, w -= lr b, or lr (d + momentum b) with
/// Nesterov's look ahead (Sutskever et al. 2013). One pass over the arrays.
/// </summary>
internal static unsafe class SgdKernel
{
    /// <summary>Moves the weights w along the gradient g and updates the buffer b, which may be null if there is no momentum; it begins as zeros.</summary>
    public static void Step(float* w, float* g, float* b, long n, in SgdStep p)
    {
        var job = new Job { W = w, G = g, B = b, N = n, Rate = (float)-p.LearningRate, Momentum = (float)p.Momentum, Decay = (float)p.WeightDecay, Nesterov = p.Nesterov };
        Wide.Run(job, (n + Wide.Part - 1) / Wide.Part);
    }

    private struct Job : IWideJob
    {
        public float* W, G, B;
        public long N;
        public float Rate, Momentum, Decay;
        public bool Nesterov;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            T rate = T.Of(Rate), momentum = T.Of(Momentum), decay = T.Of(Decay);
            var end = Math.Min(N, (part + 1) * Wide.Part);
            for (var i = part * Wide.Part; i < end; i += 16)
            {
                var count = (int)Math.Min(16, end - i);
                var w = T.LoadPart(W + i, count, 0f);
                var d = T.Fma(decay, w, T.LoadPart(G + i, count, 0f));
                if (B != null)
                {
                    var b = T.Fma(T.LoadPart(B + i, count, 0f), momentum, d);
                    T.StorePart(b, B + i, count);
                    d = Nesterov ? T.Fma(momentum, b, d) : b;
                }
                T.StorePart(T.Fma(rate, d, w), W + i, count);
            }
        }
    }
}
