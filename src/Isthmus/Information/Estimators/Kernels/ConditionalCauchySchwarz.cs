namespace Isthmus.Information;

/// <summary>
/// The Cauchy–Schwarz divergence between the conditionals p(y|x) and q(ŷ|x) from samples (Yu, Li, Liu, Principe: "The
/// conditional Cauchy–Schwarz divergence with applications", IEEE Trans. Signal Process. 2025; used by Yu et al., "Cauchy–Schwarz
/// Divergence Information Bottleneck for Regression", ICLR 2024). Zero when ŷ = y; nats of its own kind.
/// </summary>
/// <remarks>
/// The denominator is (Σ_j K_ij)² as in the derivation, not Σ_j K_ij² as in the released program. The cross matrix is
/// L_ij = k(y_i − ŷ_j); its transpose would give another number.
/// </remarks>
public static class ConditionalCauchySchwarz
{
    /// <summary>The divergence, at least 0.</summary>
    /// <param name="x">n samples of the input.</param>
    /// <param name="y">n samples of the target.</param>
    /// <param name="predicted">n predictions, with y's columns.</param>
    /// <param name="sigmaX">Kernel width for x: exp(−‖·‖²/2σ²).</param>
    /// <param name="sigmaY">Kernel width for y and the predictions.</param>
    /// <exception cref="InputException">Different numbers of rows or columns.</exception>
    public static double Divergence(Samples x, Samples y, Samples predicted, double sigmaX = 1, double sigmaY = 1)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentNullException.ThrowIfNull(predicted);
        if (y.Count != x.Count || predicted.Count != x.Count || predicted.Dimensions != y.Dimensions)
            throw new InputException(FormattableString.Invariant(
                $"conditional Cauchy-Schwarz: x has {x.Count} rows, y {y.Count} x {y.Dimensions}, predictions {predicted.Count} x {predicted.Dimensions}; rows and columns must agree"));
        var (n, d) = (x.Count, y.Dimensions);
        var rowsX = GramSums.Scaled(x, sigmaX);
        // One common origin for y and its predictions: they are compared with each other.
        var joined = GramSums.Scaled(new Samples([.. y.Values, .. predicted.Values], 2 * n, d, null, y.Name), sigmaY);
        var (rowsY, rowsP) = (joined[..(n * d)], joined[(n * d)..]);
        double own = 0, other = 0, cross = 0;
        for (var i = 0; i < n; i++)
        {
            double k = 0, kyy = 0, kpp = 0, kyp = 0;
            for (var j = 0; j < n; j++)
            {
                var near = Kernel(rowsX, i, rowsX, j, x.Dimensions);
                k += near;
                kyy += near * Kernel(rowsY, i, rowsY, j, d);
                kpp += near * Kernel(rowsP, i, rowsP, j, d);
                kyp += near * Kernel(rowsY, i, rowsP, j, d);
            }
            own += kyy / (k * k);
            other += kpp / (k * k);
            cross += kyp / (k * k);
        }
        return Math.Log(own) + Math.Log(other) - 2 * Math.Log(cross);
    }

    private static double Kernel(double[] a, int i, double[] b, int j, int d)
    {
        var squares = 0.0;
        for (var c = 0; c < d; c++) squares += (a[i * d + c] - b[j * d + c]) * (a[i * d + c] - b[j * d + c]);
        return Math.Exp(-squares);
    }
}
