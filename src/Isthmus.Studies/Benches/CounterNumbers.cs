namespace Isthmus.Studies.Benches;

/// <summary>Numbers made from a counter, the same as those of the peers' scripts (numbers_from_a_counter.py).</summary>
internal static class CounterNumbers
{
    /// <summary>Standard normal numbers by Box and Muller: number i from the uniforms 2i and 2i + 1.</summary>
    public static double[] Normal(ulong stream, int count)
    {
        var u = Uniform(stream, 2 * count);
        var normal = new double[count];
        for (var i = 0; i < count; i++) normal[i] = Math.Sqrt(-2 * Math.Log(u[2 * i])) * Math.Cos(2 * Math.PI * u[(2 * i) + 1]);
        return normal;
    }

    /// <summary>Numbers above 0 and below 1 by the finaliser of SplitMix64 over a counter, which a few lines of any language repeat.</summary>
    public static double[] Uniform(ulong stream, int count)
    {
        var uniform = new double[count];
        for (var i = 0; i < count; i++)
        {
            var z = unchecked(((stream << 32) + (ulong)i + 1) * 0x9E3779B97F4A7C15UL);
            z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
            z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
            uniform[i] = (((z ^ (z >> 31)) >> 11) + 0.5) * (1.0 / (1UL << 53));
        }
        return uniform;
    }
}
