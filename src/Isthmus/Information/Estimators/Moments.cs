namespace Isthmus.Information;

/// <summary>Sums of products of columns, in fixed chunks so that the number of threads changes no bit.</summary>
internal static class Moments
{
    private const int ChunkRows = 1024;

    /// <summary>The d × d matrix of Σ_i v_ij v_ik of row-major values.</summary>
    public static double[] Products(double[] values, int n, int d, int threads)
    {
        var chunks = (n + ChunkRows - 1) / ChunkRows;
        var partial = new double[chunks][];
        Chunks.For(n, ChunkRows, threads, (from, to) =>
        {
            var sums = new double[d * d];
            for (var i = from; i < to; i++)
            {
                var row = values.AsSpan(i * d, d);
                for (var a = 0; a < d; a++)
                    for (var b = 0; b <= a; b++) sums[a * d + b] = Math.FusedMultiplyAdd(row[a], row[b], sums[a * d + b]);
            }
            partial[from / ChunkRows] = sums;
        });
        var total = new double[d * d];
        foreach (var sums in partial)
            for (var i = 0; i < total.Length; i++) total[i] += sums[i];
        for (var a = 0; a < d; a++)
            for (var b = 0; b < a; b++) total[b * d + a] = total[a * d + b];
        return total;
    }
}
