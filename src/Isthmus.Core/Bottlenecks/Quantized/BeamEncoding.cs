using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Residual codes by beam search: from stage to stage the best partial sums of every vector go on, not the best alone (Babenko and
/// Lempitsky 2014, "Additive quantization", section 3.2; Liu et al. 2024, "Residual quantization with beam search"). A beam of 1 is
/// the greedy choice.
/// </summary>
public static class BeamEncoding
{
    private const int FloatsAtOnce = 1 << 18; // scores of a part of the rows

    /// <summary>For each vector the indices of the best sum of one code a table that the beam finds.</summary>
    /// <param name="x">[n, width].</param>
    /// <param name="tables">Of each stage, [codes, width].</param>
    /// <param name="width">Partial sums that are kept, at least 1.</param>
    /// <returns>[n, stages].</returns>
    public static LongTensor Encode(Tensor x, IReadOnlyList<Tensor> tables, int width)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        using var noGrad = new NoGrad();
        var (n, stages) = (x.Size(0), tables.Count);
        var result = LongTensor.Zeros(n, stages);
        var rows = Math.Clamp(FloatsAtOnce / (width * tables.Max(t => t.Size(0))), 1, n);
        for (var at = 0; at < n; at += rows)
        {
            using var scope = new TensorScope("beam");
            var count = Math.Min(rows, n - at);
            Part(x.Narrow(0, at, count), tables, width).Data.CopyTo(result.Data[(at * stages)..]);
        }
        return result;
    }

    private static LongTensor Part(Tensor x, IReadOnlyList<Tensor> tables, int width)
    {
        var (n, dimensions) = (x.Size(0), x.Size(1));
        var (beams, rest) = (1, x); // rest: [n beams, width], what the partial sums leave
        var paths = new int[n, 1, tables.Count];
        for (var k = 0; k < tables.Count; k++)
        {
            var table = tables[k];
            var codes = table.Size(0);
            var scores = table.Square().Sum(1) - (2f * rest.MatMul(table, transposeOther: true));
            var errors = rest.Square().Sum(1);
            var kept = (int)Math.Min(width, (long)beams * codes);
            var (next, left) = (new int[n, kept, tables.Count], Tensor.Zeros(n * kept, dimensions));
            for (var i = 0; i < n; i++)
            {
                var best = Best(scores.Data.Slice(i * beams * codes, beams * codes), errors.Data.Slice(i * beams, beams), codes, kept);
                for (var b = 0; b < kept; b++)
                {
                    var (from, code) = (best[b] / codes, best[b] % codes);
                    for (var j = 0; j < k; j++) next[i, b, j] = paths[i, from, j];
                    next[i, b, k] = code;
                    var source = rest.Data.Slice(((i * beams) + from) * dimensions, dimensions);
                    var entry = table.Data.Slice(code * dimensions, dimensions);
                    var to = left.Data.Slice(((i * kept) + b) * dimensions, dimensions);
                    for (var d = 0; d < dimensions; d++) to[d] = source[d] - entry[d];
                }
            }
            (paths, rest, beams) = (next, left, kept);
        }
        // The kept sums are in rising order of their error.
        var result = LongTensor.Zeros(n, tables.Count);
        for (var i = 0; i < n; i++)
            for (var k = 0; k < tables.Count; k++) result.Data[(i * tables.Count) + k] = paths[i, 0, k];
        return result;
    }

    // The places of the smallest errors, smallest first, ties to the lowest place: insertion into a short sorted list.
    private static int[] Best(ReadOnlySpan<float> scores, ReadOnlySpan<float> errors, int codes, int kept)
    {
        var (places, values, have) = (new int[kept], new float[kept], 0);
        for (var p = 0; p < scores.Length; p++)
        {
            var value = scores[p] + errors[p / codes];
            if (have == kept && !(value < values[kept - 1])) continue;
            var at = have < kept ? have++ : kept - 1;
            for (; at > 0 && value < values[at - 1]; at--) (places[at], values[at]) = (places[at - 1], values[at - 1]);
            (places[at], values[at]) = (p, value);
        }
        return places;
    }
}
