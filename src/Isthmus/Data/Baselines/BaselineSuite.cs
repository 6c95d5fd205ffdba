using System.Diagnostics;

namespace Isthmus.Data.Baselines;

/// <summary>What a baseline reaches on the test rows.</summary>
/// <param name="Name">majority, mean, logistic, ridge, nearest, boosting, last-value, seasonal.</param>
/// <param name="Accuracy">Classes: the share of right answers in [0, 1]; otherwise null.</param>
/// <param name="NllNats">Classes: mean negative log-likelihood in nats; null where a baseline gives no probabilities.</param>
/// <param name="Rmse">Numbers: root of the mean squared error over all target columns, in the column's units (standardised units where
/// there are several columns); otherwise null.</param>
/// <param name="R2">Numbers: 1 less the mean squared error over the variance of the test rows, averaged over the columns; otherwise null.</param>
/// <param name="Seconds">Time for fitting and predicting.</param>
public sealed record BaselineResult(string Name, double? Accuracy, double? NllNats, double? Rmse, double? R2, double Seconds);

/// <summary>The baselines that fit a data set's target, fitted on its training rows and judged on its test rows.</summary>
public static class BaselineSuite
{
    private const double LeastProbability = 1e-12;

    /// <summary>The work, in multiplications, beyond which a baseline other than the first two is left out unless asked for.</summary>
    private const double MostWork = 2e11;

    /// <summary>Runs every baseline that suits the target: for classes majority, logistic, nearest and boosting; for numbers mean, ridge,
    /// nearest and boosting; for series last value and seasonal as well. Index columns are one-hot for all of them.</summary>
    /// <param name="loaded">Data with a class or continuous target and a test part.</param>
    /// <param name="full">Whether slow ones are run too; otherwise only the trivial and the linear one.</param>
    /// <param name="season">Steps in a season of a series, or null for none.</param>
    /// <returns>Results in the order above; empty without a target or without test rows.</returns>
    public static IReadOnlyList<BaselineResult> Run(LoadedData loaded, bool full = false, int? season = null)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        var (data, split) = (loaded.Data, loaded.Split);
        if (split.Test.Length == 0 || data.FeatureSize == 0 && data.Indices is null) return [];
        return data.Target switch
        {
            ClassTarget target => Classes(data, split, target, full),
            ContinuousTarget target => Numbers(data, split, target, full, season),
            _ => [],
        };
    }

    private static List<BaselineResult> Classes(Dataset data, Split split, ClassTarget target, bool full)
    {
        var classes = target.Classes.Count;
        var labels = split.Train.Select(r => target.Labels[r]).ToArray();
        var truth = split.Test.Select(r => target.Labels[r]).ToArray();
        var (train, test) = (Inputs(data, split.Train), Inputs(data, split.Test));
        var results = new List<BaselineResult>
        {
            Timed("majority", () => Judge(Repeat(Shares(labels, classes), truth.Length), truth, classes)),
            Timed("logistic", () => Judge(LogisticRegression.Fit(train, labels, classes, tolerance: 1e-3, most: 200).Predict(test), truth, classes)),
        };
        if (!full) return results;
        if ((double)train.Rows * test.Rows * train.Columns < MostWork && train.Rows >= 5)
            results.Add(Timed("nearest", () => new BaselineResult("", truth.Zip(new NearestNeighbours(train).Classify(test, labels, classes)).Average(p => p.First == p.Second ? 1.0 : 0), null, null, null, 0)));
        if ((double)train.Rows * train.Columns * classes * 1000 < MostWork)
            results.Add(Timed("boosting", () => Judge(HistogramGradientBoosting.FitClassification(train, labels, classes).Predict(test), truth, classes)));
        return results;
    }

    private static List<BaselineResult> Numbers(Dataset data, Split split, ContinuousTarget target, bool full, int? season)
    {
        var k = target.Width;
        var y = Dataset.PickRows(target.Values, k, split.Train);
        var truth = Dataset.PickRows(target.Values, k, split.Test);
        var (train, test) = (Inputs(data, split.Train), Inputs(data, split.Test));
        BaselineResult Judged(double[] predicted) => Judge(predicted, truth, target);
        var means = Enumerable.Range(0, k).Select(c => Enumerable.Range(0, train.Rows).Average(r => (double)y[r * k + c])).ToArray();
        var results = new List<BaselineResult>
        {
            Timed("mean", () => Judged(Repeat(means, test.Rows))),
            Timed("ridge", () => Judged(RidgeRegression.Fit(train, y, k).Predict(test))),
        };
        if (data.Kind == DataKind.Series)
        {
            results.Add(Timed("last-value", () => Judged(SeriesForecasts.LastValue(data, split.Test))));
            if (season is { } steps && steps <= data.FeatureShape[0]) results.Add(Timed("seasonal", () => Judged(SeriesForecasts.Seasonal(data, split.Test, steps))));
        }
        if (!full) return results;
        if ((double)train.Rows * test.Rows * train.Columns < MostWork && train.Rows >= 5)
            results.Add(Timed("nearest", () => Judged(new NearestNeighbours(train).Regress(test, y, k))));
        if ((double)train.Rows * train.Columns * k * 1000 < MostWork)
            results.Add(Timed("boosting", () => Judged(Boosted(train, test, y, k))));
        return results;
    }

    // One model a column.
    private static double[] Boosted(Matrix train, Matrix test, float[] y, int k)
    {
        var to = new double[test.Rows * k];
        for (var c = 0; c < k; c++)
        {
            var at = c;
            var predicted = HistogramGradientBoosting.FitRegression(train, [.. Enumerable.Range(0, train.Rows).Select(r => y[r * k + at])]).Predict(test);
            for (var row = 0; row < test.Rows; row++) to[row * k + c] = predicted[row];
        }
        return to;
    }

    private static Matrix Inputs(Dataset data, int[] rows)
    {
        if (data.Indices is not { } indices) return Matrix.Of(data, rows);
        var starts = new int[indices.Columns];
        var width = data.FeatureSize;
        for (var c = 0; c < indices.Columns; c++) (starts[c], width) = (width, width + indices.Cardinalities[indices.Cardinalities.Count == 1 ? 0 : c]);
        var values = new float[checked(rows.Length * width)];
        for (var i = 0; i < rows.Length; i++)
        {
            data.Row(rows[i]).CopyTo(values.AsSpan(i * width));
            var row = indices.Row(rows[i]);
            for (var c = 0; c < row.Length; c++) values[i * width + starts[c] + row[c]] = 1;
        }
        return new Matrix(values, rows.Length, width);
    }

    private static double[] Shares(int[] labels, int classes)
    {
        var shares = new double[classes];
        foreach (var label in labels) shares[label] += 1.0 / labels.Length;
        return shares;
    }

    private static double[] Repeat(double[] row, int count) => [.. Enumerable.Range(0, count).SelectMany(_ => row)];

    private static BaselineResult Judge(double[] probabilities, int[] truth, int classes)
    {
        double right = 0, nll = 0;
        for (var row = 0; row < truth.Length; row++)
        {
            var p = probabilities.AsSpan(row * classes, classes);
            var best = 0;
            for (var k = 1; k < classes; k++)
                if (p[k] > p[best]) best = k;
            if (best == truth[row]) right++;
            nll -= Math.Log(Math.Max(p[truth[row]], LeastProbability));
        }
        return new BaselineResult("", right / truth.Length, nll / truth.Length, null, null, 0);
    }

    private static BaselineResult Judge(double[] predicted, float[] truth, ContinuousTarget target)
    {
        var (k, n) = (target.Width, truth.Length / target.Width);
        double squares = 0, r2 = 0;
        for (var c = 0; c < k; c++)
        {
            double error = 0, mean = 0, variance = 0;
            for (var row = 0; row < n; row++) mean += truth[row * k + c] / (double)n;
            for (var row = 0; row < n; row++)
            {
                error += Math.Pow(truth[row * k + c] - predicted[row * k + c], 2);
                variance += Math.Pow(truth[row * k + c] - mean, 2);
            }
            squares += error / n / k;
            r2 += (variance > 0 ? 1 - error / variance : 0) / k;
        }
        return new BaselineResult("", null, null, Math.Sqrt(squares) * (k == 1 ? target.Scale[0] : 1), r2, 0);
    }

    private static BaselineResult Timed(string name, Func<BaselineResult> run)
    {
        var clock = Stopwatch.StartNew();
        return run() with { Name = name, Seconds = clock.Elapsed.TotalSeconds };
    }
}
