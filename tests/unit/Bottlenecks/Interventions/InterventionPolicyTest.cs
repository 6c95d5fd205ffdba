using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class InterventionPolicyTest
{
    private static readonly RandomStream s_random = new(5);

    private static InterventionState Start(InterventionCase on, InterventionUnits? units = null) =>
        new(on, units ?? InterventionUnits.Singles(on.Model.Space), InterventionValue.Truth.Offer(on, new RandomStream(0)));

    // The states of a concept as a person would list them, with their probabilities under a belief.
    private static List<(double P, float[] Columns)> States(LinearConcepts model, int row, int concept)
    {
        var b = model.Beliefs(null).Data.Slice((row * model.Space.Width) + model.Space.Offset(concept), model.Space.Axes[concept].Width).ToArray();
        return model.Space.Axes[concept].Type switch
        {
            ConceptType.Binary => [(1d - b[0], [0]), (b[0], [1])],
            ConceptType.Categorical => [(b[0], [1, 0, 0]), (b[1], [0, 1, 0]), (b[2], [0, 0, 1])],
            ConceptType.Ordinal => Levels(b),
            _ => [(1 / 6d, [b[0] - MathF.Sqrt(3)]), (2 / 3d, [b[0]]), (1 / 6d, [b[0] + MathF.Sqrt(3)])],
        };

        static List<(double, float[])> Levels(float[] b)
        {
            double first = b[0], second = Math.Min(first, b[1]), third = Math.Min(second, b[2]);
            return [(1 - first, [0, 0, 0]), (first - second, [1, 0, 0]), (second - third, [1, 1, 0]), (third, [1, 1, 1])];
        }
    }

    [Fact]
    public void ExpectedChangeIsTheDivergenceByEnumeration()
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Mixed(), 6, 3, 1);
        var scores = new ExpectedChangePolicy().Scores(Start(on), s_random);
        for (var row = 0; row < 6; row++)
            for (var j = 0; j < 4; j++)
            {
                var now = model.Naive(row);
                var expected = States(model, row, j).Sum(s => s.P * model.Naive(row, (j, s.Columns)).Select((p, k) => p * Math.Log(p / now[k])).Sum());
                Assert.Equal(expected, scores[(row * 4) + j], 1e-5);
            }
    }

    [Fact]
    public void EntropyDecreaseIsThatByEnumeration()
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Mixed(), 6, 3, 2);
        var scores = new EntropyDecreasePolicy().Scores(Start(on), s_random);
        static double H(double[] p) => -p.Sum(q => q * Math.Log(q));
        for (var row = 0; row < 6; row++)
            for (var j = 0; j < 4; j++)
                Assert.Equal(H(model.Naive(row)) - States(model, row, j).Sum(s => s.P * H(model.Naive(row, (j, s.Columns)))), scores[(row * 4) + j], 1e-5);
    }

    [Fact]
    public void ContributionOfALinearHeadIsProbabilityTimesWeights()
    {
        var space = LinearConcepts.Binary(4);
        var (weight, beliefs) = (Tensor.From([1, -2, 0.5f, 3, 0, 1, 1, -1, 2, 2, -0.5f, 0], 3, 4), Tensor.From([0.2f, 0.9f, 0.5f, 0.7f], 1, 4));
        var model = new LinearConcepts(space, beliefs, weight, Tensor.Zeros(3));
        var on = new InterventionCase(model, Tensor.Zeros(1, 4), InterventionTarget.Classes(LongTensor.Zeros(1)));
        var scores = new ContributionPolicy().Scores(Start(on), s_random);
        for (var j = 0; j < 4; j++)
        {
            var w = Enumerable.Range(0, 3).Select(k => (double)weight.Data[(k * 4) + j]).ToArray();
            Assert.Equal(beliefs.Data[j] * w.Sum(v => Math.Abs(v - w.Average())), scores[j], 1e-4);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CooperationAddsUncertaintyImportanceAndCost(bool oneOutput)
    {
        // Two classes told by one probability give the same scores as two probabilities.
        var space = new ConceptSpace([.. LinearConcepts.Binary(3).Axes.Select((a, i) => a with { Cost = i + 1 })]);
        var beliefs = Tensor.From([0.3f, 0.8f, 0.5f], 1, 3);
        var w = new float[] { 1.5f, -2, 0.7f };
        var model = oneOutput
            ? new LinearConcepts(space, beliefs, Tensor.From(w, 1, 3), Tensor.Zeros(1), static z => z.Sigmoid())
            : new LinearConcepts(space, beliefs, Tensor.From([0, 0, 0, .. w], 2, 3), Tensor.Zeros(2));
        var on = new InterventionCase(model, Tensor.Zeros(1, 3), InterventionTarget.Classes(LongTensor.Zeros(1)));
        var scores = new CooperativePolicy(new(0.5, 2, -0.25)).Scores(Start(on), s_random);
        double P(params double[] c) => 1 / (1 + Math.Exp(-((w[0] * c[0]) + (w[1] * c[1]) + (w[2] * c[2]))));
        double[] p = [0.3, 0.8, 0.5];
        for (var j = 0; j < 3; j++)
        {
            double[] zero = [.. p], one = [.. p];
            (zero[j], one[j]) = (0, 1);
            var importance = Math.Abs(((1 - p[j]) * P(zero)) + (p[j] * P(one)) - P(p)); // of class 0 the same as of class 1
            var entropy = -((p[j] * Math.Log2(p[j])) + ((1 - p[j]) * Math.Log2(1 - p[j])));
            Assert.Equal((0.5 * entropy) + (2 * importance) - (0.25 * (j + 1) / 2), scores[j], 1e-5);
        }
    }

    [Fact]
    public void UncertaintyPrefersBeliefsNearOneHalf()
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Binary(7), 9, 2, 3);
        var trace = InterventionTrace.Run(on, InterventionUnits.Singles(model.Space), new UncertaintyPolicy(), InterventionValue.Truth);
        var p = model.Beliefs(null);
        for (var row = 0; row < 9; row++)
            Assert.Equal(Enumerable.Range(0, 7).OrderBy(j => Math.Abs(p.Data[(row * 7) + j] - 0.5)), trace.Order.Select(step => step[row]));
    }

    [Fact]
    public void AGroupIsAsUncertainAsItsLeastSureMember()
    {
        var space = new ConceptSpace([.. LinearConcepts.Binary(4).Axes.Select((a, i) => a with { Group = i < 2 ? "first" : "second" })]);
        var model = new LinearConcepts(space, Tensor.From([0.45f, 0.99f, 0.7f, 0.7f], 1, 4), Tensor.Zeros(2, 4), Tensor.Zeros(2));
        var on = new InterventionCase(model, Tensor.Zeros(1, 4), InterventionTarget.Classes(LongTensor.Zeros(1)));
        var scores = new UncertaintyPolicy().Scores(Start(on, InterventionUnits.ByGroup(space)), s_random);
        Assert.True(scores[0] > scores[1]); // by the mean it would be the other way round
    }

    [Fact]
    public void TheLargestErrorComesFirst()
    {
        var space = LinearConcepts.Mixed();
        var beliefs = Tensor.From([0.6f, 0.2f, 0.7f, 0.1f, 0.9f, 0.6f, 0.2f, 0.3f], 1, 8);
        var model = new LinearConcepts(space, beliefs, Tensor.Zeros(2, 8), Tensor.Zeros(2));
        var on = new InterventionCase(model, Tensor.From([1, 0, 3, 1], 1, 4), InterventionTarget.Classes(LongTensor.Zeros(1)));
        var scores = new LargestErrorPolicy().Scores(Start(on), s_random);
        double[] expected = [0.4, 0.8, 1.3 / 3, 0.7];
        for (var j = 0; j < 4; j++) Assert.Equal(expected[j], scores[j], 1e-5);
    }

    [Fact]
    public void GreedyFindsTheBestSetOfEverySizeWhereConceptsAdd()
    {
        // The margin of two classes is a sum over concepts: the best set of k is the k best concepts.
        var (model, on) = LinearConcepts.Random(LinearConcepts.Binary(6), 12, 2, 4);
        var trace = InterventionTrace.Run(on, InterventionUnits.Singles(model.Space), new GreedyOptimalPolicy(), InterventionValue.Truth);
        for (var row = 0; row < 12; row++)
            for (var size = 0; size <= 6; size++)
            {
                var best = Enumerable.Range(0, 64).Where(s => int.PopCount(s) == size).Min(s => -Math.Log(model.Naive(row,
                    [.. Enumerable.Range(0, 6).Where(j => (s >> j & 1) == 1).Select(j => (j, (float[])[on.Truth.Data[(row * 6) + j]]))])[on.Target.Label(row)]));
                Assert.Equal(best, trace.Loss[size][row], 1e-4);
            }
    }

    [Fact]
    public void GreedyIsNoWorseThanAnyOtherFirstQuestion()
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Mixed(), 20, 4, 6);
        var units = InterventionUnits.Singles(model.Space);
        var greedy = InterventionTrace.Run(on, units, new GreedyOptimalPolicy(), InterventionValue.Truth);
        for (var j = 0; j < 4; j++)
        {
            var other = InterventionTrace.Run(on, units, new FixedOrderPolicy([j]), InterventionValue.Truth);
            for (var row = 0; row < 20; row++) Assert.True(greedy.Loss[1][row] <= other.Loss[1][row]);
        }
    }

    [Fact]
    public void PoliciesLookAgainAfterEveryPick()
    {
        var (model, on) = LinearConcepts.Random(LinearConcepts.Binary(5), 30, 3, 8, scale: 4);
        var trace = InterventionTrace.Run(on, InterventionUnits.Singles(model.Space), new ExpectedChangePolicy(), InterventionValue.Truth);
        var first = new ExpectedChangePolicy().Scores(Start(on), s_random);
        var changed = false;
        for (var row = 0; row < 30; row++)
        {
            var atOnce = Enumerable.Range(0, 5).OrderByDescending(j => first[(row * 5) + j]).ToArray();
            changed |= !atOnce.SequenceEqual(trace.Order.Select(step => step[row]));
        }
        Assert.True(changed);
    }

    [Fact]
    public void TuningAsksTheCheapOfTwoEqualConceptsFirst()
    {
        // Both concepts decide alone which class it is; the first costs ten times as much and is held a little less certain.
        var random = new RandomStream(9);
        var space = new ConceptSpace([.. LinearConcepts.Binary(2).Axes.Select((a, i) => a with { Cost = i == 0 ? 10 : 1 })]);
        const int Rows = 60;
        var (beliefs, truth, labels) = (Tensor.Zeros(Rows, 2), Tensor.Zeros(Rows, 2), new long[Rows]);
        for (var i = 0; i < Rows; i++)
        {
            labels[i] = random.NextInt(2);
            for (var j = 0; j < 2; j++) truth.Data[(i * 2) + j] = labels[i];
            (beliefs.Data[2 * i], beliefs.Data[(2 * i) + 1]) = (0.5f, 0.45f);
        }
        var model = new LinearConcepts(space, beliefs, Tensor.From([-4, -4, 4, 4], 2, 2), Tensor.From([4, -4]));
        var on = new InterventionCase(model, truth, InterventionTarget.Classes(LongTensor.Over(labels)));
        var units = InterventionUnits.Singles(space);
        var tuned = CooperativePolicy.Tune(on, units);
        Assert.True(tuned.Weights.Cost < 0);
        Assert.All(InterventionTrace.Run(on, units, tuned, InterventionValue.Truth).Order[0], pick => Assert.Equal(1, pick));
        Assert.All(InterventionTrace.Run(on, units, new UncertaintyPolicy(), InterventionValue.Truth).Order[0], pick => Assert.Equal(0, pick));
    }

    [Fact]
    public void EveryNameMakesItsPolicyAndOthersAreAnsweredWithTheNearest()
    {
        foreach (var name in InterventionPolicy.Names) Assert.Equal(name, InterventionPolicy.Create(name).Name);
        Assert.Contains("eudtp", Assert.Throws<InputException>(() => InterventionPolicy.Create("eudpt")).Hint ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void EntropyOfNumbersIsRefused()
    {
        var space = LinearConcepts.Binary(2);
        var model = new LinearConcepts(space, Tensor.Full([3, 2], 0.5f), Tensor.Ones(1, 2), Tensor.Zeros(1), static z => z);
        var on = new InterventionCase(model, Tensor.Zeros(3, 2), InterventionTarget.Numbers(Tensor.Zeros(3, 1)));
        Assert.Contains("eudtp", Assert.Throws<InputException>(() => new EntropyDecreasePolicy().Scores(Start(on), s_random)).Message, StringComparison.Ordinal);
        var change = new ExpectedChangePolicy().Scores(Start(on), s_random);
        Assert.Equal(0.5 * 0.25, change[0], 1e-6); // half the squared change of 1/2 either way
    }
}
