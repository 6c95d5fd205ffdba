using System.Numerics;
using System.Runtime.InteropServices;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// The directions of greatest variance of rows that come batch by batch: the covariance (products of a batch in single precision,
/// their sums in double), then in double precision subspace iteration on it from a seeded start (Halko, Martinsson, Tropp, "Finding
/// structure with randomness", SIAM Review 2011, algorithm 4.4), and cyclic Jacobi rotations inside the subspace (Golub and Van Loan,
/// "Matrix Computations", section 8.5). Sums are taken in one order, whatever the number of threads and the width of vectors.
/// </summary>
internal static class Covariance
{
    private const int Oversample = 10, MostRounds = 60, MostSweeps = 30;
    private const int MostFeatures = 16384; // the covariance takes 8 times their square in bytes
    private const double Settled = 1e-7;

    /// <summary>Fits the mean [d] and the first directions [count, d]; a direction's greatest coordinate is positive.</summary>
    public static void Fit(IEnumerable<Tensor> rows, Span<float> mean, Span<float> directions, int count)
    {
        var d = mean.Length;
        if (d > MostFeatures) throw new InputException($"bottleneck.type is pca, which takes up to {MostFeatures} features, not {d}");
        var covariance = Of(rows, mean);
        var basis = Start(d, Math.Min(d, count + Oversample));
        var before = new double[basis.Length];
        double[] values;
        for (var round = 1; ; round++)
        {
            basis = Times(covariance, basis, d);
            Orthonormalise(basis);
            (values, basis) = Rotate(covariance, basis, d);
            var change = Enumerable.Range(0, count).Max(k => Math.Abs(values[k] - before[k]));
            if (round == MostRounds || change <= Settled * Math.Max(values[0], 1e-300)) break;
            before = values;
        }
        for (var k = 0; k < count; k++)
        {
            var sign = basis[k].MaxBy(Math.Abs) < 0 ? -1 : 1;
            for (var i = 0; i < d; i++) directions[(k * d) + i] = (float)(sign * basis[k][i]);
        }
    }

    private static double[] Of(IEnumerable<Tensor> rows, Span<float> mean)
    {
        var d = mean.Length;
        var sum = new double[d];
        long n = 0;
        foreach (var x in rows)
        {
            for (var i = 0; i < x.Numel; i++) sum[i % d] += x.Data[i];
            n += x.Size(0);
        }
        if (n == 0) throw new ArgumentException("pca: no training features were given");
        for (var i = 0; i < d; i++) mean[i] = (float)(sum[i] / n);
        var centre = Tensor.From(mean, d);
        var covariance = new double[d * d];
        foreach (var x in rows)
        {
            using var scope = new TensorScope("pca");
            var centred = x - centre;
            var products = centred.Transpose(0, 1).MatMul(centred);
            for (var i = 0; i < covariance.Length; i++) covariance[i] += products.Data[i];
        }
        for (var i = 0; i < covariance.Length; i++) covariance[i] /= n;
        return covariance;
    }

    private static double[][] Start(int d, int width)
    {
        var random = new RandomStream(0).Fork("pca");
        var basis = new double[width][];
        for (var b = 0; b < width; b++)
        {
            basis[b] = new double[d];
            for (var i = 0; i < d; i++) basis[b][i] = random.NextGaussian();
        }
        Orthonormalise(basis);
        return basis;
    }

    // The symmetric matrix times each vector; vectors are independent, so that threads change nothing.
    private static double[][] Times(double[] matrix, double[][] vectors, int d)
    {
        var products = new double[vectors.Length][];
        Parallel.For(0, vectors.Length, new ParallelOptions { MaxDegreeOfParallelism = Threads.Count }, b =>
        {
            products[b] = new double[d];
            for (var i = 0; i < d; i++) Add(vectors[b][i], matrix.AsSpan(i * d, d), products[b]);
        });
        return products;
    }

    // to += factor * row, element by element: as many at once as the machine has, with the same bits.
    private static void Add(double factor, ReadOnlySpan<double> row, Span<double> to)
    {
        var a = MemoryMarshal.Cast<double, Vector<double>>(row);
        var b = MemoryMarshal.Cast<double, Vector<double>>(to);
        for (var i = 0; i < a.Length; i++) b[i] += a[i] * factor;
        for (var i = a.Length * Vector<double>.Count; i < row.Length; i++) to[i] += row[i] * factor;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    // Gram and Schmidt, twice; what is left of a dependent vector is rounding, and is made 0.
    private static void Orthonormalise(double[][] basis)
    {
        for (var b = 0; b < basis.Length; b++)
        {
            var before = Math.Sqrt(Dot(basis[b], basis[b]));
            for (var pass = 0; pass < 2; pass++)
                for (var other = 0; other < b; other++) Add(-Dot(basis[b], basis[other]), basis[other], basis[b]);
            var length = Math.Sqrt(Dot(basis[b], basis[b]));
            for (var i = 0; i < basis[b].Length; i++) basis[b][i] = length > 1e-12 * before && length > 0 ? basis[b][i] / length : 0;
        }
    }

    // The eigenvectors of the matrix seen from the subspace, greatest eigenvalue first.
    private static (double[] Values, double[][] Vectors) Rotate(double[] matrix, double[][] basis, int d)
    {
        var m = basis.Length;
        var images = Times(matrix, basis, d);
        var inner = new double[m, m];
        for (var i = 0; i < m; i++)
            for (var j = 0; j <= i; j++) inner[i, j] = inner[j, i] = Dot(basis[i], images[j]);
        var turns = Jacobi(inner);
        var order = Enumerable.Range(0, m).OrderByDescending(k => inner[k, k]).ToArray();
        var vectors = new double[m][];
        for (var k = 0; k < m; k++)
        {
            vectors[k] = new double[d];
            for (var b = 0; b < m; b++) Add(turns[b, order[k]], basis[b], vectors[k]);
        }
        return ([.. order.Select(k => inner[k, k])], vectors);
    }

    // Makes a symmetric matrix diagonal in place; the columns of what is returned are its eigenvectors.
    private static double[,] Jacobi(double[,] a)
    {
        var m = a.GetLength(0);
        var v = new double[m, m];
        for (var i = 0; i < m; i++) v[i, i] = 1;
        for (var sweep = 0; sweep < MostSweeps; sweep++)
        {
            var turned = false;
            for (var p = 0; p < m; p++)
                for (var q = p + 1; q < m; q++)
                {
                    if (Math.Abs(a[p, q]) <= 1e-15 * Math.Sqrt(Math.Abs(a[p, p] * a[q, q]))) continue;
                    turned = true;
                    var theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
                    var t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
                    var c = 1 / Math.Sqrt((t * t) + 1);
                    var s = t * c;
                    for (var k = 0; k < m; k++) (a[k, p], a[k, q]) = ((c * a[k, p]) - (s * a[k, q]), (s * a[k, p]) + (c * a[k, q]));
                    for (var k = 0; k < m; k++) (a[p, k], a[q, k]) = ((c * a[p, k]) - (s * a[q, k]), (s * a[p, k]) + (c * a[q, k]));
                    for (var k = 0; k < m; k++) (v[k, p], v[k, q]) = ((c * v[k, p]) - (s * v[k, q]), (s * v[k, p]) + (c * v[k, q]));
                }
            if (!turned) break;
        }
        return v;
    }
}
