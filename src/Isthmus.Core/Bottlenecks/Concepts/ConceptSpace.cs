using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// The concepts of a network, k of them, and the columns that stand for them: a binary concept has one, a categorical one a column for
/// each state, an ordinal one a column for each level but the lowest (Frank and Hall: "A Simple Approach to Ordinal Classification", ECML
/// 2001), a continuous one its number.
/// </summary>
public sealed class ConceptSpace
{
    private readonly int[] _offsets;
    private readonly int[] _concepts;

    /// <summary>A space of some concepts.</summary>
    /// <exception cref="InputException">There is none, two have one name, or one has fewer than two states.</exception>
    public ConceptSpace(IReadOnlyList<ConceptAxis> axes)
    {
        ArgumentNullException.ThrowIfNull(axes);
        if (axes.Count == 0) throw new InputException("concepts: at least one is needed");
        if (axes.GroupBy(a => a.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new InputException($"concept '{twice.Key}' stands twice");
        foreach (var axis in axes)
        {
            if (axis.Type != ConceptType.Continuous && axis.Categories.Count < 2) throw new InputException($"concept '{axis.Name}' has {axis.Categories.Count} states, at least 2 are needed", "a concept that never changes says nothing: leave it out");
            if (axis.Type == ConceptType.Binary && axis.Categories.Count != 2) throw new InputException($"concept '{axis.Name}' is binary and has {axis.Categories.Count} states");
            if (!(axis.Cost >= 0) || !double.IsFinite(axis.Cost)) throw new InputException(FormattableString.Invariant($"concept '{axis.Name}': a cost of at least 0 is expected, not {axis.Cost}"));
        }
        Axes = axes;
        _offsets = new int[axes.Count];
        for (var j = 0; j < axes.Count; j++) (_offsets[j], Width) = (Width, checked(Width + axes[j].Width));
        _concepts = [.. axes.SelectMany((a, j) => Enumerable.Repeat(j, a.Width))];
        ColumnNames = [.. axes.SelectMany(a => Enumerable.Range(0, a.Width).Select(a.Column))];
    }

    /// <summary>The concepts in order.</summary>
    public IReadOnlyList<ConceptAxis> Axes { get; }

    /// <summary>k, the number of concepts.</summary>
    public int Count => Axes.Count;

    /// <summary>The number of columns.</summary>
    public int Width { get; }

    /// <summary>A name for each column: <c>fever</c>, <c>shape=round</c>, <c>grade&gt;=2</c>.</summary>
    public IReadOnlyList<string> ColumnNames { get; }

    /// <summary>The first column of a concept.</summary>
    public int Offset(int concept) => _offsets[concept];

    /// <summary>The concept that a column belongs to.</summary>
    public int ConceptOf(int column) => _concepts[column];

    /// <summary>Values to columns.</summary>
    /// <param name="values">[rows, k]: 0 or 1, a state's number, a standardised number; NaN where unknown.</param>
    /// <returns>[rows, width]: 0 and 1 of states, the number itself of continuous concepts, NaN where unknown.</returns>
    /// <exception cref="ArgumentException">A value is not a state's number.</exception>
    public Tensor Encode(Tensor values)
    {
        var rows = Rows(values, Count, "encode");
        var encoded = Tensor.Zeros(rows, Width);
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < Count; j++) EncodeOne(j, values.Data[(i * Count) + j], encoded.Data.Slice((i * Width) + _offsets[j], Axes[j].Width));
        return encoded;
    }

    /// <summary>The columns of one state of a concept, or of a number of a continuous one; NaN for NaN.</summary>
    public float[] Encode(int concept, double value)
    {
        var columns = new float[Axes[concept].Width];
        EncodeOne(concept, value, columns);
        return columns;
    }

    /// <summary>Scores to beliefs: the logistic function for binary and ordinal columns, softmax over the states of a categorical concept, the number
    /// itself of a continuous one. Differentiable.</summary>
    /// <param name="scores">[rows, width].</param>
    public Tensor Activate(Tensor scores)
    {
        Rows(scores, Width, "activate");
        return ByRun(scores, (part, type) => type switch
        {
            ConceptType.Categorical => part.Softmax(-1),
            ConceptType.Continuous => part,
            _ => part.Sigmoid(),
        });
    }

    /// <summary>Beliefs to states.</summary>
    /// <param name="beliefs">[rows, width].</param>
    /// <returns>[rows, k]: the most probable state; of an ordinal concept the number of thresholds that are passed more probably than not, which is
    /// its median level where the thresholds' probabilities fall; a continuous one's number.</returns>
    public Tensor Decide(Tensor beliefs)
    {
        var rows = Rows(beliefs, Width, "decide");
        var values = Tensor.Zeros(rows, Count);
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < Count; j++)
            {
                var own = beliefs.Data.Slice((i * Width) + _offsets[j], Axes[j].Width);
                values.Data[(i * Count) + j] = Axes[j].Type switch
                {
                    ConceptType.Continuous => own[0],
                    ConceptType.Categorical => Largest(own),
                    _ => Above(own),
                };
            }
        return values;
    }

    /// <summary>The most probable state of every concept, as columns.</summary>
    /// <param name="beliefs">[rows, width].</param>
    public Tensor Harden(Tensor beliefs) => Encode(Decide(beliefs));

    /// <summary>The probability of each state of a concept under some columns; of an ordinal one the differences of its thresholds' probabilities, which
    /// are made to fall first; empty for a continuous one.</summary>
    /// <param name="concept">Which.</param>
    /// <param name="beliefs">Its columns.</param>
    public double[] StateProbabilities(int concept, ReadOnlySpan<float> beliefs)
    {
        var axis = Axes[concept];
        if (beliefs.Length != axis.Width) throw new ArgumentException($"concept '{axis.Name}': {axis.Width} columns are needed, given {beliefs.Length}");
        if (axis.Type == ConceptType.Continuous) return [];
        var p = new double[axis.States];
        if (axis.Type == ConceptType.Categorical)
        {
            for (var s = 0; s < p.Length; s++) p[s] = beliefs[s];
            return p;
        }
        double last = 1;
        for (var s = 0; s < p.Length; s++)
        {
            var next = s + 1 < p.Length ? Math.Min(last, beliefs[s]) : 0;
            (p[s], last) = (last - next, next);
        }
        return p;
    }

    /// <summary>
    /// How far scores are from annotated values, in nats: cross-entropy of binary and categorical concepts, the mean cross-entropy of the thresholds of
    /// ordinal ones, half the squared error of continuous ones; each concept's mean over the rows that are annotated, then the mean over concepts.
    /// </summary>
    /// <param name="scores">[rows, width].</param>
    /// <param name="values">[rows, k]; NaN where unknown.</param>
    /// <param name="stateWeights">What a row of each state of each concept counts; null where all count the same.</param>
    /// <returns>A scalar; 0 where nothing is annotated.</returns>
    public Tensor Loss(Tensor scores, Tensor values, IReadOnlyList<double[]>? stateWeights = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        var rows = Rows(scores, Width, "concept loss");
        if (Rows(values, Count, "concept loss") != rows) throw new ArgumentException($"concept loss: {rows} rows of scores and {values.Size(0)} of values");
        var (target, weight) = (Tensor.Zeros(rows, Width), Tensor.Zeros(rows, Width));
        for (var j = 0; j < Count; j++) Targets(j, values, target, weight, stateWeights?[j]);
        var at = 0;
        var loss = ByRun(scores, (part, type) =>
        {
            var (t, w) = (target.Narrow(1, at, part.Size(1)), weight.Narrow(1, at, part.Size(1)));
            at += part.Size(1);
            return type switch
            {
                ConceptType.Categorical => -(part.LogSoftmax(-1) * t * w),
                ConceptType.Continuous => (part - t).Square() * w * 0.5f,
                _ => (part.Softplus() - (part * t)) * w,
            };
        });
        return loss.Sum();
    }

    /// <summary>Beliefs with what was put by hand in their place. Differentiable in both.</summary>
    /// <param name="beliefs">[rows, width].</param>
    /// <param name="put">What is put.</param>
    public Tensor Put(Tensor beliefs, ConceptValues put)
    {
        ArgumentNullException.ThrowIfNull(put);
        Rows(beliefs, Width, "put");
        return Tensor.Where(Columns(put.Known), put.Values, beliefs);
    }

    /// <summary>A number for each concept to one for each of its columns.</summary>
    /// <param name="perConcept">[rows, k].</param>
    /// <returns>[rows, width].</returns>
    public Tensor Columns(Tensor perConcept)
    {
        var rows = Rows(perConcept, Count, "columns");
        if (Width == Count) return perConcept;
        var columns = Tensor.Zeros(rows, Width);
        for (var i = 0; i < rows; i++)
            for (var c = 0; c < Width; c++) columns.Data[(i * Width) + c] = perConcept.Data[(i * Count) + _concepts[c]];
        return columns;
    }

    /// <summary>Annotated values as concepts put by hand: those that are known.</summary>
    /// <param name="values">[rows, k]; NaN where unknown.</param>
    public ConceptValues Known(Tensor values)
    {
        var encoded = Encode(values);
        foreach (ref var v in encoded.Data) v = float.IsNaN(v) ? 0 : v;
        var known = Tensor.Zeros(values.Size(0), Count);
        for (var i = 0; i < known.Numel; i++) known.Data[i] = float.IsNaN(values.Data[i]) ? 0 : 1;
        return new ConceptValues(encoded, known);
    }

    /// <summary>The concept with a name.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public int Find(string name)
    {
        for (var j = 0; j < Count; j++)
            if (string.Equals(Axes[j].Name, name, StringComparison.Ordinal)) return j;
        for (var j = 0; j < Count; j++)
            if (string.Equals(Axes[j].Name, name, StringComparison.OrdinalIgnoreCase)) return j;
        throw Suggest.Unknown("concept", name, Axes.Select(a => a.Name));
    }

    /// <summary>A value as a person writes it: a state's name, or of a continuous concept a number in its own unit.</summary>
    /// <param name="concept">Which.</param>
    /// <param name="text">What was written.</param>
    /// <returns>The state's number, or the standardised number.</returns>
    /// <exception cref="InputException">It is neither.</exception>
    public double Parse(int concept, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var axis = Axes[concept];
        var word = text.Trim();
        if (axis.Type == ConceptType.Continuous)
            return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? (number - axis.Mean) / axis.Scale
                : throw new InputException($"concept '{axis.Name}': a number is expected, not '{word}'");
        for (var s = 0; s < axis.States; s++)
            if (string.Equals(axis.Categories[s], word, StringComparison.OrdinalIgnoreCase)) return s;
        if (axis.Type == ConceptType.Binary && word is "0" or "1") return word == "1" ? 1 : 0;
        throw Suggest.Unknown($"value of concept '{axis.Name}'", word, axis.Categories);
    }

    /// <summary>A value as people read it.</summary>
    public string Text(int concept, double value) => Axes[concept].Type == ConceptType.Continuous
        ? ((value * Axes[concept].Scale) + Axes[concept].Mean).ToString("G6", CultureInfo.InvariantCulture)
        : Axes[concept].Categories[(int)value];

    // Runs of columns of one type, a categorical concept by itself.
    private Tensor ByRun(Tensor x, Func<Tensor, ConceptType, Tensor> apply)
    {
        var parts = new List<Tensor>();
        for (var j = 0; j < Count;)
        {
            var (first, kind) = (j, Kind(j));
            do j++;
            while (j < Count && kind != ConceptType.Categorical && Kind(j) == kind);
            var (from, to) = (_offsets[first], j < Count ? _offsets[j] : Width);
            parts.Add(apply(to - from == Width ? x : x.Narrow(1, from, to - from), kind));
        }
        return parts.Count == 1 ? parts[0] : Tensor.Cat(parts, 1);
        ConceptType Kind(int concept) => Axes[concept].Type == ConceptType.Ordinal ? ConceptType.Binary : Axes[concept].Type;
    }

    private void Targets(int concept, Tensor values, Tensor target, Tensor weight, double[]? stateWeights)
    {
        var (axis, offset, rows) = (Axes[concept], _offsets[concept], values.Size(0));
        double total = 0;
        for (var i = 0; i < rows; i++) total += Of(values.Data[(i * Count) + concept]);
        if (total == 0) return;
        var columns = axis.Type == ConceptType.Ordinal ? axis.Width : 1;
        for (var i = 0; i < rows; i++)
        {
            var value = values.Data[(i * Count) + concept];
            if (float.IsNaN(value)) continue;
            EncodeOne(concept, value, target.Data.Slice((i * Width) + offset, axis.Width));
            weight.Data.Slice((i * Width) + offset, axis.Width).Fill((float)(Of(value) / (total * Count * columns)));
        }
        double Of(float value) => float.IsNaN(value) ? 0 : stateWeights is { Length: > 0 } ? stateWeights[(int)value] : 1;
    }

    private void EncodeOne(int concept, double value, Span<float> to)
    {
        var axis = Axes[concept];
        if (double.IsNaN(value))
        {
            to.Fill(float.NaN);
            return;
        }
        if (axis.Type == ConceptType.Continuous)
        {
            to[0] = (float)value;
            return;
        }
        if (value != Math.Floor(value) || value < 0 || value >= axis.States) throw new ArgumentException(FormattableString.Invariant($"concept '{axis.Name}': {value} is not one of its states 0..{axis.States - 1}"));
        var state = (int)value;
        if (axis.Type == ConceptType.Categorical)
        {
            to.Clear();
            to[state] = 1;
        }
        else for (var i = 0; i < to.Length; i++) to[i] = state > i ? 1 : 0;
    }

    private static int Rows(Tensor x, int columns, string what)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Dim == 2 && x.Size(1) == columns ? x.Size(0) : throw new ArgumentException($"{what}: [rows, {columns}] is needed, given [{string.Join(", ", x.Shape.ToArray())}]");
    }

    private static int Largest(ReadOnlySpan<float> of)
    {
        var best = 0;
        for (var i = 1; i < of.Length; i++)
            if (of[i] > of[best]) best = i;
        return best;
    }

    private static int Above(ReadOnlySpan<float> thresholds)
    {
        var level = 0;
        foreach (var p in thresholds) level += p > 0.5f ? 1 : 0;
        return level;
    }
}
