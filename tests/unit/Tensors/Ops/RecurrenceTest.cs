using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Tensors.Ops;

/// <summary>What the goldens of gru and lstm do not say: the same bits everywhere, and what is refused.</summary>
public class RecurrenceTest
{
    [Fact]
    public void Recurrences_HaveTheSameBits_OnEveryInstructionSet() => InstructionSets.AssertSameBits("recurrences");

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Recurrences_HaveTheSameBits_ForEveryNumberOfThreads(int threads)
    {
        var before = Threads.Count;
        try
        {
            Threads.Count = 1;
            var alone = Recurrences().ToString();
            Threads.Count = threads;
            Assert.Equal(alone, Recurrences().ToString());
        }
        finally { Threads.Count = before; }
    }

    [Fact]
    public void ASequence_HasTheSameStatesAlone_AsInABatch()
    {
        var random = new RandomStream(5);
        var x = Tensor.Randn(random, 6, 4, 7);
        foreach (var module in new Module[] { new GRU(7, 21, random, 2), new LSTM(7, 21, random, 2) })
        {
            var together = module.Forward(x);
            using var noGrad = new NoGrad();
            for (var i = 0; i < 6; i++) Assert.Equal(together.Select(0, i).ToArray(), module.Forward(x.Narrow(0, i, 1)).ToArray());
        }
    }

    [Fact]
    public void SequencesOfNoSteps_AreRefused_AndBatchesOfNone_AreNot()
    {
        var random = new RandomStream(5);
        var gru = new GRU(3, 2, random);
        Assert.Contains("at least one step", Assert.Throws<ArgumentException>(() => gru.Run(Tensor.Zeros(2, 0, 3))).Message, StringComparison.Ordinal);
        Assert.Equal([0, 4, 2], gru.Forward(Tensor.Zeros(0, 4, 3)).Shape.ToArray());
        Assert.Equal([0, 4, 2], new LSTM(3, 2, random).Forward(Tensor.Zeros(0, 4, 3)).Shape.ToArray());
        Assert.Contains("do not fit", Assert.Throws<ArgumentException>(() => Tensor.GruStates(Tensor.Zeros(2, 3, 6), Tensor.Zeros(3, 2), Tensor.Zeros(6, 2), Tensor.Zeros(6))).Message, StringComparison.Ordinal);
    }

    [FingerprintOf("recurrences")]
    private static Fingerprint Recurrences()
    {
        var print = new Fingerprint();
        foreach (var (batch, steps, hidden) in new[] { (1, 1, 1), (5, 3, 19), (13, 4, 100) }) // 300 gates are two blocks of a product
        {
            var random = new RandomStream(3);
            foreach (var module in new Module[] { new GRU(6, hidden, random), new LSTM(6, hidden, random) })
            {
                var x = Tensor.Randn(random, batch, steps, 6);
                x.RequiresGrad = true;
                var y = module.Forward(x);
                y.Backward(y.Detach().Clone());
                print.Add(y.ToArray()).Add(x.Grad!.ToArray());
                foreach (var (_, parameter) in module.NamedParameters()) print.Add(parameter.Grad!.ToArray());
            }
        }
        return print;
    }
}
