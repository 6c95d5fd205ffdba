using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>A run of concepts bound to rows: what interventions are tried on.</summary>
public static class ConceptRows
{
    private const int MostDeviations = 2000;

    /// <summary>The run's network on some rows, with their annotations and answers. Its tensors belong to the open scope.</summary>
    /// <param name="run">A run of concepts.</param>
    /// <param name="data">With target and concepts.</param>
    /// <param name="rows">Which.</param>
    /// <exception cref="InputException">The run has no concepts, or the data no annotations or target.</exception>
    public static InterventionCase Case(Run run, Dataset data, int[] rows)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(rows);
        var model = Bound(run, data, rows);
        if (data.Concepts is not { Columns.Count: > 0 }) throw new InputException($"{data.Name}: no concepts are annotated, so that none can be put right", "name their columns, or take rows that have them");
        if (data.Concepts.Columns.Count != model.Space.Count) throw new InputException($"{data.Name}: {data.Concepts.Columns.Count} concepts, and the run has {model.Space.Count}");
        var batch = Batches.Of(data, rows);
        InterventionTarget target = data.Target switch
        {
            ClassTarget => InterventionTarget.Classes(batch.Labels!),
            ContinuousTarget => InterventionTarget.Numbers(batch.Targets!),
            _ => throw new InputException($"{data.Name}: a class or a number as target is expected: answers are held against it"),
        };
        return new InterventionCase(model, batch.Concepts!, target);
    }

    /// <summary>The run's network on some rows. What it keeps belongs to the open scope.</summary>
    /// <exception cref="InputException">The run has no concepts.</exception>
    public static NetworkConcepts Bound(Run run, Dataset data, int[] rows)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(rows);
        if (run.Model.Network.Bottleneck is not ConceptBottleneck)
            throw new InputException($"{run.Folder}: no concepts pass its bottleneck, {run.Model.Recipe.Bottleneck!.Type}", "train with --concepts COL,… (bottleneck concept, cem, …)");
        run.Model.Network.Eval();
        return new NetworkConcepts(run.Model.Network, Batches.Of(data, rows).Inputs, output => Evaluator.Readable(run.Model, output));
    }

    /// <summary>The root mean square of the errors of each concept over the run's own validation rows, in its standardised unit; null without any.</summary>
    public static IReadOnlyList<double>? Deviations(Run run, LoadedData own)
    {
        ArgumentNullException.ThrowIfNull(own);
        if (own.Split.Validation.Length == 0 || own.Data.Concepts is null) return null;
        using var scope = new TensorScope("deviations");
        using var noGrad = new NoGrad();
        var rows = own.Split.Validation.Length > MostDeviations ? own.Split.Validation[..MostDeviations] : own.Split.Validation;
        var on = Case(run, own.Data, rows);
        var (space, beliefs) = (on.Model.Space, on.Model.Beliefs(null));
        return [.. Enumerable.Range(0, space.Count).Select(j =>
        {
            if (space.Axes[j].Type != ConceptType.Continuous) return 1;
            var (sum, known) = (0d, 0);
            for (var i = 0; i < rows.Length; i++)
                if (on.Truth.Data[(i * space.Count) + j] is var truth && !float.IsNaN(truth))
                    (sum, known) = (sum + Math.Pow(beliefs.Data[(i * space.Width) + space.Offset(j)] - truth, 2), known + 1);
            return known == 0 ? 1 : Math.Sqrt(sum / known);
        })];
    }
}
