namespace Isthmus.Data;

/// <summary>Small tables with annotated concepts, whose exact ceilings are known: what true concepts can and cannot say of the target.</summary>
internal static class ConceptToys
{
    // Segments of the digits 0..9: top, upper left, upper right, middle, lower left, lower right, bottom.
    private static readonly string[] Segments = ["1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011"];
    private static readonly GeneratorParameter Rows = new("n", 3000, 1, 10_000_000, true, "rows");

    /// <summary>The exclusive or of two halves of the unit square: each concept alone says nothing, both say all.</summary>
    public static Generator Xor { get; } = new("xor", "x in the unit square, y = (x1 > 1/2) xor (x2 > 1/2): no concept alone says anything of y", [Rows], (a, random) =>
        Table("xor", a, 2, ["c1", "c2"], ["0", "1"], (x, c) =>
        {
            for (var i = 0; i < 2; i++) c[i] = (x[i] = (float)random.NextDouble()) > 0.5f ? 1 : 0;
            return (int)c[0] ^ (int)c[1];
        }, new() { ["concept_accuracy"] = 1, ["mi_concepts_bits"] = 1, ["mi_single_concept_bits"] = 0 }));

    /// <summary>A broken seven-segment display (Breiman, Friedman, Olshen, Stone: "Classification and Regression Trees", 1984, section 2.6.1).</summary>
    public static Generator Led7 { get; } = new("led7", "digits on a display whose seven segments are each shown wrongly now and then; concepts are the true segments",
        [new("n", 5000, 1, 10_000_000, true, "rows"), new("flip", 0.1, 0, 0.5, false, "chance that a segment is shown wrongly")], (a, random) =>
        Table("led7", a, 7, [.. Enumerable.Range(1, 7).Select(i => FormattableString.Invariant($"s{i}"))], [.. Enumerable.Range(0, 10).Select(d => FormattableString.Invariant($"{d}"))], (x, c) =>
        {
            var digit = random.NextInt(10);
            for (var i = 0; i < 7; i++)
            {
                c[i] = Segments[digit][i] - '0';
                x[i] = random.NextDouble() < a["flip"] ? 1 - c[i] : c[i];
            }
            return digit;
        }, Led7Truth(a["flip"])));

    /// <summary>Seven functions of three normal numbers; concepts are their signs, the target is whether their sum exceeds 1
    /// (Espinosa Zarlenga et al.: "Concept Embedding Models", NeurIPS 2022, appendix A.1).</summary>
    public static Generator Trig { get; } = new("trig", "seven functions of three hidden normals; concepts are their signs, y = (sum > 1): concepts do not say all of y", [Rows], (a, random) =>
        Table("trig", a, 7, ["c1", "c2", "c3"], ["0", "1"], (x, c) =>
        {
            double[] h = [2 * random.NextGaussian(), 2 * random.NextGaussian(), 2 * random.NextGaussian()];
            Nonlinear(h, x, c);
            return h.Sum() > 1 ? 1 : 0;
        }, TrigTruth()));

    /// <summary>Sums and differences of two hidden vectors; the target is the sign of their inner product (same paper).</summary>
    public static Generator Dot { get; } = new("dot", "sums and differences of two hidden vectors, y = whether their angle is acute: concepts say 0.19 bits of 1", [Rows], (a, random) =>
        Table("dot", a, 4, ["c1", "c2"], ["0", "1"], (x, c) =>
        {
            double v1 = 2 * random.NextGaussian(), v2 = 2 * random.NextGaussian(), w1 = 2 * random.NextGaussian(), w2 = 2 * random.NextGaussian();
            (x[0], x[1], x[2], x[3]) = ((float)(v1 + w1), (float)(v2 + w2), (float)(v1 - w1), (float)(v2 - w2));
            (c[0], c[1]) = (v1 + v2 > 0 ? 1 : 0, w1 + w2 < 0 ? 1 : 0);
            return v1 * w1 + v2 * w2 > 0 ? 1 : 0;
        }, new() { ["concept_accuracy"] = 0.75, ["mi_concepts_bits"] = 1 - BinaryEntropy(0.75) }));

    /// <summary>Seven functions of three correlated normal numbers; concepts are their signs and the target is the majority
    /// of the concepts, so that they say all of it (Parisini et al.: "Leakage and Interpretability in Concept-Based Models", 2025).</summary>
    public static Generator TabularToy { get; } = new("tabulartoy", "seven functions of three correlated normals; concepts are their signs, y their majority",
        [Rows, new("delta", 0.25, 0, 0.99, false, "correlation of two hidden numbers")], (a, random) =>
        Table("tabulartoy", a, 7, ["c1", "c2", "c3"], ["0", "1"], (x, c) =>
        {
            var (shared, own) = (Math.Sqrt(a["delta"]), Math.Sqrt(1 - a["delta"]));
            var common = shared * random.NextGaussian();
            double[] h = [common + own * random.NextGaussian(), common + own * random.NextGaussian(), common + own * random.NextGaussian()];
            Nonlinear(h, x, c);
            return c[0] + c[1] + c[2] >= 2 ? 1 : 0;
        }, ToyTruth(a["delta"])));

    private delegate int RowMaker(Span<float> x, Span<float> concepts);

    private static Dataset Table(string name, GeneratorArguments a, int width, string[] concepts, string[] classes, RowMaker row, Dictionary<string, double> truth)
    {
        var n = a.Int("n");
        var (x, c, y) = (a.Numbers((long)n * width), a.Numbers((long)n * concepts.Length), new int[n]);
        for (var i = 0; i < n; i++) y[i] = row(x.AsSpan(i * width, width), c.AsSpan(i * concepts.Length, concepts.Length));
        return new Dataset(name, DataKind.Vectors, n, x, width)
        {
            FeatureNames = GaussianPair.Names("x", width),
            Target = new ClassTarget("y", y, classes),
            Concepts = new ConceptTable([.. concepts.Select(s => new Concept(s, ConceptKind.Binary, ["0", "1"]))], c),
            Truth = truth,
        };
    }

    private static void Nonlinear(double[] h, Span<float> x, Span<float> c)
    {
        for (var i = 0; i < 3; i++)
        {
            x[2 * i] = (float)(Math.Sin(h[i]) + h[i]);
            x[2 * i + 1] = (float)(Math.Cos(h[i]) + h[i]);
            c[i] = h[i] > 0 ? 1 : 0;
        }
        x[6] = (float)(h[0] * h[0] + h[1] * h[1] + h[2] * h[2]);
    }

    // Over all 2^7 displays: the best guess, and I(Y; display).
    private static Dictionary<string, double> Led7Truth(double flip)
    {
        double accuracy = 0, information = Math.Log2(10);
        for (var shown = 0; shown < 128; shown++)
        {
            double sum = 0, most = 0, plogp = 0;
            foreach (var digit in Segments)
            {
                var p = 0.1;
                for (var i = 0; i < 7; i++) p *= digit[i] - '0' == (shown >> i & 1) ? 1 - flip : flip;
                sum += p;
                most = Math.Max(most, p);
                if (p > 0) plogp += p * Math.Log2(p);
            }
            accuracy += most;
            if (sum > 0) information -= sum * Math.Log2(sum) - plogp;
        }
        return new() { ["bayes_accuracy"] = accuracy, ["mi_bits"] = information, ["target_entropy_bits"] = Math.Log2(10), ["concept_accuracy"] = 1 };
    }

    // Given the signs, each hidden number is half-normal: the sum's distribution by two convolutions on a grid.
    private static Dictionary<string, double> TrigTruth()
    {
        const double step = 0.02, sigma = 2;
        const int cells = (int)(12 / step);
        var half = new double[cells];
        for (var i = 0; i < cells; i++) half[i] = Math.Exp(-0.5 * Math.Pow((i + 0.5) * step / sigma, 2));
        var total = half.Sum();
        for (var i = 0; i < cells; i++) half[i] /= total;
        var two = new double[2 * cells];
        for (var i = 0; i < cells; i++)
            for (var j = 0; j < cells; j++) two[i + j] += half[i] * half[j];
        // P(sum > 1) given 3, 2, 1, 0 positive numbers; by symmetry the last two follow from P(sum > -1) of the first two.
        double all = 0, most = 0, few = 0, none = 0;
        for (var i = 0; i < two.Length; i++)
            for (var j = 0; j < cells; j++)
            {
                var p = two[i] * half[j];
                double sum = (i + 1) * step + (j + 0.5) * step, difference = (i + 1) * step - (j + 0.5) * step;
                if (sum > 1) all += p;
                if (difference > 1) most += p;
                if (-difference > 1) few += p;
                if (-sum > 1) none += p;
            }
        double[] given = [all, most, few, none], weight = [0.125, 0.375, 0.375, 0.125];
        var mean = given.Zip(weight, (g, w) => g * w).Sum();
        return new()
        {
            ["concept_accuracy"] = given.Zip(weight, (g, w) => w * Math.Max(g, 1 - g)).Sum(),
            ["mi_concepts_bits"] = BinaryEntropy(mean) - given.Zip(weight, (g, w) => w * BinaryEntropy(g)).Sum(),
            ["target_entropy_bits"] = BinaryEntropy(mean),
        };
    }

    // P(two signs agree) = 1/2 + arcsin(delta)/pi (Sheppard 1899); of three exchangeable signs, P(c1 = majority) is 1 - P(c1 alone).
    private static Dictionary<string, double> ToyTruth(double delta)
    {
        var agree = 0.5 + Math.Asin(delta) / Math.PI;
        return new() { ["concept_accuracy"] = 1, ["mi_concepts_bits"] = 1, ["mi_concept_target_bits"] = 1 - BinaryEntropy((1 + agree) / 2), ["mi_two_concepts_bits"] = 1 - BinaryEntropy(agree) };
    }

    private static double BinaryEntropy(double p) => p is 0 or 1 ? 0 : -p * Math.Log2(p) - (1 - p) * Math.Log2(1 - p);
}
