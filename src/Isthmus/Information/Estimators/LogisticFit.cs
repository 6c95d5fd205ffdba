using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Information;

/// <summary>
/// Multinomial logistic regression by damped Newton steps on the penalised log likelihood, which is concave, so that the
/// result is the maximum whatever the start.
/// </summary>
internal sealed class LogisticFit
{
    private const int MostSteps = 60;
    private const double Tolerance = 1e-10;

    private readonly Matrix<double> _inputs; // n × (d + 1): standardised columns and a one
    private readonly int[] _labels;
    private readonly int _classes;
    private readonly double _ridge;
    private readonly Matrix<double> _weights; // (d + 1) × (classes − 1): the last class has score 0

    /// <summary>Fits the weights.</summary>
    public LogisticFit(Samples x, int[] labels, int classes, double ridge)
    {
        var deviations = Conditioning.Deviations(x);
        var d = x.Dimensions;
        (_labels, _classes, _ridge) = (labels, classes, ridge * labels.Length);
        _inputs = Matrix<double>.Build.Dense(x.Count, d + 1, (i, c) => c == d ? 1 : deviations[c] > 0 ? (x[i, c] - x[0, c]) / deviations[c] : 0);
        for (var c = 0; c < d; c++)
        {
            var column = _inputs.Column(c);
            _inputs.SetColumn(c, column - column.Average());
        }
        _weights = Matrix<double>.Build.Dense(d + 1, classes - 1);
        Fit();
    }

    /// <summary>ln p(label | x) of every row.</summary>
    public double[] LogProbabilities()
    {
        var p = Probabilities(_weights);
        var logs = new double[_labels.Length];
        for (var i = 0; i < logs.Length; i++) logs[i] = Math.Log(Math.Max(p[i, _labels[i]], 1e-300));
        return logs;
    }

    private void Fit()
    {
        var (m, k) = (_weights.RowCount, _classes - 1);
        var current = Objective(_weights);
        for (var step = 0; step < MostSteps; step++)
        {
            var p = Probabilities(_weights);
            var (gradient, hessian) = Derivatives(p, m, k);
            var direction = hessian.Cholesky().Solve(gradient);
            var improvement = direction * gradient;
            if (improvement < Tolerance * _labels.Length) return;
            var length = 1.0;
            while (true)
            {
                var trial = Matrix<double>.Build.Dense(m, k, (r, c) => _weights[r, c] + length * direction[c * m + r]);
                var value = Objective(trial);
                if (value >= current + 1e-4 * length * improvement || length < 1e-8)
                {
                    trial.CopyTo(_weights);
                    current = value;
                    break;
                }
                length *= 0.5;
            }
        }
    }

    private (Vector<double> Gradient, Matrix<double> Hessian) Derivatives(Matrix<double> p, int m, int k)
    {
        var gradient = Vector<double>.Build.Dense(m * k);
        var hessian = Matrix<double>.Build.Dense(m * k, m * k);
        for (var a = 0; a < k; a++)
        {
            var class1 = a;
            var residual = Vector<double>.Build.Dense(_labels.Length, i => (_labels[i] == class1 ? 1 : 0) - p[i, class1]);
            gradient.SetSubVector(a * m, m, _inputs.TransposeThisAndMultiply(residual) - _ridge * _weights.Column(a));
            for (var b = 0; b <= a; b++)
            {
                var class2 = b;
                var weighted = _inputs.MapIndexed((i, _, v) => v * p[i, class1] * ((class1 == class2 ? 1 : 0) - p[i, class2]));
                var part = _inputs.TransposeThisAndMultiply(weighted);
                if (a == b) part += Matrix<double>.Build.DenseIdentity(m) * (_ridge + 1e-12 * _labels.Length);
                hessian.SetSubMatrix(a * m, b * m, part);
                if (a != b) hessian.SetSubMatrix(b * m, a * m, part.Transpose());
            }
        }
        return (gradient, hessian);
    }

    private double Objective(Matrix<double> weights)
    {
        var p = Probabilities(weights);
        var sum = -0.5 * _ridge * weights.Enumerate().Sum(w => w * w);
        for (var i = 0; i < _labels.Length; i++) sum += Math.Log(Math.Max(p[i, _labels[i]], 1e-300));
        return sum;
    }

    private Matrix<double> Probabilities(Matrix<double> weights)
    {
        var scores = _inputs * weights;
        var p = Matrix<double>.Build.Dense(_labels.Length, _classes);
        for (var i = 0; i < _labels.Length; i++)
        {
            var top = 0.0;
            for (var c = 0; c < _classes - 1; c++) top = Math.Max(top, scores[i, c]);
            var sum = 0.0;
            for (var c = 0; c < _classes; c++)
            {
                p[i, c] = Math.Exp((c < _classes - 1 ? scores[i, c] : 0) - top);
                sum += p[i, c];
            }
            for (var c = 0; c < _classes; c++) p[i, c] /= sum;
        }
        return p;
    }
}
