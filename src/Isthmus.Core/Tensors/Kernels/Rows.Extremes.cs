using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>An order of floats without NaN.</summary>
internal interface IOrder
{
    /// <summary>The value that every other one beats or equals.</summary>
    static abstract float Worst { get; }
    /// <summary>Mask of b being better than a.</summary>
    static abstract T Beaten<T>(T a, T b) where T : struct, ILane<T>;
}

/// <summary>Large is better.</summary>
internal readonly struct LargestFirst : IOrder
{
    public static float Worst => float.NegativeInfinity;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Beaten<T>(T a, T b) where T : struct, ILane<T> => T.LessThan(a, b);
}

/// <summary>Small is better.</summary>
internal readonly struct SmallestFirst : IOrder
{
    public static float Worst => float.PositiveInfinity;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static T Beaten<T>(T a, T b) where T : struct, ILane<T> => T.LessThan(b, a);
}

// Largest and smallest elements with their places. As in PyTorch on a CPU: of equal elements the first wins, and NaN beats all
// numbers. Values and indices may each be null where they are not wanted. There must be at least one element to choose from.
internal static unsafe partial class Rows
{
    /// <summary>values[o, i] = the largest (or smallest) of x[o, :, i], and indices[o, i] its place in the middle.</summary>
    public static void ArgExtremeMiddle(float* x, long outer, long mid, long inner, bool largest, float* values, long* indices)
    {
        if (largest) Extreme<LargestFirst>(x, outer, mid, inner, values, indices);
        else Extreme<SmallestFirst>(x, outer, mid, inner, values, indices);
    }

    private static void Extreme<TOrder>(float* x, long outer, long mid, long inner, float* values, long* indices) where TOrder : unmanaged, IOrder
    {
        if (outer * inner == 0) return;
        ArgumentOutOfRangeException.ThrowIfLessThan(mid, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mid, 1 << 30);
        var job = new ExtremeJob<TOrder> { X = x, Values = values, Indices = indices, Mid = mid, Inner = inner, Tiles = (inner + 15) / 16 };
        job.Units = outer * job.Tiles;
        job.UnitsPerPart = Wide.UnitsPerPart(mid * Math.Min(inner, 16));
        Wide.Run(job, (job.Units + job.UnitsPerPart - 1) / job.UnitsPerPart);
    }

    private struct ExtremeJob<TOrder> : IWideJob where TOrder : unmanaged, IOrder
    {
        public float* X, Values;
        public long* Indices;
        public long Mid, Inner, Tiles, Units, UnitsPerPart;

        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var end = Math.Min(Units, (part + 1) * UnitsPerPart);
            for (var unit = part * UnitsPerPart; unit < end; unit++)
                if (Inner == 1) Row<T>(unit);
                else Column<T>(unit / Tiles, unit % Tiles * 16);
        }

        /// <summary>16 candidates run along the row; the best of them is taken, the first of equals.</summary>
        private readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var x = X + row * Mid;
            var count = (int)Mid;
            var best = T.LoadPart(x, count, TOrder.Worst);
            var place = T.ToIntBits(T.Load(Ramp));
            var here = place;
            for (var i = 16; i < count; i += 16)
            {
                here = T.AddBits(here, T.Bits(16));
                Keep(ref best, ref place, T.LoadPart(x + i, count - i, TOrder.Worst), here);
            }
            var bests = stackalloc float[16];
            var places = stackalloc int[16];
            T.Store(best, bests);
            T.Store(place, (float*)places);
            var k = 0;
            for (var j = 1; j < Math.Min(count, 16); j++)
                if (Better(bests[j], bests[k]) || (!Better(bests[k], bests[j]) && places[j] < places[k])) k = j;
            if (Values != null) Values[row] = bests[k];
            if (Indices != null) Indices[row] = places[k];
        }

        private readonly void Column<T>(long outer, long inner) where T : struct, ILane<T>
        {
            var x = X + outer * Mid * Inner + inner;
            var width = (int)Math.Min(16, Inner - inner);
            var best = T.LoadPart(x, width, 0f);
            var place = T.Bits(0);
            for (var m = 1; m < (int)Mid; m++) Keep(ref best, ref place, T.LoadPart(x + m * Inner, width, 0f), T.Bits(m));
            var at = outer * Inner + inner;
            if (Values != null) T.StorePart(best, Values + at, width);
            if (Indices == null) return;
            var places = stackalloc int[16];
            T.Store(place, (float*)places);
            for (var i = 0; i < width; i++) Indices[at + i] = places[i];
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Keep<T>(ref T best, ref T place, T x, T here) where T : struct, ILane<T>
        {
            // A number wins by being better, NaN by meeting a number.
            var wins = T.Select(T.Equal(x, x), TOrder.Beaten(best, x), T.Equal(best, best));
            best = T.Select(wins, x, best);
            place = T.Select(wins, here, place);
        }

        private static bool Better(float a, float b)
        {
            if (float.IsNaN(a)) return !float.IsNaN(b);
            return TOrder.Worst < 0 ? a > b : a < b;
        }
    }
}
