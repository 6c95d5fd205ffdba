namespace Isthmus.Information;

/// <summary>
/// Kullback–Leibler divergence between two sets of samples from nearest-neighbour distances (Wang, Kulkarni, Verdú,
/// "Divergence Estimation for Multidimensional Densities Via k-Nearest-Neighbor Distances", IEEE Trans. Inf. Theory 55, 2009,
/// equation 5): (d/n) Σ ln ν_k/ρ_k + ln m/(n − 1), ν to the other set and ρ within the own.
/// </summary>
public static class NeighbourDivergence
{
    /// <summary>D(P‖Q) from n samples of P and m of Q, both of d columns.</summary>
    /// <param name="p">Samples of P.</param>
    /// <param name="q">Samples of Q.</param>
    /// <param name="k">Which neighbour, at least 1, below n and at most m.</param>
    /// <param name="threads">At most so many threads, 0 for all cores; never changes a result.</param>
    /// <exception cref="InputException">Different columns, too few rows, or rows that coincide.</exception>
    public static Bits KullbackLeibler(Samples p, Samples q, int k = 3, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(q);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (p.Dimensions != q.Dimensions)
            throw new InputException(FormattableString.Invariant($"divergence: {p.Name} has {p.Dimensions} columns and {q.Name} has {q.Dimensions}"));
        if (p.Count <= k || q.Count < k)
            throw new InputException(FormattableString.Invariant($"divergence: {p.Count} and {q.Count} rows; more than k = {k} and at least {k} are needed"));
        var d = p.Dimensions;
        var (own, other) = (p.Values.ToArray(), q.Values.ToArray());
        var within = Neighbourhoods.Nearest<SquaredEuclidean>(own, p.Count, d, k, threads);
        var across = Neighbourhoods.Nearest<SquaredEuclidean>(other, q.Count, d, k, threads, own);
        var sum = 0.0;
        for (var i = 0; i < p.Count; i++)
        {
            var (rho, nu) = (within[i * k + k - 1], across[i * k + k - 1]);
            if (rho == 0 || nu == 0)
                throw new InputException(FormattableString.Invariant($"divergence: row {i + 1} of {p.Name} coincides with {k} others: its density is infinite"), "the samples are discrete or rounded; compare counts instead");
            sum += 0.5 * (Math.Log(nu) - Math.Log(rho));
        }
        return Bits.FromNats(d * sum / p.Count + Math.Log(q.Count / (p.Count - 1.0)));
    }
}
