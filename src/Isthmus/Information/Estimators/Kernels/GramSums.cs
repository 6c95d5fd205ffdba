using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// The sums over two Gaussian Gram matrices K (of x) and L (of y) that the kernel measures are made of, streamed row by row so
/// that no n × n matrix is held: row sums, and the sums of KL, K² and L² over all pairs, the diagonal of ones included.
/// </summary>
internal sealed class GramSums
{
    private const int ChunkRows = 32;

    /// <summary>Streams both matrices.</summary>
    public GramSums(Samples x, Samples y, double sigmaX, double sigmaY, int threads)
    {
        var n = Count = x.Count;
        (RowsK, RowsL) = (new double[n], new double[n]);
        var (kl, kk, ll) = (new double[n], new double[n], new double[n]);
        var distances = new BlockDistances([Scaled(x, sigmaX), Scaled(y, sigmaY)], [x.Dimensions, y.Dimensions], n);
        Chunks.For(n, ChunkRows, threads, () => distances.Buffers(2), (from, to, buffers) =>
        {
            var (bufferK, bufferL) = (buffers[0], buffers[1]);
            for (var i = from; i < to; i += BlockDistances.RowsAtOnce)
            {
                distances.Fill<SquaredEuclidean>(0, i, bufferK);
                distances.Fill<SquaredEuclidean>(1, i, bufferL);
                for (var r = 0; r < BlockDistances.RowsAtOnce && i + r < to; r++)
                {
                    Vector512<double> sumK = default, sumL = default, sumKL = default, sumKK = default, sumLL = default;
                    for (var j = 0; j < distances.Padded; j += Wide.Width)
                    {
                        var k = Wide.ExpNonPositive(-Wide.Load(bufferK, r * distances.Padded + j));
                        var l = Wide.ExpNonPositive(-Wide.Load(bufferL, r * distances.Padded + j));
                        sumK += k;
                        sumL += l;
                        sumKL = Vector512.FusedMultiplyAdd(k, l, sumKL);
                        sumKK = Vector512.FusedMultiplyAdd(k, k, sumKK);
                        sumLL = Vector512.FusedMultiplyAdd(l, l, sumLL);
                    }
                    (RowsK[i + r], RowsL[i + r]) = (Wide.Fold(sumK), Wide.Fold(sumL));
                    (kl[i + r], kk[i + r], ll[i + r]) = (Wide.Fold(sumKL), Wide.Fold(sumKK), Wide.Fold(sumLL));
                }
            }
        });
        (KL, KK, LL) = (Sum(kl), Sum(kk), Sum(ll));
        (K, L, RowsKL, RowsKK, RowsLL) = (Sum(RowsK), Sum(RowsL), Dot(RowsK, RowsL), Dot(RowsK, RowsK), Dot(RowsL, RowsL));
    }

    /// <summary>n.</summary>
    public int Count { get; }

    /// <summary>Σ_j K_ij for each i.</summary>
    public double[] RowsK { get; }

    /// <summary>Σ_j L_ij for each i.</summary>
    public double[] RowsL { get; }

    /// <summary>Σ K.</summary>
    public double K { get; }

    /// <summary>Σ L.</summary>
    public double L { get; }

    /// <summary>Σ_ij K_ij L_ij.</summary>
    public double KL { get; }

    /// <summary>Σ_ij K_ij².</summary>
    public double KK { get; }

    /// <summary>Σ_ij L_ij².</summary>
    public double LL { get; }

    /// <summary>Σ_i (Σ_j K_ij)(Σ_j L_ij).</summary>
    public double RowsKL { get; }

    /// <summary>Σ_i (Σ_j K_ij)².</summary>
    public double RowsKK { get; }

    /// <summary>Σ_i (Σ_j L_ij)².</summary>
    public double RowsLL { get; }

    /// <summary>Rows divided by √2 σ, so that the kernel is e to the minus squared distance; moved so that large offsets cost no digits.</summary>
    public static double[] Scaled(Samples samples, double sigma)
    {
        var values = samples.Values.ToArray();
        var d = samples.Dimensions;
        var factor = 1 / (Math.Sqrt(2) * sigma);
        for (var i = 0; i < values.Length; i++) values[i] = (values[i] - samples[0, i % d]) * factor;
        return values;
    }

    private static double Sum(double[] values) => Statistics.Mean(values) * values.Length;

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum = Math.FusedMultiplyAdd(a[i], b[i], sum);
        return sum;
    }
}
