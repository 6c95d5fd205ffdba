using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Tests.Information;

/// <summary>Known answers 16, 49 and 50 of the reference list, identities on random tables, and what wrong tables say.</summary>
public class JointDistributionTest
{
    private static JointDistribution Outcomes(string outcomes, params double[] p)
    {
        var words = outcomes.Split(' ');
        return JointDistribution.FromOutcomes([.. words[0].Select((_, i) => ((char)('X' + i)).ToString())],
            words.Select((w, i) => ((IReadOnlyList<string>)[.. w.Select(c => c.ToString())], p.Length == 0 ? 1.0 / words.Length : p[i])));
    }

    [Fact]
    public void Xor_HasTotalOneDualTwoAndCoInformationMinusOne()
    {
        var xor = Outcomes("000 011 101 110");
        Assert.Equal(1, xor.TotalCorrelation().Value, 1e-9);
        Assert.Equal(2, xor.DualTotalCorrelation().Value, 1e-9);
        Assert.Equal(-1, xor.CoInformation().Value, 1e-9);
        Assert.Equal(-1, xor.OInformation().Value, 1e-9);
        Assert.Equal(0.5, xor.CaeklInformation().Value, 1e-9);
        Assert.Equal(0, xor.MutualInformation("X", "Y").Value, 1e-12);
        Assert.Equal(1, xor.MutualInformation("X", "Y", "Z").Value, 1e-9);
        Assert.Equal(1, xor.MutualInformation("X,Y", "Z").Value, 1e-9);
        Assert.Equal(1.245112497836531, xor.Extropy().Value, 1e-9);
    }

    [Fact]
    public void FourBitParity_HasCoInformationOne()
    {
        var outcomes = Enumerable.Range(0, 8).Select(i => $"{i & 1}{i >> 1 & 1}{i >> 2 & 1}{(i ^ i >> 1 ^ i >> 2) & 1}");
        Assert.Equal(1, JointDistribution.FromOutcomes(["A", "B", "C", "D"], outcomes.Select(o => ((IReadOnlyList<string>)[.. o.Select(c => c.ToString())], 0.125))).CoInformation().Value, 1e-9);
    }

    [Fact]
    public void GacsKorner_IsTheEntropyOfTheBlocks() =>
        Assert.Equal(1.5, Outcomes("00 01 10 11 22 33", 0.125, 0.125, 0.125, 0.125, 0.25, 0.25).GacsKornerInformation().Value, 1e-9);

    [Theory]
    [InlineData(2, 0.2, 0.368064)]
    [InlineData(10, 0.1, 1.802297)]
    public void RerollChannel_HasItsClosedForm(int m, double p, double nats)
    {
        var joint = new double[m, m];
        for (var x = 0; x < m; x++)
            for (var y = 0; y < m; y++) joint[x, y] = (x == y ? 1 - p + (p / m) : p / m) / m;
        var information = JointDistribution.FromMatrix(joint).MutualInformation("X", "Y").Nats;
        var right = 1 - p + (p / m);
        Assert.Equal(Math.Log(m) + (right * Math.Log(right)) + ((m - 1) * (p / m) * Math.Log(p / m)), information, 1e-12);
        Assert.Equal(nats, information, 1e-6);
    }

    [Fact]
    public void Identities_HoldOnRandomTables()
    {
        var random = new RandomStream(11);
        for (var i = 0; i < 250; i++)
        {
            var d = RandomTables.Table(random, 2 + random.NextInt(2), 2 + random.NextInt(3), 2 + random.NextInt(2));
            var (a, b, c) = (d.Entropy("A").Value, d.Entropy("B").Value, d.Entropy("C").Value);
            Assert.Equal(d.Entropy().Value, a + d.Entropy("B", "A").Value + d.Entropy("C", "A,B").Value, 1e-10);
            Assert.Equal(d.MutualInformation("A", "B").Value, d.MutualInformation("B", "A").Value, 1e-10);
            Assert.Equal(d.MutualInformation("A", "B,C").Value, d.MutualInformation("A", "C").Value + d.MutualInformation("A", "B", "C").Value, 1e-10);
            Assert.Equal(d.TotalCorrelation().Value, a + b + c - d.Entropy().Value, 1e-10);
            Assert.Equal(d.CoInformation().Value, d.MutualInformation("A", "B").Value - d.MutualInformation("A", "B", "C").Value, 1e-10);
            Assert.InRange(d.MutualInformation("A", "B").Value, 0, Math.Min(a, b) + 1e-12);
            Assert.Equal(d.MutualInformation("A", "B").Value, d.CaeklInformation(["A", "B"]).Value, 1e-10);
            Assert.True(d.GacsKornerInformation().Value <= d.CaeklInformation().Value + 1e-9);
            Assert.True(d.CaeklInformation().Value <= d.DualTotalCorrelation().Value + 1e-9);
            Assert.Equal(d.TotalCorrelation(["A", "B"], "C").Value, d.MutualInformation("A", "B", "C").Value, 1e-10);
        }
    }

    [Fact]
    public void MarginalOfAMarginal_IsTheMarginal()
    {
        var random = new RandomStream(12);
        for (var i = 0; i < 50; i++)
        {
            var d = RandomTables.Table(random, 3, 2, 3, 2);
            var direct = d.Marginal("D,A");
            var stepwise = d.Marginal("A,B,D").Marginal("D,A");
            Assert.Equal(direct.Entropy().Value, stepwise.Entropy().Value, 1e-12);
            Assert.Equal(direct.Count, stepwise.Count);
            Assert.Equal(1, Enumerable.Range(0, direct.Count).Sum(direct.Probability), 1e-12);
            Assert.Equal(d.Entropy("A,D").Value, direct.Entropy().Value, 1e-12);
        }
    }


    [Fact]
    public void TwelveBitPatternsWithALabelOfGivenFrequency_HaveTheLabelsEntropy()
    {
        // Problem 49 without its file: 4,096 equally likely patterns, 2,118 of them labelled 1 (0.517090).
        var pattern = Enumerable.Range(0, 4096).ToArray();
        var label = pattern.Select(i => i * 2654435761L % 4096 < 2118 ? 1 : 0).ToArray();
        var d = JointDistribution.FromSamples(["X", "Y"], pattern, label);
        Assert.Equal(2118, label.Sum());
        Assert.Equal(0.999157, d.MutualInformation("X", "Y").Value, 1e-6);
        Assert.Equal(12, d.Entropy("X").Value, 1e-9);
    }

    [Fact]
    public void WideTable_ReadsWithAndWithoutNames()
    {
        var plain = Read("0.25,0.25\n0.5,0\n");
        var named = Read("x\\y,no,yes\nlow,0.25,0.25\nhigh,0.5,0\n");
        var header = Read("no,yes\n0.25,0.25\n0.5,0\n");
        Assert.Equal(["low", "high"], named.Variables[0].Alphabet);
        Assert.Equal(["no", "yes"], header.Variables[1].Alphabet);
        foreach (var d in new[] { plain, named, header })
        {
            Assert.Equal(1.5, d.Entropy().Value, 1e-12);
            Assert.Equal(new double[,] { { 0.25, 0.25 }, { 0.5, 0 } }, d.Matrix("X", "Y"));
        }
    }

    [Fact]
    public void LongTable_ReadsProbabilitiesAndCounts()
    {
        var p = Read("weather,\"mood\",p\nsun,good,0.5\nrain,bad,0.25\nrain,good,0.25\n");
        var n = Read("weather,mood,count\nsun,good,2\nrain,bad,1\nrain,good,1\n");
        Assert.Equal(["weather", "mood"], p.Variables.Select(v => v.Name));
        Assert.Equal(1.5, p.Entropy().Value, 1e-12);
        Assert.Equal(p.MutualInformation("weather", "mood").Value, n.MutualInformation("weather", "mood").Value, 1e-12);
    }

    [Theory]
    [InlineData("0.5,0.6\n", "t.csv: probabilities sum to 1.1, expected 1")]
    [InlineData("0.5,-0.1\n0.3,0.3\n", "t.csv: entry 2 is -0.1, expected a finite number of at least 0")]
    [InlineData("0.5,nan\n0.3,0.2\n", "t.csv: line 1, column 2: 'nan' is not a finite number")]
    [InlineData("0.5,0.1\n0.4\n", "t.csv: line 2 has 1 cells, expected 2 as in the first line")]
    [InlineData("0.5,0.1\n0.2,x\n", "t.csv: line 2, column 2: 'x' is not a finite number")]
    [InlineData("", "t.csv: the table is empty")]
    [InlineData("a,b,p\n", "t.csv: a header and no rows")]
    [InlineData("a,a,p\n0,0,1\n", "t.csv: line 1: the name of column 2 is empty, repeated or holds a comma")]
    [InlineData("a,\"b,p\n", "t.csv: line 1: a quoted cell is not closed")]
    [InlineData("0,0\n0,0\n", "t.csv: entries sum to 0, expected a positive finite total")]
    public void WrongTable_SaysWhatAndWhere(string text, string message) =>
        Assert.Equal(message, Assert.Throws<InputException>(() => Read(text)).Message);

    [Fact]
    public void MissingFileAndUnknownVariable_AreOneLine()
    {
        Assert.Equal("cannot read 'no/such.csv': no such file", Assert.Throws<InputException>(() => ProbabilityTable.ReadJoint("no/such.csv")).Message);
        var error = Assert.Throws<InputException>(() => Read("1,0\n").Entropy("Q"));
        Assert.Equal("no variable 'Q'", error.Message);
        Assert.Equal("the variables are X, Y", error.Hint);
    }

    [Fact]
    public void Channel_RequiresEveryRowToSumToOne()
    {
        Assert.Equal("c: row 2: probabilities sum to 0.9, expected 1", Assert.Throws<InputException>(() => ProbabilityTable.ReadChannel(new StringReader("0.5,0.5\n0.5,0.4\n"), "c")).Message);
        Assert.Equal(0.4, ProbabilityTable.ReadChannel(new StringReader("0.5,0.5\n0.6,0.4\n"), "c").Values[1, 1], 1e-12);
    }

    private static JointDistribution Read(string text) => ProbabilityTable.ReadJoint(new StringReader(text), "t.csv");
}
