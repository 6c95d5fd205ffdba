using System.Globalization;
using System.Text;

namespace Isthmus.Information;

/// <summary>How one estimator did on one task at one number of rows, over several seeds. All in bits.</summary>
/// <param name="Estimator">The estimator's name.</param>
/// <param name="Task">The task's name.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Truth">The true information.</param>
/// <param name="Bias">Mean reading minus truth.</param>
/// <param name="Spread">Standard deviation of the readings.</param>
/// <param name="Coverage">The share of 95 % intervals that hold the truth.</param>
/// <param name="NoAlarm">The share of readings without alarm.</param>
/// <param name="WrongNoAlarm">The share of all readings without alarm that err by more than a fifth and a twentieth of a bit.</param>
/// <param name="Erring">The share of all readings that err so.</param>
public sealed record CalibrationRow(string Estimator, string Task, int Rows, double Truth, double Bias, double Spread, double Coverage,
    double NoAlarm, double WrongNoAlarm, double Erring);

/// <summary>Runs estimators on tasks with known information: bias, spread, coverage, and what the alarms are worth.</summary>
public static class Calibration
{
    /// <summary>The table, tasks outermost. An estimator that a task does not suit (classes, numbers) is left out.</summary>
    /// <param name="estimators">Names for <see cref="MutualInformation.Make"/>, of Shannon information.</param>
    /// <param name="tasks">The tasks.</param>
    /// <param name="sizes">Numbers of rows.</param>
    /// <param name="seeds">How many seeds, from 0 up.</param>
    /// <param name="threads">At most so many threads, 0 for all cores.</param>
    /// <param name="alarms">Whether the alarms are asked; without them every reading is without alarm, and many times faster.</param>
    public static IReadOnlyList<CalibrationRow> Run(IReadOnlyList<string> estimators, IReadOnlyList<InformationTask> tasks, IReadOnlyList<int> sizes, int seeds, int threads = 0, bool alarms = true)
    {
        ArgumentNullException.ThrowIfNull(estimators);
        ArgumentNullException.ThrowIfNull(tasks);
        ArgumentNullException.ThrowIfNull(sizes);
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds, 1);
        var cells = (from task in tasks from n in sizes from name in estimators where Suits(name, task) select (task, n, name)).ToArray();
        var readings = new Estimate[cells.Length * seeds];
        Chunks.For(readings.Length, 1, threads, (i, _) =>
        {
            var (task, n, name) = cells[i / seeds];
            var seed = (ulong)(i % seeds);
            var (x, y) = task.Sample(n, seed);
            readings[i] = MutualInformation.Make(name).Estimate(x, y, new MeasureOptions { Seed = seed, Threads = 1, Checks = alarms });
        });
        return [.. cells.Select((cell, c) => Row(cell.name, cell.task, cell.n, readings[(c * seeds)..((c + 1) * seeds)]))];
    }

    /// <summary>Whether a reading errs by more than a reading without alarm is meant to: a fifth of the truth and a twentieth of a bit.</summary>
    public static bool Errs(Bits? reading, Bits truth) =>
        reading is not { } bits || !(Math.Abs(bits.Value - truth.Value) <= Math.Max(0.2 * truth.Value, 0.05));

    /// <summary>The table in Markdown, with the share of wrong readings among those without alarm on tasks of at least 0.2 bit below it.</summary>
    public static string Markdown(IReadOnlyList<CalibrationRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var text = new StringBuilder("| task | n | estimator | truth | bias | spread | coverage | no alarm | of these wrong | wrong at all |\n|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (var r in rows)
            text.Append(CultureInfo.InvariantCulture, $"| {r.Task} | {r.Rows} | {r.Estimator} | {r.Truth:0.000} | {r.Bias:+0.000;-0.000} | {r.Spread:0.000} | {r.Coverage:0.00} | {r.NoAlarm:0.00} | {r.WrongNoAlarm:0.00} | {r.Erring:0.00} |\n");
        var counted = rows.Where(r => r.Truth >= 0.2).ToArray();
        var (silent, wrong) = (counted.Sum(r => r.NoAlarm), counted.Sum(r => r.WrongNoAlarm));
        text.Append(CultureInfo.InvariantCulture, $"\nOf the readings without alarm on tasks of at least 0.2 bit, {100 * wrong / Math.Max(silent, 1e-9):0.0} % err by more than a fifth and 0.05 bit; of all readings there, {100 * counted.Sum(r => r.Erring) / Math.Max(counted.Length, 1):0} % do, and {100 * (counted.Length - silent) / Math.Max(counted.Length, 1):0} % alarm.\n");
        return text.ToString();
    }

    private static bool Suits(string estimator, InformationTask task)
    {
        var (x, y) = task.Sample(2, 0);
        return estimator switch
        {
            "ross" => x.AllDiscrete != y.AllDiscrete,
            "lossy" => !(x.AllDiscrete && y.AllDiscrete),
            "kde" => x.Dimensions + y.Dimensions <= 6 && !(x.AllDiscrete && y.AllDiscrete),
            "binning" => x.Dimensions + y.Dimensions <= 6,
            _ => true,
        };
    }

    private static CalibrationRow Row(string estimator, InformationTask task, int n, Estimate[] readings)
    {
        var truth = task.Truth.Value;
        var values = readings.Where(r => r.Bits is not null).Select(r => r.Bits!.Value.Value).ToArray();
        var (mean, error) = values.Length > 0 ? Statistics.MeanAndError(values) : (double.NaN, double.NaN);
        double Share(Func<Estimate, bool> holds) => readings.Count(holds) / (double)readings.Length;
        return new CalibrationRow(estimator, task.Name, n, truth, mean - truth, error * Math.Sqrt(values.Length),
            Share(r => r.Low?.Value <= truth && truth <= r.High?.Value),
            Share(r => r.Verdict == Verdict.NoAlarm),
            Share(r => r.Verdict == Verdict.NoAlarm && Errs(r.Bits, task.Truth)),
            Share(r => Errs(r.Bits, task.Truth)));
    }
}
