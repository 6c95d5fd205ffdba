using System.Runtime.CompilerServices;

namespace Isthmus.Tensors;

/// <summary>
/// Singular values by one-sided Jacobi rotations (Hestenes 1958): columns are made orthogonal pair by pair, which finds small values
/// as accurately as large ones.
/// </summary>
internal static unsafe class JacobiSvd
{
    private const int MaxSweeps = 60;
    private const double Orthogonal = 1e-14; // cosines below count as 0

    /// <summary>
    /// columns [n, m] with n &lt;= m holds A's n columns as rows: they become the left singular vectors, turned [n, n] the right
    /// ones as rows, and values [n] the singular values, falling. The largest element of each left vector is positive.
    /// </summary>
    public static void Run(double[] columns, int n, int m, double[] values, double[] turned)
    {
        fixed (double* w = columns, v = turned)
        {
            for (var i = 0; i < n; i++) v[((long)i * n) + i] = 1;
            for (var sweep = 0; sweep < MaxSweeps && Sweep(w, v, n, m); sweep++) { }
            for (var i = 0; i < n; i++) values[i] = Math.Sqrt(Dense.Dot(w + ((long)i * m), w + ((long)i * m), m));
            SortRows(w, v, n, m, values);
            for (var i = 0; i < n; i++)
            {
                var u = w + ((long)i * m);
                if (values[i] > 0) Dense.Scale(u, 1 / values[i], m);
                else Complete(w, i, m);
                var largest = 0;
                for (var j = 1; j < m; j++) if (Math.Abs(u[j]) > Math.Abs(u[largest])) largest = j;
                if (u[largest] >= 0) continue;
                Dense.Scale(u, -1, m);
                Dense.Scale(v + ((long)i * n), -1, n);
            }
        }
    }

    // Squared lengths are kept up to date through a sweep, and computed anew where a rotation leaves little of one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Sweep(double* w, double* v, int n, int m)
    {
        var rotated = false;
        var squares = new double[n];
        for (var i = 0; i < n; i++) squares[i] = Dense.Dot(w + ((long)i * m), w + ((long)i * m), m);
        for (var i = 0; i < n - 1; i++)
            for (var j = i + 1; j < n; j++)
            {
                double* x = w + ((long)i * m), y = w + ((long)j * m);
                double xx = squares[i], yy = squares[j], xy = Dense.Dot(x, y, m);
                if (!(Math.Abs(xy) > Orthogonal * Math.Sqrt(xx) * Math.Sqrt(yy))) continue;
                rotated = true;
                // The angle that makes x and y orthogonal, the smaller of the two.
                var zeta = (yy - xx) / (2 * xy);
                var tan = Math.CopySign(1 / (Math.Abs(zeta) + Math.Sqrt(1 + (zeta * zeta))), zeta);
                var cos = 1 / Math.Sqrt(1 + (tan * tan));
                Dense.Rotate(x, y, cos, cos * tan, m);
                Dense.Rotate(v + ((long)i * n), v + ((long)j * n), cos, cos * tan, n);
                (squares[i], squares[j]) = (xx - (tan * xy), yy + (tan * xy));
                if (squares[i] < 0.1 * xx) squares[i] = Dense.Dot(x, x, m);
                if (squares[j] < 0.1 * yy) squares[j] = Dense.Dot(y, y, m);
            }
        return rotated;
    }

    private static void SortRows(double* w, double* v, int n, int m, double[] values)
    {
        for (var i = 0; i < n - 1; i++)
        {
            var best = i;
            for (var j = i + 1; j < n; j++) if (values[j] > values[best]) best = j;
            if (best == i) continue;
            (values[i], values[best]) = (values[best], values[i]);
            for (var k = 0; k < m; k++) (w[((long)i * m) + k], w[((long)best * m) + k]) = (w[((long)best * m) + k], w[((long)i * m) + k]);
            for (var k = 0; k < n; k++) (v[((long)i * n) + k], v[((long)best * n) + k]) = (v[((long)best * n) + k], v[((long)i * n) + k]);
        }
    }

    // Row i becomes a unit vector orthogonal to the rows before it: what is left of the axis that they reach least.
    private static void Complete(double* w, int i, int m)
    {
        var u = w + ((long)i * m);
        var (axis, least) = (0, double.PositiveInfinity);
        for (var k = 0; k < m; k++)
        {
            var reach = 0.0;
            for (var j = 0; j < i; j++) reach += w[((long)j * m) + k] * w[((long)j * m) + k];
            if (reach < least) (axis, least) = (k, reach);
        }
        new Span<double>(u, m).Clear();
        u[axis] = 1;
        for (var pass = 0; pass < 2; pass++)
        {
            for (var j = 0; j < i; j++) Dense.Add(u, -Dense.Dot(u, w + ((long)j * m), m), w + ((long)j * m), m);
            Dense.Scale(u, 1 / Math.Sqrt(Dense.Dot(u, u, m)), m);
        }
    }
}
