namespace Isthmus.Data;

/// <summary>Short series of windows in which a ramp and a spike occur once each; the target is which comes first. Concepts say what is in each window.</summary>
internal static class Motifs
{
    private const int Samples = 8;
    private static readonly string[] s_names = ["ramp", "spike", "wave"];

    /// <summary>What is in a window is seen within it; the order of windows alone says the class.</summary>
    public static Generator Generator { get; } = new("motifs", "series of windows with a ramp, a spike and waves under noise; concepts are what each window holds, the target whether the ramp comes before the spike",
        [new("n", 3000, 1, 10_000_000, true, "series"), new("windows", 8, 2, 64, true, "windows of eight samples"), new("noise", 0.3, 0, 10, false, "standard deviation of the noise; a spike's height is 2")], (a, random) =>
        {
            var (n, windows) = (a.Int("n"), a.Int("windows"));
            var (k, size) = (windows * s_names.Length, windows * Samples);
            var (x, c, y) = (a.Numbers((long)n * size), a.Numbers((long)n * k), new int[n]);
            for (var i = 0; i < n; i++)
            {
                var (ramp, spike) = (random.NextInt(windows), random.NextInt(windows - 1));
                if (spike >= ramp) spike++;
                y[i] = ramp < spike ? 1 : 0;
                for (var t = 0; t < windows; t++)
                {
                    float[] held = [t == ramp ? 1 : 0, t == spike ? 1 : 0, random.NextDouble() < 0.3 ? 1 : 0];
                    held.CopyTo(c, (i * k) + (t * s_names.Length));
                    var (phase, at) = (random.NextDouble(), random.NextInt(Samples));
                    for (var s = 0; s < Samples; s++)
                        x[(i * size) + (t * Samples) + s] = (float)((held[0] * ((2.0 * s / (Samples - 1)) - 1)) + (s == at ? 2 * held[1] : 0) + (held[2] * Math.Sin(2 * Math.PI * ((2.0 * s / Samples) + phase))) + (a["noise"] * random.NextGaussian()));
                }
            }
            return new Dataset("motifs", DataKind.Vectors, n, x, size)
            {
                FeatureNames = GaussianPair.Names("x", size),
                Target = new ClassTarget("ramp_first", y, ["0", "1"]),
                Concepts = new ConceptTable([.. Enumerable.Range(0, windows).SelectMany(t => s_names.Select(s => new Concept(FormattableString.Invariant($"{s}_{t}"), ConceptKind.Binary, ["0", "1"])))], c),
                Truth = new Dictionary<string, double> { ["concept_accuracy"] = 1, ["mi_concepts_bits"] = 1, ["mi_single_course_bits"] = Course(windows) },
            };
        });

    // I(where the ramp is; y): at window r, y is 1 with chance (windows - 1 - r) / (windows - 1).
    private static double Course(int windows) => 1 - Enumerable.Range(0, windows).Average(r => Entropy((windows - 1.0 - r) / (windows - 1)));

    private static double Entropy(double p) => p is 0 or 1 ? 0 : -(p * Math.Log2(p)) - ((1 - p) * Math.Log2(1 - p));
}
