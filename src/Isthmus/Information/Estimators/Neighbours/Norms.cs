using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>How coordinate differences add up to a distance, for points (eight at once) and for boxes (both sides of two at once).</summary>
internal interface INorm
{
    /// <summary>One more coordinate's differences.</summary>
    static abstract Vector512<double> Accumulate(Vector512<double> distance, Vector512<double> difference);

    /// <summary>One more coordinate's excess over a box's low and high sides; negative means inside.</summary>
    static abstract Vector256<double> Accumulate(Vector256<double> distance, Vector256<double> excess);

    /// <summary>The distance to a box from the excess below and above it; never more than the distance to a point inside.</summary>
    static abstract double Join(double below, double above);
}

/// <summary>The largest coordinate difference.</summary>
internal readonly struct MaxNorm : INorm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Accumulate(Vector512<double> distance, Vector512<double> difference) =>
        Vector512.Max(distance, Vector512.Abs(difference));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Accumulate(Vector256<double> distance, Vector256<double> excess) => Vector256.Max(distance, excess);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Join(double below, double above) => below > above ? below : above;
}

/// <summary>The sum of squared coordinate differences: the square of the Euclidean distance.</summary>
internal readonly struct SquaredEuclidean : INorm
{
    // Boxes and points add the same squares in another order, so a box may only be pruned a rounding error later.
    private const double Slack = 1 - 1e-12;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Accumulate(Vector512<double> distance, Vector512<double> difference) =>
        Vector512.FusedMultiplyAdd(difference, difference, distance);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Accumulate(Vector256<double> distance, Vector256<double> excess)
    {
        var outside = Vector256.Max(excess, Vector256<double>.Zero);
        return Vector256.FusedMultiplyAdd(outside, outside, distance);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Join(double below, double above) => (below + above) * Slack;
}
