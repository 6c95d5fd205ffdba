using Isthmus.Tensors;
using MathNet.Numerics.Distributions;

namespace Isthmus.Information;

/// <summary>
/// One-to-one maps that leave mutual information as it is while they bend, squeeze, cut or wind the data (Czyż, Grabowski,
/// Vogt, Beerenwinkel, Marx: "Beyond Normal: On the Evaluation of Mutual Information Estimators", NeurIPS 2023, section 3;
/// the definitions here are our own where the paper leaves them open).
/// </summary>
internal static class Transforms
{
    private const int Pieces = 200;

    /// <summary>Name → what it does, one sentence.</summary>
    public static IReadOnlyDictionary<string, string> Descriptions { get; } = new Dictionary<string, string>
    {
        ["cdf"] = "every column through the normal distribution function",
        ["half-cube"] = "every column to the power 3/2 with its sign",
        ["wiggly"] = "every column plus sines whose slope stays positive",
        ["bimodal"] = "every column made a mixture of two normal humps",
        ["swiss-roll"] = "x rolled up into a plane",
        ["spiral"] = "the columns turned by angles that grow with the distance from the origin",
        ["asinh"] = "every column through the inverse hyperbolic sine",
        ["scrambled"] = "x made uniform, cut into 200 pieces, and the pieces shuffled",
        ["heavy"] = "every column to the ninth power",
    };

    /// <summary>The task seen through a map.</summary>
    /// <exception cref="InputException">An unknown name, or a map that does not fit the task's columns.</exception>
    public static InformationTask Apply(InformationTask task, string name)
    {
        var (ofX, ofY) = Maps(name);
        return task.Through($"transform={name}", Descriptions[name], ofX, ofY);
    }

    private static (Func<Samples, Samples> X, Func<Samples, Samples> Y) Maps(string name) => name switch
    {
        "cdf" => Both(v => Normal.CDF(0, 1, v)),
        "half-cube" => Both(v => v * Math.Sqrt(Math.Abs(v))),
        "wiggly" => Both(v => v + 0.4 * Math.Sin(v) + 0.2 * Math.Sin(1.7 * v + 1) + 0.03 * Math.Sin(3.3 * v - 2.5)),
        "bimodal" => Both(Bimodal),
        "asinh" => Both(Math.Asinh),
        "heavy" => Both(v => Math.Pow(v, 9)),
        "swiss-roll" => (SwissRoll, s => s),
        "spiral" => (s => Spiral(s, 1), s => Spiral(s, 0.5)),
        "scrambled" => (Scrambled, s => s),
        _ => throw new InputException($"transform '{name}' is not known", "known: " + string.Join(", ", Descriptions.Keys)),
    };

    private static (Func<Samples, Samples> X, Func<Samples, Samples> Y) Both(Func<double, double> map)
    {
        Samples Each(Samples samples)
        {
            var values = samples.Values.ToArray();
            for (var i = 0; i < values.Length; i++)
                if (!samples.IsDiscrete(i % samples.Dimensions)) values[i] = map(values[i]);
            return samples.With(values);
        }
        return (Each, Each);
    }

    // The inverse of F(y) = 0.3 Φ(y) + 0.7 Φ(y − 5) at Φ(v), by bisection: monotone, so one-to-one.
    private static double Bimodal(double v)
    {
        var target = Normal.CDF(0, 1, v);
        var (low, high) = (-40.0, 45.0);
        for (var step = 0; step < 80 && high - low > 1e-13; step++)
        {
            var middle = 0.5 * (low + high);
            if (0.3 * Normal.CDF(0, 1, middle) + 0.7 * Normal.CDF(0, 1, middle - 5) < target) low = middle;
            else high = middle;
        }
        return 0.5 * (low + high);
    }

    private static Samples SwissRoll(Samples samples)
    {
        if (samples.Dimensions != 1) throw new InputException(FormattableString.Invariant($"transform 'swiss-roll' needs one column of x; there are {samples.Dimensions}"));
        var values = new double[2 * samples.Count];
        for (var i = 0; i < samples.Count; i++)
        {
            var angle = 1.5 * Math.PI * (1 + 2 * Normal.CDF(0, 1, samples[i, 0]));
            values[2 * i] = angle * Math.Cos(angle) / 21;
            values[2 * i + 1] = angle * Math.Sin(angle) / 21;
        }
        return samples.With(values);
    }

    // Each plane (c, c + 1) is turned in its order by speed · ‖x‖² / d; turning keeps the norm, so it can be undone.
    private static Samples Spiral(Samples samples, double speed)
    {
        var d = samples.Dimensions;
        if (d < 2) throw new InputException("transform 'spiral' needs at least two columns on each side");
        var values = samples.Values.ToArray();
        for (var i = 0; i < samples.Count; i++)
        {
            var row = values.AsSpan(i * d, d);
            var norm = 0.0;
            foreach (var v in row) norm += v * v;
            var (sin, cos) = Math.SinCos(speed * norm / d);
            for (var c = 0; c + 1 < d; c++)
                (row[c], row[c + 1]) = (cos * row[c] - sin * row[c + 1], sin * row[c] + cos * row[c + 1]);
        }
        return samples.With(values);
    }

    private static Samples Scrambled(Samples samples)
    {
        var order = new RandomStream(200).Permutation(Pieces); // the map is part of the task, not of its seed
        var values = samples.Values.ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            var scaled = Normal.CDF(0, 1, values[i]) * Pieces;
            var piece = Math.Min((int)scaled, Pieces - 1);
            values[i] = (order[piece] + scaled - piece) / Pieces;
        }
        return samples.With(values);
    }
}
