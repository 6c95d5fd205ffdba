using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public class BitsBackTest
{
    /// <summary>z is a fair coin of three sides; x is four noisy copies of z. The posterior is exact.</summary>
    private sealed class NoisyCopies : IBitsBackModel
    {
        private readonly FrequencyTable _prior = FrequencyTable.FromPmf([.5, .3, .2], precision: 16);

        public int Latents => 1;

        public int Length => 4;

        public FrequencyTable Prior(ReadOnlySpan<int> before) => _prior;

        public FrequencyTable Likelihood(ReadOnlySpan<int> latents, ReadOnlySpan<int> before)
        {
            var p = new[] { .1, .1, .1 };
            p[latents[0]] = .8;
            return FrequencyTable.FromPmf(p, precision: 16);
        }

        public FrequencyTable Posterior(ReadOnlySpan<int> data, ReadOnlySpan<int> before)
        {
            var p = new[] { .5, .3, .2 };
            foreach (var x in data)
                for (var z = 0; z < 3; z++) p[z] *= x == z ? .8 : .1;
            return FrequencyTable.FromPmf(p, precision: 16);
        }

        public double Bits(int[] x)
        {
            double[] prior = [.5, .3, .2];
            return -Math.Log2(Enumerable.Range(0, 3).Sum(z => prior[z] * x.Aggregate(1.0, (p, v) => p * (v == z ? .8 : .1))));
        }
    }

    [Fact]
    public void NetCostIsTheMarginalLikelihood_WithAnExactPosterior()
    {
        var random = new RandomStream(1);
        var model = new NoisyCopies();
        uint[] initial = [.. Enumerable.Range(0, 4).Select(_ => random.NextUInt32())];
        var stack = new SymbolStack(initial);
        var before = stack.Bits;
        var data = new List<int[]>();
        var ideal = 0.0;
        for (var i = 0; i < 2000; i++)
        {
            var z = random.NextInt(10) switch { < 5 => 0, < 8 => 1, _ => 2 };
            data.Add([.. Enumerable.Range(0, 4).Select(_ => random.NextInt(10) < 7 ? z : random.NextInt(3))]);
            ideal += model.Bits(data[i]);
            BitsBack.Push(stack, data[i], model);
        }
        Assert.InRange((stack.Bits - before) / ideal, .999, 1.002);
        var far = SymbolStack.FromBytes(stack.ToBytes());
        for (var i = data.Count - 1; i >= 0; i--) Assert.Equal(data[i], BitsBack.Pop(far, model));
        Assert.Equal(new SymbolStack(initial).ToBytes(), far.ToBytes()); // the borrowed bits are back
    }

    [Fact]
    public void AnEmptyStackSaysSo()
    {
        var stack = new SymbolStack();
        var table = FrequencyTable.Uniform(65536);
        Assert.Equal(CodingError.Truncated, Assert.Throws<CodingException>(() => stack.Pop(table)).Code);
        Assert.Equal(CodingError.InvalidSymbol, Assert.Throws<CodingException>(() => stack.Push(65536, table)).Code);
        Assert.Throws<CodingException>(() => SymbolStack.FromBytes(new byte[7]));
        Assert.Throws<CodingException>(() => SymbolStack.FromBytes(new byte[12]));
        Assert.Throws<ArgumentException>(() => BitsBack.Push(stack, [1], new NoisyCopies()));
    }
}
