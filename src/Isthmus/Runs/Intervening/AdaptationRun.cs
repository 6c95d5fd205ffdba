using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What <c>isthmus adapt</c> prints.</summary>
public sealed record AdaptationOutcome
{
    /// <summary>The run's folder.</summary>
    public required string Run { get; init; }

    /// <summary>The adjustments.</summary>
    public required IReadOnlyList<NamedAdjustment> Edits { get; init; }

    /// <summary>How many shots there were.</summary>
    public int? Shots { get; init; }

    /// <summary>The accuracy on the shots before.</summary>
    public double? ShotsBefore { get; init; }

    /// <summary>After: of the rows that the adjustments were chosen on.</summary>
    public double? ShotsAfter { get; init; }

    /// <summary>The accuracy on the run's own test rows before.</summary>
    public double SourceBefore { get; init; }

    /// <summary>After.</summary>
    public double SourceAfter { get; init; }

    /// <summary>The accuracy on other rows of the new domain before; null where none were given.</summary>
    public double? TargetBefore { get; init; }

    /// <summary>After.</summary>
    public double? TargetAfter { get; init; }

    /// <summary>Adjustments taken back because the run's own validation rows got worse.</summary>
    public int RolledBack { get; init; }

    /// <summary>Where the adjustments are kept; null where there are none to keep.</summary>
    public string? File { get; init; }

    /// <summary>What has to be known.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Adapts a run of concepts to a new domain from few labelled rows, without training.</summary>
public static class AdaptationRun
{
    private const int RowsAtOnce = 2000;

    /// <summary>Finds adjustments and keeps them beside the run.</summary>
    /// <param name="run">A run of concepts that decides between classes.</param>
    /// <param name="shots">Few rows of the new domain, with their classes.</param>
    /// <param name="target">Other rows of it to be judged on; null for none.</param>
    /// <param name="options">What is tried; null for the usual.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">The run has no concepts or no classes, or rows have none.</exception>
    public static AdaptationOutcome Of(Run run, Dataset shots, Dataset? target = null, AdaptationOptions? options = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(shots);
        if (run.Model.Task != RunTask.Classification) throw new InputException($"{run.Folder}: it answers with numbers, and shots are of classes");
        if (shots.Count == 0) throw new InputException($"{shots.Name} has no rows");
        var own = run.LoadOwn();
        var check = own.Split.Validation.Length > 0 ? own.Split.Validation : own.Split.Train;
        var notes = new List<string>();
        if (own.Split.Validation.Length == 0) notes.Add("the run has no validation rows: the check that its own domain gets no worse was made on training rows");
        using var scope = new TensorScope("adapt");
        var (few, old) = (ConceptRows.Bound(run, shots, All(shots)), ConceptRows.Bound(run, own.Data, check[..Math.Min(check.Length, RowsAtOnce)]));
        stop.ThrowIfCancellationRequested();
        var found = TestTimeAdaptation.Fit(few, Labels(shots, All(shots)), old, Labels(own.Data, check[..Math.Min(check.Length, RowsAtOnce)]), options);
        var file = AdaptationFile.Of(run, found);
        var path = Path.Combine(run.Folder, AdaptationFile.Name);
        file.Save(path);
        if (found.Adjustments.Count == 0) notes.Add(found.ShotsBefore == 1 ? "every shot is right already: nothing was changed" : "no adjustment gets more shots right without making the run's own domain worse: nothing was changed");
        notes.Add(string.Create(CultureInfo.InvariantCulture, $"the shots chose the adjustments: their accuracy afterwards says little of other rows{(target is null ? "; --test DATA judges on others" : "")}"));
        return Judged(run, found, own, target, stop) with
        {
            Edits = file.Edits,
            Shots = shots.Count,
            ShotsBefore = found.ShotsBefore,
            ShotsAfter = found.ShotsAfter,
            RolledBack = found.RolledBack,
            File = path,
            Notes = notes,
        };
    }

    /// <summary>Judges the adjustments that are kept beside a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="target">Rows of the new domain, with their classes.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">There are none, or they are of other weights.</exception>
    public static AdaptationOutcome Apply(Run run, Dataset target, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(target);
        var path = Path.Combine(run.Folder, AdaptationFile.Name);
        var kept = AdaptationFile.Load(run, path);
        return Judged(run, kept, run.LoadOwn(), target, stop) with { Edits = AdaptationFile.Of(run, kept).Edits, File = path };
    }

    /// <summary>A run's answers with the adjustments that are kept beside it, as CSV: the class and the probabilities of each row.</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Rows through its schema.</param>
    /// <param name="to">Where to write.</param>
    /// <param name="stop">Ends the work.</param>
    public static void Write(Run run, Dataset data, TextWriter to, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(to);
        var kept = AdaptationFile.Load(run, Path.Combine(run.Folder, AdaptationFile.Name));
        var classes = run.Model.Schema.Target!.Classes;
        to.WriteLine(string.Join(",", classes.Select(c => Quoted("p_" + c)).Prepend("prediction")));
        foreach (var rows in Batches.Split(All(data), RowsAtOnce))
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("adapted answers");
            using var noGrad = new NoGrad();
            var answers = kept.Apply(ConceptRows.Bound(run, data, rows)).Answers(null);
            var best = answers.ArgMax(-1);
            for (var i = 0; i < rows.Length; i++)
                to.WriteLine(string.Join(",", answers.Data.Slice(i * classes.Count, classes.Count).ToArray().Select(p => p.ToString("R", CultureInfo.InvariantCulture)).Prepend(Quoted(classes[(int)best.Data[i]]))));
        }
    }

    private static AdaptationOutcome Judged(Run run, ConceptAdaptation adaptation, LoadedData own, Dataset? target, CancellationToken stop)
    {
        var judged = TrainJob.Judged(own.Split).Rows;
        var (sourceBefore, sourceAfter) = Accuracy(run, adaptation, own.Data, judged, stop);
        var outcome = new AdaptationOutcome { Run = run.Folder, Edits = [], SourceBefore = sourceBefore, SourceAfter = sourceAfter };
        if (target is null) return outcome;
        var (before, after) = Accuracy(run, adaptation, target, All(target), stop);
        return outcome with { TargetBefore = before, TargetAfter = after };
    }

    private static (double Before, double After) Accuracy(Run run, ConceptAdaptation adaptation, Dataset data, int[] all, CancellationToken stop)
    {
        var (before, after) = (0, 0);
        foreach (var rows in Batches.Split(all, RowsAtOnce))
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("judge");
            using var noGrad = new NoGrad();
            var model = ConceptRows.Bound(run, data, rows);
            var (was, now, labels) = (model.Answers(null).ArgMax(-1), adaptation.Apply(model).Answers(null).ArgMax(-1), Labels(data, rows));
            for (var i = 0; i < rows.Length; i++)
            {
                if (was.Data[i] == labels.Data[i]) before++;
                if (now.Data[i] == labels.Data[i]) after++;
            }
        }
        return ((double)before / all.Length, (double)after / all.Length);
    }

    private static LongTensor Labels(Dataset data, int[] rows) => Batches.Of(data, rows).Labels ?? throw new InputException($"{data.Name}: a class for every row is expected");

    private static int[] All(Dataset data) => [.. Enumerable.Range(0, data.Count)];

    private static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
