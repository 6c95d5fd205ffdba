using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Web;

/// <summary>A run that is looked at and edited: its cases, what passes in each, its log. One thing at a time, whoever asks.</summary>
public sealed class RunSession
{
    private const int MostListed = 500, MostNumbers = 4096, CurveRows = 300;
    private const string DefaultPolicy = "coop";

    private readonly Lock _gate = new();
    private readonly Run _run;
    private readonly Dataset _data;
    private readonly string? _source;
    private readonly string _part;
    private readonly CaseTable _cases;
    private readonly PassedEntries _passed;
    private readonly AuditLog _log;
    private readonly Dictionary<int, IReadOnlyList<Change>> _edited = [];
    private readonly LinearHead? _head;
    private readonly ConceptSpace? _space;
    private readonly Lazy<Task<Explanation>> _explanation;
    private readonly Lazy<Task<InterventionOutcome?>> _curves;

    private RunSession(Run run, string? source, TimeProvider? clock, CancellationToken stop)
    {
        (_run, _source) = (run, source);
        var loaded = source is null ? run.LoadOwn() : null;
        _data = loaded?.Data ?? run.LoadRows(source!);
        (var rows, _part) = loaded is null ? ([.. Enumerable.Range(0, _data.Count)], "input") : CaseTable.Judged(loaded);
        _cases = CaseTable.Of(run, _data, rows, stop);
        _passed = PassedEntries.Of(run, _data, rows);
        _log = AuditLog.Of(run, clock);
        _space = (run.Model.Network.Bottleneck as ConceptBottleneck)?.Space;
        _head = LinearHead.Of(run);
        TakeUp();
        // On weights of its own: edits need not wait for it.
        _explanation = new Lazy<Task<Explanation>>(() => Task.Run(() => Explainer.Explain(Run.Load(run.Folder), new ExplainSettings { Most = 1000, Top = 64 }, stop), stop));
        _curves = new Lazy<Task<InterventionOutcome?>>(() => Task.Run(() => Curves(stop), stop));
    }

    /// <summary>Loads a run with its cases.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="source">Rows to look at; null for those of its own data by which it is judged.</param>
    /// <param name="clock">For the log; null for the system's.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">Not a run, or rows that do not fit it.</exception>
    public static RunSession Open(string folder, string? source = null, TimeProvider? clock = null, CancellationToken stop = default) => new(Run.Load(folder), source, clock, stop);

    /// <summary>What the run is.</summary>
    public object About()
    {
        var (model, summary) = (_run.Model, _run.Summary);
        return new
        {
            _run.Folder,
            model.Recipe.Name,
            Task = model.Task.ToString().ToLowerInvariant(),
            Bottleneck = model.Recipe.Bottleneck!.Type,
            model.Recipe.Inference,
            _log.ModelSha256,
            Data = _data.Name,
            Part = _part,
            Rows = _cases.Cases.Count,
            _data.Kind,
            Shape = _data.FeatureShape,
            Target = model.Schema.Target?.Names,
            Classes = model.Task == RunTask.Classification ? model.Schema.Target!.Classes : null,
            Groups = _data.Groups is { } groups ? new { groups.Name, groups.Names } : null,
            Concepts = _space?.Axes.Select(a => a.Name),
            Policies = _space is null ? null : InterventionPolicy.Names.Where(n => !InterventionPolicy.Create(n).IsOracle),
            summary?.Test,
            summary?.Rate,
            _cases.Notes,
        };
    }

    /// <summary>A piece of the list of cases.</summary>
    /// <param name="query">Which are wanted.</param>
    /// <param name="from">From the how manyth, from 0.</param>
    /// <param name="count">At most so many; at most 500.</param>
    public object List(CaseQuery query, int from, int count)
    {
        lock (_gate)
        {
            var found = _cases.Find(query);
            return new { found.Count, From = from, Cases = found.Skip(from).Take(Math.Min(count, MostListed)).Select(c => new { Case = c, Edited = _edited.TryGetValue(c.Row, out var changes) && changes.Count > 0 }).ToArray() };
        }
    }

    /// <summary>A case: what the network got, what passed, the changes in force and what they do.</summary>
    /// <exception cref="InputException">There is no such row.</exception>
    public object Case(int row)
    {
        lock (_gate)
        {
            Check(row);
            var edit = new Edit(_edited.GetValueOrDefault(row, []));
            var entries = _passed.Row(row, out var count);
            var (head, concepts) = Concepts(row, edit);
            return new
            {
                Row = row,
                Name = _data.RowNames?[row],
                Group = _data.Groups is { } groups ? groups.Names[groups.Of[row]] : null,
                Label = _data.Target is ClassTarget target ? target.Classes[target.Labels[row]] : null,
                Input = Input(row),
                Passed = entries,
                PassedCount = count,
                Head = head,
                Concepts = concepts,
                Changes = Shown(edit),
                Outcome = Outcome(row, edit),
            };
        }
    }

    /// <summary>What changes do to a case; logged where that is asked for.</summary>
    /// <returns>The fields of <c>edit --json</c> under <c>outcome</c>, and the number of the log's entry.</returns>
    /// <exception cref="InputException">A change that cannot be made.</exception>
    public object Edit(EditRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var row = request.Row ?? throw new InputException("row: the number of a row is expected");
        var edit = request.ToEdit();
        lock (_gate)
        {
            Check(row);
            var outcome = Outcome(row, edit);
            int? entry = null;
            if (request.Log)
            {
                var remark = new AuditRemark { Who = NullIfEmpty(request.Who), Comment = NullIfEmpty(request.Comment), SuggestedBy = NullIfEmpty(request.SuggestedBy), Cost = ConceptCase.CostOf(_run, new Edit(_edited.GetValueOrDefault(row, [])), edit) };
                entry = _log.Append(outcome, edit, _source, _data, 0, remark).Number;
                _edited[row] = edit.Changes;
            }
            var (head, concepts) = Concepts(row, edit);
            return new { Outcome = outcome, Changes = Shown(edit), Entry = entry, Head = head, Concepts = concepts };
        }
    }

    /// <summary>What to ask next about a case.</summary>
    /// <exception cref="InputException">No concepts pass here.</exception>
    public object Suggest(EditRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_gate)
        {
            Check(request.Row ?? -1);
            return ConceptAdvice.Next(_run, _data, request.Row!.Value, request.ToEdit(), request.Wanted ?? DefaultPolicy);
        }
    }

    /// <summary>The smallest set of changes that turns the decision.</summary>
    /// <exception cref="InputException">No concepts pass here.</exception>
    public object Flip(EditRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_gate)
        {
            Check(request.Row ?? -1);
            return ConceptAdvice.Flip(_run, _data, request.Row!.Value, request.ToEdit(), request.Wanted);
        }
    }

    /// <summary>What holds for the run as a whole: <c>explain --json</c>; ready is false while it is computed.</summary>
    public object Global()
    {
        var (explanation, curves) = (_explanation.Value, _curves.Value);
        foreach (var task in (Task[])[explanation, curves])
            if (task.IsFaulted) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(task.Exception!.InnerException ?? task.Exception);
        return new
        {
            Ready = explanation.IsCompletedSuccessfully,
            Explain = explanation.IsCompletedSuccessfully ? explanation.Result : null,
            CurvesReady = curves.IsCompletedSuccessfully,
            Curves = curves.IsCompletedSuccessfully ? curves.Result?.Curves : null,
        };
    }

    /// <summary>The log's last entries, and whether it is as it was written.</summary>
    public object Log(int count)
    {
        var last = new Queue<AuditEntry>();
        _log.Read(e =>
        {
            last.Enqueue(e);
            if (last.Count > Math.Min(count, MostListed)) last.Dequeue();
        });
        var check = _log.Verify();
        return new { check.Entries, check.Head, check.Holds, check.Faults, Log = last.Reverse().ToArray() };
    }

    /// <summary>Computes every answer of the log again.</summary>
    public object Replay(CancellationToken stop)
    {
        lock (_gate)
        {
            var check = _log.Verify();
            return new { check.Entries, check.Head, check.Holds, check.Faults, Replay = AuditReplay.Of(_run, _log, stop: stop) };
        }
    }

    /// <summary>The log as a file, <c>jsonl</c> or <c>csv</c>.</summary>
    public object Export(string format)
    {
        var path = Path.Combine(Path.GetTempPath(), $"isthmus-{Guid.NewGuid():N}.{format}");
        try
        {
            _log.Export(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    // Curves need annotations of the run's own rows.
    private InterventionOutcome? Curves(CancellationToken stop)
    {
        if (_space is null || _source is not null || _data.Concepts is null) return null;
        try
        {
            return InterventionRun.Of(Run.Load(_run.Folder), new InterventionSettings { Competences = [1, 0.8], Most = CurveRows, Seeds = 3 }, null, stop);
        }
        catch (InputException)
        {
            return null; // a run whose target no curve is drawn for
        }
    }

    private (object? Head, IReadOnlyList<ConceptSeen>? Concepts) Concepts(int row, Edit edit)
    {
        if (_space is null) return (null, null);
        var seen = ConceptCase.Of(_run, _data, row, edit, _head);
        return (seen.Concepts.All(c => c.Contributions is null) ? null : new { seen.Predicted, seen.RunnerUp }, seen.Concepts);
    }

    private EditOutcome Outcome(int row, Edit edit) => EditRun.Of(_run, _data, row, edit);

    private void Check(int row)
    {
        if (_run.Model.Units > 1) throw new InputException("a text is not shown case by case", "isthmus explain and edit look at its tokens");
        if (row < 0 || row >= _data.Count) throw new InputException(FormattableString.Invariant($"row {row} is outside 0..{_data.Count - 1}"), "rows are numbered from 0");
    }

    // The changes in force of each row are those of its last entry; only what can be trusted is taken up.
    private void TakeUp()
    {
        var source = _source is null ? null : AuditLog.SourceOf(_source);
        var check = _log.Read(e =>
        {
            if (e.Row is { } row && e.Data == source) _edited[row] = e.Changes;
        });
        if (!check.Holds) _edited.Clear();
    }

    private object Input(int row)
    {
        var values = _data.Row(row);
        if (_data is { Kind: DataKind.Images, FeatureShape: [1 or 3, var height, var width] })
            return new { Kind = "image", Picture = "data:image/png;base64," + Convert.ToBase64String(Picture.FromPlanes(values, _data.FeatureShape[0], height, width).ToPng()) };
        if (_data.FeatureNames.Count != _data.FeatureSize) return new { Kind = "numbers", Shape = _data.FeatureShape, Values = values[..Math.Min(values.Length, MostNumbers)].ToArray() };
        var columns = _run.Model.Schema.Columns.ToDictionary(c => c.Name, StringComparer.Ordinal);
        var standardised = _run.Model.Schema.Scale.Count == values.Length;
        var all = new List<object>();
        for (var i = 0; i < values.Length && i < MostNumbers; i++)
        {
            var name = _data.FeatureNames[i];
            var (scale, mean) = columns.TryGetValue(name, out var c) ? (c.Scale, c.Mean) : standardised ? (_run.Model.Schema.Scale[i], _run.Model.Schema.Mean[i]) : (1, 0);
            // What a float has rounded away on its way through standardisation is not shown.
            var number = Math.Round((values[i] * scale) + mean, Math.Clamp(6 - (int)Math.Floor(Math.Log10(scale + Math.Abs(mean))), 0, 15));
            all.Add(new { Name = name, Value = number });
        }
        return new { Kind = "table", Columns = all };
    }

    // As the page sends them back.
    private static object[] Shown(Edit edit) => [.. edit.Changes.Select(c => c is { Kind: EditKind.Set, Row: null }
        ? new ChangeShown(c.Name, c.Word is null ? c.Value : null, c.Word, null, c.ToString())
        : new ChangeShown(null, null, null, c.ToString(), c.ToString()))];

    private sealed record ChangeShown(string? Name, double? Value, string? Word, string? Text, string Shown);

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
