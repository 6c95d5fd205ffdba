using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How a path is walked.</summary>
public sealed record ElasticNetOptions
{
    /// <summary>The share of absolute values in the penalty, above 0 and at most 1; the rest is half the square.</summary>
    public double Alpha { get; init; } = 0.99;

    /// <summary>How many lambdas, evenly spaced in their logarithm, at least 1.</summary>
    public int Lambdas { get; init; } = 100;

    /// <summary>The least lambda as a share of the greatest, above 0 and below 1.</summary>
    public double Ratio { get; init; } = 1e-3;

    /// <summary>The violation of the optimality conditions that may remain, as a share of lambda.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Rounds through the classes at each lambda, at most.</summary>
    public int MaxIterations { get; init; } = 500;
}

/// <summary>The minimum at one lambda.</summary>
public sealed class ElasticNetPoint
{
    private readonly double[] _weights; // [logits, d + 1] over standardised features, the bias last
    private readonly StandardColumns _columns;
    private readonly int _classes;

    internal ElasticNetPoint(double lambda, MultinomialNewton at, StandardColumns columns, int classes)
    {
        (Lambda, _weights, _columns, _classes) = (lambda, [.. at.Weights], columns, classes);
        (Objective, Loss, Violation, Iterations) = (at.Objective(lambda), at.Loss, at.Violation, at.Iterations);
    }

    /// <summary>The strength of the penalty.</summary>
    public double Lambda { get; }

    /// <summary>Mean cross-entropy and penalty, in nats.</summary>
    public double Objective { get; }

    /// <summary>The mean cross-entropy of the training rows, in nats.</summary>
    public double Loss { get; }

    /// <summary>
    /// The greatest violation of the Karush–Kuhn–Tucker conditions, in nats per unit of a standardised feature's weight: 0 at the exact
    /// minimum; compare it with <see cref="Lambda"/>.
    /// </summary>
    public double Violation { get; }

    /// <summary>Rounds through the classes.</summary>
    public int Iterations { get; }

    /// <summary>Weights that are not exactly 0, a binary model's counted once.</summary>
    public int NonZeros
    {
        get
        {
            var count = 0;
            for (var i = 0; i < _weights.Length; i++)
                if ((i + 1) % (_columns.Count + 1) != 0 && _weights[i] != 0) count++;
            return count;
        }
    }

    /// <summary>Non-zero weights per class: the number of effective concepts (Srivastava, Yan, Weng 2024); of two classes, those of the one logit.</summary>
    public double Nec => (double)NonZeros / Logits;

    /// <summary>The weights over standardised features with the bias last, [logits, features + 1]; one logit (of class 1) for two classes.</summary>
    public ReadOnlySpan<double> Standardized => _weights;

    internal int Logits => _weights.Length / (_columns.Count + 1);

    /// <summary>The head for features as they were given: logits = x weightᵀ + bias.</summary>
    /// <returns>Weight [classes, features] and bias [classes]; the one logit of two classes is shared out as -1/2 and +1/2 of it.</returns>
    public (Tensor Weight, Tensor Bias) Head()
    {
        var d = _columns.Count;
        var (weight, bias) = (Tensor.Zeros(_classes, d), Tensor.Zeros(_classes));
        for (var c = 0; c < _classes; c++)
        {
            var (k, share) = Logits == 1 ? (0, c == 0 ? -0.5 : 0.5) : (c, 1.0);
            var b = _weights[(k * (d + 1)) + d];
            for (var j = 0; j < d; j++)
            {
                var w = _weights[(k * (d + 1)) + j] / _columns.Scale[j];
                b -= w * _columns.Mean[j];
                weight.Data[(c * d) + j] = (float)(share * w);
            }
            bias.Data[c] = (float)(share * b);
        }
        return (weight, bias);
    }

    /// <summary>
    /// NCC: the mean over rows of the least number of contributions |w_j z_j| to the predicted class's logit, over standardised features
    /// z, that together make a share of all of them (Srivastava, Yan, Weng 2024).
    /// </summary>
    /// <param name="features">[rows, features], as they are.</param>
    /// <param name="share">In (0, 1].</param>
    public double Ncc(Tensor features, double share = 0.95)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (!(share > 0 && share <= 1)) throw new ArgumentOutOfRangeException(nameof(share), share, "a share above 0 and at most 1 is expected");
        var (weight, bias) = Head();
        var classes = features.MatMul(weight.Transpose(0, 1)) + bias;
        var (n, d) = (features.Size(0), _columns.Count);
        var parts = new double[d];
        long total = 0;
        for (var i = 0; i < n; i++)
        {
            var best = 0;
            for (var c = 1; c < _classes; c++)
                if (classes.Data[(i * _classes) + c] > classes.Data[(i * _classes) + best]) best = c;
            double sum = 0;
            for (var j = 0; j < d; j++)
                sum += parts[j] = Math.Abs(_weights[((Logits == 1 ? 0 : best) * (d + 1)) + j] * (features.Data[(i * d) + j] - _columns.Mean[j]) / _columns.Scale[j]);
            Array.Sort(parts);
            double covered = 0;
            for (var j = d - 1; j >= 0 && sum > 0 && covered < share * sum * (1 - 1e-12); j--, total++) covered += parts[j];
        }
        return n == 0 ? double.NaN : (double)total / n;
    }

    /// <summary>The share of rows whose class is the most probable one.</summary>
    /// <param name="features">[rows, features], as they are.</param>
    /// <param name="labels">[rows].</param>
    public double Accuracy(Tensor features, LongTensor labels)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        var (weight, bias) = Head();
        var logits = features.MatMul(weight.Transpose(0, 1)) + bias;
        var right = 0;
        for (var i = 0; i < labels.Numel; i++)
        {
            var row = logits.Data.Slice(i * _classes, _classes);
            var best = 0;
            for (var c = 1; c < _classes; c++)
                if (row[c] > row[best]) best = c;
            if (best == labels.Data[i]) right++;
        }
        return (double)right / labels.Numel;
    }
}

/// <summary>
/// Logistic regression with an elastic net over a whole path of penalties: the minimum over W, b of mean cross-entropy + lambda
/// ((1 - a)/2 |W|_F² + a |W|₁) on standardised features with free biases, from the lambda at which all weights are 0 down
/// (Zou and Hastie 2005; Wong, Santurkar, Mądry: "Leveraging Sparse Linear Layers for Debuggable Deep Networks", 2021, for heads over
/// concepts). Two classes share one logit. Every point's optimality conditions are checked over all weights.
/// </summary>
public sealed class ElasticNetPath
{
    private static readonly double[] s_anec = [5, 10, 15, 20, 25, 30];
    private readonly StandardColumns _columns;
    private readonly MultinomialNewton _newton;
    private readonly ElasticNetOptions _options;
    private readonly List<ElasticNetPoint> _points = [];

    private ElasticNetPath(StandardColumns columns, MultinomialNewton newton, int classes, ElasticNetOptions options) =>
        (_columns, _newton, Classes, _options) = (columns, newton, classes, options);

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The minima, from the greatest lambda down.</summary>
    public IReadOnlyList<ElasticNetPoint> Points => _points;

    /// <summary>The least lambda at which all weights are 0.</summary>
    public double LargestLambda => _newton.LargestLambda;

    /// <summary>The greatest violation of the optimality conditions along the path, as a share of the point's lambda.</summary>
    public double LargestViolation => _points.Max(p => p.Violation / p.Lambda);

    /// <summary>Walks the path.</summary>
    /// <param name="features">[rows, features], finite; they are standardised inside.</param>
    /// <param name="labels">[rows], each 0..classes-1.</param>
    /// <param name="classes">At least 2.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="lambdas">Falling penalties instead of those that the options make.</param>
    /// <exception cref="ArgumentException">Shapes, labels or numbers that do not fit.</exception>
    public static ElasticNetPath Fit(Tensor features, LongTensor labels, int classes, ElasticNetOptions? options = null, IReadOnlyList<double>? lambdas = null)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var o = Checked(options ?? new ElasticNetOptions());
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        var columns = new StandardColumns(features);
        if (labels.Numel != columns.Rows) throw new ArgumentException($"elastic net: {labels.Numel} labels for {columns.Rows} rows");
        var y = new int[labels.Numel];
        for (var i = 0; i < y.Length; i++)
            y[i] = labels.Data[i] is var label && label >= 0 && label < classes ? (int)label
                : throw new ArgumentException(FormattableString.Invariant($"elastic net: row {i} has the label {label}; 0 to {classes - 1} are expected"));
        var path = new ElasticNetPath(columns, new MultinomialNewton(columns, y, classes, o.Alpha), classes, o);
        var before = path.LargestLambda;
        foreach (var lambda in lambdas ?? Grid(before, o))
        {
            if (!(lambda > 0) || !double.IsFinite(lambda)) throw new ArgumentException(FormattableString.Invariant($"elastic net: lambda {lambda}: positive numbers are expected"));
            path._points.Add(path.Solve(lambda, before));
            before = lambda;
        }
        return path;
    }

    /// <summary>The minimum at a lambda between or beside those of the path.</summary>
    public ElasticNetPoint At(double lambda)
    {
        if (!(lambda > 0) || !double.IsFinite(lambda)) throw new ArgumentOutOfRangeException(nameof(lambda), lambda, "a positive number is expected");
        var start = _points.LastOrDefault(p => p.Lambda >= lambda) ?? _points[0];
        _newton.Restart(start.Standardized);
        return Solve(lambda, Math.Max(start.Lambda, lambda));
    }

    /// <summary>
    /// The least penalised minimum with at most so many non-zero weights per class: the first point of the path that has more, and
    /// the one before it, are closed in on by halving.
    /// </summary>
    /// <param name="target">Non-zero weights per class, not negative.</param>
    /// <param name="halvings">How often.</param>
    public ElasticNetPoint AtNec(double target, int halvings = 12)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(target);
        var first = _points.FindIndex(p => p.Nec > target);
        if (first < 0) return _points[^1];
        var (sparse, lambda) = first > 0 ? (_points[first - 1], _points[first].Lambda) : (At(Math.Max(LargestLambda, _points[0].Lambda) * 1.0001), _points[0].Lambda);
        var high = sparse.Lambda;
        for (var i = 0; i < halvings && sparse.Nec < target; i++)
        {
            var middle = Math.Sqrt(high * lambda);
            var point = At(middle);
            if (point.Nec > target) lambda = middle;
            else (sparse, high) = (point, middle);
        }
        return sparse;
    }

    /// <summary>ANEC: the mean accuracy at 5, 10, 15, 20, 25 and 30 non-zero weights per class (Srivastava, Yan, Weng 2024).</summary>
    /// <param name="features">[rows, features] of rows that the path was not fitted to.</param>
    /// <param name="labels">[rows].</param>
    public double Anec(Tensor features, LongTensor labels) => s_anec.Average(nec => AtNec(nec).Accuracy(features, labels));

    private ElasticNetPoint Solve(double lambda, double before)
    {
        _newton.Solve(lambda, before, _options.Tolerance, _options.MaxIterations);
        return new ElasticNetPoint(lambda, _newton, _columns, Classes);
    }

    private static double[] Grid(double largest, ElasticNetOptions o)
    {
        // Features that say nothing leave no path: one point with all weights 0.
        if (largest <= 1e-12) return [1];
        return [.. Enumerable.Range(0, o.Lambdas).Select(i => largest * Math.Pow(o.Ratio, i / Math.Max(1.0, o.Lambdas - 1)))];
    }

    private static ElasticNetOptions Checked(ElasticNetOptions o)
    {
        if (!(o.Alpha > 0 && o.Alpha <= 1)) throw new ArgumentOutOfRangeException(nameof(o), o.Alpha, "alpha: a number above 0 and at most 1 is expected");
        ArgumentOutOfRangeException.ThrowIfLessThan(o.Lambdas, 1);
        if (!(o.Ratio > 0 && o.Ratio < 1)) throw new ArgumentOutOfRangeException(nameof(o), o.Ratio, "ratio: a number between 0 and 1 is expected");
        if (!(o.Tolerance > 0)) throw new ArgumentOutOfRangeException(nameof(o), o.Tolerance, "tolerance: a number above 0 is expected");
        ArgumentOutOfRangeException.ThrowIfLessThan(o.MaxIterations, 1);
        return o;
    }
}
