namespace Isthmus.Information;

/// <summary>What the measures built on two Gram matrices share. They are dependence measures of their own, never bits.</summary>
public abstract class KernelEstimator : SampleEstimator
{
    /// <summary>The kernel's width for x.</summary>
    public KernelWidth WidthX { get; init; } = KernelWidth.Scott;

    /// <summary>The kernel's width for y.</summary>
    public KernelWidth WidthY { get; init; } = KernelWidth.Scott;

    /// <inheritdoc/>
    public override int LeastRows => 2;

    /// <inheritdoc/>
    public override Reading Read(Rows rows) =>
        new(Value(new GramSums(rows.X, rows.Y, WidthX.For(rows.X), WidthY.For(rows.Y), rows.Threads)));

    private protected abstract double Value(GramSums sums);
}

/// <summary>
/// Cauchy–Schwarz quadratic mutual information (Principe, "Information Theoretic Learning", 2010, section 2.10): the
/// Cauchy–Schwarz divergence between the joint density and the product of marginals, both as kernel densities. Zero when
/// independent; nats of its own kind.
/// </summary>
public sealed class CauchySchwarzInformation : KernelEstimator
{
    /// <inheritdoc/>
    public override string Name => "cs";

    /// <inheritdoc/>
    public override string MeasureUnit => "nats, Cauchy-Schwarz";

    /// <summary>Divides by √(QMI(x,x) QMI(y,y)), the normalised form; 0 where either is not positive.</summary>
    public bool Normalise { get; init; }

    private protected override double Value(GramSums s)
    {
        var value = Quadratic(s.KL, s.K, s.L, s.RowsKL, s.Count);
        if (!Normalise) return value;
        var own = Quadratic(s.KK, s.K, s.K, s.RowsKK, s.Count) * Quadratic(s.LL, s.L, s.L, s.RowsLL, s.Count);
        return own > 0 ? value / Math.Sqrt(own) : 0;
    }

    private static double Quadratic(double joint, double k, double l, double cross, double n) =>
        Math.Log(joint / (n * n)) + Math.Log(k / (n * n)) + Math.Log(l / (n * n)) - 2 * Math.Log(cross / (n * n * n));
}

/// <summary>Which Hilbert–Schmidt independence criterion.</summary>
public enum HsicKind
{
    /// <summary>tr(KHLH)/(n − 1)² (Gretton et al., ALT 2005, definition 2).</summary>
    Biased,

    /// <summary>tr(KHLH)/n²: the squared distance between the empirical embeddings.</summary>
    PerSquare,

    /// <summary>Without the diagonal, unbiased (Song et al., JMLR 13, 2012, equation 5); may be negative.</summary>
    Unbiased,

    /// <summary>tr(KHLH)/√(tr(KHKH) tr(LHLH)), between 0 and 1: centred kernel alignment.</summary>
    Normalised,
}

/// <summary>The Hilbert–Schmidt independence criterion with Gaussian kernels.</summary>
public sealed class Hsic : KernelEstimator
{
    /// <inheritdoc/>
    public override string Name => "hsic";

    /// <inheritdoc/>
    public override string MeasureUnit => "HSIC";

    /// <summary>Which form.</summary>
    public HsicKind Kind { get; init; } = HsicKind.Biased;

    /// <inheritdoc/>
    public override int LeastRows => 4;

    private protected override double Value(GramSums s)
    {
        double n = s.Count;
        static double Trace(double joint, double k, double l, double cross, double n) => joint - 2 / n * cross + k * l / (n * n);
        if (Kind == HsicKind.Unbiased)
        {
            // Gram matrices with zero diagonal: every sum loses its ones.
            var (joint, k, l) = (s.KL - n, s.K - n, s.L - n);
            var cross = s.RowsKL - s.K - s.L + n;
            return (joint + k * l / ((n - 1) * (n - 2)) - 2 / (n - 2) * cross) / (n * (n - 3));
        }
        var value = Trace(s.KL, s.K, s.L, s.RowsKL, n);
        return Kind switch
        {
            HsicKind.Biased => value / ((n - 1) * (n - 1)),
            HsicKind.PerSquare => value / (n * n),
            _ => Normalised(value, Trace(s.KK, s.K, s.K, s.RowsKK, n) * Trace(s.LL, s.L, s.L, s.RowsLL, n)),
        };
    }

    private static double Normalised(double value, double own) => own > 0 ? value / Math.Sqrt(own) : 0;
}
