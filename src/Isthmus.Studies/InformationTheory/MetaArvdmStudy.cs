using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationTheory;

/// <summary>
/// "Error Analyses of Auto-Regressive Video Diffusion Models: A Unified Framework" (Wang et al. 2025): what a window does not show is a bottleneck of memory,
/// whose size is a conditional mutual information; a compressed history lowers it.
/// </summary>
public sealed class MetaArvdmStudy : Study
{
    private const int Window = 2, MemoryBits = 2, Rooms = 3, Chains = 8;

    /// <inheritdoc/>
    public override string Slug => "meta-arvdm";

    /// <inheritdoc/>
    public override string Claim => "The divergence of the best window-limited generator is the conditional mutual information that the window hides, and a summary of k bits of the hidden past lowers it more than k bits of longer window.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Exact computation over all 2^12 series of 12 binary frames of a hidden chain of 3 rooms. Both arms generate each frame from 4 bits of the past, from its best conditional distribution. Baseline: the last 4 frames. " +
        "Method: the last 2 frames and a summary of 2 bits of all before, by splitting and Lloyd's steps. Nothing is tuned. Read: the Kullback-Leibler divergence of whole series, by enumeration, mean of 8 random chains a seed. " +
        "Secondary: how far it is from the sum of conditional mutual informations, which is computed from joint tables; the divergence without the additional bits and with one fewer or more; in how many chains every further bit (or frame), 0 to 3, lowers it.";

    /// <inheritdoc/>
    public override string Differs =>
        "A discrete chain and the optimal generator in place of video diffusion, so there is neither approximation nor accumulated error: only the memory bottleneck remains. The identity is a theorem " +
        "and is reported as a residual; the part that could fail is the comparison at equal bits, which the catalogue's check did not ask for. Summaries are functions of the whole past, computed anew for each frame.";

    /// <inheritdoc/>
    public override string Data => "hidden chains: 3 rooms, each kept with a probability between 0.85 and 0.98, else another at random; a frame is 1 with a probability of its room's own between 0 and 1; all drawn by seed";

    /// <inheritdoc/>
    public override Measure Primary => new("divergence", "bits", Better.Lower, Ratio: true);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("divergence minus conditional information", "bits", Better.Lower),
        new("divergence of 2 frames", "bits", Better.Lower),
        new("divergence with one bit or frame less", "bits", Better.Lower, Ratio: true),
        new("divergence with one bit or frame more", "bits", Better.Lower, Ratio: true),
        new("chains where each bit or frame lowers it", "share", Better.Higher),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the last 4 frames";

    /// <inheritdoc/>
    public override string Method => "the last 2 frames and 2 bits of summary";

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("meta-arvdm makes its own chains, whose distributions it must know: it takes no --data");
        var (steps, chains) = (trial.Pick(7, 10, 12), trial.Pick(1, 4, Chains));
        var random = trial.Random("chains");
        var sums = new double[MemoryBits + 2];
        var (residual, falling) = (0.0, 0);
        for (var chain = 0; chain < chains; chain++)
        {
            trial.Stop.ThrowIfCancellationRequested();
            var series = Draw(random, steps);
            var reach = Enumerable.Range(0, sums.Length).Select(extra => arm == Arm.Baseline ? WindowedGenerator.Fit(series, Window + extra) : WindowedGenerator.Fit(series, Window, extra)).ToArray();
            for (var i = 0; i < sums.Length; i++) sums[i] += reach[i].Divergence.Value / chains;
            residual = Math.Max(residual, reach.Max(g => Math.Abs(g.Divergence.Value - g.MissedInformation.Sum(b => b.Value))));
            if (reach.Zip(reach.Skip(1)).All(p => p.Second.Divergence < p.First.Divergence)) falling++;
        }
        return new Outcome
        {
            ["divergence"] = sums[MemoryBits],
            ["divergence minus conditional information"] = residual,
            ["divergence of 2 frames"] = sums[0],
            ["divergence with one bit or frame less"] = sums[MemoryBits - 1],
            ["divergence with one bit or frame more"] = sums[MemoryBits + 1],
            ["chains where each bit or frame lowers it"] = (double)falling / chains,
        };
    }

    private static JointDistribution Draw(RandomStream random, int steps)
    {
        var (walk, seen) = (new double[Rooms, Rooms], new double[Rooms, 2]);
        for (var room = 0; room < Rooms; room++)
        {
            var stay = 0.85 + (0.13 * random.NextDouble());
            for (var next = 0; next < Rooms; next++) walk[room, next] = next == room ? stay : (1 - stay) / (Rooms - 1);
            seen[room, 1] = random.NextDouble();
            seen[room, 0] = 1 - seen[room, 1];
        }
        return HiddenChain.Series([.. Enumerable.Repeat(1.0 / Rooms, Rooms)], walk, seen, steps);
    }
}
