using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class InterventionAwareEmbeddingTest
{
    private static readonly ConceptSpace s_space = LinearConcepts.Binary(4);

    private static BottleneckNetwork Network(InterventionAwareOptions? options = null)
    {
        var random = new RandomStream(1);
        return new(new Linear(3, 8, random), new InterventionAwareEmbedding(8, s_space, options ?? new() { Size = 4 }, random.Fork("layer")), new Linear(16, 2, random.Fork("head")));
    }

    // Four concepts that the input says nothing of; the third is the class, the others are coins.
    private static (Tensor X, Tensor Truth, LongTensor Labels) Coins(int rows, ulong seed)
    {
        var random = new RandomStream(seed);
        var truth = Tensor.Zeros(rows, 4);
        foreach (ref var v in truth.Data) v = random.NextInt(2);
        return (Tensor.Randn(random, rows, 3), truth, LongTensor.From([.. Enumerable.Range(0, rows).Select(i => (long)truth.Data[(i * 4) + 2])]));
    }

    private static PassContext Training(Tensor truth, LongTensor? labels, ulong seed) => new(PassMode.Sample, new RandomStream(seed)) { Training = true, TrueConcepts = truth, Labels = labels };

    [Fact]
    public void ThePolicyLearnsToAskForTheConceptThatDecides()
    {
        var network = Network();
        var (x, truth, labels) = Coins(256, 2);
        var adam = new Adam(network.NamedParameters(), 0.01f);
        for (var step = 0; step < 150; step++)
        {
            using var scope = new TensorScope("step");
            adam.ZeroGrad();
            var (prediction, passage) = network.Run(x, Training(truth, labels, (ulong)step));
            passage.Terms.Select(t => t.Value * t.Weight).Aggregate(prediction.CrossEntropy(labels), (a, b) => a + b).Backward();
            adam.Step();
        }
        network.Eval();
        var (newX, newTruth, newLabels) = Coins(100, 3);
        var on = new InterventionCase(new NetworkConcepts(network, newX), newTruth, InterventionTarget.Classes(newLabels));
        var units = InterventionUnits.Singles(s_space);
        var trace = InterventionTrace.Run(on, units, InterventionPolicy.Create("learnt"), InterventionValue.Truth);
        Assert.All(trace.Order[0], pick => Assert.Equal(2, pick));
        Assert.InRange(trace.Quality[0].Average(), 0.3, 0.7); // the input says nothing
        Assert.Equal(1, trace.Quality[1].Average()); // one question says all
        Assert.True(trace.Order[1].All(pick => pick != 2));
    }

    [Fact]
    public void RolloutsBelongToTrainingAndEveryPartGetsAGradient()
    {
        var network = Network();
        var (x, truth, labels) = Coins(32, 4);
        var (_, passage) = network.Run(x, Training(truth, labels, 5));
        Assert.Equal(["concepts", "rollout", "policy"], passage.Terms.Select(t => t.Name));
        Assert.Contains(passage.Terms.Single(t => t.Name == "rollout").Weight, Enumerable.Range(1, 4).Select(t => MathF.Pow(1.1f, t)));
        passage.Terms.Select(t => t.Value * t.Weight).Aggregate((a, b) => a + b).Backward();
        Assert.All(network.NamedParameters(), p => Assert.NotNull(p.Value.Grad));
        var quiet = network.Run(x, new PassContext(PassMode.Mean, new RandomStream(5)) { TrueConcepts = truth, Labels = labels }).Passage;
        Assert.Equal(["concepts"], quiet.Terms.Select(t => t.Name));
    }

    [Fact]
    public void EqualStreamsGiveEqualRollouts()
    {
        var network = Network();
        var (x, truth, labels) = Coins(32, 6);
        float[] Terms(ulong seed) => [.. network.Run(x, Training(truth, labels, seed)).Passage.Terms.Select(t => t.Value.Item())];
        Assert.Equal(Terms(7), Terms(7));
        Assert.NotEqual(Terms(7), Terms(8));
    }

    [Fact]
    public void WhatIsNotAnnotatedIsNeverAsked_EvenNothingAtAll()
    {
        var network = Network();
        var (x, truth, labels) = Coins(16, 8);
        truth.Data.Fill(float.NaN);
        var (_, passage) = network.Run(x, Training(truth, labels, 9));
        Assert.All(passage.Terms, t => Assert.True(float.IsFinite(t.Value.Item()), t.Name));
        Assert.Equal(0, passage.Terms.Single(t => t.Name == "policy").Value.Item());
    }

    [Fact]
    public void NumbersAndModelsThatLearnedNothingAreRefused()
    {
        var network = Network();
        var (x, truth, _) = Coins(8, 10);
        Assert.Contains("classes", Assert.Throws<InputException>(() => network.Run(x, Training(truth, null, 1))).Message, StringComparison.Ordinal);
        var (model, on) = LinearConcepts.Random(s_space, 3, 2, 11);
        Assert.Contains("learned", Assert.Throws<InputException>(() => InterventionTrace.Run(on, InterventionUnits.Singles(model.Space), new LearntPolicy(), InterventionValue.Truth)).Message, StringComparison.Ordinal);
    }
}
