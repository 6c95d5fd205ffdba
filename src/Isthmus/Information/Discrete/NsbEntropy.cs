using MathNet.Numerics;

namespace Isthmus.Information;

/// <summary>
/// The entropy estimate of Nemenman, Shafee and Bialek (2002): a mixture of symmetric Dirichlet priors over their concentration β,
/// weighted so that the prior expectation of the entropy, ξ(β) = ψ(Kβ+1) − ψ(β+1), is uniform on [0, ln K].
/// </summary>
/// <remarks>The integral over β runs in u = ln β by the trapezium rule, which converges geometrically because the integrand and all
/// its derivatives vanish at both ends.</remarks>
internal static class NsbEntropy
{
    private const double Low = -60, High = 60, Step = 1.0 / 16;

    /// <summary>The posterior mean of the entropy in nats.</summary>
    /// <param name="counts">Positive counts.</param>
    /// <param name="k">The size of the alphabet, at least the number of counts.</param>
    public static double Nats(double[] counts, int k)
    {
        if (k == 1) return 0;
        var groups = counts.GroupBy(c => c).Select(g => (Count: g.Key, Times: (double)g.Count())).ToArray(); // equal counts share their terms
        var n = counts.Sum();
        var unseen = k - counts.Length;
        var steps = (int)((High - Low) / Step);
        var logWeight = new double[steps];
        var entropy = new double[steps];
        for (var i = 0; i < steps; i++)
        {
            var u = Low + ((i + 0.5) * Step);
            var beta = Math.Exp(u);
            logWeight[i] = LogEvidence(groups, n, k, beta) + Math.Log(PriorSlope(k, beta)) + u;
            entropy[i] = PosteriorMean(groups, n, k, unseen, beta);
        }
        var largest = logWeight.Max();
        double weights = 0, sum = 0;
        for (var i = 0; i < steps; i++)
        {
            var w = Math.Exp(logWeight[i] - largest);
            weights += w;
            sum += w * entropy[i];
        }
        return sum / weights;
    }

    // ln [Γ(Kβ)/Γ(n+Kβ) Π Γ(c+β)/Γ(β)] as sums of ln (x + j): exact for small counts, no cancelling for large β.
    private static double LogEvidence((double Count, double Times)[] groups, double n, int k, double beta) =>
        groups.Sum(g => g.Times * LogRising(beta, g.Count)) - LogRising(k * beta, n);

    // ln [Γ(x+m)/Γ(x)].
    private static double LogRising(double x, double m)
    {
        if (m > 64) return x < 1e6 * m ? SpecialFunctions.GammaLn(x + m) - SpecialFunctions.GammaLn(x) : (m * Math.Log(x)) + (m * (m - 1) / (2 * x));
        var sum = 0.0;
        for (var j = 0; j < m; j++) sum += Math.Log(x + j);
        return sum;
    }

    // dξ/dβ; for large β by its expansion (1 − 1/K)/(2β²) − (1 − 1/K²)/(6β³), whose terms the difference of trigammas would lose.
    private static double PriorSlope(int k, double beta)
    {
        if (beta < 1e4) return (k * Numerics.Trigamma((k * beta) + 1)) - Numerics.Trigamma(beta + 1);
        return (1 - (1.0 / k)) / (2 * beta * beta) - ((1 - (1.0 / k / k)) / (6 * beta * beta * beta));
    }

    private static double PosteriorMean((double Count, double Times)[] groups, double n, int k, int unseen, double beta)
    {
        var total = n + (k * beta);
        var sum = unseen * beta / total * SpecialFunctions.DiGamma(beta + 1);
        foreach (var (count, times) in groups) sum += times * (count + beta) / total * SpecialFunctions.DiGamma(count + beta + 1);
        return SpecialFunctions.DiGamma(total + 1) - sum;
    }
}
