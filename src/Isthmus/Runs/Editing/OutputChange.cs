namespace Isthmus.Runs;

/// <summary>How far an answer has moved.</summary>
public static class OutputChange
{
    /// <summary>The Kullback-Leibler divergence Σ p log2 (p / q) of two distributions, in bits; infinite where q is 0 and p is not.</summary>
    /// <param name="p">Probabilities before.</param>
    /// <param name="q">Probabilities after, as many.</param>
    public static double KlBits(ReadOnlySpan<float> p, ReadOnlySpan<float> q)
    {
        Check(p, q);
        var sum = 0.0;
        for (var c = 0; c < p.Length; c++)
            if (p[c] > 0) sum += p[c] * Math.Log2((double)p[c] / q[c]);
        return Math.Max(0, sum); // of equal ones rounding may leave less
    }

    /// <summary>The total variation Σ |p - q| / 2, in [0, 1]: how much probability has moved.</summary>
    public static double TotalVariation(ReadOnlySpan<float> p, ReadOnlySpan<float> q)
    {
        Check(p, q);
        var sum = 0.0;
        for (var c = 0; c < p.Length; c++) sum += Math.Abs((double)p[c] - q[c]);
        return sum / 2;
    }

    /// <summary>The mean squared difference.</summary>
    public static double MeanSquare(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Check(a, b);
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        return a.Length == 0 ? 0 : sum / a.Length;
    }

    private static void Check(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length) throw new ArgumentException($"output change: {a.Length} numbers before and {b.Length} after");
    }
}
