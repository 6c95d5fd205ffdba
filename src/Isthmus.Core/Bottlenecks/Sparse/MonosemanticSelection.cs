using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Picks training examples for a task by the features that they and examples of the task have in common: "Task-specific data selection for
/// instruction tuning via monosemantic neuronal activations" (MONA, 2025). An example is a row of feature sizes out of a sparse
/// autoencoder, summed over its tokens where it has several.
/// </summary>
/// <remarks>The similarity is the generalised Jaccard index, Σ min(a, b) / Σ max(a, b): features that neither has say nothing, and those
/// that only one has count against it. The size of a feature is taken over its greatest size among the candidates and the task's
/// examples, so that no feature speaks louder than another for its scale.</remarks>
public static class MonosemanticSelection
{
    /// <summary>The mean similarity of each candidate to the task's examples, 0 to 1.</summary>
    /// <param name="candidates">[n, features], at least 0.</param>
    /// <param name="task">[m, features], at least 0, m at least 1.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static double[] Scores(Tensor candidates, Tensor task)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(task);
        if (candidates.Dim != 2 || task.Dim != 2 || candidates.Size(1) != task.Size(1) || task.Size(0) < 1)
            throw new ArgumentException($"selection: candidates [{string.Join(", ", candidates.Shape.ToArray())}] and examples [{string.Join(", ", task.Shape.ToArray())}]; [n, features] and [m, features] are needed");
        var features = candidates.Size(1);
        var greatest = new float[features];
        foreach (var rows in (Tensor[])[candidates, task])
            for (var i = 0; i < rows.Numel; i++) greatest[i % features] = Math.Max(greatest[i % features], rows.Data[i]);
        var scores = new double[candidates.Size(0)];
        for (var i = 0; i < scores.Length; i++)
        {
            var a = candidates.Data.Slice(i * features, features);
            for (var j = 0; j < task.Size(0); j++) scores[i] += Similarity(a, task.Data.Slice(j * features, features), greatest) / task.Size(0);
        }
        return scores;
    }

    /// <summary>The candidates of the highest scores, best first; of equals the first.</summary>
    /// <param name="candidates">[n, features], at least 0.</param>
    /// <param name="task">[m, features], at least 0, m at least 1.</param>
    /// <param name="count">How many, 0 to n.</param>
    public static int[] Select(Tensor candidates, Tensor task, int count)
    {
        var scores = Scores(candidates, task);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)scores.Length, nameof(count));
        return [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).Take(count)];
    }

    private static double Similarity(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> greatest)
    {
        double common = 0, all = 0;
        for (var f = 0; f < a.Length; f++)
        {
            if (!(greatest[f] > 0)) continue;
            common += Math.Min(a[f], b[f]) / greatest[f];
            all += Math.Max(a[f], b[f]) / greatest[f];
        }
        return all > 0 ? common / all : 0;
    }
}
