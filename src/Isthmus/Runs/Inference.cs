using System.Globalization;

namespace Isthmus.Runs;

/// <summary>Which message is judged: the mean code, one sample, the average answer over k samples, or what would be shipped.</summary>
/// <param name="Name">As it was written: mean, sample, average:k, ship.</param>
/// <param name="Samples">How many messages a unit sends: k for average, else 1.</param>
public sealed record Inference(string Name, int Samples)
{
    private const int MostSamples = 1000;

    /// <summary>The mean code.</summary>
    public static Inference Mean { get; } = new("mean", 1);

    /// <summary>One sample.</summary>
    public static Inference Sample { get; } = new("sample", 1);

    /// <summary>What is written to bytes.</summary>
    public static Inference Ship { get; } = new("ship", 1);

    /// <summary>From its text, or null.</summary>
    public static Inference? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text is "mean" or "sample" or "ship") return new Inference(text, 1);
        return text.StartsWith("average:", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(8), NumberStyles.None, CultureInfo.InvariantCulture, out var k) && k is >= 1 and <= MostSamples ? new Inference(text, k) : null;
    }

    /// <summary>From its text.</summary>
    /// <exception cref="InputException">Another text.</exception>
    public static Inference Parse(string text) => TryParse(text) ?? throw new InputException($"--inference '{text}' is not mean, sample, average:k (k from 1 to {MostSamples}) or ship");
}
