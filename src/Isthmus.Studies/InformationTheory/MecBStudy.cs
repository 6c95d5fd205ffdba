using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationTheory;

/// <summary>
/// "Minimum Entropy Coupling with Bottleneck" (Ebrahimi, Chen, Kudupudi, Venkitasubramaniam, Rini, Khisti, Gündüz, 2024): compression to a code of
/// bounded entropy by greedy merges, decoded to a prescribed output distribution by a coupling of small entropy.
/// </summary>
public sealed class MecBStudy : Study
{
    private static readonly double[] s_rates = [0.2, 0.4, 0.6, 0.8];

    /// <inheritdoc/>
    public override string Slug => "mec-b";

    /// <inheritdoc/>
    public override string Claim => "An entropy-bounded encoder found by greedy merges, with a minimum-entropy coupling as its decoder, keeps more information I(X;Y) than a uniform quantiser of the same entropy budget with the same decoder.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Random pairs of distributions p(x), q(y) of 6, 7, 8, 12, 16, 24 and 32 symbols each, 6 pairs a size, at the budgets H(T) <= R = 20, 40, 60 and 80 % of H(X). Method: of the partitions on two greedy paths of " +
        "merges (each merge absorbing one symbol into the likeliest one; always the cheapest pair) and the curves that split one symbol, the encoder with the most I(X;T). Baseline: bins of equally many " +
        "neighbouring symbols, in the given order or sorted by probability, with the order and number of bins within the budget that keep the most I(X;Y). Both decode by the same minimum-entropy coupling of T with q(y). " +
        "Read: the mean of I(X;Y) over pairs and budgets; also at each budget; the mean and the smallest share of the exhaustively found best I(X;T) at 6 to 8 symbols; and the share of cases in which R - I(X;T) is above h(p2).";

    /// <inheritdoc/>
    public override string Differs =>
        "The catalogue proposed an independent coupling as the baseline, which nothing can lose to: a uniform quantiser with the same coupling stands in its place, its number of bins and order chosen on the judged quantity. " +
        "The paper's game of messages hidden in a Markov decision process is not played. Where the method's greedy paths are judged at 6 to 8 symbols, its exhaustive search is off.";

    /// <inheritdoc/>
    public override string Data => "generated: distributions drawn uniformly from the simplex, new for each seed";

    /// <inheritdoc/>
    public override Measure Primary => new("information", "bits", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        .. s_rates.Select(r => new Measure(AtRate(r), "bits", Better.Higher)),
        new("code's information over the best, mean", "share", Better.Higher),
        new("code's information over the best, worst case", "share", Better.Higher),
        new("cases beyond the guarantee", "share", Better.Lower),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the best uniform quantiser within the budget, minimum-entropy coupling";

    /// <inheritdoc/>
    public override string Method => "greedy entropy-bounded encoder, minimum-entropy coupling";

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("mec-b makes its own distributions: it takes no --data");
        var random = trial.Random("distributions");
        int[] sizes = trial.Pick<int[]>([6, 12], [6, 7, 8, 12, 16], [6, 7, 8, 12, 16, 24, 32]);
        var information = Array.ConvertAll(s_rates, _ => new List<double>());
        var (shares, beyond) = (new List<double>(), 0);
        foreach (var size in sizes)
            for (var pair = trial.Pick(1, 4, 6); pair > 0; pair--)
            {
                trial.Stop.ThrowIfCancellationRequested();
                var (p, q) = (Simplex(random, size), Simplex(random, size));
                for (var r = 0; r < s_rates.Length; r++)
                {
                    var budget = Bits.FromNats(s_rates[r] * EntropyNats(p));
                    var (code, whole) = arm == Arm.Method ? Greedy(p, q, budget) : Uniform(p, q, budget);
                    information[r].Add(whole);
                    if (size <= EntropyBoundedBottleneck.ExhaustiveSize) shares.Add(code / EntropyBoundedBottleneck.Solve(p, budget, exhaustive: true).IxtBits);
                    var second = p.OrderDescending().ElementAt(1);
                    if (budget.Value - code > Bits.FromNats(EntropyNats([second, 1 - second])).Value + 1e-9) beyond++;
                }
            }
        var outcome = new Outcome
        {
            ["information"] = information.Average(i => i.Average()),
            ["code's information over the best, mean"] = shares.Average(),
            ["code's information over the best, worst case"] = shares.Min(),
            ["cases beyond the guarantee"] = (double)beyond / information.Sum(i => i.Count),
        };
        for (var r = 0; r < s_rates.Length; r++) outcome[AtRate(s_rates[r])] = information[r].Average();
        return outcome;
    }

    private static (double Code, double Whole) Greedy(double[] p, double[] q, Bits budget)
    {
        var result = EntropyBoundedBottleneck.SolveWithCoupling(p, q, budget, exhaustive: false);
        return (result.Encoder.IxtBits, result.IxyBits);
    }

    // T is a function of X: I(X;T) is H(T), and I(X;Y) is I(T;Y).
    private static (double Code, double Whole) Uniform(double[] p, double[] q, Bits budget)
    {
        var best = (Code: 0.0, Whole: 0.0);
        foreach (var order in (double[][])[p, [.. p.OrderDescending()]])
            for (var bins = 2; bins <= p.Length; bins++)
            {
                var masses = new double[bins];
                for (var x = 0; x < order.Length; x++) masses[x * bins / order.Length] += order[x];
                var entropy = Bits.FromNats(EntropyNats(masses)).Value;
                if (entropy > budget.Value) continue;
                var whole = entropy + Bits.FromNats(EntropyNats(q)).Value - MinimumEntropyCoupling.Solve(masses, q).EntropyBits;
                if (whole > best.Whole) best = (entropy, whole);
            }
        return best;
    }

    private static double[] Simplex(RandomStream random, int size)
    {
        var p = new double[size];
        for (var i = 0; i < size; i++) p[i] = -Math.Log(1 - random.NextDouble());
        var sum = p.Sum();
        return Array.ConvertAll(p, v => v / sum);
    }

    private static double EntropyNats(double[] p) => p.Sum(v => v > 0 ? -v * Math.Log(v) : 0);

    private static string AtRate(double rate) => FormattableString.Invariant($"information at {100 * rate:0} % of H(X)");
}
