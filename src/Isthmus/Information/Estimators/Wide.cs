using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// Eight doubles at a time, always eight: sums keep eight partial sums and fold them in one fixed order, so that the bits are
/// the same with AVX-512, with AVX2 and without either. Every product that is added is an explicit fused multiply-add.
/// </summary>
internal static class Wide
{
    /// <summary>Doubles in a group.</summary>
    public const int Width = 8;

    /// <summary>Below this argument <see cref="ExpNonPositive"/> is 0: e^-708 is the last normal number's neighbourhood.</summary>
    public const double Underflow = -708;

    /// <summary>Eight doubles from a place in a span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ReadOnlySpan<double> from, int at) =>
        Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(from), (nuint)at);

    /// <summary>
    /// e^x for x at most 0; 0 below <see cref="Underflow"/>. Cody–Waite reduction by ln 2 in two parts, Taylor polynomial of
    /// degree 13 by Horner with fused multiply-adds; relative error under 2^-51.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> ExpNonPositive(Vector512<double> x)
    {
        var magic = Vector512.Create(6755399441055744.0); // 1.5 x 2^52: adding it rounds to an integer in the low bits
        var t = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.4426950408889634), magic);
        var k = t - magic;
        var r = Vector512.FusedMultiplyAdd(k, Vector512.Create(-0.69314718036912382), x);
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
        p = Vector512.FusedMultiplyAdd(p, r, Vector512<double>.One);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512<double>.One);
        var scaled = (p.AsInt64() + (t.AsInt64() << 52)).AsDouble();
        return Vector512.GreaterThanOrEqual(x, Vector512.Create(Underflow)) & scaled;
    }

    /// <summary>The sum of the eight, folded in halves: (0+4, 1+5, 2+6, 3+7), and so on.</summary>
    public static double Fold(Vector512<double> v)
    {
        var four = v.GetLower() + v.GetUpper();
        var two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }

    /// <summary>The largest value of a span; negative infinity when it is empty.</summary>
    public static double Max(ReadOnlySpan<double> values)
    {
        var best = double.NegativeInfinity;
        var i = 0;
        if (values.Length >= Width)
        {
            var top = Load(values, 0);
            for (i = Width; i + Width <= values.Length; i += Width) top = Vector512.Max(top, Load(values, i));
            for (var lane = 0; lane < Width; lane++) best = Math.Max(best, top[lane]);
        }
        for (; i < values.Length; i++) best = Math.Max(best, values[i]);
        return best;
    }

    /// <summary>ln of the sum of e^value over a span; negative infinity when it is empty or all are.</summary>
    public static double LogSumExp(ReadOnlySpan<double> values)
    {
        var top = Max(values);
        if (!double.IsFinite(top)) return top;
        var shift = Vector512.Create(top);
        var sum = Vector512<double>.Zero;
        var i = 0;
        for (; i + Width <= values.Length; i += Width) sum += ExpNonPositive(Load(values, i) - shift);
        if (i < values.Length)
        {
            Span<double> tail = stackalloc double[Width];
            tail.Fill(double.NegativeInfinity);
            values[i..].CopyTo(tail);
            sum += ExpNonPositive(Load(tail, 0) - shift);
        }
        return top + Math.Log(Fold(sum));
    }
}
