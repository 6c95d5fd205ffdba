using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>The rows of docs/known-answers.json about estimators and tasks have the values that the library gives.</summary>
public class EstimatorAnswersTest
{
    private static readonly Samples X = Samples.Of([0, 1, 2, 5]), Y = Samples.Of([0, 1, 0, 3], "y");
    private static readonly Rows Five = new(Samples.Of([1.3, 3.7, 5.1, 2.4, 3.4]), Samples.Of([1.5, 3.32, 5.3, 2.3, 3.3], "y"), null, 0, 1);
    private static readonly KernelWidth One = KernelWidth.Of(1);

    private static readonly Dictionary<string, Func<double[]>> Computed = new()
    {
        ["ksg-gaussian"] = () => [.. new[] { 1, 2 }.Select(d => KsgTest.Mean(new Ksg1(), FormattableString.Invariant($"gaussian,dim={d},rho=0.8"), 10000) / Math.Log(2))],
        ["ksg1-five-points"] = () => [.. new[] { 1, 2, 3 }.Select(k => new Ksg1 { K = k }.Read(Five).Nats / Math.Log(2))],
        ["ksg2-five-points"] = () => [.. new[] { 1, 2, 3 }.Select(k => new Ksg2 { K = k }.Read(Five).Nats / Math.Log(2))],
        ["kl-five-points"] = () => [KozachenkoLeonenko.Entropy(Five.X, 3, euclidean: false).Nats, KozachenkoLeonenko.Entropy(Samples.FromColumns([Five.X.Column(0), Five.Y.Column(0)]), 2).Nats],
        ["gaussian-entropy"] = () => [.. new[] { 1.0, 30 }.Select(s => KozachenkoLeonenko.Entropy(Normal(100_000, s)).Nats)],
        ["one-to-one-images"] = () => Truths([.. new[] { "", ",transform=cdf", ",transform=half-cube", ",transform=wiggly", ",transform=bimodal", ",transform=swiss-roll" }.Select(t => "gaussian,rho=0.75" + t)]),
        ["additive-uniform"] = () => Truths("uniform,eps=0.1", "uniform,eps=0.75"),
        ["dense-gaussian"] = () => Truths("dense,dx=2,dy=2", "dense,dx=3,dy=3", "dense,dx=5,dy=5", "dense,dx=25,dy=25", "dense,dx=50,dy=50"),
        ["two-pairs"] = () => Truths("pairs,dx=3,dy=3", "pairs,dx=5,dy=5", "pairs,dx=25,dy=25"),
        ["student"] = () => Truths([.. new[] { (1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (5, 2), (5, 3) }.Select(t => FormattableString.Invariant($"student,dim={t.Item1},df={t.Item2}"))]),
        ["integer-and-uniform"] = () => Truths("mixture,m=5", "mixture,m=10"),
        ["zero-inflated-poisson"] = () => Truths("zip,p=0", "zip,p=0.15"),
        ["log-gamma-exponential"] = () => Truths("loggamma,k=1", "loggamma,k=5", "loggamma,k=10", "loggamma,k=200", "loggamma,k=10000"),
        ["kde-two-points"] = () => [.. Bounds([0, 2], 1, 1), .. Bounds([0, 4], 1, 1)],
        ["kde-four-points"] = () => Bounds([0, 0, 1, 0, 0, 1, 3, 3], 2, 0.1),
        ["renyi-small"] = () => [.. new[] { 1, 1.01, 2, 5 }.Select(a => MatrixRenyi.Entropy([1, 0.5, 0.5, 1], a)), MatrixRenyi.Entropy([.. Enumerable.Range(0, 64).Select(i => i % 9 == 0 ? 1.0 : 0)], 1.01), MatrixRenyi.Entropy([1, 1, 1, 1], 2)],
        ["renyi-four-points"] = () => [MatrixRenyi.Entropy(MatrixRenyi.Gram(X, 1), 1.01), MatrixRenyi.Entropy(MatrixRenyi.Gram(Y, 1), 1.01),
            Read(new MatrixRenyi { WidthX = One, WidthY = One }, X, Y), Read(new MatrixRenyi { Alpha = 2, WidthX = One, WidthY = One }, X, Y)],
        ["cs-qmi-hsic"] = () => [Read(new CauchySchwarzInformation { WidthX = One, WidthY = One }, X, Y), Read(new Hsic { Kind = HsicKind.PerSquare, WidthX = One, WidthY = One }, X, Y),
            Read(new CauchySchwarzInformation { WidthX = One, WidthY = One }, Samples.Of([0, 0, 1, 1]), Samples.Of([0, 1, 0, 1]))],
        ["cs-small"] = () => [Read(new CauchySchwarzInformation { WidthX = One, WidthY = One }, Samples.Of([0, 1]), Samples.Of([0, 1])),
            GaussianDivergence.CauchySchwarz([0], [1], [1], [1]), GaussianDivergence.CauchySchwarz([0], [1], [0], [4])],
        ["conditional-cs"] = () => [ConditionalCauchySchwarz.Divergence(X, Y, Samples.Of([0.2, 0.8, 0.5, 2.5])), ConditionalCauchySchwarz.Divergence(X, Y, Y)],
        ["critics-bsc"] = () => [.. Critics(0.1), .. Critics(0.2)],
        ["club-gaussian"] = () => [CriticBounds.ClubGaussian(0.8)],
        ["gaussian-rates"] = GaussianRates,
        ["v-information"] = () => [PredictiveInformation.LinearGaussian(Samples.Of([1, 1, -1, -1]), Samples.Of([1.4, 0.2, -0.2, -1.4], "y"), 1).Value.Nats,
            PredictiveInformation.LinearGaussian(Samples.Of([-2, -1, 1, 2]), Samples.Of([4, 1, 1, 4], "y"), 1).Value.Nats],
    };

    public static TheoryData<string> Ids => [.. Computed.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_published_row_has_the_librarys_values(string id)
    {
        var row = KnownAnswersTest.Rows().Single(r => r.GetProperty("id").GetString() == id);
        var expected = row.GetProperty("values").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        var actual = Computed[id]();
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], row.GetProperty("tolerance").GetDouble());
    }

    private static double[] Truths(params string[] names) => [.. names.Select(n => InformationTasks.Parse(n).Truth.Nats)];

    private static double Read(SampleEstimator estimator, Samples x, Samples y) => estimator.Read(new Rows(x, y, null, 0, 1)).Nats;

    private static Samples Normal(int n, double scale)
    {
        var random = new RandomStream(6);
        return Samples.Of([.. Enumerable.Range(0, n).Select(_ => scale * random.NextGaussian())]);
    }

    private static double[] Bounds(double[] points, int d, double variance)
    {
        var s = KernelBounds.Estimate(points, points.Length / d, d, variance);
        return [s.Lower.Bits!.Value.Nats, s.Upper.Bits!.Value.Nats];
    }

    private static double[] Critics(double flip)
    {
        double[,] joint = { { (1 - flip) / 2, flip / 2 }, { flip / 2, (1 - flip) / 2 } };
        var (same, other) = (Math.Log(2 * (1 - flip)), Math.Log(2 * flip));
        double[,] ratio = { { same, other }, { other, same } }, shifted = { { same + 1, other + 1 }, { other + 1, same + 1 } };
        return [CriticBounds.DonskerVaradhan(joint, ratio), CriticBounds.NguyenWainwrightJordan(joint, shifted), CriticBounds.Smile(joint, ratio, 0.2), CriticBounds.Smile(joint, ratio, 1),
            .. new[] { 2, 3, 4, 8 }.Select(k => CriticBounds.InfoNce(joint, ratio, k))];
    }

    private static double[] GaussianRates()
    {
        // E over x ~ N(0, 1) of KL(N(x, 1/4) || N(0, 1)) needs E x² = 1 only, so x = 1 stands for all.
        var rate = GaussianDivergence.KullbackLeibler([1], [0.25], [0], [1]);
        var information = 0.5 * Math.Log(1 + 1 / 0.25);
        return [rate.Value, information, rate.Nats, rate.Nats - information];
    }
}
