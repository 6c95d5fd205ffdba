using Isthmus.Bottlenecks;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>The annotated concepts of data as the space that concept layers are built over.</summary>
public static class ConceptSpaces
{
    /// <summary>The space of a schema's concepts.</summary>
    /// <exception cref="InputException">There are none, or one has a single state.</exception>
    public static ConceptSpace Of(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (schema.Concepts.Count == 0) throw new InputException("a bottleneck of concepts needs annotated concepts, and the data name none", "say which columns they are: --concepts COL,COL or data.concepts");
        return new ConceptSpace([.. schema.Concepts.Select(AxisOf)]);
    }

    internal static ConceptSpace Of(Site site)
    {
        var space = Of(site.Schema);
        if (site.Costs.Count == 0) return space;
        var costs = site.Costs.ToDictionary(c => space.Find(c.Key), c => c.Value);
        return new ConceptSpace([.. space.Axes.Select((a, j) => costs.TryGetValue(j, out var cost) ? a with { Cost = cost } : a)]);
    }

    /// <summary>n / (states x rows of the state), as scikit-learn's "balanced", for each state of each concept; null where rows are not counted.</summary>
    internal static IReadOnlyList<double[]>? StateWeights(Site site) => site.StateCounts is { } counts
        ? [.. counts.Select(c => c.Select(n => (double)c.Sum() / (c.Length * Math.Max(1, n))).ToArray())] : null;

    private static ConceptAxis AxisOf(Concept concept) => new(concept.Name, concept.Kind switch
    {
        ConceptKind.Binary => ConceptType.Binary,
        ConceptKind.Categorical => ConceptType.Categorical,
        ConceptKind.Ordinal => ConceptType.Ordinal,
        _ => ConceptType.Continuous,
    }, concept.Categories)
    { Mean = concept.Mean, Scale = concept.Scale };
}
