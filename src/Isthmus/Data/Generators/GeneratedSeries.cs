namespace Isthmus.Data;

/// <summary>Series of one channel, in the order of time.</summary>
internal static class GeneratedSeries
{
    /// <summary>x_t = phi x_{t-1} + noise, in its stationary state from the first step on; I(past; next) = −1/2 log2(1 − phi²) bits.</summary>
    public static Generator Autoregressive { get; } = new("ar", "autoregressive series x_t = phi x_(t-1) + noise: what the past says of the next step is known (forecast)",
        [new("n", 5000, 10, 100_000_000, true, "steps"), new("phi", 0.8, -0.999, 0.999, false, "weight of the last step"), new("sigma", 1, 1e-6, 1e6, false, "standard deviation of the noise")],
        (a, random) =>
        {
            var (phi, sigma) = (a["phi"], a["sigma"]);
            var x = sigma / Math.Sqrt(1 - phi * phi) * random.NextGaussian();
            return Series("ar", a, _ => x = phi * x + sigma * random.NextGaussian(),
                new() { ["mi_past_next_bits"] = -0.5 * Math.Log2(1 - phi * phi), ["r2"] = phi * phi });
        })
    { Window = 16 };

    /// <summary>A sine wave with noise.</summary>
    public static Generator Sine { get; } = new("sine", "a sine wave with noise (forecast)",
        [new("n", 5000, 10, 100_000_000, true, "steps"), new("period", 24, 2, 1e6, false, "steps in a period"), new("noise", 0.1, 0, 1e6, false, "standard deviation of the noise; the wave's amplitude is 1")],
        (a, random) =>
        {
            var phase = random.NextDouble();
            return Series("sine", a, t => Math.Sin(2 * Math.PI * (t / a["period"] + phase)) + a["noise"] * random.NextGaussian(),
                new() { ["r2"] = 0.5 / (0.5 + a["noise"] * a["noise"]) });
        })
    { Window = 48 };

    private static Dataset Series(string name, GeneratorArguments a, Func<int, double> step, Dictionary<string, double> truth)
    {
        var values = a.Numbers(a.Int("n"));
        for (var t = 0; t < values.Length; t++) values[t] = (float)step(t);
        return new Dataset(name, DataKind.Vectors, values.Length, values, 1) { FeatureNames = ["x"], Truth = truth };
    }
}
