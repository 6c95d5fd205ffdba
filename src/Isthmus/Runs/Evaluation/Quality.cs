using System.Text.Json.Serialization;
using Isthmus.Data;
using Isthmus.Information;

namespace Isthmus.Runs;

/// <summary>How good answers are; what has no meaning for the task is null.</summary>
public sealed record Quality
{
    /// <summary>Share of right classes, or of right next tokens.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Mean of the classes' F1 (those that occur or are predicted).</summary>
    [JsonPropertyName("f1_macro")]
    public double? F1Macro { get; init; }

    /// <summary>Area under the receiver's curve for two classes, the second being positive.</summary>
    public double? Auc { get; init; }

    /// <summary>Survival: the share of comparable pairs whose risks are in the right order (Harrell et al. 1982), ties counting half.</summary>
    public double? Concordance { get; init; }

    /// <summary>Lower end of its 95 % interval (jackknife over rows).</summary>
    public double? ConcordanceLow { get; init; }

    /// <summary>Upper end of its 95 % interval.</summary>
    public double? ConcordanceHigh { get; init; }

    /// <summary>Mean negative log-likelihood, bits a row, of a text bits a token (characters: bits per character), of survival of the partial likelihood, bits an event; of numbers a density in the target's units.</summary>
    public double? NllBits { get; init; }

    /// <summary>Root of the mean squared error in the target's units; the mean over several columns' squares.</summary>
    public double? Rmse { get; init; }

    /// <summary>Share of the target's variance that is explained, mean over columns.</summary>
    [JsonPropertyName("r2")]
    public double? R2 { get; init; }

    /// <summary>Mean squared error: of a number in the target's units, or of one number of a reconstruction.</summary>
    public double? Mse { get; init; }

    /// <summary>Reconstructions of sound: the mean over rows of the scale-invariant ratio of signal to distortion, dB (<see cref="SoundQuality.SiSdrDb"/>); silent rows do
    /// not count.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? SiSdrDb { get; init; }

    /// <summary>What answering without looking would reach: the accuracy of the training rows' most frequent class, the RMSE (or the
    /// MSE of a reconstruction) of their mean.</summary>
    public double? MajorityOrMean { get; init; }

    /// <summary>The one number that stands for it, its name, and whether more is better.</summary>
    [JsonIgnore]
    public (string Name, double Value, bool MoreIsBetter) Main => Accuracy is { } a ? ("accuracy", a, true) : Concordance is { } c ? ("concordance", c, true) : R2 is { } r ? ("R²", r, true) : ("MSE", Mse ?? double.NaN, false);

    /// <summary>The quality of a model's answers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The data.</param>
    /// <param name="training">Rows it learnt from, for the answer without looking; empty where they are not at hand.</param>
    /// <param name="outcomes">The answers.</param>
    /// <param name="trainingData">What the numbers of <paramref name="training"/> point into; null for <paramref name="data"/>.</param>
    public static Quality Of(Model model, Dataset data, ReadOnlySpan<int> training, Outcomes outcomes, Dataset? trainingData = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(outcomes);
        if (outcomes.Rows.Length == 0) return new Quality();
        var learnt = trainingData ?? data;
        return data.Target switch
        {
            ClassTarget target when model.Task == RunTask.Classification => OfClasses(target, (ClassTarget)learnt.Target!, training, outcomes),
            TokenTarget target when model.Task == RunTask.NextToken => OfTokens(target, (TokenTarget)learnt.Target!, training, outcomes),
            SurvivalTarget target when model.Task == RunTask.Survival => Survival.QualityOf(target, outcomes),
            ContinuousTarget target when model.Task is RunTask.Regression or RunTask.Forecast => OfNumbers(target, (ContinuousTarget)learnt.Target!, training, outcomes),
            _ => OfReconstruction(data, learnt, training, outcomes),
        };
    }

    /// <summary>counts[t][p]: how many rows of class t were taken for class p.</summary>
    public static long[][] Confusion(ClassTarget target, Outcomes outcomes)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(outcomes);
        var counts = new long[target.Classes.Count][];
        for (var c = 0; c < counts.Length; c++) counts[c] = new long[counts.Length];
        for (var i = 0; i < outcomes.Rows.Length; i++) counts[target.Labels[outcomes.Rows[i]]][outcomes.Class(i)]++;
        return counts;
    }

    private static Quality OfClasses(ClassTarget target, ClassTarget learnt, ReadOnlySpan<int> training, Outcomes outcomes)
    {
        var counts = Confusion(target, outcomes);
        var right = 0L;
        var f1 = new List<double>();
        for (var c = 0; c < counts.Length; c++)
        {
            right += counts[c][c];
            var seen = counts[c].Sum() + counts.Sum(row => row[c]);
            if (seen > 0) f1.Add(2.0 * counts[c][c] / seen);
        }
        return new Quality
        {
            Accuracy = (double)right / outcomes.Rows.Length,
            F1Macro = f1.Average(),
            Auc = counts.Length == 2 ? AreaUnderCurve(target, outcomes) : null,
            NllBits = Bits.FromNats(outcomes.NllNats.Average()).Value,
            MajorityOrMean = Majority(target, learnt, training, outcomes),
        };
    }

    private static Quality OfTokens(TokenTarget target, TokenTarget learnt, ReadOnlySpan<int> training, Outcomes outcomes)
    {
        double? blind = null;
        if (!training.IsEmpty)
        {
            var counts = new int[target.Classes.Count];
            foreach (var row in training)
                foreach (var token in learnt.Row(row)) counts[token]++;
            var most = Array.IndexOf(counts, counts.Max());
            blind = outcomes.Rows.Count(u => target.Labels[u] == most) / (double)outcomes.Rows.Length;
        }
        return new Quality
        {
            Accuracy = Enumerable.Range(0, outcomes.Rows.Length).Count(i => outcomes.Class(i) == target.Labels[outcomes.Rows[i]]) / (double)outcomes.Rows.Length,
            NllBits = Bits.FromNats(outcomes.NllNats.Average()).Value,
            MajorityOrMean = blind,
        };
    }

    private static double? Majority(ClassTarget target, ClassTarget learnt, ReadOnlySpan<int> training, Outcomes outcomes)
    {
        if (training.IsEmpty) return null;
        var counts = learnt.CountOf(training);
        var most = Array.IndexOf(counts, counts.Max());
        return outcomes.Rows.Count(r => target.Labels[r] == most) / (double)outcomes.Rows.Length;
    }

    // The share of pairs (positive, negative) in the right order, ties counting half (Mann and Whitney).
    private static double? AreaUnderCurve(ClassTarget target, Outcomes outcomes) => ConceptQuality.AreaUnderCurve(
        [.. Enumerable.Range(0, outcomes.Rows.Length).Select(i => (double)outcomes.Answer(i)[1])], [.. outcomes.Rows.Select(row => target.Labels[row] == 1)]);

    private static Quality OfNumbers(ContinuousTarget target, ContinuousTarget learnt, ReadOnlySpan<int> training, Outcomes outcomes)
    {
        double error = 0, explained = 0, blind = 0, logScale = 0;
        for (var c = 0; c < target.Width; c++)
        {
            double sum = 0, squares = 0, wrong = 0, away = 0, start = 0;
            foreach (var row in training) start += learnt.Values[(row * target.Width) + c];
            if (training.Length > 0) start /= training.Length;
            for (var i = 0; i < outcomes.Rows.Length; i++)
            {
                double y = target.Values[(outcomes.Rows[i] * target.Width) + c], difference = outcomes.Answer(i)[c] - y;
                wrong += difference * difference;
                away += (y - start) * (y - start);
                sum += y;
                squares += y * y;
            }
            var n = outcomes.Rows.Length;
            var variance = squares - (sum * sum / n);
            var unit = target.Scale[c] * target.Scale[c] / n;
            error += wrong * unit;
            blind += away * unit;
            explained += variance > 0 ? 1 - (wrong / variance) : 0;
            logScale += Math.Log(target.Scale[c]);
        }
        return new Quality
        {
            NllBits = Bits.FromNats(outcomes.NllNats.Average() + logScale).Value,
            Mse = error / target.Width,
            Rmse = Math.Sqrt(error / target.Width),
            R2 = explained / target.Width,
            MajorityOrMean = training.IsEmpty ? null : Math.Sqrt(blind / target.Width),
        };
    }

    private static Quality OfReconstruction(Dataset data, Dataset learnt, ReadOnlySpan<int> training, Outcomes outcomes) => new()
    {
        NllBits = Bits.FromNats(outcomes.NllNats.Average()).Value,
        Mse = outcomes.SquaredErrors.Average(),
        SiSdrDb = outcomes.SiSdrDb?.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average() is { } ratio && double.IsFinite(ratio) ? ratio : null,
        MajorityOrMean = training.IsEmpty ? null : MeanError(data, learnt, training, outcomes.Rows),
    };

    // The mean squared error of answering with the mean of the training rows.
    private static double MeanError(Dataset data, Dataset learnt, ReadOnlySpan<int> training, int[] rows)
    {
        var mean = new double[data.FeatureSize];
        foreach (var row in training)
        {
            var values = learnt.Row(row);
            for (var j = 0; j < mean.Length; j++) mean[j] += values[j];
        }
        for (var j = 0; j < mean.Length; j++) mean[j] /= training.Length;
        var error = 0.0;
        foreach (var row in rows)
        {
            var values = data.Row(row);
            for (var j = 0; j < mean.Length; j++) error += (values[j] - mean[j]) * (values[j] - mean[j]);
        }
        return error / rows.Length / Math.Max(1, mean.Length);
    }
}
