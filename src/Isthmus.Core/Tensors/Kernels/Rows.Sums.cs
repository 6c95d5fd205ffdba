using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>What a row's sum adds for one element.</summary>
internal interface ITerm
{
    /// <summary>sum plus the term of a and b.</summary>
    T Add<T>(T sum, T a, T b) where T : struct, ILane<T>;
}

/// <summary>A term about a centre, which a plain sum has no use for.</summary>
internal interface ICentredTerm<TSelf> : ITerm where TSelf : ICentredTerm<TSelf>
{
    /// <summary>The term about this centre.</summary>
    static abstract TSelf At(float centre);
}

/// <summary>The elements themselves.</summary>
internal readonly struct PlainTerm : ICentredTerm<PlainTerm>
{
    public static PlainTerm At(float centre) => new();
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public T Add<T>(T sum, T a, T b) where T : struct, ILane<T> => sum + a;
}

/// <summary>Products.</summary>
internal readonly struct ProductTerm : ITerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public T Add<T>(T sum, T a, T b) where T : struct, ILane<T> => T.Fma(a, b, sum);
}

/// <summary>Squares of a.</summary>
internal readonly struct SquareTerm : ITerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public T Add<T>(T sum, T a, T b) where T : struct, ILane<T> => T.Fma(a, a, sum);
}

/// <summary>Squares of a's distances from a centre.</summary>
internal readonly struct CentredSquareTerm(float centre) : ICentredTerm<CentredSquareTerm>
{
    public static CentredSquareTerm At(float centre) => new(centre);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Add<T>(T sum, T a, T b) where T : struct, ILane<T>
    {
        var d = a - T.Of(centre);
        return T.Fma(d, d, sum);
    }
}

/// <summary>Products of a with b's distances from a centre.</summary>
internal readonly struct CentredProductTerm(float centre) : ICentredTerm<CentredProductTerm>
{
    public static CentredProductTerm At(float centre) => new(centre);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public T Add<T>(T sum, T a, T b) where T : struct, ILane<T> => T.Fma(a, b - T.Of(centre), sum);
}

/// <summary>What a column's sum adds for one row.</summary>
internal interface IColumnTerm
{
    /// <summary>The terms of a and b, which stand in this row of the middle and in count columns from col on.</summary>
    T Of<T>(T a, T b, long row, long col, int count) where T : struct, ILane<T>;
}

/// <summary>The elements themselves.</summary>
internal readonly struct PlainColumn : IColumnTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public T Of<T>(T a, T b, long row, long col, int count) where T : struct, ILane<T> => a;
}

/// <summary>
/// What is done with each row of an array. Implementations are marked not to be inlined: how much the compiler inlines into
/// a method grows with that method's own size, and dozens of lane operations do not fit into a small loop that calls them.
/// </summary>
internal interface IRowBody
{
    /// <summary>Works on one row; T has the width 16.</summary>
    void Row<T>(long row) where T : struct, ILane<T>;
}

/// <summary>Squares of a's distances from its column's centre.</summary>
internal readonly unsafe struct CentredSquareColumn(float* centre) : IColumnTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of<T>(T a, T b, long row, long col, int count) where T : struct, ILane<T>
    {
        var d = a - T.LoadPart(centre + col, count, 0f);
        return d * d;
    }
}

/// <summary>Products of a with b's distances from its column's centre.</summary>
internal readonly unsafe struct CentredProductColumn(float* centre) : IColumnTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Of<T>(T a, T b, long row, long col, int count) where T : struct, ILane<T> => a * (b - T.LoadPart(centre + col, count, 0f));
}

/// <summary>
/// Reductions over row-major arrays. A result's bits depend on its own inputs and their number alone: not on threads, registers or the number
/// of rows. Within 4096 elements of a row 16 partial sums run side by side (element i goes to sum i mod 16) and meet in a
/// fixed tree; the blocks of 4096 are added in order in double precision. Down columns, rows are added in ascending order within
/// blocks of 512, then the blocks' sums in the same way. An output may not overlap an input.
/// </summary>
internal static unsafe partial class Rows
{
    private const int Block = 4096, RowBlock = 512, BlocksAtOnce = 256, ColumnTile = 64;

    /// <summary>The sum of n elements.</summary>
    public static double SumAll(float* x, long n) => ReduceAll(new PlainTerm(), x, x, n);

    /// <summary>y[r] = sum of x[r, :].</summary>
    public static void SumRows(float* x, long rows, long cols, float* y) => ReduceRows(new PlainTerm(), x, x, rows, cols, y);

    /// <summary>y[r] = sum of x[r, :]^2.</summary>
    public static void SumSquaresRows(float* x, long rows, long cols, float* y) => ReduceRows(new SquareTerm(), x, x, rows, cols, y);

    /// <summary>y[r] = sum of a[r, :] b[r, :].</summary>
    public static void DotRows(float* a, float* b, long rows, long cols, float* y) => ReduceRows(new ProductTerm(), a, b, rows, cols, y);

    /// <summary>y[c] = sum of x[:, c].</summary>
    public static void SumColumns(float* x, long rows, long cols, float* y) => SumMiddle(x, 1, rows, cols, y);

    /// <summary>y[o, i] = sum of x[o, :, i].</summary>
    public static void SumMiddle(float* x, long outer, long mid, long inner, float* y)
    {
        if (inner == 1) SumRows(x, outer, mid, y);
        else ReduceMiddle(new PlainColumn(), x, x, outer, mid, inner, y);
    }

    /// <summary>y[o, i] = sum over m of the terms of a[o, m, i] and b[o, m, i].</summary>
    public static void ReduceMiddle<TTerm>(TTerm term, float* a, float* b, long outer, long mid, long inner, float* y) where TTerm : unmanaged, IColumnTerm
    {
        if (outer * inner == 0) return;
        var blocks = Math.Max(1, (mid + RowBlock - 1) / RowBlock);
        var job = new ColumnJob<TTerm> { Term = term, A = a, B = b, Y = y, Mid = mid, Inner = inner, Blocks = blocks, Tiles = (inner + ColumnTile - 1) / ColumnTile };
        job.Units = outer * blocks * job.Tiles;
        job.UnitsPerPart = Wide.UnitsPerPart(Math.Min(mid, RowBlock) * Math.Min(inner, ColumnTile));
        var parts = (job.Units + job.UnitsPerPart - 1) / job.UnitsPerPart;
        if (blocks == 1)
        {
            Wide.Run(job, parts);
            return;
        }
        var partial = (float*)NativeMemory.Alloc((nuint)(outer * blocks * inner), sizeof(float));
        try
        {
            job.Y = partial;
            Wide.Run(job, parts);
            ReduceMiddle(new PlainColumn(), partial, partial, outer, blocks, inner, y);
        }
        finally
        {
            NativeMemory.Free(partial);
        }
    }

    /// <summary>Calls the body for every row, on the workers; cols says how many floats a row holds.</summary>
    public static void EachRow<TBody>(in TBody body, long rows, long cols) where TBody : unmanaged, IRowBody
    {
        var job = new RowsJob<TBody> { Body = body, Rows = rows, RowsPerPart = Wide.UnitsPerPart(cols) };
        Wide.Run(job, (rows + job.RowsPerPart - 1) / job.RowsPerPart);
    }

    /// <summary>The sum of one row's terms on the calling thread; T has the width 16.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static float Reduce<TTerm, T>(in TTerm term, float* a, float* b, long n) where TTerm : unmanaged, ITerm where T : struct, ILane<T>
    {
        double sum = 0;
        for (long i = 0; i < n; i += Block) sum += ReduceBlock<TTerm, T>(term, a + i, b + i, (int)Math.Min(Block, n - i));
        return (float)sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ReduceBlock<TTerm, T>(in TTerm term, float* a, float* b, int n) where TTerm : unmanaged, ITerm where T : struct, ILane<T>
    {
        var sum = T.Of(0f);
        var i = 0;
        for (; i + 16 <= n; i += 16) sum = term.Add(sum, T.Load(a + i), T.Load(b + i));
        // The fill's term is added to lanes that no element reaches; they are put back.
        if (i < n) sum = WhereFirst(term.Add(sum, T.LoadPart(a + i, n - i, 0f), T.LoadPart(b + i, n - i, 0f)), sum, n - i);
        return T.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T WhereFirst<T>(T first, T rest, int count) where T : struct, ILane<T> =>
        T.Select(T.LessThan(T.Load(Ramp), T.Of(count)), first, rest);

    private static double ReduceAll<TTerm>(TTerm term, float* a, float* b, long n) where TTerm : unmanaged, ITerm
    {
        double sum = 0;
        var sums = stackalloc float[BlocksAtOnce];
        for (long at = 0; at < n; at += BlocksAtOnce * Block)
        {
            var count = Math.Min(n - at, BlocksAtOnce * Block);
            var job = new BlockJob<TTerm> { Term = term, A = a + at, B = b + at, N = count, Sums = sums };
            Wide.Run(job, (count + BlockJob<TTerm>.Share - 1) / BlockJob<TTerm>.Share);
            for (var i = 0; i * (long)Block < count; i++) sum += sums[i];
        }
        return sum;
    }

    private static void ReduceRows<TTerm>(TTerm term, float* a, float* b, long rows, long cols, float* y) where TTerm : unmanaged, ITerm
    {
        if (rows < 8 && cols > 16 * Block)
        {
            for (long r = 0; r < rows; r++) y[r] = (float)ReduceAll(term, a + r * cols, b + r * cols, cols);
            return;
        }
        EachRow(new RowSum<TTerm> { Term = term, A = a, B = b, Y = y, Cols = cols }, rows, cols);
    }

    /// <summary>0, 1, ..., 15.</summary>
    private static readonly float* Ramp = MakeRamp();

    private static float* MakeRamp()
    {
        var ramp = (float*)NativeMemory.AlignedAlloc(64, 64);
        for (var i = 0; i < 16; i++) ramp[i] = i;
        return ramp;
    }

    private struct RowsJob<TBody> : IWideJob where TBody : unmanaged, IRowBody
    {
        public TBody Body;
        public long Rows, RowsPerPart;

        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var end = Math.Min(Rows, (part + 1) * RowsPerPart);
            for (var r = part * RowsPerPart; r < end; r++) Body.Row<T>(r);
        }
    }

    private struct BlockJob<TTerm> : IWideJob where TTerm : unmanaged, ITerm
    {
        public const int Share = 8 * Block;
        public TTerm Term;
        public float* A, B, Sums;
        public long N;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var end = Math.Min(N, (part + 1L) * Share);
            for (var i = (long)part * Share; i < end; i += Block)
                Sums[i / Block] = ReduceBlock<TTerm, T>(Term, A + i, B + i, (int)Math.Min(Block, N - i));
        }
    }

    private struct RowSum<TTerm> : IRowBody where TTerm : unmanaged, ITerm
    {
        public TTerm Term;
        public float* A, B, Y;
        public long Cols;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T> => Y[row] = Reduce<TTerm, T>(Term, A + row * Cols, B + row * Cols, Cols);
    }

    /// <summary>Sums blocks of rows down the columns: y[o, block, i].</summary>
    private struct ColumnJob<TTerm> : IWideJob where TTerm : unmanaged, IColumnTerm
    {
        public TTerm Term;
        public float* A, B, Y;
        public long Mid, Inner, Blocks, Tiles, Units, UnitsPerPart;

        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var end = Math.Min(Units, (part + 1) * UnitsPerPart);
            for (var unit = part * UnitsPerPart; unit < end; unit++)
            {
                var tile = unit % Tiles * ColumnTile;
                var block = unit / Tiles % Blocks;
                var outer = unit / Tiles / Blocks;
                var row = block * RowBlock;
                var from = (outer * Mid + row) * Inner + tile;
                SumTile<T>(row, tile, A + from, B + from, (int)Math.Min(RowBlock, Mid - row), (int)Math.Min(ColumnTile, Inner - tile), Y + (outer * Blocks + block) * Inner + tile);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void SumTile<T>(long row, long col, float* a, float* b, int rows, int width, float* y) where T : struct, ILane<T>
        {
            var stride = Inner;
            if (width == ColumnTile)
            {
                T s0 = T.Of(0f), s1 = s0, s2 = s0, s3 = s0;
                for (var r = 0; r < rows; r++, a += stride, b += stride)
                {
                    s0 += Term.Of(T.Load(a), T.Load(b), row + r, col, 16);
                    s1 += Term.Of(T.Load(a + 16), T.Load(b + 16), row + r, col + 16, 16);
                    s2 += Term.Of(T.Load(a + 32), T.Load(b + 32), row + r, col + 32, 16);
                    s3 += Term.Of(T.Load(a + 48), T.Load(b + 48), row + r, col + 48, 16);
                }
                T.Store(s0, y);
                T.Store(s1, y + 16);
                T.Store(s2, y + 32);
                T.Store(s3, y + 48);
                return;
            }
            for (var i = 0; i < width; i += 16)
            {
                var sum = T.Of(0f);
                for (var r = 0; r < rows; r++)
                    sum += Term.Of(T.LoadPart(a + r * stride + i, width - i, 0f), T.LoadPart(b + r * stride + i, width - i, 0f), row + r, col + i, width - i);
                T.StorePart(sum, y + i, width - i);
            }
        }
    }
}
