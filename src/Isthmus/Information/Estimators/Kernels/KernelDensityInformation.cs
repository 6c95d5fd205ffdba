using System.Globalization;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// Mutual information as the mean over rows of ln p(x,y)/p(x)p(y) with Gaussian kernel densities that leave the row itself out
/// (Moon, Rajagopalan, Lall, Phys. Rev. E 52, 1995; widths of Scott or Silverman, or the best of nine by leave-one-out
/// likelihood). A side that is discrete as a whole is compared for equality instead.
/// </summary>
/// <remarks>For smooth densities of few dimensions. Widths follow the standard deviation, so normalise heavy tails first.</remarks>
public sealed class KernelDensityInformation : SampleEstimator
{
    private const int ChunkRows = 32;

    /// <inheritdoc/>
    public override string Name => "kde";

    /// <inheritdoc/>
    public override bool NearestNeighbour => true; // repeated rows make their own density infinite in narrow kernels

    /// <summary>The kernel's width as a multiple of Silverman's; 0 chooses the multiple of the largest leave-one-out likelihood.</summary>
    public double Factor { get; init; } = 1;

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        if (rows.X.AllDiscrete && rows.Y.AllDiscrete) throw new InputException("kde: one side must be continuous", "use binning or mixed");
        if (Factor > 0) return new Reading(Value(rows, Factor, out _));
        var (best, bestLikelihood, chosen) = (0.0, double.NegativeInfinity, 0.0);
        for (var factor = 0.25; factor <= 4; factor *= Math.Sqrt(2))
        {
            var value = Value(rows, factor, out var likelihood);
            if (likelihood > bestLikelihood) (best, bestLikelihood, chosen) = (value, likelihood, factor);
        }
        return new Reading(best) { Notes = [string.Create(CultureInfo.InvariantCulture, $"width {chosen:0.00} times Silverman's has the largest leave-one-out likelihood")] };
    }

    /// <inheritdoc/>
    protected override IEnumerable<Variant> Variants(Rows rows, Reading value)
    {
        if (Factor > 0)
        {
            foreach (var factor in (double[])[Factor * 0.5, Factor * 1.5])
                yield return new Variant(string.Create(CultureInfo.InvariantCulture, $"the width times {factor:0.0}"), Value(rows, factor, out _), "the width decides the value; use ksg1 or mixed", Slack: 1.5);
        }
        var scores = rows with { X = Conditioning.NormalScores(rows.X), Y = Conditioning.NormalScores(rows.Y) };
        yield return new Variant("the same on normal scores", Read(scores).Nats, "columns are far from normal; use ksg1, or transform heavy tails first");
        yield return new Variant("mixed", new MixedInformation().Read(rows).Nats, "neighbours and kernels see different things; compare both");
    }

    // The mean log ratio; also the leave-one-out log likelihood of the joint density up to a constant of the data.
    private static double Value(Rows rows, double factor, out double likelihood)
    {
        var n = rows.Count;
        var (labelX, labelY) = (rows.X.AllDiscrete, rows.Y.AllDiscrete);
        var dimensions = (labelX ? 0 : rows.X.Dimensions) + (labelY ? 0 : rows.Y.Dimensions);
        // One exponent for joint and marginals: the same smoothing in all three, so that their biases cancel in part.
        var width = factor * Math.Pow(4.0 / (dimensions + 2), 1.0 / (dimensions + 4)) * Math.Pow(n, -1.0 / (dimensions + 4));
        var distances = new BlockDistances([Block(rows.X, width, labelX), Block(rows.Y, width, labelY)],
            [labelX ? 1 : rows.X.Dimensions, labelY ? 1 : rows.Y.Dimensions], n);
        var (logs, joint) = (new double[n], new double[n]);
        Chunks.For(n, ChunkRows, rows.Threads, () => distances.Buffers(2), (from, to, buffers) =>
        {
            var (bufferX, bufferY) = (buffers[0], buffers[1]);
            for (var i = from; i < to; i += BlockDistances.RowsAtOnce)
            {
                distances.Fill<SquaredEuclidean>(0, i, bufferX);
                distances.Fill<SquaredEuclidean>(1, i, bufferY);
                for (var r = 0; r < BlockDistances.RowsAtOnce && i + r < to; r++)
                {
                    // The row itself is moved out of reach of its own kernel.
                    bufferX[r * distances.Padded + i + r] = bufferY[r * distances.Padded + i + r] = double.NaN;
                    Vector512<double> sumX = default, sumY = default, sumXY = default;
                    for (var j = 0; j < distances.Padded; j += Wide.Width)
                    {
                        var kx = Wide.ExpNonPositive(-Wide.Load(bufferX, r * distances.Padded + j));
                        var ky = Wide.ExpNonPositive(-Wide.Load(bufferY, r * distances.Padded + j));
                        sumX += kx;
                        sumY += ky;
                        sumXY = Vector512.FusedMultiplyAdd(kx, ky, sumXY);
                    }
                    const double Least = 1e-300; // of a row without neighbours in reach
                    var (px, py, pxy) = (Wide.Fold(sumX), Wide.Fold(sumY), Math.Max(Wide.Fold(sumXY), Least));
                    logs[i + r] = Math.Log(pxy) - Math.Log(Math.Max(px, Least)) - Math.Log(Math.Max(py, Least)) + Math.Log(n - 1);
                    joint[i + r] = Math.Log(pxy);
                }
            }
        });
        likelihood = Statistics.Mean(joint) - dimensions * Math.Log(width);
        return Statistics.Mean(logs);
    }

    // Columns over √2 · width · deviation; labels become numbers so far apart that only equal ones meet.
    private static double[] Block(Samples samples, double width, bool labels)
    {
        if (labels) return [.. samples.RowSymbols(out _).Select(s => 1000.0 * s)];
        var values = samples.Values.ToArray();
        var deviations = Conditioning.Deviations(samples);
        for (var i = 0; i < values.Length; i++)
        {
            var c = i % samples.Dimensions;
            values[i] = deviations[c] > 0 ? (values[i] - samples[0, c]) / (Math.Sqrt(2) * width * deviations[c]) : 0;
        }
        return values;
    }
}
