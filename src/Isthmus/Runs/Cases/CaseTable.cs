using System.Globalization;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>A row as a list of cases shows it.</summary>
/// <param name="Row">Its number in the data.</param>
/// <param name="Name">Its name; its number where it has none.</param>
/// <param name="Prediction">The class; a number in the target's units, or several; null of reconstructions.</param>
/// <param name="Label">What is true; null where it is not known.</param>
/// <param name="Right">Whether the class is right; null for other tasks, and without labels.</param>
/// <param name="Confidence">The largest probability; null for other tasks.</param>
/// <param name="EntropyBits">The entropy of the probabilities; null for other tasks.</param>
/// <param name="Error">The absolute error of a number, the mean squared error of a reconstruction; null for classes.</param>
/// <param name="Group">Its group; null without groups.</param>
public sealed record CaseSummary(int Row, string Name, object? Prediction, object? Label, bool? Right, double? Confidence, double? EntropyBits, double? Error, string? Group);

/// <summary>Which cases are wanted.</summary>
public sealed record CaseQuery
{
    /// <summary>all; wrong (of numbers: the largest errors first); uncertain: the most uncertain first.</summary>
    public string Filter { get; init; } = "all";

    /// <summary>A subgroup: <c>column=value</c>, <c>column&gt;number</c>, a class; null for all.</summary>
    public string? Subgroup { get; init; }

    /// <summary>A group's name; null for all.</summary>
    public string? Group { get; init; }
}

/// <summary>The cases of a run with what the network answers: for a list that a person looks through.</summary>
public sealed class CaseTable
{
    private const int MostCases = 5000;
    private static readonly string[] s_filters = ["all", "wrong", "uncertain"];

    private readonly Run _run;
    private readonly Dataset _data;

    private CaseTable(Run run, Dataset data, IReadOnlyList<CaseSummary> cases, IReadOnlyList<string> notes) => (_run, _data, Cases, Notes) = (run, data, cases, notes);

    /// <summary>The cases, in the order of the data.</summary>
    public IReadOnlyList<CaseSummary> Cases { get; }

    /// <summary>What has to be known about them.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The rows by which a run is judged, of data that it was trained on.</summary>
    /// <param name="loaded">The run's own data.</param>
    /// <returns>The rows, and which they are: test, validation or train.</returns>
    public static (int[] Rows, string Part) Judged(LoadedData loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        return TrainJob.Judged(loaded.Split);
    }

    /// <summary>Answers to rows.</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Rows through its schema, with or without a target.</param>
    /// <param name="rows">Which; of more than 5000 so many, spread evenly.</param>
    /// <param name="stop">Ends the work.</param>
    public static CaseTable Of(Run run, Dataset data, int[] rows, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(rows);
        if (run.Model.Units > 1) return new CaseTable(run, data, [], ["a text is not shown case by case: isthmus explain and edit look at its tokens"]);
        var notes = new List<string>();
        if (rows.Length > MostCases)
        {
            notes.Add(FormattableString.Invariant($"{MostCases} of {rows.Length} rows, spread evenly"));
            rows = [.. Enumerable.Range(0, MostCases).Select(i => rows[(int)((long)i * rows.Length / MostCases)])];
        }
        var outcomes = Evaluator.Run(run.Model, data, rows, Inference.Parse(run.Model.Recipe.Inference), withTarget: false, stop);
        return new CaseTable(run, data, [.. rows.Select((r, i) => Summary(run.Model, data, r, outcomes, i))], notes);
    }

    /// <summary>The cases that are wanted, in the order in which they are looked through.</summary>
    /// <exception cref="InputException">An unknown filter, group, column or value.</exception>
    public IReadOnlyList<CaseSummary> Find(CaseQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (!s_filters.Contains(query.Filter)) throw Suggest.Unknown("filter", query.Filter, s_filters);
        IEnumerable<CaseSummary> found = Cases;
        if (query.Group is { } group)
        {
            if (_data.Groups?.Names.Contains(group) != true) throw Suggest.Unknown("group", group, _data.Groups?.Names ?? []);
            found = found.Where(c => c.Group == group);
        }
        if (!string.IsNullOrWhiteSpace(query.Subgroup))
        {
            var having = RowPattern.Match(query.Subgroup.Trim(), _run.Model, _data);
            found = found.Where(c => having[c.Row]);
        }
        return query.Filter switch
        {
            "wrong" when _run.Model.Task == RunTask.Classification => [.. found.Where(c => c.Right == false)],
            "wrong" => [.. found.OrderByDescending(c => c.Error).ThenBy(c => c.Row)],
            "uncertain" => [.. found.OrderByDescending(c => c.EntropyBits ?? c.Error).ThenBy(c => c.Row)],
            _ => [.. found],
        };
    }

    private static CaseSummary Summary(Model model, Dataset data, int row, Outcomes outcomes, int i)
    {
        var name = data.RowNames is { } names ? names[row] : row.ToString(CultureInfo.InvariantCulture);
        var group = data.Groups is { } groups ? groups.Names[groups.Of[row]] : null;
        var none = new CaseSummary(row, name, null, null, null, null, null, null, group);
        if (model.Task == RunTask.Reconstruction) return none with { Error = outcomes.SquaredErrors[i], Label = data.Target is ClassTarget label ? label.Classes[label.Labels[row]] : null };
        var answer = outcomes.Answer(i);
        if (model.Task == RunTask.Classification)
        {
            var truth = data.Target is ClassTarget target ? target.Classes[target.Labels[row]] : null;
            var prediction = model.Schema.Target!.Classes[outcomes.Class(i)];
            return none with { Prediction = prediction, Label = truth, Right = truth is null ? null : truth == prediction, Confidence = answer[outcomes.Class(i)], EntropyBits = Entropy(answer) };
        }
        var schema = model.Schema.Target!;
        if (model.Task == RunTask.Survival) return none with { Prediction = (double)answer[0] };
        var numbers = new double[answer.Length];
        double? error = data.Target is ContinuousTarget ? 0 : null;
        for (var c = 0; c < numbers.Length; c++)
        {
            var (scale, mean) = (schema.Scale[c % schema.Scale.Count], schema.Mean[c % schema.Mean.Count]);
            numbers[c] = (answer[c] * scale) + mean;
            if (data.Target is ContinuousTarget t) error += Math.Abs(answer[c] - t.Values[(row * t.Width) + c]) * scale / numbers.Length;
        }
        return none with { Prediction = numbers is [var one] ? one : numbers, Label = data.Target is ContinuousTarget { Width: 1 } y ? (y.Values[row] * schema.Scale[0]) + schema.Mean[0] : null, Error = error };
    }

    private static double Entropy(ReadOnlySpan<float> p)
    {
        var sum = 0.0;
        foreach (var v in p)
            if (v > 0) sum -= v * Math.Log2(v);
        return Math.Max(0, sum);
    }
}
