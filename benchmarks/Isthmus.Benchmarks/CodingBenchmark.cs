using System.Globalization;
using System.IO.Compression;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Benchmarks;

/// <summary>
/// The coders on ten million symbols with P(k) proportional to exp(-|k|/8) under a 14-bit table, in megabytes of symbols a
/// second (one byte a symbol). The symbols and frequencies are written to a folder for peers/rans.c, which times the
/// public-domain C coder on the same ones.
/// </summary>
internal static class CodingBenchmark
{
    private const int Count = 10_000_000;

    public static void Run(string folder)
    {
        var symbols = Symbols(8);
        var counts = new long[256];
        foreach (var s in symbols) counts[s]++;
        var table = FrequencyTable.FromCounts(counts);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "symbols.bin"), [.. symbols.Select(s => (byte)s)]);
        File.WriteAllLines(Path.Combine(folder, "frequencies.txt"), Enumerable.Range(0, 256).Select(i => table.Frequency(i).ToString(CultureInfo.InvariantCulture)));

        var meter = new CostMeter();
        meter.Write(symbols, table);
        Print(FormattableString.Invariant($"ideal {meter.Cost.Value / 8:F1} bytes; symbols.bin and frequencies.txt are in {folder}"));
        Print($"{"coder",-22} {"bytes",10} {"encode",8} {"decode",8}   MB/s");
        Kernel<Rans64>("rANS-64", symbols, table, 2);
        Kernel<Rans64>("rANS-64", symbols, table, 4);
        var writer = new MessageWriter();
        foreach (var (coder, lanes) in new[] { (CoderKind.Rans64, 1), (CoderKind.Rans64, 2), (CoderKind.Rans64, 4), (CoderKind.Rans32, 1), (CoderKind.Range, 1), (CoderKind.Stored, 1) })
        {
            var coded = writer.Finish(coder, lanes);
            var encode = Timing.Seconds(1, () =>
            {
                writer.Clear();
                writer.Write(symbols, table);
                coded = writer.Finish(coder, lanes);
            });
            Row($"{coder} x{lanes}", coded.Bytes.Length, encode, Timing.Seconds(1, () => Decode(coded, symbols.Length, table)));
        }
        var short1 = symbols.AsSpan(0, Count / 10).ToArray();
        Row("cost meter", 0, 10 * Timing.Seconds(1, () => new CostMeter().Write(short1, table)), double.PositiveInfinity);
        Row("linear search", 0, double.PositiveInfinity, 10 * Timing.Seconds(1, () => LinearSearch(short1, table)));
        Row("adaptive integers", 0, 10 * Timing.Seconds(1, () => Adaptive(short1)), double.PositiveInfinity);
        SmallFrames();
    }

    // The coder by itself: recorded symbols to a buffer that is there, as the peer does.
    private static void Kernel<T>(string name, int[] symbols, FrequencyTable table, int lanes) where T : struct, IRansVariant
    {
        var message = new SymbolRecorder();
        message.Add(symbols, table);
        var buffer = new byte[RansEncoder<T>.BufferFor(symbols.Length, lanes)];
        var length = 0;
        var encode = Timing.Seconds(1, () => length = RansEncoder<T>.Encode(message, lanes, buffer).Length);
        var coded = new CodedPayload(CoderKind.Rans64, lanes, symbols.Length, RansEncoder<T>.Encode(message, lanes, buffer).ToArray());
        Row($"{name} x{lanes} alone", length, encode, Timing.Seconds(1, () => Decode(coded, symbols.Length, table)));
    }

    private static readonly int[] s_out = new int[Count];

    private static void Decode(CodedPayload coded, int n, FrequencyTable table)
    {
        var reader = coded.Open();
        reader.Read(s_out.AsSpan(0, n), table);
        reader.Finish();
    }

    // What a decoder does that looks for each symbol from the first on.
    private static void LinearSearch(int[] symbols, FrequencyTable table)
    {
        var message = new SymbolRecorder();
        message.Add(symbols, table);
        var bytes = RansEncoder<Rans64>.Encode(message, 1, new byte[RansEncoder<Rans64>.BufferFor(symbols.Length, 1)]);
        var x = BitConverter.ToUInt64(bytes);
        var at = 8;
        var starts = table.Starts;
        for (var i = 0; i < symbols.Length; i++)
        {
            var slot = (int)(x & ((1u << table.Precision) - 1));
            var entry = 0;
            while (starts[entry + 1] <= slot) entry++;
            s_out[i] = entry;
            x = (ulong)(starts[entry + 1] - starts[entry]) * (x >> table.Precision) + (ulong)(slot - starts[entry]);
            if (x >= 1UL << 31) continue;
            x = (x << 32) | BitConverter.ToUInt32(bytes[at..]);
            at += 4;
        }
    }

    private static void Adaptive(int[] symbols)
    {
        var (writer, model) = (new MessageWriter(), new AdaptiveInteger());
        foreach (var s in symbols) model.Write(writer, s - 128);
        writer.Finish(CoderKind.Range);
    }

    private static void SmallFrames()
    {
        foreach (var decay in new[] { .5, 8 })
        {
            var symbols = Symbols(decay).AsSpan(0, 768).ToArray();
            var table = FrequencyTable.FromPmf(Pmf(decay), precision: 16);
            var writer = new MessageWriter();
            writer.Write(symbols, table);
            var meter = new CostMeter();
            meter.Write(symbols, table);
            Print(FormattableString.Invariant($"768 symbols of exp(-|k|/{decay}): ideal {meter.Cost.Value / 8:F1}, small frame {writer.Finish().Bytes.Length + Frame.SmallOverhead}, Brotli {Brotli(symbols, CompressionLevel.Optimal)}, at its slowest {Brotli(symbols, CompressionLevel.SmallestSize)} bytes"));
        }
    }

    private static long Brotli(int[] symbols, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, level, true)) brotli.Write([.. symbols.Select(s => (byte)s)]);
        return packed.Length;
    }

    private static double[] Pmf(double decay) => [.. Enumerable.Range(0, 256).Select(i => Math.Exp(-Math.Abs(i - 128) / decay))];

    private static int[] Symbols(double decay)
    {
        var slots = FrequencyTable.FromPmf(Pmf(decay), precision: 16).Decoding.Slots;
        var random = new RandomStream(1);
        var symbols = new int[Count];
        for (var i = 0; i < Count; i++) symbols[i] = slots[random.NextUInt32() >> 16];
        return symbols;
    }

    private static void Row(string name, int bytes, double encode, double decode) =>
        Print(FormattableString.Invariant($"{name,-22} {bytes,10} {Count / encode / 1e6,8:F0} {Count / decode / 1e6,8:F0}"));

    private static void Print(string line) => Console.WriteLine(line);
}
