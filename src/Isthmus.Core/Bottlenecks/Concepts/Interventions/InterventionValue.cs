using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>The rows that interventions are tried on.</summary>
/// <param name="Model">Bound to the rows.</param>
/// <param name="Truth">The annotated values, [rows, concepts], NaN where unknown: such a concept cannot be asked.</param>
/// <param name="Target">What the answers are held against.</param>
public sealed record InterventionCase(IConceptModel Model, Tensor Truth, InterventionTarget Target)
{
    /// <summary>The standard deviation of the model's errors in each concept, in its own unit; used for continuous concepts, 1 unless given.</summary>
    public IReadOnlyList<double>? Deviations { get; init; }

    internal void Check()
    {
        var (rows, count) = (Model.Rows, Model.Space.Count);
        if (Truth.Dim != 2 || Truth.Size(0) != rows || Truth.Size(1) != count)
            throw new ArgumentException($"intervention: the truth is [{rows}, {count}] for this model, not {Truth}");
        if (Target.Rows != rows) throw new ArgumentException($"intervention: the model has {rows} rows and the target {Target.Rows}");
        if (Deviations is { } d && d.Count != count) throw new ArgumentException($"intervention: {count} deviations are expected, not {d.Count}");
    }
}

/// <summary>What is put in a concept's place when it is asked: the value half of an intervention.</summary>
/// <remarks>
/// The values of all concepts are drawn at the start, each from a stream of its own row and concept: they do not depend on the order
/// in which concepts are asked, so that larger sets of edits contain the smaller ones.
/// </remarks>
public abstract class InterventionValue
{
    /// <summary>What would be put, [rows, Width], encoded; NaN where nothing can be said.</summary>
    /// <param name="on">The rows.</param>
    /// <param name="random">Of this intervention's seed.</param>
    public abstract Tensor Offer(InterventionCase on, RandomStream random);

    /// <summary>The annotated values.</summary>
    public static InterventionValue Truth { get; } = new Expert(1);

    /// <summary>The same values in every row, as in do(c = v).</summary>
    /// <param name="values">[concepts] in the concepts' own values (0/1, category, level, number), NaN for those that are left.</param>
    public static InterventionValue Do(IReadOnlyList<double> values) => new Constant(values);

    /// <summary>Zero in every column: nothing of the concept passes.</summary>
    public static InterventionValue Mask { get; } = new Scaled(0);

    /// <summary>What the model believes, times a factor; factors above 1 leave the range of probabilities on purpose.</summary>
    public static InterventionValue Amplify(double factor) => new Scaled(factor);

    /// <summary>Values drawn at random from those that the concept has in other rows.</summary>
    /// <param name="training">Annotations, [any rows, concepts], NaN where unknown; a concept without any is left.</param>
    public static InterventionValue Distribution(Tensor training) => new Drawn(training);

    /// <summary>
    /// An expert who is right with a probability, else names a wrong state, each of the others with equal probability (Espinosa Zarlenga et
    /// al. 2022); a wrong number of a continuous concept is another row's. The same seed errs, at a lower competence, wherever it erred at a higher.
    /// </summary>
    /// <param name="competence">From 0 to 1.</param>
    /// <param name="exclusive">Groups of binary concepts of which exactly one is present: the expert errs in the group, and names another member.</param>
    public static InterventionValue Competence(double competence, params IReadOnlyList<IReadOnlyList<int>> exclusive) => new Expert(competence, exclusive);

    private sealed class Constant(IReadOnlyList<double> values) : InterventionValue
    {
        public override Tensor Offer(InterventionCase on, RandomStream random)
        {
            var count = on.Model.Space.Count;
            if (values.Count != count) throw new ArgumentException($"do: {count} values are expected, not {values.Count}");
            var rows = Tensor.Zeros(on.Model.Rows, count);
            for (var i = 0; i < rows.Data.Length; i++) rows.Data[i] = (float)values[i % count];
            return on.Model.Space.Encode(rows);
        }
    }

    private sealed class Scaled(double factor) : InterventionValue
    {
        public override Tensor Offer(InterventionCase on, RandomStream random)
        {
            using var noGrad = new NoGrad();
            return on.Model.Beliefs(null) * (float)factor;
        }
    }

    private sealed class Drawn(Tensor training) : InterventionValue
    {
        private readonly float[] _values = training.ToArray();

        public override Tensor Offer(InterventionCase on, RandomStream random)
        {
            var count = on.Model.Space.Count;
            var known = new List<float>[count];
            for (var j = 0; j < count; j++) known[j] = [.. _values.Where((v, i) => i % count == j && !float.IsNaN(v))];
            var rows = Tensor.Zeros(on.Model.Rows, count);
            for (var i = 0; i < on.Model.Rows; i++)
            {
                var stream = random.Fork((ulong)i);
                for (var j = 0; j < count; j++)
                    rows.Data[(i * count) + j] = known[j].Count == 0 ? float.NaN : known[j][(int)(stream.NextDouble() * known[j].Count)];
            }
            return on.Model.Space.Encode(rows);
        }
    }

    private sealed class Expert : InterventionValue
    {
        private readonly double _competence;
        private readonly IReadOnlyList<IReadOnlyList<int>> _exclusive;

        public Expert(double competence, IReadOnlyList<IReadOnlyList<int>>? exclusive = null)
        {
            if (!(competence is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(competence), competence, "from 0 to 1 is expected");
            (_competence, _exclusive) = (competence, exclusive ?? []);
        }

        public override Tensor Offer(InterventionCase on, RandomStream random)
        {
            var space = on.Model.Space;
            if (_competence == 1) return space.Encode(on.Truth);
            foreach (var group in _exclusive)
                if (group.Count < 2 || group.Any(j => space.Axes[j].Type != ConceptType.Binary))
                    throw new ArgumentException("competence: an exclusive group is of at least two binary concepts");
            var said = Tensor.From(on.Truth.Data, on.Truth.Shape);
            var inGroup = _exclusive.SelectMany(g => g).ToHashSet();
            for (var i = 0; i < on.Model.Rows; i++)
            {
                var row = said.Data.Slice(i * space.Count, space.Count);
                // Two numbers a concept whatever is known: whether, and which other.
                var stream = random.Fork((ulong)i);
                for (var j = 0; j < space.Count; j++)
                {
                    var (errs, which) = (stream.NextDouble() >= _competence, stream.NextDouble());
                    if (errs && !inGroup.Contains(j) && !float.IsNaN(row[j])) row[j] = Wrong(on, i, j, which);
                }
                foreach (var group in _exclusive)
                {
                    var (errs, which) = (stream.NextDouble() >= _competence, stream.NextDouble());
                    if (errs) Confuse(row, group, which);
                }
            }
            return space.Encode(said);
        }

        private static float Wrong(InterventionCase on, int row, int concept, double which)
        {
            var axis = on.Model.Space.Axes[concept];
            var truth = on.Truth.Data[(row * on.Model.Space.Count) + concept];
            if (axis.Type == ConceptType.Continuous)
            {
                var rows = on.Model.Rows;
                var other = on.Truth.Data[((((row + 1 + (int)(which * Math.Max(1, rows - 1))) % rows) * on.Model.Space.Count) + concept)];
                return float.IsNaN(other) ? truth : other;
            }
            var state = (int)(which * (axis.States - 1));
            return state >= (int)truth ? state + 1 : state;
        }

        // The one member that is present becomes another; a group of which not exactly one is known to be present is left.
        private static void Confuse(Span<float> row, IReadOnlyList<int> group, double which)
        {
            var present = -1;
            foreach (var j in group)
            {
                if (float.IsNaN(row[j])) return;
                if (row[j] < 0.5f) continue;
                if (present >= 0) return;
                present = j;
            }
            if (present < 0) return;
            var others = group.Where(j => j != present).ToArray();
            row[present] = 0;
            row[others[(int)(which * others.Length)]] = 1;
        }
    }
}
