using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>
/// Small pictures of one coloured shape each, every factor of which is known and drawn independently: shape, size, angle, position
/// and colour. After dSprites (Matthey, Higgins, Hassabis, Lerchner: "dSprites: Disentanglement testing Sprites dataset", 2017),
/// which has a grid of factors and one colour; here factors are continuous and edges anti-aliased by 4x4 samples a pixel.
/// </summary>
internal static class Sprites
{
    private const int Samples = 4;
    // Pale colours: every channel shows the shape, so that colour and shape can be learnt apart.
    internal static readonly float[][] ColourValues = [[1, 0.4f, 0.4f], [0.4f, 1, 0.4f], [0.4f, 0.4f, 1], [1, 1, 0.4f], [1, 0.4f, 1], [0.4f, 1, 1]];

    public static Generator Generator { get; } = new("sprites", "pictures of one shape: shape, size, angle, x, y and colour are known (classification of the shape)",
    [
        new("n", 6000, 1, 10_000_000, true, "pictures"),
        new("size", 32, 8, 256, true, "pixels on a side"),
        new("shapes", 3, 2, 4, true, "square, ellipse, heart, triangle"),
        new("colours", 3, 1, 6, true, "1 for white on black with one channel, otherwise pale red, green, blue, yellow, magenta, cyan"),
        new("spread", 0.25, 0, 1, false, "how far from the middle shapes may lie; 1 for anywhere inside"),
        new("noise", 0, 0, 1, false, "standard deviation of noise on each value"),
    ], Make);

    private static Dataset Make(GeneratorArguments a, RandomStream random)
    {
        var (n, side, shapes, colours) = (a.Int("n"), a.Int("size"), a.Int("shapes"), a.Int("colours"));
        var channels = colours == 1 ? 1 : 3;
        var pixels = a.Numbers((long)n * channels * side * side);
        Concept[] concepts =
        [
            Categorical("shape", [.. ScenePainter.Shapes.Take(shapes)]), new("size", ConceptKind.Continuous, []), new("angle", ConceptKind.Continuous, []), new("x", ConceptKind.Continuous, []), new("y", ConceptKind.Continuous, []),
            .. colours == 1 ? [] : new[] { Categorical("colour", [.. ScenePainter.Colours.Take(colours)]) },
        ];
        var values = a.Numbers((long)n * concepts.Length);
        var labels = new int[n];
        var cover = new float[side * side];
        for (var i = 0; i < n; i++)
        {
            labels[i] = random.NextInt(shapes);
            var size = 0.5 + 0.5 * random.NextDouble();
            var (angle, x, y) = (360 * random.NextDouble(), random.NextDouble(), random.NextDouble());
            var colour = random.NextInt(colours);
            double[] factors = [labels[i], size, angle, x, y, colour];
            for (var c = 0; c < concepts.Length; c++) values[i * concepts.Length + c] = (float)factors[c];
            Array.Clear(cover);
            Draw(cover, side, labels[i], 0.32 * side * size, angle * Math.PI / 180, Place(x, side, a["spread"]), Place(y, side, a["spread"]));
            for (var channel = 0; channel < channels; channel++)
            {
                var shade = channels == 1 ? 1 : ColourValues[colour][channel];
                var plane = pixels.AsSpan((i * channels + channel) * side * side, side * side);
                for (var p = 0; p < plane.Length; p++) plane[p] = cover[p] * shade;
            }
        }
        if (a["noise"] > 0)
            for (var p = 0; p < pixels.Length; p++) pixels[p] = Math.Clamp(pixels[p] + (float)(a["noise"] * random.NextGaussian()), 0, 1);
        return new Dataset("sprites", DataKind.Images, n, pixels, channels, side, side)
        {
            Target = new ClassTarget("shape", labels, [.. ScenePainter.Shapes.Take(shapes)]),
            Concepts = new ConceptTable(concepts, values),
            Truth = new Dictionary<string, double> { ["target_entropy_bits"] = Math.Log2(shapes) },
        };
    }

    private static Concept Categorical(string name, string[] categories) =>
        new(name, categories.Length == 2 ? ConceptKind.Binary : ConceptKind.Categorical, categories);

    // The middle of a shape in pixels; the largest shape just stays inside at spread 1.
    private static double Place(double factor, int side, double spread) => side * (0.5 + (factor - 0.5) * spread * (1 - 2 * 0.32));

    internal static void Draw(float[] cover, int side, int shape, double radius, double angle, double cx, double cy)
    {
        var (cos, sin) = (Math.Cos(angle) / radius, Math.Sin(angle) / radius);
        var (left, right) = (Math.Max(0, (int)(cx - 1.3 * radius) - 1), Math.Min(side - 1, (int)(cx + 1.3 * radius) + 1));
        var (top, bottom) = (Math.Max(0, (int)(cy - 1.3 * radius) - 1), Math.Min(side - 1, (int)(cy + 1.3 * radius) + 1));
        for (var row = top; row <= bottom; row++)
            for (var column = left; column <= right; column++)
            {
                var inside = 0;
                for (var s = 0; s < Samples * Samples; s++)
                {
                    var dx = column + (s % Samples + 0.5) / Samples - cx;
                    var dy = row + (s / Samples + 0.5) / Samples - cy;
                    if (Inside(shape, dx * cos + dy * sin, dy * cos - dx * sin)) inside++;
                }
                cover[row * side + column] = inside / (float)(Samples * Samples);
            }
    }

    // In units of the radius, y downwards. The shapes have about the same area.
    private static bool Inside(int shape, double x, double y) => shape switch
    {
        0 => Math.Abs(x) <= 0.7 && Math.Abs(y) <= 0.7,
        1 => x * x + 4 * y * y <= 1,
        2 => Heart(1.2 * x, 0.1 - 1.2 * y),
        _ => y <= 0.5 && y >= 1.7320508075688772 * Math.Abs(x) - 1,
    };

    // (x² + y² − 1)³ ≤ x² y³
    private static bool Heart(double x, double y)
    {
        var q = x * x + y * y - 1;
        return q * q * q <= x * x * y * y * y;
    }
}
