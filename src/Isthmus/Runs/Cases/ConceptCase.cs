using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>A concept of one case, as a person sees it.</summary>
public sealed record ConceptSeen
{
    /// <summary>As people call it.</summary>
    public required string Name { get; init; }

    /// <summary>What values it takes.</summary>
    public required ConceptType Type { get; init; }

    /// <summary>The names of its states; empty of a continuous one.</summary>
    public required IReadOnlyList<string> Categories { get; init; }

    /// <summary>The state that the model believes in without any edit; null of a continuous one.</summary>
    public int? Believed { get; init; }

    /// <summary>The most probable state with the edit in force; null of a continuous one.</summary>
    public int? State { get; init; }

    /// <summary>The probability of that state; null of a continuous one.</summary>
    public double? Probability { get; init; }

    /// <summary>The probability of each state with the edit in force; empty of a continuous one.</summary>
    public IReadOnlyList<double> Probabilities { get; init; } = [];

    /// <summary>The value of a continuous concept with the edit in force, in its own unit; else null.</summary>
    public double? Value { get; init; }

    /// <summary>The least value that is offered of a continuous concept: three deviations below its mean, or the value.</summary>
    public double? Low { get; init; }

    /// <summary>The largest.</summary>
    public double? High { get; init; }

    /// <summary>Whether it was put by hand.</summary>
    public bool Put { get; init; }

    /// <summary>What was annotated; null where it was not.</summary>
    public string? Truth { get; init; }

    /// <summary>What asking for it costs.</summary>
    public double Cost { get; init; }

    /// <summary>The group with which it is asked for; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>What it adds to the logits of the predicted class and of the runner-up; null where the head is not linear.</summary>
    public IReadOnlyList<double>? Contributions { get; init; }
}

/// <summary>The concepts of one case under an edit.</summary>
/// <param name="Predicted">The class that is predicted with the edit in force; null of numbers.</param>
/// <param name="RunnerUp">The next one.</param>
/// <param name="Concepts">The concepts.</param>
public sealed record ConceptCase(string? Predicted, string? RunnerUp, IReadOnlyList<ConceptSeen> Concepts)
{
    private const int Deviations = 3;

    /// <summary>Looks at a case.</summary>
    /// <param name="run">A run of concepts.</param>
    /// <param name="data">Rows through its schema.</param>
    /// <param name="row">Which of them.</param>
    /// <param name="edit">What is put by hand.</param>
    /// <param name="head">The run's head; null where it is not linear.</param>
    /// <exception cref="InputException">No concepts pass, or an unknown concept or value.</exception>
    public static ConceptCase Of(Run run, Dataset data, int row, Edit edit, LinearHead? head)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(edit);
        var network = run.Model.Network;
        if (network.Bottleneck is not ConceptBottleneck layer) throw new InputException($"{run.Folder}: no concepts pass its bottleneck, {run.Model.Recipe.Bottleneck!.Type}", "train with --concepts COL,… (bottleneck concept, cem, …)");
        network.Eval();
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("case");
        var features = network.Encoder.Forward(Batches.Of(data, [row]).Inputs);
        var scores = layer.Scores(features);
        var own = layer.Beliefs(features, scores, null);
        var changes = edit.Changes.Where(c => c.Row is null || c.Row == row).Select(c => c with { Row = null }).ToArray();
        var put = changes.Length == 0 ? null : ConceptEdits.Put(layer.Space, own, new Edit(changes), null, new RandomStream(0));
        var passed = layer.Emit(features, scores, put);
        var (first, second) = (-1, -1);
        if (run.Model.Task == RunTask.Classification) (first, second) = Largest(network.Decoder.Forward(passed).Data);
        var classes = run.Model.Schema.Target?.Classes;
        var seen = new Sight(layer.Space, own.ToArray(), (put is null ? own : layer.Beliefs(features, scores, put)).ToArray(), put?.Known.ToArray());
        var byColumn = head is not null && first >= 0 && passed.Size(1) >= layer.Space.Width && passed.Size(1) == layer.OutputWidth && layer.NamesOf(new Floats("concepts", passed)) is { } names && names.Take(layer.Space.Width).SequenceEqual(layer.Space.ColumnNames);
        return new ConceptCase(first < 0 ? null : classes![first], second < 0 ? null : classes![second], [.. layer.Space.Axes.Select((axis, j) => seen.Of(j) with
        {
            Truth = data.Concepts is { } annotated && !annotated.IsMissing(row, j) ? layer.Space.Text(j, annotated.Row(row)[j]) : null,
            Contributions = byColumn ? Added(head!.Contributions(passed.Data, layer.Space.Offset(j), axis.Width), first, second) : null,
        })]);
    }

    /// <summary>What finding out costs of the concepts that are put now and were not before; null where no concepts pass.</summary>
    /// <param name="run">The run.</param>
    /// <param name="before">What was put before.</param>
    /// <param name="now">What is put now.</param>
    public static double? CostOf(Run run, Edit before, Edit now)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(now);
        if (run.Model.Network.Bottleneck is not ConceptBottleneck layer) return null;
        return layer.Space.Axes.Where(a => IsPut(now, a.Name) && !IsPut(before, a.Name)).Sum(a => a.Cost);
        static bool IsPut(Edit edit, string name) => edit.Changes.Any(c => c.Name == name || c.Name == "*" || c.Other == name);
    }

    private static double[] Added(double[] all, int first, int second) => second < 0 ? [all[first]] : [all[first], all[second]];

    private static (int First, int Second) Largest(ReadOnlySpan<float> values)
    {
        var (first, second) = (0, -1);
        for (var k = 1; k < values.Length; k++)
            if (values[k] > values[first]) (first, second) = (k, first);
            else if (second < 0 || values[k] > values[second]) second = k;
        return (first, second);
    }

    // Beliefs of one row, before and with what is put.
    private sealed class Sight(ConceptSpace space, float[] own, float[] now, float[]? known)
    {
        public ConceptSeen Of(int j)
        {
            var axis = space.Axes[j];
            var seen = new ConceptSeen { Name = axis.Name, Type = axis.Type, Categories = axis.Categories, Put = known is not null && known[j] != 0, Cost = axis.Cost, Group = axis.Group };
            var belief = now.AsSpan(space.Offset(j), axis.Width);
            if (axis.Type == ConceptType.Continuous)
            {
                var value = (belief[0] * axis.Scale) + axis.Mean;
                return seen with { Value = value, Low = Math.Min(value, axis.Mean - (Deviations * axis.Scale)), High = Math.Max(value, axis.Mean + (Deviations * axis.Scale)) };
            }
            var p = space.StateProbabilities(j, belief);
            var state = State(axis, belief);
            return seen with { Believed = State(axis, own.AsSpan(space.Offset(j), axis.Width)), State = state, Probability = p[state], Probabilities = p };
        }

        // As the space decides: the largest; of levels the number of thresholds that are passed more probably than not.
        private static int State(ConceptAxis axis, ReadOnlySpan<float> belief)
        {
            var state = 0;
            if (axis.Type == ConceptType.Categorical)
            {
                for (var s = 1; s < belief.Length; s++)
                    if (belief[s] > belief[state]) state = s;
                return state;
            }
            foreach (var p in belief) state += p > 0.5f ? 1 : 0;
            return state;
        }
    }
}
