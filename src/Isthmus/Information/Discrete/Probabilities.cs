using System.Globalization;

namespace Isthmus.Information;

/// <summary>Checks and repairs of probability vectors that come from people: one clear line for each mistake.</summary>
internal static class Probabilities
{
    /// <summary>How far a sum may be from one before it is an error: tables written with six digits pass.</summary>
    public const double SumTolerance = 1e-5;

    /// <summary>Requires finite, non-negative numbers that sum to one within <see cref="SumTolerance"/>; divides by the sum.</summary>
    /// <param name="p">Changed in place: its sum is one afterwards.</param>
    /// <param name="what">What the numbers are called in an error, as in <c>"joint.csv"</c>.</param>
    /// <exception cref="InputException">A number is NaN, infinite or negative, or the sum is not one, or there is none.</exception>
    public static void Normalise(Span<double> p, string what)
    {
        RequireMasses(p, what);
        var sum = Shannon.Sum(p);
        if (Math.Abs(sum - 1) > SumTolerance)
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{what}: probabilities sum to {sum:G9}, expected 1"), "for counts, name the last column of a long table 'count', or divide by the total");
        foreach (ref var v in p) v /= sum;
    }

    /// <summary>Requires finite, non-negative numbers with a positive sum.</summary>
    /// <exception cref="InputException">A number is NaN, infinite or negative, or all are zero, or there is none.</exception>
    public static void RequireMasses(ReadOnlySpan<double> p, string what)
    {
        if (p.Length == 0) throw new InputException($"{what}: no probabilities given");
        var total = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            if (!double.IsFinite(p[i]) || p[i] < 0)
                throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{what}: entry {i + 1} is {p[i]}, expected a finite number of at least 0"));
            total += p[i];
        }
        if (!(total > 0) || !double.IsFinite(total))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{what}: entries sum to {total}, expected a positive finite total"));
    }

    /// <summary>A checked and normalised copy of a probability vector.</summary>
    public static double[] Copy(IReadOnlyList<double> p, string what)
    {
        ArgumentNullException.ThrowIfNull(p);
        var copy = p.ToArray();
        Normalise(copy, what);
        return copy;
    }

    /// <summary>A checked and normalised copy of a joint matrix.</summary>
    public static double[,] CopyJoint(double[,] joint, string what)
    {
        ArgumentNullException.ThrowIfNull(joint);
        var copy = (double[,])joint.Clone();
        Normalise(Flat(copy), what);
        return copy;
    }

    /// <summary>A copy of a channel p(y|x) whose rows are checked and normalised one by one.</summary>
    public static double[,] CopyChannel(double[,] channel, string what)
    {
        ArgumentNullException.ThrowIfNull(channel);
        var copy = (double[,])channel.Clone();
        var columns = copy.GetLength(1);
        for (var x = 0; x < copy.GetLength(0); x++)
            Normalise(Flat(copy).Slice(x * columns, columns), string.Create(CultureInfo.InvariantCulture, $"{what}: row {x + 1}"));
        if (copy.Length == 0) throw new InputException($"{what}: no probabilities given");
        return copy;
    }

    /// <summary>The cells of a matrix, row by row.</summary>
    public static Span<double> Flat(double[,] matrix) => matrix.Length == 0
        ? []
        : System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref matrix[0, 0], matrix.Length);
}
