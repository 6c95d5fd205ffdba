using System.Globalization;
using MathNet.Numerics;

namespace Isthmus.Information;

/// <summary>How an entropy is estimated from counts. Plug-in entropy is biased down by about (symbols − 1)/(2n) nats.</summary>
public enum EntropyCorrection
{
    /// <summary>Maximum likelihood (plug-in), without correction.</summary>
    MaximumLikelihood,

    /// <summary>Adds (observed symbols − 1)/(2n) nats (Miller 1955).</summary>
    MillerMadow,

    /// <summary>ln n − (1/n) Σ n G(n) (Grassberger 2003, eq. 28 and 35).</summary>
    Grassberger,

    /// <summary>Σ (n/N) [ln N − ψ(n) − (−1)^n/(n+1)] (Grassberger 1988, eq. 13).</summary>
    Grassberger1988,

    /// <summary>Coverage-adjusted Horvitz–Thompson (Chao and Shen 2003): for many unseen symbols.</summary>
    ChaoShen,

    /// <summary>Shrinkage towards uniform (Hausser and Strimmer 2009).</summary>
    JamesStein,

    /// <summary>Bayesian with a prior almost flat in entropy (Nemenman, Shafee, Bialek 2002).</summary>
    Nsb,

    /// <summary>Jackknife (Zahl 1977).</summary>
    Jackknife,
}

/// <summary>Entropies and mutual informations estimated from counts, with the usual bias corrections.</summary>
public static class CountEntropy
{
    /// <summary>The entropy of the distribution that made the counts.</summary>
    /// <param name="counts">One for each symbol, at least 0, with a positive total; zeros are symbols that did not occur.</param>
    /// <param name="correction">The estimator.</param>
    /// <param name="alphabet">How many symbols are possible, for James–Stein and NSB; null for the number of symbols that occurred.</param>
    /// <exception cref="InputException">A count is negative, or all are zero, or the alphabet is smaller than what occurred.</exception>
    public static Bits Estimate(IReadOnlyList<long> counts, EntropyCorrection correction, int? alphabet = null)
    {
        ArgumentNullException.ThrowIfNull(counts);
        for (var i = 0; i < counts.Count; i++)
            if (counts[i] < 0) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"count {i + 1} is {counts[i]}, expected at least 0"));
        var seen = counts.Where(c => c > 0).Select(c => (double)c).ToArray();
        if (seen.Length == 0) throw new InputException("all counts are zero, expected at least one observation");
        var k = alphabet ?? seen.Length;
        if (k < seen.Length) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"the alphabet has {k} symbols but {seen.Length} occurred"));
        var n = seen.Sum();
        return Bits.FromNats(correction switch
        {
            EntropyCorrection.MaximumLikelihood => PlugIn(seen, n),
            EntropyCorrection.MillerMadow => PlugIn(seen, n) + ((seen.Length - 1) / (2 * n)),
            EntropyCorrection.Grassberger => Math.Log(n) - (seen.Sum(c => c * G(c)) / n),
            EntropyCorrection.Grassberger1988 => seen.Sum(c => c / n * (Math.Log(n) - SpecialFunctions.DiGamma(c) - (Sign(c) / (c + 1)))),
            EntropyCorrection.ChaoShen => ChaoShen(seen, n),
            EntropyCorrection.JamesStein => JamesStein(seen, n, k),
            EntropyCorrection.Nsb => NsbEntropy.Nats(seen, k),
            EntropyCorrection.Jackknife => Jackknife(seen, n),
            _ => throw new ArgumentOutOfRangeException(nameof(correction), correction, "unknown correction"),
        });
    }

    /// <summary>I(X;Y) = H(X) + H(Y) − H(X,Y), each term estimated by itself; it may come out negative.</summary>
    /// <param name="counts">A contingency table: rows X, columns Y.</param>
    /// <param name="correction">The estimator of each term; James–Stein and NSB take the observed supports as alphabets.</param>
    /// <exception cref="InputException">A count is negative or all are zero.</exception>
    public static Bits MutualInformation(long[,] counts, EntropyCorrection correction)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var rows = new long[counts.GetLength(0)];
        var columns = new long[counts.GetLength(1)];
        for (var x = 0; x < rows.Length; x++)
            for (var y = 0; y < columns.Length; y++)
            {
                rows[x] += counts[x, y];
                columns[y] += counts[x, y];
            }
        return Estimate(rows, correction) + Estimate(columns, correction) - Estimate([.. counts.Cast<long>()], correction);
    }

    private static double PlugIn(double[] counts, double n) => counts.Sum(c => Shannon.Term(c / n));

    private static double Sign(double count) => count % 2 == 0 ? 1 : -1;

    // Grassberger 2003, eq. 28: the exact G(n) for which E[n G(n)] is right up to exponentially small terms.
    private static double G(double n) => SpecialFunctions.DiGamma(n)
        + (Sign(n) / 2 * (SpecialFunctions.DiGamma((n + 1) / 2) - SpecialFunctions.DiGamma(n / 2)));

    private static double ChaoShen(double[] counts, double n)
    {
        double singletons = counts.Count(c => c == 1);
        if (singletons == n) singletons = n - 1; // coverage zero would estimate nothing: Chao and Shen's convention
        var coverage = 1 - (singletons / n);
        return counts.Sum(c =>
        {
            var p = coverage * c / n;
            return Shannon.Term(p) / -Numerics.ExpM1(n * Numerics.Log1P(-p));
        });
    }

    private static double JamesStein(double[] counts, double n, int k)
    {
        double squares = 0, distance = 0;
        foreach (var c in counts)
        {
            squares += c / n * (c / n);
            distance += ((1.0 / k) - (c / n)) * ((1.0 / k) - (c / n));
        }
        distance += (k - counts.Length) / ((double)k * k);
        var shrink = n > 1 && distance > 0 ? Math.Clamp((1 - squares) / ((n - 1) * distance), 0, 1) : 1;
        return counts.Sum(c => Shannon.Term((shrink / k) + ((1 - shrink) * c / n))) + ((k - counts.Length) * Shannon.Term(shrink / k));
    }

    private static double Jackknife(double[] counts, double n)
    {
        if (n == 1) return 0;
        var all = counts.Sum(c => c * Math.Log(c));
        var leftOut = counts.Sum(c =>
        {
            // Plug-in entropy without one observation of this symbol, from Σ c ln c.
            var without = all - (c * Math.Log(c)) + (c > 1 ? (c - 1) * Math.Log(c - 1) : 0);
            return c * (Math.Log(n - 1) - (without / (n - 1)));
        });
        return (n * PlugIn(counts, n)) - ((n - 1) / n * leftOut);
    }
}
