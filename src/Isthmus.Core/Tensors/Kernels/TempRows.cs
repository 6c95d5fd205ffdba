namespace Isthmus.Tensors.Kernels
{
    // Plain stand-ins that let the engine compile: whoever lands Rows.cs and RandomStream.Fill.cs deletes this file.
    internal static unsafe class Rows
    {
        public static double SumAll(float* x, long n)
        {
            double sum = 0;
            for (long i = 0; i < n; i++) sum += x[i];
            return sum;
        }

        public static void SumMiddle(float* x, long outer, long mid, long inner, float* y)
        {
            for (long o = 0; o < outer; o++)
                for (long i = 0; i < inner; i++)
                {
                    double sum = 0;
                    for (long j = 0; j < mid; j++) sum += x[(((o * mid) + j) * inner) + i];
                    y[(o * inner) + i] = (float)sum;
                }
        }

        public static void ArgExtremeMiddle(float* x, long outer, long mid, long inner, bool largest, float* y, long* at)
        {
            for (long o = 0; o < outer; o++)
                for (long i = 0; i < inner; i++)
                {
                    long best = 0;
                    for (long j = 1; j < mid; j++)
                    {
                        var v = x[(((o * mid) + j) * inner) + i];
                        var w = x[(((o * mid) + best) * inner) + i];
                        if (largest ? v > w : v < w) best = j;
                    }
                    y[(o * inner) + i] = x[(((o * mid) + best) * inner) + i];
                    at[(o * inner) + i] = best;
                }
        }
    }
}

namespace Isthmus.Tensors
{
    public sealed partial class RandomStream
    {
        /// <summary>Fills with NextSingle.</summary>
        public void FillUniform(Span<float> values)
        {
            foreach (ref var v in values) v = NextSingle();
        }

        /// <summary>Fills with standard normal numbers.</summary>
        public void FillNormal(Span<float> values)
        {
            foreach (ref var v in values) v = (float)NextGaussian();
        }
    }
}
