namespace Isthmus.Data.Baselines;

/// <summary>How trees are grown and added up; the defaults are scikit-learn's.</summary>
public sealed record BoostingOptions
{
    /// <summary>What each tree's values are multiplied by, in (0, 1].</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Trees (for each class), 1 or more.</summary>
    public int Iterations { get; init; } = 100;

    /// <summary>Leaves of a tree at most, 2 or more.</summary>
    public int MaxLeaves { get; init; } = 31;

    /// <summary>Rows in a leaf at least, 1 or more.</summary>
    public int MinSamplesLeaf { get; init; } = 20;

    /// <summary>Penalty on the square of leaf values, not negative.</summary>
    public double L2 { get; init; }

    /// <summary>Bins of a column at most, 2 to 256.</summary>
    public int MaxBins { get; init; } = 255;
}

/// <summary>
/// Gradient boosting of trees on binned columns: least squares, or cross-entropy for classes (Friedman: "Greedy Function
/// Approximation: A Gradient Boosting Machine", Annals of Statistics 2001; Ke et al.: "LightGBM", NeurIPS 2017, algorithm 1, leaf-wise).
/// </summary>
public sealed class HistogramGradientBoosting
{
    private readonly List<BoostedTree[]> _trees = [];
    private readonly double[] _start;
    private readonly int _classes; // 0 for regression

    private HistogramGradientBoosting(double[] start, int classes) => (_start, _classes) = (start, classes);

    /// <summary>Fits a prediction of one number.</summary>
    /// <param name="x">Training rows.</param>
    /// <param name="y">A number for each row.</param>
    /// <param name="options">Null for the defaults.</param>
    public static HistogramGradientBoosting FitRegression(Matrix x, ReadOnlySpan<float> y, BoostingOptions? options = null)
    {
        options = Checked(x, y.Length, options);
        double mean = 0;
        foreach (var v in y) mean += v;
        mean /= y.Length;
        var model = new HistogramGradientBoosting([mean], 0);
        var (raw, gradients) = (new double[y.Length], new float[y.Length]);
        Array.Fill(raw, mean);
        var borders = new FeatureBins(x, options.MaxBins);
        var grower = new TreeGrower(borders.Of(x), borders, x.Rows, options);
        for (var i = 0; i < options.Iterations; i++)
        {
            for (var row = 0; row < gradients.Length; row++) gradients[row] = (float)(raw[row] - y[row]);
            model._trees.Add([grower.Grow(gradients, [], raw, 1, 0)]);
        }
        return model;
    }

    /// <summary>Fits probabilities of classes; two classes take one tree a round, more take one each.</summary>
    /// <param name="x">Training rows.</param>
    /// <param name="labels">For each row a class, 0..classes-1.</param>
    /// <param name="classes">2 or more.</param>
    /// <param name="options">Null for the defaults.</param>
    public static HistogramGradientBoosting FitClassification(Matrix x, ReadOnlySpan<int> labels, int classes, BoostingOptions? options = null)
    {
        options = Checked(x, labels.Length, options);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        var outputs = classes == 2 ? 1 : classes;
        var model = new HistogramGradientBoosting(Start(labels, classes), classes);
        var (raw, gradients, hessians) = (new double[labels.Length * outputs], new float[outputs][], new float[outputs][]);
        for (var k = 0; k < outputs; k++) (gradients[k], hessians[k]) = (new float[labels.Length], new float[labels.Length]);
        for (var i = 0; i < raw.Length; i++) raw[i] = model._start[i % outputs];
        var borders = new FeatureBins(x, options.MaxBins);
        var grower = new TreeGrower(borders.Of(x), borders, x.Rows, options);
        var p = new double[outputs];
        for (var i = 0; i < options.Iterations; i++)
        {
            for (var row = 0; row < labels.Length; row++)
            {
                raw.AsSpan(row * outputs, outputs).CopyTo(p);
                if (outputs == 1) p[0] = 1 / (1 + Math.Exp(-p[0]));
                else LogisticRegression.Softmax(p);
                for (var k = 0; k < outputs; k++)
                {
                    var hit = outputs == 1 ? labels[row] == 1 : labels[row] == k;
                    gradients[k][row] = (float)(p[k] - (hit ? 1 : 0));
                    hessians[k][row] = (float)(p[k] * (1 - p[k]));
                }
            }
            var round = new BoostedTree[outputs];
            for (var k = 0; k < outputs; k++) round[k] = grower.Grow(gradients[k], hessians[k], raw, outputs, k);
            model._trees.Add(round);
        }
        return model;
    }

    /// <summary>Predictions [rows] of a regression, or probabilities [rows, classes].</summary>
    public double[] Predict(Matrix x)
    {
        var outputs = _start.Length;
        var width = _classes == 0 ? 1 : _classes;
        var to = new double[x.Rows * width];
        Dense.For(x.Rows, row =>
        {
            var raw = new double[outputs];
            _start.CopyTo(raw, 0);
            var values = x.Row(row);
            foreach (var round in _trees)
                for (var k = 0; k < outputs; k++) raw[k] += round[k].Predict(values);
            if (_classes == 2) raw = [1 / (1 + Math.Exp(raw[0])), 1 / (1 + Math.Exp(-raw[0]))];
            else if (_classes > 2) LogisticRegression.Softmax(raw);
            raw.CopyTo(to, row * width);
        });
        return to;
    }

    // The log-odds of the classes' shares; a class without rows is taken to have a very small share.
    private static double[] Start(ReadOnlySpan<int> labels, int classes)
    {
        var share = new double[classes];
        foreach (var label in labels) share[label] += 1.0 / labels.Length;
        for (var k = 0; k < classes; k++) share[k] = Math.Max(share[k], 1e-10);
        if (classes == 2) return [Math.Log(share[1] / share[0])];
        var mean = share.Average(Math.Log);
        return [.. share.Select(s => Math.Log(s) - mean)];
    }

    private static BoostingOptions Checked(Matrix x, int targets, BoostingOptions? options)
    {
        options ??= new BoostingOptions();
        if (x.Rows == 0 || targets != x.Rows) throw new ArgumentException($"HistogramGradientBoosting: {targets} targets for {x.Rows} rows");
        if (!(options.LearningRate is > 0 and <= 1) || options.Iterations < 1 || options.MaxLeaves < 2 || options.MinSamplesLeaf < 1 || !(options.L2 >= 0) || options.MaxBins is < 2 or > 256)
            throw new ArgumentOutOfRangeException(nameof(options), options, "expected learning rate in (0, 1], iterations and samples of at least 1, 2 leaves or more, L2 not negative, 2 to 256 bins");
        return options;
    }
}
