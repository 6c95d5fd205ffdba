using Isthmus.Tensors;

namespace Isthmus.Coding;

/// <summary>
/// A channel that adds white Gaussian noise to what is sent, and tells the sender what came out, with more noise: y = x + n, and the
/// sender sees y + m. One use sends one real number; senders have a mean power of 1 a use.
/// </summary>
/// <param name="Noise">The variance of n, above 0.</param>
/// <param name="FeedbackNoise">The variance of m, at least 0; 0 for perfect feedback.</param>
public sealed record FeedbackChannel(double Noise, double FeedbackNoise)
{
    /// <summary>The channel of given signal-to-noise ratios in decibels, at a power of 1: variances 10^(−dB/10).</summary>
    public static FeedbackChannel FromDecibels(double forward, double feedback) => new(Math.Pow(10, -forward / 10), Math.Pow(10, -feedback / 10));

    /// <summary>Sends a number.</summary>
    /// <param name="x">What is sent.</param>
    /// <param name="random">Where the noise comes from.</param>
    /// <returns>What the receiver gets, and what the sender sees of it.</returns>
    public (double Received, double SeenBySender) Send(double x, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var y = x + (Math.Sqrt(Noise) * random.NextGaussian());
        return (y, y + (Math.Sqrt(FeedbackNoise) * random.NextGaussian()));
    }
}
