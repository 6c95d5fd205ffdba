using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A concept put at a state.</summary>
/// <param name="Concept">Its position in the space.</param>
/// <param name="State">0 or 1, a category, a level.</param>
public sealed record ConceptEdit(int Concept, int State);

/// <summary>Concepts that, put otherwise, turn a decision.</summary>
/// <param name="Edits">Which, at which states; empty where none was found.</param>
/// <param name="Found">Whether they turn it.</param>
/// <param name="Exact">Whether no smaller set does (or, where none was found, none exists): all smaller ones were tried.</param>
/// <param name="Before">The decision without them.</param>
/// <param name="After">With them.</param>
/// <param name="Tried">How many sets the model was asked about.</param>
public sealed record Flip(IReadOnlyList<ConceptEdit> Edits, bool Found, bool Exact, int Before, int After, int Tried);

/// <summary>
/// The smallest set of edits that turns a model's decision: all sets of one edit, then of two, … as long as their number is bearable; then
/// the edit that helps most is added again and again, and what proved needless is taken back. Continuous concepts are left as they are.
/// </summary>
public static class SmallestFlip
{
    /// <summary>Looks for it.</summary>
    /// <param name="model">Bound to copies of one case: the more rows, the more sets are tried in one pass.</param>
    /// <param name="put">What has been put already, alike in all rows; it stays. Null for nothing.</param>
    /// <param name="to">The class wanted; null for any other than the present.</param>
    /// <param name="editable">The concepts that may be edited; null for all that have not been put.</param>
    /// <param name="limit">How many sets may be tried one by one.</param>
    public static Flip Find(IConceptModel model, ConceptValues? put = null, int? to = null, IReadOnlyList<int>? editable = null, int limit = 20_000)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var search = new Search(model, put, to);
        if (to is { } wanted && (wanted < 0 || wanted >= search.Classes)) throw new ArgumentOutOfRangeException(nameof(to), wanted, $"a class from 0 to {search.Classes - 1} is expected");
        if (search.Before == to) return new([], true, true, search.Before, search.Before, search.Tried);
        var options = (editable ?? [.. Enumerable.Range(0, model.Space.Count)]).Distinct().Order()
            .Where(j => !search.IsPut(j) && model.Space.Axes[j].Type != ConceptType.Continuous)
            .Select(j => Enumerable.Range(0, model.Space.Axes[j].States).Select(s => new ConceptEdit(j, s)).ToArray()).ToArray();
        for (var size = 1; size <= options.Length; size++)
        {
            if (search.Tried + CountOf(options, size, limit) > limit) return Greedy(search, options);
            if (search.First(Sets(options, size)) is { } found) return new(found.Edits, true, true, search.Before, found.Class, search.Tried);
        }
        return new([], false, true, search.Before, search.Before, search.Tried);
    }

    private static Flip Greedy(Search search, ConceptEdit[][] options)
    {
        var edits = new List<ConceptEdit>();
        while (edits.Count < options.Length)
        {
            var more = options.Where(o => !edits.Exists(e => e.Concept == o[0].Concept)).SelectMany(o => o).Select(e => (ConceptEdit[])[.. edits, e]);
            var (best, after, flips) = search.Best(more);
            edits = [.. best];
            if (!flips) continue;
            for (var i = edits.Count - 2; i >= 0; i--)
            {
                ConceptEdit[] fewer = [.. edits.Where((_, j) => j != i)];
                if (search.First([fewer]) is not { } still) continue;
                (edits, after) = ([.. still.Edits], still.Class);
            }
            return new(edits, true, false, search.Before, after, search.Tried);
        }
        return new([], false, false, search.Before, search.Before, search.Tried);
    }

    private static IEnumerable<ConceptEdit[]> Sets(ConceptEdit[][] options, int size, int from = 0)
    {
        if (size == 0)
        {
            yield return [];
            yield break;
        }
        for (var i = from; i <= options.Length - size; i++)
            foreach (var edit in options[i])
                foreach (var rest in Sets(options, size - 1, i + 1))
                    yield return [edit, .. rest];
    }

    // The elementary symmetric polynomial of the numbers of states; anything above the limit is "too many".
    private static long CountOf(ConceptEdit[][] options, int size, int limit)
    {
        var ways = new long[size + 1];
        ways[0] = 1;
        foreach (var states in options)
            for (var s = size; s > 0; s--) ways[s] = Math.Min(ways[s] + (ways[s - 1] * states.Length), (long)limit + 1);
        return ways[size];
    }

    private sealed class Search
    {
        private readonly IConceptModel _model;
        private readonly float[] _values, _known;
        private readonly int? _to;

        public Search(IConceptModel model, ConceptValues? put, int? to)
        {
            (_model, _to) = (model, to);
            _values = put?.Values.ToArray() ?? new float[model.Rows * model.Space.Width];
            _known = put?.Known.ToArray() ?? new float[model.Rows * model.Space.Count];
            var answer = Answers(put, 1)[0];
            (Before, Classes) = (InterventionTarget.Best(answer), answer.Length);
        }

        public int Before { get; }

        public int Classes { get; }

        public int Tried { get; private set; }

        public bool IsPut(int concept) => _known[concept] != 0;

        public (ConceptEdit[] Edits, int Class)? First(IEnumerable<ConceptEdit[]> sets)
        {
            foreach (var batch in sets.Chunk(_model.Rows))
            {
                var answers = Answers(batch);
                for (var i = 0; i < batch.Length; i++)
                    if (Turns(answers[i])) return (batch[i], InterventionTarget.Best(answers[i]));
            }
            return null;
        }

        public (ConceptEdit[] Edits, int Class, bool Turns) Best(IEnumerable<ConceptEdit[]> sets)
        {
            (ConceptEdit[] Edits, double[] Answer)? best = null;
            foreach (var batch in sets.Chunk(_model.Rows))
            {
                var answers = Answers(batch);
                for (var i = 0; i < batch.Length; i++)
                    if (best is null || Gain(answers[i]) > Gain(best.Value.Answer)) best = (batch[i], answers[i]);
            }
            return (best!.Value.Edits, InterventionTarget.Best(best.Value.Answer), Turns(best.Value.Answer));
        }

        private bool Turns(double[] answer) => InterventionTarget.Best(answer) is var c && (_to is { } to ? c == to : c != Before);

        // By how much the wanted class (or the best other one) is ahead.
        private double Gain(double[] answer)
        {
            var (wanted, other) = (double.NegativeInfinity, double.NegativeInfinity);
            for (var k = 0; k < answer.Length; k++)
                if (_to is { } to ? k == to : k != Before) wanted = Math.Max(wanted, answer[k]);
                else other = Math.Max(other, answer[k]);
            return wanted - other;
        }

        private double[][] Answers(ConceptEdit[][] sets)
        {
            var (space, values, known) = (_model.Space, (float[])_values.Clone(), (float[])_known.Clone());
            for (var i = 0; i < sets.Length; i++)
                foreach (var (concept, state) in sets[i])
                {
                    space.Encode(concept, state).CopyTo(values.AsSpan((i * space.Width) + space.Offset(concept)));
                    known[(i * space.Count) + concept] = 1;
                }
            using var scope = new TensorScope("flip");
            return Answers(new(Tensor.From(values, _model.Rows, space.Width), Tensor.From(known, _model.Rows, space.Count)), sets.Length);
        }

        private double[][] Answers(ConceptValues? put, int rows)
        {
            using var scope = new TensorScope("flip");
            using var noGrad = new NoGrad();
            var answers = _model.Answers(put);
            Tried += rows;
            return [.. Enumerable.Range(0, rows).Select(i => InterventionTarget.Row(answers, i, classes: true))];
        }
    }
}
