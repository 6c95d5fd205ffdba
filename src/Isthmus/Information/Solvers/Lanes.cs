using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// Eight doubles at a time: exponential, logarithm and a small matrix product. Every operation is a fused multiply-add or an exactly
/// rounded one, and outputs (never sums) are spread over lanes, so that all instruction sets give the same bits.
/// </summary>
internal static unsafe class Lanes
{
    /// <summary>Doubles in a lane; rows of matrices are padded to multiples of it.</summary>
    public const int Width = 8;

    private const double Magic = 6755399441055744.0; // 1.5 · 2^52: adding it rounds to an integer in the low bits

    /// <summary>The smallest multiple of <see cref="Width"/> that is at least n.</summary>
    public static int Padded(int n) => (n + Width - 1) / Width * Width;

    /// <summary>e^x for x ≤ 0, within 2 units in the last place; 0 below −700.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x)
    {
        // x = k ln 2 + r with |r| ≤ ln 2 / 2; e^r by its Taylor polynomial of degree 13 (error 4e-18).
        var clamped = Vector512.Max(x, Vector512.Create(-700.0));
        var shifted = Vector512.FusedMultiplyAdd(clamped, Vector512.Create(1.4426950408889634), Vector512.Create(Magic));
        var k = shifted - Vector512.Create(Magic);
        var r = Vector512.FusedMultiplyAdd(k, Vector512.Create(-0.6931471803691238), clamped);
        r = Vector512.FusedMultiplyAdd(k, Vector512.Create(-1.9082149292705877e-10), r);
        var p = Vector512.Create(1.0 / 6227020800);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 479001600));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 39916800));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 3628800));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 362880));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 40320));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 5040));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 720));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 120));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 24));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0 / 6));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.0));
        var scaled = (p.AsInt64() + Vector512.ShiftLeft(shifted.AsInt64(), 52)).AsDouble();
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-700.0)), Vector512<double>.Zero, scaled);
    }

    /// <summary>ln x for positive normal x, within 2 units in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log(Vector512<double> x)
    {
        // x = 2^e m with m in [√½, √2); ln m = 2 artanh s, s = (m − 1)/(m + 1), by its odd series to s^21 (error 1e-18).
        var bits = x.AsInt64();
        var e = Vector512.ShiftRightArithmetic(bits - Vector512.Create(0x3FE6A09E667F3BCDL), 52);
        var m = (bits - Vector512.ShiftLeft(e, 52)).AsDouble();
        var exponent = (e + Vector512.Create(BitConverter.DoubleToInt64Bits(Magic))).AsDouble() - Vector512.Create(Magic);
        var s = (m - Vector512.Create(1.0)) / (m + Vector512.Create(1.0));
        var z = s * s;
        var p = Vector512.Create(2.0 / 21);
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 19));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 17));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 15));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 13));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 11));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 9));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 7));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 5));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(2.0 / 3));
        p *= z;
        p = Vector512.FusedMultiplyAdd(p, s, exponent * Vector512.Create(1.9082149292705877e-10));
        p = Vector512.FusedMultiplyAdd(s, Vector512.Create(2.0), p);
        return Vector512.FusedMultiplyAdd(exponent, Vector512.Create(0.6931471803691238), p);
    }

    /// <summary>c[r, :] = Σ_k a[r, k] b[k, :], the sum in ascending k; <paramref name="stride"/> is the padded row length of b and c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(double* a, int rows, int inner, double* b, double* c, int stride)
    {
        var r = 0;
        for (; r + 4 <= rows; r += 4)
        {
            var t = 0;
            for (; t + (2 * Width) <= stride; t += 2 * Width) Tile4x2(a + ((long)r * inner), inner, b + t, c + ((long)r * stride) + t, stride);
            if (t < stride) Tile4x1(a + ((long)r * inner), inner, b + t, c + ((long)r * stride) + t, stride);
        }
        for (; r < rows; r++)
            for (var t = 0; t < stride; t += Width) Tile1x1(a + ((long)r * inner), inner, b + t, c + ((long)r * stride) + t, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x2(double* a, int inner, double* b, double* c, int stride)
    {
        Vector512<double> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        double* a1 = a + inner, a2 = a1 + inner, a3 = a2 + inner;
        for (var k = 0; k < inner; k++, b += stride)
        {
            Vector512<double> b0 = Vector512.Load(b), b1 = Vector512.Load(b + Width);
            var v = Vector512.Create(a[k]);
            c00 = Vector512.FusedMultiplyAdd(v, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(v, b1, c01);
            v = Vector512.Create(a1[k]);
            c10 = Vector512.FusedMultiplyAdd(v, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(v, b1, c11);
            v = Vector512.Create(a2[k]);
            c20 = Vector512.FusedMultiplyAdd(v, b0, c20);
            c21 = Vector512.FusedMultiplyAdd(v, b1, c21);
            v = Vector512.Create(a3[k]);
            c30 = Vector512.FusedMultiplyAdd(v, b0, c30);
            c31 = Vector512.FusedMultiplyAdd(v, b1, c31);
        }
        Store(c, c00, c01);
        Store(c + stride, c10, c11);
        Store(c + (2 * stride), c20, c21);
        Store(c + (3 * stride), c30, c31);

        static void Store(double* to, Vector512<double> low, Vector512<double> high)
        {
            low.Store(to);
            high.Store(to + Width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x1(double* a, int inner, double* b, double* c, int stride)
    {
        Vector512<double> c0 = default, c1 = default, c2 = default, c3 = default;
        double* a1 = a + inner, a2 = a1 + inner, a3 = a2 + inner;
        for (var k = 0; k < inner; k++, b += stride)
        {
            var v = Vector512.Load(b);
            c0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[k]), v, c0);
            c1 = Vector512.FusedMultiplyAdd(Vector512.Create(a1[k]), v, c1);
            c2 = Vector512.FusedMultiplyAdd(Vector512.Create(a2[k]), v, c2);
            c3 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[k]), v, c3);
        }
        c0.Store(c);
        c1.Store(c + stride);
        c2.Store(c + (2 * stride));
        c3.Store(c + (3 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x1(double* a, int inner, double* b, double* c, int stride)
    {
        Vector512<double> sum = default;
        for (var k = 0; k < inner; k++, b += stride) sum = Vector512.FusedMultiplyAdd(Vector512.Create(a[k]), Vector512.Load(b), sum);
        sum.Store(c);
    }
}
