namespace Isthmus.Tests.Tensors;

/// <summary>Functions in double precision that .NET lacks: the slow truth for VectorMath, good to 1e-11 of the value or better.</summary>
internal static class ReferenceMath
{
    public static double Expm1(double x) => Math.Abs(x) < 1e-4 ? x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4))) : Math.Exp(x) - 1;

    public static double Log1p(double x) => Math.Abs(x) < 1e-4 ? x * (1 - x * (1.0 / 2 - x * (1.0 / 3 - x / 4))) : Math.Log(1 + x);

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double Softplus(double x) => Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs(x)));

    /// <summary>Abramowitz and Stegun 7.1.6 near 0, else 1 - erfc.</summary>
    public static double Erf(double x)
    {
        if (Math.Abs(x) > 3) return Math.Sign(x) * (1 - Erfc(Math.Abs(x)));
        double term = 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * x, sum = term;
        for (var k = 1; k < 200 && Math.Abs(term) > 1e-18 * Math.Abs(sum); k++) sum += term *= 2 * x * x / (2 * k + 1);
        return sum;
    }

    /// <summary>The continued fraction A&amp;S 7.1.14 beyond 2, else 1 - erf.</summary>
    public static double Erfc(double x)
    {
        if (double.IsNaN(x)) return x;
        if (x < 2) return x < -6 ? 2 : 1 - Erf(x);
        var f = x;
        for (var k = 200; k > 0; k--) f = x + k / 2.0 / f;
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / f;
    }

    public static double NormalCdf(double x) => 0.5 * Erfc(-x / Math.Sqrt(2));

    public static double NormalPdf(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
}
