using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Edits what passes a run's bottleneck and measures what that does to its answers.</summary>
public static class EditRun
{
    private const int RowsAtOnce = 500, MostEntries = 1000, MostNumbers = 1 << 16;

    /// <summary>Edits one row or all.</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Rows through its schema, with or without a target.</param>
    /// <param name="row">Which row, of a text which token, from 0; null for all.</param>
    /// <param name="edit">What is changed, with a layer before the name where a bottleneck is inserted there (<c>encoder.layers.1/code.0</c>, <see cref="Edit.At"/>); rows
    /// that it names are rows of the data.</param>
    /// <param name="inference">Which message; null for the run's.</param>
    /// <param name="seed">Of noise.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">A row, name, code or layer that is not there.</exception>
    public static EditOutcome Of(Run run, Dataset data, int? row, Edit edit, string? inference = null, ulong seed = 0, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(edit);
        var shown = edit.ToString();
        (var layer, edit) = LayerOf(run.Model, edit);
        var at = Crossing.Of(run.Model, layer);
        var outcome = Begin(run, data, row, edit, inference) with { Edit = shown, Layer = layer };
        var (sums, message) = (new Sums(run.Model, at.Bottleneck), Inference.Parse(outcome.Inference));
        int[] rows = row is { } one ? [one / run.Model.Units] : [.. Enumerable.Range(0, data.Count)];
        foreach (var part in Batches.Split(rows, Batches.Most(run.Model, RowsAtOnce)))
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("edit");
            sums.Add(data, part, Pass(run, at, data, part, edit, message, seed), row);
        }
        var finished = sums.Finish(outcome);
        // What overflows is refused: it could be logged, and never be shown to come out again.
        return IsNumber(finished.After) ? finished : throw new InputException($"{edit}: the answer after it is no number", "a value as far out as that means nothing to the network");
    }

    private static bool IsNumber(EditAnswer answer) => (answer.Probabilities?.All(double.IsFinite) ?? true) && answer.Prediction switch { double one => double.IsFinite(one), double[] many => many.All(double.IsFinite), _ => true };

    /// <summary>The answers of some rows before and after an edit, as people read them: probabilities, numbers in the network's units.</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Rows through its schema.</param>
    /// <param name="rows">Which of them.</param>
    /// <param name="edit">What is changed.</param>
    /// <param name="inference">Which message; null for the run's.</param>
    /// <param name="seed">Of noise.</param>
    /// <returns>[rows, …] each; they belong to the caller's scope.</returns>
    public static (Tensor Before, Tensor After) Answers(Run run, Dataset data, int[] rows, Edit edit, string? inference = null, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(edit);
        (var layer, edit) = LayerOf(run.Model, edit);
        var both = Pass(run, Crossing.Of(run.Model, layer), data, rows, edit, Inference.Parse(inference ?? run.Model.Recipe.Inference), seed);
        return (both.Before, both.After);
    }

    // encoder.layers.1/code.0 to the layer and code.0; one layer at a time.
    private static (string? Layer, Edit Edit) LayerOf(Model model, Edit edit)
    {
        if (model.Insertions.Count == 0) return (null, edit); // then a slash is part of a name
        static string? Prefix(string name) => name.LastIndexOf('/') is var slash and > 0 ? name[..slash] : null;
        static string Rest(string name) => name[(name.LastIndexOf('/') + 1)..];
        var named = edit.Changes.SelectMany(c => c.Other is { } other ? new[] { c.Name, other } : [c.Name]).Select(Prefix).Distinct().ToArray();
        if (named.Length > 1) throw new InputException($"an edit changes one bottleneck at a time, not those at {string.Join(" and ", named.Select(n => n ?? "the middle of the network"))}");
        return named is [{ } only] ? (only, new Edit([.. edit.Changes.Select(c => c with { Name = Rest(c.Name), Other = c.Other is { } other ? Rest(other) : null })])) : (null, edit);
    }

    private static EditOutcome Begin(Run run, Dataset data, int? row, Edit edit, string? inference)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        if (data.Count == 0) throw new InputException($"{data.Name} has no rows to edit");
        var count = run.Model.Task == RunTask.NextToken ? data.Indices!.Values.Count(t => t >= 0) : data.Count; // what fills the last window is no row
        if (row is { } one && (one < 0 || one >= count)) throw OutOfRange("row", one, data, count);
        foreach (var change in edit.Changes)
        {
            if (change.Row is not { } named) continue;
            if (named < 0 || named >= count) throw OutOfRange($"{change}: row", named, data, count);
            if (row is not null && named != row) throw new InputException(FormattableString.Invariant($"{change}: row {named} is not among the rows edited, which is row {row}"), "--rows all edits every row");
        }
        var nothing = new EditAnswer(null, null);
        return new EditOutcome
        {
            Run = run.Folder,
            Data = data.Name,
            Row = row,
            Rows = row is null ? count : 1,
            Edit = edit.ToString(),
            Inference = inference ?? run.Model.Recipe.Inference,
            Classes = run.Model.Task switch { RunTask.Classification => run.Model.Schema.Target!.Classes, RunTask.NextToken => run.Model.Schema.Vocabulary, _ => null },
            Before = nothing,
            After = nothing,
            Changed = false,
            ChangedShare = 0,
            SymbolsChanged = 0,
            OutputMse = 0,
        };
    }

    private static InputException OutOfRange(string what, int row, Dataset data, int count) =>
        new(FormattableString.Invariant($"{what} {row} is outside 0..{count - 1}: {data.Name} has {count} {(data.Kind == DataKind.Text ? "tokens" : "rows")}"), "rows are numbered from 0");

    private static Both Pass(Run run, Crossing at, Dataset data, int[] rows, Edit edit, Inference inference, ulong seed)
    {
        using var noGrad = new NoGrad();
        var entered = at.Enter(Batches.Of(data, rows).Inputs);
        var random = new RandomStream(run.Model.Recipe.Seed).Fork("evaluation").Fork((ulong)rows[0]);
        var own = OfRows(edit, rows, run.Model.Units);
        Tensor? before = null, after = null;
        Both? first = null;
        for (var k = 0; k < inference.Samples; k++)
        {
            var passed = entered.Pass(Evaluator.ModeOf(inference), random.Fork((ulong)k));
            var edited = entered.Pass(Evaluator.ModeOf(inference), random.Fork((ulong)k), own, new RandomStream(seed).Fork("edit").Fork((ulong)rows[0]).Fork((ulong)k));
            var (a, b) = (Evaluator.Readable(run.Model, passed.Prediction()), Evaluator.Readable(run.Model, edited.Prediction()));
            (before, after) = (before is null ? a : before + a, after is null ? b : after + b);
            first ??= new Both(a, b, passed.Passage.Message(), edited.Passage.Message());
        }
        return inference.Samples == 1 ? first! : first! with { Before = before! / inference.Samples, After = after! / inference.Samples };
    }

    // Rows of the data, or tokens of a text, to those of the batch.
    private static Edit OfRows(Edit edit, int[] rows, int units) => edit.Changes.All(c => c.Row is null) ? edit
        : new Edit([.. edit.Changes.Where(c => c.Row is null || rows.Contains(c.Row.Value / units)).Select(c => c.Row is { } row ? c with { Row = (Array.IndexOf(rows, row / units) * units) + (row % units) } : c)]);

    private sealed record Both(Tensor Before, Tensor After, Message Sent, Message Edited);

    private sealed class Sums(Model model, Bottleneck bottleneck)
    {
        private readonly IReadOnlyList<string>? _classes = model.Task switch { RunTask.Classification => model.Schema.Target!.Classes, RunTask.NextToken => model.Schema.Vocabulary, _ => null };
        private int _rows, _changed, _labelled, _rightBefore, _rightAfter;
        private double _symbols, _kl, _variation, _square, _squareBefore, _squareAfter;
        private double? _bitsBefore = 0, _bitsAfter = 0;
        private double[]? _sumBefore, _sumAfter;
        private float[]? _oneBefore, _oneAfter;
        private IReadOnlyList<ChangedEntry> _entries = [];

        public void Add(Dataset data, int[] rows, Both both, int? only)
        {
            var units = model.Units;
            var size = (int)(both.Before.Numel / (rows.Length * units));
            (_sumBefore, _sumAfter) = (_sumBefore ?? new double[size], _sumAfter ?? new double[size]);
            var differences = MessageEditor.Differences(bottleneck, both.Sent, both.Edited);
            for (var i = 0; i < rows.Length * units; i++)
            {
                var unit = (rows[i / units] * units) + (i % units);
                if (only is { } one && one != unit) continue;
                if (model.Task == RunTask.NextToken && only is null && data.Indices!.Values[unit] < 0) continue; // what fills the last window
                _symbols += differences[i];
                var a = both.Before.Data.Slice(i * size, size);
                var b = both.After.Data.Slice(i * size, size);
                _rows++;
                _bitsBefore += MessageEditor.Cost(bottleneck, both.Sent, i)?.Value;
                _bitsAfter += MessageEditor.Cost(bottleneck, both.Edited, i)?.Value;
                _square += OutputChange.MeanSquare(a, b);
                for (var c = 0; c < size; c++) (_sumBefore[c], _sumAfter[c]) = (_sumBefore[c] + a[c], _sumAfter[c] + b[c]);
                if (only is not null) (_oneBefore, _oneAfter, _entries) = (a.ToArray(), b.ToArray(), Entries(both, i));
                if (_classes is not null) Classes(a, b, data.Target switch { ClassTarget t => t.Labels[unit], TokenTarget t when t.Labels[unit] >= 0 => t.Labels[unit], _ => null });
                else if (!a.SequenceEqual(b)) _changed++;
                if (model.Task != RunTask.Reconstruction) continue;
                _squareBefore += OutputChange.MeanSquare(a, data.Row(unit));
                _squareAfter += OutputChange.MeanSquare(b, data.Row(unit));
            }
        }

        public EditOutcome Finish(EditOutcome outcome)
        {
            var classes = _classes is not null;
            var notes = new List<string>();
            if (_bitsBefore is null) notes.Add("a message of real numbers has no finite cost; --inference ship edits what would be written");
            else if (bottleneck is ContinuousBottleneck && outcome.Inference != "ship") notes.Add("bits are those of the code's dithered levels, which --inference ship edits");
            if (outcome.SymbolsChanged == 0 && _symbols == 0) notes.Add("the edit left the message as it was");
            return outcome with
            {
                Rows = _rows,
                Before = AnswerOf(_oneBefore, _sumBefore!),
                After = AnswerOf(_oneAfter, _sumAfter!),
                Changed = _changed > 0,
                ChangedShare = (double)_changed / _rows,
                BitsBefore = _bitsBefore / _rows,
                BitsAfter = _bitsAfter / _rows,
                BitsChanged = (_bitsAfter - _bitsBefore) / _rows,
                SymbolsChanged = _symbols / _rows,
                KlBits = classes ? _kl / _rows : null,
                TotalVariation = classes ? _variation / _rows : null,
                Difference = classes || model.Task == RunTask.Reconstruction ? null : [.. _sumBefore!.Select((b, c) => (_sumAfter![c] - b) / _rows * Scale(c))],
                OutputMse = _square / _rows,
                MseBefore = model.Task == RunTask.Reconstruction ? _squareBefore / _rows : null,
                MseAfter = model.Task == RunTask.Reconstruction ? _squareAfter / _rows : null,
                AccuracyBefore = _labelled > 0 ? (double)_rightBefore / _labelled : null,
                AccuracyAfter = _labelled > 0 ? (double)_rightAfter / _labelled : null,
                Entries = _entries,
                Notes = notes,
            };
        }

        private void Classes(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int? label)
        {
            var (was, now) = (Largest(a), Largest(b));
            if (was != now) _changed++;
            _kl += OutputChange.KlBits(a, b);
            _variation += OutputChange.TotalVariation(a, b);
            if (label is not { } truth) return;
            _labelled++;
            if (was == truth) _rightBefore++;
            if (now == truth) _rightAfter++;
        }

        private EditAnswer AnswerOf(float[]? one, double[] sums)
        {
            double[] values = one is null ? [.. sums.Select(s => s / _rows)] : [.. one.Select(v => (double)v)];
            if (_classes is not null) return new EditAnswer(one is null ? null : _classes[Largest(one)], values);
            switch (model.Task)
            {
                case RunTask.Reconstruction: return new EditAnswer(one is null || values.Length > MostNumbers ? null : values, null);
                default:
                    double[] inUnits = [.. values.Select((v, c) => (v * Scale(c)) + model.Schema.Target!.Mean[c % model.Schema.Target.Mean.Count])];
                    return new EditAnswer(inUnits.Length == 1 ? inUnits[0] : inUnits, null);
            }
        }

        private double Scale(int column) => model.Schema.Target!.Scale[column % model.Schema.Target.Scale.Count];

        private List<ChangedEntry> Entries(Both both, int row)
        {
            var names = new MessageNames(both.Sent, bottleneck);
            return [.. MessageEditor.Changes(bottleneck, both.Sent, both.Edited, row).Take(MostEntries).Select(c => new ChangedEntry(names.Of(c.Entry), Value(c.Before), Value(c.After)))];
            static double? Value(double value) => double.IsNaN(value) ? null : value;
        }

        private static int Largest(ReadOnlySpan<float> values)
        {
            var best = 0;
            for (var c = 1; c < values.Length; c++)
                if (values[c] > values[best]) best = c;
            return best;
        }
    }
}
