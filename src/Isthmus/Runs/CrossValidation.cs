using System.Globalization;
using MathNet.Numerics.Distributions;

namespace Isthmus.Runs;

/// <summary>One training for each fold, and what they say together.</summary>
/// <param name="Run">The folder that holds a run for each fold.</param>
/// <param name="Folds">How many.</param>
/// <param name="Measure">What <paramref name="Mean"/> is of: accuracy, R² or MSE.</param>
/// <param name="Mean">Its mean over the folds' test rows.</param>
/// <param name="Low">The lower end of its 95 % interval.</param>
/// <param name="High">The upper end.</param>
/// <param name="Test">Every measure's mean over the folds.</param>
/// <param name="Runs">The runs, fold 0 first.</param>
public sealed record FoldsSummary(string Run, int Folds, string Measure, double Mean, double Low, double High, Quality Test, IReadOnlyList<RunSummary> Runs);

/// <summary>Trains a recipe on every fold of its data. A folder that was stopped is continued from what is there.</summary>
public static class CrossValidation
{
    private const string PlanName = "folds.yaml";

    /// <summary>Whether a folder holds a cross-validation, finished or not.</summary>
    public static bool IsFolder(string folder) => File.Exists(Path.Combine(folder, PlanName));

    /// <summary>Trains every fold.</summary>
    /// <param name="plan">A recipe with folds, and its data.</param>
    /// <param name="options">Where it goes; progress and notes.</param>
    /// <param name="announce">Told before each fold.</param>
    /// <exception cref="InputException">Anything wrong with recipe, data or folder.</exception>
    public static FoldsSummary Start(Plan plan, TrainOptions options, Action<string>? announce = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        var folder = options.Out ?? Path.Combine(RunFolder.Root, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyyMMdd-HHmmss}-folds-{plan.Recipe.Name}"));
        RunFolder.CheckFree(folder);
        AtomicFile.WriteText(Path.Combine(folder, PlanName), RecipeFile.Text(plan.Recipe));
        return Continue(folder, plan, options, announce);
    }

    /// <summary>Continues; folds that are finished are read.</summary>
    /// <exception cref="InputException">The folder holds no cross-validation.</exception>
    public static FoldsSummary Resume(string folder, TrainOptions options, Action<string>? announce = null)
    {
        if (!IsFolder(folder)) throw new InputException($"{folder} holds no folds: it has no {PlanName}");
        var recipe = RecipeFile.Read(Path.Combine(folder, PlanName));
        return Continue(folder, new Plan(recipe, RecipeData.Load(recipe)), options, announce);
    }

    /// <summary>
    /// The 95 % interval of a mean over folds with Student's t. Folds share training rows, so the plain variance is too small: it is enlarged by the
    /// share of test to training rows (Nadeau and Bengio 2003, "Inference for the generalization error", section 3).
    /// </summary>
    /// <param name="values">One value a fold, at least 2.</param>
    /// <returns>Mean and the interval's ends.</returns>
    public static (double Mean, double Low, double High) Interval(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Count, 2);
        var (k, mean) = (values.Count, values.Average());
        var variance = values.Sum(v => (v - mean) * (v - mean)) / (k - 1);
        var half = StudentT.InvCDF(0, 1, k - 1, 0.975) * Math.Sqrt(variance * ((1.0 / k) + (1.0 / (k - 1))));
        return (mean, mean - half, mean + half);
    }

    private static FoldsSummary Continue(string folder, Plan plan, TrainOptions options, Action<string>? announce)
    {
        var runs = new List<RunSummary>();
        for (var k = 0; k < plan.Recipe.Data.Folds; k++)
        {
            var path = Path.Combine(folder, FormattableString.Invariant($"fold-{k}"));
            announce?.Invoke(FormattableString.Invariant($"fold {k + 1} of {plan.Recipe.Data.Folds}"));
            var inner = options with { Out = path, Note = k == 0 ? options.Note : null };
            runs.Add(RunFolder.IsRun(path) ? TrainJob.Resume(path, inner)
                : TrainJob.Start(plan.Recipe with { Data = plan.Recipe.Data with { Fold = k } }, plan.Loaded.Fold(k), inner));
        }
        var (mean, low, high) = Interval([.. runs.Select(r => r.Test.Main.Value)]);
        return new FoldsSummary(folder, runs.Count, runs[0].Test.Main.Name, mean, low, high, Mean(runs), runs);
    }

    private static Quality Mean(List<RunSummary> runs)
    {
        double? Of(Func<Quality, double?> pick) => runs.TrueForAll(r => pick(r.Test) is not null) ? runs.Average(r => pick(r.Test)) : null;
        return new Quality
        {
            Accuracy = Of(q => q.Accuracy),
            F1Macro = Of(q => q.F1Macro),
            Auc = Of(q => q.Auc),
            NllBits = Of(q => q.NllBits),
            Rmse = Of(q => q.Rmse),
            R2 = Of(q => q.R2),
            Mse = Of(q => q.Mse),
            MajorityOrMean = Of(q => q.MajorityOrMean),
        };
    }
}
