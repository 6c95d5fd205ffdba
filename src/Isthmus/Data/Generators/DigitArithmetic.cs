using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>Handwritten digits side by side; the target is their sum and the concepts are the digits (Manhaeve et al.: "DeepProbLog",
/// NeurIPS 2018, section 6.1, T1; here the sum is one of the classes).</summary>
internal static class DigitArithmetic
{
    public static Generator Generator { get; } = new("arithmetic", "handwritten digits side by side from an IDX folder: the class is their sum, concepts are the digits",
        [new("n", 5000, 1, 1_000_000, true, "rows"), new("digits", 2, 2, 4, true, "digits in a row")], Make)
    { NeedsPath = true };

    private static Dataset Make(GeneratorArguments a, RandomStream random)
    {
        var source = IdxFolder.Read(a.Path!, a.Budget).Data!;
        if (source.Target is not ClassTarget digits || !digits.Classes.SequenceEqual(Enumerable.Range(0, 10).Select(d => FormattableString.Invariant($"{d}"))) || source.FeatureShape is not [1, _, _])
            throw new InputException($"make:arithmetic: '{a.Path}' does not hold pictures of the digits 0 to 9");
        var (n, k) = (a.Int("n"), a.Int("digits"));
        var (height, width) = (source.FeatureShape[1], source.FeatureShape[2]);
        var (pixels, concepts, labels) = (a.Numbers((long)n * k * height * width), a.Numbers((long)n * k), new int[n]);
        for (var i = 0; i < n; i++)
            for (var d = 0; d < k; d++)
            {
                var row = random.NextInt(source.Count);
                concepts[i * k + d] = digits.Labels[row];
                labels[i] += digits.Labels[row];
                for (var y = 0; y < height; y++)
                    source.Row(row).Slice(y * width, width).CopyTo(pixels.AsSpan(((i * height + y) * k + d) * width, width));
            }
        var most = k * (digits.Classes.Count - 1);
        return new Dataset("arithmetic", DataKind.Images, n, pixels, 1, height, k * width)
        {
            Target = new ClassTarget("sum", labels, [.. Enumerable.Range(0, most + 1).Select(s => FormattableString.Invariant($"{s}"))]),
            Concepts = new ConceptTable([.. Enumerable.Range(1, k).Select(d => new Concept(FormattableString.Invariant($"digit{d}"), ConceptKind.Categorical, digits.Classes))], concepts),
            Truth = new Dictionary<string, double> { ["concept_accuracy"] = 1 },
        };
    }
}
