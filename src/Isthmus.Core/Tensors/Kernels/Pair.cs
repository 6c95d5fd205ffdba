using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Two lanes as one of twice the width. Reductions are written over 16 floats whatever the registers (<see cref="Wide"/>), so that
/// their partial sums, and with them their bits, are the same on every machine.
/// </summary>
internal readonly unsafe struct Pair<TLane>(TLane low, TLane high) : ILane<Pair<TLane>> where TLane : struct, ILane<TLane>
{
    private readonly TLane _low = low, _high = high;

    public static int Width => 2 * TLane.Width;
    public static bool IsAccelerated => TLane.IsAccelerated;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Of(float x) => new(TLane.Of(x), TLane.Of(x));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Load(float* from) => new(TLane.Load(from), TLane.Load(from + TLane.Width));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Pair<TLane> x, float* to)
    {
        TLane.Store(x._low, to);
        TLane.Store(x._high, to + TLane.Width);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> operator +(Pair<TLane> a, Pair<TLane> b) => new(a._low + b._low, a._high + b._high);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> operator -(Pair<TLane> a, Pair<TLane> b) => new(a._low - b._low, a._high - b._high);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> operator *(Pair<TLane> a, Pair<TLane> b) => new(a._low * b._low, a._high * b._high);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> operator /(Pair<TLane> a, Pair<TLane> b) => new(a._low / b._low, a._high / b._high);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> operator -(Pair<TLane> a) => new(-a._low, -a._high);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Fma(Pair<TLane> a, Pair<TLane> b, Pair<TLane> c) => new(TLane.Fma(a._low, b._low, c._low), TLane.Fma(a._high, b._high, c._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Abs(Pair<TLane> a) => new(TLane.Abs(a._low), TLane.Abs(a._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Max(Pair<TLane> a, Pair<TLane> b) => new(TLane.Max(a._low, b._low), TLane.Max(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Larger(Pair<TLane> a, Pair<TLane> b) => new(TLane.Larger(a._low, b._low), TLane.Larger(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Min(Pair<TLane> a, Pair<TLane> b) => new(TLane.Min(a._low, b._low), TLane.Min(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Sqrt(Pair<TLane> a) => new(TLane.Sqrt(a._low), TLane.Sqrt(a._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Floor(Pair<TLane> a) => new(TLane.Floor(a._low), TLane.Floor(a._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Round(Pair<TLane> a) => new(TLane.Round(a._low), TLane.Round(a._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> LessThan(Pair<TLane> a, Pair<TLane> b) => new(TLane.LessThan(a._low, b._low), TLane.LessThan(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> LessThanOrEqual(Pair<TLane> a, Pair<TLane> b) => new(TLane.LessThanOrEqual(a._low, b._low), TLane.LessThanOrEqual(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Equal(Pair<TLane> a, Pair<TLane> b) => new(TLane.Equal(a._low, b._low), TLane.Equal(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Select(Pair<TLane> mask, Pair<TLane> a, Pair<TLane> b) => new(TLane.Select(mask._low, a._low, b._low), TLane.Select(mask._high, a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> And(Pair<TLane> a, Pair<TLane> b) => new(TLane.And(a._low, b._low), TLane.And(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Or(Pair<TLane> a, Pair<TLane> b) => new(TLane.Or(a._low, b._low), TLane.Or(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Xor(Pair<TLane> a, Pair<TLane> b) => new(TLane.Xor(a._low, b._low), TLane.Xor(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> Bits(int pattern) => new(TLane.Bits(pattern), TLane.Bits(pattern));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> AddBits(Pair<TLane> a, Pair<TLane> b) => new(TLane.AddBits(a._low, b._low), TLane.AddBits(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> SubtractBits(Pair<TLane> a, Pair<TLane> b) => new(TLane.SubtractBits(a._low, b._low), TLane.SubtractBits(a._high, b._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> ShiftBitsLeft(Pair<TLane> a, int count) => new(TLane.ShiftBitsLeft(a._low, count), TLane.ShiftBitsLeft(a._high, count));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> ShiftBitsRight(Pair<TLane> a, int count) => new(TLane.ShiftBitsRight(a._low, count), TLane.ShiftBitsRight(a._high, count));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> ToIntBits(Pair<TLane> a) => new(TLane.ToIntBits(a._low), TLane.ToIntBits(a._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> FromIntBits(Pair<TLane> a) => new(TLane.FromIntBits(a._low), TLane.FromIntBits(a._high));
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Pair<TLane> LoadPart(float* from, int count, float fill) => new(TLane.LoadPart(from, count, fill), TLane.LoadPart(from + TLane.Width, count - TLane.Width, fill));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(Pair<TLane> x, float* to, int count)
    {
        TLane.StorePart(x._low, to, count);
        TLane.StorePart(x._high, to + TLane.Width, count - TLane.Width);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyBits(Pair<TLane> a, uint b, out Pair<TLane> high, out Pair<TLane> low)
    {
        TLane.MultiplyBits(a._low, b, out var high0, out var low0);
        TLane.MultiplyBits(a._high, b, out var high1, out var low1);
        (high, low) = (new(high0, high1), new(low0, low1));
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreByFours(Pair<TLane> a, Pair<TLane> b, Pair<TLane> c, Pair<TLane> d, float* to)
    {
        TLane.StoreByFours(a._low, b._low, c._low, d._low, to);
        TLane.StoreByFours(a._high, b._high, c._high, d._high, to + 4 * TLane.Width);
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Sum(Pair<TLane> a) => TLane.Sum(a._low + a._high);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static float Largest(Pair<TLane> a) => TLane.Largest(TLane.Larger(a._low, a._high));
}
