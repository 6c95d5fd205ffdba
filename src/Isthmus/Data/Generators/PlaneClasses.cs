using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>Classes in the plane that no straight line separates.</summary>
internal static class PlaneClasses
{
    /// <summary>Two half circles that reach into each other.</summary>
    public static Generator Moons { get; } = new("moons", "two half circles that reach into each other (classification)",
        [new("n", 2000, 2, 10_000_000, true, "points"), new("noise", 0.1, 0, 10, false, "standard deviation of noise on both coordinates")],
        (a, random) => Points("moons", a, random, 2, (label, random) =>
        {
            var t = Math.PI * random.NextDouble();
            return label == 0 ? (Math.Cos(t), Math.Sin(t)) : (1 - Math.Cos(t), 0.5 - Math.Sin(t));
        }));

    /// <summary>Circles around one middle.</summary>
    public static Generator Rings { get; } = new("rings", "circles around one middle, of radius 1, 2, … (classification)",
        [new("n", 2000, 2, 10_000_000, true, "points"), new("rings", 3, 2, 20, true, "circles"), new("noise", 0.1, 0, 10, false, "standard deviation of noise on both coordinates")],
        (a, random) => Points("rings", a, random, a.Int("rings"), (label, random) =>
        {
            var t = 2 * Math.PI * random.NextDouble();
            return ((label + 1) * Math.Cos(t), (label + 1) * Math.Sin(t));
        }));

    private static Dataset Points(string name, GeneratorArguments a, RandomStream random, int classes, Func<int, RandomStream, (double X, double Y)> place)
    {
        var n = a.Int("n");
        var features = a.Numbers(2L * n);
        var labels = new int[n];
        for (var i = 0; i < n; i++)
        {
            labels[i] = i % classes;
            var (x, y) = place(labels[i], random);
            features[2 * i] = (float)(x + a["noise"] * random.NextGaussian());
            features[2 * i + 1] = (float)(y + a["noise"] * random.NextGaussian());
        }
        return new Dataset(name, DataKind.Vectors, n, features, 2)
        {
            FeatureNames = ["x", "y"],
            Target = new ClassTarget("class", labels, [.. Enumerable.Range(0, classes).Select(c => c.ToString(System.Globalization.CultureInfo.InvariantCulture))]),
        };
    }
}
