namespace Isthmus.Bottlenecks;

/// <summary>
/// error = <see cref="Irreducible"/> + <see cref="Coefficient"/> width^-<see cref="Exponent"/>: how the error of a dictionary falls with
/// its width (Gao et al., "Scaling and evaluating sparse autoencoders", 2024, section 3).
/// </summary>
/// <param name="Coefficient">Above 0.</param>
/// <param name="Exponent">Above 0 where errors fall.</param>
/// <param name="Irreducible">What no width removes, at least 0.</param>
/// <param name="Residual">The root mean square of the logarithms' differences from the fit.</param>
public sealed record PowerLaw(double Coefficient, double Exponent, double Irreducible, double Residual)
{
    private const int Steps = 400;

    /// <summary>The error at a width.</summary>
    public double At(double width) => Irreducible + (Coefficient * Math.Pow(width, -Exponent));

    /// <summary>The law whose logarithms, less the irreducible part, are nearest in squares.</summary>
    /// <param name="widths">Above 0, at least two different.</param>
    /// <param name="errors">Above 0, as many.</param>
    /// <param name="irreducible">Whether a part that no width removes is looked for; it needs four widths.</param>
    /// <exception cref="ArgumentException">The numbers are no such.</exception>
    public static PowerLaw Fit(ReadOnlySpan<double> widths, ReadOnlySpan<double> errors, bool irreducible = true)
    {
        if (widths.Length != errors.Length || widths.Length < (irreducible ? 4 : 2)) throw new ArgumentException($"power law: {widths.Length} widths and {errors.Length} errors; as many, and at least {(irreducible ? 4 : 2)}, are needed");
        var least = double.PositiveInfinity;
        for (var i = 0; i < widths.Length; i++)
        {
            if (!(widths[i] > 0) || !(errors[i] > 0) || !double.IsFinite(widths[i]) || !double.IsFinite(errors[i])) throw new ArgumentException(FormattableString.Invariant($"power law: width {widths[i]} and error {errors[i]}; both must be above 0"));
            least = Math.Min(least, errors[i]);
        }
        var (x, y) = (widths.ToArray().Select(w => Math.Log(w)).ToArray(), errors.ToArray());
        if (x.Max() == x.Min()) throw new ArgumentException("power law: at least two different widths are needed");
        var best = Line(x, y, 0);
        if (!irreducible) return best;
        // A grid towards the least error, ever finer there, then bisection of the best cell.
        var at = 0;
        for (var i = 1; i < Steps; i++)
        {
            var law = Line(x, y, Share(i) * least);
            if (law.Residual < best.Residual) (best, at) = (law, i);
        }
        var (low, high) = (Share(Math.Max(0, at - 1)) * least, Share(Math.Min(Steps - 1, at + 1)) * least);
        for (var i = 0; i < 80; i++)
        {
            var (a, b) = (Line(x, y, low + ((high - low) * 0.382)), Line(x, y, low + ((high - low) * 0.618)));
            if (a.Residual <= b.Residual) high = b.Irreducible;
            else low = a.Irreducible;
            if (a.Residual < best.Residual) best = a;
            if (b.Residual < best.Residual) best = b;
        }
        return best;
    }

    private static double Share(int i) => 1 - Math.Pow(1 - (i / (double)Steps), 2);

    private static PowerLaw Line(double[] x, double[] errors, double irreducible)
    {
        var n = x.Length;
        double[] y = [.. errors.Select(e => Math.Log(e - irreducible))];
        var (mx, my) = (x.Average(), y.Average());
        double xy = 0, xx = 0, rest = 0;
        for (var i = 0; i < n; i++)
        {
            xy += (x[i] - mx) * (y[i] - my);
            xx += (x[i] - mx) * (x[i] - mx);
        }
        var slope = xy / xx;
        for (var i = 0; i < n; i++) rest += Math.Pow(y[i] - my - (slope * (x[i] - mx)), 2);
        return new PowerLaw(Math.Exp(my - (slope * mx)), -slope, irreducible, Math.Sqrt(rest / n));
    }
}
