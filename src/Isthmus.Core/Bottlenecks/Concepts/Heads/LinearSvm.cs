using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How a linear support vector machine is fitted.</summary>
public sealed record LinearSvmOptions
{
    /// <summary>What an error costs, above 0.</summary>
    public double C { get; init; } = 1;

    /// <summary>Whether errors count squared.</summary>
    public bool Squared { get; init; }

    /// <summary>Whether errors on the rarer side cost more, in inverse proportion to its rows.</summary>
    public bool Balanced { get; init; }

    /// <summary>When to stop: the range of the projected gradients of the dual.</summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>Rounds through the rows, at most.</summary>
    public int MaxEpochs { get; init; } = 1000;
}

/// <summary>
/// A linear support vector machine by coordinate descent on its dual (Hsieh, Chang, Lin, Keerthi, Sundararajan: "A Dual Coordinate
/// Descent Method for Large-scale Linear SVM", ICML 2008, algorithm 1): the least (|w|² + b²)/2 + C Σ max(0, 1 - y (w x + b)), errors
/// squared or not; the bias is the weight of a feature that is always 1, as in LIBLINEAR.
/// </summary>
/// <param name="Weight">[features].</param>
/// <param name="Bias">Added to w x.</param>
/// <param name="Epochs">Rounds that were made.</param>
public sealed record LinearSvm(double[] Weight, double Bias, int Epochs)
{
    /// <summary>Fits a machine.</summary>
    /// <param name="features">[rows, features], finite; best standardised.</param>
    /// <param name="positive">For each row, whether it lies on the positive side.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">Sizes that do not fit, or one side has no rows.</exception>
    public static LinearSvm Fit(Tensor features, ReadOnlySpan<bool> positive, LinearSvmOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        var o = options ?? new LinearSvmOptions();
        if (!(o.C > 0) || !double.IsFinite(o.C)) throw new ArgumentOutOfRangeException(nameof(options), o.C, "C: a number above 0 is expected");
        if (features.Dim != 2 || features.Size(0) != positive.Length) throw new ArgumentException($"linear svm: {positive.Length} labels for [{string.Join(", ", features.Shape.ToArray())}]");
        var (n, d) = (features.Size(0), features.Size(1));
        var count = positive.Count(true);
        if (count == 0 || count == n) throw new ArgumentException($"linear svm: {count} of {n} rows are positive, and both sides need some");
        var rows = new double[n * (d + 1)];
        var y = new double[n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < d; j++) rows[(i * (d + 1)) + j] = features.Data[(i * d) + j];
            rows[(i * (d + 1)) + d] = 1;
            y[i] = positive[i] ? 1 : -1;
        }
        double CostOf(int i) => o.Balanced ? o.C * n / (2.0 * (y[i] > 0 ? count : n - count)) : o.C;
        return Descend(rows, y, d + 1, [.. Enumerable.Range(0, n).Select(CostOf)], o);
    }

    private static unsafe LinearSvm Descend(double[] rows, double[] y, int width, double[] cost, LinearSvmOptions o)
    {
        var n = y.Length;
        var (w, alpha, curvature) = (new double[width], new double[n], new double[n]);
        var order = Enumerable.Range(0, n).ToArray();
        var random = new RandomStream(0).Fork("svm");
        var epoch = 0;
        fixed (double* x = rows, weight = w)
        {
            for (var i = 0; i < n; i++) curvature[i] = Dense.Dot(x + ((long)i * width), x + ((long)i * width), width) + (o.Squared ? 1 / (2 * cost[i]) : 0);
            while (epoch < o.MaxEpochs)
            {
                epoch++;
                random.Shuffle(order.AsSpan());
                var (high, low) = (double.NegativeInfinity, double.PositiveInfinity);
                foreach (var i in order)
                {
                    var row = x + ((long)i * width);
                    var g = (y[i] * Dense.Dot(row, weight, width)) - 1 + (o.Squared ? alpha[i] / (2 * cost[i]) : 0);
                    var upper = o.Squared ? double.PositiveInfinity : cost[i];
                    var projected = alpha[i] == 0 ? Math.Min(g, 0) : alpha[i] >= upper ? Math.Max(g, 0) : g;
                    (high, low) = (Math.Max(high, projected), Math.Min(low, projected));
                    if (Math.Abs(projected) < 1e-14) continue;
                    var next = Math.Clamp(alpha[i] - (g / curvature[i]), 0, upper);
                    Dense.Add(weight, (next - alpha[i]) * y[i], row, width);
                    alpha[i] = next;
                }
                if (high - low <= o.Tolerance) break;
            }
        }
        return new LinearSvm(w[..^1], w[^1], epoch);
    }
}
