namespace Isthmus.Data;

/// <summary>One thing of a picture.</summary>
/// <param name="Shape">An index into <see cref="ScenePainter.Shapes"/>.</param>
/// <param name="Colour">An index into <see cref="ScenePainter.Colours"/>.</param>
/// <param name="X">The middle, 0 at the left edge and 1 at the right.</param>
/// <param name="Y">The middle, 0 at the top and 1 at the bottom.</param>
/// <param name="Radius">In shares of the side, above 0.</param>
/// <param name="Angle">In radians.</param>
public readonly record struct SceneObject(int Shape, int Colour, double X, double Y, double Radius, double Angle = 0);

/// <summary>A picture to order.</summary>
/// <param name="Background">An index into <see cref="ScenePainter.Backgrounds"/>.</param>
/// <param name="Objects">From the back to the front.</param>
public sealed record Scene(int Background, params IReadOnlyList<SceneObject> Objects);

/// <summary>
/// Paints scenes of plain shapes, every factor of which the caller chooses, with a mask for each object: for questions about parts,
/// backgrounds and several objects, which <c>make:sprites</c> with its one shape cannot put.
/// </summary>
public static class ScenePainter
{
    // Darker than every object, so that a shape is seen on each.
    private static readonly float[][] s_backgrounds = [[0, 0, 0], [0.35f, 0, 0], [0, 0.35f, 0], [0, 0, 0.35f], [0.3f, 0.3f, 0], [0.3f, 0, 0.3f], [0, 0.3f, 0.3f]];

    /// <summary>What shapes there are.</summary>
    public static IReadOnlyList<string> Shapes { get; } = ["square", "ellipse", "heart", "triangle"];

    /// <summary>What colours objects have.</summary>
    public static IReadOnlyList<string> Colours { get; } = ["red", "green", "blue", "yellow", "magenta", "cyan"];

    /// <summary>What colours grounds have.</summary>
    public static IReadOnlyList<string> Backgrounds { get; } = ["black", "maroon", "forest", "navy", "olive", "purple", "teal"];

    /// <summary>Paints a scene.</summary>
    /// <param name="scene">What is painted.</param>
    /// <param name="side">Pixels on a side, at least 4.</param>
    /// <param name="pixels">[3, side, side], overwritten.</param>
    /// <param name="masks">[objects, side, side]: the share of each pixel that shows the object, those in front of it left out; empty where none is wanted.</param>
    /// <exception cref="ArgumentException">An unknown shape or colour, or a buffer of another size.</exception>
    public static void Paint(Scene scene, int side, Span<float> pixels, Span<float> masks = default)
    {
        ArgumentNullException.ThrowIfNull(scene);
        ArgumentOutOfRangeException.ThrowIfLessThan(side, 4);
        var area = side * side;
        if (pixels.Length != 3 * area || (masks.Length != 0 && masks.Length != scene.Objects.Count * area))
            throw new ArgumentException($"paint: {scene.Objects.Count} objects on {side}x{side} pixels need {3 * area} pixels and {scene.Objects.Count * area} numbers of masks, given {pixels.Length} and {masks.Length}");
        var ground = Chosen(s_backgrounds, scene.Background, "background");
        for (var c = 0; c < 3; c++) pixels.Slice(c * area, area).Fill(ground[c]);
        masks.Clear();
        var cover = new float[area];
        for (var o = 0; o < scene.Objects.Count; o++)
        {
            var thing = scene.Objects[o];
            var colour = Chosen(Sprites.ColourValues, thing.Colour, "colour");
            if (thing.Shape < 0 || thing.Shape >= Shapes.Count) throw new ArgumentException($"paint: shape {thing.Shape} of object {o} is not one of 0..{Shapes.Count - 1}");
            Array.Clear(cover);
            Sprites.Draw(cover, side, thing.Shape, thing.Radius * side, thing.Angle, thing.X * side, thing.Y * side);
            for (var p = 0; p < area; p++)
            {
                if (cover[p] == 0) continue;
                for (var c = 0; c < 3; c++) pixels[(c * area) + p] = (pixels[(c * area) + p] * (1 - cover[p])) + (colour[c] * cover[p]);
                if (masks.Length == 0) continue;
                for (var behind = 0; behind < o; behind++) masks[(behind * area) + p] *= 1 - cover[p];
                masks[(o * area) + p] = cover[p];
            }
        }
    }

    private static float[] Chosen(float[][] of, int index, string what) =>
        index >= 0 && index < of.Length ? of[index] : throw new ArgumentException($"paint: {what} {index} is not one of 0..{of.Length - 1}");
}
