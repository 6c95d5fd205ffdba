using System.Runtime.CompilerServices;
using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Entropies of codes of signs, in nats. Where a row's distribution over the 2^d codes is p(c|x) ∝ exp(2τ x·c), c in {-1, 1}^d, it is
/// a product over bits with the logits a = 4τx: so a row's entropy is a sum over bits, exactly, while the entropy of the rows' mean
/// is not. That one is computed from all 2^d probabilities, which are a product of two matrices of 2^(d/2) columns each: no
/// matrix of rows by codes is made.
/// </summary>
internal static unsafe class BitEntropy
{
    /// <summary>The most bits whose joint entropy is computed.</summary>
    public const int LargestJoint = 20;

    /// <summary>h(σ(a)) of every element: the entropy of one bit.</summary>
    public static Tensor OfBits(Tensor a)
    {
        var h = Tensor.Uninitialized(a.Sizes);
        Map.Run(new BitMap(), a.Pointer, h.Pointer, h.Numel);
        GC.KeepAlive(a);
        return Tensor.WithGradient(h, [a], g =>
        {
            var full = g.Numel == a.Numel ? g : g.Expand(a.Shape);
            var da = Tensor.Uninitialized(a.Sizes);
            Map.Run(new BitGradient(), a.Pointer, false, full.Pointer, false, da.Pointer, da.Numel);
            GC.KeepAlive(full);
            return [da];
        });
    }

    /// <summary>
    /// The entropy of the weighted mean of the rows' distributions over 2^bits codes.
    /// </summary>
    /// <param name="a">Logits of the bits, [rows, bits].</param>
    /// <param name="weights">What each row counts, [rows], of sum 1; no gradient goes there.</param>
    /// <returns>A scalar in 0..bits ln 2.</returns>
    public static Tensor Joint(Tensor a, Tensor weights)
    {
        int rows = a.Size(0), bits = a.Size(1);
        if (bits > LargestJoint) throw new ArgumentException($"joint entropy: {bits} bits, at most {LargestJoint} are possible");
        int low = bits / 2, high = bits - low;
        Tensor lower = Tensor.Uninitialized([rows, 1 << low]), upper = Tensor.Uninitialized([rows, 1 << high]);
        var mean = Tensor.Uninitialized([1 << high, 1 << low]);
        var w = weights.Detach();
        BitTables.Forward(a.Pointer, bits, rows, low, w.Pointer, lower.Pointer);
        BitTables.Forward(a.Pointer + low, bits, rows, high, null, upper.Pointer);
        Gemm.Multiply(true, false, 1 << high, 1 << low, rows, upper.Pointer, 1 << high, lower.Pointer, 1 << low, mean.Pointer, 1 << low);
        double entropy = 0;
        foreach (var p in mean.Data)
            if (p > 0) entropy -= p * Math.Log(p);
        GC.KeepAlive(a);
        return Tensor.WithGradient(Tensor.Scalar((float)entropy), [a], g => [JointGradient(a, w, lower, upper, mean, g.Item())]);
    }

    /// <summary>The sum over bits of the entropy of each bit's mean: at least the joint entropy, and equal to it for independent bits.</summary>
    /// <param name="a">Logits of the bits, [rows, bits].</param>
    /// <param name="weights">What each row counts, [rows], of sum 1.</param>
    public static Tensor Factorized(Tensor a, Tensor weights)
    {
        const float Least = 1e-30f; // p ln p is 0 for p = 0; the slope there is finite for use
        var w = weights.Detach().Reshape(1, -1);
        Tensor set = w.MatMul(a.Sigmoid()).Clamp(Least), clear = w.MatMul((-a).Sigmoid()).Clamp(Least);
        return -((set * set.Log()) + (clear * clear.Log())).Sum();
    }

    private static Tensor JointGradient(Tensor a, Tensor weights, Tensor lower, Tensor upper, Tensor mean, float g)
    {
        int rows = a.Size(0), bits = a.Size(1), low = bits / 2, high = bits - low;
        var slope = Tensor.Uninitialized(mean.Sizes); // dH/dp
        Map.Run(new EntropySlope(), mean.Pointer, slope.Pointer, slope.Numel);
        Tensor dLower = Tensor.Uninitialized(lower.Sizes), dUpper = Tensor.Uninitialized(upper.Sizes), da = Tensor.Uninitialized(a.Sizes);
        Gemm.Multiply(false, false, rows, 1 << low, 1 << high, upper.Pointer, 1 << high, slope.Pointer, 1 << low, dLower.Pointer, 1 << low);
        Gemm.Multiply(false, true, rows, 1 << high, 1 << low, lower.Pointer, 1 << low, slope.Pointer, 1 << low, dUpper.Pointer, 1 << high);
        BitTables.Backward(a.Pointer, bits, rows, low, weights.Pointer, dLower.Pointer, g, da.Pointer);
        BitTables.Backward(a.Pointer + low, bits, rows, high, null, dUpper.Pointer, g, da.Pointer + low);
        GC.KeepAlive(weights);
        return da;
    }

    private readonly struct BitMap : IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T a) where T : struct, ILane<T>
        {
            var m = T.Abs(a);
            return T.Fma(m, VectorMath.Sigmoid(-m), VectorMath.Softplus(-m));
        }
    }

    private readonly struct BitGradient : IZip
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T a, T g) where T : struct, ILane<T> => -(g * a * VectorMath.Sigmoid(a) * VectorMath.Sigmoid(-a));
    }

    private readonly struct EntropySlope : IMap
    {
        // -(ln p + 1); a probability of 0 has the slope of the smallest normal number.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T p) where T : struct, ILane<T> => T.Of(-1f) - VectorMath.Log(T.Max(p, T.Of(1.17549435e-38f)));
    }
}
