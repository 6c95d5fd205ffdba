using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>The tasks with known mutual information as data: x are the features, y the target, and <c>mi_bits</c> is what is true.</summary>
internal static class TaskGenerators
{
    /// <summary>One generator a family. The Gaussian pair has an own one, to which wanted bits and transforms are added here.</summary>
    public static IEnumerable<Generator> All => InformationTasks.Families.Where(f => f.Name != "gaussian").Select(Of);

    /// <summary>The keys that every family knows beside its own.</summary>
    public static GeneratorParameter Wanted { get; } = new("bits", double.NaN, 0, 1000, false, "mutual information wanted, in bits, in place of the key that decides it");

    /// <summary>The word that every family knows.</summary>
    public const string Transform = "transform";

    private static Generator Of(TaskFamily family) =>
        new(family.Name, $"{family.Summary}: their mutual information is known",
        [
            new("n", 10_000, 1, 100_000_000, true, "rows"),
            .. family.Keys.Select(k => new GeneratorParameter(k.Name, k.Default, k.Whole ? 0 : double.MinValue, k.Whole ? 4096 : double.MaxValue, k.Whole, k.Meaning)),
            Wanted,
        ], (a, random) => Make(family, a, random))
        { Words = Words };

    /// <summary>The values of <see cref="Transform"/>.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Words { get; } =
        new Dictionary<string, IReadOnlyList<string>> { [Transform] = [.. InformationTasks.TransformNames.Keys] };

    public static Dataset Make(TaskFamily family, GeneratorArguments a, RandomStream random)
    {
        var given = family.Keys.Where(k => a.IsGiven(k.Name)).ToDictionary(k => k.Name, k => a[k.Name]);
        var task = family.Make(given, a.IsGiven(Wanted.Name) ? a[Wanted.Name] : null, a.Word(Transform));
        var n = a.Int("n");
        var (one, _) = task.Sample(1, 0);
        a.Budget.Take((long)n * 2 * one.Dimensions, sizeof(double) + sizeof(float), "the generated rows");
        var (x, y) = task.Sample(n, random.NextUInt64());
        return new Dataset(family.Name, DataKind.Vectors, n, Floats(x), x.Dimensions)
        {
            FeatureNames = GaussianPair.Names("x", x.Dimensions),
            Target = new ContinuousTarget(GaussianPair.Names("y", y.Dimensions), Floats(y)),
            Truth = new Dictionary<string, double> { ["mi_bits"] = task.Truth.Value },
        };
    }

    private static float[] Floats(Samples samples)
    {
        var values = new float[samples.Count * samples.Dimensions];
        for (var i = 0; i < values.Length; i++) values[i] = (float)samples.Values[i];
        return values;
    }
}
