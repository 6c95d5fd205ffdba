using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Says what the codes, features and dimensions that pass a run's bottleneck mean.</summary>
public sealed class Explainer
{
    private const int EffectRows = 32, MostEffects = 256, MostBlocked = 4096;

    private readonly Passed _passed;
    private readonly ExplainSettings _settings;
    private readonly List<(string Place, string Name, int? Position, long Code, List<int> Units)> _codes = [];
    private readonly List<string> _notes;
    private readonly CancellationToken _stop;

    private Explainer(Passed passed, ExplainSettings settings, IReadOnlyList<string> notes, CancellationToken stop)
    {
        (_passed, _settings, _notes, _stop) = (passed, settings, [.. notes], stop);
        if (passed.CodePart >= 0) Group();
    }

    /// <summary>Explains a run on rows of its own data.</summary>
    /// <param name="run">The run.</param>
    /// <param name="settings">What is asked.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">Something is asked about that this run does not have.</exception>
    public static Explanation Explain(Run run, ExplainSettings settings, CancellationToken stop = default) => Explain(run, settings, out _, stop);

    internal static Explanation Explain(Run run, ExplainSettings settings, out Dataset data, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(settings);
        foreach (var (name, value) in new[] { ("--top", settings.Top), ("--examples", settings.Examples) })
            if (value < 1) throw new InputException($"{name} {value.ToString(CultureInfo.InvariantCulture)}: at least 1 is expected");
        var (all, rows, notes) = LayerRows.Choose(run, settings.Part, Math.Max(2, settings.Most / run.Model.Units));
        data = all;
        var explainer = new Explainer(Passed.Of(run, all, rows, settings.Layer, stop), settings, notes, stop);
        var whole = explainer.Whole(settings.Search is null ? null : RowPattern.Match(settings.Search, run.Model, all));
        return settings is { Search: null, Only: null, Layer: null } ? WithConcepts(whole, run, all, rows, settings, stop) : whole;
    }

    // Quality on the rows that were asked for; leakage on all that the network did not learn from, since it takes many.
    private static Explanation WithConcepts(Explanation whole, Run run, Dataset data, int[] rows, ExplainSettings settings, CancellationToken stop)
    {
        if (ConceptReader.Of(run.Model, data, rows, stop) is not { } reader) return whole;
        ConceptLeaks? leaks = null;
        var leakage = settings.Leakage && data.Target is not null ? (settings.Part == "test" ? ConceptReader.Of(run.Model, data, HeldOut(run, rows), stop)! : reader).Leakage(out leaks) : null;
        // Columns of concepts are told as concepts, not once more as dimensions.
        return whole with { Concepts = reader.Cards(leaks), Leakage = leakage, Head = reader.Head(), Subgroups = reader.Subgroups(), Latents = run.Model.Network.Bottleneck is ConceptLayer { Kind: ConceptKindPassed.Hybrid } ? whole.Latents : null };
    }

    private static int[] HeldOut(Run run, int[] rows)
    {
        var split = run.LoadOwn().Split;
        int[] held = [.. split.Test, .. split.Validation];
        return held.Length > rows.Length ? held : rows;
    }

    private Explanation Whole(bool[]? pattern)
    {
        var only = _settings.Only is { } text ? Selected(text) : null;
        if (pattern is not null && _codes.Count == 0 && _passed.Features is null)
            throw new InputException($"{_passed.Run.Folder}: no codes or features pass its bottleneck, {_passed.At.Type}", "--search looks for codes (vq, fsq, lfq, …) and features (sae-…)");
        return new Explanation
        {
            Run = _passed.Run.Folder,
            Bottleneck = _passed.At.Type,
            Layer = _passed.At.Layer,
            Rows = _passed.Units.Length,
            Message = _passed.Names?.Ranges() ?? "",
            Codes = _passed.CodePart >= 0 && only is null or { Feature: null } ? Codes(only?.Code) : null,
            Features = _passed.Features is not null && only?.Code is null ? Features(only?.Feature) : null,
            Latents = _passed.Dimensions > 0 && only is null ? Latents() : null,
            Search = pattern is null ? null : Search(pattern),
            Notes = _notes,
        };
    }

    // ----- codes

    // Rows by code: of each position, of each stage over all places, or of the whole set.
    private void Group()
    {
        var bottleneck = _passed.At.Bottleneck as IndexBottleneck;
        var (set, places) = (bottleneck is { Unordered: true }, bottleneck?.Layout.Places ?? 1);
        var stages = set ? 1 : places > 1 ? bottleneck!.Layout.Stages : _passed.Positions;
        var found = new SortedDictionary<(int Stage, long Code), List<int>>();
        for (var i = 0; i < _passed.Units.Length; i++)
            for (var p = 0; p < _passed.Positions; p++)
            {
                var code = _passed.Codes[(i * _passed.Positions) + p];
                if (code < 0) continue;
                var key = (set ? 0 : p % stages, code);
                if (!found.TryGetValue(key, out var units)) found[key] = units = [];
                if (units.Count == 0 || units[^1] != i) units.Add(i);
            }
        foreach (var ((stage, code), units) in found)
        {
            var name = set ? "code.*" : places > 1 ? string.Create(CultureInfo.InvariantCulture, $"stage.{stage}") : _passed.Names!.Of(new MessageEntry(_passed.CodePart, stage));
            _codes.Add((name, string.Create(CultureInfo.InvariantCulture, $"{name}:{code}"), set ? null : stage, code, units));
        }
    }

    private CodesExplained Codes((int? Position, long Code)? only)
    {
        var (n, width) = (_passed.Units.Length, _passed.Positions);
        var ranks = LongTensor.Zeros(n, width);
        var positions = new List<CodePosition>();
        var sizes = new int[width];
        for (var p = 0; p < width; p++)
        {
            var ids = new Dictionary<long, int>();
            var counts = new List<long>();
            for (var i = 0; i < n; i++)
            {
                var code = _passed.Codes[(i * width) + p];
                ranks.Data[(i * width) + p] = code < 0 ? -1 : Rank(ids, counts, code);
            }
            var use = new CodeCounts([.. counts]);
            sizes[p] = Math.Max(1, counts.Count);
            positions.Add(new CodePosition(_passed.Names!.Of(new MessageEntry(_passed.CodePart, p)), _passed.Alphabets[p], use.Used, _passed.Alphabets[p] - use.Used, use.Entropy.Value, use.Perplexity));
        }
        var usage = CodeUsage.Of(ranks, sizes);
        var chosen = only is { } one ? _codes.Where(c => (c.Position ?? 0) == (one.Position ?? 0) && c.Code == one.Code).ToList()
            : [.. _codes.OrderByDescending(c => c.Units.Count).ThenBy(c => c.Position).ThenBy(c => c.Code).Take(_settings.Top)];
        if (only is not null && chosen.Count == 0) _notes.Add($"{_settings.Only}: none of the rows has this code");
        return new CodesExplained(positions, n, usage.Distinct, usage.Joint.Value, usage.Ceiling.Value, usage.Factorised.Value, _passed.At.Bottleneck.Capacity?.Value,
            positions.Sum(p => p.Dead), chosen.Count, _codes.Count, [.. chosen.Select((c, i) => Card(c, i < MostEffects))]);
    }

    private static int Rank(Dictionary<long, int> ids, List<long> counts, long code)
    {
        if (!ids.TryGetValue(code, out var id))
        {
            ids[code] = id = counts.Count;
            counts.Add(0);
        }
        counts[id]++;
        return id;
    }

    private CodeCard Card((string Place, string Name, int? Position, long Code, List<int> Units) code, bool measured)
    {
        var near = _passed.Distances.Count > 0 && code.Position is { } p && p < _passed.Positions
            ? [.. code.Units.OrderBy(i => _passed.Distances[(i * _passed.Positions) + p]).ThenBy(i => i)] : code.Units;
        var (kl, mse) = measured && _passed.Alphabets[code.Position ?? 0] is > 1 and <= MostBlocked ? Effect(new Edit([new Change(code.Place, EditKind.Block, code.Code)]), code.Units) : (null, null);
        return new CodeCard(code.Name, code.Position, code.Code, code.Units.Count, (double)code.Units.Count / _passed.Units.Length,
            Association.Best(code.Units, _passed.Labels, _passed.Classes), MeanTarget(code.Units), kl, mse, [.. near.Take(_settings.Examples).Select(i => _passed.Units[i])]);
    }

    // ----- features

    private FeaturesExplained Features(int? only)
    {
        var all = _passed.Features!;
        int[] chosen = only is { } one ? [one] : [.. Enumerable.Range(0, all.Length).Where(f => all[f].Count > 0).OrderByDescending(f => all[f].Count).ThenBy(f => f).Take(_settings.Top)];
        if (only is not null && all[only.Value].Count == 0) _notes.Add($"{_settings.Only}: it is active in none of the rows");
        return new FeaturesExplained(all.Length, all.Count(f => f.Count > 0), all.Count(f => f.Count == 0), all.Sum(f => (double)f.Count) / _passed.Units.Length, chosen.Length,
            [.. chosen.Select((f, i) => FeatureOf(f, i < MostEffects))]);
    }

    private FeatureCard FeatureOf(int feature, bool measured)
    {
        var active = _passed.Features![feature];
        var name = _passed.Names!.Of(new MessageEntry(_passed.FeaturePart, feature));
        var top = active.OrderByDescending(a => a.Size).ThenBy(a => a.Unit).ToArray();
        int[] units = [.. active.Select(a => a.Unit)];
        var (kl, mse) = measured && units.Length > 0 ? Effect(new Edit([new Change(name, EditKind.Block, double.NaN)]), [.. top.Select(t => t.Unit)]) : (null, null);
        return new FeatureCard(name, feature, (double)units.Length / _passed.Units.Length, units.Length == 0 ? 0 : active.Average(a => a.Size), units.Length == 0 ? 0 : top[0].Size,
            Association.Best(units, _passed.Labels, _passed.Classes), MeanTarget(units), kl, mse,
            [.. top.Take(_settings.Examples).Select(t => _passed.Units[t.Unit])], [.. top.Take(_settings.Examples).Select(t => t.Size)]);
    }

    // ----- dimensions of numbers

    private LatentsExplained Latents()
    {
        var (n, d) = (_passed.Units.Length, _passed.Dimensions);
        var bits = _passed.BitsPerDimension;
        var columns = Enumerable.Range(0, d).Select(j => Enumerable.Range(0, n).Select(i => (double)_passed.Latents[(i * d) + j]).ToArray()).ToArray();
        var variances = columns.Select(c => c.Average(v => v * v) - (c.Average() * c.Average())).ToArray();
        bool Active(int j) => bits is null ? variances[j] > 0.01 : bits[j] >= Bits.FromNats(LatentUse.DeadNats).Value;
        int[] chosen = [.. Enumerable.Range(0, d).OrderByDescending(j => bits?[j] ?? variances[j]).ThenBy(j => j).Take(_settings.Top)];
        return new LatentsExplained(d, Enumerable.Range(0, d).Count(Active), chosen.Length, [.. chosen.Select((j, at) =>
        {
            var order = Enumerable.Range(0, n).OrderBy(i => columns[j][i]).ToArray();
            var (low, high) = (columns[j][order[n / 50]], columns[j][order[n - 1 - (n / 50)]]);
            var entry = new MessageEntry(_passed.LatentPart, j);
            // Columns of concepts are put as states, not moved between numbers.
            var (kl, mse) = at < MostEffects && _passed.Run.Model.Network.Bottleneck is not ConceptBottleneck ? Between(_passed.Names!.Of(entry), low, high) : (null, null);
            return new LatentCard(_passed.Names!.Of(entry), j, bits?[j], Active(j), columns[j].Average(), Math.Sqrt(Math.Max(0, variances[j])), low, high, kl, mse,
                [.. order.Reverse().Take(_settings.Examples).Select(i => _passed.Units[i])]);
        })]);
    }

    private (double? Kl, double? Mse) Between(string name, double low, double high) =>
        Effect(Edit.Set(name, low), [.. Enumerable.Range(0, _passed.Units.Length)], Edit.Set(name, high));

    // ----- search

    private SearchExplained Search(bool[] pattern)
    {
        bool[] having = [.. _passed.Units.Select(u => pattern[u])];
        var total = having.Count(h => h);
        if (total == 0) _notes.Add($"none of the rows has the pattern {_settings.Search}");
        var candidates = _codes.Select(c => (c.Name, (IReadOnlyList<int>)c.Units))
            .Concat((_passed.Features ?? []).Select((f, j) => (_passed.Names!.Of(new MessageEntry(_passed.FeaturePart, j)), (IReadOnlyList<int>)[.. f.Select(a => a.Unit)])));
        var found = candidates.Where(c => c.Item2.Count > 0).Select(c => (c.Item1, c.Item2.Count, Of: Association.Of(_settings.Search!, c.Item2.Count(i => having[i]), c.Item2.Count, total, having.Length)));
        return new SearchExplained(_settings.Search!, total, (double)total / having.Length,
            [.. found.Where(f => f.Of.F1 > 0).OrderByDescending(f => f.Of.F1).ThenBy(f => f.Item1, StringComparer.Ordinal).Take(_settings.Top).Select(f => new Found(f.Item1, f.Of.Precision, f.Of.Recall, f.Of.F1, f.Count))]);
    }

    // ----- what all have

    // What an edit does to the answers of some of the rows; beside another edit, what lies between both.
    private (double? Kl, double? Mse) Effect(Edit edit, IReadOnlyList<int> units, Edit? other = null)
    {
        _stop.ThrowIfCancellationRequested();
        var model = _passed.Run.Model;
        using var scope = new TensorScope("effect");
        int[] some = [.. Enumerable.Range(0, Math.Min(EffectRows, units.Count)).Select(k => units[(int)((long)k * units.Count / Math.Min(EffectRows, units.Count))])];
        int[] rows = [.. some.Select(i => _passed.Units[i] / model.Units).Distinct()];
        var inference = Inference.Mean.Name;
        var (before, after) = EditRun.Answers(_passed.Run, _passed.Data, rows, Here(edit), inference);
        if (other is not null) (before, after) = (after, EditRun.Answers(_passed.Run, _passed.Data, rows, Here(other), inference).After);
        var size = (int)(before.Numel / ((long)rows.Length * model.Units));
        double kl = 0, mse = 0;
        foreach (var i in some)
        {
            var at = ((Array.IndexOf(rows, _passed.Units[i] / model.Units) * model.Units) + (_passed.Units[i] % model.Units)) * size;
            if (Probabilities) kl += OutputChange.KlBits(before.Data.Slice(at, size), after.Data.Slice(at, size));
            else mse += OutputChange.MeanSquare(before.Data.Slice(at, size), after.Data.Slice(at, size));
        }
        return Probabilities ? (kl / some.Length, null) : (null, mse / some.Length);
    }

    private Edit Here(Edit edit) => _passed.At.Layer is { } layer ? edit.At(layer) : edit;

    private bool Probabilities => _passed.Run.Model.Task is RunTask.Classification or RunTask.NextToken;

    private double? MeanTarget(IReadOnlyList<int> units) => _passed.Targets is { } targets && units.Count > 0 ? units.Average(i => targets[i]) : null;

    // 0:17, code.0:17, stage.0:17, code.*:17 or feature.12.
    private Asked Selected(string text)
    {
        var folder = _passed.Run.Folder;
        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            if (_passed.Features is null) throw _passed.CodePart < 0 ? Nothing(folder) : new InputException($"--code {text}: POSITION:CODE is expected", "as in --code 0:17");
            var entries = _passed.Names!.Find(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? "feature." + text : text);
            return entries is [{ } only] && only.Part == _passed.FeaturePart ? new Asked(null, only.Index) : throw new InputException($"--code {text}: one feature is expected", "as in --code feature.12");
        }
        if (_passed.CodePart < 0) throw Nothing(folder);
        var (place, number) = (text[..colon], text[(colon + 1)..]);
        var dot = place.LastIndexOf('.');
        var word = place[(dot + 1)..];
        var stages = _codes.Count == 0 ? 0 : _codes.Max(c => c.Position ?? 0) + 1;
        var position = word == "*" ? 0 : int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var p) ? p : -1;
        if (position < 0 || position >= stages) throw new InputException(FormattableString.Invariant($"--code {text}: the position is outside 0..{stages - 1}"), $"what passes here: {_passed.Names!.Ranges()}");
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var code) || code >= _passed.Alphabets[position])
            throw new InputException(FormattableString.Invariant($"--code {text}: the code is outside 0..{_passed.Alphabets[position] - 1}"));
        return new Asked((_codes[0].Position is null ? null : position, code), null);
    }

    private InputException Nothing(string folder) => new($"{folder}: no codes or features pass its bottleneck, {_passed.At.Type}", $"what passes: {_passed.Names?.Ranges()}");

    private sealed record Asked((int? Position, long Code)? Code, int? Feature);
}
