using System.Globalization;

namespace Isthmus.Information;

/// <summary>
/// The information bottleneck of Tishby, Pereira and Bialek (1999) on a known joint distribution: the encoder q(t|x) that minimises
/// I(X;T) − β I(T;Y), its deterministic form H(T) − β I(T;Y) and what lies between (Strouse and Schwab 2017). The problem is not
/// convex: each point carries a certificate of what was tried. Results depend on the seed only, never on threads.
/// </summary>
public static class InformationBottleneck
{
    /// <summary>Solves for each β of the options. Over all of them, the Lagrangian is concave in β and never above the trivial encoder's 0.</summary>
    /// <param name="joint">p(x, y), rows x.</param>
    /// <param name="options">β, α and how hard to search.</param>
    /// <returns>Points in the order of the options' β.</returns>
    /// <exception cref="InputException">The matrix is not a distribution, or an option is out of its range.</exception>
    public static BottleneckResult Solve(double[,] joint, BottleneckOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        var problem = new BottleneckProblem(joint);
        var search = new BottleneckSearch(problem, options);
        var found = search.Solve(options.Betas);
        var points = new BottleneckPoint[found.Length];
        for (var i = 0; i < points.Length; i++)
        {
            var beta = options.Betas[i];
            var (best, starts, agreeing, residual, gap) = found[i];
            var certificate = new BottleneckCertificate(InBits(best.Lagrangian(options.Alpha, beta)), 0, InBits(search.BestHard(beta)), search.Exhaustive,
                starts, agreeing, residual, gap is { } nats ? InBits(nats) : null);
            points[i] = Point(problem, best, beta, certificate);
        }
        var name = options.Alpha switch { 1 => "ib", 0 => "dib", _ => "gib" };
        return new BottleneckResult(name, points, options.Alpha == 1 ? CriticalBetas(problem.Joint) : [], InBits(problem.Information), InBits(Shannon.Entropy(problem.Source)));
    }

    /// <summary>Where the trivial encoder stops being a local optimum: 1/ρ², ρ the maximal correlation; infinite for independent variables.</summary>
    /// <exception cref="InputException">The matrix is not a distribution.</exception>
    public static double SpectralBeta(double[,] joint)
    {
        var rho = Contraction.MaximalCorrelation(joint);
        return rho > 1e-9 ? 1 / (rho * rho) : double.PositiveInfinity;
    }

    /// <summary>
    /// Where the trivial encoder stops being a global optimum: inf D(q_x‖p_x)/D(q_y‖p_y) (Wu, Fischer, Chuang, Tegmark 2019), found by
    /// search, so an upper bound of the true threshold, at most <see cref="SpectralBeta"/> and at least 1.
    /// </summary>
    /// <exception cref="InputException">The matrix is not a distribution.</exception>
    public static double LearnabilityBeta(double[,] joint) => Learnability.Threshold(new BottleneckProblem(joint).Joint);

    /// <summary>
    /// The squared bottleneck (Kolchinsky, Tracey, Van Kuyk 2019): maximises I(T;Y) − b I(X;T)² in bits, which has one optimum on the
    /// curve for every b even where Y is a function of X and the curve is straight. Between two points of the curve T is one of two
    /// encoders, chosen at random without looking at X and told to the decoder, so that the concave envelope is reached exactly.
    /// </summary>
    /// <param name="joint">p(x, y), rows x.</param>
    /// <param name="weights">Each b, positive, per bit.</param>
    /// <param name="options">How hard to search; its β are ignored.</param>
    /// <returns>One point a weight; β is the slope dI(X;T)/dI(T;Y) there, which is 1/(2 b I(X;T)) inside the curve.</returns>
    /// <exception cref="InputException">The matrix is not a distribution, or a weight is not positive.</exception>
    public static BottleneckResult SolveSquared(double[,] joint, IReadOnlyList<double> weights, BottleneckOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Count == 0) throw new InputException("no weight given, expected at least one positive number");
        foreach (var b in weights)
            if (!(b > 0) || !double.IsFinite(b)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"the weight of the squared rate is {b}, expected a positive finite number"));
        var grid = Enumerable.Range(0, 13).Select(i => Math.Pow(2, 2 * i / 3.0)).Append(1e4).ToArray();
        var settings = (options ?? new BottleneckOptions { Betas = grid }) with { Betas = grid, Alpha = 1 };
        settings.Check();
        return SquaredBottleneck.Solve(new BottleneckProblem(joint), weights, settings);
    }

    /// <summary>The threshold and, where it is later, the spectral β.</summary>
    internal static double[] CriticalBetas(double[,] joint)
    {
        var spectral = SpectralBeta(joint);
        if (!double.IsFinite(spectral)) return [];
        var threshold = Learnability.Threshold(joint);
        return threshold < spectral * (1 - 1e-6) ? [threshold, spectral] : [spectral];
    }

    internal static BottleneckPoint Point(BottleneckProblem problem, Encoding e, double beta, BottleneckCertificate certificate) =>
        new(beta, beta > 0 ? 1 / beta : null, InBits(e.Complexity), InBits(e.Relevance), InBits(e.Entropy), problem.Expand(e.Q), certificate);

    internal static double InBits(double nats) => nats == 0 ? 0 : nats / Math.Log(2);
}
