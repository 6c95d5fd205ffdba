using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>The point with the least sum of distances to given rows.</summary>
public static class GeometricMedian
{
    private const int Rounds = 200;

    /// <summary>The median of rows by Weiszfeld's iteration, which leaves a row that it has reached where that row is not the median (Vardi and
    /// Zhang, "The multivariate L1-median and associated data depth", PNAS 2000, equations 2.6 and 2.7); the start is the mean.</summary>
    /// <param name="rows">[n, width], n at least 1.</param>
    /// <returns>[width].</returns>
    /// <exception cref="ArgumentException">There are no rows, or a number is not finite.</exception>
    public static float[] Of(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Dim != 2 || rows.Numel == 0) throw new ArgumentException($"geometric median: rows [n, width] are needed, not [{string.Join(", ", rows.Shape.ToArray())}]");
        var (n, width) = (rows.Size(0), rows.Size(1));
        var x = rows.Data;
        var centre = new double[width];
        for (var i = 0; i < x.Length; i++) centre[i % width] += x[i] / (double)n;
        foreach (var v in centre)
            if (!double.IsFinite(v)) throw new ArgumentException("geometric median: the rows have a number that is not finite");
        double spread = 0;
        for (var i = 0; i < x.Length; i++) spread = Math.Max(spread, Math.Abs(x[i] - centre[i % width]));
        var (pull, direction) = (new double[width], new double[width]);
        for (var round = 0; round < Rounds && spread > 0; round++)
        {
            Array.Clear(pull);
            Array.Clear(direction);
            double weight = 0;
            var here = 0;
            for (var i = 0; i < n; i++)
            {
                var row = x.Slice(i * width, width);
                double squares = 0;
                for (var d = 0; d < width; d++) squares += (row[d] - centre[d]) * (row[d] - centre[d]);
                var distance = Math.Sqrt(squares);
                if (distance <= 1e-12 * spread)
                {
                    here++;
                    continue;
                }
                weight += 1 / distance;
                for (var d = 0; d < width; d++) pull[d] += row[d] / distance;
            }
            if (weight == 0) break;
            double size = 0, moved = 0;
            for (var d = 0; d < width; d++)
            {
                direction[d] = pull[d] - (weight * centre[d]);
                size += direction[d] * direction[d];
            }
            // Rows that lie at the centre hold it with a force of 1 each.
            var held = here == 0 || size == 0 ? 0 : Math.Min(1, here / Math.Sqrt(size));
            if (size == 0 || held == 1) break;
            for (var d = 0; d < width; d++)
            {
                var step = (1 - held) * direction[d] / weight;
                centre[d] += step;
                moved = Math.Max(moved, Math.Abs(step));
            }
            if (moved <= 1e-7 * spread) break;
        }
        return [.. centre.Select(v => (float)v)];
    }
}
