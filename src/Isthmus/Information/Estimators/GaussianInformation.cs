using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Information;

/// <summary>
/// The mutual information of a Gaussian with the samples' covariance: −½ Σ ln(1 − ρ²) over canonical correlations (Kay,
/// "Feature discovery through error-correction learning", 1992), less its first-order bias d_x d_y / 2n. With given variables
/// the same of the partial covariance.
/// </summary>
/// <remarks>
/// The baseline: exact in any dimension for Gaussian data, blind to everything nonlinear, and a lower bound when both marginals
/// are Gaussian. The alarms compare it with itself on normal scores and, in few dimensions, with <see cref="MixedInformation"/>.
/// </remarks>
public sealed class GaussianInformation : SampleEstimator
{
    private const int NeighbourDimensions = 6;

    /// <inheritdoc/>
    public override string Name => "gaussian";

    /// <inheritdoc/>
    public override bool TakesGiven => true;

    /// <summary>Whether the first-order bias of sampling is subtracted.</summary>
    public bool CorrectBias { get; init; } = true;

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        var (dx, dy, dz) = (rows.X.Dimensions, rows.Y.Dimensions, rows.Given?.Dimensions ?? 0);
        var n = rows.Count;
        if (n <= dx + dy + dz + 1)
            return new Reading(double.PositiveInfinity) { Verdict = Verdict.TooFewSamples, Notes = ["fewer rows than dimensions: some combination of columns is always exact"] };
        var covariance = Correlations(rows);
        var z = Independent(covariance, dx + dy, dz, []);
        var (x, y) = (Independent(covariance, 0, dx, z), Independent(covariance, dx, dy, z));
        double Determinant(params int[] columns) => columns.Length == 0 ? 0 : LogDeterminant(covariance, columns);
        var nats = 0.5 * (Determinant([.. x, .. z]) + Determinant([.. y, .. z]) - Determinant(z) - Determinant([.. x, .. y, .. z]));
        if (double.IsNaN(nats)) nats = double.PositiveInfinity;
        if (double.IsPositiveInfinity(nats))
            return new Reading(nats) { Verdict = Verdict.Unreliable, Notes = ["a combination of the columns of x is exactly one of those of y: the Gaussian information is infinite; leave it out or measure through a stated noise"] };
        return new Reading(CorrectBias ? nats - x.Length * y.Length / (2.0 * n) : nats);
    }

    /// <summary>The value of the default estimator, for comparisons.</summary>
    internal static double Nats(Rows rows) => new GaussianInformation().Read(rows).Nats;

    /// <inheritdoc/>
    protected override IEnumerable<Variant> Variants(Rows rows, Reading value)
    {
        var scores = rows with { X = Conditioning.NormalScores(rows.X), Y = Conditioning.NormalScores(rows.Y) };
        yield return new Variant("the same on normal scores", Nats(scores), "columns are far from Gaussian; use ksg1");
        var dimensions = rows.X.Dimensions + rows.Y.Dimensions;
        if (rows.Given is not null || dimensions > NeighbourDimensions) yield break;
        var neighbours = new MixedInformation().Read(rows).Nats;
        // Neighbours lose information as dimensions grow, so beyond four only their finding more says something.
        yield return new Variant("mixed", dimensions <= 4 ? neighbours : Math.Max(value.Nats, neighbours), "the dependence is not a straight line between normal columns; use mixed or ksg1");
    }

    // Correlation matrix of all columns, x then y then given; scales cancel in the information.
    private static Matrix<double> Correlations(Rows rows)
    {
        var all = rows.X.Beside(rows.Y);
        if (rows.Given is not null) all = all.Beside(rows.Given);
        var (n, d) = (all.Count, all.Dimensions);
        var sd = Conditioning.Deviations(all);
        var mean = new double[d];
        for (var i = 0; i < n; i++)
            for (var c = 0; c < d; c++) mean[c] += (all[i, c] - all[0, c]) / n;
        var scaled = new double[(long)n * d];
        for (var i = 0; i < n; i++)
            for (var c = 0; c < d; c++) scaled[i * d + c] = sd[c] > 0 ? (all[i, c] - all[0, c] - mean[c]) / sd[c] : 0;
        var sums = Moments.Products(scaled, n, d, rows.Threads);
        return Matrix<double>.Build.Dense(d, d, (r, c) => sums[r * d + c] / n);
    }

    // Of so many columns those that neither earlier ones nor the given ones make up: the others say nothing more, as the last of
    // the 0 and 1 columns that a word became.
    private static int[] Independent(Matrix<double> correlations, int from, int count, int[] given)
    {
        const double Rounding = 1e-12; // of a unit variance: what is left below this is no column's own
        var chosen = new List<int>();
        var factor = new List<double[]>(); // Cholesky's, of the chosen
        foreach (var column in given.Concat(Enumerable.Range(from, count)))
        {
            var row = new double[chosen.Count + 1];
            var own = correlations[column, column];
            for (var i = 0; i < chosen.Count; i++)
            {
                var product = correlations[column, chosen[i]];
                for (var j = 0; j < i; j++) product -= row[j] * factor[i][j];
                row[i] = product / factor[i][i];
                own -= row[i] * row[i];
            }
            if (own <= Rounding) continue;
            row[^1] = Math.Sqrt(own);
            chosen.Add(column);
            factor.Add(row);
        }
        return [.. chosen.Skip(given.Length)];
    }

    private static double LogDeterminant(Matrix<double> covariance, int[] columns)
    {
        const double Singular = 1e-13; // of a correlation matrix: below this an eigenvalue is rounding
        var part = Matrix<double>.Build.Dense(columns.Length, columns.Length, (r, c) => covariance[columns[r], columns[c]]);
        var eigenvalues = part.Evd(Symmetricity.Symmetric).EigenValues;
        var sum = 0.0;
        foreach (var e in eigenvalues) sum += e.Real > Singular ? Math.Log(e.Real) : double.NegativeInfinity;
        return sum;
    }
}
