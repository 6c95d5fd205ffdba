using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Known answers 42 to 44 of the reference list; marginals, bounds and guarantees on random pairs.</summary>
public class CouplingTest
{
    private static readonly double[] Third = [1.0 / 3, 1.0 / 3, 1.0 / 3];

    public static TheoryData<double[], double[], double, double> Known => new()
    {
        { [0.6, 0.4], [0.5, 0.3, 0.2], 1.685475, 1.685475 },
        { Third, [0.5, 0.5], 1.918296, 1.918296 },
        { [0.7, 0.2, 0.1], [0.45, 0.35, 0.2], 1.814980, 1.814980 },
        { [0.36, 0.34, 0.3], [0.6, 0.4], 1.797457, 1.750831 },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void KnownPairs_GreedyAndExact(double[] p, double[] q, double greedy, double optimum)
    {
        Assert.Equal(greedy, MinimumEntropyCoupling.Greedy(p, q).EntropyBits, 1e-6);
        var exact = MinimumEntropyCoupling.Exact(p, q);
        Assert.Equal(optimum, exact.EntropyBits, 1e-6);
        Assert.True(exact.Optimal);
        Assert.Equal(exact.EntropyBits, exact.LowerBoundBits);
    }

    [Fact]
    public void RandomPairs_KeepTheirMarginalsAndTheGuarantees()
    {
        var random = new RandomStream(91);
        for (var i = 0; i < 250; i++)
        {
            var (p, q) = (RandomTables.Vector(random, 2 + random.NextInt(3)), RandomTables.Vector(random, 2 + random.NextInt(4)));
            var greedy = MinimumEntropyCoupling.Greedy(p, q);
            var exact = MinimumEntropyCoupling.Exact(p, q);
            AssertMarginals(greedy, p, q);
            AssertMarginals(exact, p, q);
            Assert.True(exact.Optimal);
            Assert.InRange(greedy.EntropyBits, exact.EntropyBits - 1e-12, exact.EntropyBits + (Math.Log2(Math.E) / Math.E));
            Assert.True(greedy.LowerBoundBits <= exact.EntropyBits + 1e-9);
            Assert.True(greedy.LowerBoundBits >= Math.Max(Entropy(p), Entropy(q)) - 1e-9);
            Assert.True(greedy.Cells.Count <= p.Length + q.Length - 1);
            // No random vertex is better: fill the table in a random order of rows and columns.
            for (var trial = 0; trial < 20; trial++) Assert.True(RandomVertex(random, p, q) >= exact.EntropyBits - 1e-9);
        }
    }

    [Fact]
    public void ManyMarginals_AreAllKept()
    {
        var random = new RandomStream(92);
        for (var i = 0; i < 200; i++)
        {
            double[][] marginals = [RandomTables.Vector(random, 6), RandomTables.Vector(random, 3), RandomTables.Vector(random, 10), RandomTables.Vector(random, 4)];
            var result = MinimumEntropyCoupling.Solve(marginals);
            for (var k = 0; k < marginals.Length; k++)
            {
                var sums = new double[marginals[k].Length];
                foreach (var cell in result.Cells) sums[cell.Index[k]] += cell.Mass;
                foreach (var (expected, actual) in marginals[k].Zip(sums)) Assert.Equal(expected, actual, 1e-12);
            }
            Assert.True(result.EntropyBits >= result.LowerBoundBits - 1e-12);
            Assert.True(result.EntropyBits <= result.LowerBoundBits + 1.2213 + 0.23, "Compton 2022: within log2 e of the majorisation bound for two, more for many");
            Assert.Null(result.Joint);
        }
    }

    [Fact]
    public void LargeMarginals_AreCoupledSparsely()
    {
        var random = new RandomStream(93);
        var (p, q) = (RandomTables.Vector(random, 20_000), RandomTables.Vector(random, 30_000));
        var result = MinimumEntropyCoupling.Solve(p, q);
        Assert.Null(result.Joint);
        Assert.True(result.Cells.Count < 50_000);
        Assert.Equal(1, result.Cells.Sum(c => c.Mass), 1e-9);
        Assert.True(result.EntropyBits <= result.LowerBoundBits + Math.Log2(Math.E));
    }

    [Fact]
    public void Ebim_KnownNodesAndOptima()
    {
        double[] p = [0.7, 0.2, 0.1];
        Assert.Equal([1.156780, 0.881291, 0.721928, 0.468996, 0], EntropyBoundedBottleneck.Nodes(p).Select(b => Math.Round(b, 6)));
        var one = EntropyBoundedBottleneck.Solve(p, Bits.FromBits(1));
        Assert.Equal(0.921421, one.IxtBits, 1e-6);
        Assert.Equal(1, one.HtBits, 1e-9);
        Assert.False(one.Deterministic);
        Assert.Equal(0.510510, EntropyBoundedBottleneck.Solve(p, Bits.FromBits(0.6)).IxtBits, 1e-6);
        var node = EntropyBoundedBottleneck.Solve(p, Bits.FromBits(0.8812908992306927));
        Assert.True(node.Deterministic);
        Assert.Equal(0.881291, node.IxtBits, 1e-6);
    }

    [Fact]
    public void Ebim_OnRandomSourcesKeepsItsBudgetAndItsGuarantee()
    {
        var random = new RandomStream(94);
        for (var i = 0; i < 240; i++)
        {
            var p = RandomTables.Vector(random, i % 8 == 0 ? 6 : i % 2 == 0 ? 3 + random.NextInt(3) : 9 + random.NextInt(24));
            var budget = random.NextDouble() * Entropy(p);
            var result = EntropyBoundedBottleneck.Solve(p, Bits.FromBits(budget));
            AssertEncoder(p, result);
            Assert.True(result.HtBits <= budget + 1e-9);
            Assert.True(result.IxtBits <= result.UpperBoundBits + 1e-9);
            Assert.True(budget - result.IxtBits <= result.GuaranteeBits + 1e-9, $"case {i}: R {budget}, I {result.IxtBits}, h(p2) {result.GuaranteeBits}");
            Assert.Equal(result.Deterministic, Math.Abs(result.IxtBits - result.HtBits) < 1e-12);
        }
    }

    [Fact]
    public void GreedyEbim_OnSmallSourcesKeepsItsGuaranteeAndIsNeverAboveTheOptimum()
    {
        var random = new RandomStream(97);
        for (var i = 0; i < 60; i++)
        {
            var p = RandomTables.Vector(random, 4 + random.NextInt(4));
            var budget = Bits.FromBits(random.NextDouble() * Entropy(p));
            var (greedy, best) = (EntropyBoundedBottleneck.Solve(p, budget, exhaustive: false), EntropyBoundedBottleneck.Solve(p, budget, exhaustive: true));
            Assert.True(best.Exhaustive && !greedy.Exhaustive);
            AssertEncoder(p, greedy);
            Assert.InRange(greedy.IxtBits, budget.Value - greedy.GuaranteeBits - 1e-9, best.IxtBits + 1e-9);
        }
        Assert.Throws<InputException>(() => EntropyBoundedBottleneck.Solve(RandomTables.Vector(random, 11), Bits.FromBits(1), exhaustive: true));
    }

    [Fact]
    public void Ebim_BeatsRandomEncodersOfTheSameEntropy()
    {
        var random = new RandomStream(95);
        double[] p = [0.45, 0.3, 0.15, 0.1];
        var results = Enumerable.Range(1, 16).Select(k => EntropyBoundedBottleneck.Solve(p, Bits.FromBits(k / 10.0))).ToArray();
        for (var trial = 0; trial < 3000; trial++)
        {
            // Sharp random encoders: mostly deterministic rows.
            var q = new double[4, 4];
            for (var x = 0; x < 4; x++)
            {
                var row = Array.ConvertAll(RandomTables.Vector(random, 4), v => Math.Pow(v, 1 + (6 * random.NextDouble())));
                for (var t = 0; t < 4; t++) q[x, t] = p[x] * row[t] / row.Sum();
            }
            var d = JointDistribution.FromMatrix(q);
            var (entropy, information) = (d.Entropy("Y").Value, d.MutualInformation("X", "Y").Value);
            foreach (var r in results)
                if (entropy <= r.BudgetBits) Assert.True(information <= r.IxtBits + 1e-9, $"H(T) {entropy}, I {information} against {r.IxtBits} at {r.BudgetBits}");
        }
    }

    [Fact]
    public void MecB_KeepsBothMarginalsAndItsBound()
    {
        var random = new RandomStream(96);
        for (var i = 0; i < 200; i++)
        {
            var (p, q) = (RandomTables.Vector(random, 3 + random.NextInt(3)), RandomTables.Vector(random, 3 + random.NextInt(3)));
            var budget = Bits.FromBits(0.1 + (random.NextDouble() * Entropy(p)));
            var result = EntropyBoundedBottleneck.SolveWithCoupling(p, q, budget);
            var y = new double[q.Length];
            for (var x = 0; x < p.Length; x++)
                for (var t = 0; t < result.Decoder.Length; t++)
                    for (var k = 0; k < q.Length; k++) y[k] += p[x] * result.Encoder.Encoder[x][t] * result.Decoder[t][k];
            foreach (var (expected, actual) in q.Zip(y)) Assert.Equal(expected, actual, 1e-9);
            Assert.InRange(result.IxyBits, result.LowerBoundBits - 1e-9, Math.Min(result.Encoder.IxtBits, Entropy(q)) + 1e-9);
        }
    }

    [Fact]
    public void MecB_WithoutABudgetIsTheCoupling()
    {
        double[] p = [0.6, 0.4], q = [0.5, 0.3, 0.2];
        var result = EntropyBoundedBottleneck.SolveWithCoupling(p, q, Bits.FromBits(2));
        Assert.Equal(Entropy(p) + Entropy(q) - 1.685475, result.IxyBits, 1e-6);
    }

    [Fact]
    public void WrongInput_SaysWhy()
    {
        Assert.Equal("marginal 2: probabilities sum to 0.9, expected 1", Assert.Throws<InputException>(() => MinimumEntropyCoupling.Solve([1.0], [0.5, 0.4])).Message);
        Assert.Equal("the entropy budget is -1 bits, expected at least 0", Assert.Throws<InputException>(() => EntropyBoundedBottleneck.Solve([1.0], Bits.FromBits(-1))).Message);
    }

    private static double Entropy(double[] p) => Divergence.RenyiEntropy(p, 1) / Math.Log(2);

    private static void AssertMarginals(CouplingResult result, double[] p, double[] q)
    {
        for (var x = 0; x < p.Length; x++) Assert.Equal(p[x], result.Joint![x].Sum(), 1e-12);
        for (var y = 0; y < q.Length; y++) Assert.Equal(q[y], result.Joint!.Sum(r => r[y]), 1e-12);
        Assert.Equal(result.EntropyBits, Entropy([.. result.Joint!.SelectMany(r => r)]), 1e-9);
    }

    private static void AssertEncoder(double[] p, EntropyBoundedResult result)
    {
        var joint = new double[p.Length, result.Encoder[0].Length];
        for (var x = 0; x < p.Length; x++)
            for (var t = 0; t < result.Encoder[x].Length; t++) joint[x, t] = p[x] * result.Encoder[x][t];
        var d = JointDistribution.FromMatrix(joint);
        Assert.Equal(d.Entropy("Y").Value, result.HtBits, 1e-9);
        Assert.Equal(d.MutualInformation("X", "Y").Value, result.IxtBits, 1e-9);
    }

    private static double RandomVertex(RandomStream random, double[] p, double[] q)
    {
        var (rows, columns) = (random.Permutation(p.Length), random.Permutation(q.Length));
        var (a, b) = (rows.Select(x => p[x]).ToArray(), columns.Select(y => q[y]).ToArray());
        var masses = new List<double>();
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            var m = Math.Min(a[i], b[j]);
            masses.Add(m);
            a[i] -= m;
            b[j] -= m;
            if (a[i] <= 1e-15) i++;
            else j++;
        }
        var sum = masses.Sum();
        return Entropy([.. masses.Select(m => m / sum)]);
    }
}
