using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public class CodingFingerprintTest
{
    [Fact]
    public void TablesAndBytes_HaveTheSameBits_OnEveryInstructionSet() => InstructionSets.AssertSameBits("coding");

    /// <summary>Every prior's tables, every coder's bytes, adaptive models, a frame, and what is decoded from them.</summary>
    [FingerprintOf("coding")]
    private static Fingerprint Compute()
    {
        var print = new Fingerprint();
        var scales = new ScaleTables();
        foreach (var density in Enum.GetValues<Density>())
        {
            print.Add([new ScaleTables(density).Tables.Digest]);
            foreach (var center in new[] { 0, .3, -7.7 })
                foreach (var scale in new[] { .05, .9, 14.2, 700 })
                    print.Add([PriorTables.Discretize(density, scale, center).Digest, Dither.Tables(density, scale, center, 14).Digest]);
        }
        var random = new RandomStream(41);
        var (values, indices) = (new int[6000], new int[6000]);
        for (var i = 0; i < values.Length; i++)
        {
            indices[i] = random.NextInt(64);
            values[i] = (int)random.NextUInt32() >> (24 + random.NextInt(8));
        }
        var codes = values.Select(v => v & 63).ToArray();
        var order0 = CodePrior.Fit(codes, 60, 64, CodeContext.None).Tables[0];
        foreach (var context in Enum.GetValues<CodeContext>()) print.Add(CodePrior.Fit(codes, 60, 64, context).ToBytes());
        foreach (var (coder, lanes) in new[] { (CoderKind.Stored, 1), (CoderKind.Range, 1), (CoderKind.Rans32, 1), (CoderKind.Rans32, 4), (CoderKind.Rans64, 1), (CoderKind.Rans64, 2), (CoderKind.Rans64, 4) })
        {
            var writer = new MessageWriter();
            var (adaptive, index) = (new AdaptiveInteger(2), new AdaptiveIndex(64));
            scales.Write(writer, values, indices);
            writer.Write(codes, order0);
            for (var i = 0; i < 500; i++)
            {
                adaptive.Write(writer, values[i], i & 1);
                index.Write(writer, codes[i]);
            }
            var coded = writer.Finish(coder, lanes);
            var to = new System.Buffers.ArrayBufferWriter<byte>();
            new Frame { Payload = coded, Shape = [60, 100] }.WriteTo(to);
            var read = new int[values.Length];
            scales.Read(coded.Open(), read, indices);
            print.Add(to.WrittenSpan).Add(read);
        }
        var rec = new RelativeEntropyCoder([(2, 8), (1, 6)]);
        print.Add(rec.Write(new CostMeter(), [.5, -1, 2], [.5, .6, .4], new RandomStream(1), new RandomStream(2)));
        return print;
    }
}
