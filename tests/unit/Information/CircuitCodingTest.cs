using System.Buffers.Binary;
using System.IO.Compression;
using Isthmus.Coding;
using Isthmus.Information;
using Isthmus.Tensors;
using Xunit.Abstractions;

namespace Isthmus.Tests.Information;

/// <summary>Coded bytes against the circuit's own likelihood.</summary>
public class CircuitCodingTest(ITestOutputHelper output)
{
    [Fact]
    public void Rows_ComeBackAndTheirBytesAreTheirLikelihood()
    {
        var random = new RandomStream(121);
        int[] alphabets = [2, 5, 3, 7, 2, 16, 1, 4];
        var rows = Enumerable.Range(0, 600).Select(_ =>
        {
            var hidden = random.NextInt(16);
            return alphabets.Select(a => random.NextInt(5) == 0 ? random.NextInt(a) : hidden % a).ToArray();
        }).ToArray();
        var circuit = CircuitStructures.HiddenTree(ChowLiuTree.Learn(rows, alphabets), alphabets, 6);
        CircuitLearning.Fit(circuit, rows);
        AssertBytes(circuit, rows, 0.003);
    }

    [Fact]
    public void ImpossibleSymbols_AreCodedAllTheSame()
    {
        var b = new CircuitBuilder([3]);
        b.Sum(b.Input(0, 1, [1, 0, 0]), 1);
        var walk = new CircuitWalk(b.Build());
        var writer = new MessageWriter();
        for (var s = 0; s < 3; s++) CircuitCoding.Write(writer, walk, [s]);
        var reader = writer.Finish().Open();
        for (var s = 0; s < 3; s++) Assert.Equal([s], CircuitCoding.Read(reader, walk));
        Assert.Equal("variable 1: symbol 3, expected 0 to 2", Assert.Throws<InputException>(() => CircuitCoding.Write(writer, walk, [3])).Message);
    }

    [DataFact("mnist/t10k-images-idx3-ubyte.gz")]
    [Trait("Category", "Slow")]
    public void BinarisedDigits_CostLessThanIndependentPixelsAndThanDeflate()
    {
        var digits = Digits(2300);
        var (train, test) = (digits[..2000], digits[2000..]);
        var alphabets = Enumerable.Repeat(2, 784).ToArray();
        var tree = ChowLiuTree.Learn(train, alphabets);
        var independent = CircuitStructures.Independent(alphabets);
        CircuitLearning.Fit(independent, train, new CircuitOptions { Iterations = 1 });
        var chowLiu = CircuitStructures.ChowLiu(train, alphabets);
        var options = new CircuitOptions { Iterations = 10, Pseudocount = 0.1 };
        var distilled = LatentDistillation.HiddenTree(tree, train, alphabets, 16, LatentDistillation.SubtreeLabels(tree, train, alphabets, 16, window: 12));
        CircuitLearning.Fit(distilled, train, options);
        var fromChance = CircuitStructures.HiddenTree(tree, alphabets, 16);
        CircuitLearning.Fit(fromChance, train, options);
        double Bits(Circuit c) => c.NegativeLogLikelihood(test).Value;
        output.WriteLine($"bits a digit: independent {Bits(independent):F1}, Chow-Liu {Bits(chowLiu):F1}, hidden tree from chance {Bits(fromChance):F1}, distilled {Bits(distilled):F1}, deflate {Deflated(test):F1}");
        Assert.True(Bits(distilled) < Bits(chowLiu) && Bits(chowLiu) < Bits(independent));
        Assert.True(Bits(distilled) < Deflated(test));
        Assert.True(Bits(distilled) < Bits(fromChance) + 2);
        AssertBytes(distilled, test, 0.003);
        var walk = new CircuitWalk(distilled);
        Assert.True(walk.Visits < distilled.Units * 784L / 300, "ordered coding visits far fewer units than one evaluation a pixel");
    }

    private static void AssertBytes(Circuit circuit, int[][] rows, double share)
    {
        var (writer, meter) = (new MessageWriter(), new CostMeter());
        var walk = new CircuitWalk(circuit);
        foreach (var row in rows)
        {
            CircuitCoding.Write(writer, walk, row);
            CircuitCoding.Write(meter, walk, row);
        }
        var payload = writer.Finish(CoderKind.Range);
        var ideal = circuit.NegativeLogLikelihood(rows).Value * rows.Length;
        Assert.InRange(meter.Cost.Value, ideal * (1 - share), ideal * (1 + share));
        Assert.InRange(payload.Bytes.Length * 8.0, meter.Cost.Value - 8, meter.Cost.Value + 16);
        var reader = payload.Open();
        var decoder = new CircuitWalk(circuit);
        foreach (var row in rows) Assert.Equal(row, CircuitCoding.Read(reader, decoder));
        reader.Finish();
    }

    private static double Deflated(int[][] rows)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            foreach (var row in rows)
                for (var i = 0; i < row.Length; i += 8) deflate.WriteByte((byte)Enumerable.Range(0, 8).Sum(b => row[i + b] << b));
        return packed.Length * 8.0 / rows.Length;
    }

    private static int[][] Digits(int count)
    {
        using var stream = new GZipStream(File.OpenRead(TestData.Require("mnist/t10k-images-idx3-ubyte.gz")), CompressionMode.Decompress);
        var header = new byte[16];
        stream.ReadExactly(header);
        Assert.Equal(2051, BinaryPrimitives.ReadInt32BigEndian(header));
        var pixels = new byte[784];
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            stream.ReadExactly(pixels);
            return Array.ConvertAll(pixels, v => v > 127 ? 1 : 0);
        })];
    }
}
