using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class InterventionTraceTest
{
    public static TheoryData<string> Policies => [.. InterventionPolicy.Names];

    private static InterventionUnits Singles(InterventionCase on) => InterventionUnits.Singles(on.Model.Space);

    [Theory]
    [MemberData(nameof(Policies))]
    public void ItStartsAtTheModelAloneAndEndsAtTheHeadOnTrueConcepts(string policy)
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Mixed(), 40, 3, 11);
        var trace = InterventionTrace.Run(on, Singles(on), InterventionPolicy.Create(policy), InterventionValue.Truth);
        var alone = model.Answers(null);
        var head = model.Answers(new ConceptValues(model.Space.Encode(on.Truth), Tensor.Ones(40, 4)));
        for (var row = 0; row < 40; row++)
        {
            Assert.Equal(on.Target.Loss(on.Target.Row(alone, row), row), trace.Loss[0][row]); // to the bit
            Assert.Equal(on.Target.Loss(on.Target.Row(head, row), row), trace.Loss[^1][row]);
            Assert.Equal([0, 1, 2, 3], trace.Order.Select(step => step[row]).Order());
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void LargerSetsContainSmallerOnesAndThreadsChangeNothing(string policy)
    {
        var (_, on) = LinearConcepts.Random(LinearConcepts.Binary(6), 50, 3, 12);
        var all = InterventionTrace.Run(on, Singles(on), InterventionPolicy.Create(policy), InterventionValue.Competence(0.8), new() { Seed = 3 });
        var few = InterventionTrace.Run(on, Singles(on), InterventionPolicy.Create(policy), InterventionValue.Competence(0.8), new() { Seed = 3, MaxEdits = 2 });
        Assert.Equal(2, few.Steps);
        for (var step = 0; step < 2; step++) Assert.Equal(all.Order[step], few.Order[step]);
        for (var step = 0; step <= 2; step++) Assert.Equal(all.Loss[step], few.Loss[step]);
        var before = Threads.Count;
        try
        {
            Threads.Count = before == 1 ? 2 : 1;
            var other = InterventionTrace.Run(on, Singles(on), InterventionPolicy.Create(policy), InterventionValue.Competence(0.8), new() { Seed = 3 });
            for (var step = 0; step < all.Steps; step++) Assert.Equal(all.Order[step], other.Order[step]);
            for (var step = 0; step <= all.Steps; step++) Assert.Equal(all.Loss[step], other.Loss[step]);
        }
        finally
        {
            Threads.Count = before;
        }
    }

    [Fact]
    public void RandomOrdersFollowTheSeedAndDifferBetweenRows()
    {
        var (_, on) = LinearConcepts.Random(LinearConcepts.Binary(6), 50, 2, 13);
        var (a, b) = (InterventionTrace.Run(on, Singles(on), new RandomPolicy(), InterventionValue.Truth, new() { Seed = 1 }), InterventionTrace.Run(on, Singles(on), new RandomPolicy(), InterventionValue.Truth, new() { Seed = 2 }));
        Assert.NotEqual(a.Order[0], b.Order[0]);
        Assert.Equal(6, a.Order[0].Distinct().Count());
    }

    [Theory]
    [InlineData("random")]
    [InlineData("ucp")]
    public void OneOrderIsTheSameInAllRows(string policy)
    {
        var (_, on) = LinearConcepts.Random(LinearConcepts.Binary(5), 30, 2, 14);
        var trace = InterventionTrace.Run(on, Singles(on), InterventionPolicy.Create(policy), InterventionValue.Truth, new() { OneOrder = true });
        Assert.All(trace.Order, step => Assert.Single(step.Distinct()));
        Assert.Equal([0, 1, 2, 3, 4], trace.Order.Select(s => s[0]).Order());
    }

    [Fact]
    public void WhatIsNotAnnotatedIsNotAsked()
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Binary(4), 3, 2, 15);
        on.Truth.Data[1] = float.NaN; // row 0, concept 1
        for (var j = 0; j < 4; j++) on.Truth.Data[4 + j] = float.NaN; // row 1: nothing
        var trace = InterventionTrace.Run(on, Singles(on), new GreedyOptimalPolicy(), InterventionValue.Truth);
        Assert.Equal([0, 2, 3], trace.Order.Select(s => s[0]).Where(p => p >= 0).Order());
        Assert.All(trace.Order, step => Assert.Equal(-1, step[1]));
        Assert.Equal(trace.Loss[0][1], trace.Loss[^1][1]);
        Assert.Equal([3.0, 0, 4], trace.Cost[^1]);
        var known = model.Space.Known(on.Truth);
        Assert.Equal(on.Target.Loss(on.Target.Row(model.Answers(known), 0), 0), trace.Loss[^1][0]);
    }

    [Fact]
    public void GroupsAreReplacedWholeAndCostTheirSum()
    {
        var space = new ConceptSpace([.. LinearConcepts.Binary(5).Axes.Select((a, i) => a with { Group = i < 3 ? "panel" : null, Cost = i + 1 })]);
        var (model, on) = LinearConcepts.Random(space, 8, 2, 16);
        var units = InterventionUnits.ByGroup(space);
        Assert.Equal(["panel", "c3", "c4"], units.Select(u => u.Name));
        Assert.Equal([6.0, 4, 5], units.Select(u => u.Cost));
        var trace = InterventionTrace.Run(on, units, new FixedOrderPolicy([0]), InterventionValue.Truth, new() { MaxEdits = 1 });
        for (var row = 0; row < 8; row++)
            Assert.Equal(-Math.Log(model.Naive(row, [.. Enumerable.Range(0, 3).Select(j => (j, (float[])[on.Truth.Data[(row * 5) + j]]))])[on.Target.Label(row)]), trace.Loss[1][row], 1e-4);
    }

    [Fact]
    public void WindowsOfASeriesAreReplacedWhole()
    {
        var space = LinearConcepts.Binary(6); // two concepts in three windows
        var units = InterventionUnits.Windows(space, 3);
        Assert.Equal([[0, 1], [2, 3], [4, 5]], units.Select(u => u.Concepts.ToArray()));
        Assert.Throws<ArgumentOutOfRangeException>(() => InterventionUnits.Windows(space, 4));
    }

    [Fact]
    public void CostsAreSetByNameAndWrongOnesRefused()
    {
        var units = InterventionUnits.Singles(LinearConcepts.Mixed());
        Assert.Equal([1.0, 7.5, 1, 1], units.WithCosts(new Dictionary<string, double> { ["shape"] = 7.5 }).Select(u => u.Cost));
        Assert.Contains("shape", Assert.Throws<InputException>(() => units.WithCosts(new Dictionary<string, double> { ["shap"] = 1 })).Hint ?? "", StringComparison.Ordinal);
        Assert.Contains("at least 0", Assert.Throws<InputException>(() => units.WithCosts(new Dictionary<string, double> { ["b"] = -1 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TrueConceptsOfPrototypesDecideEveryClass()
    {
        // Shin et al. 2023, synthetic: prototypes of classes that differ by one bit inside a group, x = W c + noise, beliefs from x.
        const int Concepts = 12, Classes = 8, Rows = 200;
        var random = new RandomStream(17);
        var prototypes = new float[Classes, Concepts];
        for (var group = 0; group < Classes / 2; group++)
            for (var j = 0; j < Concepts; j++) prototypes[2 * group, j] = prototypes[(2 * group) + 1, j] = j < Classes / 2 ? (j == group ? 1 : 0) : random.NextInt(2);
        for (var group = 0; group < Classes / 2; group++) prototypes[(2 * group) + 1, Concepts - 1] = 1 - prototypes[2 * group, Concepts - 1];
        var (weight, bias) = (Tensor.Zeros(Classes, Concepts), Tensor.Zeros(Classes));
        for (var k = 0; k < Classes; k++)
            for (var j = 0; j < Concepts; j++)
            {
                weight.Data[(k * Concepts) + j] = 10 * ((2 * prototypes[k, j]) - 1);
                bias.Data[k] -= 10 * prototypes[k, j]; // minus ten times the distance to the prototype, up to what all classes share
            }
        var (truth, beliefs, labels) = (Tensor.Zeros(Rows, Concepts), Tensor.Zeros(Rows, Concepts), new long[Rows]);
        for (var i = 0; i < Rows; i++)
        {
            labels[i] = random.NextInt(Classes);
            for (var j = 0; j < Concepts; j++)
            {
                truth.Data[(i * Concepts) + j] = prototypes[labels[i], j];
                beliefs.Data[(i * Concepts) + j] = (float)(1 / (1 + Math.Exp(-((2 * prototypes[labels[i], j]) - 1 + (1.5 * random.NextGaussian())))));
            }
        }
        var model = new LinearConcepts(LinearConcepts.Binary(Concepts), beliefs, weight, bias);
        var on = new InterventionCase(model, truth, InterventionTarget.Classes(LongTensor.Over(labels)));
        var curves = new[] { "random", "ucp", "ectp", "greedy" }.ToDictionary(p => p, p => InterventionCurve.Of([InterventionTrace.Run(on, Singles(on), InterventionPolicy.Create(p), InterventionValue.Truth)]));
        Assert.All(curves.Values, c => Assert.Equal(1, c.Points[^1].Quality));
        Assert.True(curves["random"].Points[0].Quality < 0.9);
        Assert.True(curves["greedy"].Area.Value > curves["ucp"].Area.Value && curves["ucp"].Area.Value > curves["random"].Area.Value);
    }

    [Fact]
    public void TheLadderOfTheDisplayIsTheExactOne()
    {
        // LED-7: exact Bayes accuracy when k random segments of seven are told, by enumeration.
        double[] ladder = [0.7400, 0.7919, 0.8402, 0.8837, 0.9218, 0.9539, 0.9800, 1];
        const int Rows = 8000;
        var random = new RandomStream(21);
        var (seen, truth, labels) = (Tensor.Zeros(Rows, 7), Tensor.Zeros(Rows, 7), new long[Rows]);
        for (var i = 0; i < Rows; i++)
        {
            labels[i] = random.NextInt(10);
            for (var j = 0; j < 7; j++)
            {
                truth.Data[(i * 7) + j] = Display.Segments[labels[i]] >> j & 1;
                seen.Data[(i * 7) + j] = random.NextDouble() < 0.1 ? 1 - truth.Data[(i * 7) + j] : truth.Data[(i * 7) + j];
            }
        }
        var on = new InterventionCase(new Display(seen), truth, InterventionTarget.Classes(LongTensor.Over(labels)));
        var curve = InterventionCurve.Of([InterventionTrace.Run(on, Singles(on), new RandomPolicy(), InterventionValue.Truth)]);
        for (var k = 0; k <= 7; k++) Assert.Equal(ladder[k], curve.Points[k].Quality, 0.015);
    }

    [Fact]
    public void AnExpertErrsAsOftenAsSaidAndStillWhereItErredBefore()
    {
        var space = LinearConcepts.Mixed();
        var (_, on) = LinearConcepts.Random(space, 4000, 2, 18);
        float[] Said(double q) => space.Decide(InterventionValue.Competence(q).Offer(on, new RandomStream(1))).ToArray();
        var (good, bad, none) = (Said(0.9), Said(0.6), Said(0));
        var truth = on.Truth.ToArray();
        for (var j = 0; j < 4; j++)
        {
            var rows = Enumerable.Range(0, 4000).Select(i => (i * 4) + j).ToArray();
            Assert.Equal(0.1, rows.Average(i => good[i] != truth[i] ? 1.0 : 0), 0.02);
            Assert.Equal(0.4, rows.Average(i => bad[i] != truth[i] ? 1.0 : 0), 0.03);
            Assert.All(rows, i => Assert.True(good[i] == truth[i] || bad[i] == good[i]));
            if (j < 3) Assert.All(rows, i => Assert.NotEqual(truth[i], none[i]));
        }
        // The wrong states of three and of four are equally frequent.
        for (var j = 1; j < 3; j++)
            for (var away = 1; away < space.Axes[j].States; away++)
                Assert.Equal(1.0 / (space.Axes[j].States - 1), Enumerable.Range(0, 4000).Average(i => ((int)none[(i * 4) + j] - (int)truth[(i * 4) + j] + space.Axes[j].States) % space.Axes[j].States == away ? 1.0 : 0), 0.03);
    }

    [Fact]
    public void AnExpertErrsInAnExclusiveGroupByNamingAnotherMember()
    {
        var space = LinearConcepts.Binary(4);
        var truth = Tensor.Zeros(3000, 4);
        for (var i = 0; i < 3000; i++) truth.Data[(i * 4) + 1] = 1; // of the group 0, 1, 2 always the second; concept 3 never
        var model = new LinearConcepts(space, Tensor.Zeros(3000, 4), Tensor.Zeros(2, 4), Tensor.Zeros(2));
        var on = new InterventionCase(model, truth, InterventionTarget.Classes(LongTensor.Zeros(3000)));
        var said = InterventionValue.Competence(0.7, [0, 1, 2]).Offer(on, new RandomStream(2)).ToArray();
        Assert.All(Enumerable.Range(0, 3000), i => Assert.Equal(1, said[i * 4] + said[(i * 4) + 1] + said[(i * 4) + 2]));
        double[] expected = [0.15, 0.7, 0.15, 0.3];
        for (var j = 0; j < 4; j++) Assert.Equal(expected[j], Enumerable.Range(0, 3000).Average(i => said[(i * 4) + j]), 0.03);
    }

    [Fact]
    public void OtherValuesArePutAsSaid()
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Binary(2), 500, 2, 19);
        var random = new RandomStream(0);
        Assert.All(InterventionValue.Mask.Offer(on, random).ToArray(), v => Assert.Equal(0, v));
        Assert.Equal(model.Beliefs(null).ToArray().Select(v => v * 3), InterventionValue.Amplify(3).Offer(on, random).ToArray());
        var set = InterventionValue.Do([1, double.NaN]);
        Assert.Equal([1f, float.NaN], set.Offer(on, random).ToArray()[..2]);
        var trace = InterventionTrace.Run(on, Singles(on), new UncertaintyPolicy(), set);
        Assert.All(Assert.Single(trace.Order), pick => Assert.Equal(0, pick));
        var drawn = InterventionValue.Distribution(Tensor.From([1, 0, 1, float.NaN, 0, 0, 1, 0], 4, 2)).Offer(on, random).ToArray();
        Assert.Equal(0.75, Enumerable.Range(0, 500).Average(i => drawn[2 * i]), 0.06);
        Assert.All(Enumerable.Range(0, 500), i => Assert.Equal(0, drawn[(2 * i) + 1]));
    }

    [Fact]
    public void NumbersAreJudgedBySquaredError()
    {
        var space = LinearConcepts.Binary(2);
        var model = new LinearConcepts(space, Tensor.Full([1, 2], 0.5f), Tensor.From([1, 2], 1, 2), Tensor.Zeros(1), static z => z);
        var on = new InterventionCase(model, Tensor.From([1, 1], 1, 2), InterventionTarget.Numbers(Tensor.From([3], 1, 1)));
        var trace = InterventionTrace.Run(on, Singles(on), new GreedyOptimalPolicy(), InterventionValue.Truth);
        Assert.Equal([1, 0], trace.Order.Select(o => o[0]));
        Assert.Equal([2.25, 0.25, 0], trace.Quality.Select(q => q[0]));
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefused()
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Binary(3), 5, 2, 20);
        Assert.Throws<ArgumentException>(() => InterventionTrace.Run(on with { Truth = Tensor.Zeros(5, 2) }, Singles(on), new RandomPolicy(), InterventionValue.Truth));
        Assert.Throws<ArgumentException>(() => InterventionTrace.Run(on with { Target = InterventionTarget.Classes(LongTensor.Zeros(4)) }, Singles(on), new RandomPolicy(), InterventionValue.Truth));
        Assert.Throws<ArgumentException>(() => new InterventionUnits(model.Space, [new("a", [0, 1], 1), new("b", [1], 1)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => InterventionValue.Competence(1.1));
    }

    // Digits by Bayes' rule: a segment seen is right nine times of ten, a segment told always.
    private sealed class Display(Tensor seen) : IConceptModel
    {
        public static readonly int[] Segments = [0b1110111, 0b0010010, 0b1011101, 0b1011011, 0b0111010, 0b1101011, 0b1101111, 0b1010010, 0b1111111, 0b1111011];

        public ConceptSpace Space { get; } = LinearConcepts.Binary(7);

        public int Rows => seen.Size(0);

        public Tensor Beliefs(ConceptValues? put)
        {
            var own = (seen * 0.8f) + 0.1f;
            return put is null ? own : Space.Put(own, put);
        }

        public Tensor Answers(ConceptValues? put)
        {
            var (beliefs, answers) = (Beliefs(put).ToArray(), new float[10 * Rows]);
            Array.Fill(answers, 1);
            for (var i = 0; i < Rows; i++)
                for (var d = 0; d < 10; d++)
                    for (var j = 0; j < 7; j++)
                    {
                        var b = beliefs[(i * 7) + j];
                        answers[(i * 10) + d] *= (Segments[d] >> j & 1) == 1 ? b : 1 - b;
                    }
            var products = Tensor.From(answers, Rows, 10);
            return products / products.Sum(1, keepdim: true);
        }
    }
}
