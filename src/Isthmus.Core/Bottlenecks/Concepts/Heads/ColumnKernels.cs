using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Bottlenecks;

/// <summary>
/// What coordinate descent asks of columns of doubles: products with one vector, weighted products with each other, sums of a few of
/// them. Every sum is made by one thread in a fixed order, four at a time side by side.
/// </summary>
internal static unsafe class ColumnKernels
{
    private const int Together = 4, RowBlock = 512;
    private const long Alone = 100_000; // multiply-adds that are not worth a hand-over

    /// <summary>to[i] = x_(columns[i]) · v for each listed column of a matrix whose columns have n numbers.</summary>
    public static void Products(double* x, int n, ReadOnlySpan<int> columns, double* v, Span<double> to)
    {
        fixed (int* list = columns)
        fixed (double* target = to)
        {
            var job = new ProductsJob { X = x, N = n, List = list, Count = columns.Length, V = v, To = target };
            Workers.Run(ref job, (columns.Length + Together - 1) / Together, (long)columns.Length * n < Alone);
        }
    }

    /// <summary>to = Σ scales[i] x_(columns[i]), [n].</summary>
    public static void Combine(double* x, int n, ReadOnlySpan<int> columns, ReadOnlySpan<double> scales, double* to)
    {
        fixed (int* list = columns)
        fixed (double* scale = scales)
        {
            var job = new CombineJob { X = x, N = n, List = list, Count = columns.Length, Scale = scale, To = to };
            Workers.Run(ref job, (n + RowBlock - 1) / RowBlock, (long)columns.Length * n < Alone);
        }
    }

    /// <summary>
    /// Rows from..count-1 of the matrix x_aᵀ diag(w) x_b over listed columns, with their mirror images; gram has a stride.
    /// </summary>
    public static void Gram(double* x, int n, ReadOnlySpan<int> columns, int from, double* w, double* gram, int stride)
    {
        var weighted = new double[n];
        fixed (double* v = weighted)
        {
            for (var a = from; a < columns.Length; a++)
            {
                Weigh(x + ((long)columns[a] * n), w, v, n);
                Products(x, n, columns[..(a + 1)], v, new Span<double>(gram + ((long)a * stride), a + 1));
                for (var b = 0; b < a; b++) gram[((long)b * stride) + a] = gram[((long)a * stride) + b];
            }
        }
    }

    /// <summary>Σ v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(double* v, int n)
    {
        Vector256<double> first = default, second = default;
        var i = 0;
        for (; i + 8 <= n; i += 8)
        {
            first += Vector256.Load(v + i);
            second += Vector256.Load(v + i + 4);
        }
        var sum = Total(first + second);
        for (; i < n; i++) sum += v[i];
        return sum;
    }

    /// <summary>to = e^x, for x moved into [-708, 700]; within two units in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exp(double* x, double* to, int n)
    {
        var i = 0;
        for (; i + 4 <= n; i += 4) Exp(Vector256.Load(x + i)).Store(to + i);
        if (i == n) return;
        var rest = stackalloc double[4];
        for (var j = i; j < n; j++) rest[j - i] = x[j];
        Exp(Vector256.Load(rest)).Store(rest);
        for (var j = i; j < n; j++) to[j] = rest[j - i];
    }

    // 2^k e^r with |r| at most half of ln 2 (Cody and Waite), e^r by its series up to r^13 / 13!.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Exp(Vector256<double> x)
    {
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-708.0)), Vector256.Create(700.0));
        var magic = Vector256.Create(6755399441055744.0); // 1.5 * 2^52: adding it rounds to an integer, which then sits in the lowest bits
        var shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(1.4426950408889634), magic);
        var k = shifted - magic;
        var r = Vector256.FusedMultiplyAdd(k, Vector256.Create(-0.6931471803691238), x);
        r = Vector256.FusedMultiplyAdd(k, Vector256.Create(-1.9082149292705877e-10), r);
        var y = Vector256.Create(1.6059043836821613e-10);
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(2.08767569878681e-09));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(2.505210838544172e-08));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(2.755731922398589e-07));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(2.7557319223985893e-06));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(2.48015873015873e-05));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(0.0001984126984126984));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(0.001388888888888889));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(0.008333333333333333));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(0.041666666666666664));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(0.16666666666666666));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(0.5));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(1.0));
        y = Vector256.FusedMultiplyAdd(y, r, Vector256.Create(1.0));
        return (y.AsInt64() + Vector256.ShiftLeft(shifted.AsInt64(), 52)).AsDouble();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(double* x, double* w, double* to, int n)
    {
        var i = 0;
        for (; i + 4 <= n; i += 4) (Vector256.Load(x + i) * Vector256.Load(w + i)).Store(to + i);
        for (; i < n; i++) to[i] = x[i] * w[i];
    }

    private static double Total(Vector256<double> v) => (v[0] + v[1]) + (v[2] + v[3]);

    private struct ProductsJob : IJob
    {
        public double* X, V, To;
        public int* List;
        public int N, Count;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int part)
        {
            var first = part * Together;
            var last = Math.Min(Count, first + Together) - 1;
            // Where fewer than four are left, the last is computed again in their place.
            double* a = Column(first), b = Column(Math.Min(first + 1, last)), c = Column(Math.Min(first + 2, last)), d = Column(Math.Min(first + 3, last));
            Vector256<double> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            var i = 0;
            for (; i + 8 <= N; i += 8)
            {
                var (v0, v1) = (Vector256.Load(V + i), Vector256.Load(V + i + 4));
                a0 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), v0, a0);
                a1 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i + 4), v1, a1);
                b0 = Vector256.FusedMultiplyAdd(Vector256.Load(b + i), v0, b0);
                b1 = Vector256.FusedMultiplyAdd(Vector256.Load(b + i + 4), v1, b1);
                c0 = Vector256.FusedMultiplyAdd(Vector256.Load(c + i), v0, c0);
                c1 = Vector256.FusedMultiplyAdd(Vector256.Load(c + i + 4), v1, c1);
                d0 = Vector256.FusedMultiplyAdd(Vector256.Load(d + i), v0, d0);
                d1 = Vector256.FusedMultiplyAdd(Vector256.Load(d + i + 4), v1, d1);
            }
            double sumA = Total(a0 + a1), sumB = Total(b0 + b1), sumC = Total(c0 + c1), sumD = Total(d0 + d1);
            for (; i < N; i++)
            {
                sumA += a[i] * V[i];
                sumB += b[i] * V[i];
                sumC += c[i] * V[i];
                sumD += d[i] * V[i];
            }
            To[first] = sumA;
            if (first + 1 <= last) To[first + 1] = sumB;
            if (first + 2 <= last) To[first + 2] = sumC;
            if (first + 3 <= last) To[first + 3] = sumD;
        }

        private readonly double* Column(int i) => X + ((long)List[i] * N);
    }

    private struct CombineJob : IJob
    {
        public double* X, Scale, To;
        public int* List;
        public int N, Count;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute(int part)
        {
            var start = part * RowBlock;
            var n = Math.Min(RowBlock, N - start);
            var to = To + start;
            new Span<double>(to, n).Clear();
            var column = 0;
            for (; column + Together <= Count; column += Together)
            {
                double* a = Column(column) + start, b = Column(column + 1) + start, c = Column(column + 2) + start, d = Column(column + 3) + start;
                double scaleA = Scale[column], scaleB = Scale[column + 1], scaleC = Scale[column + 2], scaleD = Scale[column + 3];
                var (byA, byB, byC, byD) = (Vector256.Create(scaleA), Vector256.Create(scaleB), Vector256.Create(scaleC), Vector256.Create(scaleD));
                var i = 0;
                for (; i + 4 <= n; i += 4)
                {
                    var y = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), byA, Vector256.Load(to + i));
                    y = Vector256.FusedMultiplyAdd(Vector256.Load(b + i), byB, y);
                    y = Vector256.FusedMultiplyAdd(Vector256.Load(c + i), byC, y);
                    Vector256.FusedMultiplyAdd(Vector256.Load(d + i), byD, y).Store(to + i);
                }
                for (; i < n; i++) to[i] += (a[i] * scaleA) + (b[i] * scaleB) + (c[i] * scaleC) + (d[i] * scaleD);
            }
            for (; column < Count; column++)
            {
                var x = Column(column) + start;
                var scale = Vector256.Create(Scale[column]);
                var i = 0;
                for (; i + 4 <= n; i += 4) Vector256.FusedMultiplyAdd(Vector256.Load(x + i), scale, Vector256.Load(to + i)).Store(to + i);
                for (; i < n; i++) to[i] += x[i] * Scale[column];
            }
        }

        private readonly double* Column(int i) => X + ((long)List[i] * N);
    }
}
