using Isthmus.Tensors;

namespace Isthmus.Data;

/// <summary>Short tones of several pitches, a whole tone apart from 440 Hz upwards, with random phase and loudness.</summary>
internal static class Tones
{
    public static Generator Generator { get; } = new("tones", "short tones: the class is the pitch, loudness is known",
    [
        new("n", 1000, 1, 1_000_000, true, "tones"), new("pitches", 8, 2, 20, true, "pitches, a whole tone apart from 440 Hz"),
        new("rate", 8000, 4000, 48000, true, "samples a second"), new("samples", 1024, 16, 1_000_000, true, "samples in a tone"),
        new("noise", 0.05, 0, 1, false, "standard deviation of noise"),
    ], Make);

    private static Dataset Make(GeneratorArguments a, RandomStream random)
    {
        var (n, samples, pitches) = (a.Int("n"), a.Int("samples"), a.Int("pitches"));
        var (values, loudness, labels) = (a.Numbers((long)n * samples), a.Numbers(n), new int[n]);
        for (var i = 0; i < n; i++)
        {
            labels[i] = random.NextInt(pitches);
            loudness[i] = (float)(0.2 + 0.6 * random.NextDouble());
            var (cycles, phase) = (440 * Math.Pow(2, labels[i] / 6.0) / a["rate"], random.NextDouble());
            for (var t = 0; t < samples; t++)
                values[i * samples + t] = (float)Math.Clamp(loudness[i] * Math.Sin(2 * Math.PI * (cycles * t + phase)) + a["noise"] * random.NextGaussian(), -1, 1);
        }
        return new Dataset("tones", DataKind.Sound, n, values, 1, samples)
        {
            SampleRate = a.Int("rate"),
            Target = new ClassTarget("pitch", labels, [.. Enumerable.Range(0, pitches).Select(p => FormattableString.Invariant($"{440 * Math.Pow(2, p / 6.0):0}Hz"))]),
            Concepts = new ConceptTable([new Concept("loudness", ConceptKind.Continuous, [])], loudness),
        };
    }
}
