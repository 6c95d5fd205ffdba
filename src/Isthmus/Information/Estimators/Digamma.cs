namespace Isthmus.Information;

/// <summary>ψ at the positive integers, by ψ(m + 1) = ψ(m) + 1/m.</summary>
internal static class Digamma
{
    /// <summary>Euler's constant, −ψ(1).</summary>
    public const double EulerGamma = 0.57721566490153286;

    /// <summary>ψ(0..n), the entry at 0 being ψ(1): a count of none is taken for one.</summary>
    public static double[] Table(int n)
    {
        var table = new double[n + 1];
        table[0] = -EulerGamma;
        if (n > 0) table[1] = -EulerGamma;
        for (var m = 1; m < n; m++) table[m + 1] = table[m] + 1.0 / m;
        return table;
    }

    /// <summary>ψ(n) − ψ(k): the most that neighbours tell of n rows, where nobody but the k − 1 nearest lies within a row's reach in either marginal.</summary>
    public static double Most(int n, int k)
    {
        var sum = 0.0;
        for (var m = k; m < n; m++) sum += 1.0 / m;
        return sum;
    }
}
