using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What a run's concept layer says of rows: beliefs, what passes, annotations, classes.</summary>
internal sealed class ConceptReader
{
    private const int RowsAtOnce = 500, FewestForPurity = 200, MostWords = 6;

    private readonly Model _model;
    private readonly ConceptBottleneck _layer;
    private readonly Tensor _truth, _beliefs, _codes;
    private readonly int[] _labels;
    private readonly bool[]? _right;
    private readonly string[]? _groups;

    private ConceptReader(Model model, ConceptBottleneck layer, Tensor truth, Tensor beliefs, Tensor codes, int[] labels, bool[]? right, string[]? groups)
    {
        (_model, _layer, _truth, _beliefs, _codes, _labels, _right, _groups) = (model, layer, truth, beliefs, codes, labels, right, groups);
    }

    private ConceptSpace Space => _layer.Space;

    private int Classes => _model.Schema.Target is { Classes.Count: > 0 } target ? target.Classes.Count : _labels.Max() + 1;

    /// <summary>Reads rows; null where the run has no concept layer or the data no annotations.</summary>
    public static ConceptReader? Of(Model model, Dataset data, int[] rows, CancellationToken stop)
    {
        if (model.Network.Bottleneck is not ConceptBottleneck { Annotated: true } layer || data.Concepts is null) return null;
        var (n, space) = (rows.Length, layer.Space);
        var (truth, beliefs, codes) = (Tensor.Zeros(n, space.Count), Tensor.Zeros(n, space.Width), (Tensor?)null);
        var right = data.Target is ClassTarget ? new bool[n] : null;
        model.Judge();
        using var noGrad = new NoGrad();
        var at = 0;
        foreach (var part in Batches.Split(rows, RowsAtOnce))
        {
            stop.ThrowIfCancellationRequested();
            float[] passed;
            using (new TensorScope("concepts"))
            {
                var batch = Batches.Of(data, part);
                Features features = model.Network.Encoder.Forward(batch.Inputs);
                var scores = layer.Scores(features);
                batch.Concepts!.Data.CopyTo(truth.Data[(at * space.Count)..]);
                layer.Beliefs(features, scores, null).Data.CopyTo(beliefs.Data[(at * space.Width)..]);
                var emitted = layer.Emit(features, scores, null);
                passed = emitted.ToArray();
                if (right is not null && model.Network.Decoder.Forward(emitted).ArgMax(1) is var answers)
                    for (var i = 0; i < part.Length; i++) right[at + i] = answers.Data[i] == batch.Labels!.Data[i];
            }
            codes ??= Tensor.Zeros(n, passed.Length / part.Length);
            passed.CopyTo(codes.Data[(at * codes.Size(1))..]);
            at += part.Length;
        }
        return new ConceptReader(model, layer, truth, beliefs, codes!, LabelsOf(data, rows), right, data.Groups is { } groups ? [.. rows.Select(r => groups.Names[groups.Of[r]])] : null);
    }

    /// <summary>How well each concept is known.</summary>
    public IReadOnlyList<ConceptScore> Quality() =>
        [.. Enumerable.Range(0, Space.Count).Select(j =>
        {
            var axis = Space.Axes[j];
            var truth = Column(_truth, j);
            if (axis.Type == ConceptType.Continuous) return ConceptQuality.Continuous(axis.Name, truth, Column(_beliefs, Space.Offset(j)));
            if (axis.Type == ConceptType.Binary) return ConceptQuality.Binary(axis.Name, truth, Column(_beliefs, Space.Offset(j)));
            var probabilities = new float[truth.Length * axis.States];
            for (var i = 0; i < truth.Length; i++)
            {
                var p = Space.StateProbabilities(j, _beliefs.Data.Slice((i * Space.Width) + Space.Offset(j), axis.Width));
                for (var s = 0; s < p.Length; s++) probabilities[(i * p.Length) + s] = (float)p[s];
            }
            return ConceptQuality.States(axis.Name, truth, probabilities, axis.States);
        })];

    /// <summary>Accuracies by group; null where the data name no groups.</summary>
    public IReadOnlyList<SubgroupScore>? Subgroups() => _groups is null ? null : ConceptQuality.Subgroups(_groups, _truth, Space.Decide(_beliefs), _right);

    /// <summary>One card a concept, with leaks where they were read.</summary>
    public IReadOnlyList<ConceptCard> Cards(ConceptLeaks? leaks) => [.. Quality().Select((q, j) =>
    {
        var (axis, leak) = (Space.Axes[j], leaks?.Concepts[j]);
        return new ConceptCard(axis.Name, OptionModel.Word(axis.Type.ToString()), axis.Categories, axis.Cost, q.Rows, q.Accuracy, q.Majority, q.Auc, q.Brier, q.Ece, q.R2, leak?.LeakBits, leak?.LeakPValue, leak?.CodeTargetBits, leak?.TrueTargetBits);
    })];

    /// <summary>Leakage of all concepts together, and the measures beside it.</summary>
    /// <param name="leaks">Concept by concept; null where there are too few rows.</param>
    public LeakageExplained Leakage(out ConceptLeaks? leaks)
    {
        var rows = Rows();
        var report = ConceptLeakage.Measure(rows, new LeakageOptions { Seed = _model.Recipe.Seed });
        var annotated = Enumerable.Range(0, _labels.Length).Count(i => !_truth.Data.Slice(i * Space.Count, Space.Count).ContainsAnyExceptInRange(float.MinValue, float.MaxValue));
        leaks = annotated >= FewestForPurity ? ConceptLeaks.Measure(rows) : null;
        var purity = annotated >= FewestForPurity && Space.Axes.All(a => a.Type == ConceptType.Binary) && Space.Count > 1 ? ConceptPurity.Measure(rows) : null;
        return new LeakageExplained(report)
        {
            Passes = Passes(),
            Ctl = leaks?.MeanCtl,
            Icl = leaks?.MeanIcl,
            Ois = purity?.Ois,
            Nis = purity?.Nis,
            NisNormalised = purity?.NisNormalised,
        };
    }

    /// <summary>The weights of the head; null where it is not one linear layer on columns of concepts.</summary>
    public HeadExplained? Head()
    {
        var linear = _model.Network.Decoder as Linear ?? (_model.Network.Decoder.NamedModules().Select(m => m.Value).Where(m => m.NamedParameters().Any()).ToArray() is [.., Linear only] all && all.OfType<Linear>().Count() == 1 ? only : null);
        if (linear is null || linear.Weight.Size(1) != _codes.Size(1) || _codes.Size(1) < Space.Width || _layer is ConceptEmbedding) return null;
        var (answers, width) = (linear.Weight.Size(0), linear.Weight.Size(1));
        var target = _model.Schema.Target;
        string[] names = [.. target is { Classes.Count: > 0 } && target.Classes.Count == answers ? target.Classes : Enumerable.Range(0, answers).Select(a => target is not null && a < target.Names.Count ? target.Names[a] : FormattableString.Invariant($"output {a + 1}"))];
        string[] columns = [.. Space.ColumnNames, .. Enumerable.Range(0, width - Space.Width).Select(i => FormattableString.Invariant($"extra.{i}"))];
        double[][] weights = [.. Enumerable.Range(0, answers).Select(a => Enumerable.Range(0, width).Select(c => (double)linear.Weight.Data[(a * width) + c]).ToArray())];
        double[] bias = [.. Enumerable.Range(0, answers).Select(a => linear.Bias is { } b ? (double)b.Data[a] : 0)];
        return new HeadExplained(names, columns, weights, bias, weights.Average(w => w.Count(v => v != 0)), [.. Enumerable.Range(0, answers).Select(a => Rule(names[a], columns, weights[a], bias[a]))]);
    }

    private static string Rule(string answer, string[] columns, double[] weights, double bias) =>
        $"{answer} ← {string.Join(" ", weights.Select((w, c) => (w, c)).Where(p => p.w != 0).OrderByDescending(p => Math.Abs(p.w)).Take(MostWords).Select(p => FormattableString.Invariant($"{(p.w < 0 ? "−" : "+")} {Math.Abs(p.w):0.00} {columns[p.c]}")))}{FormattableString.Invariant($" {(bias < 0 ? "−" : "+")} {Math.Abs(bias):0.00}")}";

    private Information.ConceptRows Rows()
    {
        var own = _layer.CodeColumns(0) is not null;
        return new Information.ConceptRows(_truth, own ? _codes : _beliefs, [.. Enumerable.Range(0, Space.Count).Select(j => own ? _layer.CodeColumns(j)!.Value : (Space.Offset(j), Space.Axes[j].Width))],
            _labels, Math.Max(2, Classes), Space.Decide(_beliefs), [.. Space.Axes.Select(a => a.Name)]);
    }

    private string Passes() => _layer.MessageName(PassMode.Ship) == "index"
        ? FormattableString.Invariant($"at most {_layer.Capacity!.Value.Value:0.#} bits a row: the state of each of {Space.Count} concepts")
        : FormattableString.Invariant($"{_codes.Size(1)} real numbers a row, {32 * _codes.Size(1)} bits as they are written");

    private static int[] LabelsOf(Dataset data, int[] rows) => data.Target switch
    {
        ClassTarget classes => [.. rows.Select(r => classes.Labels[r])],
        ContinuousTarget { Width: > 0 } numbers => Information.ConceptRows.QuantileLabels([.. rows.Select(r => numbers.Values[r * numbers.Width])]),
        _ => new int[rows.Length],
    };

    private static float[] Column(Tensor table, int column)
    {
        var (n, width) = (table.Size(0), table.Size(1));
        var values = new float[n];
        for (var i = 0; i < n; i++) values[i] = table.Data[(i * width) + column];
        return values;
    }
}
