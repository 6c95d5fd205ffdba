using Isthmus.Bottlenecks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

/// <summary>Codes of signs and their entropies against sums over all codes in double precision.</summary>
public class SignQuantizerTest
{
    private static readonly RandomStream s_random = new(35);

    private static PassContext Train(ulong seed = 1) => new(PassMode.Sample, new RandomStream(seed)) { Training = true };

    private static PassContext Mean() => new(PassMode.Mean, new RandomStream(1));

    private static T Plain<T>(T quantizer) where T : SignQuantizer
    {
        var layer = quantizer.Projection;
        layer.Weight.Data.Clear();
        layer.Bias!.Data.Clear();
        for (var i = 0; i < layer.Weight.Size(0); i++) layer.Weight.Data[(i * layer.Weight.Size(1)) + i] = 1;
        return quantizer;
    }

    private static LookupFreeQuantizer Lfq(LfqOptions options) => Plain(new LookupFreeQuantizer(options.Bits * options.Groups, options with { Normalize = false }, new RandomStream(4)));

    private static BinarySphericalQuantizer Bsq(BsqOptions options) => Plain(new BinarySphericalQuantizer(options.Bits * options.Groups, options, new RandomStream(4)));

    private static long[] IndicesOf(Passage p) => p.Message().Single<Symbols>().Values.ToArray();

    private static float TermOf(Passage p, string name) => p.Terms.Single(t => t.Name == name).Value.Item();

    // E[H(p(c|x))] and H(E[p(c|x)]) over all corners c = ±magnitude, p ∝ exp(2τ x·c).
    private static (double Sure, double Spread) Brute(float[] x, int rows, int bits, double tau, double magnitude)
    {
        var mean = new double[1 << bits];
        double sure = 0;
        for (var r = 0; r < rows; r++)
        {
            var p = new double[1 << bits];
            for (var c = 0; c < p.Length; c++)
            {
                double dot = 0;
                for (var j = 0; j < bits; j++) dot += x[(r * bits) + j] * (((c >> j) & 1) == 1 ? magnitude : -magnitude);
                p[c] = 2 * tau * dot;
            }
            var top = p.Max();
            var sum = p.Sum(v => Math.Exp(v - top));
            for (var c = 0; c < p.Length; c++)
            {
                p[c] = Math.Exp(p[c] - top) / sum;
                mean[c] += p[c] / rows;
                if (p[c] > 0) sure -= p[c] * Math.Log(p[c]) / rows;
            }
        }
        return (sure, -mean.Where(m => m > 0).Sum(m => m * Math.Log(m)));
    }

    [Theory]
    [InlineData(1, 1f)]
    [InlineData(2, 0.5f)]
    [InlineData(5, 1f)]
    [InlineData(9, 2f)]
    [InlineData(10, 100f)]
    public void Lfq_EntropyLoss_IsTheSumOverAllCodes(int bits, float tau)
    {
        var x = Tensor.Randn(s_random, 37, bits) * 0.4f;
        var (sure, spread) = Brute(x.ToArray(), 37, bits, tau, 1);
        Assert.Equal(sure - spread, TermOf(Lfq(new LfqOptions { Bits = bits, InverseTemperature = tau }).Pass(x, Train()), "entropy"), 2e-5 * bits);
        Assert.Equal(sure - (0.5 * spread), TermOf(Lfq(new LfqOptions { Bits = bits, InverseTemperature = tau, Diversity = 0.5f }).Pass(x, Train()), "entropy"), 2e-5 * bits);
        Assert.Equal(sure, TermOf(Lfq(new LfqOptions { Bits = bits, InverseTemperature = tau, Diversity = 0 }).Pass(x, Train()), "entropy"), 2e-5 * bits);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Lfq_EntropyGradient_IsThatOfCentralDifferences(bool factorized)
    {
        var lfq = Lfq(new LfqOptions { Bits = 5, InverseTemperature = 0.7f, Factorized = factorized });
        var x = Tensor.Randn(s_random, 6, 5) * 0.5f;
        x.RequiresGrad = true;
        lfq.Pass(x, Train()).Terms[0].Value.Backward();
        for (var i = 0; i < x.Numel; i++)
        {
            var at = x.Data[i];
            double Loss(float v)
            {
                var copy = x.ToArray();
                copy[i] = v;
                if (!factorized)
                {
                    var (sure, spread) = Brute(copy, 6, 5, 0.7, 1);
                    return sure - spread;
                }
                double total = 0;
                for (var j = 0; j < 5; j++)
                {
                    double p = 0;
                    for (var r = 0; r < 6; r++)
                    {
                        var q = 1 / (1 + Math.Exp(-4 * 0.7 * copy[(r * 5) + j]));
                        total -= ((q * Math.Log(q)) + ((1 - q) * Math.Log(1 - q))) / 6;
                        p += q / 6;
                    }
                    total += (p * Math.Log(p)) + ((1 - p) * Math.Log(1 - p));
                }
                return total;
            }
            var numeric = (Loss(at + 1e-3f) - Loss(at - 1e-3f)) / ((double)(at + 1e-3f) - (at - 1e-3f));
            Assert.Equal(numeric, x.Grad!.Data[i], 2e-4);
        }
    }

    [Fact]
    public void Lfq_CodesAreSigns_ZeroIsMinusOne_AndTheFirstNumberIsLeastSignificant()
    {
        var lfq = Lfq(new LfqOptions { Bits = 4 });
        var passage = lfq.Pass(Tensor.From([0.1f, -2f, 0f, 3f, -1f, 1f, -1f, -1f], 2, 4), Train());
        Assert.Equal([1f, -1f, -1f, 1f, -1f, 1f, -1f, -1f], passage.Output.ToArray());
        Assert.Equal([9L, 2L], IndicesOf(passage));
    }

    [Fact]
    public void Lfq_LossIsNegativeAtBest_BitsTimesLn2()
    {
        // All corners once, each sure of itself.
        var corners = new float[16 * 4];
        for (var c = 0; c < 16; c++)
            for (var j = 0; j < 4; j++) corners[(c * 4) + j] = ((c >> j) & 1) == 1 ? 10 : -10;
        var value = TermOf(Lfq(new LfqOptions { Bits = 4, Diversity = 1.5f }).Pass(Tensor.From(corners, 16, 4), Train()), "entropy");
        Assert.Equal(-1.5 * 4 * Math.Log(2), value, 1e-5);
    }

    [Fact]
    public void Groups_HaveEntropiesOfTheirOwn()
    {
        var x = Tensor.Randn(s_random, 50, 8);
        double sum = 0;
        for (var g = 0; g < 2; g++) sum += TermOf(Lfq(new LfqOptions { Bits = 4 }).Pass(x.Narrow(1, 4 * g, 4), Train()), "entropy");
        var both = Lfq(new LfqOptions { Bits = 4, Groups = 2 });
        Assert.Equal(sum, TermOf(both.Pass(x, Train()), "entropy"), 1e-5);
        Assert.Equal(2, both.Positions);
        Assert.Equal(8, both.Capacity!.Value.Value, 1e-12);
    }

    [Fact]
    public void AMaskLeavesRowsOutOfTheLosses_AndARepeatedBatchHasTheSame()
    {
        var x = Tensor.Randn(s_random, 40, 6);
        var lfq = Lfq(new LfqOptions { Bits = 6 });
        var mask = Tensor.Zeros(40);
        mask.Data[..25].Fill(1);
        var (masked, cut, doubled) = (lfq.Pass(x, Train() with { Mask = mask }), lfq.Pass(x.Narrow(0, 0, 25), Train()), lfq.Pass(Tensor.Cat([x, x]), Train()));
        var once = lfq.Pass(x, Train());
        foreach (var name in (string[])["entropy", "commitment"])
        {
            Assert.Equal(TermOf(cut, name), TermOf(masked, name), 1e-5f);
            Assert.Equal(TermOf(once, name), TermOf(doubled, name), 1e-5f);
        }
        Assert.Throws<ArgumentException>(() => lfq.Pass(x, Train() with { Mask = Tensor.Ones(39) }));
    }

    [Fact]
    public void Lfq_OfEighteenBits_HasItsExactEntropy_WithoutAMatrixOfRowsByCodes()
    {
        var x = Tensor.Randn(s_random, 64, 18);
        x.RequiresGrad = true;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var term = Lfq(new LfqOptions { Bits = 18, InverseTemperature = 3 }).Pass(x, Train()).Terms[0];
        term.Value.Backward();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
        // Rows that are nearly sure and all different: ln 64 spread.
        var (sure, spread) = Brute(x.Narrow(1, 0, 8).Clone().ToArray(), 64, 8, 3, 1);
        Assert.InRange(term.Value.Item(), -18 * Math.Log(2), sure - spread + (10 * Math.Log(2)));
        Assert.All(x.Grad!.ToArray(), g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void Bsq_CodesLieOnTheSphere_WithFactorizedRowEntropy()
    {
        var bsq = Bsq(new BsqOptions { Bits = 6, Factorized = false, InverseTemperature = 1, Diversity = 1 });
        var x = Tensor.Randn(s_random, 30, 6);
        var u = x.ToArray();
        for (var r = 0; r < 30; r++)
        {
            var norm = Math.Sqrt(u.Skip(r * 6).Take(6).Sum(v => v * (double)v));
            for (var j = 0; j < 6; j++) u[(r * 6) + j] = (float)(u[(r * 6) + j] / norm);
        }
        var passage = bsq.Pass(x, Train());
        var corner = 1 / MathF.Sqrt(6);
        Assert.Equal(u.Select(v => v > 0 ? corner : -corner), passage.Output.ToArray());
        var (sure, spread) = Brute(u, 30, 6, 1, 1 / Math.Sqrt(6));
        Assert.Equal(sure - spread, TermOf(passage, "entropy"), 1e-5);
        double sum = 0;
        foreach (var v in u)
        {
            var p = 1 / (1 + Math.Exp(-4 * v / Math.Sqrt(6)));
            sum -= ((p * Math.Log(p)) + ((1 - p) * Math.Log(1 - p))) / 30;
        }
        Assert.Equal(sure, sum, 1e-9);
    }

    // Two opposite codes: one bit together, two bits factorised, and never less than the exact value.
    [Fact]
    public void Bsq_FactorizedEntropy_BoundsTheJointOne()
    {
        var opposite = Tensor.From([1f, 1f, -1f, -1f], 2, 2);
        float Of(bool factorized, Tensor x, float tau) => TermOf(Bsq(new BsqOptions { Bits = x.Size(1), Factorized = factorized, InverseTemperature = tau }).Pass(x, Train()), "entropy");
        Assert.Equal(-Math.Log(2), Of(false, opposite, 100), 1e-5);
        Assert.Equal(-2 * Math.Log(2), Of(true, opposite, 100), 1e-5);
        for (var i = 0; i < 10; i++)
        {
            var x = Tensor.Randn(s_random, 20, 6);
            Assert.True(Of(true, x, 10) <= Of(false, x, 10) + 1e-5f);
        }
    }

    [Fact]
    public void Bsq_GradientGoesThroughTheSphere()
    {
        var bsq = Bsq(new BsqOptions { Bits = 3, Entropy = 0 });
        var x = Tensor.From([1f, -2f, 2f], 1, 3);
        x.RequiresGrad = true;
        (bsq.Pass(x, Train()).Output * Tensor.From([1f, 2f, 3f], 1, 3)).Sum().Backward();
        // (g - u (u·g))/|x| with u = x/3.
        double[] u = [1 / 3.0, -2 / 3.0, 2 / 3.0], g = [1, 2, 3];
        var dot = u.Zip(g, (a, b) => a * b).Sum();
        for (var j = 0; j < 3; j++) Assert.Equal((g[j] - (u[j] * dot)) / 3, x.Grad!.Data[j], 1e-5);
    }

    [Fact]
    public void Bsq_StochasticBits_ComeWithTheirProbabilities_AndDecodeToWhatWasReturned()
    {
        var bsq = Bsq(new BsqOptions { Bits = 2, Stochastic = true, InverseTemperature = 1 });
        var x = Tensor.From([3f, -4f], 1, 2).Expand(20_000, 2).Clone();
        var passage = bsq.Pass(x, Train(7));
        var indices = IndicesOf(passage);
        for (var j = 0; j < 2; j++)
        {
            var p = 1 / (1 + Math.Exp(-4 * (j == 0 ? 0.6 : -0.8) / Math.Sqrt(2)));
            Assert.Equal(p, indices.Average(i => (i >> j) & 1), 4 * Math.Sqrt(p * (1 - p) / 20_000));
        }
        Assert.Equal(passage.Output.ToArray(), bsq.Restore(passage.Message()).ToArray());
        Assert.All(IndicesOf(bsq.Pass(x.Narrow(0, 0, 50), Mean())), i => Assert.Equal(1, i));
    }

    [Fact]
    public void ImpossibleSettings_AreRefusedByName()
    {
        void Refused(string field, Func<object> make) => Assert.Contains("bottleneck." + field, Assert.Throws<InputException>(make).Message, StringComparison.Ordinal);
        Refused("bits", () => Lfq(new LfqOptions { Bits = 21 }));
        Refused("bits", () => Lfq(new LfqOptions { Bits = 63, Factorized = true }));
        Refused("bits", () => Bsq(new BsqOptions { Bits = 30, Factorized = false }));
        Refused("groups", () => Lfq(new LfqOptions { Groups = 0 }));
        Refused("inverse_temperature", () => Lfq(new LfqOptions { InverseTemperature = 0 }));
        Refused("entropy", () => Bsq(new BsqOptions { Entropy = -1 }));
        _ = Lfq(new LfqOptions { Bits = 62, Factorized = true }).Pass(Tensor.Randn(s_random, 4, 62), Train());
    }
}
