using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Tensors;

/// <summary>
/// Products and solves on row-major matrices of doubles. Sums run over sixteen fixed partial sums, or one after the other along k, so
/// that the bits depend on the shapes alone.
/// </summary>
internal static unsafe class Dense
{
    /// <summary>Σ a_i b_i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(double* a, double* b, int n)
    {
        Vector256<double> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        var i = 0;
        for (; i + 16 <= n; i += 16)
        {
            sum0 += Vector256.Load(a + i) * Vector256.Load(b + i);
            sum1 += Vector256.Load(a + i + 4) * Vector256.Load(b + i + 4);
            sum2 += Vector256.Load(a + i + 8) * Vector256.Load(b + i + 8);
            sum3 += Vector256.Load(a + i + 12) * Vector256.Load(b + i + 12);
        }
        for (; i + 4 <= n; i += 4) sum0 += Vector256.Load(a + i) * Vector256.Load(b + i);
        var sums = (sum0 + sum1) + (sum2 + sum3);
        var sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        for (; i < n; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>y += scale x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(double* y, double scale, double* x, int n)
    {
        var i = 0;
        for (; i + 4 <= n; i += 4) (Vector256.Load(y + i) + (Vector256.Load(x + i) * Vector256.Create(scale))).Store(y + i);
        for (; i < n; i++) y[i] += x[i] * scale;
    }

    /// <summary>x *= scale.</summary>
    public static void Scale(double* x, double scale, int n)
    {
        for (var i = 0; i < n; i++) x[i] *= scale;
    }

    /// <summary>(x, y) = (c x - s y, s x + c y).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(double* x, double* y, double c, double s, int n)
    {
        var i = 0;
        var (cosines, sines) = (Vector256.Create(c), Vector256.Create(s));
        for (; i + 4 <= n; i += 4)
        {
            var (a, b) = (Vector256.Load(x + i), Vector256.Load(y + i));
            ((cosines * a) - (sines * b)).Store(x + i);
            ((sines * a) + (cosines * b)).Store(y + i);
        }
        for (; i < n; i++) (x[i], y[i]) = ((c * x[i]) - (s * y[i]), (s * x[i]) + (c * y[i]));
    }

    /// <summary>The transposed matrix: x [m, n] to [n, m].</summary>
    public static double[] Transpose(ReadOnlySpan<double> x, int m, int n)
    {
        var y = new double[x.Length];
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++) y[(j * m) + i] = x[(i * n) + j];
        return y;
    }

    /// <summary>a [m, k] times b [k, n].</summary>
    public static double[] Multiply(double[] a, double[] b, int m, int k, int n)
    {
        var y = new double[m * n];
        fixed (double* first = y, firstA = a, firstB = b)
            for (var i = 0; i < m; i++)
                for (var l = 0; l < k; l++)
                    if (firstA[(i * k) + l] is var scale and not 0) Add(first + (i * n), scale, firstB + (l * n), n);
        return y;
    }

    /// <summary>
    /// The lower factor L of a symmetric a = L Lᵀ, written over a's lower triangle; above it is set to 0. Only the lower triangle is read.
    /// </summary>
    /// <returns>-1, or the pivot that is not positive.</returns>
    public static int Cholesky(double* a, int n)
    {
        for (var i = 0; i < n; i++)
        {
            var row = a + ((long)i * n);
            for (var j = 0; j < i; j++) row[j] = (row[j] - Dot(row, a + ((long)j * n), j)) / a[((long)j * n) + j];
            var pivot = row[i] - Dot(row, row, i);
            if (!(pivot > 0) || double.IsInfinity(pivot)) return i;
            row[i] = Math.Sqrt(pivot);
            new Span<double>(row + i + 1, n - i - 1).Clear();
        }
        return -1;
    }

    /// <summary>b [n, m] becomes T⁻¹ b for a triangular [n, n] matrix, or its transpose.</summary>
    public static void SolveTriangular(double* t, int n, double* b, int m, bool upper, bool transposed, bool unit)
    {
        var descending = upper != transposed;
        for (var step = 0; step < n; step++)
        {
            var i = descending ? n - 1 - step : step;
            var row = b + ((long)i * m);
            for (var other = 0; other < step; other++)
            {
                var k = descending ? n - 1 - other : other;
                var factor = transposed ? t[((long)k * n) + i] : t[((long)i * n) + k];
                if (factor != 0) Add(row, -factor, b + ((long)k * m), m);
            }
            if (!unit)
            {
                var pivot = t[((long)i * n) + i];
                for (var j = 0; j < m; j++) row[j] /= pivot;
            }
        }
    }
}
