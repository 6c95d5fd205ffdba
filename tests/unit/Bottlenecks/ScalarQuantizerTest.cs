using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

/// <summary>Finite scalar quantisation against its definition in double precision, number by number.</summary>
public class ScalarQuantizerTest
{
    private static readonly RandomStream s_random = new(33);

    private static PassContext Train(ulong seed = 1) => new(PassMode.Sample, new RandomStream(seed)) { Training = true };

    private static PassContext Mean() => new(PassMode.Mean, new RandomStream(1));

    private static void Identity(Linear layer)
    {
        layer.Weight.Data.Clear();
        layer.Bias!.Data.Clear();
        for (var i = 0; i < layer.Weight.Size(0); i++) layer.Weight.Data[(i * layer.Weight.Size(1)) + i] = 1;
    }

    private static FiniteScalarQuantizer Plain(FsqOptions options)
    {
        var width = options.Levels.Count * options.Heads;
        var fsq = new FiniteScalarQuantizer(width, options with { Normalize = false }, new RandomStream(4));
        Identity(fsq.Projection);
        return fsq;
    }

    private static long[] IndicesOf(Passage p) => p.Message().Single<Symbols>().Values.ToArray();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Values_AndSlopes_AreThoseOfTheDefinition_ForEveryNumberOfLevels(bool symmetric)
    {
        for (var l = 2; l <= 130; l++)
        {
            var fsq = Plain(new FsqOptions { Levels = [l], Symmetric = symmetric });
            var z = Tensor.Randn(s_random, 203, 1) * 1.5f;
            z.RequiresGrad = true;
            var passage = fsq.Pass(z, Train());
            passage.Output.Sum().Backward();
            var (output, index) = (passage.Output.ToArray(), IndicesOf(passage));
            for (var i = 0; i < output.Length; i++)
            {
                double u, zero, slope, x = z.Data[i];
                if (symmetric || l == 2)
                {
                    (u, zero) = (((l - 1) * (Math.Tanh(x) + 1) / 2) + 0.5, (l - 1) / 2.0);
                    slope = 1 - (Math.Tanh(x) * Math.Tanh(x));
                }
                else
                {
                    var half = (l - 1) * (1 - 1e-3) / 2;
                    var offset = l % 2 == 0 ? 0.5 : 0;
                    var t = Math.Tanh(x + Math.Atanh(offset / half));
                    (u, zero) = ((t * half) - offset + (l / 2) + 0.5, l / 2);
                    slope = (1 - (t * t)) * half / zero;
                }
                Assert.Equal(slope, z.Grad!.Data[i], 2e-5);
                if (Math.Abs(u - Math.Round(u)) < 1e-4) continue; // at a border of two cells
                Assert.Equal((long)Math.Floor(u), index[i]);
                Assert.Equal((float)((Math.Floor(u) - zero) / zero), output[i]);
            }
        }
    }

    [Fact]
    public void Zero_IsMappedToExactlyZero()
    {
        for (var l = 3; l <= 130; l++) Assert.Equal([0f], Plain(new FsqOptions { Levels = [l] }).Pass(Tensor.Zeros(1, 1), Mean()).Output.ToArray());
    }

    [Fact]
    public void TwoLevels_ChangeAtZero()
    {
        var fsq = Plain(new FsqOptions { Levels = [2] });
        Assert.Equal([-1f, 1f, -1f, 1f], fsq.Pass(Tensor.From([-0.01f, 0.01f, -5f, 5f], 4, 1), Mean()).Output.ToArray());
    }

    // The index of every cell decodes to values whose place is that cell, at numbers of levels where an index by floats goes wrong too.
    [Theory]
    [InlineData(8, 5, 5, 5)]
    [InlineData(26, 27, 2)]
    [InlineData(38, 39, 3)]
    [InlineData(42, 43, 2)]
    public void EveryIndex_RoundTrips(params int[] levels)
    {
        foreach (var symmetric in (bool[])[false, true])
        {
            var fsq = Plain(new FsqOptions { Levels = levels, Symmetric = symmetric });
            var n = (int)fsq.Alphabet;
            var values = fsq.Restore(new Message([new Symbols("index", LongTensor.From([.. Enumerable.Range(0, n).Select(i => (long)i)], n, 1), n)])).ToArray();
            // The number whose squashed value stands in the middle of the cell.
            var z = new float[values.Length];
            for (var i = 0; i < values.Length; i++)
            {
                var l = levels[i % levels.Length];
                double zero = symmetric || l == 2 ? (l - 1) / 2.0 : l / 2, level = (values[i] * zero) + zero;
                if (symmetric || l == 2) z[i] = (float)Math.Atanh(Math.Clamp((level - zero) / zero, -0.9999, 0.9999));
                else
                {
                    double half = (l - 1) * (1 - 1e-3) / 2, offset = l % 2 == 0 ? 0.5 : 0;
                    z[i] = (float)(Math.Atanh(Math.Clamp((level - (l / 2) + offset) / half, -0.9999, 0.9999)) - Math.Atanh(offset / half));
                }
            }
            var passage = fsq.Pass(Tensor.From(z, n, levels.Length), Mean());
            Assert.Equal(Enumerable.Range(0, n).Select(i => (long)i), IndicesOf(passage));
            Assert.Equal(values, passage.Output.ToArray());
        }
    }

    [Theory]
    [InlineData(240, 8, 6, 5)]
    [InlineData(1000, 8, 5, 5, 5)]
    [InlineData(4375, 7, 5, 5, 5, 5)]
    [InlineData(15360, 8, 8, 8, 6, 5)]
    [InlineData(64000, 8, 8, 8, 5, 5, 5)]
    public void PublishedLevels_HaveTheirNumberOfCodes(int codes, params int[] levels)
    {
        var fsq = Plain(new FsqOptions { Levels = levels });
        Assert.Equal(codes, fsq.Alphabet);
        Assert.Equal(Math.Log2(codes), fsq.Capacity!.Value.Value, 1e-12);
    }

    [Fact]
    public void TheFirstDimension_IsTheLeastSignificant()
    {
        var fsq = Plain(new FsqOptions { Levels = [8, 5, 5, 5] });
        // All at their lowest level but one, which is one higher.
        for (var d = 0; d < 4; d++)
        {
            var z = Tensor.Full([1, 4], -20f);
            z.Data[d] = d == 0 ? -1.02f : -0.55f;
            Assert.Equal([new long[] { 1, 8, 40, 200 }[d]], IndicesOf(fsq.Pass(z, Mean())));
        }
    }

    // 32-bit floats hold no whole numbers above 2^24 one by one, 64-bit ones none above 2^53.
    [Theory]
    [InlineData(16, 7)]
    [InlineData(16, 15)]
    [InlineData(65536, 3)]
    public void Indices_AreExact_BeyondTheWholeNumbersOfFloats(int level, int dimensions)
    {
        var fsq = Plain(new FsqOptions { Levels = [.. Enumerable.Repeat(level, dimensions)] });
        var passage = fsq.Pass(Tensor.Randn(s_random, 100, dimensions), Mean());
        var (indices, values) = (IndicesOf(passage), passage.Output.ToArray());
        for (var i = 0; i < 100; i++)
        {
            Int128 index = 0;
            for (var d = dimensions - 1; d >= 0; d--) index = (index * level) + (Int128)Math.Round((values[(i * dimensions) + d] * (level / 2)) + (level / 2));
            Assert.Equal(index, indices[i]);
        }
        Assert.Equal(values, fsq.Restore(passage.Message()).ToArray());
    }

    [Fact]
    public void MoreThan2To62Codes_AreRefusedByName()
    {
        _ = Plain(new FsqOptions { Levels = [.. Enumerable.Repeat(4, 31)] });
        var error = Assert.Throws<InputException>(() => Plain(new FsqOptions { Levels = [.. Enumerable.Repeat(4, 31), 2] }));
        Assert.Contains("bottleneck.levels", error.Message, StringComparison.Ordinal);
        Assert.Contains("2^62", error.Message, StringComparison.Ordinal);
        Assert.Contains("bottleneck.noise", Assert.Throws<InputException>(() => Plain(new FsqOptions { Noise = 2 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Noise_ReplacesARounding_AndTouchesNoIndex()
    {
        var (plain, noisy) = (Plain(new FsqOptions { Levels = [8, 5, 2] }), Plain(new FsqOptions { Levels = [8, 5, 2], Noise = 0.5f }));
        var z = Tensor.Randn(s_random, 2000, 3);
        z.RequiresGrad = true;
        var (a, b) = (plain.Pass(z, Train()), noisy.Pass(z, Train()));
        Assert.Equal(IndicesOf(a), IndicesOf(b));
        a.Output.Sum().Backward();
        var gradient = z.Grad!.ToArray();
        z.ZeroGrad();
        b.Output.Sum().Backward();
        Assert.Equal(gradient, z.Grad!.ToArray());
        float[] cells = [0.25f, 0.5f, 2f];
        var (codes, outputs) = (a.Output.ToArray(), b.Output.ToArray());
        var moved = 0;
        for (var i = 0; i < codes.Length; i++)
        {
            Assert.InRange(outputs[i] - codes[i], -cells[i % 3] - 1e-5f, cells[i % 3] + 1e-5f);
            if (outputs[i] != codes[i]) moved++;
        }
        Assert.InRange(moved, 2700, 3300); // half of 6000
        Assert.Equal(plain.Pass(z, Mean()).Output.ToArray(), noisy.Pass(z, Mean()).Output.ToArray());
    }

    [Fact]
    public void HeadsSideBySide_AreQuantisersOfTheirOwn()
    {
        var two = Plain(new FsqOptions { Levels = [7, 4, 3], Heads = 2 });
        var one = Plain(new FsqOptions { Levels = [7, 4, 3] });
        var z = Tensor.Randn(s_random, 77, 6);
        var indices = IndicesOf(two.Pass(z, Mean()));
        for (var head = 0; head < 2; head++)
            Assert.Equal(IndicesOf(one.Pass(z.Narrow(1, head * 3, 3), Mean())), indices.Where((_, i) => i % 2 == head));
    }

    [Theory]
    [InlineData(2, 5)]
    [InlineData(3, 3)]
    [InlineData(5, 4)]
    [InlineData(8, 3)]
    public void Rfsq_ErrorFallsByTheLevelsWithEveryStage(int level, int stages)
    {
        var rfsq = new ResidualFsq(2, new ResidualFsqOptions { Levels = [level, level], Stages = stages, Normalize = false }, new RandomStream(4));
        Identity(rfsq.Projection);
        var z = Tensor.Randn(s_random, 500, 2);
        z.RequiresGrad = true;
        var passage = rfsq.Pass(z, Train());
        var squashed = z.Detach().Tanh().ToArray();
        for (var s = 1; s <= stages; s++)
        {
            var part = rfsq.RestorePart(passage.Message(), s).ToArray();
            var bound = Math.Pow(level, 1 - s) / (level - 1);
            Assert.All(part.Zip(squashed), p => Assert.InRange(p.First - p.Second, -bound - 1e-6, bound + 1e-6));
        }
        Assert.Equal(passage.Output.ToArray(), rfsq.Restore(passage.Message()).ToArray());
        passage.Output.Sum().Backward();
        for (var i = 0; i < squashed.Length; i++) Assert.Equal(1 - (squashed[i] * squashed[i]), z.Grad!.Data[i], 1e-5f);
        Assert.Equal(stages * 2 * Math.Log2(level), rfsq.Capacity!.Value.Value, 1e-9);
    }

    [Fact]
    public void Rfsq_RefusesWhatCannotBe()
    {
        Assert.Contains("bottleneck.stages", Assert.Throws<InputException>(() => new ResidualFsq(2, new ResidualFsqOptions { Stages = 0 }, s_random)).Message, StringComparison.Ordinal);
        Assert.Contains("bottleneck.stages", Assert.Throws<InputException>(() => new ResidualFsq(2, new ResidualFsqOptions { Levels = [16], Stages = 7 }, s_random)).Message, StringComparison.Ordinal);
        Assert.Contains("bottleneck.levels", Assert.Throws<InputException>(() => new ResidualFsq(2, new ResidualFsqOptions { Levels = [] }, s_random)).Message, StringComparison.Ordinal);
    }
}
