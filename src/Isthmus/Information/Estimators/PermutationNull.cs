using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>The null distribution: the value when y's rows are matched with the wrong rows of x.</summary>
internal static class PermutationNull
{
    /// <summary>(1 + number of permuted values at least as large) / (1 + permutations).</summary>
    public static double PValue(SampleEstimator estimator, Rows rows, double value, int permutations, SerialDependence dependence, List<string> notes)
    {
        var random = new RandomStream(rows.Seed).Fork("permutations");
        var n = rows.Count;
        if (dependence.InEither)
            notes.Add("rows form a series: the p-value uses circular shifts, not free permutations");
        if (rows.Given is not null)
            notes.Add("the p-value permutes y among all rows, so it tests y against x and the given variables together");
        var order = new int[n];
        var larger = 0;
        for (var b = 0; b < permutations; b++)
        {
            var draw = random.Fork((ulong)b);
            if (dependence.InEither)
            {
                var least = Math.Min(n / 10 + 1, n / 2);
                var shift = least + draw.NextInt(Math.Max(1, n - 2 * least));
                for (var i = 0; i < n; i++) order[i] = (i + shift) % n;
            }
            else order = draw.Permutation(n);
            var permuted = estimator.Read(rows with { Y = rows.Y.Take(order) });
            if (permuted.Nats >= value) larger++;
        }
        return (1.0 + larger) / (1.0 + permutations);
    }
}
