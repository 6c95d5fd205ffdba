namespace Isthmus.Data.Baselines;

/// <summary>
/// Multinomial logistic regression with an elastic net: the minimum over W, b of
/// mean cross-entropy (nats) + alpha · (l1 · |W|₁ + (1 − l1)/2 · |W|²), b not penalised
/// (Zou, Hastie: "Regularization and Variable Selection via the Elastic Net", JRSS B 2005). scikit-learn's C is 1 / (alpha n).
/// </summary>
/// <remarks>Accelerated proximal gradients with restarts (Beck, Teboulle: "A Fast Iterative Shrinkage-Thresholding Algorithm", SIAM J.
/// Imaging Sci. 2009; O'Donoghue, Candès: "Adaptive Restart for Accelerated Gradient Schemes", 2015). It has converged where the
/// proximal gradient step, in units of the gradient, is below the tolerance in every coordinate.</remarks>
public sealed class LogisticRegression
{
    private const int Block = 256;
    private readonly double[] _weights; // [classes, d + 1], bias last

    private LogisticRegression(double[] weights, int classes, int iterations, double residual) =>
        (_weights, Classes, Iterations, Residual) = (weights, classes, iterations, residual);

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>Steps taken.</summary>
    public int Iterations { get; }

    /// <summary>The greatest coordinate of the last proximal gradient: 0 at the exact minimum.</summary>
    public double Residual { get; }

    /// <summary>Weights of features that are not exactly zero.</summary>
    public int NonZero => Enumerable.Range(0, _weights.Length).Count(i => (i + 1) % (_weights.Length / Classes) != 0 && _weights[i] != 0);

    /// <summary>Fits weights.</summary>
    /// <param name="x">Training rows, best standardised.</param>
    /// <param name="labels">For each row a class, 0..classes-1.</param>
    /// <param name="classes">2 or more.</param>
    /// <param name="alpha">The strength of the penalty, not negative.</param>
    /// <param name="l1">Its share of absolute values, in [0, 1].</param>
    /// <param name="tolerance">When to stop, in nats per unit of weight.</param>
    /// <param name="most">The greatest number of steps.</param>
    public static LogisticRegression Fit(Matrix x, ReadOnlySpan<int> labels, int classes, double alpha = 1e-4, double l1 = 0, double tolerance = 1e-4, int most = 1000)
    {
        if (labels.Length != x.Rows || x.Rows == 0) throw new ArgumentException($"LogisticRegression: {labels.Length} labels for {x.Rows} rows");
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(alpha);
        if (!(l1 >= 0 && l1 <= 1)) throw new ArgumentOutOfRangeException(nameof(l1), l1, "expected 0 to 1");
        var d = x.Columns + 1;
        var rows = new double[(long)x.Rows * d];
        for (var row = 0; row < x.Rows; row++)
        {
            var from = x.Row(row);
            for (var c = 0; c < from.Length; c++) rows[row * d + c] = from[c];
            rows[row * d + d - 1] = 1;
        }
        var y = labels.ToArray();
        // The Hessian of the cross-entropy is at most XᵀX / (2n).
        var step = 1 / (0.5 * LargestEigenvalue(rows, x.Rows, d) + alpha * (1 - l1));
        var (w, ahead, gradient, next) = (new double[classes * d], new double[classes * d], new double[classes * d], new double[classes * d]);
        var (momentum, residual, iteration) = (1.0, double.PositiveInfinity, 0);
        while (iteration < most && residual > tolerance)
        {
            Gradient(rows, y, ahead, classes, d, gradient);
            residual = 0;
            double against = 0;
            for (var i = 0; i < w.Length; i++)
            {
                var free = (i + 1) % d == 0;
                var g = gradient[i] + (free ? 0 : alpha * (1 - l1) * ahead[i]);
                next[i] = Shrink(ahead[i] - step * g, free ? 0 : step * alpha * l1);
                residual = Math.Max(residual, Math.Abs(next[i] - ahead[i]) / step);
                against += (ahead[i] - next[i]) * (next[i] - w[i]);
            }
            if (against > 0) momentum = 1; // the last steps point uphill: forget them
            var following = (1 + Math.Sqrt(1 + 4 * momentum * momentum)) / 2;
            var reach = (momentum - 1) / following;
            for (var i = 0; i < w.Length; i++) ahead[i] = next[i] + reach * (next[i] - w[i]);
            (w, next, momentum) = (next, w, following);
            iteration++;
        }
        return new LogisticRegression(w, classes, iteration, residual);
    }

    /// <summary>Probabilities [rows, classes].</summary>
    public double[] Predict(Matrix x)
    {
        var d = x.Columns + 1;
        var to = new double[x.Rows * Classes];
        var values = new double[d];
        values[^1] = 1;
        for (var row = 0; row < x.Rows; row++)
        {
            var from = x.Row(row);
            for (var c = 0; c < from.Length; c++) values[c] = from[c];
            var p = to.AsSpan(row * Classes, Classes);
            for (var k = 0; k < Classes; k++) p[k] = Dense.Dot(values, _weights.AsSpan(k * d, d));
            Softmax(p);
        }
        return to;
    }

    internal static void Softmax(Span<double> p)
    {
        double most = double.NegativeInfinity, sum = 0;
        foreach (var v in p) most = Math.Max(most, v);
        for (var k = 0; k < p.Length; k++) sum += p[k] = Math.Exp(p[k] - most);
        for (var k = 0; k < p.Length; k++) p[k] /= sum;
    }

    private static double Shrink(double value, double by) => value > by ? value - by : value < -by ? value + by : 0;

    // Blocks of rows are summed in their order, whoever computed them.
    private static void Gradient(double[] rows, int[] labels, double[] weights, int classes, int d, double[] gradient)
    {
        var blocks = (labels.Length + Block - 1) / Block;
        var parts = new double[blocks][];
        Dense.For(blocks, b =>
        {
            var part = parts[b] = new double[weights.Length];
            var p = new double[classes];
            for (var row = b * Block; row < Math.Min(labels.Length, (b + 1) * Block); row++)
            {
                var values = rows.AsSpan(row * d, d);
                for (var k = 0; k < classes; k++) p[k] = Dense.Dot(values, weights.AsSpan(k * d, d));
                Softmax(p);
                p[labels[row]] -= 1;
                for (var k = 0; k < classes; k++) Dense.Add(p[k] / labels.Length, values, part.AsSpan(k * d, d));
            }
        });
        Array.Clear(gradient);
        foreach (var part in parts) Dense.Add(1, part, gradient);
    }

    // Of XᵀX / n, by power iteration; a tenth is added because it is approached from below.
    private static double LargestEigenvalue(double[] rows, int n, int d)
    {
        var v = new double[d];
        Array.Fill(v, 1 / Math.Sqrt(d));
        double value = 1;
        for (var i = 0; i < 30; i++)
        {
            var next = new double[d];
            for (var row = 0; row < n; row++) Dense.Add(Dense.Dot(rows.AsSpan(row * d, d), v) / n, rows.AsSpan(row * d, d), next);
            value = Math.Sqrt(Dense.Dot(next, next));
            for (var c = 0; c < d; c++) v[c] = next[c] / value;
        }
        return 1.1 * value;
    }
}
