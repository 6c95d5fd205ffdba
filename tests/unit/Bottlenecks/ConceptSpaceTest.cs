using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class ConceptSpaceTest
{
    internal static readonly ConceptSpace Mixed = new(
    [
        new ConceptAxis("fever", ConceptType.Binary, ["no", "yes"]),
        new ConceptAxis("shape", ConceptType.Categorical, ["round", "oval", "flat"]) { Cost = 2 },
        new ConceptAxis("grade", ConceptType.Ordinal, ["0", "1", "2", "3"]),
        new ConceptAxis("age", ConceptType.Continuous, []) { Mean = 50, Scale = 10 },
    ]);

    [Fact]
    public void Columns_AreNamedAndCounted()
    {
        Assert.Equal((4, 8), (Mixed.Count, Mixed.Width));
        Assert.Equal(["fever", "shape=round", "shape=oval", "shape=flat", "grade>=1", "grade>=2", "grade>=3", "age"], Mixed.ColumnNames);
        Assert.Equal([0, 1, 4, 7], Enumerable.Range(0, 4).Select(Mixed.Offset));
    }

    [Fact]
    public void Encode_AndDecide_AreInverse_AndUnknownStaysUnknown()
    {
        var values = Tensor.From([1, 2, 3, -0.5f, 0, 1, 0, 2, float.NaN, 0, 1, float.NaN], 3, 4);
        var encoded = Mixed.Encode(values);
        Assert.Equal([1, 0, 0, 1, 1, 1, 1, -0.5f], encoded.ToArray()[..8]);
        Assert.Equal(values.ToArray()[..8], Mixed.Decide(encoded).ToArray()[..8]);
        Assert.True(float.IsNaN(encoded.ToArray()[16]) && float.IsNaN(encoded.ToArray()[23]));
        var known = Mixed.Known(values);
        Assert.Equal([0, 1, 1, 0], known.Known.ToArray()[8..]);
        Assert.All(known.Values.ToArray(), v => Assert.False(float.IsNaN(v)));
    }

    [Fact]
    public void Activate_GivesProbabilities_AndStateProbabilitiesSumToOne()
    {
        var random = new RandomStream(4);
        var beliefs = Mixed.Activate(Tensor.Randn(random, 50, 8) * 3f);
        for (var i = 0; i < 50; i++)
            for (var j = 0; j < 3; j++)
            {
                var p = Mixed.StateProbabilities(j, beliefs.Data.Slice((i * 8) + Mixed.Offset(j), Mixed.Axes[j].Width));
                Assert.Equal(1, p.Sum(), 5);
                Assert.All(p, q => Assert.InRange(q, 0, 1));
            }
    }

    // The loss of each kind, written out for single entries in double precision.
    [Fact]
    public void Loss_IsTheMeanOverConceptsOfTheirMeansOverKnownRows()
    {
        var random = new RandomStream(5);
        var scores = Tensor.Randn(random, 3, 8);
        var values = Tensor.From([1, 2, 3, -0.5f, 0, 1, 0, 2, float.NaN, 0, 1, float.NaN], 3, 4);
        var s = scores.ToArray().Select(v => (double)v).ToArray();
        double Bce(double logit, double t) => Math.Log(1 + Math.Exp(logit)) - (logit * t);
        var fever = (Bce(s[0], 1) + Bce(s[8], 0)) / 2;
        double Ce(int row, int label) => Math.Log(Enumerable.Range(1, 3).Sum(c => Math.Exp(s[(8 * row) + c]))) - s[(8 * row) + 1 + label];
        var shape = (Ce(0, 2) + Ce(1, 1) + Ce(2, 0)) / 3;
        double Thresholds(int row, int level) => Enumerable.Range(0, 3).Average(i => Bce(s[(8 * row) + 4 + i], level > i ? 1 : 0));
        var grade = (Thresholds(0, 3) + Thresholds(1, 0) + Thresholds(2, 1)) / 3;
        var age = (Math.Pow(s[7] + 0.5, 2) + Math.Pow(s[15] - 2, 2)) / 4;
        Assert.Equal((fever + shape + grade + age) / 4, Mixed.Loss(scores, values).Item(), 5);
        // Weights of states: twice the weight of fever's second row is that row twice.
        var weighted = Mixed.Loss(scores, values, [[2, 1], [1, 1, 1], [1, 1, 1, 1], []]).Item();
        Assert.Equal((((Bce(s[0], 1) + (2 * Bce(s[8], 0))) / 3) + shape + grade + age) / 4, weighted, 5);
    }

    [Fact]
    public void Loss_HasTheGradientOfItsDifferences()
    {
        var random = new RandomStream(6);
        var values = Tensor.From([1, 2, 3, -0.5f, 0, 1, 0, 2, float.NaN, 0, 1, float.NaN], 3, 4);
        var scores = Tensor.Randn(random, 3, 8);
        scores.RequiresGrad = true;
        Mixed.Loss(scores, values).Backward();
        var at = scores.ToArray();
        for (var c = 0; c < at.Length; c++)
        {
            const float step = 1e-2f;
            float Loss(float by)
            {
                var moved = (float[])at.Clone();
                moved[c] += by;
                return Mixed.Loss(Tensor.From(moved, 3, 8), values).Item();
            }
            Assert.Equal((Loss(step) - Loss(-step)) / (2 * step), scores.Grad!.Data[c], 3);
        }
    }

    [Theory]
    [InlineData("fever", "yes", 1)]
    [InlineData("fever", "0", 0)]
    [InlineData("shape", "OVAL", 1)]
    [InlineData("grade", "2", 2)]
    [InlineData("age", "65", 1.5)]
    public void Values_AreReadAsPeopleWriteThem(string concept, string text, double value)
    {
        var j = Mixed.Find(concept);
        Assert.Equal(value, Mixed.Parse(j, text), 12);
        Assert.Equal(value, Mixed.Parse(j, Mixed.Text(j, value)), 12);
    }

    [Fact]
    public void WhatIsNotThere_IsRefusedWithTheNearest()
    {
        Assert.Contains("fever", Assert.Throws<InputException>(() => Mixed.Find("fevr")).Hint, StringComparison.Ordinal);
        Assert.Contains("oval", Assert.Throws<InputException>(() => Mixed.Parse(1, "ovall")).Hint, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => Mixed.Parse(3, "old"));
        Assert.Throws<ArgumentException>(() => Mixed.Encode(1, 3));
        Assert.Contains("'a'", Assert.Throws<InputException>(() => new ConceptSpace([new ConceptAxis("a", ConceptType.Categorical, ["x"])])).Message, StringComparison.Ordinal);
        Assert.Contains("twice", Assert.Throws<InputException>(() => new ConceptSpace([Mixed.Axes[0], Mixed.Axes[0]])).Message, StringComparison.Ordinal);
    }
}
