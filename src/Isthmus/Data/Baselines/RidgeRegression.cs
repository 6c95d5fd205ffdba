using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Data.Baselines;

/// <summary>
/// Linear regression with a penalty on the square of the weights: the minimum of Σ (y − xw − b)² + alpha |w|², b not penalised
/// (Hoerl, Kennard: "Ridge Regression", Technometrics 1970). Solved exactly by a Cholesky decomposition of XᵀX + alpha I.
/// </summary>
public sealed class RidgeRegression
{
    private readonly double[] _weights; // [k, d]
    private readonly double[] _bias;

    private RidgeRegression(double[] weights, double[] bias) => (_weights, _bias) = (weights, bias);

    /// <summary>How many numbers are predicted for a row.</summary>
    public int Outputs => _bias.Length;

    /// <summary>Fits weights.</summary>
    /// <param name="x">Training rows.</param>
    /// <param name="y">[rows, k] numbers to predict.</param>
    /// <param name="k">How many numbers a row has.</param>
    /// <param name="alpha">The penalty, positive.</param>
    public static RidgeRegression Fit(Matrix x, ReadOnlySpan<float> y, int k, double alpha = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(alpha);
        if (y.Length != x.Rows * k || x.Rows == 0) throw new ArgumentException($"RidgeRegression: {y.Length} targets for {x.Rows} rows of {k}");
        var (mean, d) = (Dense.Mean(x), x.Columns);
        var centred = Dense.Centred(x, mean);
        var gram = Dense.Gram(centred, x.Rows, d);
        for (var i = 0; i < d; i++) gram[i, i] += alpha;
        var solver = Matrix<double>.Build.DenseOfArray(gram).Cholesky();
        var (weights, bias) = (new double[k * d], new double[k]);
        for (var o = 0; o < k; o++)
        {
            double sum = 0;
            for (var row = 0; row < x.Rows; row++) sum += y[row * k + o];
            bias[o] = sum / x.Rows;
            var right = new double[d];
            for (var row = 0; row < x.Rows; row++) Dense.Add(y[row * k + o] - bias[o], centred.AsSpan(row * d, d), right);
            var w = solver.Solve(Vector<double>.Build.Dense(right)).AsArray();
            w.CopyTo(weights, o * d);
            bias[o] -= Dense.Dot(w, mean);
        }
        return new RidgeRegression(weights, bias);
    }

    /// <summary>Predictions [rows, k].</summary>
    public double[] Predict(Matrix x)
    {
        var (k, d) = (Outputs, x.Columns);
        var to = new double[x.Rows * k];
        for (var row = 0; row < x.Rows; row++)
        {
            var values = x.Row(row);
            for (var o = 0; o < k; o++)
            {
                var sum = _bias[o];
                for (var c = 0; c < d; c++) sum += values[c] * _weights[o * d + c];
                to[row * k + o] = sum;
            }
        }
        return to;
    }
}
