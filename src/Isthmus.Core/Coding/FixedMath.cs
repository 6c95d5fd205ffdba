namespace Isthmus.Coding;

/// <summary>
/// Elementary functions whose bits are the same on every machine: only + − × ÷ and square roots of IEEE 754 doubles, in a
/// fixed order. <see cref="Math.Exp"/> and its relatives call the platform's library, whose last bits differ; a table of
/// frequencies built from them could differ between sender and receiver. For tables and hyper-decoders; slower than the
/// library's, and for nothing else.
/// </summary>
public static class FixedMath
{
    private const double Ln2High = 0.69314718036912381649, Ln2Low = 1.9082149292705877e-10; // their sum is ln 2; High has 21 zero low bits

    /// <summary>e^x. Relative error below 1e-15; 0 below −745, infinity above 709.8.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x)) return x;
        if (x > 709.782712893384) return double.PositiveInfinity;
        if (x < -745.2) return 0;
        var k = Math.Floor(x * 1.4426950408889634 + 0.5);
        var r = x - k * Ln2High - k * Ln2Low; // |r| <= ln 2 / 2
        var sum = 1.0;
        for (var n = 14; n >= 1; n--) sum = 1 + r * sum / n; // Taylor by Horner: the next term is below 1e-18
        var half = (int)k / 2; // two factors, so that results below 2^-1022 are reached through normal numbers
        return sum * PowerOfTwo(half) * PowerOfTwo((int)k - half);
    }

    /// <summary>The natural logarithm. Relative error below 4e-16; NaN below 0, −infinity at 0.</summary>
    public static double Log(double x)
    {
        if (double.IsNaN(x) || x < 0) return double.NaN;
        if (x == 0) return double.NegativeInfinity;
        if (double.IsPositiveInfinity(x)) return x;
        var exponent = 0;
        if (x < 2.2250738585072014e-308) { x *= 1L << 54; exponent = -54; }
        var bits = BitConverter.DoubleToInt64Bits(x);
        exponent += (int)(bits >> 52) - 1023;
        var m = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (m > 1.4142135623730951) { m *= 0.5; exponent++; }
        return exponent * Ln2High + (AtanhSeries((m - 1) / (m + 1)) + exponent * Ln2Low);
    }

    /// <summary>The logarithm to base 2 of a positive number.</summary>
    public static double Log2(double x) => Log(x) * 1.4426950408889634;

    /// <summary>log2(1 + 1/k) for k ≥ 1: what one more unit of frequency saves, in bits, at a symbol of frequency k.</summary>
    internal static double Log2Step(int k) => AtanhSeries(1.0 / (2.0 * k + 1)) * 1.4426950408889634;

    /// <summary>The density of the standard normal distribution.</summary>
    public static double NormalDensity(double x) => 0.3989422804014327 * Exp(-0.5 * x * x);

    /// <summary>P(X ≤ x) of a standard normal X. Relative error below 2e-13 down to x = −37 (G. Marsaglia, "Evaluating the
    /// normal distribution", 2004, for the centre; Laplace's continued fraction for the tails).</summary>
    public static double NormalCdf(double x)
    {
        if (double.IsNaN(x)) return x;
        if (x < -38.6) return 0;
        if (x > 8.5) return 1;
        if (x < -3) return NormalDensity(x) / MillsDenominator(-x);
        if (x > 3) return 1 - NormalDensity(x) / MillsDenominator(x);
        double term = x, sum = x, square = x * x;
        for (var n = 3; n <= 81; n += 2) sum += term *= square / n;
        return 0.5 + sum * NormalDensity(x);
    }

    /// <summary>The logistic function 1 / (1 + e^−x), without cancellation in either tail. Relative error below 1e-15.</summary>
    public static double Sigmoid(double x)
    {
        if (x >= 0) return 1 / (1 + Exp(-x));
        var e = Exp(x);
        return e / (1 + e);
    }

    // x + 1/(x + 2/(x + 3/(x + ...))), from the inside out.
    private static double MillsDenominator(double x)
    {
        var d = x;
        for (var n = 120; n >= 1; n--) d = x + n / d;
        return d;
    }

    // 2 atanh(s) = ln((1 + s) / (1 - s)) for |s| <= 1/3.
    private static double AtanhSeries(double s)
    {
        var square = s * s;
        var sum = 0.0;
        for (var n = square < 1.0 / 4096 ? 9 : 35; n >= 3; n -= 2) sum = (sum + 1.0 / n) * square;
        return 2 * (s + s * sum);
    }

    private static double PowerOfTwo(int k) => BitConverter.Int64BitsToDouble((long)(k + 1023) << 52);
}
