using System.Diagnostics;
using Isthmus.Networks;
using Isthmus.Tensors;
using Xunit.Abstractions;

namespace Isthmus.Tests.Networks;

/// <summary>Attention in tiles against the one that has all scores at once.</summary>
[Collection("alone")]
public class AttentionTest(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 2, 1, 1, 1, 1)]
    [InlineData(2, 3, 17, 300, 5, 7)]
    [InlineData(2, 2, 300, 300, 8, 8)]
    [InlineData(1, 1, 129, 257, 32, 3)]
    [InlineData(1, 2, 513, 770, 16, 20)]
    public void Tiles_GiveWhatAllScoresGive(int batch, int heads, int queries, int keys, int width, int values)
    {
        foreach (var causal in new[] { false, true })
            foreach (var masked in new[] { false, true })
            {
                var mask = masked ? Mask(batch, keys) : null;
                var (a, b) = (Inputs(batch, heads, queries, keys, width, values), Inputs(batch, heads, queries, keys, width, values));
                var expected = Plain(a[0], a[1], a[2], causal, mask);
                var actual = b[0].ScaledDotProductAttention(b[1], b[2], causal, mask);
                var weights = Tensor.Randn(new RandomStream(8), expected.Shape);
                expected.Backward(weights);
                actual.Backward(weights);
                Close(expected, actual);
                for (var i = 0; i < 3; i++) Close(a[i].Grad!, b[i].Grad!);
            }
    }

    [Fact]
    public void QueriesThatSeeNoKey_GiveZeros_AndPassNoGradient()
    {
        var x = Inputs(2, 2, 300, 300, 4, 4);
        var mask = Mask(2, 300);
        mask.Data[..300].Clear(); // the first of the batch sees nothing
        mask.Data.Slice(300, 7).Clear(); // in the second, causal, the first seven see nothing
        var y = x[0].ScaledDotProductAttention(x[1], x[2], true, mask);
        y.Sum().Backward();
        Assert.All(y.Select(0, 0).ToArray(), v => Assert.Equal(0f, v));
        Assert.All(y.Select(0, 1).Narrow(1, 0, 7).ToArray(), v => Assert.Equal(0f, v));
        Assert.All(y.Select(0, 1).Narrow(1, 7, 293).ToArray(), v => Assert.NotEqual(0f, v));
        foreach (var input in x)
        {
            Assert.All(input.Grad!.ToArray(), v => Assert.True(float.IsFinite(v)));
            Assert.All(input.Grad!.Select(0, 0).ToArray(), v => Assert.Equal(0f, v));
            Assert.Contains(input.Grad!.Select(0, 1).ToArray(), v => v != 0);
        }
    }

    [Fact]
    public void LargeScores_DoNotOverflow()
    {
        var x = Inputs(1, 1, 300, 600, 4, 4);
        for (var i = 0; i < 2; i++)
            foreach (ref var v in x[i].Data) v *= 60;
        var y = x[0].ScaledDotProductAttention(x[1], x[2]);
        Close(Plain(x[0], x[1], x[2], false, null), y);
        y.Sum().Backward();
        Assert.All(x[0].Grad!.ToArray(), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void ResultsAreTheSame_ForEveryNumberOfThreads()
    {
        var before = Threads.Count;
        try
        {
            var runs = new[] { 1, 2, 5 }.Select(threads =>
            {
                Threads.Count = threads;
                var x = Inputs(2, 2, 400, 530, 16, 16);
                var y = x[0].ScaledDotProductAttention(x[1], x[2], true, Mask(2, 530));
                y.Square().Sum().Backward();
                return new[] { y.ToArray(), x[0].Grad!.ToArray(), x[1].Grad!.ToArray(), x[2].Grad!.ToArray() };
            }).ToArray();
            Assert.Equal(runs[0], runs[1]);
            Assert.Equal(runs[0], runs[2]);
        }
        finally
        {
            Threads.Count = before;
        }
    }

    [Fact]
    public void ALayer_GivesTheSameOnBothSidesOfItsThreshold()
    {
        var layer = new MultiHeadAttention(6, 2, new RandomStream(4));
        const int length = 513; // one token more than is done with all scores kept
        var x = Tensor.Randn(new RandomStream(5), 2, length, 6);
        var mask = Tensor.Ones(2, length);
        mask.Data[length - 1] = mask.Data[^1] = 0; // the last token is seen by none: without it, the sequence is short
        var whole = layer.Forward(x, false, mask);
        Close(layer.Forward(x.Narrow(1, 0, length - 1)), whole.Narrow(1, 0, length - 1));
        Close(layer.Forward(x.Narrow(1, 0, length - 1), true), layer.Forward(x, true).Narrow(1, 0, length - 1));
    }

    [Fact]
    public void ALayerOfShortSequences_GivesItsBias_WhereNothingIsSeen()
    {
        var layer = new MultiHeadAttention(6, 2, new RandomStream(4));
        var y = layer.Forward(Tensor.Randn(new RandomStream(5), 2, 5, 6), false, Tensor.From([0f, 0, 0, 0, 0, 1, 1, 1, 0, 0], 2, 5));
        Assert.All(y.Select(0, 0).ToArray(), v => Assert.Equal(0f, v)); // out_proj's bias starts at 0
        Assert.All(y.Select(0, 1).ToArray(), v => Assert.True(float.IsFinite(v) && v != 0));
    }

    [Fact]
    public void WrongShapes_AreNamed()
    {
        var x = Inputs(2, 2, 5, 6, 4, 4);
        Assert.Contains("[2, 2, 6, 4]", Assert.Throws<ArgumentException>(() => x[1].ScaledDotProductAttention(x[1], x[0])).Message);
        Assert.Contains("mask [2, 6]", Assert.Throws<ArgumentException>(() => x[0].ScaledDotProductAttention(x[1], x[2], mask: Tensor.Ones(2, 5))).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => x[0].ScaledDotProductAttention(x[1], x[2], scale: 0f));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Memory_IsLinearInTheLength_ForwardAndBackward()
    {
        var bytes = new[] { 2048, 8192, 16384 }.Select(Bytes).ToArray();
        // q, k, v, the result and their gradients are 8 blocks of length x 32 floats; the pool rounds up by a quarter at most.
        Assert.InRange(bytes[0], 8 * 2048 * 32 * 4, 8 * 2048 * 32 * 4 * 2);
        Assert.InRange(bytes[1], 3.8 * bytes[0], 4.2 * bytes[0]);
        Assert.InRange(bytes[2], 7.6 * bytes[0], 8.4 * bytes[0]);

        long Bytes(int length)
        {
            TensorPool.Trim();
            var before = TensorPool.BytesHeld;
            var clock = Stopwatch.StartNew();
            using (new TensorScope("step"))
            {
                var x = Inputs(1, 1, length, length, 32, 32);
                x[0].ScaledDotProductAttention(x[1], x[2], causal: true).Sum().Backward();
                foreach (var input in x)
                {
                    Assert.Equal(length * 32, input.Grad!.Numel);
                    input.ZeroGrad();
                }
            }
            output.WriteLine(FormattableString.Invariant($"{length}: {TensorPool.BytesHeld - before} bytes, {clock.ElapsedMilliseconds} ms"));
            return TensorPool.BytesHeld - before;
        }
    }

    private static Tensor[] Inputs(int batch, int heads, int queries, int keys, int width, int values)
    {
        var random = new RandomStream(7);
        Tensor[] x = [Tensor.Randn(random, batch, heads, queries, width), Tensor.Randn(random, batch, heads, keys, width), Tensor.Randn(random, batch, heads, keys, values)];
        foreach (var input in x) input.RequiresGrad = true;
        return x;
    }

    // Every seventh key is hidden, the first never.
    private static Tensor Mask(int batch, int keys)
    {
        var mask = Tensor.Ones(batch, keys);
        for (var i = 0; i < mask.Numel; i++) mask.Data[i] = i % keys % 7 == 3 ? 0 : 1;
        return mask;
    }

    private static Tensor Plain(Tensor q, Tensor k, Tensor v, bool causal, Tensor? mask)
    {
        var hidden = Tensor.Zeros(q.Size(0), 1, q.Size(2), k.Size(2));
        for (var b = 0; b < q.Size(0); b++)
            for (var i = 0; i < q.Size(2); i++)
                for (var j = 0; j < k.Size(2); j++)
                    if ((causal && j > i) || (mask is not null && mask.Data[(b * k.Size(2)) + j] == 0)) hidden.Data[(((b * q.Size(2)) + i) * k.Size(2)) + j] = 1;
        var scores = q.MatMul(k, transposeOther: true) * (1 / MathF.Sqrt(q.Size(-1)));
        return scores.MaskedFill(hidden.Expand(scores.Shape), float.NegativeInfinity).Softmax().MatMul(v);
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape.ToArray(), actual.Shape.ToArray());
        var scale = expected.ToArray().Select(Math.Abs).Append(1f).Max();
        for (var i = 0; i < expected.Numel; i++) Assert.InRange(actual.Data[i], expected.Data[i] - (1e-5f * scale), expected.Data[i] + (1e-5f * scale));
    }
}
