using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// Eigenvalues alone of a real symmetric matrix: Householder reduction to three diagonals, then the implicit QL method with
/// Wilkinson's shift (Golub and Van Loan, "Matrix Computations", 4th ed., algorithms 8.3.1 and 8.3.3). O(n³) time.
/// </summary>
internal static class SymmetricEigenvalues
{
    /// <summary>The eigenvalues, ascending; the matrix, n × n row-major, is destroyed.</summary>
    public static double[] Of(double[] a, int n)
    {
        var (diagonal, beside) = Tridiagonal(a, n);
        Diagonalise(diagonal, beside);
        Array.Sort(diagonal);
        return diagonal;
    }

    private static (double[] Diagonal, double[] Beside) Tridiagonal(double[] a, int n)
    {
        var (beside, v, p) = (new double[n], new double[n], new double[n]);
        for (var k = 0; k < n - 1; k++)
        {
            var m = n - k - 1;
            for (var i = 0; i < m; i++) v[i] = a[(k + 1 + i) * n + k];
            var norm = Math.Sqrt(Dot(v, v, m));
            beside[k] = v[0] > 0 ? -norm : norm;
            var rest = norm * norm - v[0] * v[0];
            if (norm == 0 || (m > 1 && rest <= 0))
            {
                beside[k] = m == 1 ? v[0] : norm == 0 ? 0 : v[0];
                continue;
            }
            if (m == 1)
            {
                beside[k] = v[0];
                continue;
            }
            v[0] -= beside[k];
            var beta = 2 / Dot(v, v, m);
            for (var i = 0; i < m; i++) p[i] = beta * Dot(a.AsSpan((k + 1 + i) * n + k + 1, m), v, m);
            var half = beta / 2 * Dot(p, v, m);
            for (var i = 0; i < m; i++) p[i] -= half * v[i];
            for (var i = 0; i < m; i++)
            {
                var row = a.AsSpan((k + 1 + i) * n + k + 1, m);
                var (vi, pi) = (v[i], p[i]);
                for (var j = 0; j < m; j++) row[j] -= vi * p[j] + pi * v[j];
            }
        }
        var diagonal = new double[n];
        for (var i = 0; i < n; i++) diagonal[i] = a[i * n + i];
        return (diagonal, beside);
    }

    // Eight partial sums in a fixed order, whatever the hardware.
    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b, int m)
    {
        var sum = Vector512<double>.Zero;
        var i = 0;
        for (; i + Wide.Width <= m; i += Wide.Width)
            sum = Vector512.FusedMultiplyAdd(Wide.Load(a, i), Wide.Load(b, i), sum);
        var total = Wide.Fold(sum);
        for (; i < m; i++) total = Math.FusedMultiplyAdd(a[i], b[i], total);
        return total;
    }

    private static void Diagonalise(double[] d, double[] e)
    {
        const int MostSweeps = 60;
        var n = d.Length;
        var size = 0.0; // eigenvalues are wanted to a rounding of the largest, not each of its own: Gram matrices have tiny ones
        for (var i = 0; i < n; i++) size = Math.Max(size, Math.Abs(d[i]) + Math.Abs(e[i]));
        for (var l = 0; l < n; l++)
        {
            for (var sweep = 0; ; sweep++)
            {
                var m = l;
                while (m < n - 1 && Math.Abs(e[m]) > 1.1e-16 * size) m++;
                if (m == l) break;
                if (sweep == MostSweeps) throw new InvalidOperationException("eigenvalues: the QL iteration did not converge");
                var g = (d[l + 1] - d[l]) / (2 * e[l]);
                var r = Math.Sqrt(g * g + 1);
                g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
                double s = 1, c = 1, p = 0;
                var i = m - 1;
                for (; i >= l; i--)
                {
                    var (f, b) = (s * e[i], c * e[i]);
                    r = Math.Sqrt(f * f + g * g);
                    e[i + 1] = r;
                    if (r == 0)
                    {
                        d[i + 1] -= p;
                        e[m] = 0;
                        break;
                    }
                    (s, c) = (f / r, g / r);
                    g = d[i + 1] - p;
                    r = (d[i] - g) * s + 2 * c * b;
                    p = s * r;
                    d[i + 1] = g + p;
                    g = c * r - b;
                }
                if (r == 0 && i >= l) continue;
                d[l] -= p;
                e[l] = g;
                e[m] = 0;
            }
        }
    }
}
