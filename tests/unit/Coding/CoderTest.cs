using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public class CoderTest
{
    public static TheoryData<CoderKind, int> AllCoders => new()
    {
        { CoderKind.Stored, 1 }, { CoderKind.Range, 1 },
        { CoderKind.Rans32, 1 }, { CoderKind.Rans32, 2 }, { CoderKind.Rans32, 4 },
        { CoderKind.Rans64, 1 }, { CoderKind.Rans64, 2 }, { CoderKind.Rans64, 4 },
    };

    // What the coder may lose a symbol, and at the end, in bits.
    private static (double PerSymbol, double State) Overhead(CoderKind coder, int lanes, int precision) => coder switch
    {
        CoderKind.Rans32 => (Math.Log2(1 + Math.Pow(2, precision - 23)), 32 * lanes),
        CoderKind.Rans64 => (Math.Log2(1 + Math.Pow(2, precision - 31)), 64 * lanes),
        _ => (1e-9, 16),
    };

    // A frame tells the length of its payload, so the range coder may leave off a byte's worth of its last symbols.
    private static double LeastBits(CoderKind coder, double cost) => coder == CoderKind.Range ? cost - 8 : cost - 1e-6;

    private static double[] TwoSided(int count, double decay) =>
        [.. Enumerable.Range(0, count).Select(i => Math.Exp(-Math.Abs(i - count / 2) / decay))];

    private static int[] Sample(FrequencyTable table, int n, RandomStream random)
    {
        var entries = new int[n];
        for (var i = 0; i < n; i++) entries[i] = table.Decoding.Slots[random.NextInt(1 << table.Precision)];
        return entries;
    }

    private static void AssertRoundTrip(int[] entries, FrequencyTable table, CoderKind coder, int lanes)
    {
        var (writer, meter) = (new MessageWriter(), new CostMeter());
        writer.Write(entries, table);
        meter.Write(entries, table);
        var coded = writer.Finish(coder, lanes);
        var read = new int[entries.Length];
        var reader = coded.Open();
        reader.Read(read, table);
        reader.Finish();
        Assert.Equal(entries, read);
        if (coder == CoderKind.Stored) return;
        var (perSymbol, state) = Overhead(coder, lanes, table.Precision);
        Assert.InRange(8.0 * coded.Bytes.Length, LeastBits(coder, meter.Cost.Value), meter.Cost.Value + entries.Length * perSymbol + state);
        Assert.Equal(entries.Sum(e => Math.Log2(Math.Pow(2, table.Precision) / table.Frequency(e))), meter.Cost.Value, 1e-9 * (1 + entries.Length));
    }

    [Theory]
    [MemberData(nameof(AllCoders))]
    public void EveryAlphabetAndLengthIsLossless_WithinTheBound(CoderKind coder, int lanes)
    {
        var random = new RandomStream(3);
        FrequencyTable[] tables =
        [
            FrequencyTable.FromPmf([1], precision: 0), FrequencyTable.FromPmf([1], precision: 16), FrequencyTable.FromPmf([0, 1, 0]),
            FrequencyTable.FromPmf([.999, .001]), FrequencyTable.FromPmf([1, 1], precision: 1), FrequencyTable.FromPmf(TwoSided(10, 1.5)),
            FrequencyTable.FromPmf(TwoSided(256, 8)), FrequencyTable.FromPmf(TwoSided(256, 8), precision: 16),
            FrequencyTable.FromPmf(TwoSided(65536, 5000), precision: 16, everySymbol: true), FrequencyTable.FromFrequencies([65535, 1]),
        ];
        foreach (var table in tables)
            foreach (var n in new[] { 0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 100, 1001, 20_000 })
                AssertRoundTrip(Sample(table, n, random), table, coder, lanes);
    }

    [Theory]
    [MemberData(nameof(AllCoders))]
    public void MixedModels_ReadBackInQueueOrder(CoderKind coder, int lanes)
    {
        FrequencyTable[] tables = [FrequencyTable.FromPmf(TwoSided(20, 2), escape: 1e-3), FrequencyTable.FromPmf([1, 0, 2], escape: .1), FrequencyTable.Uniform(1000)];
        for (var seed = 0UL; seed < 20; seed++)
        {
            var (writer, meter) = (new MessageWriter(), new CostMeter());
            Script(seed, tables, writer);
            Script(seed, tables, meter);
            var coded = writer.Finish(coder, lanes);
            Assert.Equal(writer.Symbols, meter.Symbols);
            if (coder != CoderKind.Stored)
            {
                var (perSymbol, state) = Overhead(coder, lanes, 16);
                Assert.InRange(8.0 * coded.Bytes.Length, LeastBits(coder, meter.Cost.Value), meter.Cost.Value + writer.Symbols * perSymbol + state);
            }
            var reader = coded.Open();
            Check(seed, tables, reader);
            reader.Finish();
        }
    }

    // The same random calls, once as writing and once as reading.
    private static void Script(ulong seed, FrequencyTable[] tables, ISymbolWriter to)
    {
        var random = new RandomStream(seed);
        for (var step = 0; step < 300; step++)
        {
            var table = tables[random.NextInt(tables.Length)];
            switch (random.NextInt(5))
            {
                case 0: to.WriteInteger(Integer(random), tables[random.NextInt(2)]); break;
                case 1: to.Write(Sample(table, random.NextInt(40), random), table); break;
                case 2: to.WriteBit(random.NextInt(2) == 1, 1 + random.NextInt(65535)); break;
                case 3: var count = random.NextInt(33); to.WriteBits(count == 0 ? 0 : random.NextUInt32() >> (32 - count), count); break;
                default: to.WriteGamma(random.NextUInt32() >> random.NextInt(32)); break;
            }
        }
    }

    private static void Check(ulong seed, FrequencyTable[] tables, ISymbolReader from)
    {
        var random = new RandomStream(seed);
        for (var step = 0; step < 300; step++)
        {
            var table = tables[random.NextInt(tables.Length)];
            switch (random.NextInt(5))
            {
                case 0: var value = Integer(random); Assert.Equal(value, from.ReadInteger(tables[random.NextInt(2)])); break;
                case 1: var entries = Sample(table, random.NextInt(40), random); var read = new int[entries.Length]; from.Read(read, table); Assert.Equal(entries, read); break;
                case 2: var bit = random.NextInt(2) == 1; Assert.Equal(bit, from.ReadBit(1 + random.NextInt(65535))); break;
                case 3: var count = random.NextInt(33); Assert.Equal(count == 0 ? 0 : random.NextUInt32() >> (32 - count), from.ReadBits(count)); break;
                default: Assert.Equal(random.NextUInt32() >> random.NextInt(32), from.ReadGamma()); break;
            }
        }
    }

    private static int Integer(RandomStream random) => (int)random.NextUInt32() >> random.NextInt(32);

    [Fact]
    public void AnyIntegerPassesTheEscape()
    {
        FrequencyTable[] tables = [FrequencyTable.FromPmf([1, 2, 1], first: -1, escape: .01), FrequencyTable.FromPmf([1, 0, 1], first: -1, escape: .01),
            FrequencyTable.FromPmf([1], first: int.MinValue, escape: .01), FrequencyTable.FromPmf([1], first: int.MaxValue, escape: .01)];
        int[] values = [int.MinValue, int.MinValue + 1, -65536, -3, -2, -1, 0, 1, 2, 3, 1000, int.MaxValue - 1, int.MaxValue];
        foreach (var table in tables)
        {
            var writer = new MessageWriter();
            foreach (var value in values) writer.WriteInteger(value, table);
            var reader = writer.Finish().Open();
            foreach (var value in values) Assert.Equal(value, reader.ReadInteger(table));
            reader.Finish();
        }
        var meter = new CostMeter();
        meter.WriteInteger(2, tables[0]); // the nearest outsider: escape, side, one bit of distance
        Assert.Equal(tables[0].Bits(3) + 2, meter.Cost.Value, 12);
    }

    [Fact]
    public void SymbolsOutsideTheirTableAreRefused_AndNothingIsWritten()
    {
        var table = FrequencyTable.FromPmf([1, 0, 1]);
        foreach (ISymbolWriter writer in new ISymbolWriter[] { new MessageWriter(), new CostMeter() })
        {
            foreach (var entry in new[] { -1, 1, 3, int.MinValue, int.MaxValue })
            {
                Assert.Equal(CodingError.InvalidSymbol, Assert.Throws<CodingException>(() => writer.Write(entry, table)).Code);
                Assert.Equal(CodingError.InvalidSymbol, Assert.Throws<CodingException>(() => writer.Write([.. Enumerable.Repeat(0, 50), entry], table)).Code);
            }
            Assert.Equal(CodingError.InvalidSymbol, Assert.Throws<CodingException>(() => writer.WriteInteger(1, table)).Code);
            Assert.Throws<ArgumentOutOfRangeException>(() => writer.WriteBits(4, 2));
            Assert.Throws<ArgumentOutOfRangeException>(() => writer.WriteBits(0, 33));
            Assert.Throws<ArgumentOutOfRangeException>(() => writer.WriteBit(true, 0));
            Assert.Throws<ArgumentOutOfRangeException>(() => writer.WriteBit(true, 65536));
            Assert.Equal(0, writer is MessageWriter message ? message.Symbols : ((CostMeter)writer).Symbols);
        }
    }

    [Fact]
    public void BytesOfEveryCoderArePinned()
    {
        // Goldens/coders.py computed them a second time. A change is a change of format: a changelog entry and a new version.
        var table = FrequencyTable.FromFrequencies([1, 2, 8, 4, 1], first: -2);
        var writer = new MessageWriter();
        foreach (var value in new[] { 0, 0, 1, -1, 0, 2, 0, -2, 1, 0 }) writer.WriteInteger(value, table);
        writer.WriteBits(0xABCDE, 20);
        writer.WriteBit(true, 60000);
        string Hex(CoderKind coder, int lanes) => Convert.ToHexString(writer.Finish(coder, lanes).Bytes.Span);
        string[] bytes = [Hex(CoderKind.Stored, 1), Hex(CoderKind.Range, 1), Hex(CoderKind.Rans32, 1), Hex(CoderKind.Rans32, 2), Hex(CoderKind.Rans64, 1), Hex(CoderKind.Rans64, 4)];
        Assert.Equal(File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Coding", "Goldens", "coders.txt")), bytes);
    }

    [Fact]
    public void LengthChoosesTheCoder_AndUniformBytesAreStored()
    {
        var table = FrequencyTable.FromPmf(TwoSided(256, 8));
        var random = new RandomStream(5);
        foreach (var (n, coder, lanes) in new[] { (0, CoderKind.Stored, 1), (100, CoderKind.Range, 1), (2000, CoderKind.Rans32, 1), (10_000, CoderKind.Rans64, 2), (100_000, CoderKind.Rans64, 4) })
        {
            var writer = new MessageWriter();
            writer.Write(Sample(table, n, random), table);
            var coded = writer.Finish();
            Assert.Equal((coder, lanes, n), (coded.Coder, coded.Lanes, coded.Symbols));
        }
        var uniform = FrequencyTable.Uniform(256);
        var bytes = new MessageWriter();
        bytes.Write(Sample(uniform, 768, random), uniform);
        var stored = bytes.Finish();
        Assert.Equal((CoderKind.Stored, 768), (stored.Coder, stored.Bytes.Length));
    }

    [Fact]
    public void CertainSymbolsCostNothing()
    {
        // A Dirac prior: 1000 symbols take at most 2 bytes.
        var table = FrequencyTable.FromPmf([1]);
        var writer = new MessageWriter();
        writer.Write(new int[1000], table);
        Assert.InRange(writer.Finish().Bytes.Length, 0, 2);
        Assert.InRange(writer.Finish(CoderKind.Range).Bytes.Length, 0, 2);
    }

    [Theory]
    [MemberData(nameof(AllCoders))]
    public void EveryTruncationAndWrongLengthIsAnError(CoderKind coder, int lanes)
    {
        var table = FrequencyTable.FromPmf(TwoSided(200, 30), precision: 12); // entries 200..255 of a stored byte are invalid
        var entries = Sample(table, 200, new RandomStream(9));
        var writer = new MessageWriter();
        writer.Write(entries, table);
        var coded = writer.Finish(coder, lanes);
        void ReadAll(ReadOnlyMemory<byte> bytes)
        {
            var reader = (coded with { Bytes = bytes }).Open();
            reader.Read(new int[200], table);
            reader.Finish();
        }
        for (var n = 0; n < coded.Bytes.Length; n++)
        {
            var cut = coded.Bytes[..n];
            if (coder == CoderKind.Range && n >= coded.Bytes.Length - 8) continue; // its last bytes may be absent: the frame's checksum tells
            Assert.Contains(Assert.Throws<CodingException>(() => ReadAll(cut)).Code, new[] { CodingError.Truncated, CodingError.CorruptPayload });
        }
        Assert.Throws<CodingException>(() => ReadAll(new byte[coded.Bytes.Length + 20]));
        ReadAll(coded.Bytes);

        var early = coded.Open();
        early.Read(new int[199], table);
        Assert.Equal(CodingError.CorruptPayload, Assert.Throws<CodingException>(early.Finish).Code);
        var late = coded.Open();
        late.Read(new int[200], table);
        Assert.Equal(CodingError.CorruptPayload, Assert.Throws<CodingException>(() => late.Read(table)).Code);
    }

    [Theory]
    [MemberData(nameof(AllCoders))]
    public void RandomBytesGiveSymbolsOfTheTableOrAnError(CoderKind coder, int lanes)
    {
        var random = new RandomStream(11);
        var table = FrequencyTable.FromPmf([1, 0, 5, 3, 0, 7], first: -2, escape: .5);
        for (var round = 0; round < 500; round++)
        {
            var bytes = new byte[random.NextInt(80)];
            for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.NextUInt32();
            try
            {
                var reader = new CodedPayload(coder, lanes, -1, bytes).Open();
                for (var i = 0; i < 1000; i++)
                {
                    Assert.InRange(table.Frequency(reader.Read(table)), 1, 1 << 16);
                    reader.ReadInteger(table);
                    reader.ReadBits(random.NextInt(33));
                    reader.ReadBit(1 + random.NextInt(65535));
                }
            }
            catch (CodingException) { }
        }
    }

    [Fact]
    public void UnknownCodersAreATypedError()
    {
        foreach (var (coder, lanes) in new[] { (4, 1), (1, 3), (2, 0), (3, 2), (-1, 1) })
            Assert.Equal(CodingError.InvalidHeader, Assert.Throws<CodingException>(() => new CodedPayload((CoderKind)coder, lanes, 0, new byte[100]).Open()).Code);
        Assert.Throws<ArgumentException>(() => new MessageWriter().Finish(CoderKind.Range, 2));
    }

    [Fact]
    public void WriterIsUsableAgainAfterClear()
    {
        var table = FrequencyTable.FromPmf([3, 1]);
        var writer = new MessageWriter();
        writer.Write([0, 0, 1], table);
        var first = writer.Finish();
        writer.Clear();
        Assert.Equal(0, writer.Symbols);
        writer.Write([0, 0, 1], table);
        Assert.Equal(first.Bytes.ToArray(), writer.Finish().Bytes.ToArray());
    }

    [Fact]
    public void RealBitsAreWithinHalfAPercentOfTheEntropy_AtAMillionSamples()
    {
        var random = new RandomStream(13);
        foreach (var decay in new[] { .5, 2, 8, 30 })
        {
            var pmf = TwoSided(512, decay);
            var table = FrequencyTable.FromPmf(pmf, precision: 16, everySymbol: true);
            var entries = Sample(table, 1_000_000, random);
            var writer = new MessageWriter();
            var meter = new CostMeter();
            writer.Write(entries, table);
            meter.Write(entries, table);
            Assert.InRange(8.0 * writer.Finish().Bytes.Length / meter.Cost.Value, 1, 1.0003);
            var entropy = 1e6 * Enumerable.Range(0, table.Entries).Sum(i => table.Frequency(i) / 65536.0 * table.Bits(i));
            Assert.InRange(meter.Cost.Value / entropy, .995, 1.005);
        }
    }
}
