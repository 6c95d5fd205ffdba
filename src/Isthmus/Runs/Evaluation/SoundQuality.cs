namespace Isthmus.Runs;

/// <summary>How near a sound is to another.</summary>
public static class SoundQuality
{
    /// <summary>The scale-invariant ratio of signal to distortion, dB: with a = x·y / |x|², 10 log10(|a x|² / |a x - y|²) (Le Roux, Wisdom, Erdogan,
    /// Hershey, "SDR - half-baked or well done?", 2019, equation 4). Infinite for a multiple of the sound, not a number where that is silence.</summary>
    /// <param name="sound">x, what should be heard.</param>
    /// <param name="heard">y, as many samples.</param>
    public static double SiSdrDb(ReadOnlySpan<float> sound, ReadOnlySpan<float> heard)
    {
        if (sound.Length != heard.Length) throw new ArgumentException($"si_sdr: {sound.Length} samples and {heard.Length}");
        double product = 0, energy = 0, other = 0;
        for (var t = 0; t < sound.Length; t++)
        {
            product += (double)sound[t] * heard[t];
            energy += (double)sound[t] * sound[t];
            other += (double)heard[t] * heard[t];
        }
        if (energy == 0) return double.NaN;
        var along = product * product / energy;
        return 10 * Math.Log10(along / Math.Max(0, other - along));
    }
}
