using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>A number that is known when the machine code is made, so that the rows a tile does not have cost nothing.</summary>
internal interface IConst
{
    /// <summary>The number.</summary>
    static abstract int Value { get; }
}

/// <summary>
/// The innermost kernel of every product: a tile of C, up to 12 rows by one or two lanes, kept in registers while k runs.
/// Each element is s = fma(a, b, s) for ascending k from s = 0, whatever the tile's size, so that all sizes give the same bits.
/// </summary>
internal static unsafe class Tile
{
    /// <summary>Rows of a full tile: 2 lanes of 12 leave room for A and B among 32 registers, 2 of 6 or 1 of 12 among 16.</summary>
    public static int Rows<T>() where T : struct, ILane<T> => T.Width == 8 ? 6 : 12;

    /// <summary>Columns of a full tile.</summary>
    public static int Columns<T>() where T : struct, ILane<T> => T.Width >= 8 ? 2 * T.Width : T.Width;

    /// <summary>
    /// C = A B, or C += A B, over k terms. A's element (i, p) is a[i * row + p * step], B's (p, j) is b[p * bStep + j].
    /// All columns are read and written: one lane, or those of a full tile.
    /// </summary>
    public static void Run<T>(int rows, int columns, int k, float* a, nint row, nint step, float* b, nint bStep, float* c, nint ldc, bool add)
        where T : struct, ILane<T>
    {
        if (columns > T.Width) Run<T, N2>(rows, k, a, row, step, b, bStep, c, ldc, add);
        else Run<T, N1>(rows, k, a, row, step, b, bStep, c, ldc, add);
    }

    private static void Run<T, TLanes>(int rows, int k, float* a, nint row, nint step, float* b, nint bStep, float* c, nint ldc, bool add)
        where T : struct, ILane<T> where TLanes : struct, IConst
    {
        switch (rows)
        {
            case 1: Body<T, N1, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 2: Body<T, N2, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 3: Body<T, N3, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 4: Body<T, N4, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 5: Body<T, N5, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 6: Body<T, N6, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 7: Body<T, N7, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 8: Body<T, N8, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 9: Body<T, N9, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 10: Body<T, N10, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 11: Body<T, N11, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
            case 12: Body<T, N12, TLanes>(k, a, row, step, b, bStep, c, ldc, add); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Body<T, TRows, TLanes>(int k, float* a, nint row, nint step, float* b, nint bStep, float* c, nint ldc, bool add)
        where T : struct, ILane<T> where TRows : struct, IConst where TLanes : struct, IConst
    {
        T x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, y0, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11;
        x0 = x1 = x2 = x3 = x4 = x5 = x6 = x7 = x8 = x9 = x10 = x11 = T.Of(0f);
        y0 = y1 = y2 = y3 = y4 = y5 = y6 = y7 = y8 = y9 = y10 = y11 = T.Of(0f);
        float* a3 = a + 3 * row, a6 = a + 6 * row, a9 = a + 9 * row;
        for (; k > 0; k--)
        {
            T v, u = T.Load(b), w = TLanes.Value > 1 ? T.Load(b + T.Width) : u;
            v = T.Of(*a); x0 = T.Fma(v, u, x0); if (TLanes.Value > 1) y0 = T.Fma(v, w, y0);
            if (TRows.Value > 1) { v = T.Of(a[row]); x1 = T.Fma(v, u, x1); if (TLanes.Value > 1) y1 = T.Fma(v, w, y1); }
            if (TRows.Value > 2) { v = T.Of(a[2 * row]); x2 = T.Fma(v, u, x2); if (TLanes.Value > 1) y2 = T.Fma(v, w, y2); }
            if (TRows.Value > 3) { v = T.Of(*a3); x3 = T.Fma(v, u, x3); if (TLanes.Value > 1) y3 = T.Fma(v, w, y3); }
            if (TRows.Value > 4) { v = T.Of(a3[row]); x4 = T.Fma(v, u, x4); if (TLanes.Value > 1) y4 = T.Fma(v, w, y4); }
            if (TRows.Value > 5) { v = T.Of(a3[2 * row]); x5 = T.Fma(v, u, x5); if (TLanes.Value > 1) y5 = T.Fma(v, w, y5); }
            if (TRows.Value > 6) { v = T.Of(*a6); x6 = T.Fma(v, u, x6); if (TLanes.Value > 1) y6 = T.Fma(v, w, y6); }
            if (TRows.Value > 7) { v = T.Of(a6[row]); x7 = T.Fma(v, u, x7); if (TLanes.Value > 1) y7 = T.Fma(v, w, y7); }
            if (TRows.Value > 8) { v = T.Of(a6[2 * row]); x8 = T.Fma(v, u, x8); if (TLanes.Value > 1) y8 = T.Fma(v, w, y8); }
            if (TRows.Value > 9) { v = T.Of(*a9); x9 = T.Fma(v, u, x9); if (TLanes.Value > 1) y9 = T.Fma(v, w, y9); }
            if (TRows.Value > 10) { v = T.Of(a9[row]); x10 = T.Fma(v, u, x10); if (TLanes.Value > 1) y10 = T.Fma(v, w, y10); }
            if (TRows.Value > 11) { v = T.Of(a9[2 * row]); x11 = T.Fma(v, u, x11); if (TLanes.Value > 1) y11 = T.Fma(v, w, y11); }
            a += step; a3 += step; a6 += step; a9 += step;
            b += bStep;
        }
        Put(x0, c, add); if (TLanes.Value > 1) Put(y0, c + T.Width, add); c += ldc;
        if (TRows.Value > 1) { Put(x1, c, add); if (TLanes.Value > 1) Put(y1, c + T.Width, add); c += ldc; }
        if (TRows.Value > 2) { Put(x2, c, add); if (TLanes.Value > 1) Put(y2, c + T.Width, add); c += ldc; }
        if (TRows.Value > 3) { Put(x3, c, add); if (TLanes.Value > 1) Put(y3, c + T.Width, add); c += ldc; }
        if (TRows.Value > 4) { Put(x4, c, add); if (TLanes.Value > 1) Put(y4, c + T.Width, add); c += ldc; }
        if (TRows.Value > 5) { Put(x5, c, add); if (TLanes.Value > 1) Put(y5, c + T.Width, add); c += ldc; }
        if (TRows.Value > 6) { Put(x6, c, add); if (TLanes.Value > 1) Put(y6, c + T.Width, add); c += ldc; }
        if (TRows.Value > 7) { Put(x7, c, add); if (TLanes.Value > 1) Put(y7, c + T.Width, add); c += ldc; }
        if (TRows.Value > 8) { Put(x8, c, add); if (TLanes.Value > 1) Put(y8, c + T.Width, add); c += ldc; }
        if (TRows.Value > 9) { Put(x9, c, add); if (TLanes.Value > 1) Put(y9, c + T.Width, add); c += ldc; }
        if (TRows.Value > 10) { Put(x10, c, add); if (TLanes.Value > 1) Put(y10, c + T.Width, add); c += ldc; }
        if (TRows.Value > 11) { Put(x11, c, add); if (TLanes.Value > 1) Put(y11, c + T.Width, add); c += ldc; }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<T>(T sum, float* c, bool add) where T : struct, ILane<T> => T.Store(add ? T.Load(c) + sum : sum, c);

    private readonly struct N1 : IConst { public static int Value => 1; }
    private readonly struct N2 : IConst { public static int Value => 2; }
    private readonly struct N3 : IConst { public static int Value => 3; }
    private readonly struct N4 : IConst { public static int Value => 4; }
    private readonly struct N5 : IConst { public static int Value => 5; }
    private readonly struct N6 : IConst { public static int Value => 6; }
    private readonly struct N7 : IConst { public static int Value => 7; }
    private readonly struct N8 : IConst { public static int Value => 8; }
    private readonly struct N9 : IConst { public static int Value => 9; }
    private readonly struct N10 : IConst { public static int Value => 10; }
    private readonly struct N11 : IConst { public static int Value => 11; }
    private readonly struct N12 : IConst { public static int Value => 12; }
}
