namespace Isthmus.Information;

/// <summary>When a value is too near the most that its estimator can say.</summary>
internal static class Saturation
{
    /// <summary>Whether the value lies within one bit, or a tenth, of the ceiling (whichever is the smaller stretch).</summary>
    public static bool Near(Bits value, Bits ceiling) => value.Value > ceiling.Value - Math.Min(1, 0.1 * ceiling.Value);
}
