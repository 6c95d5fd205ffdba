using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>Lower and upper bound on the information that passes a layer with Gaussian noise.</summary>
/// <param name="Lower">Lower bound on I(X;T); at most log2 n.</param>
/// <param name="Upper">Upper bound on I(X;T); at most log2 n.</param>
/// <param name="ConditionalLower">Lower bound on I(X;T|Y), among the rows of one class; null without labels.</param>
/// <param name="ConditionalUpper">Upper bound on I(X;T|Y); null without labels.</param>
/// <param name="LabelLow">Lower bound on I(T;Y): lower minus conditional upper; null without labels.</param>
/// <param name="LabelHigh">Upper bound on I(T;Y): upper minus conditional lower; null without labels.</param>
public sealed record KernelSandwich(Estimate Lower, Estimate Upper, Estimate? ConditionalLower = null, Estimate? ConditionalUpper = null,
    Estimate? LabelLow = null, Estimate? LabelHigh = null);

/// <summary>
/// The pairwise-distance bounds of Kolchinsky and Tracey ("Estimating Mixture Entropy with Pairwise Distances", Entropy 19,
/// 2017, equations 10 and 13) for T = h(X) + N(0, s²) with X uniform over the n rows: with D the squared distance,
/// upper −(1/n) Σ_i ln (1/n) Σ_j exp(−D/2s²), lower the same with 8s².
/// </summary>
/// <remarks>
/// Both saturate at log2 n: X takes n values here. Differences of two bounds of the same kind are no bound; I(T;Y) is bounded by
/// opposite kinds. One exponential a pair: the upper bound's kernel is the fourth power of the lower's. O(n² d) time, O(n d) memory.
/// </remarks>
public static class KernelBounds
{
    private const int ChunkRows = 32;

    /// <summary>Both bounds for one noise variance in all dimensions.</summary>
    /// <param name="activations">h(x), n × d row-major.</param>
    /// <param name="n">Rows, at least 2.</param>
    /// <param name="d">Dimensions, at least 1.</param>
    /// <param name="variance">The variance s² of the noise, above 0.</param>
    /// <param name="labels">The class of each row; empty for none.</param>
    /// <param name="threads">At most so many threads, 0 for all cores; never changes a result.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit.</exception>
    /// <exception cref="InputException">A value that is not finite, or a variance that is not above 0.</exception>
    public static KernelSandwich Estimate(ReadOnlySpan<double> activations, int n, int d, double variance, ReadOnlySpan<int> labels = default, int threads = 0)
    {
        var variances = new double[d];
        Array.Fill(variances, variance);
        return Estimate(activations, n, d, variances, labels, threads);
    }

    /// <summary>As the other overload, with one noise variance for each dimension (learned noise).</summary>
    public static KernelSandwich Estimate(ReadOnlySpan<double> activations, int n, int d, ReadOnlySpan<double> variances, ReadOnlySpan<int> labels = default, int threads = 0)
    {
        var clock = Stopwatch.GetTimestamp();
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(d, 1);
        if (activations.Length != (long)n * d || variances.Length != d || (labels.Length != 0 && labels.Length != n))
            throw new ArgumentException(FormattableString.Invariant(
                $"kernel bounds: {activations.Length} activations, {variances.Length} variances, {labels.Length} labels; n x d = {n} x {d} needs {(long)n * d}, {d} and {n} or none"));
        var inverse = new double[d];
        for (var k = 0; k < d; k++)
        {
            if (!(variances[k] > 0) || !double.IsFinite(variances[k]))
                throw new InputException(FormattableString.Invariant($"kernel bounds: the noise variance of dimension {k} is {variances[k]}; it must be above 0"),
                    "without noise the information of a deterministic layer is infinite");
            inverse[k] = 1 / Math.Sqrt(8 * variances[k]);
        }
        var (order, classes) = RowBounds.SortByClass(n, labels);
        var scaled = new double[activations.Length];
        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < d; k++)
            {
                var v = activations[order[i] * d + k];
                if (!double.IsFinite(v)) throw new InputException(FormattableString.Invariant($"kernel bounds: row {order[i]}, dimension {k} is not finite"));
                scaled[i * d + k] = v * inverse[k];
            }
        }
        return Assemble(Sums(scaled, n, d, classes, threads), classes, n, Stopwatch.GetElapsedTime(clock).TotalSeconds);
    }

    /// <summary>
    /// The noise variance of the adaptive kernel estimator (Chelombiev, Houghton, O'Donnell, "Adaptive Estimators Show Information
    /// Compression in Deep Neural Networks", ICLR 2019): noise whose deviation is a share of the layer's largest activity.
    /// </summary>
    /// <param name="activations">All activations of one layer at one epoch.</param>
    /// <param name="share">Noise standard deviation over the largest |activation|.</param>
    public static double AdaptiveVariance(ReadOnlySpan<double> activations, double share = 0.03)
    {
        var largest = 0.0;
        foreach (var v in activations) largest = Math.Max(largest, Math.Abs(v));
        return largest > 0 ? share * share * largest * largest : share * share;
    }

    /// <summary>Each row's −ln of the mean kernel, in nats, for both kernels, over all rows and within its class.</summary>
    private sealed record RowValues(double[] Lower, double[] Upper, double[] InsideLower, double[] InsideUpper);

    private static RowValues Sums(double[] scaled, int n, int d, (int Start, int End)[] classes, int threads)
    {
        var inside = classes.Length > 0 ? n : 0;
        var values = new RowValues(new double[n], new double[n], new double[inside], new double[inside]);
        var classOf = new int[inside];
        for (var c = 0; c < classes.Length; c++) Array.Fill(classOf, c, classes[c].Start, classes[c].End - classes[c].Start);
        var distances = new BlockDistances([scaled], [d], n);
        Chunks.For(n, ChunkRows, threads, distances.Buffer, (from, to, buffer) =>
        {
            for (var i = from; i < to; i += BlockDistances.RowsAtOnce)
            {
                distances.Fill<SquaredEuclidean>(0, i, buffer);
                for (var r = 0; r < BlockDistances.RowsAtOnce && i + r < to; r++)
                {
                    var row = buffer.AsSpan(r * distances.Padded, distances.Padded);
                    var (wide, narrow) = KernelSums(row);
                    values.Lower[i + r] = Math.Log(n / wide);
                    values.Upper[i + r] = Math.Log(n / narrow);
                    if (inside == 0) continue;
                    var (start, end) = classes[classOf[i + r]];
                    (wide, narrow) = PowerSums(row[start..end]);
                    values.InsideLower[i + r] = Math.Log((end - start) / wide);
                    values.InsideUpper[i + r] = Math.Log((end - start) / narrow);
                }
            }
        });
        return values;
    }

    // Replaces distances by exp(−distance), and sums those and their fourth powers; padding is NaN and gives 0.
    private static (double Wide, double Narrow) KernelSums(Span<double> row)
    {
        Vector512<double> wide = default, narrow = default;
        for (var j = 0; j < row.Length; j += Wide.Width)
        {
            var e = Wide.ExpNonPositive(-Wide.Load(row, j));
            e.CopyTo(row[j..]);
            wide += e;
            var square = e * e;
            narrow = Vector512.FusedMultiplyAdd(square, square, narrow);
        }
        return (Wide.Fold(wide), Wide.Fold(narrow));
    }

    private static (double Wide, double Narrow) PowerSums(ReadOnlySpan<double> kernel)
    {
        Vector512<double> wide = default, narrow = default;
        Span<double> tail = stackalloc double[Wide.Width];
        for (var j = 0; j < kernel.Length; j += Wide.Width)
        {
            Vector512<double> e;
            if (j + Wide.Width <= kernel.Length) e = Wide.Load(kernel, j);
            else
            {
                kernel[j..].CopyTo(tail);
                e = Wide.Load(tail, 0);
            }
            wide += e;
            var square = e * e;
            narrow = Vector512.FusedMultiplyAdd(square, square, narrow);
        }
        return (Wide.Fold(wide), Wide.Fold(narrow));
    }

    private static KernelSandwich Assemble(RowValues rows, (int Start, int End)[] classes, int n, double seconds)
    {
        var ceiling = Bits.FromNats(Math.Log(n));
        var lower = Judged(RowBounds.Reading("kde-lower", rows.Lower, BoundDirection.Lower, ceiling, seconds));
        var upper = Judged(RowBounds.Reading("kde-upper", rows.Upper, BoundDirection.Upper, ceiling, seconds));
        if (classes.Length == 0) return new KernelSandwich(lower, upper);
        var (within, entropy) = RowBounds.ClassCeilings(classes, n);
        return new KernelSandwich(lower, upper,
            Judged(RowBounds.Reading("kde-lower-given-y", rows.InsideLower, BoundDirection.Lower, Bits.FromNats(within), seconds)),
            Judged(RowBounds.Reading("kde-upper-given-y", rows.InsideUpper, BoundDirection.Upper, Bits.FromNats(within), seconds)),
            RowBounds.Difference("kde-label-low", rows.Lower, rows.InsideUpper, BoundDirection.Lower, entropy, seconds),
            RowBounds.Difference("kde-label-high", rows.Upper, rows.InsideLower, BoundDirection.Upper, entropy, seconds));
    }

    private static Estimate Judged(Estimate reading) => !Saturation.Near(reading.Bits!.Value, reading.Ceiling!.Value) ? reading : reading with
    {
        Verdict = Verdict.Saturated,
        Notes = ["near log2 of the number of rows, the most that these bounds can say: more rows or more noise"],
    };
}
