using Isthmus.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Data.Baselines;

/// <summary>
/// The directions of greatest variance, and codes along them rounded to multiples of a step: the plainest transform code
/// (Pearson 1901; Hotelling 1933). Few columns are solved exactly; many by subspace iteration with a seeded start (Halko, Martinsson,
/// Tropp: "Finding Structure with Randomness", SIAM Review 2011, algorithm 4.4).
/// </summary>
public sealed class PrincipalComponents
{
    private const int MostExact = 256;
    private const int Oversample = 10;
    private const int Rounds = 12;
    private readonly double[] _mean;
    private readonly double[] _directions; // [k, d], orthonormal rows

    private PrincipalComponents(double[] mean, double[] directions, double[] variances) => (_mean, _directions, Variances) = (mean, directions, variances);

    /// <summary>The variance along each direction, greatest first (divided by n − 1).</summary>
    public IReadOnlyList<double> Variances { get; }

    /// <summary>How many directions there are.</summary>
    public int Count => Variances.Count;

    /// <summary>A direction [d], of length 1; its coordinate of greatest absolute value is positive.</summary>
    public ReadOnlySpan<double> Direction(int component) => _directions.AsSpan(component * _mean.Length, _mean.Length);

    /// <summary>Finds directions.</summary>
    /// <param name="x">Training rows, 2 or more.</param>
    /// <param name="count">How many directions, at most the number of columns and of rows.</param>
    /// <param name="seed">Of the subspace iteration's start.</param>
    public static PrincipalComponents Fit(Matrix x, int count, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(x.Rows, 2);
        if (count < 1 || count > Math.Min(x.Rows, x.Columns)) throw new ArgumentOutOfRangeException(nameof(count), count, $"expected 1 to {Math.Min(x.Rows, x.Columns)}");
        var (mean, d) = (Dense.Mean(x), x.Columns);
        var centred = Dense.Centred(x, mean);
        var basis = d <= MostExact || d <= count + Oversample ? null : Subspace(centred, x.Rows, d, count + Oversample, seed);
        var inner = basis is null ? Dense.Gram(centred, x.Rows, d) : Project(centred, x.Rows, d, basis);
        var eigen = Matrix<double>.Build.DenseOfArray(inner).Evd(Symmetricity.Symmetric);
        var (directions, variances) = (new double[count * d], new double[count]);
        for (var k = 0; k < count; k++)
        {
            var column = eigen.EigenVectors.ColumnCount - 1 - k; // ascending
            variances[k] = Math.Max(0, eigen.EigenValues[column].Real) / (x.Rows - 1);
            var direction = directions.AsSpan(k * d, d);
            if (basis is null)
                for (var c = 0; c < d; c++) direction[c] = eigen.EigenVectors[c, column];
            else
                for (var b = 0; b < basis.Length; b++) Dense.Add(eigen.EigenVectors[b, column], basis[b], direction);
            Orient(direction);
        }
        return new PrincipalComponents(mean, directions, variances);
    }

    /// <summary>Coordinates [rows, count] along the directions.</summary>
    public double[] Encode(Matrix x)
    {
        var (d, k) = (_mean.Length, Count);
        if (x.Columns != d) throw new ArgumentException($"PrincipalComponents: rows of {x.Columns} columns, expected {d}");
        var centred = Dense.Centred(x, _mean);
        var codes = new double[x.Rows * k];
        for (var row = 0; row < x.Rows; row++)
            for (var c = 0; c < k; c++) codes[row * k + c] = Dense.Dot(centred.AsSpan(row * d, d), Direction(c));
        return codes;
    }

    /// <summary>Rows [rows, d] from coordinates.</summary>
    public float[] Decode(ReadOnlySpan<double> codes)
    {
        var (d, k) = (_mean.Length, Count);
        var to = new float[codes.Length / k * d];
        var row = new double[d];
        for (var r = 0; r < codes.Length / k; r++)
        {
            _mean.CopyTo(row, 0);
            for (var c = 0; c < k; c++) Dense.Add(codes[r * k + c], Direction(c), row);
            for (var c = 0; c < d; c++) to[r * d + c] = (float)row[c];
        }
        return to;
    }

    /// <summary>The message of a uniform quantiser: coordinate / step, rounded to the nearest integer (half to even), cut to 32 bits.</summary>
    /// <param name="codes">Coordinates.</param>
    /// <param name="step">The width of a cell, positive, in the features' units; the same along every direction.</param>
    public static int[] Quantise(ReadOnlySpan<double> codes, double step)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        var symbols = new int[codes.Length];
        for (var i = 0; i < symbols.Length; i++) symbols[i] = (int)Math.Clamp(Math.Round(codes[i] / step), int.MinValue, int.MaxValue);
        return symbols;
    }

    /// <summary>The middles of the cells that symbols name.</summary>
    public static double[] Dequantise(ReadOnlySpan<int> symbols, double step)
    {
        var codes = new double[symbols.Length];
        for (var i = 0; i < codes.Length; i++) codes[i] = symbols[i] * step;
        return codes;
    }

    private static double[][] Subspace(double[] centred, int n, int d, int width, ulong seed)
    {
        var random = new RandomStream(seed).Fork("pca");
        var basis = new double[width][];
        for (var b = 0; b < width; b++)
        {
            basis[b] = new double[d];
            for (var c = 0; c < d; c++) basis[b][c] = random.NextGaussian();
        }
        for (var round = 0; round < Rounds; round++)
        {
            Dense.For(width, b =>
            {
                var next = new double[d];
                for (var row = 0; row < n; row++) Dense.Add(Dense.Dot(centred.AsSpan(row * d, d), basis[b]), centred.AsSpan(row * d, d), next);
                basis[b] = next;
            });
            Orthonormalise(basis);
        }
        return basis;
    }

    // Gram and Schmidt, twice, which is enough for orthogonality to rounding.
    private static void Orthonormalise(double[][] basis)
    {
        for (var b = 0; b < basis.Length; b++)
        {
            for (var pass = 0; pass < 2; pass++)
                for (var other = 0; other < b; other++) Dense.Add(-Dense.Dot(basis[b], basis[other]), basis[other], basis[b]);
            var length = Math.Sqrt(Dense.Dot(basis[b], basis[b]));
            for (var c = 0; c < basis[b].Length; c++) basis[b][c] = length > 1e-300 ? basis[b][c] / length : 0;
        }
    }

    private static double[,] Project(double[] centred, int n, int d, double[][] basis)
    {
        var projected = new double[n * basis.Length];
        Dense.For(n, row =>
        {
            for (var b = 0; b < basis.Length; b++) projected[row * basis.Length + b] = Dense.Dot(centred.AsSpan(row * d, d), basis[b]);
        });
        return Dense.Gram(projected, n, basis.Length);
    }

    private static void Orient(Span<double> direction)
    {
        var most = 0;
        for (var c = 1; c < direction.Length; c++)
            if (Math.Abs(direction[c]) > Math.Abs(direction[most])) most = c;
        if (direction[most] >= 0) return;
        for (var c = 0; c < direction.Length; c++) direction[c] = -direction[c];
    }
}
