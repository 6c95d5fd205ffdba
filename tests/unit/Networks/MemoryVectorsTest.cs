using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Networks;

/// <summary>Vectors from which a frozen model writes a text.</summary>
public class MemoryVectorsTest
{
    // Logits at t are the t-th row of numbers of the vector: [n, 1, length vocabulary] cut up. What a vector can know is known then.
    private static Func<Tensor, LongTensor, Tensor> Reader(int length, int vocabulary) => (v, texts) => v.Reshape(texts.Shape[0], length, vocabulary);

    [Fact]
    public void AModelThatReadsTheVector_IsToldTheWholeText()
    {
        var texts = LongTensor.From([0L, 3, 1, 2, 2, -1], 2, 3);
        var fit = MemoryVectors.Fit(Reader(3, 4), texts, Tensor.Zeros(1, 12), new MemoryOptions { Steps = 300, LearningRate = 0.5 });
        Assert.Equal([3, 2], fit.Tokens);
        Assert.Equal([3, 2], fit.Right);
        Assert.Equal([1, 12], fit.Vectors.Shape.ToArray()[1..]);
        for (var i = 0; i < 2; i++)
        {
            // Evenly distributed at the start: 2 bits a token; nothing is left to pay.
            Assert.Equal(fit.Tokens[i] * Math.Log(4), fit.NatsBefore[i], 1e-5);
            Assert.InRange(fit.NatsAfter[i], 0, 0.05);
            Assert.Equal(2.0 * fit.Tokens[i], fit.RecoveredBits(i), 0.1);
        }
    }

    [Fact]
    public void AText_IsFoundTheSameVectors_WhateverIsFoundBesideIt()
    {
        var random = new RandomStream(3);
        var (table, read) = (new Embedding(5, 6, random), new Linear(6, 5, random));
        table.RequiresGrad(false);
        read.RequiresGrad(false);
        // A bag: logits from the vector plus the sum of the tokens before.
        Tensor Model(Tensor v, LongTensor texts)
        {
            var rows = new List<Tensor>();
            var sum = v.Select(1, 0);
            for (var t = 0; t < texts.Shape[1]; t++)
            {
                rows.Add(read.Forward(sum.Tanh()));
                var at = LongTensor.Zeros(texts.Shape[0]);
                for (var i = 0; i < at.Numel; i++) at.Data[i] = texts.Data[(i * texts.Shape[1]) + t];
                sum = sum + table.Forward(at);
            }
            return Tensor.Stack(rows, 1);
        }
        var (weights, start) = (read.Weight.ToArray(), Tensor.Randn(random, 1, 6));
        var both = MemoryVectors.Fit(Model, LongTensor.From([1L, 2, 3, 4, 0, 1, 1, -1], 2, 4), start, new MemoryOptions { Steps = 60 });
        var alone = MemoryVectors.Fit(Model, LongTensor.From([4L, 3, 2, 1], 1, 4), start, new MemoryOptions { Steps = 60 });
        var again = MemoryVectors.Fit(Model, LongTensor.From([4L, 3, 2, 1, 0, 1, 1, -1], 2, 4), start, new MemoryOptions { Steps = 60 });
        for (var d = 0; d < 6; d++) Assert.Equal(alone.Vectors.Data[d], again.Vectors.Data[d], 1e-3f);
        Assert.Equal(both.NatsAfter[1], again.NatsAfter[1], 1e-4);
        Assert.All([0, 1], i => Assert.True(both.NatsAfter[i] < both.NatsBefore[i]));
        Assert.Equal(weights, read.Weight.ToArray());
        Assert.Null(read.Weight.Grad);
    }

    [Fact]
    public void EmptyTexts_AndModelsOfOtherShapes_AreRefused()
    {
        Assert.Contains("empty", Assert.Throws<ArgumentException>(() => MemoryVectors.Fit(Reader(2, 3), LongTensor.From([-1L, 1], 1, 2), Tensor.Zeros(1, 6))).Message, StringComparison.Ordinal);
        Assert.Contains("is needed", Assert.Throws<ArgumentException>(() => MemoryVectors.Fit((v, _) => v, LongTensor.From([0L, 1], 1, 2), Tensor.Zeros(1, 6))).Message, StringComparison.Ordinal);
    }
}
