using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Studies.ConceptBottleneck;

/// <summary>Pictures in which each of six kinds of object is there once or not: whether it is there is a concept that can be seen in one place.</summary>
internal static class KindScenes
{
    /// <summary>How many kinds there are.</summary>
    public const int Kinds = 6;

    private const int Cells = 3;
    private static readonly (int Shape, int Colour)[] s_kinds = [(0, 0), (1, 1), (2, 2), (3, 3), (0, 4), (1, 5)];

    /// <summary>A picture with some kinds, each in a cell of its own of three times three; those that are missing stand outside the picture.</summary>
    public static Scene Paint(bool[] present, RandomStream random)
    {
        var cells = random.Permutation(Cells * Cells);
        return new Scene(random.NextInt(ScenePainter.Backgrounds.Count), [.. Enumerable.Range(0, Kinds).Select(k =>
        {
            var (x, y) = ((cells[k] % Cells + 0.5) / Cells + Apart(0.02), (cells[k] / Cells + 0.5) / Cells + Apart(0.02));
            var (radius, angle) = (0.16 + Apart(0.02), Apart(0.3));
            return present[k] ? new SceneObject(s_kinds[k].Shape, s_kinds[k].Colour, x, y, radius, angle) : Missing(k);
        })]);

        double Apart(double most) => most * ((2 * random.NextDouble()) - 1);
    }

    /// <summary>The same picture without one kind.</summary>
    public static Scene Without(Scene scene, int kind) => scene with { Objects = [.. scene.Objects.Select((o, k) => k == kind ? Missing(k) : o)] };

    /// <summary>The ground alone.</summary>
    public static Scene Empty(Scene scene) => scene with { Objects = [.. Enumerable.Range(0, Kinds).Select(Missing)] };

    /// <summary>Which kinds each picture has, [n, kinds], 0 or 1.</summary>
    public static Tensor Concepts(IReadOnlyList<Scene> scenes) =>
        Tensor.From([.. scenes.SelectMany(s => s.Objects.Select(o => o.X >= 0 ? 1f : 0))], scenes.Count, Kinds);

    private static SceneObject Missing(int kind) => new(s_kinds[kind].Shape, s_kinds[kind].Colour, -2, -2, 0.1);
}
