using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Known answers 23 to 28 and 31 of the reference list, and what must hold on any joint distribution.</summary>
public class InformationBottleneckTest
{
    // Problem 23: outcomes 00, 02, 12, 21, 22 with probability 1/5 each.
    private static readonly double[,] Five = { { 0.2, 0, 0.2 }, { 0, 0, 0.2 }, { 0, 0.2, 0.2 } };
    private static readonly double[,] FourByThree = { { 0.2, 0.05, 0 }, { 0.15, 0.1, 0 }, { 0, 0.1, 0.15 }, { 0.05, 0, 0.2 } };
    private static readonly double[,] Erasure = { { 0.35, 0.15, 0 }, { 0, 0.15, 0.35 } };

    private static BottleneckPoint At(double[,] joint, double beta, double alpha = 1) =>
        InformationBottleneck.Solve(joint, new BottleneckOptions { Betas = [beta], Alpha = alpha }).Points[0];

    private static void Check(BottleneckPoint point, double ixt, double ity, double tolerance)
    {
        Assert.Equal(ixt, point.IxtBits, tolerance);
        Assert.Equal(ity, point.ItyBits, tolerance);
    }

    [Theory]
    [InlineData(2.5, 0.8, 0.4)]
    [InlineData(4, 1.147046, 0.499189)]
    [InlineData(5, 1.329841, 0.540560)]
    [InlineData(10, 1.512903, 0.570161)]
    public void FivePoints_Ib(double beta, double ixt, double ity) => Check(At(Five, beta), ixt, ity, 1e-5);

    [Fact]
    public void FivePoints_CriticalBetaIsTwo()
    {
        var result = InformationBottleneck.Solve(Five, new BottleneckOptions { Betas = [1.9] });
        Assert.Equal(2, result.CriticalBetas[^1], 1e-9);
        Assert.Equal(0.570951, result.IxyBits, 1e-6);
        Check(result.Points[0], 0, 0, 1e-9);
    }

    [Theory]
    [InlineData(2, 0, 0)]
    [InlineData(2.5, 0.970951, 0.419973)]
    [InlineData(3, 0.970951, 0.419973)]
    [InlineData(5, 1.521928, 0.570951)]
    [InlineData(10, 1.521928, 0.570951)]
    public void FivePoints_DeterministicIb(double beta, double ixt, double ity) => Check(At(Five, beta, alpha: 0), ixt, ity, 1e-6);

    [Theory]
    [InlineData(0.1, 1.6, 0.128723, 0.081446)]
    [InlineData(0.1, 1.786211, 0.5, 0.302684)]
    [InlineData(0.1, 2.5, 0.882381, 0.491988)]
    [InlineData(0.1, 5, 0.997837, 0.530616)]
    public void SymmetricChannel_HasItsClosedForm(double delta, double beta, double ixt, double ity)
    {
        var point = At(RandomTables.Bsc(delta), beta);
        Check(point, ixt, ity, 2e-6);
        Assert.InRange(point.Certificate.GapBits!.Value, 0, 1e-8);
        Assert.Equal(1.5625, InformationBottleneck.SpectralBeta(RandomTables.Bsc(delta)), 1e-9);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.25)]
    public void SymmetricChannel_TransitionIsWhereTheSpectrumSays(double delta)
    {
        var critical = 1 / ((1 - (2 * delta)) * (1 - (2 * delta)));
        Check(At(RandomTables.Bsc(delta), critical * 0.99), 0, 0, 1e-9);
        Assert.True(At(RandomTables.Bsc(delta), critical * 1.01).IxtBits > 0.005);
    }

    [Fact]
    public void ErasureChannel_Jumps()
    {
        Check(At(Erasure, 1.42), 0, 0, 1e-9);
        Check(At(Erasure, 1.44), 1, 0.7, 1e-6);
    }

    [Theory]
    [InlineData(2, 0.726976, 0.430923)]
    [InlineData(3, 1.025818, 0.552108)]
    [InlineData(5, 1.5, 0.695007)]
    [InlineData(20, 1.5, 0.695007)]
    public void FourByThree_Ib(double beta, double ixt, double ity) => Check(At(FourByThree, beta), ixt, ity, 1e-4);

    [Fact]
    public void FourByThree_HasItsCriticalBetaAndMergeCosts()
    {
        Assert.Equal(1.690796, InformationBottleneck.SpectralBeta(FourByThree), 1e-6);
        var merges = HardBottleneck.Agglomerate(FourByThree);
        Assert.Equal([0.017426, 0.155170, 0.539837], merges.Select(m => Math.Round(m.CostBits, 6)));
        Assert.Equal([(0, 1), (2, 3), (0, 2)], merges.Select(m => (m.First, m.Second)));
        Assert.Equal(0.017426, HardBottleneck.MergeCost(FourByThree, 0, 1).Value, 1e-6);
        Assert.Equal(0.155170, HardBottleneck.MergeCost(FourByThree, 2, 3).Value, 1e-6);
        Assert.Equal(0.3, HardBottleneck.MergeCost(FourByThree, 1, 2).Value, 1e-9);
        Check(At(FourByThree, 2, alpha: 0), 1, 0.539837, 1e-6);
        Check(At(FourByThree, 5, alpha: 0), 1.5, 0.695007, 1e-6);
    }

    [Theory]
    [InlineData(0.5, 1)]
    [InlineData(1, 0.5)]
    [InlineData(0.1, 2)]
    public void FunctionOfX_SquaredFormReachesTheWholeCurve(double b, double rate)
    {
        var point = InformationBottleneck.SolveSquared(Function(), [b]).Points[0];
        Check(point, rate, rate, 1e-6);
        Assert.Equal(16, point.Encoder.Length);
    }

    [Fact]
    public void FunctionOfX_PlainFormIsAllOrNothing()
    {
        foreach (var beta in new[] { 1.01, 2, 10 }) Check(At(Function(), beta), 2, 2, 1e-9);
        Check(At(Function(), 0.99), 0, 0, 1e-9);
    }

    [Fact]
    public void Sequential_FindsTheBestPartitionOfEachSizeOnSmallTables()
    {
        var random = new RandomStream(51);
        for (var i = 0; i < 100; i++)
        {
            var joint = RandomTables.Joint(random, 6, 4);
            var best = Partitions.Of(6).Where(l => l.Max() == 2).Max(l => new BottleneckProblem(joint) is { Inputs: 6 } p ? p.Hard(l).Relevance : 0) / Math.Log(2);
            var found = HardBottleneck.Sequential(joint, 3);
            Assert.True(best == 0 || Math.Abs(found.ItyBits - best) < 1e-6, $"case {i}: {found.ItyBits} against {best}");
        }
    }

    [Fact]
    public void Curves_OnRandomJointsAreConcaveNeverAboveTrivialAndObeyDataProcessing()
    {
        var random = new RandomStream(52);
        double[] betas = [0.5, 1.1, 1.6, 2.5, 5, 12, 40];
        for (var i = 0; i < 200; i++)
        {
            var joint = RandomTables.Joint(random);
            var alpha = i % 4 == 3 ? random.NextDouble() : 1;
            var result = InformationBottleneck.Solve(joint, new BottleneckOptions { Betas = betas, Alpha = alpha, Restarts = 3, Seed = (ulong)i });
            var lagrangian = result.Points.Select(p => p.Certificate.LagrangianBits).ToArray();
            for (var k = 0; k < betas.Length; k++)
            {
                var p = result.Points[k];
                Assert.InRange(p.ItyBits, 0, p.IxtBits + 1e-12);
                Assert.InRange(p.IxtBits, 0, p.HtBits + 1e-12);
                Assert.InRange(p.ItyBits, 0, result.IxyBits + 1e-12);
                Assert.True(lagrangian[k] <= 1e-12 && lagrangian[k] <= p.Certificate.BestHardBits + 1e-12);
                Assert.Equal(p.HtBits - (alpha * (p.HtBits - p.IxtBits)) - (p.Beta * p.ItyBits), lagrangian[k], 1e-9);
                Assert.Equal(1 / p.Beta, p.TrainBeta!.Value, 1e-12);
                if (betas[k] <= 1) Assert.Equal(0, p.IxtBits, 1e-9);
                AssertMatches(joint, p);
            }
            for (var k = 1; k + 1 < betas.Length; k++)
            {
                var chord = lagrangian[k - 1] + ((lagrangian[k + 1] - lagrangian[k - 1]) * (betas[k] - betas[k - 1]) / (betas[k + 1] - betas[k - 1]));
                Assert.True(lagrangian[k] >= chord - 1e-11, $"case {i}, beta {betas[k]}: L {lagrangian[k]} below its chord {chord}");
            }
        }
    }

    [Fact]
    public void Certificates_OfRandomSmallJointsLeaveNoGap()
    {
        var random = new RandomStream(53);
        var open = 0;
        for (var i = 0; i < 200; i++)
        {
            var result = InformationBottleneck.Solve(RandomTables.Joint(random, 2 + random.NextInt(3), 2 + random.NextInt(3)), new BottleneckOptions { Betas = [2, 4, 10], Restarts = 3 });
            open += result.Points.Count(p => p.Certificate.GapBits > 1e-6);
        }
        Assert.Equal(0, open);
    }

    [Fact]
    public void DeterministicSearch_MatchesExhaustionOnRandomJoints()
    {
        var random = new RandomStream(54);
        for (var i = 0; i < 200; i++)
        {
            var joint = RandomTables.Joint(random, 5, 3);
            var beta = 1 + (6 * random.NextDouble());
            var problem = new BottleneckProblem(joint);
            var search = PartitionSearch.Deterministic(problem, beta);
            var exact = search.Total(search.Exhaustive(5));
            var point = At(joint, beta, alpha: 0);
            Assert.Equal(exact - (beta * problem.TargetEntropy), point.Certificate.LagrangianBits * Math.Log(2), 1e-9);
            Assert.Equal(point.HtBits, point.IxtBits, 1e-9);
        }
    }

    [Fact]
    public void Learnability_IsNeverAboveTheSpectrumAndTheCurveStartsThere()
    {
        var random = new RandomStream(55);
        for (var i = 0; i < 200; i++)
        {
            var joint = RandomTables.Joint(random, 3, 3);
            var threshold = InformationBottleneck.LearnabilityBeta(joint);
            Assert.InRange(threshold, 1, InformationBottleneck.SpectralBeta(joint) + 1e-9);
            Assert.True(At(joint, threshold * 0.97).IxtBits < 1e-6, $"case {i}: something is learnt below {threshold}");
            Assert.True(At(joint, threshold * 1.03).Certificate.LagrangianBits < 0, $"case {i}: nothing is learnt above {threshold}");
        }
    }

    [Fact]
    public void SameSeed_GivesTheSameBitsAndRepeatedRowsChangeNothing()
    {
        var joint = RandomTables.Joint(new RandomStream(56), 5, 4);
        var doubled = new double[10, 4];
        for (var x = 0; x < 10; x++)
            for (var y = 0; y < 4; y++) doubled[x, y] = joint[x / 2, y] / 2;
        var (a, b, c) = (At(joint, 3), At(joint, 3), At(doubled, 3));
        Assert.Equal(a.Encoder.SelectMany(r => r), b.Encoder.SelectMany(r => r));
        Check(c, a.IxtBits, a.ItyBits, 1e-9);
        Assert.Equal(c.Encoder[0], c.Encoder[1]);
    }

    [Fact]
    public void Lanes_AgreeWithTheScalarUpdateForEveryWidth()
    {
        var random = new RandomStream(57);
        foreach (var (n, m, clusters) in new[] { (2, 2, 1), (3, 5, 2), (7, 3, 8), (9, 6, 9), (13, 4, 17), (5, 33, 31) })
        {
            var joint = new double[n, m];
            for (var x = 0; x < n; x++)
                for (var y = 0; y < m; y++) joint[x, y] = 0.1 + random.NextDouble();
            var sum = joint.Cast<double>().Sum();
            for (var x = 0; x < n; x++)
                for (var y = 0; y < m; y++) joint[x, y] /= sum;
            var iteration = new BottleneckIteration(joint, clusters);
            var naive = new double[n, clusters];
            for (var x = 0; x < n; x++)
            {
                var total = 0.0;
                for (var t = 0; t < clusters; t++) total += naive[x, t] = 0.01 + random.NextDouble();
                for (var t = 0; t < clusters; t++) iteration.Row(x)[t] = naive[x, t] /= total;
            }
            iteration.Run(3.3, 0.8, 5);
            for (var i = 0; i < 5; i++) naive = NaiveUpdate(joint, naive, 3.3, 0.8);
            for (var x = 0; x < n; x++)
                for (var t = 0; t < clusters; t++) Assert.Equal(naive[x, t], iteration.Row(x)[t], 1e-12);
        }
    }

    [Theory]
    [InlineData("beta is -1, expected a finite number of at least 0", -1, 1)]
    [InlineData("beta is NaN, expected a finite number of at least 0", double.NaN, 1)]
    [InlineData("alpha is 2, expected 0 to 1", 2, 2)]
    public void WrongOptions_SayWhy(string message, double beta, double alpha) =>
        Assert.Equal(message, Assert.Throws<InputException>(() => At(Five, beta, alpha)).Message);

    [Fact]
    public void WrongJoint_SaysWhy()
    {
        Assert.Equal("joint: probabilities sum to 0.9, expected 1", Assert.Throws<InputException>(() => At(new[,] { { 0.5, 0.4 } }, 2)).Message);
        Assert.Equal("joint: entry 2 is NaN, expected a finite number of at least 0", Assert.Throws<InputException>(() => At(new[,] { { 0.5, double.NaN } }, 2)).Message);
    }

    private static double[,] Function()
    {
        var joint = new double[16, 4];
        for (var x = 0; x < 16; x++) joint[x, x % 4] = 1.0 / 16;
        return joint;
    }

    // The printed informations are those of the printed encoder.
    private static void AssertMatches(double[,] joint, BottleneckPoint point)
    {
        var clusters = point.Encoder[0].Length;
        var table = new double[joint.GetLength(0) * joint.GetLength(1) * clusters];
        for (var x = 0; x < joint.GetLength(0); x++)
            for (var y = 0; y < joint.GetLength(1); y++)
                for (var t = 0; t < clusters; t++) table[(((x * joint.GetLength(1)) + y) * clusters) + t] = joint[x, y] * point.Encoder[x][t];
        var d = JointDistribution.FromTable([Variable.OfSize("X", joint.GetLength(0)), Variable.OfSize("Y", joint.GetLength(1)), Variable.OfSize("T", clusters)], table);
        Assert.Equal(d.MutualInformation("X", "T").Value, point.IxtBits, 1e-9);
        Assert.Equal(d.MutualInformation("T", "Y").Value, point.ItyBits, 1e-9);
        Assert.Equal(0, d.MutualInformation("T", "Y", "X").Value, 1e-9);
    }

    private static double[,] NaiveUpdate(double[,] joint, double[,] q, double beta, double alpha)
    {
        var (n, m, k) = (joint.GetLength(0), joint.GetLength(1), q.GetLength(1));
        var next = new double[n, k];
        for (var x = 0; x < n; x++)
        {
            var px = Enumerable.Range(0, m).Sum(y => joint[x, y]);
            var sum = 0.0;
            for (var t = 0; t < k; t++)
            {
                var qt = 0.0;
                for (var x2 = 0; x2 < n; x2++)
                    for (var y = 0; y < m; y++) qt += joint[x2, y] * q[x2, t];
                var divergence = 0.0;
                for (var y = 0; y < m; y++)
                {
                    var qty = Enumerable.Range(0, n).Sum(x2 => joint[x2, y] * q[x2, t]);
                    divergence += joint[x, y] / px * Math.Log(joint[x, y] / px / (qty / qt));
                }
                sum += next[x, t] = Math.Exp((Math.Log(qt) - (beta * divergence)) / alpha);
            }
            for (var t = 0; t < k; t++) next[x, t] /= sum;
        }
        return next;
    }
}
