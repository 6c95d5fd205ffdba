using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>What one step of Adam needs besides the arrays; Step counts from 1. Doubles, since 1 - 0.999 in float is off by 5e-5 of itself.</summary>
internal readonly record struct AdamStep(double LearningRate, double Beta1, double Beta2, double Eps, double WeightDecay, bool Decoupled, long Step);

/// <summary>
/// Adam (Kingma, Ba 2015, algorithm 1) and, with decoupled decay, AdamW (Loshchilov, Hutter 2019), in PyTorch's order of operations:
/// m = beta1 m + (1 - beta1) d, v = beta2 v + (1 - beta2) d^2, w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps).
/// One pass over the four arrays.
/// </summary>
internal static unsafe class AdamKernel
{
    /// <summary>Moves the weights w along the gradient g and updates the moments m and v; g is not written.</summary>
    public static void Step(float* w, float* g, float* m, float* v, long n, in AdamStep p)
    {
        var job = new Job
        {
            W = w,
            G = g,
            M = m,
            V = v,
            N = n,
            Keep = p.Decoupled ? (float)(1 - p.LearningRate * p.WeightDecay) : 1f,
            Decay = p.Decoupled ? 0f : (float)p.WeightDecay,
            Beta1 = (float)p.Beta1,
            Rest1 = (float)(1 - p.Beta1),
            Beta2 = (float)p.Beta2,
            Rest2 = (float)(1 - p.Beta2),
            Size = (float)(-p.LearningRate / (1 - Math.Pow(p.Beta1, p.Step))),
            Root = (float)Math.Sqrt(1 - Math.Pow(p.Beta2, p.Step)),
            Eps = (float)p.Eps,
        };
        Wide.Run(job, (n + Wide.Part - 1) / Wide.Part);
    }

    private struct Job : IWideJob
    {
        public float* W, G, M, V;
        public long N;
        public float Keep, Decay, Beta1, Rest1, Beta2, Rest2, Size, Root, Eps;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            T keep = T.Of(Keep), decay = T.Of(Decay), beta1 = T.Of(Beta1), rest1 = T.Of(Rest1), beta2 = T.Of(Beta2), rest2 = T.Of(Rest2);
            T size = T.Of(Size), root = T.Of(Root), eps = T.Of(Eps);
            var end = Math.Min(N, (part + 1) * Wide.Part);
            for (var i = part * Wide.Part; i < end; i += 16)
            {
                var count = (int)Math.Min(16, end - i);
                var w = T.LoadPart(W + i, count, 0f) * keep;
                var d = T.Fma(decay, w, T.LoadPart(G + i, count, 0f));
                var m = T.Fma(rest1, d, T.LoadPart(M + i, count, 0f) * beta1);
                var v = T.Fma(rest2 * d, d, T.LoadPart(V + i, count, 0f) * beta2);
                T.StorePart(m, M + i, count);
                T.StorePart(v, V + i, count);
                T.StorePart(w + size * m / (T.Sqrt(v) / root + eps), W + i, count);
            }
        }
    }
}
