using Isthmus.Tensors;
using MathNet.Numerics;

namespace Isthmus.Information;

/// <summary>The families of tasks, each with the formula of its information.</summary>
internal static class TaskFamilies
{
    /// <summary>d independent pairs of correlated normal numbers: −d/2 ln(1 − ρ²).</summary>
    public static InformationTask Gaussian(int dim, double rho)
    {
        Require(dim >= 1 && Math.Abs(rho) < 1, "gaussian: dim must be at least 1 and |rho| below 1");
        return new InformationTask(FormattableString.Invariant($"gaussian,dim={dim},rho={rho}"), "gaussian",
            Bits.FromNats(-0.5 * dim * Math.Log(1 - rho * rho)),
            FormattableString.Invariant($"{dim} independent pairs of normal numbers with correlation {rho}: -dim/2 log2(1 - rho^2)"),
            (n, random) => Columns(n, dim, dim, random, (r, x, y) =>
            {
                for (var c = 0; c < dim; c++)
                {
                    x[c] = r.NextGaussian();
                    y[c] = rho * x[c] + Math.Sqrt(1 - rho * rho) * r.NextGaussian();
                }
            }));
    }

    /// <summary>All columns correlated alike, with correlation r between any two: a difference of log-determinants.</summary>
    public static InformationTask Dense(int dx, int dy, double off)
    {
        Require(dx >= 1 && dy >= 1 && off is >= 0 and < 1, "dense: dx and dy must be at least 1, off in [0, 1)");
        double LogDeterminant(int d) => (d - 1) * Math.Log(1 - off) + Math.Log(1 + (d - 1) * off);
        return new InformationTask(FormattableString.Invariant($"dense,dx={dx},dy={dy},off={off}"), "dense",
            Bits.FromNats(0.5 * (LogDeterminant(dx) + LogDeterminant(dy) - LogDeterminant(dx + dy))),
            FormattableString.Invariant($"{dx}+{dy} normal columns, any two with correlation {off}: half the log ratio of determinants"),
            (n, random) => Columns(n, dx, dy, random, (r, x, y) =>
            {
                var common = Math.Sqrt(off) * r.NextGaussian();
                var own = Math.Sqrt(1 - off);
                for (var c = 0; c < dx; c++) x[c] = common + own * r.NextGaussian();
                for (var c = 0; c < dy; c++) y[c] = common + own * r.NextGaussian();
            }));
    }

    /// <summary>Two correlated pairs among columns that are otherwise noise: −ln(1 − ρ²).</summary>
    public static InformationTask Pairs(int dx, int dy, double rho)
    {
        Require(dx >= 2 && dy >= 2 && Math.Abs(rho) < 1, "pairs: dx and dy must be at least 2, |rho| below 1");
        return new InformationTask(FormattableString.Invariant($"pairs,dx={dx},dy={dy},rho={rho}"), "pairs",
            Bits.FromNats(-Math.Log(1 - rho * rho)),
            FormattableString.Invariant($"two pairs with correlation {rho} among {dx}+{dy} normal columns: -log2(1 - rho^2)"),
            (n, random) => Columns(n, dx, dy, random, (r, x, y) =>
            {
                for (var c = 0; c < dx; c++) x[c] = r.NextGaussian();
                for (var c = 0; c < dy; c++) y[c] = c < 2 ? rho * x[c] + Math.Sqrt(1 - rho * rho) * r.NextGaussian() : r.NextGaussian();
            }));
    }

    /// <summary>X uniform on [0, 1], Y = X + uniform noise on [−ε, ε]: ε − ln 2ε for ε up to ½, else 1/4ε.</summary>
    public static InformationTask Uniform(double eps)
    {
        Require(eps > 0, "uniform: eps must be above 0");
        return new InformationTask(FormattableString.Invariant($"uniform,eps={eps}"), "uniform",
            Bits.FromNats(eps <= 0.5 ? eps - Math.Log(2 * eps) : 1 / (4 * eps)),
            FormattableString.Invariant($"x uniform on [0, 1], y = x + uniform noise on [-{eps}, {eps}]: eps - ln 2 eps, or 1/(4 eps) above 1/2 (nats)"),
            (n, random) => Columns(n, 1, 1, random, (r, x, y) =>
            {
                x[0] = r.NextDouble();
                y[0] = x[0] + eps * (2 * r.NextDouble() - 1);
            }));
    }

    /// <summary>
    /// Multivariate Student with identity dispersion: uncorrelated, yet dependent through the common scale: f(ν) + f(ν + 2d) −
    /// 2 f(ν + d) with f(a) = ln Γ(a/2) − a/2 ψ(a/2) (Arellano-Valle, Contreras-Reyes, Genton, Scand. J. Stat. 40, 2013).
    /// </summary>
    public static InformationTask Student(int dim, double df)
    {
        Require(dim >= 1 && df > 0 && double.IsFinite(df), "student: dim must be at least 1, df above 0");
        static double F(double a) => SpecialFunctions.GammaLn(a / 2) - a / 2 * SpecialFunctions.DiGamma(a / 2);
        return new InformationTask(FormattableString.Invariant($"student,dim={dim},df={df}"), "student",
            Bits.FromNats(F(df) + F(df + 2 * dim) - 2 * F(df + dim)),
            FormattableString.Invariant($"{dim}+{dim} columns of Student's t with {df} degrees of freedom that share only their scale"),
            (n, random) => Columns(n, dim, dim, random, (r, x, y) =>
            {
                var chi = ChiSquared(r, df);
                var scale = 1 / Math.Sqrt(chi / df);
                for (var c = 0; c < dim; c++) (x[c], y[c]) = (scale * r.NextGaussian(), scale * r.NextGaussian());
            }));
    }

    /// <summary>ln G and ln E/G for G gamma of shape 1/k and E exponential: ψ(1/k) + k + ln k (Kraskov et al. 2004, after Darbellay and Vajda).</summary>
    public static InformationTask LogGammaExponential(double k)
    {
        Require(k > 0, "loggamma: k must be above 0");
        return new InformationTask(FormattableString.Invariant($"loggamma,k={k}"), "loggamma",
            Bits.FromNats(SpecialFunctions.DiGamma(1 / k) + k + Math.Log(k)),
            FormattableString.Invariant($"x the log of a gamma number of shape 1/{k}, y the log of an exponential of that rate: psi(1/k) + k + ln k (nats)"),
            (n, random) => Columns(n, 1, 1, random, (r, x, y) =>
            {
                x[0] = Draws.LogGamma(r, 1 / k);
                y[0] = Math.Log(Draws.Exponential(r)) - x[0];
            }));
    }

    /// <summary>
    /// X uniform on {0..m−1}, Y uniform on [X, X + 2]: ln m − (m − 1)/m ln 2 (Gao et al. 2017, experiment I). With probability p, Y is
    /// drawn anew from its own distribution: h(Y) − h(Y|X) over the m + 1 unit cells, in each of which all densities are constant.
    /// </summary>
    public static InformationTask Mixture(int m, double p)
    {
        Require(m >= 1 && p is >= 0 and <= 1, "mixture: m must be at least 1, p in [0, 1]");
        double Marginal(int cell) => (cell == 0 || cell == m ? 1 : 2) / (2.0 * m);
        static double Part(double q) => q > 0 ? q * Math.Log(q) : 0;
        var nats = 0.0;
        for (var cell = 0; cell <= m; cell++)
        {
            var marginal = Marginal(cell);
            var own = m * marginal * 2; // how many of the m integers reach this cell: 1 or 2
            nats += own / m * Part((1 - p) / 2 + p * marginal) + (m - own) / m * Part(p * marginal) - Part(marginal);
        }
        return new InformationTask(FormattableString.Invariant($"mixture,m={m}{(p == 0 ? "" : $",p={p.ToString(System.Globalization.CultureInfo.InvariantCulture)}")}"), "mixture", Bits.FromNats(nats),
            FormattableString.Invariant($"x one of {m} integers, y uniform on [x, x + 2] unless drawn anew, with probability {p}: ln m - (m - 1)/m ln 2 (nats) for p = 0"),
            (n, random) => Columns(n, 1, 1, random, (r, x, y) =>
            {
                x[0] = r.NextInt(m);
                y[0] = (p > 0 && r.NextDouble() < p ? r.NextInt(m) : x[0]) + 2 * r.NextDouble();
            }, [true], null));
    }

    /// <summary>
    /// X exponential, Y = 0 with probability p and else Poisson(X): H(Y) − H(Y|X), the series in the marginal and the quadrature
    /// over x. (Gao et al. 2017 give (1 − p) · 0.3012, which holds only if the added zeros could be told from Poisson's own.)
    /// </summary>
    public static InformationTask ZeroInflatedPoisson(double p)
    {
        Require(p is >= 0 and < 1, "zip: p must be in [0, 1)");
        double marginal = 0;
        for (var k = 0; k < 60; k++)
        {
            var q = (1 - p) * Math.Pow(0.5, k + 1) + (k == 0 ? p : 0);
            marginal -= q * Math.Log(q);
        }
        double Given(double x)
        {
            var (h, poisson) = (0.0, Math.Exp(-x));
            for (var k = 0; k < 250; k++, poisson *= x / k)
            {
                var q = (1 - p) * poisson + (k == 0 ? p : 0);
                if (q > 0) h -= q * Math.Log(q);
            }
            return h * Math.Exp(-x);
        }
        var conditional = 0.0;
        for (var i = 0; i < 100; i++) // x = t²: smooth at 0, where H(Y|x) behaves like x ln x
            conditional += MathNet.Numerics.Integration.GaussLegendreRule.Integrate(t => 2 * t * Given(t * t), i * 0.08, (i + 1) * 0.08, 16);
        return new InformationTask(FormattableString.Invariant($"zip,p={p}"), "zip", Bits.FromNats(marginal - conditional),
            FormattableString.Invariant($"x exponential, y zero with probability {p} and else Poisson of mean x: H(Y) - H(Y|X) by series and quadrature"),
            (n, random) => Columns(n, 1, 1, random, (r, x, y) =>
            {
                x[0] = Draws.Exponential(r);
                y[0] = r.NextDouble() < p ? 0 : Draws.Poisson(r, x[0]);
            }, null, [true]));
    }

    /// <summary>A uniform symbol of m that is drawn anew with probability p.</summary>
    public static InformationTask QAry(int m, double p)
    {
        Require(m >= 2 && p is >= 0 and <= 1, "qary: m must be at least 2, p in [0, 1]");
        var (stay, other) = (1 - p + p / m, p / m);
        var nats = Math.Log(m) + stay * Math.Log(stay) + (other > 0 ? (m - 1) * other * Math.Log(other) : 0);
        return new InformationTask(FormattableString.Invariant($"qary,m={m},p={p}"), "qary", Bits.FromNats(nats),
            FormattableString.Invariant($"x one of {m} symbols, y the same unless redrawn, with probability {p}: log2 m - H(Y|X)"),
            (n, random) => Columns(n, 1, 1, random, (r, x, y) =>
            {
                x[0] = r.NextInt(m);
                y[0] = r.NextDouble() < p ? r.NextInt(m) : x[0];
            }, [true], [true]));
    }

    // A sum of squares where that is few draws; otherwise twice a gamma number of shape df/2.
    private static double ChiSquared(RandomStream random, double df)
    {
        if (df != Math.Floor(df) || df > 64) return 2 * Math.Exp(Draws.LogGamma(random, df / 2));
        var chi = 0.0;
        for (var c = 0; c < df; c++)
        {
            var g = random.NextGaussian();
            chi += g * g;
        }
        return chi;
    }

    internal static (Samples X, Samples Y) Columns(int n, int dx, int dy, RandomStream random, Action<RandomStream, double[], double[]> row,
        bool[]? discreteX = null, bool[]? discreteY = null)
    {
        var (x, y) = (new double[(long)n * dx], new double[(long)n * dy]);
        var (rowX, rowY) = (new double[dx], new double[dy]);
        for (var i = 0; i < n; i++)
        {
            row(random, rowX, rowY);
            rowX.CopyTo(x, i * dx);
            rowY.CopyTo(y, i * dy);
        }
        return (new Samples(x, n, dx, discreteX, "x"), new Samples(y, n, dy, discreteY, "y"));
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new InputException(message);
    }
}
