using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public class FrameFileTest
{
    private static readonly FrequencyTable Table = FrequencyTable.FromPmf([1, 5, 1], first: -1, escape: .01);
    private static readonly Frame Session = new() { ModelDigest = 5, TableDigest = Table.Digest, Shape = [100], Fields = [new(FrameField.Note, "a file"u8.ToArray())] };

    private static CodedPayload Message(int n)
    {
        var writer = new MessageWriter();
        for (var i = 0; i < n; i++) writer.WriteInteger((i * i + n) % 7 - 3, Table);
        return writer.Finish();
    }

    private static byte[] Write(int messages)
    {
        var stream = new MemoryStream();
        var writer = new FrameFileWriter(stream, Session);
        for (var i = 0; i < messages; i++) writer.Append(Message(100 + i));
        writer.Append(new Frame { Shape = [9000, 9], Payload = Message(81_000), ModelDigest = 5, TableDigest = Table.Digest });
        writer.Complete();
        writer.Complete();
        Assert.Equal(stream.Length, writer.BytesWritten); // the report, the stream and the file agree
        Assert.Throws<InvalidOperationException>(() => writer.Append(Message(1)));
        return stream.ToArray();
    }

    /// <summary>A stream that gives few bytes at a time.</summary>
    private sealed class Trickle(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, step));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(100_000)]
    public void AFileReadsBack_HoweverItsBytesArrive(int step)
    {
        var reader = new FrameFileReader(new Trickle(Write(300), step));
        Assert.Equal("a file"u8.ToArray(), Assert.Single(reader.Session.Fields).Value.ToArray());
        for (var i = 0; i < 300; i++)
        {
            var frame = reader.ReadNext()!;
            Assert.Equal(((uint)i, 100), (frame.Sequence, Assert.Single(frame.Shape)));
            var symbols = frame.Payload.Open();
            for (var k = 0; k < 100 + i; k++) Assert.Equal((k * k + 100 + i) % 7 - 3, symbols.ReadInteger(Table));
            symbols.Finish();
        }
        Assert.Equal([9000, 9], reader.ReadNext()!.Shape);
        Assert.Null(reader.ReadNext());
        Assert.Null(reader.ReadNext());
    }

    private static void ReadAll(byte[] bytes)
    {
        var reader = new FrameFileReader(new MemoryStream(bytes));
        while (reader.ReadNext() is not null) { }
    }

    [Fact]
    public void EveryTruncationAndAnyTrailingByteIsAnError()
    {
        var bytes = Write(3);
        ReadAll(bytes);
        for (var n = 0; n < bytes.Length; n += n < 600 || n > bytes.Length - 100 ? 1 : 97)
            Assert.Equal(CodingError.Truncated, Assert.Throws<CodingException>(() => ReadAll(bytes[..n])).Code);
        Assert.Equal(CodingError.CorruptPayload, Assert.Throws<CodingException>(() => ReadAll([.. bytes, 0])).Code);
    }

    [Fact]
    public void AMissingOrRepeatedMessageIsNamed()
    {
        var session = Session with { Kind = FrameKind.Session };
        byte[] File(params uint[] sequences)
        {
            var to = new System.Buffers.ArrayBufferWriter<byte>();
            session.WriteTo(to);
            foreach (var s in sequences) (session with { Kind = FrameKind.Data, Fields = [], Sequence = s, Payload = Message(10) }).WriteSmallTo(to, session);
            new Frame { Kind = FrameKind.End, Sequence = 3 }.WriteTo(to);
            return to.WrittenSpan.ToArray();
        }
        ReadAll(File(0, 1, 2));
        Assert.Contains("message 1 is missing", Assert.Throws<CodingException>(() => ReadAll(File(0, 2))).Message);
        Assert.Contains("message 1 is missing", Assert.Throws<CodingException>(() => ReadAll(File(0, 0, 1))).Message);
        Assert.Contains("after 2 messages and says 3", Assert.Throws<CodingException>(() => ReadAll(File(0, 1))).Message);
        Assert.Contains("session record", Assert.Throws<CodingException>(() => ReadAll(File(0, 1, 2)[session.WriteTo(new System.Buffers.ArrayBufferWriter<byte>())..])).Message);
    }

    [Fact]
    public void AMutatedFileIsAlwaysAnError() => Mutate(500);

    [Fact]
    [Trait("Category", "Slow")]
    public void AMillionMutatedFilesAreAlwaysErrors() => Mutate(1_000_000);

    private static void Mutate(int rounds)
    {
        var random = new RandomStream(31);
        using var stream = new MemoryStream();
        var writer = new FrameFileWriter(stream, Session);
        for (var i = 0; i < 4; i++) writer.Append(Message(10 + i));
        writer.Complete();
        var bytes = stream.ToArray();
        for (var round = 0; round < rounds; round++)
        {
            var wrong = FrameTest.Damage(bytes, random);
            if (!wrong.AsSpan().SequenceEqual(bytes)) Assert.Throws<CodingException>(() => ReadAll(wrong));
        }
    }

    [Fact]
    public void TextIsNoFile() =>
        Assert.Equal(CodingError.BadMagic, Assert.Throws<CodingException>(() => new FrameFileReader(new MemoryStream("hello, world"u8.ToArray()))).Code);
}
