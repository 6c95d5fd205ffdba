using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Exponentials, logarithms and their kin over lanes: one formula for every width, every multiply-add fused by name, no call into
/// the system's mathematics library, so that a result's bits depend on its argument alone. Results below the smallest normal
/// number are rounded gradually, not flushed.
/// </summary>
/// <remarks>
/// Argument reduction is by Cody and Waite, "Software Manual for the Elementary Functions" (1980). The polynomials are own
/// minimax fits: tests/unit/Tensors/Goldens/minimax.py makes every coefficient below. Errors, in units in the last place
/// in brackets, are the largest ones that VectorMathTest sees against double precision on four million points.
/// </remarks>
internal static class VectorMath
{
    private const float Log2E = 1.44269504f, Ln2High = 0.693145752f, Ln2Low = 1.42860677e-06f;
    private const float Magic = 12582912f; // 1.5 * 2^23: adding it rounds to an integer, which then sits in the lowest bits
    private const int MagicBits = 0x4B400000, OneBits = 0x3F800000, HalfBits = 0x3F000000, SignBit = unchecked((int)0x80000000);
    private const int RootHalfBits = 0x3F3504F3; // sqrt(1/2)
    private const float SmallestNormal = 1.17549435e-38f;
    private const float Tiny = 1e-30f; // below it expm1, log1p and tanh are the identity, the sign of zero included

    /// <summary>e^x (0.9 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : struct, ILane<T>
    {
        var zero = T.LessThan(x, T.Of(-104f));
        ReduceExp(WithoutUnderflow(x, zero), out var k, out var r, out var rest);
        return T.Select(zero, T.Of(0f), ScaleByPowerOfTwo(T.Of(1f) + Expm1Near0(r, rest), k));
    }

    /// <summary>e^x - 1, exact to the last places near 0 too (1.4 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Expm1<T>(T x) where T : struct, ILane<T>
    {
        ReduceExp(Clamp(x, -18f, 89f), out var k, out var r, out var rest);
        // Half of 2^k, so that k = 128 does not overflow before the result does.
        var half = T.AddBits(T.ShiftBitsLeft(k, 23), T.Bits(HalfBits));
        var y = T.Fma(half, Expm1Near0(r, rest), half - T.Of(0.5f));
        return T.Select(T.LessThan(T.Abs(x), T.Of(Tiny)), x, y + y);
    }

    /// <summary>The natural logarithm; -inf at 0, NaN below (0.8 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log<T>(T x) where T : struct, ILane<T>
    {
        SplitNormal(x, out var e, out var m);
        var y = LogOf1Plus(m - T.Of(1f), e);
        var special = T.Select(T.LessThan(T.Of(0f), x), x, T.Select(T.Equal(x, T.Of(0f)), T.Of(float.NegativeInfinity), T.Of(float.NaN)));
        return T.Select(T.And(T.LessThan(T.Of(0f), x), T.LessThan(x, T.Of(float.PositiveInfinity))), y, special);
    }

    /// <summary>The natural logarithm of a positive, finite number that is not denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LogOfNormal<T>(T x) where T : struct, ILane<T>
    {
        var power = T.ShiftBitsRight(T.SubtractBits(x, T.Bits(RootHalfBits)), 23);
        return LogOf1Plus(T.SubtractBits(x, T.ShiftBitsLeft(power, 23)) - T.Of(1f), T.FromIntBits(power));
    }

    /// <summary>log(1 + x), exact to the last places near 0 too; -inf at -1, NaN below (1.4 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log1p<T>(T x) where T : struct, ILane<T>
    {
        var y = Log1pInside(x);
        y = T.Select(T.LessThan(T.Abs(x), T.Of(Tiny)), x, y);
        var special = T.Select(T.LessThan(T.Of(-1f), x), x, T.Select(T.Equal(x, T.Of(-1f)), T.Of(float.NegativeInfinity), T.Of(float.NaN)));
        return T.Select(T.And(T.LessThan(T.Of(-1f), x), T.LessThan(x, T.Of(float.PositiveInfinity))), y, special);
    }

    /// <summary>The hyperbolic tangent, as (e^2|x| - 1) / (e^2|x| + 1) with the sign of x (1.9 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : struct, ILane<T>
    {
        var a = T.Abs(x);
        var twice = T.Select(T.LessThan(T.Of(10f), a), T.Of(20f), a + a);
        ReduceExp(twice, out var k, out var r, out var rest);
        var power = T.AddBits(T.ShiftBitsLeft(k, 23), T.Bits(OneBits));
        var t = T.Fma(power, Expm1Near0(r, rest), power - T.Of(1f));
        var d = t + T.Of(2f);
        var dLow = T.And(T.LessThan(t, T.Of(2f)), t - (d - T.Of(2f))); // of no weight where t is large
        var y = t / d;
        y = T.Fma(y * dLow, T.Fma(y, T.Of(0.5f), T.Of(-0.5f)), y); // less y dLow / d: 1/d is (1 - y)/2
        y = T.Or(y, T.And(x, T.Bits(SignBit)));
        return T.Select(T.LessThan(a, T.Of(2e-4f)), x, y); // x^3/3 is below half a unit there
    }

    /// <summary>1 / (1 + e^-x), with full relative accuracy in both tails (1.8 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : struct, ILane<T>
    {
        var z = Exp(-T.Abs(x));
        var one = T.Of(1f);
        var d = one + z;
        var dLow = z - (d - one);
        var left = T.LessThan(x, T.Of(0f));
        var y = T.Select(left, z, one) / d;
        return T.Fma(y * dLow, T.Select(left, y - one, -y), y); // less y dLow / d: 1/d is 1 - y on the left, y on the right
    }

    /// <summary>log(1 + e^x), as max(x, 0) + log1p(e^-|x|) (1.7 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Softplus<T>(T x) where T : struct, ILane<T> =>
        T.Select(T.LessThan(x, T.Of(0f)), T.Of(0f), x) + Log1pInside(Exp(-T.Abs(x)));

    /// <summary>2/sqrt(pi) times the integral of e^-t^2 from 0 to x (1.1 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Erf<T>(T x) where T : struct, ILane<T>
    {
        var a = T.Abs(x);
        var near = ErfNear0(x);
        var b = T.Select(T.LessThan(T.Of(4f), a), T.Of(4f), a);
        var g = T.Fma(b, T.Of(-2.10912367e-05f), T.Of(0.000434430316f)); // log(erfc(b))
        g = T.Fma(g, b, T.Of(-0.00417095236f));
        g = T.Fma(g, b, T.Of(0.0251192339f));
        g = T.Fma(g, b, T.Of(-0.108279914f));
        g = T.Fma(g, b, T.Of(-0.633346975f));
        g = T.Fma(g, b, T.Of(-1.12951493f));
        g = T.Fma(g, b, T.Of(0.000174690707f));
        var far = T.Or(T.Of(1f) - Exp(g), T.And(x, T.Bits(SignBit)));
        return T.Select(T.LessThan(a, T.Of(0.925f)), near, far);
    }

    /// <summary>The standard normal distribution function, with relative accuracy in the left tail (1.7 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T NormalCdf<T>(T x) where T : struct, ILane<T>
    {
        var a = T.Select(T.LessThan(T.Of(15f), T.Abs(x)), T.Of(15f), T.Abs(x));
        var square = a * a;
        var half = T.Of(-0.5f);
        // The exponent -x^2/2 is taken from x itself: x/sqrt(2) is rounded, and its square would be off by many units.
        var scaled = a * T.Of(0.707106769f);
        var scaledLow = T.Fma(a, T.Of(1.21016175e-08f), T.Fma(a, T.Of(0.707106769f), -scaled));
        var y = T.Of(0.5f) * ErfcTail(scaled, scaledLow, half * square, half * T.Fma(a, a, -square));
        return T.Select(T.LessThan(x, T.Of(0f)), y, T.Of(1f) - y);
    }

    /// <summary>The standard normal density (2.0 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T NormalPdf<T>(T x) where T : struct, ILane<T>
    {
        var a = T.Select(T.LessThan(T.Of(15f), T.Abs(x)), T.Of(15f), T.Abs(x));
        var square = a * a;
        var half = T.Of(-0.5f);
        return T.Of(0.398942280f) * ExpOfSum(half * square, half * T.Fma(a, a, -square));
    }

    /// <summary>The sine; for |x| up to 1e5 within the stated error, up to 4e6 with an absolute error below 1e-6, NaN beyond (1.6 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sin<T>(T x) where T : struct, ILane<T> => SineOfQuarter(x, 0);

    /// <summary>The cosine; the range of <see cref="Sin"/> (1.6 units).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Cos<T>(T x) where T : struct, ILane<T> => SineOfQuarter(x, 1);

    /// <summary>Sine and cosine of the angle whose bit pattern, as an unsigned integer, counts 2^-32 of a turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SinCosOfTurn<T>(T word, out T sin, out T cos) where T : struct, ILane<T>
    {
        // The nearest quarter in the top two bits, and the signed rest.
        var quadrant = T.ShiftBitsRight(T.AddBits(word, T.Bits(1 << 29)), 30);
        var rest = T.SubtractBits(word, T.ShiftBitsLeft(quadrant, 30));
        SinCosNear0(T.FromIntBits(rest) * T.Of(1.46291808e-9f), out var s, out var c); // pi/2 2^-30
        var odd = T.ShiftBitsRight(T.ShiftBitsLeft(quadrant, 31), 31);
        var sign = T.Bits(SignBit);
        sin = T.Xor(T.Select(odd, c, s), T.And(T.ShiftBitsLeft(quadrant, 30), sign));
        cos = T.Xor(T.Select(odd, s, c), T.And(T.ShiftBitsLeft(T.AddBits(quadrant, T.Bits(1)), 30), sign));
    }

    /// <summary>x to the power y with the special values of C and PyTorch: a negative x wants an integer y, x^0 and 1^y are 1 (1.2 units).</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)] // so large that a loop's budget for inlining would not hold it
    public static T Pow<T>(T x, T y) where T : struct, ILane<T>
    {
        var one = T.Of(1f);
        var zero = T.Of(0f);
        var infinity = T.Of(float.PositiveInfinity);
        var a = T.Abs(x);
        LogAsSum(a, out var high, out var low);
        // y log a as an unrounded sum; where it is huge or an input is special, a plain product decides between 0, inf and NaN.
        var log = T.Select(T.Equal(a, zero), -infinity, T.Select(T.LessThan(a, infinity), high, a));
        var product = y * log;
        var error = T.Fma(y, low, T.Fma(y, high, -product));
        var ordinary = T.LessThan(T.Abs(product), T.Of(200f));
        var power = ExpOfSum(product, T.And(ordinary, error));
        var whole = T.Equal(T.Floor(y), y);
        var halfY = y * T.Of(0.5f);
        var odd = T.And(whole, T.And(T.LessThan(T.Abs(y), T.Of(16777216f)), T.LessThan(T.Floor(halfY), halfY)));
        var negative = T.Or(T.LessThan(x, zero), T.And(T.Equal(x, zero), T.LessThan(one / x, zero)));
        power = T.Select(T.And(negative, odd), -power, power);
        var noReal = T.And(T.And(T.LessThan(x, zero), T.LessThan(-infinity, x)), T.Select(whole, zero, T.Bits(-1)));
        power = T.Select(T.And(noReal, T.Equal(y, y)), T.Of(float.NaN), power);
        power = T.Select(T.And(T.Equal(a, one), T.Equal(T.Abs(y), infinity)), one, power);
        return T.Select(T.Or(T.Equal(x, one), T.Equal(y, zero)), one, power);
    }

    /// <summary>
    /// The exponent between bounds, and 0 where the power is 0 anyhow: a product that ends below the normal numbers costs the
    /// processor hundreds of cycles, and -inf stands wherever something is masked.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T WithoutUnderflow<T>(T x, T zero) where T : struct, ILane<T>
    {
        x = T.Select(zero, T.Of(0f), x);
        return T.Select(T.LessThan(T.Of(89f), x), T.Of(89f), x);
    }

    /// <summary>x between the bounds; NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Clamp<T>(T x, float low, float high) where T : struct, ILane<T>
    {
        x = T.Select(T.LessThan(x, T.Of(low)), T.Of(low), x);
        return T.Select(T.LessThan(T.Of(high), x), T.Of(high), x);
    }

    /// <summary>x = k ln 2 + r + rest with |r| at most ln(2)/2 and rest its rounding error; k as integer bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReduceExp<T>(T x, out T k, out T r, out T rest) where T : struct, ILane<T>
    {
        var t = T.Fma(x, T.Of(Log2E), T.Of(Magic));
        var n = t - T.Of(Magic);
        var exact = T.Fma(n, T.Of(-Ln2High), x);
        r = T.Fma(n, T.Of(-Ln2Low), exact);
        rest = T.Fma(n, T.Of(-Ln2Low), exact - r);
        k = T.SubtractBits(t, T.Bits(MagicBits));
    }

    /// <summary>e^(r + rest) - 1 for |r| at most ln(2)/2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Expm1Near0<T>(T r, T rest) where T : struct, ILane<T>
    {
        var p = T.Fma(r, T.Of(0.000199593167f), T.Of(0.00139337103f));
        p = T.Fma(p, r, T.Of(0.00833319128f));
        p = T.Fma(p, r, T.Of(0.0416664779f));
        p = T.Fma(p, r, T.Of(0.166666672f));
        p = T.Fma(p, r, T.Of(0.5f));
        return r + T.Fma(r * r, p, rest);
    }

    /// <summary>x 2^k for k in -150..128, in two steps, of which only the second can round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ScaleByPowerOfTwo<T>(T x, T k) where T : struct, ILane<T>
    {
        var first = T.ShiftBitsRight(k, 1);
        var second = T.SubtractBits(k, first);
        var one = T.Bits(OneBits);
        return x * T.AddBits(T.ShiftBitsLeft(first, 23), one) * T.AddBits(T.ShiftBitsLeft(second, 23), one);
    }

    /// <summary>e^(x + tail) for a tail much smaller than 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpOfSum<T>(T x, T tail) where T : struct, ILane<T>
    {
        var zero = T.LessThan(x, T.Of(-104f));
        ReduceExpOfSum(x, tail, zero, out var k, out var y, out _);
        return T.Select(zero, T.Of(0f), ScaleByPowerOfTwo(y, k));
    }

    /// <summary>e^(x + tail) = 2^k (y + yLow), 1 where zero is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReduceExpOfSum<T>(T x, T tail, T zero, out T k, out T y, out T yLow) where T : struct, ILane<T>
    {
        ReduceExp(WithoutUnderflow(x, zero), out k, out var r, out var rest);
        rest += tail;
        var sum = r + rest;
        var m = Expm1Near0(sum, rest - (sum - r));
        y = T.Of(1f) + m;
        yLow = m - (y - T.Of(1f));
    }

    /// <summary>x = 2^e m with m in [sqrt(1/2), sqrt(2)), for positive x, denormals included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SplitNormal<T>(T x, out T e, out T m) where T : struct, ILane<T>
    {
        var small = T.LessThan(x, T.Of(SmallestNormal));
        var scaled = T.Select(small, x * T.Of(8388608f), x);
        var power = T.ShiftBitsRight(T.SubtractBits(scaled, T.Bits(RootHalfBits)), 23);
        m = T.SubtractBits(scaled, T.ShiftBitsLeft(power, 23));
        e = T.FromIntBits(power) - T.And(small, T.Of(23f));
    }

    /// <summary>e ln 2 + log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T LogOf1Plus<T>(T f, T e) where T : struct, ILane<T>
    {
        var p = T.Fma(f, T.Of(0.0673199221f), T.Of(-0.116601132f));
        p = T.Fma(p, f, T.Of(0.118863232f));
        p = T.Fma(p, f, T.Of(-0.124082781f));
        p = T.Fma(p, f, T.Of(0.142202303f));
        p = T.Fma(p, f, T.Of(-0.166678518f));
        p = T.Fma(p, f, T.Of(0.20002073f));
        p = T.Fma(p, f, T.Of(-0.250000119f));
        p = T.Fma(p, f, T.Of(0.333333135f));
        var square = f * f;
        var y = T.Fma(e, T.Of(Ln2Low), p * (f * square));
        y = f + T.Fma(square, T.Of(-0.5f), y);
        return T.Fma(e, T.Of(Ln2High), y);
    }

    /// <summary>log(1 + x) for x above -1 and below infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Log1pInside<T>(T x) where T : struct, ILane<T>
    {
        // u + c = 1 + x exactly (Knuth's two-sum); c joins the mantissa after u's exponent is split off.
        var one = T.Of(1f);
        var u = one + x;
        var b = u - one;
        var c = (one - (u - b)) + (x - b);
        var power = T.ShiftBitsRight(T.SubtractBits(u, T.Bits(RootHalfBits)), 23);
        var exponent = T.ShiftBitsLeft(power, 23);
        var f = T.SubtractBits(u, exponent) - one;
        f += T.And(T.LessThan(x, T.Of(33554432f)), c * T.SubtractBits(T.Bits(OneBits), exponent));
        return LogOf1Plus(f, T.FromIntBits(power));
    }

    /// <summary>log x = high + low to about 2^-33 of its value, for positive finite x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LogAsSum<T>(T x, out T high, out T low) where T : struct, ILane<T>
    {
        SplitNormal(x, out var e, out var m);
        // log m = 2 atanh(s), s = (m-1)/(m+1); s carries a correction.
        var f = m - T.Of(1f);
        var d = m + T.Of(1f);
        var dLow = m - (d - T.Of(1f));
        var s = f / d;
        var sLow = T.Fma(-s, dLow, T.Fma(-s, d, f)) / d;
        var square = s * s;
        var squareLow = T.Fma(s, s, -square) + (s + s) * sLow;
        var p = T.Fma(square, T.Of(0.240292087f), T.Of(0.285101414f));
        p = T.Fma(p, square, T.Of(0.4000085f));
        p = T.Fma(p, square, T.Of(0.666666627f));
        // s + s + s^3 p, and e ln 2 in two parts, summed with the rounding errors kept.
        var cube = square * s;
        var cubeLow = T.Fma(square, s, -cube) + T.Fma(squareLow, s, square * sLow);
        var q = cube * p;
        var qLow = T.Fma(cube, p, -q) + cubeLow * p;
        var twice = s + s;
        var a = twice + q;
        var aLow = (twice - a) + q + (sLow + sLow + qLow);
        var b = e * T.Of(Ln2High); // exact: 8 bits times 16
        high = b + a;
        var back = high - b;
        low = (b - (high - back)) + (a - back) + T.Fma(e, T.Of(Ln2Low), aLow);
    }

    /// <summary>erf(x) for |x| at most 0.925.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ErfNear0<T>(T x) where T : struct, ILane<T>
    {
        var s = x * x;
        var p = T.Fma(s, T.Of(8.30881472e-05f), T.Of(-0.000812651822f));
        p = T.Fma(p, s, T.Of(0.00519939465f));
        p = T.Fma(p, s, T.Of(-0.0268586073f));
        p = T.Fma(p, s, T.Of(0.112836771f));
        p = T.Fma(p, s, T.Of(-0.376126319f));
        p = T.Fma(p, s, T.Of(0.128379166f));
        return T.Fma(x, p, x);
    }

    /// <summary>
    /// erfc(a + aLow) for a in 0..11, given -(a + aLow)^2 as a sum; e^(a^2) erfc(a) (1 + 2a) is smooth (Shepherd and Laframboise 1981). Each factor
    /// carries its rounding error, since there are five of them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ErfcTail<T>(T a, T aLow, T exponent, T exponentLow) where T : struct, ILane<T>
    {
        var one = T.Of(1f);
        var q = (a - T.Of(4f)) / (a + T.Of(4f));
        var p = T.Fma(q, T.Of(0.00525400555f), T.Of(-0.0166002624f));
        p = T.Fma(p, q, T.Of(0.0369927101f));
        p = T.Fma(p, q, T.Of(-0.0662510619f));
        p = T.Fma(p, q, T.Of(0.0937697813f));
        p = T.Fma(p, q, T.Of(-0.101045795f));
        p = T.Fma(p, q, T.Of(0.0680942982f));
        p = T.Fma(p, q, T.Of(0.015379875f));
        p = T.Fma(p, q, T.Of(-0.139621064f));
        var top = T.Fma(p, q, T.Of(1.23299515f));
        var topLow = T.Fma(p, q, T.Of(1.23299515f) - top) + T.Of(-3.52632803e-08f);
        var d = one + (a + a);
        var dLow = (one - (d - (a + a))) + (aLow + aLow);
        var inverse = one / d;
        var ratio = top * inverse;
        var ratioLow = (T.Fma(-ratio, d, top) + T.Fma(-ratio, dLow, topLow)) * inverse;
        var zero = T.LessThan(exponent, T.Of(-104f));
        ReduceExpOfSum(exponent, exponentLow, zero, out var k, out var e, out var eLow);
        var product = e * ratio;
        var productLow = T.Fma(e, ratio, -product) + T.Fma(eLow, ratio, e * ratioLow);
        var far = T.Select(zero, T.Of(0f), ScaleByPowerOfTwo(product + productLow, k));
        return T.Select(T.LessThan(a, T.Of(0.475f)), one - ErfNear0(a), far);
    }

    /// <summary>Sine and cosine of |r| at most pi/4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SinCosNear0<T>(T r, out T sin, out T cos) where T : struct, ILane<T>
    {
        var z = r * r;
        var s = T.Fma(z, T.Of(2.80040058e-06f), T.Of(-0.000198499038f));
        s = T.Fma(s, z, T.Of(0.00833337195f));
        s = T.Fma(s, z, T.Of(-0.166666672f));
        sin = T.Fma(s, z * r, r);
        var c = T.Fma(z, T.Of(2.4432944e-05f), T.Of(-0.0013887313f));
        c = T.Fma(c, z, T.Of(0.0416666456f));
        cos = T.Fma(c, z * z, T.Fma(z, T.Of(-0.5f), T.Of(1f)));
    }

    /// <summary>sin(x + quarters pi/2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T SineOfQuarter<T>(T x, int quarters) where T : struct, ILane<T>
    {
        var t = T.Fma(x, T.Of(0.636619772f), T.Of(Magic));
        var n = t - T.Of(Magic);
        // pi/2 in three floats; the first product cancels exactly, since x and n pi/2 are multiples of 2^-23 there.
        var r = T.Fma(n, T.Of(-1.57079637f), x);
        r = T.Fma(n, T.Of(4.37113883e-08f), r);
        r = T.Fma(n, T.Of(1.71512451e-15f), r);
        var quadrant = T.AddBits(t, T.Bits(quarters));
        SinCosNear0(r, out var s, out var c);
        var odd = T.ShiftBitsRight(T.ShiftBitsLeft(quadrant, 31), 31);
        var sign = T.And(T.ShiftBitsLeft(quadrant, 30), T.Bits(SignBit));
        var y = T.Xor(T.Select(odd, c, s), sign);
        return T.Select(T.LessThan(T.Abs(x), T.Of(4e6f)), y, T.Of(float.NaN));
    }
}
