using Isthmus.Bottlenecks;

namespace Isthmus.Runs;

/// <summary>Conditional questions to a run whose concepts and class have one distribution: <c>p(lung|xray=1)</c>.</summary>
public static class ConceptQueries
{
    private const int RowsAtOnce = 500;

    /// <summary>Answers queries by the joint distribution of concepts and class, averaged over rows of the run's own data.</summary>
    /// <param name="run">A run with the bottleneck ecbm.</param>
    /// <param name="queries">As in <c>p(lung|xray=1,smoke=0)</c>; the class is called as the target is.</param>
    /// <param name="part">test, train or all.</param>
    /// <param name="most">At most so many rows, spread evenly.</param>
    /// <exception cref="InputException">The run has no such distribution, or a query is not one.</exception>
    public static Explanation Answer(Run run, IReadOnlyList<string> queries, string part = "test", int most = 2000)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(queries);
        if (run.Model.Network.Bottleneck is not EnergyConceptBottleneck layer)
            throw new InputException($"{run.Folder}: --query asks the joint distribution of concepts and class, which {run.Model.Recipe.Bottleneck!.Type} does not have", "train with --bottleneck ecbm");
        foreach (var query in queries) ConceptQuery.Parse(query, layer.Variables);
        var (data, rows, notes) = LayerRows.Choose(run, part, most);
        var joint = layer.Joint(Batches.Split(rows, RowsAtOnce).Select(batch => (Features)run.Model.Network.Encoder.Forward(Batches.Of(data, batch).Inputs)));
        return new Explanation
        {
            Run = run.Folder,
            Bottleneck = run.Model.Recipe.Bottleneck!.Type,
            Rows = rows.Length,
            Message = "",
            Queries = [.. queries.Select(joint.Ask)],
            Notes = notes,
        };
    }
}
