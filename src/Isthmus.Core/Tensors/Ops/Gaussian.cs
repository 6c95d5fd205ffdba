using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_gaussianKl = Rule.Add("gaussian_kl", static (n, g) =>
    {
        n.Give(0, g * n[0]); // d/dm = m
        if (n.Needs(1)) n.Give(1, Zip<TimesDifferenceToInverse>(g, n[1])); // d/ds = s - 1/s
    });

    /// <summary>(m² + s² - 1)/2 - ln s element by element: the divergence of N(this, std²) from N(0, 1), in nats.</summary>
    internal Tensor GaussianKl(Tensor std)
    {
        if (!std._shape.AsSpan().SequenceEqual(_shape)) std = std.Expand(_shape);
        return Record(s_gaussianKl, Zip<KlToStandardOp>(this, std), this, std);
    }

    private readonly struct KlToStandardOp : IZip
    {
        public T Apply<T>(T m, T s) where T : struct, ILane<T> =>
            (T.Of(0.5f) * (T.Fma(m, m, s * s) - T.Of(1f))) - VectorMath.Log(s);
    }

    private readonly struct TimesDifferenceToInverse : IZip
    {
        public T Apply<T>(T g, T s) where T : struct, ILane<T> => g * (s - (T.Of(1f) / s));
    }
}
