using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Some floats side by side: what a kernel's one body is written over. 16, 8 and 4 wrap a vector register, 1 is a plain float,
/// so that a scalar tail runs the same formula and gives the same bits. This is the only file that names vector widths.
/// Masks are lanes of all-ones or all-zero bits; "bits" members treat the lane as 32-bit integers.
/// </summary>
internal unsafe interface ILane<T> where T : struct, ILane<T>
{
    /// <summary>How many floats.</summary>
    static abstract int Width { get; }
    /// <summary>Whether the hardware has registers of this width.</summary>
    static abstract bool IsAccelerated { get; }
    /// <summary>All floats equal to x.</summary>
    static abstract T Of(float x);
    /// <summary>Reads Width floats; any alignment.</summary>
    static abstract T Load(float* from);
    /// <summary>Writes Width floats; any alignment.</summary>
    static abstract void Store(T x, float* to);
    /// <summary>a + b.</summary>
    static abstract T operator +(T a, T b);
    /// <summary>a - b.</summary>
    static abstract T operator -(T a, T b);
    /// <summary>a * b.</summary>
    static abstract T operator *(T a, T b);
    /// <summary>a / b.</summary>
    static abstract T operator /(T a, T b);
    /// <summary>-a.</summary>
    static abstract T operator -(T a);
    /// <summary>a * b + c, rounded once; the same bits with and without hardware support.</summary>
    static abstract T Fma(T a, T b, T c);
    /// <summary>|a|.</summary>
    static abstract T Abs(T a);
    /// <summary>The larger; NaN if either is NaN.</summary>
    static abstract T Max(T a, T b);
    /// <summary>b if it is larger than a, else a, NaN included: cheaper than <see cref="Max"/>.</summary>
    static abstract T Larger(T a, T b);
    /// <summary>The smaller; NaN if either is NaN.</summary>
    static abstract T Min(T a, T b);
    /// <summary>The square root, rounded correctly.</summary>
    static abstract T Sqrt(T a);
    /// <summary>The largest integer not above a.</summary>
    static abstract T Floor(T a);
    /// <summary>The nearest integer, ties to even.</summary>
    static abstract T Round(T a);
    /// <summary>Mask of a &lt; b (false for NaN).</summary>
    static abstract T LessThan(T a, T b);
    /// <summary>Mask of a &lt;= b (false for NaN).</summary>
    static abstract T LessThanOrEqual(T a, T b);
    /// <summary>Mask of a == b (false for NaN).</summary>
    static abstract T Equal(T a, T b);
    /// <summary>a where the mask's bits are ones, else b.</summary>
    static abstract T Select(T mask, T a, T b);
    /// <summary>Bitwise and.</summary>
    static abstract T And(T a, T b);
    /// <summary>Bitwise or.</summary>
    static abstract T Or(T a, T b);
    /// <summary>Bitwise exclusive or.</summary>
    static abstract T Xor(T a, T b);
    /// <summary>All elements with this bit pattern.</summary>
    static abstract T Bits(int pattern);
    /// <summary>Integer sum of the bit patterns.</summary>
    static abstract T AddBits(T a, T b);
    /// <summary>Integer difference of the bit patterns.</summary>
    static abstract T SubtractBits(T a, T b);
    /// <summary>Bit patterns shifted left.</summary>
    static abstract T ShiftBitsLeft(T a, int count);
    /// <summary>Bit patterns shifted right, keeping the sign.</summary>
    static abstract T ShiftBitsRight(T a, int count);
    /// <summary>The values truncated to integers, as bit patterns; only for values within the range of int.</summary>
    static abstract T ToIntBits(T a);
    /// <summary>The bit patterns as integers, converted to values.</summary>
    static abstract T FromIntBits(T a);
    /// <summary>Reads the first count floats, nothing beyond them; the others are fill. Any count: at most 0 reads nothing.</summary>
    static abstract T LoadPart(float* from, int count, float fill);
    /// <summary>Writes the first count floats, nothing beyond them.</summary>
    static abstract void StorePart(T x, float* to, int count);
    /// <summary>The 64-bit product of the bit patterns as unsigned integers with b.</summary>
    static abstract void MultiplyBits(T a, uint b, out T high, out T low);
    /// <summary>Writes a0 b0 c0 d0 a1 b1 c1 d1 ...: 4 Width floats.</summary>
    static abstract void StoreByFours(T a, T b, T c, T d, float* to);
    /// <summary>The sum of the floats, upper half on lower half again and again: one order whatever the registers.</summary>
    static abstract float Sum(T a);
    /// <summary>The largest float; NaN may be passed over.</summary>
    static abstract float Largest(T a);
}

/// <summary>16 floats in a 512-bit register.</summary>
internal readonly unsafe struct Lane16(Vector512<float> v) : ILane<Lane16>
{
    private readonly Vector512<float> _v = v;

    public static int Width => 16;
    public static bool IsAccelerated => Vector512.IsHardwareAccelerated;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Of(float x) => new(Vector512.Create(x));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Load(float* from) => new(Vector512.Load(from));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(Lane16 x, float* to) => x._v.Store(to);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 operator +(Lane16 a, Lane16 b) => new(a._v + b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 operator -(Lane16 a, Lane16 b) => new(a._v - b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 operator *(Lane16 a, Lane16 b) => new(a._v * b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 operator /(Lane16 a, Lane16 b) => new(a._v / b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 operator -(Lane16 a) => new(-a._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Fma(Lane16 a, Lane16 b, Lane16 c) => new(Vector512.FusedMultiplyAdd(a._v, b._v, c._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Abs(Lane16 a) => new(Vector512.Abs(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Max(Lane16 a, Lane16 b) => new(Vector512.Max(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Larger(Lane16 a, Lane16 b) => Select(LessThan(a, b), b, a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Min(Lane16 a, Lane16 b) => new(Vector512.Min(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Sqrt(Lane16 a) => new(Vector512.Sqrt(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Floor(Lane16 a) => new(Vector512.Floor(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Round(Lane16 a) => new(Vector512.Round(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 LessThan(Lane16 a, Lane16 b) => new(Vector512.LessThan(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 LessThanOrEqual(Lane16 a, Lane16 b) => new(Vector512.LessThanOrEqual(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Equal(Lane16 a, Lane16 b) => new(Vector512.Equals(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Select(Lane16 mask, Lane16 a, Lane16 b) => new(Vector512.ConditionalSelect(mask._v, a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 And(Lane16 a, Lane16 b) => new(a._v & b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Or(Lane16 a, Lane16 b) => new(a._v | b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Xor(Lane16 a, Lane16 b) => new(a._v ^ b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 Bits(int pattern) => new(Vector512.Create(pattern).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 AddBits(Lane16 a, Lane16 b) => new((a._v.AsInt32() + b._v.AsInt32()).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 SubtractBits(Lane16 a, Lane16 b) => new((a._v.AsInt32() - b._v.AsInt32()).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 ShiftBitsLeft(Lane16 a, int count) => new((a._v.AsInt32() << count).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 ShiftBitsRight(Lane16 a, int count) => new((a._v.AsInt32() >> count).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 ToIntBits(Lane16 a) => new(Vector512.ConvertToInt32(a._v).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane16 FromIntBits(Lane16 a) => new(Vector512.ConvertToSingle(a._v.AsInt32()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 LoadPart(float* from, int count, float fill)
    {
        if (count >= 16) return Load(from);
        if (Avx512F.IsSupported) return Select(First(count), new(Avx512F.MaskLoad(from, First(count)._v, Vector512<float>.Zero)), Of(fill));
        var pad = stackalloc float[16];
        for (var i = 0; i < 16; i++) pad[i] = i < count ? from[i] : fill;
        return Load(pad);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(Lane16 x, float* to, int count)
    {
        if (count >= 16) Store(x, to);
        else if (Avx512F.IsSupported) Avx512F.MaskStore(to, First(count)._v, x._v);
        else
        {
            var pad = stackalloc float[16];
            Store(x, pad);
            for (var i = 0; i < count; i++) to[i] = pad[i];
        }
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyBits(Lane16 a, uint b, out Lane16 high, out Lane16 low)
    {
        var odds = Vector512.Create(0xFFFFFFFF00000000).AsSingle();
        var even = Products(a._v.AsUInt64(), b);
        var odd = Products(a._v.AsUInt64() >> 32, b);
        high = new(Vector512.ConditionalSelect(odds, odd.AsSingle(), (even >> 32).AsSingle()));
        low = new(Vector512.ConditionalSelect(odds, (odd << 32).AsSingle(), even.AsSingle()));
    }
    /// <summary>The lower halves of the 64-bit elements times b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Products(Vector512<ulong> a, uint b) =>
        Avx512F.IsSupported ? Avx512F.Multiply(a.AsUInt32(), Vector512.Create(b)) : (a & Vector512.Create(0xFFFFFFFFUL)) * Vector512.Create((ulong)b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreByFours(Lane16 a, Lane16 b, Lane16 c, Lane16 d, float* to)
    {
        if (Avx512F.IsSupported)
        {
            // Fours within each quarter of the register, then the quarters in order.
            Vector512<double> ab = Avx512F.UnpackLow(a._v, b._v).AsDouble(), cd = Avx512F.UnpackLow(c._v, d._v).AsDouble();
            Vector512<double> ab2 = Avx512F.UnpackHigh(a._v, b._v).AsDouble(), cd2 = Avx512F.UnpackHigh(c._v, d._v).AsDouble();
            Vector512<double> r0 = Avx512F.UnpackLow(ab, cd), r1 = Avx512F.UnpackHigh(ab, cd), r2 = Avx512F.UnpackLow(ab2, cd2), r3 = Avx512F.UnpackHigh(ab2, cd2);
            Vector512<double> even01 = Avx512F.Shuffle4x128(r0, r1, 0x88), even23 = Avx512F.Shuffle4x128(r2, r3, 0x88);
            Vector512<double> odd01 = Avx512F.Shuffle4x128(r0, r1, 0xDD), odd23 = Avx512F.Shuffle4x128(r2, r3, 0xDD);
            Avx512F.Shuffle4x128(even01, even23, 0x88).AsSingle().Store(to);
            Avx512F.Shuffle4x128(odd01, odd23, 0x88).AsSingle().Store(to + 16);
            Avx512F.Shuffle4x128(even01, even23, 0xDD).AsSingle().Store(to + 32);
            Avx512F.Shuffle4x128(odd01, odd23, 0xDD).AsSingle().Store(to + 48);
            return;
        }
        Lane8.StoreByFours(new(a._v.GetLower()), new(b._v.GetLower()), new(c._v.GetLower()), new(d._v.GetLower()), to);
        Lane8.StoreByFours(new(a._v.GetUpper()), new(b._v.GetUpper()), new(c._v.GetUpper()), new(d._v.GetUpper()), to + 32);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Sum(Lane16 a) => Lane8.Sum(new Lane8(a._v.GetLower()) + new Lane8(a._v.GetUpper()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Largest(Lane16 a) => Lane8.Largest(Lane8.Larger(new Lane8(a._v.GetLower()), new Lane8(a._v.GetUpper())));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] private static Lane16 First(int count) => new(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle());
}

/// <summary>8 floats in a 256-bit register.</summary>
internal readonly unsafe struct Lane8(Vector256<float> v) : ILane<Lane8>
{
    private readonly Vector256<float> _v = v;

    public static int Width => 8;
    public static bool IsAccelerated => Vector256.IsHardwareAccelerated;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Of(float x) => new(Vector256.Create(x));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Load(float* from) => new(Vector256.Load(from));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(Lane8 x, float* to) => x._v.Store(to);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 operator +(Lane8 a, Lane8 b) => new(a._v + b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 operator -(Lane8 a, Lane8 b) => new(a._v - b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 operator *(Lane8 a, Lane8 b) => new(a._v * b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 operator /(Lane8 a, Lane8 b) => new(a._v / b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 operator -(Lane8 a) => new(-a._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Fma(Lane8 a, Lane8 b, Lane8 c) => new(Vector256.FusedMultiplyAdd(a._v, b._v, c._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Abs(Lane8 a) => new(Vector256.Abs(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Max(Lane8 a, Lane8 b) => new(Vector256.Max(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Larger(Lane8 a, Lane8 b) => Select(LessThan(a, b), b, a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Min(Lane8 a, Lane8 b) => new(Vector256.Min(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Sqrt(Lane8 a) => new(Vector256.Sqrt(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Floor(Lane8 a) => new(Vector256.Floor(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Round(Lane8 a) => new(Vector256.Round(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 LessThan(Lane8 a, Lane8 b) => new(Vector256.LessThan(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 LessThanOrEqual(Lane8 a, Lane8 b) => new(Vector256.LessThanOrEqual(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Equal(Lane8 a, Lane8 b) => new(Vector256.Equals(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Select(Lane8 mask, Lane8 a, Lane8 b) => new(Vector256.ConditionalSelect(mask._v, a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 And(Lane8 a, Lane8 b) => new(a._v & b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Or(Lane8 a, Lane8 b) => new(a._v | b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Xor(Lane8 a, Lane8 b) => new(a._v ^ b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 Bits(int pattern) => new(Vector256.Create(pattern).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 AddBits(Lane8 a, Lane8 b) => new((a._v.AsInt32() + b._v.AsInt32()).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 SubtractBits(Lane8 a, Lane8 b) => new((a._v.AsInt32() - b._v.AsInt32()).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 ShiftBitsLeft(Lane8 a, int count) => new((a._v.AsInt32() << count).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 ShiftBitsRight(Lane8 a, int count) => new((a._v.AsInt32() >> count).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 ToIntBits(Lane8 a) => new(Vector256.ConvertToInt32(a._v).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane8 FromIntBits(Lane8 a) => new(Vector256.ConvertToSingle(a._v.AsInt32()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 LoadPart(float* from, int count, float fill)
    {
        if (count >= 8) return Load(from);
        if (Avx.IsSupported) return Select(First(count), new(Avx.MaskLoad(from, First(count)._v)), Of(fill));
        var pad = stackalloc float[8];
        for (var i = 0; i < 8; i++) pad[i] = i < count ? from[i] : fill;
        return Load(pad);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(Lane8 x, float* to, int count)
    {
        if (count >= 8) Store(x, to);
        else if (Avx.IsSupported) Avx.MaskStore(to, First(count)._v, x._v);
        else
        {
            var pad = stackalloc float[8];
            Store(x, pad);
            for (var i = 0; i < count; i++) to[i] = pad[i];
        }
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyBits(Lane8 a, uint b, out Lane8 high, out Lane8 low)
    {
        var odds = Vector256.Create(0xFFFFFFFF00000000).AsSingle();
        var even = Products(a._v.AsUInt64(), b);
        var odd = Products(a._v.AsUInt64() >> 32, b);
        high = new(Vector256.ConditionalSelect(odds, odd.AsSingle(), (even >> 32).AsSingle()));
        low = new(Vector256.ConditionalSelect(odds, (odd << 32).AsSingle(), even.AsSingle()));
    }
    /// <summary>The lower halves of the 64-bit elements times b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Products(Vector256<ulong> a, uint b) =>
        Avx2.IsSupported ? Avx2.Multiply(a.AsUInt32(), Vector256.Create(b)) : (a & Vector256.Create(0xFFFFFFFFUL)) * Vector256.Create((ulong)b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreByFours(Lane8 a, Lane8 b, Lane8 c, Lane8 d, float* to)
    {
        if (Avx.IsSupported)
        {
            Vector256<double> ab = Avx.UnpackLow(a._v, b._v).AsDouble(), cd = Avx.UnpackLow(c._v, d._v).AsDouble();
            Vector256<double> ab2 = Avx.UnpackHigh(a._v, b._v).AsDouble(), cd2 = Avx.UnpackHigh(c._v, d._v).AsDouble();
            Vector256<double> r0 = Avx.UnpackLow(ab, cd), r1 = Avx.UnpackHigh(ab, cd), r2 = Avx.UnpackLow(ab2, cd2), r3 = Avx.UnpackHigh(ab2, cd2);
            Avx.Permute2x128(r0, r1, 0x20).AsSingle().Store(to);
            Avx.Permute2x128(r2, r3, 0x20).AsSingle().Store(to + 8);
            Avx.Permute2x128(r0, r1, 0x31).AsSingle().Store(to + 16);
            Avx.Permute2x128(r2, r3, 0x31).AsSingle().Store(to + 24);
            return;
        }
        Lane4.StoreByFours(new(a._v.GetLower()), new(b._v.GetLower()), new(c._v.GetLower()), new(d._v.GetLower()), to);
        Lane4.StoreByFours(new(a._v.GetUpper()), new(b._v.GetUpper()), new(c._v.GetUpper()), new(d._v.GetUpper()), to + 16);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Sum(Lane8 a) => Lane4.Sum(new Lane4(a._v.GetLower()) + new Lane4(a._v.GetUpper()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Largest(Lane8 a) => Lane4.Largest(Lane4.Larger(new Lane4(a._v.GetLower()), new Lane4(a._v.GetUpper())));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] private static Lane8 First(int count) => new(Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle());
}

/// <summary>4 floats in a 128-bit register.</summary>
internal readonly unsafe struct Lane4(Vector128<float> v) : ILane<Lane4>
{
    private readonly Vector128<float> _v = v;

    public static int Width => 4;
    public static bool IsAccelerated => Vector128.IsHardwareAccelerated;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Of(float x) => new(Vector128.Create(x));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Load(float* from) => new(Vector128.Load(from));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(Lane4 x, float* to) => x._v.Store(to);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 operator +(Lane4 a, Lane4 b) => new(a._v + b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 operator -(Lane4 a, Lane4 b) => new(a._v - b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 operator *(Lane4 a, Lane4 b) => new(a._v * b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 operator /(Lane4 a, Lane4 b) => new(a._v / b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 operator -(Lane4 a) => new(-a._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Fma(Lane4 a, Lane4 b, Lane4 c) => new(Vector128.FusedMultiplyAdd(a._v, b._v, c._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Abs(Lane4 a) => new(Vector128.Abs(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Max(Lane4 a, Lane4 b) => new(Vector128.Max(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Larger(Lane4 a, Lane4 b) => Select(LessThan(a, b), b, a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Min(Lane4 a, Lane4 b) => new(Vector128.Min(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Sqrt(Lane4 a) => new(Vector128.Sqrt(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Floor(Lane4 a) => new(Vector128.Floor(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Round(Lane4 a) => new(Vector128.Round(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 LessThan(Lane4 a, Lane4 b) => new(Vector128.LessThan(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 LessThanOrEqual(Lane4 a, Lane4 b) => new(Vector128.LessThanOrEqual(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Equal(Lane4 a, Lane4 b) => new(Vector128.Equals(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Select(Lane4 mask, Lane4 a, Lane4 b) => new(Vector128.ConditionalSelect(mask._v, a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 And(Lane4 a, Lane4 b) => new(a._v & b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Or(Lane4 a, Lane4 b) => new(a._v | b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Xor(Lane4 a, Lane4 b) => new(a._v ^ b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 Bits(int pattern) => new(Vector128.Create(pattern).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 AddBits(Lane4 a, Lane4 b) => new((a._v.AsInt32() + b._v.AsInt32()).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 SubtractBits(Lane4 a, Lane4 b) => new((a._v.AsInt32() - b._v.AsInt32()).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 ShiftBitsLeft(Lane4 a, int count) => new((a._v.AsInt32() << count).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 ShiftBitsRight(Lane4 a, int count) => new((a._v.AsInt32() >> count).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 ToIntBits(Lane4 a) => new(Vector128.ConvertToInt32(a._v).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane4 FromIntBits(Lane4 a) => new(Vector128.ConvertToSingle(a._v.AsInt32()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane4 LoadPart(float* from, int count, float fill)
    {
        if (count >= 4) return Load(from);
        if (Avx.IsSupported) return Select(First(count), new(Avx.MaskLoad(from, First(count)._v)), Of(fill));
        var pad = stackalloc float[4];
        for (var i = 0; i < 4; i++) pad[i] = i < count ? from[i] : fill;
        return Load(pad);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(Lane4 x, float* to, int count)
    {
        if (count >= 4) Store(x, to);
        else if (Avx.IsSupported) Avx.MaskStore(to, First(count)._v, x._v);
        else
        {
            var pad = stackalloc float[4];
            Store(x, pad);
            for (var i = 0; i < count; i++) to[i] = pad[i];
        }
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyBits(Lane4 a, uint b, out Lane4 high, out Lane4 low)
    {
        var odds = Vector128.Create(0xFFFFFFFF00000000).AsSingle();
        var even = Products(a._v.AsUInt64(), b);
        var odd = Products(a._v.AsUInt64() >> 32, b);
        high = new(Vector128.ConditionalSelect(odds, odd.AsSingle(), (even >> 32).AsSingle()));
        low = new(Vector128.ConditionalSelect(odds, (odd << 32).AsSingle(), even.AsSingle()));
    }
    /// <summary>The lower halves of the 64-bit elements times b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Products(Vector128<ulong> a, uint b) =>
        Sse2.IsSupported ? Sse2.Multiply(a.AsUInt32(), Vector128.Create(b)) : (a & Vector128.Create(0xFFFFFFFFUL)) * Vector128.Create((ulong)b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreByFours(Lane4 a, Lane4 b, Lane4 c, Lane4 d, float* to)
    {
        if (Sse.IsSupported)
        {
            Vector128<float> ab = Sse.UnpackLow(a._v, b._v), cd = Sse.UnpackLow(c._v, d._v), ab2 = Sse.UnpackHigh(a._v, b._v), cd2 = Sse.UnpackHigh(c._v, d._v);
            Sse.MoveLowToHigh(ab, cd).Store(to);
            Sse.MoveHighToLow(cd, ab).Store(to + 4);
            Sse.MoveLowToHigh(ab2, cd2).Store(to + 8);
            Sse.MoveHighToLow(cd2, ab2).Store(to + 12);
            return;
        }
        for (var i = 0; i < 4; i++, to += 4) (to[0], to[1], to[2], to[3]) = (a._v[i], b._v[i], c._v[i], d._v[i]);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lane4 a)
    {
        var pair = a._v + Vector128.Shuffle(a._v, Vector128.Create(2, 3, 0, 1));
        return pair.GetElement(0) + pair.GetElement(1);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lane4 a)
    {
        var pair = Larger(a, new Lane4(Vector128.Shuffle(a._v, Vector128.Create(2, 3, 0, 1))))._v;
        return pair.GetElement(0) < pair.GetElement(1) ? pair.GetElement(1) : pair.GetElement(0);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)] private static Lane4 First(int count) => new(Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle());
}

/// <summary>One float: the scalar lane, for tails and for machines without vectors.</summary>
internal readonly unsafe struct Lane1(float v) : ILane<Lane1>
{
    private readonly float _v = v;

    public static int Width => 1;
    public static bool IsAccelerated => true;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Of(float x) => new(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Load(float* from) => new(*from);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(Lane1 x, float* to) => *to = x._v;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 operator +(Lane1 a, Lane1 b) => new(a._v + b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 operator -(Lane1 a, Lane1 b) => new(a._v - b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 operator *(Lane1 a, Lane1 b) => new(a._v * b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 operator /(Lane1 a, Lane1 b) => new(a._v / b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 operator -(Lane1 a) => new(-a._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Fma(Lane1 a, Lane1 b, Lane1 c) => new(MathF.FusedMultiplyAdd(a._v, b._v, c._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Abs(Lane1 a) => new(MathF.Abs(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Max(Lane1 a, Lane1 b) => new(MathF.Max(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Larger(Lane1 a, Lane1 b) => a._v < b._v ? b : a;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Min(Lane1 a, Lane1 b) => new(MathF.Min(a._v, b._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Sqrt(Lane1 a) => new(MathF.Sqrt(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Floor(Lane1 a) => new(MathF.Floor(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Round(Lane1 a) => new(MathF.Round(a._v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 LessThan(Lane1 a, Lane1 b) => Mask(a._v < b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 LessThanOrEqual(Lane1 a, Lane1 b) => Mask(a._v <= b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Equal(Lane1 a, Lane1 b) => Mask(a._v == b._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Select(Lane1 mask, Lane1 a, Lane1 b) => Bits((Int(mask) & Int(a)) | (~Int(mask) & Int(b)));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 And(Lane1 a, Lane1 b) => Bits(Int(a) & Int(b));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Or(Lane1 a, Lane1 b) => Bits(Int(a) | Int(b));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Xor(Lane1 a, Lane1 b) => Bits(Int(a) ^ Int(b));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 Bits(int pattern) => new(BitConverter.Int32BitsToSingle(pattern));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 AddBits(Lane1 a, Lane1 b) => Bits(Int(a) + Int(b));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 SubtractBits(Lane1 a, Lane1 b) => Bits(Int(a) - Int(b));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 ShiftBitsLeft(Lane1 a, int count) => Bits(Int(a) << count);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 ShiftBitsRight(Lane1 a, int count) => Bits(Int(a) >> count);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 ToIntBits(Lane1 a) => Bits((int)a._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 FromIntBits(Lane1 a) => new(Int(a));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Lane1 LoadPart(float* from, int count, float fill) => new(count > 0 ? *from : fill);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(Lane1 x, float* to, int count)
    {
        if (count > 0) *to = x._v;
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyBits(Lane1 a, uint b, out Lane1 high, out Lane1 low)
    {
        var product = (ulong)(uint)Int(a) * b;
        high = Bits((int)(product >> 32));
        low = Bits((int)product);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void StoreByFours(Lane1 a, Lane1 b, Lane1 c, Lane1 d, float* to) => (to[0], to[1], to[2], to[3]) = (a._v, b._v, c._v, d._v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Sum(Lane1 a) => a._v;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Largest(Lane1 a) => a._v;
    private static Lane1 Mask(bool on) => Bits(on ? -1 : 0);
    private static int Int(Lane1 a) => BitConverter.SingleToInt32Bits(a._v);
}

/// <summary>Moves of floats that have no arithmetic in them, and so may depend on the machine.</summary>
internal static unsafe class Lanes
{
    /// <summary>A place where any lane reads the mask whose first n elements are ones; n from 0 to 16.</summary>
    public static float* FirstOnes(int n) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(OnesThenZeros)) + 16 - n;

    /// <summary>Constant data of the assembly, which the collector does not move.</summary>
    private static ReadOnlySpan<int> OnesThenZeros =>
        [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>How many floats <see cref="Zip"/> and <see cref="Unzip"/> can take at once for rows of n: 16, 8, or 0 for none.</summary>
    public static int ZipWidth(int n) => Vector512.IsHardwareAccelerated && n >= 16 ? 16 : Vector256.IsHardwareAccelerated && n >= 8 ? 8 : 0;

    /// <summary>a[t] = from[2t] and b[t] = from[2t + 1], for width floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unzip(int width, float* from, float* a, float* b)
    {
        if (width == 16)
        {
            var parts = Vector512.Shuffle(Vector512.Load(from), Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15));
            parts.GetLower().Store(a);
            parts.GetUpper().Store(b);
        }
        else
        {
            var parts = Vector256.Shuffle(Vector256.Load(from), Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7));
            parts.GetLower().Store(a);
            parts.GetUpper().Store(b);
        }
    }

    /// <summary>to[2t] = a[t] and to[2t + 1] = b[t], for width floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Zip(int width, float* a, float* b, float* to)
    {
        if (width == 16)
            Vector512.Shuffle(Vector512.Create(Vector256.Load(a), Vector256.Load(b)), Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15)).Store(to);
        else
            Vector256.Shuffle(Vector256.Create(Vector128.Load(a), Vector128.Load(b)), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).Store(to);
    }

    /// <summary>Writes a 4 x 4 block transposed: to[q * toRow + p] = from[p * fromRow + q].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(float* from, nint fromRow, float* to, nint toRow)
    {
        if (Sse.IsSupported)
        {
            Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + fromRow);
            Vector128<float> c = Vector128.Load(from + 2 * fromRow), d = Vector128.Load(from + 3 * fromRow);
            Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), ef = Sse.UnpackHigh(a, b), gh = Sse.UnpackHigh(c, d);
            Sse.MoveLowToHigh(ab, cd).Store(to);
            Sse.MoveHighToLow(cd, ab).Store(to + toRow);
            Sse.MoveLowToHigh(ef, gh).Store(to + 2 * toRow);
            Sse.MoveHighToLow(gh, ef).Store(to + 3 * toRow);
        }
        else
        {
            for (var p = 0; p < 4; p++)
                for (var q = 0; q < 4; q++) to[q * toRow + p] = from[p * fromRow + q];
        }
    }

    /// <summary>to[q * toRow + p] = from[p * fromRow + q] for p below rows and q below columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(int rows, int columns, float* from, nint fromRow, float* to, nint toRow)
    {
        var p = 0;
        for (; p + 4 <= rows; p += 4, from += 4 * fromRow, to += 4)
        {
            var q = 0;
            for (; q + 4 <= columns; q += 4) Transpose4(from + q, fromRow, to + q * toRow, toRow);
            for (; q < columns; q++)
                for (var j = 0; j < 4; j++) to[q * toRow + j] = from[j * fromRow + q];
        }
        for (; p < rows; p++, from += fromRow, to++)
            for (var q = 0; q < columns; q++) to[q * toRow] = from[q];
    }
}
