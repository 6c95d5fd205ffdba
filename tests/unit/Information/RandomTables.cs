using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Seeded random distributions for property tests: some flat, some peaked, some with zeros.</summary>
internal static class RandomTables
{
    public static double[] Vector(RandomStream random, int n)
    {
        var sharpness = 0.5 + (3 * random.NextDouble());
        var p = new double[n];
        for (var i = 0; i < n; i++) p[i] = Math.Pow(-Math.Log(1 - random.NextDouble()), sharpness);
        if (n > 2 && random.NextInt(4) == 0) p[random.NextInt(n)] = 0;
        var sum = p.Sum();
        return Array.ConvertAll(p, v => v / sum);
    }

    public static double[,] Joint(RandomStream random, int rows, int columns)
    {
        var flat = Vector(random, rows * columns);
        var joint = new double[rows, columns];
        for (var i = 0; i < flat.Length; i++) joint[i / columns, i % columns] = flat[i];
        return joint;
    }

    public static double[,] Joint(RandomStream random) => Joint(random, 2 + random.NextInt(4), 2 + random.NextInt(4));

    public static JointDistribution Table(RandomStream random, params int[] sizes)
    {
        var names = new[] { "A", "B", "C", "D", "E" };
        return JointDistribution.FromTable([.. sizes.Select((s, i) => Variable.OfSize(names[i], s))], Vector(random, sizes.Aggregate(1, (a, b) => a * b)));
    }

    public static double[,] Bsc(double delta) => new[,] { { (1 - delta) / 2, delta / 2 }, { delta / 2, (1 - delta) / 2 } };
}
