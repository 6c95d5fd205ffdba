using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>Random numbers of the distributions that the tasks need beside uniform and normal.</summary>
internal static class Draws
{
    /// <summary>Gamma with shape at least 1 and scale 1 (Marsaglia and Tsang, ACM TOMS 26, 2000).</summary>
    public static double Gamma(RandomStream random, double shape)
    {
        var d = shape - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var normal = random.NextGaussian();
            var v = 1 + c * normal;
            if (v <= 0) continue;
            v = v * v * v;
            if (Math.Log(1 - random.NextDouble()) < 0.5 * normal * normal + d - d * v + d * Math.Log(v)) return d * v;
        }
    }

    /// <summary>ln of a gamma number of any positive shape: ln G(shape + 1) + ln U / shape, which does not underflow.</summary>
    public static double LogGamma(RandomStream random, double shape) =>
        Math.Log(Gamma(random, shape + 1)) + Math.Log(1 - random.NextDouble()) / shape;

    /// <summary>Exponential with mean 1.</summary>
    public static double Exponential(RandomStream random) => -Math.Log(1 - random.NextDouble());

    /// <summary>Poisson with a small mean, by multiplying uniforms (Knuth).</summary>
    public static int Poisson(RandomStream random, double mean)
    {
        var (limit, product, count) = (Math.Exp(-mean), 1 - random.NextDouble(), 0);
        while (product > limit)
        {
            product *= 1 - random.NextDouble();
            count++;
        }
        return count;
    }
}
