using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Bottlenecks;

public class IndexCodeTest
{
    // A chain: an index mostly repeats the one before; the second stage mostly repeats the first.
    private static LongTensor Chain(int samples, int places, ulong seed)
    {
        var random = new RandomStream(seed);
        var indices = LongTensor.Zeros(samples, places * 2);
        for (var i = 0; i < samples; i++)
        {
            long state = random.NextInt(8);
            for (var p = 0; p < places; p++)
            {
                if (random.NextSingle() < 0.2f) state = random.NextInt(8);
                indices.Data[(i * places * 2) + (2 * p)] = state;
                indices.Data[(i * places * 2) + (2 * p) + 1] = random.NextSingle() < 0.9f ? state : random.NextInt(8);
            }
        }
        return indices;
    }

    private static readonly IndexLayout s_layout = new([8, 8], 6);

    [Theory]
    [InlineData(IndexPrior.Static)]
    [InlineData(IndexPrior.Position)]
    [InlineData(IndexPrior.Context)]
    [InlineData(IndexPrior.Adaptive)]
    [InlineData(IndexPrior.Packed)]
    public void WhatIsWritten_IsRead_AndCostsWhatTheMeterSays(IndexPrior prior)
    {
        var code = IndexCode.Parse(IndexCode.Fit(Chain(500, 6, 1), s_layout, prior).ToBytes(), s_layout, prior);
        var indices = Chain(200, 6, 2);
        var writer = new MessageWriter();
        code.Write(indices, writer);
        var payload = writer.Finish();
        var reader = payload.Open();
        Assert.Equal(indices.ToArray(), code.Read(reader, 200).ToArray());
        reader.Finish();
        var bits = code.Cost(indices).ToArray().Sum(v => v / Math.Log(2));
        var meter = new CostMeter();
        code.Write(indices, meter);
        Assert.Equal(meter.Cost.Value, bits, 0.01);
        if (prior == IndexPrior.Packed) Assert.Equal(200 * 12 * 3, bits, 1e-3);
    }

    [Fact]
    public void KnowingTheIndexBefore_SavesTheBitsItTells()
    {
        var (train, test) = (Chain(1000, 6, 1), Chain(300, 6, 2));
        double Bits(IndexPrior prior) => IndexCode.Fit(train, s_layout, prior).Cost(test).ToArray().Average() / Math.Log(2);
        // By hand: 3 bits for the first, then -Σ p log2 p with p = .825 and seven of .025 (places), .9125 and seven of .0125 (stages).
        double Row(double stay, double move) => -(stay * Math.Log2(stay)) - (7 * move * Math.Log2(move));
        var chain = 3 + (5 * Row(0.825, 0.025)) + (6 * Row(0.9125, 0.0125));
        Assert.InRange(Bits(IndexPrior.Context), chain - 0.4, chain + 0.4);
        Assert.InRange(Bits(IndexPrior.Adaptive), chain - 0.4, chain + 1.5);
        Assert.InRange(Bits(IndexPrior.Static), 35.9, 36.2);
        Assert.InRange(Bits(IndexPrior.Position), 35.9, 36.4);
    }

    [Theory]
    [InlineData(100_000L)]
    [InlineData(1L << 40)]
    public void ManyCodes_AreWrittenAsDigits_OrPacked(long alphabet)
    {
        var random = new RandomStream(3);
        var layout = new IndexLayout([alphabet, 5], 2);
        var indices = LongTensor.Zeros(100, 4);
        for (var i = 0; i < 400; i++) indices.Data[i] = i % 2 == 1 ? random.NextInt(5) : (long)(random.NextDouble() * alphabet);
        foreach (var prior in (IndexPrior[])[IndexPrior.Static, IndexPrior.Position, IndexPrior.Packed])
        {
            var code = IndexCode.Fit(indices, layout, prior);
            var writer = new MessageWriter();
            code.Write(indices, writer);
            var reader = writer.Finish().Open();
            Assert.Equal(indices.ToArray(), code.Read(reader, 100).ToArray());
            reader.Finish();
        }
        Assert.Throws<InputException>(() => IndexCode.Fit(indices, layout, IndexPrior.Context));
        Assert.Throws<InputException>(() => IndexCode.Fit(indices, layout, IndexPrior.Adaptive));
    }

    [Fact]
    public void DamagedTables_AreRefused()
    {
        foreach (var prior in Enum.GetValues<IndexPrior>())
        {
            var bytes = IndexCode.Fit(Chain(100, 6, 1), s_layout, prior).ToBytes();
            for (var n = 0; n < bytes.Length; n += 1 + (n / 20)) AssertRefused(bytes[..n], prior);
            for (var at = 0; at < bytes.Length; at += 1 + (at / 20))
            {
                var damaged = bytes.ToArray();
                damaged[at] ^= 0x41;
                AssertRefused(damaged, prior);
            }
            Assert.Throws<InputException>(() => IndexCode.Parse(bytes, s_layout with { Places = 7 }, prior));
            Assert.Throws<InputException>(() => IndexCode.Parse(bytes, new IndexLayout([8, 9], 6), prior));
        }
    }

    [Fact]
    public void HostileMessages_EndInOneError()
    {
        var random = new RandomStream(4);
        foreach (var prior in Enum.GetValues<IndexPrior>())
        {
            var vq = new VectorQuantizer([6, 3], new VqOptions { Codes = 5, Width = 2, Places = true, Prior = prior }, new RandomStream(1));
            vq.Pass(Tensor.Randn(random, 50, 6, 3), new PassContext(PassMode.Sample, new RandomStream(1)) { Training = true });
            vq.Freeze([Tensor.Randn(random, 50, 6, 3)]);
            var message = vq.Pass(Tensor.Randn(random, 20, 6, 3), RoundTrip.Ship()).Message();
            var writer = new MessageWriter();
            vq.Write(message, writer);
            var payload = writer.Finish();
            for (var trial = 0; trial < 60; trial++)
            {
                var bytes = payload.Bytes.ToArray();
                if (trial % 2 == 0) bytes = bytes[..random.NextInt(bytes.Length)];
                else for (var k = 0; k < 3; k++) bytes[random.NextInt(bytes.Length)] ^= (byte)(1 + random.NextInt(255));
                try
                {
                    var reader = (payload with { Bytes = bytes }).Open();
                    var read = vq.Read(reader, new MessageShape(20, 6));
                    Assert.All(read.Single<Symbols>().Values.ToArray(), v => Assert.InRange(v, -1, 4));
                    vq.Restore(read);
                    reader.Finish();
                }
                catch (CodingException)
                {
                    // the one error that wrong bytes may end in
                }
            }
        }
    }

    private static void AssertRefused(byte[] bytes, IndexPrior prior)
    {
        try
        {
            IndexCode.Parse(bytes, s_layout, prior);
            Assert.Fail("damaged tables were taken");
        }
        catch (InputException)
        {
            // as it should be; a CodingException is one
        }
    }
}
