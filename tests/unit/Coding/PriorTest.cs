using System.Globalization;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public class PriorTest
{
    private static double EntropyBits(FrequencyTable table) =>
        Enumerable.Range(0, table.Entries).Where(i => table.Frequency(i) > 0).Sum(i => table.Frequency(i) * Math.Pow(2, -table.Precision) * table.Bits(i));

    [Fact]
    public void Masses_AgreeWithSciPy()
    {
        // Goldens/priors.py computed these with SciPy 1.10.
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Coding", "Goldens", "priors.csv"));
        Assert.True(lines.Length > 300);
        foreach (var line in lines)
        {
            var cells = line.Split(',');
            var (scale, center, k, p) = (double.Parse(cells[1], CultureInfo.InvariantCulture), double.Parse(cells[2], CultureInfo.InvariantCulture), double.Parse(cells[3], CultureInfo.InvariantCulture), double.Parse(cells[4], CultureInfo.InvariantCulture));
            var density = Enum.Parse<Density>(cells[0]);
            Assert.InRange(PriorTables.Mass(density, (k - .5 - center) / scale, (k + .5 - center) / scale) / p, 1 - 1e-11, 1 + 1e-11);
            var table = PriorTables.Discretize(density, scale, center);
            var entry = (int)k - table.First;
            if (entry >= 0 && entry < table.Count && p > 1e-3) Assert.InRange(table.Frequency(entry) / 65536.0, p * .9 - 3e-5, p * 1.1 + 3e-5);
        }
    }

    [Fact]
    public void KnownAnswers()
    {
        Assert.Equal(.382924923, PriorTables.Mass(Density.Gaussian, -.5, .5), 9);
        Assert.Equal(.024994793, PriorTables.Mass(Density.Logistic, -.05, .05), 9);
        // The entropy of round(N(0, s)) in bits, and what its table makes of it: never less, and 0.5 % more at most.
        foreach (var (s, bits) in new[] { (.3, .550420), (.5, 1.241196), (1, 2.104833), (2, 3.061969), (4, 4.050843), (10, 5.369625), (64, 8.047110) })
        {
            Assert.Equal(bits, RoundedRate(Density.Gaussian, s), 6);
            var table = PriorTables.Discretize(Density.Gaussian, s);
            var cost = Enumerable.Range(0, table.Count).Sum(i => PriorTables.Mass(Density.Gaussian, (table.First + i - .5) / s, (table.First + i + .5) / s) * table.Bits(i));
            Assert.InRange(cost, bits - 1e-6, 1.005 * bits);
        }
    }

    [Fact]
    public void ScaleTables_AreThoseOfTheHyperprior()
    {
        Assert.Equal(64, ScaleTables.Scales.Count);
        Assert.Equal(.11, ScaleTables.Scales[0], 14);
        Assert.Equal(256, ScaleTables.Scales[63], 12);
        Assert.Equal(1.130946, ScaleTables.Scales[40] / ScaleTables.Scales[39], 6);
        var tables = new ScaleTables();
        // CompressAI counts the entries of the cumulative table, one more than frequencies: 5 to 3133, 27,256 in all.
        Assert.Equal((5, 3133, 27_256), (tables.Tables[0].Entries + 1, tables.Tables[63].Entries + 1, tables.Tables.Sum(t => t.Entries + 1)));
        Assert.Equal(0, ScaleTables.IndexOf(double.NaN));
        Assert.Equal(0, ScaleTables.IndexOf(-1));
        Assert.Equal(63, ScaleTables.IndexOf(1e9));
        for (var i = 0; i < 64; i++)
        {
            Assert.Equal(i, ScaleTables.IndexOf(ScaleTables.Scales[i]));
            Assert.Equal(Math.Min(63, i + 1), ScaleTables.IndexOf(ScaleTables.Scales[i] * (1 + 1e-9)));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => PriorTables.Discretize(Density.Gaussian, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => PriorTables.Discretize(Density.Gaussian, 1, double.NaN));
        Assert.True(PriorTables.Discretize(Density.Laplace, 1e12).HasEscape); // wide: most goes through the escape
    }

    [Fact]
    public void AMessageUnderItsScales_CostsItsEntropy_AndSurvivesTheModelFile()
    {
        var random = new RandomStream(1);
        var (values, indices) = (new int[20_000], new int[20_000]);
        var ideal = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            var sigma = .11 * Math.Exp(7 * random.NextDouble());
            indices[i] = ScaleTables.IndexOf(sigma);
            values[i] = (int)Math.Round(random.NextGaussian() * ScaleTables.Scales[indices[i]]);
            ideal -= Math.Log2(PriorTables.Mass(Density.Gaussian, (values[i] - .5) / ScaleTables.Scales[indices[i]], (values[i] + .5) / ScaleTables.Scales[indices[i]]));
        }
        var writer = new MessageWriter();
        new ScaleTables().Write(writer, values, indices);
        var coded = writer.Finish();
        Assert.InRange(8.0 * coded.Bytes.Length / ideal, 1, 1.005);
        var frozen = new ScaleTables(TableSet.Parse(new ScaleTables().Tables.ToBytes()));
        var reader = coded.Open();
        var read = new int[values.Length];
        frozen.Read(reader, read, indices);
        reader.Finish();
        Assert.Equal(values, read);
        Assert.NotEqual(ScaleTables.IndexDigest(indices), ScaleTables.IndexDigest(indices.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => frozen.Write(writer, [1], [64]));
        Assert.Throws<ArgumentException>(() => frozen.Write(writer, [1, 2], [0]));
        Assert.Throws<CodingException>(() => new ScaleTables(new TableSet([FrequencyTable.Uniform(2)])));
    }

    // The entropy of round(x) in bits.
    private static double RoundedRate(Density density, double scale, double center = 0)
    {
        var sum = 0.0;
        for (var k = -(int)(40 * scale + 10); k <= 40 * scale + 10; k++)
        {
            var p = PriorTables.Mass(density, (k - .5 - center) / scale, (k + .5 - center) / scale);
            if (p > 0) sum -= p * Math.Log2(p);
        }
        return sum;
    }

    // The rate of the noise channel in bits: the entropy of x + U under its own density, by Simpson's rule.
    private static double NoiseRate(Density density, double scale)
    {
        double Term(double y)
        {
            var p = PriorTables.Mass(density, (y - .5) / scale, (y + .5) / scale);
            return p > 0 ? -p * Math.Log2(p) : 0;
        }
        var (h, sum) = (scale / 400, 0.0);
        for (var i = 0; i < 40_000; i += 2) sum += Term(i * h) + 4 * Term((i + 1) * h) + Term((i + 2) * h);
        return 2 * sum * h / 3;
    }

    [Theory]
    [InlineData(Density.Gaussian, .5)]
    [InlineData(Density.Gaussian, 3)]
    [InlineData(Density.Laplace, .7)]
    [InlineData(Density.Logistic, 2)]
    public void TheDitheredBillIsTheNoiseRate_NotBelowTheRoundedRate(Density density, double scale)
    {
        var tables = Dither.Tables(density, scale);
        var noise = NoiseRate(density, scale);
        Assert.InRange(tables.Average(EntropyBits) / noise, .997, 1.005);
        Assert.True(noise >= RoundedRate(density, scale) - 1e-9); // for a median-centred unimodal prior

        // Real samples, real bytes.
        var random = new RandomStream(3);
        var (writer, sender) = (new MessageWriter(), new Dither(new RandomStream(7)));
        var x = new double[50_000];
        var squared = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = scale * Sample(density, random);
            var g = sender.Next();
            writer.WriteInteger(Dither.Quantize(x[i], g), tables[g]);
        }
        var coded = writer.Finish();
        Assert.InRange(8.0 * coded.Bytes.Length / x.Length / noise, .98, 1.02);
        var (reader, receiver) = (coded.Open(), new Dither(new RandomStream(7)));
        foreach (var value in x)
        {
            var g = receiver.Next();
            var error = Dither.Dequantize(reader.ReadInteger(tables[g]), g) - value;
            Assert.InRange(error, -.5, .5);
            squared += error * error;
        }
        reader.Finish();
        Assert.InRange(squared / x.Length, .98 / 12, 1.02 / 12); // the error is uniform
    }

    private static double Sample(Density density, RandomStream random)
    {
        var u = random.NextDouble() - .5;
        return density switch
        {
            Density.Gaussian => random.NextGaussian(),
            Density.Laplace => -Math.Sign(u) * Math.Log(1 - 2 * Math.Abs(u)),
            _ => Math.Log((u + .5) / (.5 - u)),
        };
    }

    [Fact]
    public void OffTheMode_NoiseMayCostLessThanRounding()
    {
        // A Gaussian whose median lies between two integers: the inequality of the test above is about centred priors only.
        Assert.True(NoiseRate(Density.Gaussian, .2) < RoundedRate(Density.Gaussian, .2, center: .5));
    }

    [Fact]
    public void DitherOffsetsAreOnTheirGrid_AndExact()
    {
        for (var g = 0; g < Dither.Offsets; g++)
        {
            Assert.Equal((g + .5) / 16 - .5, Dither.Offset(g));
            Assert.Equal(100 - Dither.Offset(g), Dither.Dequantize(100, g));
        }
        Assert.Equal(0, Dither.Quantize(double.NaN, 3));
        Assert.Equal(1 << 30, Dither.Quantize(double.PositiveInfinity, 3));
        var dither = new Dither(new RandomStream(1));
        Assert.Equal("0 12 0 7 11 14 7 3 0 13 14 6", string.Join(' ', Enumerable.Range(0, 12).Select(_ => dither.Next()))); // pinned: both sides must agree for ever
    }

    private static int[] MarkovCodes(int messages, int length, int alphabet, ulong seed)
    {
        var random = new RandomStream(seed);
        var codes = new int[messages * length];
        for (var i = 0; i < codes.Length; i++)
            codes[i] = i % length == 0 ? random.NextInt(2) : random.NextInt(10) < 7 ? (codes[i - 1] * 3 + 1) % alphabet : Math.Min(random.NextInt(alphabet), random.NextInt(alphabet));
        return codes;
    }

    [Fact]
    public void EveryContextOfACodePriorIsLossless_AndTheRightOneIsCheapest()
    {
        const int length = 16, alphabet = 32;
        var (train, test) = (MarkovCodes(2000, length, alphabet, 1), MarkovCodes(200, length, alphabet, 2));
        var cost = new Dictionary<CodeContext, double>();
        foreach (var context in Enum.GetValues<CodeContext>())
        {
            var prior = CodePrior.Parse(CodePrior.Fit(train, length, alphabet, context).ToBytes());
            var (writer, meter) = (new MessageWriter(), new CostMeter());
            for (var i = 0; i < test.Length; i += length)
            {
                prior.Write(writer, test.AsSpan(i, length));
                prior.Write(meter, test.AsSpan(i, length));
            }
            var reader = writer.Finish().Open();
            var read = new int[length];
            for (var i = 0; i < test.Length; i += length)
            {
                prior.Read(reader, read);
                Assert.Equal(test[i..(i + length)], read);
            }
            reader.Finish();
            cost[context] = meter.Cost.Value / test.Length;
        }
        Assert.True(cost[CodeContext.Previous] < .75 * cost[CodeContext.None]);
        Assert.True(cost[CodeContext.Position] < cost[CodeContext.None]); // the first place is different
    }

    [Fact]
    public void ASparseCodePriorStillCodesEverything()
    {
        // 4,096 codes, ten of them seen: any other costs bits, not an error.
        var prior = CodePrior.Fit(Enumerable.Range(0, 400).Select(i => i % 10).ToArray(), 4, 4096, CodeContext.Previous);
        var meter = new CostMeter();
        prior.Write(meter, [4095, 17, 0, 1]);
        Assert.InRange(meter.Cost.Value, 20, 60);
        Assert.Equal(CodingError.InvalidSymbol, Assert.Throws<CodingException>(() => prior.Write(meter, [4096])).Code);
        Assert.Throws<ArgumentException>(() => CodePrior.Fit([0, 5], 1, 5, CodeContext.None));
        Assert.Throws<ArgumentException>(() => CodePrior.Fit([0, 1, 2], 2, 5, CodeContext.None));
        Assert.Throws<ArgumentException>(() => CodePrior.Fit(new int[100], 100, 65536, CodeContext.Position));
        Assert.Equal(CodingError.InvalidSymbol, Assert.Throws<CodingException>(() => CodePrior.Fit([0, 1], 2, 2, CodeContext.Position).Write(meter, [0, 1, 0])).Code);
    }

    [Fact]
    public void CodePrior_RefusesDamage()
    {
        foreach (var context in Enum.GetValues<CodeContext>())
        {
            var bytes = CodePrior.Fit([0, 1, 2, 2, 1, 0], 3, 3, context).ToBytes();
            for (var n = 0; n < bytes.Length; n++) Assert.Throws<CodingException>(() => CodePrior.Parse(bytes.AsSpan(0, n)));
            for (var bit = 0; bit < 8 * bytes.Length; bit++)
            {
                var wrong = bytes.ToArray();
                wrong[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Throws<CodingException>(() => CodePrior.Parse(wrong));
                BitConverter.TryWriteBytes(wrong.AsSpan(wrong.Length - 4), Crc32C.Of(wrong.AsSpan(0, wrong.Length - 4)));
                try { CodePrior.Parse(wrong).Write(new CostMeter(), [0]); }
                catch (CodingException) { }
            }
        }
    }

    [Fact]
    public void RelativeEntropyCoding_SendsSamplesOfThePosterior_AtItsKL()
    {
        double[] mean = [1.2, -.4, 0, 2, -.8], deviation = [.4, .8, 1, .6, .5];
        var kl = mean.Zip(deviation, (m, s) => (.5 * (m * m + s * s - 1) - Math.Log(s)) / Math.Log(2)).ToArray();
        var coder = RelativeEntropyCoder.Plan(kl, slackBits: 5);
        Assert.All(coder.Blocks, b => Assert.InRange(b.Bits, 0, 16));
        Assert.Equal(5, coder.Dimensions);
        Assert.InRange(coder.Bits, kl.Sum(), kl.Sum() + 6 * coder.Blocks.Count);
        var (shared, own) = (new RandomStream(5), new RandomStream(6));
        const int n = 200;
        var (sum, squares) = (new double[5], new double[5]);
        for (var i = 0; i < n; i++)
        {
            var writer = new MessageWriter();
            var sent = coder.Write(writer, mean, deviation, shared.Fork((ulong)i), own);
            var meter = new CostMeter();
            var reader = writer.Finish().Open();
            Assert.Equal(sent, coder.Read(reader, shared.Fork((ulong)i)));
            reader.Finish();
            for (var d = 0; d < 5; d++)
            {
                sum[d] += sent[d];
                squares[d] += (sent[d] - mean[d]) * (sent[d] - mean[d]);
            }
        }
        for (var d = 0; d < 5; d++)
        {
            Assert.InRange(sum[d] / n - mean[d], -.25, .25);
            Assert.InRange(Math.Sqrt(squares[d] / n) / deviation[d], .8, 1.2);
        }
        Assert.Throws<ArgumentException>(() => new RelativeEntropyCoder([(1, 17)]));
        Assert.Throws<ArgumentException>(() => RelativeEntropyCoder.Plan([-1]));
        Assert.Throws<ArgumentException>(() => coder.Write(new MessageWriter(), [1], [1], shared, own));
    }
}
