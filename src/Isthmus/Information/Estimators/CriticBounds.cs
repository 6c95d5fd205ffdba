namespace Isthmus.Information;

/// <summary>
/// The values of variational bounds for a critic T(x, y), in nats: exact expectations over a finite table, and over a batch as
/// a matrix T[i,j] = T(x_i, y_j) whose diagonal holds the true pairs.
/// </summary>
/// <remarks>
/// Poole et al., "On Variational Bounds of Mutual Information", ICML 2019; SMILE by Song and Ermon, "Understanding the
/// Limitations of Variational Mutual Information Estimators", ICLR 2020; CLUB by Cheng et al., ICML 2020. In batches the
/// diagonal is left out of the product term of DV, NWJ, SMILE, TUBA and JS and kept in that of InfoNCE. A bound that was trained
/// and read on the same rows is no bound.
/// </remarks>
public static class CriticBounds
{
    /// <summary>Donsker and Varadhan: E_p T − ln E_q e^T; a lower bound.</summary>
    public static double DonskerVaradhan(double[,] joint, double[,] critic)
    {
        var (product, _) = Product(joint, critic);
        return Expect(joint, critic, t => t) - Math.Log(Expect(product, critic, Math.Exp));
    }

    /// <summary>Nguyen, Wainwright, Jordan: E_p T − E_q e^(T−1); a lower bound, tight at T = 1 + ln p/q.</summary>
    public static double NguyenWainwrightJordan(double[,] joint, double[,] critic)
    {
        var (product, _) = Product(joint, critic);
        return Expect(joint, critic, t => t) - Expect(product, critic, t => Math.Exp(t - 1));
    }

    /// <summary>SMILE: DV with e^T clipped to [e^−τ, e^τ] in the product term; no bound.</summary>
    public static double Smile(double[,] joint, double[,] critic, double tau)
    {
        var (product, _) = Product(joint, critic);
        return Expect(joint, critic, t => t) - Math.Log(Expect(product, critic, t => Math.Exp(Math.Clamp(t, -tau, tau))));
    }

    /// <summary>TUBA: E_p T − E_q e^T / a(y) − E_p ln a(y) + 1; a lower bound for any a &gt; 0.</summary>
    public static double Tuba(double[,] joint, double[,] critic, ReadOnlySpan<double> baseline)
    {
        var (product, marginal) = Product(joint, critic);
        if (baseline.Length != marginal.Length)
            throw new ArgumentException(FormattableString.Invariant($"TUBA: {baseline.Length} baselines for {marginal.Length} values of y"), nameof(baseline));
        var value = Expect(joint, critic, t => t) + 1;
        for (var y = 0; y < marginal.Length; y++)
        {
            if (!(baseline[y] > 0)) throw new ArgumentException(FormattableString.Invariant($"TUBA: baseline {y} is {baseline[y]}; it must be above 0"), nameof(baseline));
            value -= marginal[y] * Math.Log(baseline[y]);
            for (var x = 0; x < joint.GetLength(0); x++) value -= product[x, y] * Math.Exp(critic[x, y]) / baseline[y];
        }
        return value;
    }

    /// <summary>The Jensen–Shannon objective −E_p softplus(−T) − E_q softplus(T): trains a critic towards ln p/q; its value is no information.</summary>
    public static double JensenShannon(double[,] joint, double[,] critic)
    {
        var (product, _) = Product(joint, critic);
        return -Expect(joint, critic, t => Softplus(-t)) - Expect(product, critic, Softplus);
    }

    /// <summary>
    /// InfoNCE with K − 1 negatives, E[T(x,y) − ln (1/K) Σ_j e^T(x,y_j)], the expectation taken exactly over all multisets of
    /// negatives; a lower bound of at most ln K.
    /// </summary>
    /// <param name="joint">p(x, y).</param>
    /// <param name="critic">T(x, y).</param>
    /// <param name="k">K, from 2 to 64.</param>
    public static double InfoNce(double[,] joint, double[,] critic, int k)
    {
        if (k is < 2 or > 64) throw new ArgumentOutOfRangeException(nameof(k), k, "InfoNCE needs K from 2 to 64 here");
        var (_, marginal) = Product(joint, critic);
        var value = 0.0;
        for (var x = 0; x < joint.GetLength(0); x++)
        {
            for (var y = 0; y < joint.GetLength(1); y++)
            {
                if (joint[x, y] == 0) continue;
                var row = new double[marginal.Length];
                for (var j = 0; j < row.Length; j++) row[j] = critic[x, j];
                value += joint[x, y] * (critic[x, y] - ExpectedLogMean(marginal, row, critic[x, y], k));
            }
        }
        return value;
    }

    /// <summary>CLUB: E_p ln q(y|x) − E_q ln q(y|x) for a conditional given as a log density; an upper bound when q is the true one.</summary>
    public static double Club(double[,] joint, double[,] logConditional)
    {
        var (product, _) = Product(joint, logConditional);
        return Expect(joint, logConditional, t => t) - Expect(product, logConditional, t => t);
    }

    /// <summary>CLUB in closed form for standard normal pairs with correlation ρ and the true conditional: ρ²/(1 − ρ²) nats.</summary>
    public static double ClubGaussian(double rho) => rho * rho / (1 - rho * rho);

    /// <summary>DV of a batch: mean of the diagonal less ln of the mean of e^T off it.</summary>
    public static double DonskerVaradhan(double[,] batch) => Diagonal(batch, t => t) - LogMeanExpOff(batch, double.PositiveInfinity);

    /// <summary>NWJ of a batch.</summary>
    public static double NguyenWainwrightJordan(double[,] batch) => Diagonal(batch, t => t) - Math.Exp(LogMeanExpOff(batch, double.PositiveInfinity) - 1);

    /// <summary>SMILE of a batch.</summary>
    public static double Smile(double[,] batch, double tau) => Diagonal(batch, t => t) - LogMeanExpOff(batch, tau);

    /// <summary>InfoNCE of a batch of K: the mean of T_ii − ln (1/K) Σ_j e^T_ij; at most ln K.</summary>
    public static double InfoNce(double[,] batch)
    {
        var k = Size(batch);
        var (value, row) = (0.0, new double[k]);
        for (var i = 0; i < k; i++)
        {
            for (var j = 0; j < k; j++) row[j] = batch[i, j];
            value += (batch[i, i] - Wide.LogSumExp(row) + Math.Log(k)) / k;
        }
        return value;
    }

    /// <summary>Leave-one-out upper bound of a batch of log densities ln p(y_j|x_i) (Poole et al., equation 12): exact conditionals make it a bound.</summary>
    public static double LeaveOneOut(double[,] logConditional)
    {
        var k = Size(logConditional);
        var (value, others) = (0.0, new double[k - 1]);
        for (var j = 0; j < k; j++) // over the inputs that could have made y_j
        {
            for (int i = 0, at = 0; i < k; i++)
                if (i != j) others[at++] = logConditional[i, j];
            value += (logConditional[j, j] - Wide.LogSumExp(others) + Math.Log(k - 1)) / k;
        }
        return value;
    }

    /// <summary>CLUB of a batch of log densities.</summary>
    public static double Club(double[,] logConditional)
    {
        var k = Size(logConditional);
        var all = 0.0;
        foreach (var t in logConditional) all += t;
        return Diagonal(logConditional, t => t) - all / ((double)k * k);
    }

    private static double Softplus(double t) => Math.Max(t, 0) + Math.Log(1 + Math.Exp(-Math.Abs(t)));

    private static int Size(double[,] batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.GetLength(0) != batch.GetLength(1) || batch.GetLength(0) < 2)
            throw new ArgumentException(FormattableString.Invariant($"critic: a batch of {batch.GetLength(0)} x {batch.GetLength(1)} scores; it must be square with at least two rows"), nameof(batch));
        return batch.GetLength(0);
    }

    private static double Diagonal(double[,] batch, Func<double, double> map)
    {
        var (k, sum) = (Size(batch), 0.0);
        for (var i = 0; i < k; i++) sum += map(batch[i, i]);
        return sum / k;
    }

    private static double LogMeanExpOff(double[,] batch, double clip)
    {
        var k = Size(batch);
        var off = new double[k * (k - 1)];
        var at = 0;
        for (var i = 0; i < k; i++)
            for (var j = 0; j < k; j++)
                if (i != j) off[at++] = Math.Clamp(batch[i, j], -clip, clip);
        return Wide.LogSumExp(off) - Math.Log(off.Length);
    }

    private static (double[,] Product, double[] MarginalY) Product(double[,] joint, double[,] critic)
    {
        ArgumentNullException.ThrowIfNull(joint);
        ArgumentNullException.ThrowIfNull(critic);
        var (rows, columns) = (joint.GetLength(0), joint.GetLength(1));
        if (critic.GetLength(0) != rows || critic.GetLength(1) != columns)
            throw new ArgumentException(FormattableString.Invariant($"critic: {critic.GetLength(0)} x {critic.GetLength(1)} for a joint of {rows} x {columns}"), nameof(critic));
        var (px, py) = (new double[rows], new double[columns]);
        for (var x = 0; x < rows; x++)
        {
            for (var y = 0; y < columns; y++)
            {
                px[x] += joint[x, y];
                py[y] += joint[x, y];
            }
        }
        var product = new double[rows, columns];
        for (var x = 0; x < rows; x++)
            for (var y = 0; y < columns; y++) product[x, y] = px[x] * py[y];
        return (product, py);
    }

    private static double Expect(double[,] p, double[,] critic, Func<double, double> map)
    {
        var sum = 0.0;
        for (var x = 0; x < p.GetLength(0); x++)
            for (var y = 0; y < p.GetLength(1); y++)
                if (p[x, y] > 0) sum += p[x, y] * map(critic[x, y]);
        return sum;
    }

    // E ln (1/K)(e^own + Σ of K−1 independent e^T(x, y_j)), over all ways to share the K−1 negatives among the values of y.
    private static double ExpectedLogMean(double[] marginal, double[] row, double own, int k)
    {
        double Over(int y, int left, double logProbability, double sum)
        {
            if (y == marginal.Length - 1)
            {
                if (left > 0 && marginal[y] == 0) return 0;
                logProbability += left * (left > 0 ? Math.Log(marginal[y]) : 0) - MathNet.Numerics.SpecialFunctions.FactorialLn(left);
                return Math.Exp(logProbability) * Math.Log((sum + left * Math.Exp(row[y])) / k);
            }
            var total = 0.0;
            for (var c = 0; c <= left; c++)
            {
                if (c > 0 && marginal[y] == 0) break;
                total += Over(y + 1, left - c, logProbability + c * (c > 0 ? Math.Log(marginal[y]) : 0) - MathNet.Numerics.SpecialFunctions.FactorialLn(c), sum + c * Math.Exp(row[y]));
            }
            return total;
        }
        return Over(0, k - 1, MathNet.Numerics.SpecialFunctions.FactorialLn(k - 1), Math.Exp(own));
    }
}
