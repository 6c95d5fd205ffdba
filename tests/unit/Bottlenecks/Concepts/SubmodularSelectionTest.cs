using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class SubmodularSelectionTest
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void LazyGreedy_ChoosesWhatPlainGreedyChooses_InFewerEvaluations(int seed)
    {
        var (scores, similarity) = Problem(seed, 40);
        if (seed % 2 == 0) // equal gains: the first has to win in both
            for (var c = 0; c < scores.Length; c++) scores[c] = Math.Round(scores[c], 1);
        var lazy = SubmodularSelection.Greedy(scores, similarity, 12, new SelectionOptions { Coverage = 0.3 });
        var plain = SubmodularSelection.Greedy(scores, similarity, 12, new SelectionOptions { Coverage = 0.3, Lazy = false });
        Assert.Equal(plain.Concepts, lazy.Concepts);
        Assert.Equal(plain.Gains, lazy.Gains);
        Assert.True(lazy.Evaluations < plain.Evaluations, $"{lazy.Evaluations} of {plain.Evaluations}");
        Assert.Equal(12, lazy.Concepts.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Greedy_ReachesTheBoundOfTheBestSet(int seed)
    {
        var (scores, similarity) = Problem(seed, 10);
        var options = new SelectionOptions { Discriminability = 0.5, Coverage = 1 };
        var best = 0.0;
        for (var set = 0; set < 1 << 10; set++)
            if (int.PopCount(set) == 4) best = Math.Max(best, Naive([.. Enumerable.Range(0, 10).Where(c => (set >> c & 1) == 1)], scores, similarity, options));
        var choice = SubmodularSelection.Greedy(scores, similarity, 4, options);
        Assert.InRange(choice.Value, (1 - Math.Exp(-1)) * best, best * (1 + 1e-9));
        Assert.Equal(Naive([.. choice.Concepts], scores, similarity, options), choice.Value, 1e-5);
        Assert.Equal(choice.Value, SubmodularSelection.Value(choice.Concepts, scores, similarity, options), 1e-9);
        Assert.Equal(choice.Gains.OrderDescending(), choice.Gains);
    }

    [Fact]
    public void Coverage_TakesOneOfEachCluster_WhereTopTakesCopies()
    {
        // Three clusters of alike concepts; the first holds the most telling ones.
        var similarity = Tensor.Zeros(6, 6);
        for (var i = 0; i < 6; i++)
            for (var j = 0; j < 6; j++) similarity.Data[(i * 6) + j] = i / 2 == j / 2 ? 1 : 0;
        double[] scores = [-0.1, -0.1, -0.2, -0.2, -0.3, -0.3];
        Assert.Equal([0, 2, 4], SubmodularSelection.Greedy(scores, similarity, 3, new SelectionOptions()).Concepts);
        Assert.Equal([0, 1, 2], SubmodularSelection.Top(scores, 3));
        Assert.Equal([0, 1, 2], SubmodularSelection.Greedy(scores, similarity, 3, new SelectionOptions { Coverage = 0 }).Concepts);
        Assert.Equal([0, 2, 4], SubmodularSelection.Distinct(similarity, 0.9));
    }

    [Fact]
    public void Discriminability_IsTheNegativeEntropyOfTheClass()
    {
        var scores = SubmodularSelection.Discriminability(Tensor.From([1f, 1, 3, 0, -5, 0, 1, 1, 0, -1], 2, 5));
        Assert.Equal(0, scores[0], 12); // similarities 1 and 0
        Assert.Equal(-Math.Log(2), scores[1], 12);
        Assert.Equal((0.75 * Math.Log(0.75)) + (0.25 * Math.Log(0.25)), scores[2], 12);
        Assert.Equal(-Math.Log(2), scores[4], 12); // similar to no class
        var soft = SubmodularSelection.Discriminability(Tensor.From([0.3f, 0.01f, 0, -0.01f], 2, 2), 0.1);
        var p = 1 / (1 + Math.Exp(-3));
        Assert.Equal((p * Math.Log(p)) + ((1 - p) * Math.Log(1 - p)), soft[0], 1e-6);
        Assert.InRange(soft[1], -Math.Log(2), -Math.Log(2) + 0.01); // faint similarities tell nothing, though one is negative
    }

    [Fact]
    public void MutualInformation_IsOneBitForTheClassItself_AndNoneForAConstant()
    {
        var scores = Tensor.From([0f, 5, 0, 0, 5, 1, 1, 5, 0, 1, 5, 1], 4, 3);
        var bits = SubmodularSelection.MutualInformation(scores, LongTensor.From([0, 0, 1, 1], 4), 2);
        Assert.Equal([1, 0, 0], bits.Select(b => Math.Round(b, 12)));
    }

    [Fact]
    public void ClassSimilarity_IsTheMeanOfEachClass()
    {
        var means = SubmodularSelection.ClassSimilarity(Tensor.From([1f, 2, 3, 4, 5, 6], 3, 2), LongTensor.From([0, 2, 0], 3), 3);
        Assert.Equal([3f, 4, 0, 0, 3, 4], means.ToArray());
    }

    [Fact]
    public void PerClass_ChoosesAmongEachClassesOwn_AndSharesConcepts()
    {
        // Concepts 0 and 1 speak for class 0, 2 and 3 for class 1, 4 for both.
        var classes = Tensor.From([1f, 0.9f, 0, 0, 0.5f, 0, 0, 1, 0.9f, 0.5f], 2, 5);
        var choices = SubmodularSelection.PerClass(SubmodularSelection.Discriminability(classes), Tensor.Eye(5), SubmodularSelection.Pools(classes, 3), 3, new SelectionOptions());
        Assert.Equal([0, 1, 4], choices[0].Concepts.Order());
        Assert.Equal([2, 3, 4], choices[1].Concepts.Order());
    }

    [Fact]
    public void WhatDoesNotFit_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => SubmodularSelection.Greedy([1, 2], Tensor.Eye(3), 1, new SelectionOptions()));
        Assert.Throws<ArgumentException>(() => SubmodularSelection.Greedy([1, double.NaN], Tensor.Eye(2), 1, new SelectionOptions()));
        Assert.Throws<ArgumentException>(() => SubmodularSelection.MutualInformation(Tensor.Zeros(2, 2), LongTensor.From([0, 2], 2), 2));
        Assert.Equal([0, 1], SubmodularSelection.Greedy([2, 1], Tensor.Eye(2), 9, new SelectionOptions()).Concepts);
    }

    private static (double[] Scores, Tensor Similarity) Problem(int seed, int concepts)
    {
        var random = new RandomStream((ulong)seed);
        var rows = GradientEstimators.UnitRows(Tensor.Randn(random, concepts, 4));
        return ([.. Enumerable.Range(0, concepts).Select(_ => -3 * random.NextDouble())], rows.MatMul(rows, transposeOther: true));
    }

    private static double Naive(int[] set, double[] scores, Tensor similarity, SelectionOptions options)
    {
        var value = options.Discriminability * set.Sum(c => scores[c] - scores.Min());
        var n = scores.Length;
        for (var candidate = 0; candidate < n; candidate++) value += options.Coverage * set.Select(c => Math.Max(0, similarity.Data[(candidate * n) + c])).DefaultIfEmpty(0).Max();
        return value;
    }
}
