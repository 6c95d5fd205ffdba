using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class InterventionAdviceTest
{
    [Theory]
    [InlineData("ucp")]
    [InlineData("cctp")]
    [InlineData("ectp")]
    [InlineData("eudtp")]
    [InlineData("coop")]
    [InlineData("random")]
    public void TheSuggestionIsWhatTheCurveAsksNext(string name)
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Mixed(), 12, 3, 41);
        var units = InterventionUnits.Singles(model.Space);
        var policy = InterventionPolicy.Create(name);
        var trace = InterventionTrace.Run(on, units, policy, InterventionValue.Truth);
        var (values, known) = (model.Space.Encode(on.Truth), Tensor.Zeros(12, 4));
        for (var step = 0; step < 4; step++)
        {
            for (var row = 0; row < 12; row++)
            {
                var next = InterventionAdvisor.Next(model, row, units, policy, new ConceptValues(values, known));
                Assert.Equal(4 - step, next.Count);
                Assert.Equal(trace.Order[step][row], next[0].Unit);
            }
            for (var row = 0; row < 12; row++) known.Data[(row * 4) + trace.Order[step][row]] = 1;
        }
    }

    [Fact]
    public void AnOracleCannotAdvise()
    {
        var (model, _) = LinearConcepts.Random(LinearConcepts.Binary(2), 2, 2, 42);
        var e = Assert.Throws<InputException>(() => InterventionAdvisor.Next(model, 0, InterventionUnits.Singles(model.Space), new GreedyOptimalPolicy()));
        Assert.Contains("true values", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void TheSmallestFlipIsThatOfAllSets(int copies)
    {
        for (ulong seed = 50; seed < 62; seed++)
        {
            var (one, _) = LinearConcepts.Random(Discrete(), 1, 3, seed, scale: 1);
            var before = Best(one.Naive(0));
            var smallest = All(one).Where(s => Best(one.Naive(0, [.. s.Select(e => (e.Concept, one.Space.Encode(e.Concept, e.State)))])) != before).Select(s => s.Length).DefaultIfEmpty(-1).Min();
            var flip = SmallestFlip.Find(one.Repeated(copies));
            Assert.True(flip.Exact);
            Assert.Equal((smallest >= 0, before), (flip.Found, flip.Before));
            if (smallest < 0) continue;
            Assert.Equal(smallest, flip.Edits.Count);
            Assert.Equal(flip.After, Best(one.Naive(0, [.. flip.Edits.Select(e => (e.Concept, one.Space.Encode(e.Concept, e.State)))])));
            Assert.NotEqual(before, flip.After);
        }
    }

    [Fact]
    public void WithoutRoomForAllSetsItIsGreedyAndSaysSo()
    {
        // Twenty concepts that each push a little: only many together turn the decision.
        var model = new LinearConcepts(LinearConcepts.Binary(20), Tensor.Full([1, 20], 0.5f), Tensor.Cat([Tensor.Zeros(1, 20), Tensor.Ones(1, 20)]), Tensor.From([12.6f, 0]));
        var flip = SmallestFlip.Find(model.Repeated(16), limit: 2000);
        Assert.True(flip.Found && !flip.Exact);
        Assert.Equal(6, flip.Edits.Count); // 10 + 6/2 > 12.6
        Assert.All(flip.Edits, e => Assert.Equal(1, e.State));
        Assert.True(flip.Tried <= 2000 + (6 * 40) + 20);
    }

    [Fact]
    public void WhatIsPutStaysAndAWantedClassIsReached()
    {
        var model = new LinearConcepts(LinearConcepts.Binary(3), Tensor.From([0.1f, 0.1f, 0.1f], 1, 3), Tensor.From([0, 0, 0, 5, 1, 1, 1, 1, 6], 3, 3), Tensor.From([2, 0, 0]));
        Assert.Equal([new ConceptEdit(0, 1)], SmallestFlip.Find(model, to: 1).Edits);
        Assert.Equal([new ConceptEdit(2, 1)], SmallestFlip.Find(model, to: 2).Edits);
        Assert.Empty(SmallestFlip.Find(model, to: 0).Edits);
        var put = new ConceptValues(Tensor.Zeros(1, 3), Tensor.From([1, 0, 1], 1, 3)); // both that matter are put at 0
        var none = SmallestFlip.Find(model, put);
        Assert.True(!none.Found && none.Exact && none.Edits.Count == 0);
        Assert.Equal([new ConceptEdit(2, 1)], SmallestFlip.Find(model, editable: [1, 2]).Edits);
    }

    private static int Best(double[] p) => Array.IndexOf(p, p.Max());

    private static ConceptSpace Discrete() => new([.. LinearConcepts.Mixed().Axes.Take(3), new ConceptAxis("d", ConceptType.Binary, ["no", "yes"])]);

    private static IEnumerable<ConceptEdit[]> All(LinearConcepts model, int from = 0)
    {
        if (from == model.Space.Count) return [[]];
        var rest = All(model, from + 1).ToArray();
        return rest.Concat(Enumerable.Range(0, model.Space.Axes[from].States).SelectMany(s => rest.Select(r => (ConceptEdit[])[new ConceptEdit(from, s), .. r])));
    }
}
