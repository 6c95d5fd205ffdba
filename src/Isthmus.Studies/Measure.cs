namespace Isthmus.Studies;

/// <summary>Which way a measure is good.</summary>
public enum Better
{
    /// <summary>Errors, bits, seconds, bytes.</summary>
    Lower,
    /// <summary>Accuracies, gains, ratios of compression.</summary>
    Higher,
}

/// <summary>
/// One number that both arms of a study are read by. As the primary one it makes the claim: <em>the method is better than the
/// baseline by more than the margin</em>.
/// </summary>
/// <param name="Name">As in <see cref="Outcome"/>, in lower case: <c>mse</c>, <c>bits per image</c>.</param>
/// <param name="Unit">As in <c>bits</c>, <c>share</c>, <c>bytes</c>; for plain numbers an empty text.</param>
/// <param name="Better">Which way is good.</param>
/// <param name="Margin">
/// By how much the method must be better at least, in the measure's unit; negative: by how much it may be worse (non-inferiority).
/// With <paramref name="Ratio"/> it is a share: 0.05 for five per cent better, -0.05 for at most five per cent worse; above -1.
/// </param>
/// <param name="Ratio">Whether arms are compared by the logarithm of their ratio rather than by their difference; both are positive then.</param>
public sealed record Measure(string Name, string Unit, Better Better, double Margin = 0, bool Ratio = false)
{
    /// <summary>The margin on the scale of <see cref="Difference"/>: the logarithm of 1 + margin for ratios.</summary>
    public double ScaledMargin => Ratio ? Math.Log(1 + Margin) : Margin;

    /// <summary>Method minus baseline, or the natural logarithm of method over baseline for ratios; NaN where that does not exist.</summary>
    public double Difference(double baseline, double method) =>
        !Ratio ? method - baseline : baseline > 0 && method > 0 ? Math.Log(method / baseline) : double.NaN;

    /// <summary>+1 where a positive difference is good, -1 where a negative one is.</summary>
    public int Sign => Better == Better.Higher ? 1 : -1;
}
