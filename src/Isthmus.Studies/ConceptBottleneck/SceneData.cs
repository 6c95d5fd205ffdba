using Isthmus.Bottlenecks;
using Isthmus.Data;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>Painted scenes with labels and concepts that are there or not, as data that networks of concepts are trained on.</summary>
internal sealed record SceneData(PaintedScenes Scenes, Dataset Data, float[] Concepts)
{
    /// <summary>Joins what was painted with what is true of it.</summary>
    /// <param name="scenes">The pictures.</param>
    /// <param name="labels">The class of each.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="space">Binary concepts.</param>
    /// <param name="concepts">[pictures, concepts], 0 or 1.</param>
    public static SceneData Of(PaintedScenes scenes, int[] labels, int classes, ConceptSpace space, float[] concepts)
    {
        using var scope = new Tensors.TensorScope("scenes");
        var pictures = scenes.Pictures([.. Enumerable.Range(0, scenes.Count)]).ToArray();
        return new SceneData(scenes, new Dataset("scenes", DataKind.Images, scenes.Count, pictures, 3, PaintedScenes.Side, PaintedScenes.Side)
        {
            Target = new ClassTarget("class", labels, [.. Enumerable.Range(0, classes).Select(c => FormattableString.Invariant($"class {c}"))]),
            Concepts = new ConceptTable([.. space.Axes.Select(a => new Concept(a.Name, ConceptKind.Binary, a.Categories))], concepts),
        }, concepts);
    }

    /// <summary>Binary concepts under some names.</summary>
    public static ConceptSpace Binary(IEnumerable<string> names) => new([.. names.Select(n => new ConceptAxis(n, ConceptType.Binary, ["absent", "present"]))]);
}
