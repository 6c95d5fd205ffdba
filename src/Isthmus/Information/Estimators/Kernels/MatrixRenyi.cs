namespace Isthmus.Information;

/// <summary>
/// Matrix-based Rényi information of order α (Sánchez Giraldo, Rao, Principe: "Measures of Entropy From Data Using Infinitely
/// Divisible Kernels", IEEE Trans. Inf. Theory 61, 2015): S_α(A) = log2(Σ λ^α)/(1 − α) of the Gram matrix with trace one, joint
/// S_α(A∘B/tr), I = S(x) + S(y) − S(x,y). Order 1 is the von Neumann entropy.
/// </summary>
/// <remarks>
/// A measure of its own in bits of order α, at most log2 n, which depends strongly on the kernel's width: never read it as
/// Shannon information. Order 2 streams in O(n) memory; other orders take eigenvalues of n × n matrices and, above
/// <see cref="MostRows"/> rows, of a seeded random part.
/// </remarks>
public sealed class MatrixRenyi : SampleEstimator
{
    /// <inheritdoc/>
    public override string Name => "renyi";

    /// <inheritdoc/>
    public override string MeasureUnit => FormattableString.Invariant($"bits of matrix-based order {Alpha}");

    /// <inheritdoc/>
    public override int LeastRows => 2;

    /// <summary>The order α, above 0.</summary>
    public double Alpha { get; init; } = 1.01;

    /// <summary>The kernel's width for x.</summary>
    public KernelWidth WidthX { get; init; } = KernelWidth.Median;

    /// <summary>The kernel's width for y.</summary>
    public KernelWidth WidthY { get; init; } = KernelWidth.Median;

    /// <summary>The most rows whose eigenvalues are taken.</summary>
    public int MostRows { get; init; } = 1000;

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        if (Alpha == 2)
        {
            var sums = new GramSums(rows.X, rows.Y, WidthX.For(rows.X), WidthY.For(rows.Y), rows.Threads);
            double n = rows.Count;
            // tr A² of each matrix; the joint kernel's squares need their own pass with both widths in one.
            var joint = new GramSums(Joined(rows), rows.Y, 1, 1, rows.Threads);
            return new Reading(-Math.Log2(sums.KK / (n * n)) - Math.Log2(sums.LL / (n * n)) + Math.Log2(joint.KK / (n * n)));
        }
        IReadOnlyList<string>? notes = null;
        if (rows.Count > MostRows)
        {
            var part = new Tensors.RandomStream(rows.Seed).Fork("renyi").Permutation(rows.Count)[..MostRows];
            notes = [FormattableString.Invariant($"{MostRows} of {rows.Count} rows, chosen at random")];
            rows = rows.Take(part);
        }
        var (x, y) = (Gram(rows.X, WidthX.For(rows.X)), Gram(rows.Y, WidthY.For(rows.Y)));
        return new Reading(Entropy(x, Alpha) + Entropy(y, Alpha) - Entropy(Hadamard(x, y), Alpha)) { Notes = notes };
    }

    /// <summary>S_α in bits of a Gram matrix, n × n row-major with a positive diagonal, normalised here to trace one.</summary>
    /// <param name="gram">The matrix; not changed.</param>
    /// <param name="alpha">The order, above 0; 1 for von Neumann.</param>
    public static double Entropy(double[] gram, double alpha)
    {
        ArgumentNullException.ThrowIfNull(gram);
        if (!(alpha > 0)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "the order must be above 0");
        var n = (int)Math.Round(Math.Sqrt(gram.Length));
        if (n * n != gram.Length || n == 0) throw new ArgumentException(FormattableString.Invariant($"renyi: {gram.Length} numbers are no square matrix"), nameof(gram));
        var trace = 0.0;
        for (var i = 0; i < n; i++) trace += gram[i * n + i];
        var scaled = Array.ConvertAll(gram, v => v / trace);
        var sum = 0.0;
        foreach (var eigenvalue in SymmetricEigenvalues.Of(scaled, n))
        {
            if (eigenvalue <= 0) continue; // rounding of a zero
            sum += alpha == 1 ? -eigenvalue * Math.Log2(eigenvalue) : Math.Pow(eigenvalue, alpha);
        }
        return alpha == 1 ? sum : Math.Log2(sum) / (1 - alpha);
    }

    /// <summary>S(x₁) + … + S(x_m) − S(x₁, …, x_m) in bits of order α: total correlation of Gram matrices of equal size.</summary>
    public static double TotalCorrelation(IReadOnlyList<double[]> grams, double alpha)
    {
        ArgumentNullException.ThrowIfNull(grams);
        if (grams.Count == 0) return 0;
        var (sum, joint) = (0.0, grams[0]);
        for (var i = 0; i < grams.Count; i++)
        {
            sum += Entropy(grams[i], alpha);
            if (i > 0) joint = Hadamard(joint, grams[i]);
        }
        return sum - Entropy(joint, alpha);
    }

    /// <summary>The Gram matrix exp(−‖a − b‖²/2σ²), n × n row-major.</summary>
    public static double[] Gram(Samples samples, double sigma)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var (n, d) = (samples.Count, samples.Dimensions);
        var rows = GramSums.Scaled(samples, sigma);
        var gram = new double[(long)n * n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var squares = 0.0;
                for (var c = 0; c < d; c++) squares += (rows[i * d + c] - rows[j * d + c]) * (rows[i * d + c] - rows[j * d + c]);
                gram[i * n + j] = gram[j * n + i] = Math.Exp(-squares);
            }
        }
        return gram;
    }

    private static double[] Hadamard(double[] a, double[] b)
    {
        if (a.Length != b.Length) throw new ArgumentException(FormattableString.Invariant($"renyi: Gram matrices of {a.Length} and {b.Length} numbers"));
        var product = new double[a.Length];
        for (var i = 0; i < a.Length; i++) product[i] = a[i] * b[i];
        return product;
    }

    // x and y side by side, each divided by its width: their product kernel is one kernel of width 1.
    private Samples Joined(Rows rows)
    {
        static Samples Divided(Samples s, double width) => s.With(Array.ConvertAll(s.Values.ToArray(), v => v / width));
        return Divided(rows.X, WidthX.For(rows.X)).Beside(Divided(rows.Y, WidthY.For(rows.Y)));
    }
}
