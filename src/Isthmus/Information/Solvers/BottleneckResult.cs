using System.Globalization;

namespace Isthmus.Information;

/// <summary>What a bottleneck solver is asked for.</summary>
public sealed record BottleneckOptions
{
    /// <summary>The trade-offs to solve for, each at least 0 and finite: nats of complexity per nat of relevance, the same number in bits per bit.</summary>
    public required IReadOnlyList<double> Betas { get; init; }

    /// <summary>α of H(T) − α H(T|X) − β I(T;Y): 1 the information bottleneck (default), 0 the deterministic one.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>The largest number of clusters; null for the number of different rows of the joint, at most 64. No more than that many are ever needed for α = 1.</summary>
    public int? Clusters { get; init; }

    /// <summary>Seeded random starts for each β, besides partitions and neighbouring β.</summary>
    public int Restarts { get; init; } = 8;

    /// <summary>The largest number of updates of one start; null for 20,000, fewer (down to 500) on large tables.</summary>
    public int? MaxIterations { get; init; }

    /// <summary>A start ends when no entry of q(t|x) changes by more in one update.</summary>
    public double Tolerance { get; init; } = 1e-10;

    /// <summary>The key of the random starts.</summary>
    public ulong Seed { get; init; }

    internal void Check()
    {
        if (Betas is null || Betas.Count == 0) throw new InputException("no beta given, expected at least one number of at least 0");
        foreach (var beta in Betas) RequireBeta(beta);
        if (!(Alpha >= 0 && Alpha <= 1)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"alpha is {Alpha}, expected 0 to 1"));
        if (Clusters is < 1) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"clusters is {Clusters}, expected at least 1"));
        if (Restarts < 0) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"restarts is {Restarts}, expected at least 0"));
        if (MaxIterations is < 1) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"iterations is {MaxIterations}, expected at least 1"));
        if (!(Tolerance > 0)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"tolerance is {Tolerance}, expected above 0"));
    }

    internal static void RequireBeta(double beta)
    {
        if (!(beta >= 0) || !double.IsFinite(beta)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"beta is {beta}, expected a finite number of at least 0"));
    }
}

/// <summary>Why a point may be believed.</summary>
/// <param name="LagrangianBits">H(T) − α H(T|X) − β I(T;Y) of the point; never above <paramref name="TrivialBits"/>.</param>
/// <param name="TrivialBits">The same of the encoder that ignores X: always 0.</param>
/// <param name="BestHardBits">The best partition's; never below <paramref name="LagrangianBits"/>.</param>
/// <param name="HardExhaustive">Whether every partition was tried, which for α = 0 proves the point optimal.</param>
/// <param name="Starts">How many starts were iterated at this β.</param>
/// <param name="StartsAgreeing">How many of them ended within 1e-6 bits of the point.</param>
/// <param name="Residual">How much one more update would change an entry of q(t|x); null for α = 0.</param>
/// <param name="GapBits">For α = 1: how far the Lagrangian can at most be above the optimum, if the search for a further cluster (a
/// non-convex problem, multi-started) missed nothing; exact for two different rows. Null for α below 1.</param>
public sealed record BottleneckCertificate(
    double LagrangianBits, double TrivialBits, double BestHardBits, bool HardExhaustive, int Starts, int StartsAgreeing, double? Residual, double? GapBits);

/// <summary>The solution at one β.</summary>
/// <param name="Beta">β of I(X;T) − β I(T;Y).</param>
/// <param name="TrainBeta">1/β, the weight of the rate where a network minimises task + weight · rate; null for β = 0.</param>
/// <param name="IxtBits">I(X;T).</param>
/// <param name="ItyBits">I(T;Y).</param>
/// <param name="HtBits">H(T).</param>
/// <param name="Encoder">q(t|x): one row for each x of the joint, one column for each cluster in use.</param>
/// <param name="Certificate">Why the point may be believed.</param>
public sealed record BottleneckPoint(
    double Beta, double? TrainBeta, double IxtBits, double ItyBits, double HtBits, double[][] Encoder, BottleneckCertificate Certificate);

/// <summary>An information bottleneck curve.</summary>
/// <param name="Problem"><c>ib</c> for α = 1, <c>dib</c> for α = 0, <c>gib</c> between.</param>
/// <param name="Points">One for each β, in the order given.</param>
/// <param name="CriticalBetas">Where the trivial solution stops being optimal, as found by search (an upper bound of the true
/// threshold), and, where it is later than that, where it stops being a local optimum, 1/ρ². Empty for independent variables and for α below 1.</param>
/// <param name="IxyBits">I(X;Y), the ceiling of I(T;Y).</param>
/// <param name="HxBits">H(X), the ceiling of I(X;T) (x with the same p(y|x) counted as one).</param>
public sealed record BottleneckResult(
    string Problem, IReadOnlyList<BottleneckPoint> Points, IReadOnlyList<double> CriticalBetas, double IxyBits, double HxBits);
