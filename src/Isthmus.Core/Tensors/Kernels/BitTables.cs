using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// Distributions over codes of independent bits: from logits a_j, the table of all products of σ(a_j) (bit set) and σ(-a_j) (bit
/// clear), the first bit least significant in the place. A row's bits depend on that row alone.
/// </summary>
internal static unsafe class BitTables
{
    /// <summary>The most bits of a table.</summary>
    public const int LargestBits = 12;

    /// <summary>table[r, c] = start[r] times the product over j &lt; bits of σ(±a[r, j]); start null for 1.</summary>
    /// <param name="a">Logits, rows stride apart.</param>
    /// <param name="stride">Floats from row to row of a and da.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="bits">From 0 to <see cref="LargestBits"/>.</param>
    /// <param name="start">[rows], or null.</param>
    /// <param name="table">[rows, 2^bits].</param>
    public static void Forward(float* a, long stride, long rows, int bits, float* start, float* table) =>
        Rows.EachRow(new ForwardRow { A = a, Stride = stride, Bits = bits, Start = start, Table = table }, rows, 1L << bits);

    /// <summary>da[r, j] = scale times the sum over c of dtable[r, c] dtable/da[r, j]; dtable is destroyed.</summary>
    public static void Backward(float* a, long stride, long rows, int bits, float* start, float* dtable, float scale, float* da) =>
        Rows.EachRow(new BackwardRow { A = a, Stride = stride, Bits = bits, Start = start, D = dtable, Scale = scale, Da = da }, rows, 4L << bits);

    // σ(a_j) to set, σ(-a_j) to clear; both have room for 16.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Probabilities<T>(float* a, int bits, float* set, float* clear) where T : struct, ILane<T>
    {
        var x = T.LoadPart(a, bits, 0f);
        T.Store(VectorMath.Sigmoid(x), set);
        T.Store(VectorMath.Sigmoid(-x), clear);
    }

    // to[0..n) = from times clear, to[n..2n) = from times set; to may be from.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Double<T>(float* from, int n, float set, float clear, float* to) where T : struct, ILane<T>
    {
        var i = 0;
        for (; i + 16 <= n; i += 16)
        {
            var t = T.Load(from + i);
            T.Store(t * T.Of(set), to + n + i);
            T.Store(t * T.Of(clear), to + i);
        }
        for (; i < n; i++)
        {
            var t = from[i];
            to[n + i] = t * set;
            to[i] = t * clear;
        }
    }

    private struct ForwardRow : IRowBody
    {
        public float* A, Start, Table;
        public long Stride;
        public int Bits;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* a = A + (row * Stride), table = Table + (row << Bits);
            table[0] = Start == null ? 1f : Start[row];
            float* set = stackalloc float[16], clear = stackalloc float[16];
            Probabilities<T>(a, Bits, set, clear);
            for (var j = 0; j < Bits; j++) Double<T>(table, 1 << j, set[j], clear[j], table);
        }
    }

    private struct BackwardRow : IRowBody
    {
        public float* A, Start, D, Da;
        public long Stride;
        public int Bits;
        public float Scale;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* a = A + (row * Stride), d = D + (row << Bits), da = Da + (row * Stride);
            // The tables before each bit, one after the other: that of j bits begins at 2^j - 1.
            var tables = stackalloc float[1 << Bits];
            float* sets = stackalloc float[16], clears = stackalloc float[16];
            Probabilities<T>(a, Bits, sets, clears);
            tables[0] = Start == null ? 1f : Start[row];
            for (var j = 0; j + 1 < Bits; j++) Double<T>(tables + ((1 << j) - 1), 1 << j, sets[j], clears[j], tables + ((2 << j) - 1));
            for (var j = Bits - 1; j >= 0; j--)
            {
                var n = 1 << j;
                float set = sets[j], clear = clears[j];
                var t = tables + (n - 1);
                T sumSet = T.Of(0f), sumClear = T.Of(0f);
                var i = 0;
                for (; i + 16 <= n; i += 16)
                {
                    T low = T.Load(d + i), high = T.Load(d + n + i), v = T.Load(t + i);
                    sumSet = T.Fma(high, v, sumSet);
                    sumClear = T.Fma(low, v, sumClear);
                    T.Store(T.Fma(high, T.Of(set), low * T.Of(clear)), d + i);
                }
                float bySet = T.Sum(sumSet), byClear = T.Sum(sumClear);
                for (; i < n; i++)
                {
                    float low = d[i], high = d[n + i];
                    bySet += high * t[i];
                    byClear += low * t[i];
                    d[i] = (high * set) + (low * clear);
                }
                da[j] = Scale * (bySet - byClear) * set * clear;
            }
        }
    }
}
