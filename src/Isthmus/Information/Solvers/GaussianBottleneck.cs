using System.Globalization;
using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Information;

/// <summary>The Gaussian information bottleneck at one β.</summary>
/// <param name="Beta">β of I(X;T) − β I(T;Y).</param>
/// <param name="TrainBeta">1/β.</param>
/// <param name="IxtBits">I(X;T).</param>
/// <param name="ItyBits">I(T;Y).</param>
/// <param name="Encoder">A of T = A X + N(0, I): one row for each direction in use, none below the first critical β.</param>
public sealed record GaussianBottleneckPoint(double Beta, double? TrainBeta, double IxtBits, double ItyBits, double[][] Encoder);

/// <summary>A Gaussian information bottleneck curve.</summary>
/// <param name="Problem"><c>gaussian-ib</c>.</param>
/// <param name="Points">One for each β, in the order given.</param>
/// <param name="CriticalBetas">Where each direction comes into use, 1/ρ_i², ascending; directions without correlation never do.</param>
/// <param name="IxyBits">I(X;Y).</param>
public sealed record GaussianBottleneckResult(string Problem, IReadOnlyList<GaussianBottleneckPoint> Points, IReadOnlyList<double> CriticalBetas, double IxyBits);

/// <summary>The information bottleneck of jointly Gaussian vectors, in closed form (Chechik, Globerson, Tishby, Weiss 2005).</summary>
public static class GaussianBottleneck
{
    /// <summary>For canonical correlations: X has independent coordinates of variance one, and its i-th correlates with Y by ρ_i only.</summary>
    /// <param name="correlations">Each in (−1, 1), at least one.</param>
    /// <param name="betas">Each at least 0 and finite.</param>
    /// <exception cref="InputException">A number is out of its range.</exception>
    public static GaussianBottleneckResult Solve(IReadOnlyList<double> correlations, IReadOnlyList<double> betas)
    {
        RequireCorrelations(correlations);
        var directions = correlations.Select((rho, i) =>
        {
            var axis = new double[correlations.Count];
            axis[i] = 1;
            return (Residual: 1 - (rho * rho), Axis: axis);
        });
        return Solve([.. directions], betas);
    }

    /// <summary>For covariance matrices of X and Y and their cross-covariance.</summary>
    /// <param name="covarianceX">dx by dx, positive definite.</param>
    /// <param name="covarianceY">dy by dy, positive definite.</param>
    /// <param name="cross">dx by dy.</param>
    /// <param name="betas">Each at least 0 and finite.</param>
    /// <exception cref="InputException">Shapes do not fit, or a matrix is not symmetric and positive definite, or X determines part of Y.</exception>
    public static GaussianBottleneckResult Solve(double[,] covarianceX, double[,] covarianceY, double[,] cross, IReadOnlyList<double> betas)
    {
        ArgumentNullException.ThrowIfNull(covarianceX);
        ArgumentNullException.ThrowIfNull(covarianceY);
        ArgumentNullException.ThrowIfNull(cross);
        if (cross.GetLength(0) != covarianceX.GetLength(0) || cross.GetLength(1) != covarianceY.GetLength(0))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"the cross-covariance is {cross.GetLength(0)}x{cross.GetLength(1)}, expected {covarianceX.GetLength(0)}x{covarianceY.GetLength(0)}"));
        var rootX = Root(covarianceX, "the covariance of X");
        var rootY = Root(covarianceY, "the covariance of Y");
        // Whitened cross-covariance: its singular values are the canonical correlations, its left vectors the directions of X.
        var whitened = rootX.Inverse() * Matrix<double>.Build.DenseOfArray(cross) * rootY.Inverse().Transpose();
        var svd = whitened.Svd();
        var toX = rootX.Inverse();
        var directions = new List<(double, double[])>();
        for (var i = 0; i < rootX.RowCount; i++)
        {
            var rho = i < svd.S.Count ? svd.S[i] : 0;
            if (rho > 1 - 1e-12) throw new InputException("the covariances make part of Y a function of X, expected canonical correlations below 1");
            directions.Add((1 - (rho * rho), (svd.U.Column(i).ToRowMatrix() * toX).Row(0).ToArray())); // unit variance under the covariance of X
        }
        return Solve([.. directions], betas);
    }

    // Each direction has unit variance; Residual is λ = 1 − ρ², the eigenvalue of Σ_{x|y} Σ_x⁻¹.
    private static GaussianBottleneckResult Solve((double Residual, double[] Axis)[] directions, IReadOnlyList<double> betas)
    {
        ArgumentNullException.ThrowIfNull(betas);
        if (betas.Count == 0) throw new InputException("no beta given, expected at least one number of at least 0");
        var points = new List<GaussianBottleneckPoint>();
        foreach (var beta in betas)
        {
            BottleneckOptions.RequireBeta(beta);
            double complexity = 0, loss = 0;
            var rows = new List<double[]>();
            foreach (var (residual, axis) in directions.OrderBy(d => d.Residual))
            {
                if (!(beta * (1 - residual) > 1)) continue;
                complexity += Math.Log((beta - 1) * (1 - residual) / residual) / 2;
                loss += Math.Log(beta * (1 - residual)) / 2;
                var gain = Math.Sqrt(((beta * (1 - residual)) - 1) / residual);
                rows.Add(Array.ConvertAll(axis, v => gain * v));
            }
            points.Add(new GaussianBottleneckPoint(beta, beta > 0 ? 1 / beta : null, complexity / Math.Log(2), Math.Max(0, complexity - loss) / Math.Log(2), [.. rows]));
        }
        var critical = directions.Where(d => d.Residual < 1).Select(d => 1 / (1 - d.Residual)).Order().ToArray();
        return new GaussianBottleneckResult("gaussian-ib", points, critical, directions.Sum(d => -Math.Log(d.Residual) / 2) / Math.Log(2));
    }

    internal static void RequireCorrelations(IReadOnlyList<double> correlations)
    {
        ArgumentNullException.ThrowIfNull(correlations);
        if (correlations.Count == 0) throw new InputException("no correlation given, expected at least one");
        foreach (var rho in correlations)
            if (!(Math.Abs(rho) < 1)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"correlation {rho}, expected strictly between -1 and 1"));
    }

    // The lower triangular L with L Lᵀ = Σ.
    private static Matrix<double> Root(double[,] covariance, string what)
    {
        var m = Matrix<double>.Build.DenseOfArray(covariance);
        var scale = m.Enumerate().Max(Math.Abs);
        if (m.RowCount != m.ColumnCount || !double.IsFinite(scale) || (m - m.Transpose()).Enumerate().Max(Math.Abs) > 1e-9 * scale)
            throw new InputException($"{what} is not a symmetric matrix of finite numbers");
        try
        {
            return m.Cholesky().Factor;
        }
        catch (ArgumentException e)
        {
            throw new InputException($"{what} is not positive definite", inner: e);
        }
    }
}
