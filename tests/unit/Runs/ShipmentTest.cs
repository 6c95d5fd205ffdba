using System.Buffers;
using Isthmus.Coding;
using Isthmus.Runs;
using Isthmus.Tensors;

namespace Isthmus.Tests.Runs;

public class ShipmentTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isthmus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private const string Moons = """
        name: moons
        seed: 3
        data: {source: "make:moons,n=300,noise=0.1"}
        encoder: {type: mlp, widths: [16]}
        bottleneck: linear
        decoder: linear
        training: {epochs: 2, batch: 32, learning_rate: 0.01, checkpoint_seconds: 0}
        """;

    private const string Concepts = """
        name: toy
        seed: 2
        data: {source: "make:tabulartoy,n=300"}
        encoder: {type: mlp, widths: [16]}
        bottleneck: concept
        decoder: linear
        training: {epochs: 2, batch: 32, learning_rate: 0.01, checkpoint_seconds: 0}
        """;

    private const string Pictures = """
        name: pictures
        seed: 2
        data: {source: "make:sprites,n=150,size=16,colours=3", concepts: "colour,size"}
        encoder: {type: conv, channels: [4], width: 0}
        bottleneck: sl-cbm
        decoder: linear
        training: {epochs: 1, batch: 32, learning_rate: 0.01, checkpoint_seconds: 0}
        """;

    private const string Sprites = """
        name: sprites
        seed: 1
        data: {source: "make:sprites,n=150,size=16", task: reconstruction}
        encoder: {type: mlp, widths: [16]}
        bottleneck: linear
        decoder: linear
        training: {epochs: 1, batch: 32, learning_rate: 0.01, checkpoint_seconds: 0}
        """;

    public static TheoryData<string, string> Makers
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var entry in BottleneckRegistry.Entries) all.Add(entry.Name, entry.NeedsMaps ? "pictures" : entry.NeedsConcepts ? "concepts" : "moons");
            foreach (var name in (string[])["vib", "fsq", "hyperprior", "pca"]) all.Add(name, "sprites");
            return all;
        }
    }

    private Run Trained(string bottleneck, string text = Moons, params string[] sets)
    {
        var path = Path.Combine(_folder, bottleneck + sets.Length);
        TrainJob.Start(RecipeFile.Parse(text, "test", [new Override("bottleneck.type", bottleneck, "test"), .. bottleneck == "pca" ? (Override[])[Override.Parse("encoder=identity"), Override.Parse("bottleneck.latent=2")] : bottleneck is "pcbm" or "pcbm-h" or "lf-cbm" ? [Override.Parse("encoder=identity")] : [], .. sets.Select(Override.Parse)]), new TrainOptions { Out = path, Report = false });
        return Run.Load(path);
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public void WhatIsDecoded_IsWhatTheEvaluatorSaysOfTheShippedMessage_AndEveryByteIsCounted(string bottleneck, string data)
    {
        var run = Trained(bottleneck, data switch { "moons" => Moons, "concepts" => Concepts, "pictures" => Pictures, _ => Sprites });
        var own = run.LoadOwn();
        int[] rows = [.. Enumerable.Range(0, 120)];
        var file = Path.Combine(_folder, "a.isth");
        ShipmentReport report;
        using (var to = File.Create(file))
        {
            var counting = new Counting(to);
            report = Shipment.Of(run).Write(own.Data, rows, counting);
            Assert.Equal(report.Bytes, counting.Count);
        }
        Assert.Equal(report.Bytes, new FileInfo(file).Length);
        Assert.Equal(8.0 * report.Bytes / rows.Length, report.BitsPerSample);
        Assert.Equal(rows.Length, report.Samples);

        var again = Run.Load(run.Folder); // the receiver reads the model by itself
        using var from = File.OpenRead(file);
        var decoded = Numbers(Shipment.Of(again).Read(from));
        var outcomes = Evaluator.Run(run.Model, own.Data, rows, Inference.Ship);
        if (data != "sprites")
        {
            Assert.Equal(outcomes.Answers, decoded);
            return;
        }
        var pictures = Batches.Of(own.Data, rows).Inputs.ToArray();
        var size = pictures.Length / rows.Length;
        Assert.Equal(pictures.Length, decoded.Length);
        for (var i = 0; i < rows.Length; i++)
            Assert.Equal(outcomes.SquaredErrors[i], Enumerable.Range(i * size, size).Average(k => Math.Pow(decoded[k] - pictures[k], 2)), 1e-5);
    }

    [Theory]
    [InlineData("vib")]
    [InlineData("fsq")]
    [InlineData("hyperprior")]
    [InlineData("identity")]
    public void ADamagedFile_IsATypedErrorOrTheSameAnswers(string bottleneck)
    {
        var run = Trained(bottleneck);
        var shipment = Shipment.Of(run);
        using var memory = new MemoryStream();
        shipment.Write(run.LoadOwn().Data, [.. Enumerable.Range(0, 24)], memory, 8);
        var bytes = memory.ToArray();
        var whole = Numbers(shipment.Read(new MemoryStream(bytes)));

        for (var length = 0; length < bytes.Length; length += bytes.Length < 600 ? 1 : 7)
            Assert.False(SaidNothing(bytes.AsSpan(0, length).ToArray()), $"cut to {length} of {bytes.Length} bytes");
        var random = new RandomStream(7);
        for (var i = 0; i < 400; i++)
        {
            var damaged = bytes.ToArray();
            damaged[random.NextInt(damaged.Length)] ^= (byte)(1 << random.NextInt(8));
            SaidNothing(damaged);
        }

        // Whether the whole file was read without an error; what is given out is right in any case.
        bool SaidNothing(byte[] damaged)
        {
            var seen = new List<float>();
            try
            {
                foreach (var answer in shipment.Read(new MemoryStream(damaged))) seen.AddRange(answer.ToArray());
            }
            catch (InputException)
            {
                Assert.Equal(whole.AsSpan(0, seen.Count).ToArray(), seen);
                return false;
            }
            Assert.Equal(whole, seen);
            return true;
        }
    }

    [Fact]
    public void AFileOfAnotherRun_IsRefused()
    {
        var (one, two) = (Trained("vq"), Trained("vq", Moons, "seed=4"));
        using var memory = new MemoryStream();
        Shipment.Of(one).Write(one.LoadOwn().Data, [0, 1, 2], memory);
        memory.Position = 0;
        var error = Assert.Throws<CodingException>(() => Numbers(Shipment.Of(two).Read(memory)));
        Assert.Equal(CodingError.DigestMismatch, error.Code);
    }

    // The checksums are right, so only the limits stand between the claim and the memory.
    [Theory]
    [InlineData("identity")]
    [InlineData("vib")]
    [InlineData("vq")]
    [InlineData("hyperprior")]
    public void AHostileNumberOfRows_IsRefusedWithoutTakingItsMemory(string bottleneck)
    {
        var run = Trained(bottleneck);
        var shipment = Shipment.Of(run);
        using var memory = new MemoryStream();
        shipment.Write(run.LoadOwn().Data, [0, 1, 2], memory);
        memory.Position = 0;
        var reader = new FrameFileReader(memory);
        var frame = reader.ReadNext()!;
        foreach (var rows in (int[])[0, 4, 1024, 1025, 65536, 1 << 26, int.MaxValue])
        {
            var buffer = new ArrayBufferWriter<byte>();
            (reader.Session with { Shape = [3] }).WriteTo(buffer);
            InputException error;
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                (frame with { Shape = [rows] }).WriteTo(buffer);
                new Frame { Kind = FrameKind.End, Sequence = 1, ModelDigest = frame.ModelDigest, TableDigest = frame.TableDigest }.WriteTo(buffer);
                error = Assert.ThrowsAny<InputException>(() => Numbers(shipment.Read(new MemoryStream(buffer.WrittenSpan.ToArray()))));
            }
            catch (ArgumentException)
            {
                continue; // the writer does not even write it
            }
            Assert.DoesNotContain('\n', error.Message);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        }
    }

    private static float[] Numbers(IEnumerable<Tensor> answers) => [.. answers.SelectMany(a => a.ToArray())];

    private sealed class Counting(Stream inner) : Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Count += buffer.Length;
            inner.Write(buffer);
        }

        public override void Flush() => inner.Flush();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
