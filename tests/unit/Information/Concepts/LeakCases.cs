using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information.Concepts;

/// <summary>Codes of known honesty for generated tables.</summary>
public static class LeakCases
{
    /// <summary>The codes that stand for the concepts.</summary>
    public enum Codes
    {
        /// <summary>Decisions of a concept model with few errors near the borders.</summary>
        Hard,

        /// <summary>Probabilities of a concept model that never saw the class: its shades tell how far from the border a row lies.</summary>
        Soft,

        /// <summary>The true concepts with noise of their own.</summary>
        Blurred,

        /// <summary>As blurred, but lifted a little where the class is 1.</summary>
        Planted,

        /// <summary>The last concept's decision is the class itself.</summary>
        PlantedHard,

        /// <summary>As blurred; each half of an exclusive or with the class hides in the shade of one concept, so that no single code says anything of it.</summary>
        PlantedXor,
    }

    /// <summary>Rows of a generator with two or more binary concepts and a binary class.</summary>
    /// <param name="generator">dot, tabulartoy …</param>
    /// <param name="n">Rows.</param>
    /// <param name="seed">Of all.</param>
    /// <param name="codes">Which codes.</param>
    /// <param name="noise">The share of annotations turned round after the model was made.</param>
    /// <param name="lift">Of planted leaks, in units of the blur's standard deviation.</param>
    public static ConceptRows Make(string generator, int n, ulong seed, Codes codes, double noise = 0, double lift = 1)
    {
        var data = GeneratorCatalogue.Make(FormattableString.Invariant($"make:{generator},n={n}"), seed);
        var k = data.Concepts!.Columns.Count;
        var (truth, labels) = (data.Concepts!.Values, ((ClassTarget)data.Target!).Labels);
        var random = new RandomStream(seed).Fork("cases");
        var margins = generator == "dot" ? Dot(data.Features, n) : Signs(data.Features, truth, n, k);
        var (code, decided, annotated) = (new float[n * k], new float[n * k], new float[n * k]);
        for (var i = 0; i < n; i++)
        {
            var coin = random.NextInt(2);
            for (var j = 0; j < k; j++)
            {
                var at = i * k + j;
                var score = margins[at] + 0.05 * random.NextGaussian();
                var blur = random.NextGaussian();
                var up = codes == Codes.Planted ? labels[i] : codes == Codes.PlantedXor ? j == 0 ? coin : j == 1 ? coin ^ labels[i] : 0 : 0;
                decided[at] = codes is Codes.Hard or Codes.Soft ? score > 0 ? 1 : 0 : codes == Codes.PlantedHard && j == k - 1 ? labels[i] : truth[at];
                code[at] = codes switch
                {
                    Codes.Hard or Codes.PlantedHard => decided[at],
                    Codes.Soft => (float)(1 / (1 + Math.Exp(-2 * score))),
                    _ => 0.1f + 0.8f * truth[at] + (float)(0.02 * (blur + lift * up)),
                };
                annotated[at] = random.NextDouble() < noise ? 1 - truth[at] : truth[at];
            }
        }
        return new ConceptRows(Tensor.From(annotated, n, k), Tensor.From(code, n, k), [.. Enumerable.Range(0, k).Select(j => (j, 1))], labels, 2, Tensor.From(decided, n, k));
    }

    /// <summary>I(Ĉ;Y|C) of blurred and planted codes of <c>dot</c> (every combination of concepts has 1 to 3 of its rows of one class): by integration, bits.</summary>
    public static double DotTruth(Codes codes, double lift)
    {
        const double step = 0.02, far = 8;
        if (codes == Codes.Blurred) return 0;
        double Normal(double x) => Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);
        double Joined(Func<double, double> zero, Func<double, double> one, double cell, IEnumerable<double> points)
        {
            var h = 0.0; // H(Y|point) with P(Y = 1) = 3/4
            foreach (var p in points)
            {
                var (a, b) = (0.25 * zero(p), 0.75 * one(p));
                if (a + b > 0) h -= cell * ((a > 0 ? a * Math.Log2(a / (a + b)) : 0) + (b > 0 ? b * Math.Log2(b / (a + b)) : 0));
            }
            return -0.25 * Math.Log2(0.25) - 0.75 * Math.Log2(0.75) - h;
        }
        var line = Enumerable.Range(0, (int)(2 * far / step)).Select(i => -far + (i + 0.5) * step + lift / 2).ToArray();
        if (codes == Codes.Planted) return Joined(Normal, x => Normal(x - Math.Sqrt(2) * lift), step, line); // two codes, each lifted
        double sum = 0; // exclusive or: the class decides whether both or one of the codes are lifted
        var prior = -0.25 * Math.Log2(0.25) - 0.75 * Math.Log2(0.75);
        foreach (var u in line)
            sum += prior - Joined(v => (Normal(u) * Normal(v) + Normal(u - lift) * Normal(v - lift)) / 2, v => (Normal(u) * Normal(v - lift) + Normal(u - lift) * Normal(v)) / 2, step * step, line);
        return prior - sum;
    }

    // What the concepts are the signs of: v1 + v2 and −(w1 + w2), from v + w and v − w.
    private static double[] Dot(float[] x, int n)
    {
        var margins = new double[n * 2];
        for (var i = 0; i < n; i++)
        {
            margins[2 * i] = (x[4 * i] + x[4 * i + 1] + x[4 * i + 2] + x[4 * i + 3]) / 2;
            margins[2 * i + 1] = -(x[4 * i] + x[4 * i + 1] - x[4 * i + 2] - x[4 * i + 3]) / 2;
        }
        return margins;
    }

    // sin h + h has the sign of h.
    private static double[] Signs(float[] x, float[] truth, int n, int k)
    {
        var (margins, width) = (new double[n * k], x.Length / n);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < k; j++) margins[i * k + j] = width == 7 ? x[i * 7 + 2 * j] : truth[i * k + j] - 0.5;
        return margins;
    }
}
