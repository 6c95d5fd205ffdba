using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>What a product does to its result before it is written.</summary>
internal enum GemmActivation
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>max(x, 0).</summary>
    Relu,
}

/// <summary>
/// Matrix products of row-major floats. An element of C is, for each fixed block of k in ascending order, the sum by fma in
/// ascending k from 0; the blocks' sums are added to each other (and to the old C) in the same order; then comes the bias, then
/// the activation. So its bits depend on its row of A, its column of B and k alone: not on the other sizes, strides,
/// transposition, number of threads or instruction set.
/// </summary>
internal static unsafe class Gemm
{
    /// <summary>The longest block of k: a strip of B, 32 columns, and one of A fit the first-level cache together.</summary>
    private const int LongestBlock = 288;

    /// <summary>Multiply-adds below which other threads cost more than they give.</summary>
    public const long WorthSharing = 1 << 20;

    /// <summary>Floats in the operand that is packed for all parts; a longer one is packed in pieces of k.</summary>
    private const long SharedFloats = 8 << 20;

    /// <summary>How many terms the blocks of a sum over k have; the last one has what is left.</summary>
    public static int BlockLength(long k)
    {
        var blocks = (k + LongestBlock - 1) / LongestBlock;
        return blocks == 0 ? 0 : (int)((k + blocks - 1) / blocks);
    }

    /// <summary>
    /// C[m,n] = op(A)[m,k] op(B)[k,n] (+ C if accumulate) (+ bias[n]), then the activation; lda, ldb and ldc are the row strides
    /// of the stored matrices.
    /// </summary>
    public static void Multiply(bool transA, bool transB, int m, int n, int k, float* a, int lda, float* b, int ldb,
        float* c, int ldc, bool accumulate = false, float* bias = null, GemmActivation activation = GemmActivation.None)
    {
        var task = new Factors(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate, bias, activation == GemmActivation.Relu);
        if (Lane16.IsAccelerated) Multiply<Lane16>(task);
        else if (Lane8.IsAccelerated) Multiply<Lane8>(task);
        else if (Lane4.IsAccelerated) Multiply<Lane4>(task);
        else Multiply<Lane1>(task);
    }

    /// <summary>
    /// count independent products with strides (in floats) between their matrices; a stride of 0 repeats a matrix.
    /// </summary>
    public static void Batched(bool transA, bool transB, int count, int m, int n, int k, float* a, int lda, long strideA,
        float* b, int ldb, long strideB, float* c, int ldc, long strideC, bool accumulate = false)
    {
        var work = (long)m * n * k;
        if (work >= 64 * WorthSharing || (count < Workers.Threads && work >= WorthSharing))
        {
            for (var i = 0; i < count; i++)
                Multiply(transA, transB, m, n, k, a + i * strideA, lda, b + i * strideB, ldb, c + i * strideC, ldc, accumulate);
            return;
        }
        var first = new Factors(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate, null, false);
        var job = new BatchJob { First = first, StrideA = strideA, StrideB = strideB, StrideC = strideC, Count = count };
        job.PerPart = (int)Math.Clamp(WorthSharing / 8 / Math.Max(1, work), 1, int.MaxValue);
        Workers.Run(ref job, (count + job.PerPart - 1) / job.PerPart);
    }

    private static void Multiply<T>(in Factors f) where T : struct, ILane<T>
    {
        if (f.M <= 0 || f.N <= 0) return;
        if (f.K <= 0)
        {
            Empty<T>(f);
            return;
        }
        var alone = (long)f.M * f.N * f.K < WorthSharing;
        var job = new Product<T> { F = f, Block = BlockLength(f.K), SplitColumns = f.M <= f.N };
        job.Plan(alone ? 1 : Workers.Threads);
        var longest = job.PackShared ? Math.Max(1, SharedFloats / ((long)job.SharedCount * job.Block)) * job.Block : f.K;
        for (long from = 0; from < f.K; from += longest)
        {
            job.From = (int)from;
            job.Until = (int)Math.Min(f.K, from + longest);
            if (job.PackShared)
            {
                var packing = job.Packing();
                job.Shared = packing.To = Scratch.Get(Scratch.Use.Shared, packing.Size);
                Workers.Run(ref packing, packing.Parts, alone);
            }
            Workers.Run(ref job, job.Parts, alone);
        }
    }

    /// <summary>A sum of no terms.</summary>
    private static void Empty<T>(in Factors f) where T : struct, ILane<T>
    {
        for (var i = 0; i < f.M; i++)
        {
            var row = f.C + i * f.Ldc;
            if (!f.Accumulate) new Span<float>(row, f.N).Clear();
            Finish<T>(1, f.N, row, f.Ldc, f.Bias, f.Relu);
        }
    }

    /// <summary>
    /// One block of k of a part of C, on this thread: C = A B, or C += A B, and after the last block the bias and activation.
    /// </summary>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Terms.</param>
    /// <param name="a">The strips of A's rows.</param>
    /// <param name="b">The strips of B's columns.</param>
    /// <param name="padded">Whether B may be read up to a full last strip.</param>
    /// <param name="c">The part of C.</param>
    /// <param name="ldc">Its row stride.</param>
    /// <param name="add">Whether C is added to, not overwritten.</param>
    /// <param name="finish">Whether this is the last block.</param>
    /// <param name="bias">n values or null.</param>
    /// <param name="relu">Whether negative values become 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block<T>(int m, int n, int k, in Strips a, in Strips b, bool padded, float* c, nint ldc, bool add,
        bool finish = false, float* bias = null, bool relu = false) where T : struct, ILane<T>
    {
        const int RowsAtOnce = 384; // whole strips of A, which stay in the second-level cache
        int columns = Tile.Columns<T>(), high = Tile.Rows<T>();
        finish &= bias != null || relu;
        for (var from = 0; from < m; from += RowsAtOnce)
            for (var j = 0; j < n; j += columns)
            {
                var have = Math.Min(columns, n - j);
                var wide = have <= T.Width ? T.Width : columns;
                float* strip = b.Start + j / columns * b.Next, edge = null;
                var step = b.Step;
                if (have < wide)
                {
                    edge = Scratch.Get(Scratch.Use.Edge, (long)columns * (high + LongestBlock));
                    if (!padded)
                    {
                        ShortRows.Copy(k, have, strip, step, edge + columns * high, columns);
                        strip = edge + columns * high;
                        step = columns;
                    }
                }
                for (var i = from; i < Math.Min(m, from + RowsAtOnce); i += high)
                {
                    var rows = Math.Min(high, m - i);
                    var tile = c + i * ldc + j;
                    var left = a.Start + i / high * a.Next;
                    if (edge == null) Tile.Run<T>(rows, wide, k, left, a.Unit, a.Step, strip, step, tile, ldc, add);
                    else
                    {
                        Tile.Run<T>(rows, wide, k, left, a.Unit, a.Step, strip, step, edge, columns, false);
                        Merge(rows, have, edge, columns, tile, ldc, add);
                    }
                    if (finish) Finish<T>(rows, have, tile, ldc, bias == null ? null : bias + j, relu);
                }
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Merge(int rows, int columns, float* from, nint ldf, float* c, nint ldc, bool add)
    {
        for (var i = 0; i < rows; i++, from += ldf, c += ldc)
            for (var j = 0; j < columns; j++) c[j] = add ? c[j] + from[j] : from[j];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish<T>(int rows, int columns, float* c, nint ldc, float* bias, bool relu) where T : struct, ILane<T>
    {
        for (var i = 0; i < rows; i++, c += ldc)
        {
            var j = 0;
            for (; j + T.Width <= columns; j += T.Width) T.Store(Finished(T.Load(c + j), bias == null ? null : bias + j, relu), c + j);
            for (; j < columns; j++) Lane1.Store(Finished(Lane1.Load(c + j), bias == null ? null : bias + j, relu), c + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Finished<T>(T x, float* bias, bool relu) where T : struct, ILane<T>
    {
        if (bias != null) x += T.Load(bias);
        return relu ? T.Max(x, T.Of(0f)) : x;
    }

    /// <summary>A product as it was asked for.</summary>
    private readonly struct Factors(bool transA, bool transB, int m, int n, int k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc,
        bool accumulate, float* bias, bool relu)
    {
        public readonly int M = m, N = n, K = k;
        public readonly float* A = a, B = b, C = c, Bias = bias;
        public readonly nint Lda = lda, Ldb = ldb, Ldc = ldc;
        public readonly bool TransA = transA, TransB = transB, Accumulate = accumulate, Relu = relu;
    }

    /// <summary>
    /// A product cut into stripes of C: of columns if C is wide, else of rows. The smaller factor is read by all stripes, and packed
    /// once for them; each stripe packs its own piece of the larger one. Either is read where it lies if packing does not pay.
    /// </summary>
    private struct Product<T> : IJob where T : struct, ILane<T>
    {
        public Factors F;
        public int Block, From, Until, Stripe, Parts;
        public bool SplitColumns, PackShared, PackOwn;
        public float* Shared;

        public readonly int SharedCount => SplitColumns ? F.M : F.N;

        public void Plan(int threads)
        {
            var columns = Tile.Columns<T>();
            int strips = (F.M + Tile.Rows<T>() - 1) / Tile.Rows<T>(), panels = (F.N + columns - 1) / columns;
            var packA = panels >= 8;
            var packB = F.TransB || (strips >= 4 && (long)F.K * F.N > 8192);
            (PackShared, PackOwn) = SplitColumns ? (packA, packB) : (packB, packA);
            var (many, unit, most) = SplitColumns ? (panels, columns, 8) : (strips, Tile.Rows<T>(), 32);
            Stripe = unit * (threads == 1 ? most : Math.Clamp(many / (4 * threads), 1, most));
            Parts = ((SplitColumns ? F.N : F.M) + Stripe - 1) / Stripe;
        }

        public readonly PackJob Packing() => SplitColumns
            ? new PackJob { X = F.A, Ld = F.Lda, AlongK = !F.TransA, Count = F.M, Width = Tile.Rows<T>(), From = From, Until = Until, Block = Block }
            : new PackJob { X = F.B, Ld = F.Ldb, AlongK = F.TransB, Count = F.N, Width = Tile.Columns<T>(), From = From, Until = Until, Block = Block };

        public readonly void Execute(int part)
        {
            int at = part * Stripe, columns = Tile.Columns<T>();
            int m = SplitColumns ? F.M : Math.Min(Stripe, F.M - at), n = SplitColumns ? Math.Min(Stripe, F.N - at) : F.N;
            int row = SplitColumns ? 0 : at, column = SplitColumns ? at : 0;
            var c = F.C + row * F.Ldc + column;
            for (var p = From; p < Until; p += Block)
            {
                var k = Math.Min(Block, Until - p);
                var left = F.A + (F.TransA ? p * F.Lda + row : row * F.Lda + p);
                var right = F.B + (F.TransB ? column * F.Ldb + p : p * F.Ldb + column);
                var a = Operand(p, k, left, F.Lda, !F.TransA, m, Tile.Rows<T>(), !SplitColumns);
                var b = Operand(p, k, right, F.Ldb, F.TransB, n, columns, SplitColumns);
                Block<T>(m, n, k, a, b, SplitColumns ? PackOwn : PackShared, c, F.Ldc, p > 0 || F.Accumulate, p + k == F.K,
                    F.Bias == null ? null : F.Bias + column, F.Relu);
            }
        }

        private readonly Strips Operand(int p, int k, float* x, nint ld, bool alongK, int count, int width, bool own)
        {
            if (!(own ? PackOwn : PackShared)) return Strips.Of(x, ld, alongK, width);
            if (!own) return Strips.Packed(Shared + (nint)Strips.PaddedCount(count, width) * (p - From), k, width);
            var packed = Scratch.Get(Scratch.Use.Private, (long)Strips.PaddedCount(count, width) * k);
            Strips.Pack(x, ld, alongK, k, count, width, packed);
            return Strips.Packed(packed, k, width);
        }
    }

    /// <summary>Independent products, some per part.</summary>
    private struct BatchJob : IJob
    {
        public Factors First;
        public long StrideA, StrideB, StrideC;
        public int Count, PerPart;

        public readonly void Execute(int part)
        {
            for (var i = part * PerPart; i < Math.Min(Count, (part + 1) * PerPart); i++)
                Multiply(First.TransA, First.TransB, First.M, First.N, First.K, First.A + i * StrideA, (int)First.Lda,
                    First.B + i * StrideB, (int)First.Ldb, First.C + i * StrideC, (int)First.Ldc, First.Accumulate);
        }
    }
}
