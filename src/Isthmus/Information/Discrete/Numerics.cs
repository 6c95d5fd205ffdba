namespace Isthmus.Information;

/// <summary>Elementary functions that keep their digits where the textbook form cancels.</summary>
internal static class Numerics
{
    /// <summary>ln (1 + x) for small x (Kahan's correction of ln u by the rounding of u = 1 + x).</summary>
    public static double Log1P(double x)
    {
        var u = 1 + x;
        if (u == 1) return x;
        return double.IsInfinity(u) || u <= 0 ? Math.Log(u) : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>e^x − 1 for small x (Kahan).</summary>
    public static double ExpM1(double x)
    {
        var u = Math.Exp(x);
        if (u == 1) return x;
        var minusOne = u - 1;
        return minusOne == -1 || double.IsInfinity(u) ? minusOne : minusOne * (x / Math.Log(u));
    }

    /// <summary>The root of an increasing function in [low, high] by bisection, to the last digit.</summary>
    public static double Bisect(Func<double, double> increasing, double low, double high)
    {
        for (var i = 0; i < 200; i++)
        {
            var middle = low + ((high - low) / 2);
            if (middle <= low || middle >= high) break;
            if (increasing(middle) < 0) low = middle;
            else high = middle;
        }
        return low + ((high - low) / 2);
    }

    /// <summary>ψ'(x), the trigamma function, for x &gt; 0: recurrence up to 12, then the asymptotic series (Abramowitz and Stegun 6.4.12).</summary>
    public static double Trigamma(double x)
    {
        var sum = 0.0;
        for (; x < 12; x++) sum += 1 / (x * x);
        var r = 1 / (x * x);
        return sum + (1 / x) + (r / 2) + (r / x * ((1 / 6.0) - (r * ((1 / 30.0) - (r * ((1 / 42.0) - (r * ((1 / 30.0) - (r * 5 / 66)))))))));
    }
}
