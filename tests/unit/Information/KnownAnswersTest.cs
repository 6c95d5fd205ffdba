using System.Text.Json;
using Isthmus.Information;

namespace Isthmus.Tests.Information;

/// <summary>Every row of docs/known-answers.json whose id is computed here has the values that the library gives.</summary>
public class KnownAnswersTest
{
    private static readonly double[,] Five = { { 0.2, 0, 0.2 }, { 0, 0, 0.2 }, { 0, 0.2, 0.2 } };
    private static readonly double[,] FourByThree = { { 0.2, 0.05, 0 }, { 0.15, 0.1, 0 }, { 0, 0.1, 0.15 }, { 0.05, 0, 0.2 } };
    private static readonly double[] Three = [0.7, 0.2, 0.1];

    private static readonly Dictionary<string, Func<double[]>> Computed = new()
    {
        ["gaussian-pairs"] = () => [.. new[] { (1, 0.5), (1, 0.9), (5, 0.8), (10, 0.5), (20, 0.5) }.Select(t => GaussianMeasures.MutualInformation([.. Enumerable.Repeat(t.Item2, t.Item1)]).Value)],
        ["correlation-of-information"] = () => [GaussianMeasures.Correlation(Bits.FromNats(1)), GaussianMeasures.Correlation(Bits.FromNats(2))],
        ["reroll-channel"] = () => [Reroll(2, 0.2), Reroll(10, 0.1)],
        ["capacity-named"] = () => [.. new double[][,] { Bsc(0.1), Bsc(0.11), new[,] { { 0.7, 0.3, 0 }, { 0, 0.3, 0.7 } }, new[,] { { 1, 0 }, { 0.5, 0.5 } }, new[,] { { 1, 0 }, { 0.1, 0.9 } }, Typewriter() }.Select(Capacity)],
        ["capacity-unsymmetric"] = () => [Capacity(new[,] { { 0.9, 0.1 }, { 0.3, 0.7 } }), Capacity(new[,] { { 0.8, 0.1, 0.1 }, { 0.2, 0.6, 0.2 }, { 0.05, 0.15, 0.8 } })],
        ["rd-hamming"] = () => [.. new double[][] { [0.5, 0.5], [0.3, 0.7], [0.25, 0.25, 0.25, 0.25] }.Select(p => RateDistortion.AtDistortion(p, RateDistortion.Hamming(p.Length), 0.1).RateBits),
            RateDistortion.Solve([0.5, 0.5], RateDistortion.Hamming(2), [3 * Math.Log(2)]).Points[0].RateBits],
        ["rd-three-symbols"] = () => Curve([0.5, 0.3, 0.2], RateDistortion.Hamming(3), 3, 5),
        ["rd-squared"] = () => Curve([0.25, 0.25, 0.25, 0.25], RateDistortion.Squared([0, 1, 2, 3]), 1, 3),
        ["water-filling"] = () => [RateDistortion.Gaussian(1, 0.25).Value, .. Filled([4, 1, 0.25], 0.5), .. Filled([2, 1, 0.5, 0.1], 0.3)],
        ["ib-five-points"] = () => [InformationBottleneck.SpectralBeta(Five), .. Ib(Five, 1, 2.5, 4, 5, 10)],
        ["dib-five-points"] = () => Ib(Five, 0, 2, 2.5, 3, 5, 10),
        ["ib-bsc"] = () => [InformationBottleneck.SpectralBeta(RandomTables.Bsc(0.1)), .. Ib(RandomTables.Bsc(0.1), 1, 1.6, 1.786211, 2.5, 5)],
        ["ib-bec"] = () => Ib(new[,] { { 0.35, 0.15, 0 }, { 0, 0.15, 0.35 } }, 1, 1.42, 1.44),
        ["ib-four-by-three"] = () => [JointDistribution.FromMatrix(FourByThree).MutualInformation("X", "Y").Value, InformationBottleneck.SpectralBeta(FourByThree), .. Ib(FourByThree, 1, 2, 3, 5, 20)],
        ["aib-four-by-three"] = () => [HardBottleneck.MergeCost(FourByThree, 0, 1).Value, HardBottleneck.MergeCost(FourByThree, 2, 3).Value, HardBottleneck.MergeCost(FourByThree, 1, 2).Value, .. Ib(FourByThree, 0, 2, 5)],
        ["gaussian-ib-one"] = () => GaussianIb([0.8], 2, 4, 10),
        ["gaussian-ib-two"] = () => [.. GaussianBottleneck.Solve([0.9, 0.5], [2]).CriticalBetas, .. GaussianIb([0.9, 0.5], 2, 3.9, 8, 50)],
        ["squared-ib"] = () => [.. InformationBottleneck.SolveSquared(Modulo(), [0.5, 1]).Points.Select(p => p.IxtBits), .. InformationBottleneck.Solve(Modulo(), new BottleneckOptions { Betas = [1.01, 10] }).Points.Select(p => p.IxtBits)],
        ["coupling-greedy"] = () => [MinimumEntropyCoupling.Greedy([0.6, 0.4], [0.5, 0.3, 0.2]).EntropyBits, MinimumEntropyCoupling.Greedy([1.0 / 3, 1.0 / 3, 1.0 / 3], [0.5, 0.5]).EntropyBits, MinimumEntropyCoupling.Greedy(Three, [0.45, 0.35, 0.2]).EntropyBits],
        ["coupling-gap"] = () => [MinimumEntropyCoupling.Greedy([0.36, 0.34, 0.3], [0.6, 0.4]).EntropyBits, MinimumEntropyCoupling.Exact([0.36, 0.34, 0.3], [0.6, 0.4]).EntropyBits],
        ["ebim"] = () => [.. EntropyBoundedBottleneck.Nodes(Three).Take(4), EntropyBoundedBottleneck.Solve(Three, Bits.FromBits(1)).IxtBits, EntropyBoundedBottleneck.Solve(Three, Bits.FromBits(0.6)).IxtBits],
        ["count-entropies"] = () => [.. new[] { EntropyCorrection.MaximumLikelihood, EntropyCorrection.MillerMadow, EntropyCorrection.Grassberger, EntropyCorrection.Grassberger1988, EntropyCorrection.ChaoShen, EntropyCorrection.Jackknife, EntropyCorrection.JamesStein }
            .Select(c => CountEntropy.Estimate([4, 3, 2, 1], c).Nats)],
        ["nsb"] = () => [.. new long[][] { [2, 1], [2, 2], [5, 3, 2] }.Select(c => CountEntropy.Estimate(c, EntropyCorrection.Nsb).Value)],
        ["twelve-bits"] = TwelveBits,
        ["multivariate"] = Multivariate,
        ["divergences"] = () => [Divergence.KullbackLeibler([0.75, 0.25], [0.5, 0.5]).Value, Divergence.JensenShannon([[0.5, 0.5, 0], [0, 0.5, 0.5]], [0.75, 0.25]).Value, Divergence.CrossEntropy([0.5, 0.5], [0.75, 0.25]).Value,
            Divergence.CrossMutualInformation(new[,] { { 0.1, 0.4 }, { 0.4, 0.1 } }, new[,] { { 0.4, 0.1 }, { 0.1, 0.4 } }).Value, Uniform(["000", "011", "101", "110"]).Extropy().Value],
        ["huffman"] = () => [.. HuffmanCode.Lengths([0.25, 0.25, 0.2, 0.15, 0.15]), HuffmanCode.AverageLength([0.25, 0.25, 0.2, 0.15, 0.15]).Value],
    };

    public static TheoryData<string> Ids => [.. Computed.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void PublishedRow_HasTheLibrarysValues(string id)
    {
        var row = Rows().Single(r => r.GetProperty("id").GetString() == id);
        var expected = row.GetProperty("values").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        var actual = Computed[id]();
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], row.GetProperty("tolerance").GetDouble());
    }

    [Fact]
    public void TruthRows_NameADerivationAndASecondMethod()
    {
        foreach (var row in Rows().Where(r => r.GetProperty("kind").GetString() == "truth"))
            foreach (var field in new[] { "problem", "derivation", "second_method" }) Assert.False(string.IsNullOrWhiteSpace(row.GetProperty(field).GetString()));
    }

    internal static JsonElement[] Rows()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Isthmus.slnx"))) folder = folder.Parent;
        return [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(folder!.FullName, "docs", "known-answers.json"))).RootElement.EnumerateArray()];
    }

    private static double[,] Bsc(double d) => new[,] { { 1 - d, d }, { d, 1 - d } };

    private static double Capacity(double[,] channel) => ChannelCapacity.Solve(channel).Bits;

    private static double[,] Typewriter()
    {
        var w = new double[5, 5];
        for (var x = 0; x < 5; x++) w[x, x] = w[x, (x + 1) % 5] = 0.5;
        return w;
    }

    private static double[,] Modulo()
    {
        var joint = new double[16, 4];
        for (var x = 0; x < 16; x++) joint[x, x % 4] = 1.0 / 16;
        return joint;
    }

    private static double Reroll(int m, double p)
    {
        var joint = new double[m, m];
        for (var x = 0; x < m; x++)
            for (var y = 0; y < m; y++) joint[x, y] = (x == y ? 1 - p + (p / m) : p / m) / m;
        return JointDistribution.FromMatrix(joint).MutualInformation("X", "Y").Nats;
    }

    private static double[] Curve(double[] p, double[,] d, params double[] betas) =>
        [.. RateDistortion.Solve(p, d, betas).Points.SelectMany(t => new[] { t.RateBits, t.Distortion })];

    private static double[] Filled(double[] variances, double level)
    {
        var (rate, distortion) = RateDistortion.ReverseWaterFilling(variances, level);
        return [distortion, rate.Value];
    }

    private static double[] Ib(double[,] joint, double alpha, params double[] betas) =>
        [.. InformationBottleneck.Solve(joint, new BottleneckOptions { Betas = betas, Alpha = alpha }).Points.SelectMany(p => new[] { p.IxtBits, p.ItyBits })];

    private static double[] GaussianIb(double[] rho, params double[] betas) => [.. GaussianBottleneck.Solve(rho, betas).Points.SelectMany(p => new[] { p.IxtBits, p.ItyBits })];

    private static JointDistribution Uniform(string[] outcomes) => JointDistribution.FromOutcomes([.. outcomes[0].Select((_, i) => ((char)('A' + i)).ToString())],
        outcomes.Select(o => ((IReadOnlyList<string>)[.. o.Select(c => c.ToString())], 1.0)), counts: true);

    private static double[] TwelveBits()
    {
        var pattern = Enumerable.Range(0, 4096).ToArray();
        var d = JointDistribution.FromSamples(["X", "Y"], pattern, [.. pattern.Select(i => i < 2118 ? 1 : 0)]);
        return [d.MutualInformation("X", "Y").Value, d.Entropy("X").Value];
    }

    private static double[] Multivariate()
    {
        var xor = Uniform(["000", "011", "101", "110"]);
        var parity = Uniform([.. Enumerable.Range(0, 8).Select(i => $"{i & 1}{i >> 1 & 1}{i >> 2 & 1}{(i ^ i >> 1 ^ i >> 2) & 1}")]);
        var blocks = Uniform(["00", "01", "10", "11", "22", "22", "33", "33"]);
        return [xor.TotalCorrelation().Value, xor.DualTotalCorrelation().Value, xor.CoInformation().Value, xor.CaeklInformation().Value, parity.CoInformation().Value,
            blocks.GacsKornerInformation().Value, CommonInformation.Wyner(RandomTables.Bsc(0.2)).Value.Value];
    }
}
