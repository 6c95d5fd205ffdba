using System.Globalization;

namespace Isthmus.Information;

/// <summary>The capacity of a discrete memoryless channel.</summary>
/// <param name="Problem"><c>capacity</c>.</param>
/// <param name="Bits">I(X;Y) at the input found: a rate that can be had. With costs, minus the weighted mean cost.</param>
/// <param name="Input">The input distribution.</param>
/// <param name="GapBits">How far the true capacity can at most be above <paramref name="Bits"/>: proven.</param>
/// <param name="DivergenceBits">D(p(y|x)‖p(y)) of each input, minus its weighted cost: equal to the capacity where the input is used,
/// at most that elsewhere (the Kuhn–Tucker conditions).</param>
/// <param name="Output">The output distribution, which is unique.</param>
/// <param name="MeanCost">The mean cost of the input; 0 without costs.</param>
public sealed record CapacityResult(string Problem, double Bits, double[] Input, double GapBits, double[] DivergenceBits, double[] Output, double MeanCost);

/// <summary>Channel capacity by the algorithm of Arimoto (1972) and Blahut (1972), with its duality gap max_x D(x) − Σ p(x) D(x).</summary>
public static class ChannelCapacity
{
    private const int MaxUpdates = 200_000;

    /// <summary>The capacity.</summary>
    /// <param name="channel">p(y|x), rows x, each summing to one.</param>
    /// <param name="tolerance">The iteration ends when the gap is below this many nats, or after 200,000 updates.</param>
    /// <param name="costs">The cost of each input, or null.</param>
    /// <param name="costWeight">s of max I(X;Y) − s E[cost], in nats per unit of cost, at least 0.</param>
    /// <exception cref="InputException">A row is not a distribution, or a cost is not finite.</exception>
    public static CapacityResult Solve(double[,] channel, double tolerance = 1e-12, IReadOnlyList<double>? costs = null, double costWeight = 0)
    {
        var w = Probabilities.CopyChannel(channel, "channel");
        var (n, m) = (w.GetLength(0), w.GetLength(1));
        if (costs is not null && (costs.Count != n || costs.Any(c => !double.IsFinite(c)) || !(costWeight >= 0) || !double.IsFinite(costWeight)))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{costs.Count} costs with weight {costWeight}: expected {n} finite costs and a weight of at least 0"));
        var fixedPart = new double[n]; // Σ_y w ln w − s cost
        for (var x = 0; x < n; x++)
        {
            for (var y = 0; y < m; y++) fixedPart[x] -= Shannon.Term(w[x, y]);
            if (costs is not null) fixedPart[x] -= costWeight * costs[x];
        }
        var p = new double[n];
        Array.Fill(p, 1.0 / n);
        var (d, output, trial) = (new double[n], new double[m], new double[n]);
        if (n is > 1 and <= SimplexNewton.MostLetters)
            SimplexNewton.Maximise(p, (at, into) => Divergences(w, fixedPart, at, into, output), at => Curvature(w, at), tolerance / 2);
        var value = Divergences(w, fixedPart, p, d, output);
        var power = 1.0; // p ← p e^(power · D): larger steps are kept as long as they improve (Matz and Duhamel 2004)
        for (var i = 0; i < MaxUpdates && d.Max() - value > tolerance; i++)
        {
            var top = d.Max();
            var sum = 0.0;
            for (var x = 0; x < n; x++) sum += trial[x] = p[x] * Math.Exp(power * (d[x] - top));
            for (var x = 0; x < n; x++) trial[x] /= sum;
            var before = (double[])d.Clone();
            var next = Divergences(w, fixedPart, trial, d, output);
            if (power > 1 && !(next > value))
            {
                power = Math.Max(1, power / 4);
                before.CopyTo(d, 0);
                continue;
            }
            (p, trial) = (trial, p);
            value = next;
            power *= 1.3;
        }
        value = Divergences(w, fixedPart, p, d, output);
        var mean = costs is null ? 0 : p.Zip(costs, (a, b) => a * b).Sum();
        return new CapacityResult("capacity", (costs is null ? Math.Max(0, value) : value) / Math.Log(2), p, Math.Max(0, d.Max() - value) / Math.Log(2), Array.ConvertAll(d, v => v / Math.Log(2)), output, mean);
    }

    // −∇² I = W diag(1/q) Wᵀ, lower triangle.
    private static double[,] Curvature(double[,] w, double[] p)
    {
        var (n, m) = (p.Length, w.GetLength(1));
        var output = new double[m];
        for (var x = 0; x < n; x++)
            for (var y = 0; y < m; y++) output[y] += p[x] * w[x, y];
        var sum = new double[n, n];
        for (var a = 0; a < n; a++)
            for (var b = 0; b <= a; b++)
                for (var y = 0; y < m; y++)
                    if (w[a, y] > 0) sum[a, b] += w[a, y] * w[b, y] / output[y];
        return sum;
    }

    // D(x) for all x, and Σ p D.
    private static double Divergences(double[,] w, double[] fixedPart, double[] p, double[] d, double[] output)
    {
        Array.Clear(output);
        for (var x = 0; x < p.Length; x++)
            for (var y = 0; y < output.Length; y++) output[y] += p[x] * w[x, y];
        var logs = Array.ConvertAll(output, v => v > 0 ? Math.Log(v) : -745);
        var value = 0.0;
        for (var x = 0; x < p.Length; x++)
        {
            d[x] = fixedPart[x];
            for (var y = 0; y < output.Length; y++) d[x] -= w[x, y] * logs[y];
            value += p[x] * d[x];
        }
        return value;
    }
}
