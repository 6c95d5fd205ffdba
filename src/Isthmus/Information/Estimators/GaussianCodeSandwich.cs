using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// Two bounds on what a stochastic code with a known density lets pass: of I(X;Z), and where labels are given of I(X;Z|Y) and
/// of I(Y;Z).
/// </summary>
/// <param name="Kept">Lower bound on I(X;Z), own sample kept in the aggregate; at most log2 n.</param>
/// <param name="LeftOut">Upper bound on I(X;Z), own sample left out of the aggregate.</param>
/// <param name="ConditionalKept">Lower bound on I(X;Z|Y): the same among the rows of one class; null without labels.</param>
/// <param name="ConditionalLeftOut">Upper bound on I(X;Z|Y); null without labels.</param>
/// <param name="LabelLow">Lower bound on I(Y;Z) = I(X;Z) − I(X;Z|Y): kept minus conditional left out; null without labels.</param>
/// <param name="LabelHigh">Upper bound on I(Y;Z): left out minus conditional kept, never above the entropy of the labels; null without labels.</param>
public sealed record CodeSandwich(Estimate Kept, Estimate LeftOut, Estimate? ConditionalKept = null,
    Estimate? ConditionalLeftOut = null, Estimate? LabelLow = null, Estimate? LabelHigh = null);

/// <summary>
/// The sandwich for codes whose density p(z|x) = N(mean(x), diag(std(x)²)) is known, as a variational bottleneck's is: each
/// sample's own log density minus the log of the average density over the batch. With the own row kept in that average the
/// expectation is a lower bound that cannot exceed ln n (InfoNCE with the optimal critic); with the own row left out it is an
/// upper bound by Jensen's inequality.
/// </summary>
/// <remarks>
/// Poole, Ozair, van den Oord, Alemi, Tucker: "On Variational Bounds of Mutual Information", ICML 2019, section 2 (equations 11
/// and 12) and appendix; the class-conditional form as in Kawaguchi, Deng, Ji, Huang: "How Does Information Bottleneck Help Deep
/// Learning?", ICML 2023. The 95 % intervals are those of the mean over rows. Time O(n² d), memory O(n d).
/// </remarks>
public static class GaussianCodeSandwich
{
    private const int RowsAtOnce = 4, ChunkRows = 32, Stride = 2 * Wide.Width;

    /// <summary>Both bounds, from one sample of the code for each of n inputs.</summary>
    /// <param name="mean">Means of the code, n × d row-major.</param>
    /// <param name="std">Standard deviations of the code, n × d row-major, all above 0.</param>
    /// <param name="z">One sample of each code, n × d row-major, drawn from its own mean and std.</param>
    /// <param name="n">Number of inputs, at least 2.</param>
    /// <param name="d">Dimensions of the code, at least 1.</param>
    /// <param name="labels">The class of each input, n numbers; empty where there are none.</param>
    /// <param name="threads">At most so many threads, 0 for all cores; never changes a result.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit n and d.</exception>
    /// <exception cref="InputException">A value that is not finite, or a standard deviation that is not above 0.</exception>
    public static CodeSandwich Estimate(ReadOnlySpan<float> mean, ReadOnlySpan<float> std, ReadOnlySpan<float> z, int n, int d,
        ReadOnlySpan<int> labels = default, int threads = 0)
    {
        var clock = Stopwatch.GetTimestamp();
        Check(mean, std, z, n, d, labels);
        var (order, classes) = RowBounds.SortByClass(n, labels);
        var codes = new Codes(mean, std, z, order, d);
        var rows = codes.Contributions(classes, threads);
        return Assemble(rows, classes, n, Stopwatch.GetElapsedTime(clock).TotalSeconds);
    }

    private static void Check(ReadOnlySpan<float> mean, ReadOnlySpan<float> std, ReadOnlySpan<float> z, int n, int d, ReadOnlySpan<int> labels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(d, 1);
        var size = (long)n * d;
        if (mean.Length != size || std.Length != size || z.Length != size)
            throw new ArgumentException(FormattableString.Invariant(
                $"sandwich: mean, std and z have {mean.Length}, {std.Length} and {z.Length} numbers; n x d = {n} x {d} needs {size} each"));
        if (labels.Length != 0 && labels.Length != n)
            throw new ArgumentException(FormattableString.Invariant($"sandwich: {labels.Length} labels for {n} rows"));
        for (var i = 0; i < mean.Length; i++)
        {
            if (!float.IsFinite(mean[i]) || !float.IsFinite(z[i]) || !float.IsFinite(std[i]))
                throw new InputException(FormattableString.Invariant($"sandwich: row {i / d}, dimension {i % d}: mean, std or z is not finite"));
            if (std[i] <= 0)
                throw new InputException(FormattableString.Invariant(
                    $"sandwich: row {i / d}, dimension {i % d}: the standard deviation is {std[i]}; it must be above 0"),
                    "a code without noise has infinite information; state a channel (noise, bins) first");
        }
    }

    private static CodeSandwich Assemble(Rows rows, (int Start, int End)[] classes, int n, double seconds)
    {
        var ceiling = Bits.FromNats(Math.Log(n));
        var kept = RowBounds.Reading("sandwich-kept", rows.Kept, BoundDirection.Lower, ceiling, seconds);
        var left = RowBounds.Reading("sandwich-left-out", rows.LeftOut, BoundDirection.Upper, null, seconds);
        var gap = left.Bits!.Value - kept.Bits!.Value;
        if (Saturation.Near(kept.Bits.Value, ceiling))
            kept = kept with
            {
                Verdict = Verdict.Saturated,
                Notes = [string.Create(CultureInfo.InvariantCulture, $"within {(ceiling - kept.Bits.Value).Value:0.00} bits of the ceiling log2 n; the upper bound is {left.Bits.Value.Value:0.00}: measure more inputs")],
            };
        if (gap.Value > Math.Max(1, 0.25 * kept.Bits.Value.Value))
            left = left with
            {
                Verdict = Verdict.Unreliable,
                Notes = [string.Create(CultureInfo.InvariantCulture, $"{gap.Value:0.0} bits above the lower bound: measure more inputs to close the sandwich")],
            };
        if (classes.Length == 0) return new CodeSandwich(kept, left);

        var (average, entropy) = RowBounds.ClassCeilings(classes, n);
        var alone = classes.Count(c => c.End - c.Start < 2);
        var insideKept = RowBounds.Reading("sandwich-kept-given-y", rows.InsideKept, BoundDirection.Lower, Bits.FromNats(average), seconds);
        var insideLeft = RowBounds.Reading("sandwich-left-out-given-y", rows.InsideLeftOut, BoundDirection.Upper, null, seconds);
        if (Saturation.Near(insideKept.Bits!.Value, insideKept.Ceiling!.Value))
            insideKept = insideKept with { Verdict = Verdict.Saturated, Notes = ["near its ceiling, the mean of log2 of the class sizes: measure more inputs"] };
        if (alone > 0)
            insideLeft = insideLeft with
            {
                Verdict = Verdict.TooFewSamples,
                Notes = [FormattableString.Invariant($"{alone} classes have one row only; they count with their lower bound")],
            };
        return new CodeSandwich(kept, left, insideKept, insideLeft,
            RowBounds.Difference("sandwich-label-low", rows.Kept, rows.InsideLeftOut, BoundDirection.Lower, entropy, seconds),
            RowBounds.Difference("sandwich-label-high", rows.LeftOut, rows.InsideKept, BoundDirection.Upper, entropy, seconds));
    }

    /// <summary>The contribution of every row to each mean, in nats, in sorted order.</summary>
    private sealed record Rows(double[] Kept, double[] LeftOut, double[] InsideKept, double[] InsideLeftOut);

    /// <summary>The codes as the kernel wants them: one column of eight inputs after another, so that a lane is an input.</summary>
    private sealed class Codes
    {
        private readonly int _n, _d, _padded;
        private readonly double[] _inverse, _offset, _constant; // 1/std and −mean/std as [d][padded]; −Σ ln std as [padded]
        private readonly double[] _z; // [n][d], sorted

        public Codes(ReadOnlySpan<float> mean, ReadOnlySpan<float> std, ReadOnlySpan<float> z, int[] order, int d)
        {
            (_n, _d, _padded) = (order.Length, d, (order.Length + Stride - 1) / Stride * Stride);
            _inverse = new double[(long)d * _padded];
            _offset = new double[(long)d * _padded];
            _constant = new double[_padded];
            _z = new double[(long)_n * d];
            Array.Fill(_constant, double.NegativeInfinity); // padding weighs nothing
            for (var i = 0; i < _n; i++)
            {
                var logs = 0.0;
                for (var k = 0; k < d; k++)
                {
                    var at = order[i] * d + k;
                    var inverse = 1.0 / std[at];
                    _inverse[k * _padded + i] = inverse;
                    _offset[k * _padded + i] = -mean[at] * inverse;
                    _z[i * d + k] = z[at];
                    logs += Math.Log(std[at]);
                }
                _constant[i] = -logs; // the d/2 ln 2π is in numerator and denominator and cancels
            }
        }

        public Rows Contributions((int Start, int End)[] classes, int threads)
        {
            var rows = new Rows(new double[_n], new double[_n], new double[classes.Length > 0 ? _n : 0], new double[classes.Length > 0 ? _n : 0]);
            var classOf = new int[classes.Length > 0 ? _n : 0];
            for (var c = 0; c < classes.Length; c++) Array.Fill(classOf, c, classes[c].Start, classes[c].End - classes[c].Start);
            Chunks.For(_n, ChunkRows, threads, () => new double[RowsAtOnce * _padded], (from, to, logs) =>
            {
                for (var i = from; i < to; i += RowsAtOnce)
                {
                    var count = Math.Min(RowsAtOnce, to - i);
                    LogDensities(i, count, logs);
                    for (var r = 0; r < count; r++)
                        Reduce(rows, logs.AsSpan(r * _padded, _n), i + r, classes.Length > 0 ? classes[classOf[i + r]] : null);
                }
            });
            return rows;
        }

        private void Reduce(Rows rows, Span<double> logs, int i, (int Start, int End)? own)
        {
            var self = logs[i];
            logs[i] = double.NegativeInfinity;
            var others = Wide.LogSumExp(logs);
            rows.Kept[i] = self - LogAdd(others, self) + Math.Log(_n);
            rows.LeftOut[i] = self - others + Math.Log(_n - 1);
            if (own is not var (start, end)) return;
            var size = end - start;
            var inside = Wide.LogSumExp(logs[start..end]);
            rows.InsideKept[i] = self - LogAdd(inside, self) + Math.Log(size);
            rows.InsideLeftOut[i] = size < 2 ? rows.InsideKept[i] : self - inside + Math.Log(size - 1);
        }

        // ln p(z_row | x_j) without its constant, for all j and up to four rows at once; eight sums, as many as the latency of a
        // multiply-add wants.
        private void LogDensities(int row, int count, double[] logs)
        {
            ref var z0 = ref _z[row * _d];
            ref var z1 = ref _z[(row + Math.Min(1, count - 1)) * _d];
            ref var z2 = ref _z[(row + Math.Min(2, count - 1)) * _d];
            ref var z3 = ref _z[(row + Math.Min(3, count - 1)) * _d];
            ref var inverses = ref MemoryMarshal.GetArrayDataReference(_inverse);
            ref var offsets = ref MemoryMarshal.GetArrayDataReference(_offset);
            for (var j = 0; j < _padded; j += Stride)
            {
                Vector512<double> s0 = default, s1 = default, s2 = default, s3 = default, u0 = default, u1 = default, u2 = default, u3 = default;
                for (var k = 0; k < _d; k++)
                {
                    ref var inverse = ref Unsafe.Add(ref inverses, (nint)k * _padded + j);
                    ref var offset = ref Unsafe.Add(ref offsets, (nint)k * _padded + j);
                    var (i0, i1) = (Vector512.LoadUnsafe(ref inverse), Vector512.LoadUnsafe(ref inverse, Wide.Width));
                    var (o0, o1) = (Vector512.LoadUnsafe(ref offset), Vector512.LoadUnsafe(ref offset, Wide.Width));
                    var (b0, b1) = (Vector512.Create(Unsafe.Add(ref z0, k)), Vector512.Create(Unsafe.Add(ref z1, k)));
                    var (b2, b3) = (Vector512.Create(Unsafe.Add(ref z2, k)), Vector512.Create(Unsafe.Add(ref z3, k)));
                    s0 = AddSquare(s0, b0, i0, o0);
                    u0 = AddSquare(u0, b0, i1, o1);
                    s1 = AddSquare(s1, b1, i0, o0);
                    u1 = AddSquare(u1, b1, i1, o1);
                    s2 = AddSquare(s2, b2, i0, o0);
                    u2 = AddSquare(u2, b2, i1, o1);
                    s3 = AddSquare(s3, b3, i0, o0);
                    u3 = AddSquare(u3, b3, i1, o1);
                }
                Store(s0, u0, logs, 0, j);
                Store(s1, u1, logs, 1, j);
                Store(s2, u2, logs, 2, j);
                Store(s3, u3, logs, 3, j);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<double> AddSquare(Vector512<double> sum, Vector512<double> z, Vector512<double> inverse, Vector512<double> offset)
        {
            var standard = Vector512.FusedMultiplyAdd(z, inverse, offset);
            return Vector512.FusedMultiplyAdd(standard, standard, sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Store(Vector512<double> low, Vector512<double> high, double[] logs, int row, int j)
        {
            var half = Vector512.Create(-0.5);
            Vector512.FusedMultiplyAdd(low, half, Wide.Load(_constant, j)).CopyTo(logs, row * _padded + j);
            Vector512.FusedMultiplyAdd(high, half, Wide.Load(_constant, j + Wide.Width)).CopyTo(logs, row * _padded + j + Wide.Width);
        }

        private static double LogAdd(double a, double b)
        {
            var top = Math.Max(a, b);
            return top + Math.Log(Math.Exp(a - top) + Math.Exp(b - top));
        }
    }
}
