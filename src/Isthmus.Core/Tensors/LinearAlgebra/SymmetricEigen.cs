namespace Isthmus.Tensors;

/// <summary>
/// Eigenvalues and vectors of a symmetric matrix: Householder's reduction to three diagonals, then implicit QR steps with
/// Wilkinson's shift (Golub, Van Loan 2013, sections 8.3.1 to 8.3.5). Vectors are rows while it works, so that each rotation runs over two rows.
/// </summary>
internal static unsafe class SymmetricEigen
{
    private const int MaxSweeps = 100; // for one eigenvalue; two or three are usual
    private const double RoundOff = 1.1102230246251565e-16;

    /// <summary>a [n, n] (the lower triangle is read) becomes the eigenvectors, one a row; values get the eigenvalues; both in rising order.</summary>
    /// <returns>False if it did not converge, which happens only where a holds numbers that are not finite.</returns>
    public static bool Run(double* a, int n, double* values)
    {
        if (n == 0) return true;
        for (var i = 0; i < n; i++)
            for (var j = 0; j <= i; j++)
                if (!double.IsFinite(a[((long)i * n) + j])) return false;
        var off = new double[n];
        var vectors = new double[n * n];
        fixed (double* e = off, q = vectors)
        {
            Reduce(a, n, values, e, q);
            if (!Diagonalise(values, e, q, n)) return false;
            var order = new int[n];
            var keys = new double[n];
            for (var i = 0; i < n; i++) (order[i], keys[i]) = (i, values[i]);
            Array.Sort(keys, order);
            for (var i = 0; i < n; i++)
            {
                values[i] = keys[i];
                var row = q + ((long)order[i] * n);
                var largest = 0;
                for (var j = 1; j < n; j++) if (Math.Abs(row[j]) > Math.Abs(row[largest])) largest = j;
                var sign = row[largest] < 0 ? -1.0 : 1.0;
                for (var j = 0; j < n; j++) a[((long)i * n) + j] = sign * row[j];
            }
        }
        return true;
    }

    // a becomes Qᵀ T Q with T of diagonal d and e beside it (e[i] between i and i + 1); q gets Q.
    private static void Reduce(double* a, int n, double* d, double* e, double* q)
    {
        for (var i = 0; i < n; i++)
            for (var j = 0; j < i; j++) a[((long)j * n) + i] = a[((long)i * n) + j];
        var work = new double[n];
        var scales = new double[n];
        fixed (double* w = work)
        {
            for (var k = 0; k < n - 2; k++)
            {
                // The reflection I - beta v vᵀ takes row k right of the diagonal to a multiple of its first unit vector; v stays in the row.
                var v = a + ((long)k * n) + k + 1;
                var size = n - k - 1;
                var top = 0.0;
                for (var i = 1; i < size; i++) top = Math.Max(top, Math.Abs(v[i]));
                if (top == 0)
                {
                    e[k] = v[0];
                    continue;
                }
                top = Math.Max(top, Math.Abs(v[0]));
                Dense.Scale(v, 1 / top, size);
                var norm = Math.Sqrt(Dense.Dot(v, v, size));
                if (v[0] > 0) norm = -norm;
                e[k] = norm * top;
                var beta = 1 / (norm * (norm - v[0])); // 2 / |v|² for v with its first element less the norm
                v[0] -= norm;
                scales[k] = beta;
                // The rest of a: A - v wᵀ - w vᵀ with w = beta A v - (beta²/2)(vᵀ A v) v.
                for (var i = 0; i < size; i++) w[i] = beta * Dense.Dot(a + ((long)(k + 1 + i) * n) + k + 1, v, size);
                Dense.Add(w, -beta / 2 * Dense.Dot(w, v, size), v, size);
                for (var i = 0; i < size; i++)
                {
                    var row = a + ((long)(k + 1 + i) * n) + k + 1;
                    Dense.Add(row, -v[i], w, size);
                    Dense.Add(row, -w[i], v, size);
                }
            }
            if (n > 1) e[n - 2] = a[((long)(n - 2) * n) + n - 1];
            for (var i = 0; i < n; i++) d[i] = a[((long)i * n) + i];
            // Q = ... H1 H0 as rows: from the last reflection to the first, each on the rows and columns it touches.
            for (var i = 0; i < n; i++) q[((long)i * n) + i] = 1;
            for (var k = n - 3; k >= 0; k--)
            {
                if (scales[k] == 0) continue;
                var v = a + ((long)k * n) + k + 1;
                for (var i = k + 1; i < n; i++)
                {
                    var row = q + ((long)i * n) + k + 1;
                    Dense.Add(row, -scales[k] * Dense.Dot(row, v, n - k - 1), v, n - k - 1);
                }
            }
        }
    }

    // The rest: d becomes the eigenvalues, and every rotation is done on the rows of q too.
    private static bool Diagonalise(double* d, double* e, double* q, int n)
    {
        var sweeps = 0;
        for (var last = n - 1; last > 0;)
        {
            var first = last;
            while (first > 0 && Math.Abs(e[first - 1]) > RoundOff * (Math.Abs(d[first - 1]) + Math.Abs(d[first]))) first--;
            if (first == last)
            {
                last--;
                sweeps = 0;
            }
            else if (sweeps++ < MaxSweeps) Step(d, e, q, n, first, last);
            else return false;
        }
        return true;
    }

    // One implicit QR step on the block first..last: the shifted first column is rotated away, and the bulge that makes chased down.
    private static void Step(double* d, double* e, double* q, int n, int first, int last)
    {
        var half = (d[last - 1] - d[last]) / 2;
        var corner = e[last - 1];
        var shift = d[last] - (corner * (corner / (half + Math.CopySign(Hypotenuse(half, corner), half))));
        var (x, bulge) = (d[first] - shift, e[first]);
        for (var k = first; k < last; k++)
        {
            var r = Hypotenuse(x, bulge);
            var (c, s) = r == 0 ? (1.0, 0.0) : (x / r, -bulge / r);
            if (k > first) e[k - 1] = r;
            var (above, beside, below) = (d[k], e[k], d[k + 1]);
            d[k] = (c * c * above) - (2 * c * s * beside) + (s * s * below);
            d[k + 1] = (s * s * above) + (2 * c * s * beside) + (c * c * below);
            e[k] = (c * s * (above - below)) + (((c * c) - (s * s)) * beside);
            x = e[k];
            if (k < last - 1)
            {
                bulge = -s * e[k + 1];
                e[k + 1] *= c;
            }
            Dense.Rotate(q + ((long)k * n), q + ((long)(k + 1) * n), c, s, n);
        }
    }

    private static double Hypotenuse(double a, double b)
    {
        (a, b) = (Math.Abs(a), Math.Abs(b));
        var (large, small) = a > b ? (a, b) : (b, a);
        if (large == 0) return 0;
        var ratio = small / large;
        return large * Math.Sqrt(1 + (ratio * ratio));
    }
}
