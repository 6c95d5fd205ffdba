using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Circuits against enumeration, closed forms and each other.</summary>
public class CircuitTest
{
    private static readonly int[] Alphabets = [2, 3, 2, 4, 2];

    public static TheoryData<string> Structures => ["independent", "mixture", "hmm", "tree", "distilled", "chow-liu"];

    private static Circuit Make(string structure, ulong seed)
    {
        var rows = Samples(seed, 60);
        return structure switch
        {
            "independent" => CircuitStructures.Independent(Alphabets, seed),
            "mixture" => CircuitStructures.Mixture(Alphabets, 4, seed),
            "hmm" => CircuitStructures.HiddenMarkov(Alphabets, 3, seed),
            "tree" => CircuitStructures.HiddenTree(ChowLiuTree.Learn(rows, Alphabets), Alphabets, 3, seed),
            "distilled" => Distilled(rows),
            _ => CircuitStructures.ChowLiu(rows, Alphabets),
        };
    }

    private static Circuit Distilled(int[][] rows)
    {
        var tree = ChowLiuTree.Learn(rows, Alphabets);
        var circuit = LatentDistillation.HiddenTree(tree, rows, Alphabets, 3, LatentDistillation.SubtreeLabels(tree, rows, Alphabets, 3));
        CircuitLearning.Fit(circuit, rows, new CircuitOptions { Iterations = 5 });
        return circuit;
    }

    // Rows with dependence: later variables copy earlier ones with noise.
    private static int[][] Samples(ulong seed, int n)
    {
        var random = new RandomStream(seed).Fork("rows");
        return [.. Enumerable.Range(0, n).Select(_ =>
        {
            var hidden = random.NextInt(4);
            return Alphabets.Select(a => random.NextInt(4) == 0 ? random.NextInt(a) : hidden % a).ToArray();
        })];
    }

    private static int[][] Everything()
    {
        var all = new List<int[]> { Array.Empty<int>() };
        foreach (var a in Alphabets) all = [.. all.SelectMany(r => Enumerable.Range(0, a).Select(s => r.Append(s).ToArray()))];
        return [.. all];
    }

    [Theory]
    [MemberData(nameof(Structures))]
    public void AllRows_SumToOneAndMarginalsAreSums(string structure)
    {
        var circuit = Make(structure, 3);
        var rows = Everything();
        var p = circuit.LogLikelihoods(rows).Select(Math.Exp).ToArray();
        Assert.Equal(1, p.Sum(), 1e-12);
        var random = new RandomStream(4);
        for (var i = 0; i < 50; i++)
        {
            var query = Alphabets.Select(a => random.NextInt(a + 1) - 1).ToArray();
            var expected = rows.Zip(p).Where(t => t.First.Zip(query).All(c => c.Second < 0 || c.First == c.Second)).Sum(t => t.Second);
            Assert.Equal(expected, Math.Exp(circuit.LogLikelihoods([query])[0]), 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(Structures))]
    public void Walk_GivesTheExactConditionals(string structure)
    {
        var circuit = Make(structure, 5);
        var walk = new CircuitWalk(circuit);
        Assert.Equal(Enumerable.Range(0, Alphabets.Length), walk.Order.Order());
        foreach (var row in Samples(6, 40))
        {
            var known = Alphabets.Select(_ => -1).ToArray();
            var nats = 0.0;
            walk.Run((variable, p) =>
            {
                Assert.Equal(1, Sum(p), 1e-12);
                var before = circuit.LogLikelihoods([known])[0];
                for (var s = 0; s < p.Length; s++)
                {
                    known[variable] = s;
                    Assert.Equal(Math.Exp(circuit.LogLikelihoods([known])[0] - before), p[s], 1e-10);
                }
                nats += Math.Log(p[row[variable]]);
                return known[variable] = row[variable];
            });
            Assert.Equal(circuit.LogLikelihoods([row])[0], nats, 1e-10);
        }
        Assert.True(walk.Visits <= 2 * circuit.Units);
    }

    [Theory]
    [InlineData("mixture")]
    [InlineData("hmm")]
    [InlineData("tree")]
    public void ExpectationMaximisation_NeverLosesLikelihoodWithoutSmoothing(string structure)
    {
        var circuit = Make(structure, 7);
        var rows = Samples(8, 300);
        foreach (var row in rows.Take(40)) row[2] = -1; // some are missing
        var history = CircuitLearning.Fit(circuit, rows, new CircuitOptions { Iterations = 40, Pseudocount = 0, Tolerance = 0 });
        for (var i = 1; i < history.Count; i++) Assert.True(history[i].Value <= history[i - 1].Value + 1e-9, $"pass {i}: {history[i - 1]} to {history[i]}");
        Assert.True(history[^1].Value < history[0].Value - 0.3);
        Assert.Equal(1, circuit.LogLikelihoods(Everything()).Sum(Math.Exp), 1e-12);
    }

    [Fact]
    public void ExpectationMaximisation_MatchesTheNaiveUpdateOfAMixture()
    {
        const int components = 3;
        var circuit = CircuitStructures.Mixture(Alphabets, components, 9);
        var rows = Samples(10, 37);
        var sum = circuit.Regions.Single(r => r.Kind == Circuit.Kind.Sum);
        var inputs = circuit.Regions.Where(r => r.Kind == Circuit.Kind.Input).OrderBy(r => r.Variable).ToArray();
        var weights = new double[components];
        var tables = inputs.Select(r => new double[r.Parameters.Length]).ToArray();
        foreach (var row in rows)
        {
            var joint = Enumerable.Range(0, components).Select(c => sum.Parameters[c] * inputs.Aggregate(1.0, (p, r) => p * r.Parameters[(c * r.Width) + row[r.Variable]])).ToArray();
            for (var c = 0; c < components; c++)
            {
                weights[c] += joint[c] / joint.Sum();
                for (var v = 0; v < inputs.Length; v++) tables[v][(c * inputs[v].Width) + row[v]] += joint[c] / joint.Sum();
            }
        }
        CircuitLearning.Fit(circuit, rows, new CircuitOptions { Iterations = 1, Pseudocount = 0 });
        for (var c = 0; c < components; c++)
        {
            Assert.Equal(weights[c] / rows.Length, sum.Parameters[c], 1e-12);
            for (var v = 0; v < inputs.Length; v++)
                for (var s = 0; s < inputs[v].Width; s++)
                    Assert.Equal(tables[v][(c * inputs[v].Width) + s] / weights[c], inputs[v].Parameters[(c * inputs[v].Width) + s], 1e-12);
        }
    }

    [Fact]
    public void ChowLiu_RecoversAMarkovChainAndItsLikelihood()
    {
        var random = new RandomStream(11);
        var rows = Enumerable.Range(0, 2000).Select(_ =>
        {
            var row = new int[6];
            row[0] = random.NextInt(2);
            for (var v = 1; v < 6; v++) row[v] = random.NextInt(10) == 0 ? 1 - row[v - 1] : row[v - 1];
            return row;
        }).ToArray();
        int[] alphabets = [2, 2, 2, 2, 2, 2];
        var tree = ChowLiuTree.Learn(rows, alphabets);
        for (var v = 0; v < 6; v++) Assert.True(tree.Parents[v] < 0 || Math.Abs(tree.Parents[v] - v) == 1);
        Assert.Equal(5 * 0.531, tree.InformationBits, 0.15);
        // The likelihood of the fitted tree is Σ H(X_i) − Σ I over its edges, exactly, under the empirical distribution.
        var entropy = Enumerable.Range(0, 6).Sum(v => CountEntropy.Estimate([rows.Count(r => r[v] == 0), rows.Count(r => r[v] == 1)], EntropyCorrection.MaximumLikelihood).Value);
        Assert.Equal(entropy - tree.InformationBits, CircuitStructures.ChowLiu(rows, alphabets, pseudocount: 0).NegativeLogLikelihood(rows).Value, 1e-9);
    }

    [Fact]
    public void PairwiseInformation_MatchesTheTable()
    {
        var rows = Samples(12, 200);
        var pairs = ChowLiuTree.Pairwise(rows, Alphabets);
        var d = JointDistribution.FromSamples(["A", "B", "C", "D", "E"], [.. Enumerable.Range(0, 5).Select(v => rows.Select(r => r[v]).ToArray())]);
        for (var a = 0; a < 5; a++)
            for (var b = 0; b < a; b++) Assert.Equal(d.MutualInformation(d.Variables[a].Name, d.Variables[b].Name).Nats, pairs[a, b], 1e-10);
    }

    [Fact]
    public void Distillation_StartsBetterThanChanceAndEndsNoWorse()
    {
        var (train, test) = (Samples(13, 800), Samples(14, 800));
        var tree = ChowLiuTree.Learn(train, Alphabets);
        var distilled = LatentDistillation.HiddenTree(tree, train, Alphabets, 4, LatentDistillation.SubtreeLabels(tree, train, Alphabets, 4));
        var random = CircuitStructures.HiddenTree(tree, Alphabets, 4);
        Assert.True(distilled.NegativeLogLikelihood(test) < random.NegativeLogLikelihood(test));
        CircuitLearning.Fit(distilled, train);
        CircuitLearning.Fit(random, train);
        Assert.True(distilled.NegativeLogLikelihood(test).Value < random.NegativeLogLikelihood(test).Value + 0.02);
        Assert.True(distilled.NegativeLogLikelihood(test).Value < CircuitStructures.ChowLiu(train, Alphabets).NegativeLogLikelihood(test).Value);
    }

    [Fact]
    public void MixtureDistillation_CountsItsClusters()
    {
        var rows = Samples(15, 200);
        var labels = LatentDistillation.KMeans([.. rows.Select(r => r.Select(s => (double)s).ToArray())], 3);
        var circuit = LatentDistillation.Mixture(rows, Alphabets, 3, labels, pseudocount: 0);
        var sum = circuit.Regions.Single(r => r.Kind == Circuit.Kind.Sum);
        for (var c = 0; c < 3; c++) Assert.Equal(labels.Count(l => l == c) / 200.0, sum.Parameters[c], 1e-12);
        Assert.True(circuit.NegativeLogLikelihood(rows).Value < CircuitStructures.Independent(Alphabets).NegativeLogLikelihood(rows).Value);
    }

    [Fact]
    public void KMeans_SeparatesDistantGroups()
    {
        var random = new RandomStream(16);
        var points = Enumerable.Range(0, 90).Select(i => new[] { (i % 3 * 10) + random.NextGaussian(), (i % 3 * -7) + random.NextGaussian() }).ToArray();
        var labels = LatentDistillation.KMeans(points, 3);
        for (var i = 3; i < 90; i++) Assert.Equal(labels[i % 3], labels[i]);
        Assert.Equal(3, labels.Distinct().Count());
    }

    [Fact]
    public void ManyVariables_NeitherUnderflowNorOverflowTheStack()
    {
        var alphabets = Enumerable.Repeat(2, 5000).ToArray();
        var circuit = CircuitStructures.HiddenMarkov(alphabets, 2, 1);
        var row = new int[5000];
        var nats = 0.0;
        new CircuitWalk(circuit).Run((_, p) =>
        {
            nats += Math.Log(p[0]);
            return 0;
        });
        var exact = circuit.LogLikelihoods([row])[0];
        Assert.True(double.IsFinite(exact) && exact < -800);
        Assert.Equal(exact, nats, 1e-6);
        Assert.InRange(CircuitStructures.Independent(alphabets).LogLikelihoods([row])[0], -20_000, -1000);
    }

    [Fact]
    public void ImpossibleRow_HasProbabilityZeroAndLearningSurvivesIt()
    {
        var b = new CircuitBuilder([2]);
        b.Sum(b.Input(0, 1, [1, 0]), 1);
        var circuit = b.Build();
        Assert.True(double.IsNegativeInfinity(circuit.LogLikelihoods([[1]])[0]));
        CircuitLearning.Fit(circuit, [[1], [0]], new CircuitOptions { Iterations = 2 });
        Assert.True(double.IsFinite(circuit.LogLikelihoods([[1]])[0]));
    }

    [Fact]
    public void Builder_RefusesWhatIsNotDecomposableOrNotATree()
    {
        var b = new CircuitBuilder([2, 2]);
        var (first, again, second) = (b.Input(0, 2), b.Input(0, 2), b.Input(1, 3));
        Assert.Contains("disjoint variables required", Assert.Throws<ArgumentException>(() => b.Product(first, again)).Message);
        Assert.Contains("equal numbers required", Assert.Throws<ArgumentException>(() => new CircuitBuilder([2, 2]) is var c ? c.Product(c.Input(0, 2), c.Input(1, 3)) : 0).Message);
        Assert.Contains("one unit", Assert.Throws<InvalidOperationException>(b.Build).Message);
        b.Sum(second, 1);
        Assert.Contains("used already", Assert.Throws<ArgumentException>(() => b.Sum(second, 1)).Message);
        Assert.Contains("covers 1 of 2 variables", Assert.Throws<InvalidOperationException>(b.Build).Message);
    }

    [Fact]
    public void WrongRows_SayWhy()
    {
        var circuit = CircuitStructures.Independent(Alphabets);
        Assert.Equal("row 1 has 2 symbols, expected 5", Assert.Throws<InputException>(() => circuit.LogLikelihoods([[0, 0]])).Message);
        Assert.Equal("row 1, variable 2: symbol 3, expected -1 to 2", Assert.Throws<InputException>(() => circuit.LogLikelihoods([[0, 3, 0, 0, 0]])).Message);
        Assert.Equal("no rows to learn from, expected at least one", Assert.Throws<InputException>(() => CircuitLearning.Fit(circuit, [])).Message);
    }

    private static double Sum(ReadOnlySpan<double> p)
    {
        var sum = 0.0;
        foreach (var v in p) sum += v;
        return sum;
    }
}
