namespace Isthmus.Information;

/// <summary>
/// The first estimator of Kraskov, Stögbauer and Grassberger ("Estimating mutual information", Phys. Rev. E 69, 2004,
/// equation 8): distances to the k-th neighbour in the joint space, counts within them in each marginal, maximum norm. With
/// given variables the conditional form of Frenzel and Pompe (Phys. Rev. Lett. 99, 2007).
/// </summary>
/// <remarks>
/// For a few continuous variables. It loses information quickly with dimension (a 10+10-dimensional Gaussian of 7.4 bits reads
/// 3.8 at n = 10,000) and with spiky or heavy-tailed densities; the alarms compare it with k = 10 and 30, with normal scores,
/// and with the Gaussian baseline. Values may be a little negative where nothing passes; they are not clamped.
/// </remarks>
public sealed class Ksg1 : KsgEstimator
{
    /// <inheritdoc/>
    public override string Name => "ksg1";

    /// <inheritdoc/>
    public override bool TakesGiven => true;

    private protected override double Value(double[][] blocks, int[] widths, int n, int k, int threads, out double coincident)
    {
        var search = new Neighbourhoods(blocks, widths, n, threads);
        var (radius, counts) = search.Balls(k, blocks.Length == 3 ? [0b101, 0b110, 0b100] : [0b01, 0b10]);
        coincident = radius.Count(r => r == 0) / (double)n;
        var psi = Digamma.Table(n);
        var sum = 0.0;
        for (var i = 0; i < n; i++) // a count includes the row itself: n_x + 1 of the paper
            sum += psi[counts[0][i]] + psi[counts[1][i]] - (blocks.Length == 3 ? psi[counts[2][i]] : 0);
        return psi[k] + (blocks.Length == 3 ? 0 : psi[n]) - sum / n;
    }

    private protected override KsgEstimator WithK(int k) => new Ksg1 { K = k, Scaling = Scaling };
}

/// <summary>
/// The second estimator of Kraskov, Stögbauer and Grassberger (2004, equation 9): counts within the smallest box around the k
/// neighbours, side by side. Less sensitive to the scale of x against y than <see cref="Ksg1"/>, a little more biased.
/// </summary>
public sealed class Ksg2 : KsgEstimator
{
    /// <inheritdoc/>
    public override string Name => "ksg2";

    private protected override double Value(double[][] blocks, int[] widths, int n, int k, int threads, out double coincident)
    {
        var (radius, counts) = new Neighbourhoods(blocks, widths, n, threads).Boxes(k);
        coincident = radius.Count(r => r == 0) / (double)n;
        var psi = Digamma.Table(n);
        var sum = 0.0;
        for (var i = 0; i < n; i++) sum += psi[counts[0][i] - 1] + psi[counts[1][i] - 1];
        return psi[k] - 1.0 / k + psi[n] - sum / n;
    }

    private protected override double CeilingLoss => 1.0 / K;

    private protected override KsgEstimator WithK(int k) => new Ksg2 { K = k, Scaling = Scaling };
}
