using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

/// <summary>What the goldens of head_attention do not say: the same bits everywhere.</summary>
public class HeadAttentionTest
{
    [Fact]
    public void HeadAttention_HasTheSameBits_OnEveryInstructionSet() => InstructionSets.AssertSameBits("head attention");

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void HeadAttention_HasTheSameBits_ForEveryNumberOfThreads(int threads)
    {
        var before = Threads.Count;
        try
        {
            Threads.Count = 1;
            var alone = HeadAttention().ToString();
            Threads.Count = threads;
            Assert.Equal(alone, HeadAttention().ToString());
        }
        finally { Threads.Count = before; }
    }

    [Fact]
    public void ASequence_GetsTheSameAlone_AsInABatch()
    {
        var random = new RandomStream(5);
        var layer = new TransformerEncoderLayer(24, 3, random, 32, dropout: 0);
        var x = Tensor.Randn(random, 5, 9, 24);
        using var noGrad = new NoGrad();
        var together = layer.Forward(x);
        for (var i = 0; i < 5; i++) Assert.Equal(together.Select(0, i).ToArray(), layer.Forward(x.Narrow(0, i, 1)).ToArray());
    }

    [Fact]
    public void WithoutAGradient_TheResultIsTheSame()
    {
        var x = Tensor.Randn(new RandomStream(5), 2, 17, 24);
        x.RequiresGrad = true;
        var recorded = x.HeadAttention(null, 4).ToArray();
        using var noGrad = new NoGrad();
        Assert.Equal(recorded, x.HeadAttention(null, 4).ToArray());
    }

    [FingerprintOf("head attention")]
    private static Fingerprint HeadAttention()
    {
        var print = new Fingerprint();
        foreach (var (batch, tokens, heads, width) in new[] { (1, 1, 1, 1), (3, 37, 3, 5), (2, 130, 4, 32) })
        {
            var x = Tensor.Randn(new RandomStream(3), batch, tokens, 3 * heads * width);
            x.RequiresGrad = true;
            var y = x.HeadAttention(null, heads, causal: tokens == 37);
            y.Backward(y.Detach().Clone());
            print.Add(y.ToArray()).Add(x.Grad!.ToArray());
        }
        return print;
    }
}
