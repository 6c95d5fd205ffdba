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
            for (var column = 0; column < Count; column++)
            {
                var x = X + ((long)List[column] * N) + start;
                var scale = Vector256.Create(Scale[column]);
                var i = 0;
                for (; i + 4 <= n; i += 4) Vector256.FusedMultiplyAdd(Vector256.Load(x + i), scale, Vector256.Load(to + i)).Store(to + i);
                for (; i < n; i++) to[i] += x[i] * Scale[column];
            }
        }
    }
}
