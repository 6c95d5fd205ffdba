using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>
/// The task of Shwartz-Ziv and Tishby (2017) in our own form: twelve lamps spread evenly over a sphere, all 4096 ways to switch them; the class says whether
/// the burning ones lie together, which no rotation of the sphere changes.
/// </summary>
internal static class TwelveBits
{
    private const int Lamps = 12;

    /// <summary>All 4096 rows of twelve numbers -1 or 1, with the class: whether the sum of the burning lamps' directions is longer than the median.</summary>
    public static Dataset All { get; } = Make();

    /// <summary>A chain of linear layers with the activation between them; the hidden layers' outputs are those of <see cref="Hidden"/>.</summary>
    public static Sequential Network(ReadOnlySpan<int> widths, Func<Module> activation, RandomStream random)
    {
        var modules = new List<Module>();
        for (var l = 1; l < widths.Length; l++)
        {
            modules.Add(new Linear(widths[l - 1], widths[l], random));
            if (l < widths.Length - 1) modules.Add(activation());
        }
        return new Sequential([.. modules]);
    }

    /// <summary>The names of the activation layers of a network of that many widths.</summary>
    public static string[] Hidden(int widths) => [.. Enumerable.Range(0, widths - 2).Select(l => FormattableString.Invariant($"{(2 * l) + 1}"))];

    private static Dataset Make()
    {
        var features = new float[(1 << Lamps) * Lamps];
        var lengths = new double[1 << Lamps];
        for (var row = 0; row < lengths.Length; row++)
        {
            double x = 0, y = 0, z = 0;
            for (var i = 0; i < Lamps; i++)
            {
                var on = (row >> i & 1) == 1;
                features[(row * Lamps) + i] = on ? 1 : -1;
                if (!on) continue;
                var (height, turn) = (1 - ((2 * i) + 1.0) / Lamps, i * Math.PI * (3 - Math.Sqrt(5))); // a spiral of the golden angle
                var radius = Math.Sqrt(1 - (height * height));
                (x, y, z) = (x + (radius * Math.Cos(turn)), y + (radius * Math.Sin(turn)), z + height);
            }
            lengths[row] = (x * x) + (y * y) + (z * z);
        }
        var median = lengths.Order().ElementAt(lengths.Length / 2);
        return new Dataset("twelve-bits", DataKind.Vectors, lengths.Length, features, Lamps) { Target = new ClassTarget("together", [.. lengths.Select(l => l >= median ? 1 : 0)], ["no", "yes"]) };
    }
}
