using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>Two standard normal vectors whose matching coordinates have the correlation rho and all others none, so that
/// I(X;Y) = −dim/2 · log2(1 − rho²) bits.</summary>
internal static class GaussianPair
{
    public static Generator Generator { get; } = new("gaussian", "pairs of correlated normal vectors: their mutual information is known (regression of y)",
    [
        new("n", 10_000, 1, 100_000_000, true, "rows"),
        new("dim", 1, 1, 1000, true, "numbers in x and in y"),
        new("rho", 0.8, -0.999999, 0.999999, false, "correlation of x_i and y_i"),
        TaskGenerators.Wanted,
    ], Make)
    { Words = TaskGenerators.Words };

    private static Dataset Make(GeneratorArguments a, RandomStream random)
    {
        if (a.IsGiven(TaskGenerators.Wanted.Name) || a.Word(TaskGenerators.Transform) is not null)
            return TaskGenerators.Make(InformationTasks.Families.First(f => f.Name == "gaussian"), a, random);
        var (n, dim, rho) = (a.Int("n"), a.Int("dim"), a["rho"]);
        var (x, y) = (a.Numbers((long)n * dim), a.Numbers((long)n * dim));
        var rest = Math.Sqrt(1 - rho * rho);
        for (var i = 0; i < x.Length; i++)
        {
            var u = random.NextGaussian();
            x[i] = (float)u;
            y[i] = (float)(rho * u + rest * random.NextGaussian());
        }
        return new Dataset("gaussian", DataKind.Vectors, n, x, dim)
        {
            FeatureNames = Names("x", dim),
            Target = new ContinuousTarget(Names("y", dim), y),
            Truth = new Dictionary<string, double> { ["mi_bits"] = -0.5 * dim * Math.Log2(1 - rho * rho), ["r2"] = rho * rho },
        };
    }

    internal static string[] Names(string stem, int count) => [.. Enumerable.Range(1, count).Select(i => FormattableString.Invariant($"{stem}{i}"))];
}
