using MathNet.Numerics;

namespace Isthmus.Information;

/// <summary>
/// Differential entropy from nearest-neighbour distances (Kozachenko and Leonenko, Probl. Inf. Transm. 23, 1987):
/// ψ(n) − ψ(k) + ln V_d + (d/n) Σ ln r_k; and the weighted form of Berrett, Samworth and Yuan (Ann. Statist. 47, 2019), which
/// cancels the leading biases in four dimensions and more.
/// </summary>
/// <remarks>Differential entropy may be negative, changes with units, and is no information by itself; only differences are.</remarks>
public static class KozachenkoLeonenko
{
    /// <summary>h(X), as bits of differential entropy.</summary>
    /// <param name="samples">n × d continuous samples.</param>
    /// <param name="k">Which neighbour, at least 1 and below n; the weighted form uses the neighbours 1..k.</param>
    /// <param name="euclidean">The Euclidean norm; false for the maximum norm.</param>
    /// <param name="weighted">Berrett's weights, for the Euclidean norm; k must then be well above d/4.</param>
    /// <param name="threads">At most so many threads, 0 for all cores; never changes a result.</param>
    /// <exception cref="InputException">Too few rows, or more than k rows that coincide.</exception>
    public static Bits Entropy(Samples samples, int k = 3, bool euclidean = true, bool weighted = false, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        var (n, d) = (samples.Count, samples.Dimensions);
        if (n <= k) throw new InputException(FormattableString.Invariant($"entropy: {n} rows of {samples.Name}; more than k = {k} are needed"));
        if (weighted && !euclidean) throw new ArgumentException("entropy: the weights are for the Euclidean norm", nameof(weighted));
        var rows = samples.Values.ToArray();
        var distances = euclidean
            ? Neighbourhoods.Nearest<SquaredEuclidean>(rows, n, d, k, threads)
            : Neighbourhoods.Nearest<MaxNorm>(rows, n, d, k, threads);
        var weights = new double[k];
        if (weighted) weights = Weights(k, d);
        else weights[^1] = 1;
        var psi = Digamma.Table(n);
        var logVolume = euclidean ? d / 2.0 * Math.Log(Math.PI) - SpecialFunctions.GammaLn(d / 2.0 + 1) : d * Math.Log(2);
        var nats = psi[n] + logVolume;
        for (var j = 0; j < k; j++)
        {
            if (weights[j] == 0) continue;
            var logs = 0.0;
            for (var i = 0; i < n; i++)
            {
                var r = distances[i * k + j];
                if (r == 0)
                    throw new InputException(FormattableString.Invariant($"entropy: row {i + 1} of {samples.Name} coincides with {j + 1} others: its density is infinite"), "the samples are discrete or rounded; use binning or mixed");
                logs += euclidean ? 0.5 * Math.Log(r) : Math.Log(r);
            }
            nats += weights[j] * (d * logs / n - psi[j + 1]);
        }
        return Bits.FromNats(nats);
    }

    /// <summary>
    /// Weights over neighbours 1..k with sum 1 and Σ w_j Γ(j + 2l/d)/Γ(j) = 0 for l = 1..⌊d/4⌋, non-zero only at ⌊jk/d⌋
    /// (Berrett et al. 2019, equation 2), the shortest such vector. All weight on k below four dimensions.
    /// </summary>
    public static double[] Weights(int k, int d)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(d, 1);
        var weights = new double[k];
        var constraints = 1 + d / 4;
        var places = Enumerable.Range(1, d).Select(j => (int)((long)j * k / d)).Where(j => j >= 1).Distinct().ToArray();
        if (constraints == 1 || places.Length < constraints)
        {
            weights[^1] = 1;
            return weights;
        }
        var a = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.Dense(constraints, places.Length, (l, p) =>
            Math.Exp(SpecialFunctions.GammaLn(places[p] + 2.0 * l / d) - SpecialFunctions.GammaLn(places[p]) - 2.0 * l / d * Math.Log(k)));
        var right = MathNet.Numerics.LinearAlgebra.Vector<double>.Build.Dense(constraints);
        right[0] = 1;
        var solution = a.TransposeThisAndMultiply((a * a.Transpose()).Solve(right));
        for (var p = 0; p < places.Length; p++) weights[places[p] - 1] = solution[p];
        return weights;
    }
}
