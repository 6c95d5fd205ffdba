namespace Isthmus.Tensors.Kernels;

/// <summary>What one step of Adam needs besides the arrays.</summary>
internal readonly record struct AdamStep(float LearningRate, float Beta1, float Beta2, float Eps, float WeightDecay, bool Decoupled, long Step);

internal static unsafe class AdamKernel
{
    // Plain for now: the vector kernel takes its place.
    public static void Step(float* w, float* g, float* m, float* v, long n, in AdamStep p)
    {
        var size = (float)(p.LearningRate / (1 - Math.Pow(p.Beta1, p.Step)));
        var root = (float)Math.Sqrt(1 - Math.Pow(p.Beta2, p.Step));
        for (long i = 0; i < n; i++)
        {
            if (p.Decoupled) w[i] *= 1 - (p.LearningRate * p.WeightDecay);
            var d = p.Decoupled ? g[i] : g[i] + (p.WeightDecay * w[i]);
            m[i] += (d - m[i]) * (1 - p.Beta1);
            v[i] = (p.Beta2 * v[i]) + ((1 - p.Beta2) * d * d);
            w[i] -= size * m[i] / ((MathF.Sqrt(v[i]) / root) + p.Eps);
        }
    }
}
