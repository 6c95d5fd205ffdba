using System.Buffers;
using System.IO.Compression;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public partial class FrameTest
{
    private static readonly FrequencyTable Table = FrequencyTable.FromPmf([.. Enumerable.Range(-20, 41).Select(k => Math.Exp(-Math.Abs(k) / 3.0))], first: -20, escape: 1e-6);
    private static readonly Frame Session = new() { Kind = FrameKind.Session, ModelDigest = 0x1122334455667788, TableDigest = Table.Digest, Shape = [4, 75], Quantizer = 3 };

    private static int[] Symbols(int n, ulong seed = 1)
    {
        var random = new RandomStream(seed);
        var values = new int[n];
        for (var i = 0; i < n; i++) values[i] = Table.Decoding.Slots[random.NextInt(1 << Table.Precision)];
        return values;
    }

    private static Frame Message(int[] symbols, CoderKind? coder = null)
    {
        var writer = new MessageWriter();
        writer.Write(symbols, Table);
        return Session with { Kind = FrameKind.Data, Payload = coder is { } c ? writer.Finish(c) : writer.Finish() };
    }

    private static int[] Decode(Frame frame, int n)
    {
        var symbols = new int[n];
        var reader = frame.Payload.Open();
        reader.Read(symbols, Table);
        reader.Finish();
        return symbols;
    }

    private static byte[] Bytes(Frame frame, bool small = false)
    {
        var to = new ArrayBufferWriter<byte>();
        Assert.Equal(small ? frame.WriteSmallTo(to, Session) : frame.WriteTo(to), to.WrittenCount);
        return to.WrittenSpan.ToArray();
    }

    private static void AssertSame(Frame expected, Frame actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal((expected.Kind, expected.ModelDigest, expected.TableDigest, expected.Quantizer), (actual.Kind, actual.ModelDigest, actual.TableDigest, actual.Quantizer));
        Assert.Equal((expected.Payload.Coder, expected.Payload.Lanes), (actual.Payload.Coder, actual.Payload.Lanes));
        Assert.Equal(expected.Payload.Bytes.ToArray(), actual.Payload.Bytes.ToArray());
        Assert.Equal(expected.Fields.Select(f => (f.Tag, Convert.ToHexString(f.Value.Span))), actual.Fields.Select(f => (f.Tag, Convert.ToHexString(f.Value.Span))));
    }

    /// <summary>All records of some bytes, however damaged, and the errors between them.</summary>
    private static (List<Frame> Frames, List<CodingError> Errors) ReadAll(ReadOnlySequence<byte> input, FrameLimits? limits = null)
    {
        var reader = new FrameReader(limits) { Session = Session };
        var (frames, errors) = (new List<Frame>(), new List<CodingError>());
        while (!input.IsEmpty)
        {
            var before = input.Length;
            if (reader.TryRead(ref input, ended: true, out var frame, out var error)) frames.Add(frame);
            else errors.Add(error);
            Assert.True(input.Length < before); // it always moves on
        }
        Assert.Equal(errors.Count, reader.Errors);
        return (frames, errors);
    }

    private static ReadOnlySequence<byte> Sequence(params byte[][] pieces)
    {
        var first = new Segment(pieces[0], 0);
        var last = first;
        foreach (var piece in pieces[1..]) last = last.Append(piece);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long at) => (Memory, RunningIndex) = (bytes, at);

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FramesSplitAtEveryByteGiveTheSameAnswer(bool small)
    {
        var symbols = Symbols(300);
        foreach (var coder in Enum.GetValues<CoderKind>())
        {
            var frame = Message(symbols, coder) with { Sequence = 7 };
            var bytes = Bytes(frame, small);
            for (var cut = 0; cut <= bytes.Length; cut++)
            {
                var input = Sequence(bytes[..cut], bytes[cut..], [0xA7]);
                Assert.True(Frame.TryDecode(ref input, out var back, out var error, session: Session), error.ToString());
                AssertSame(frame, back);
                Assert.Equal(7u, back.Sequence);
                Assert.Equal(symbols, Decode(back, 300));
                Assert.Equal(1, input.Length);
            }
        }
    }

    [Fact]
    public void EveryTruncationWaitsForMore_AndMovesNothing()
    {
        foreach (var small in new[] { false, true })
        {
            var bytes = Bytes(Message(Symbols(300)), small);
            for (var n = 0; n < bytes.Length; n++)
            {
                var input = new ReadOnlySequence<byte>(bytes, 0, n);
                Assert.False(Frame.TryDecode(ref input, out _, out var error, session: Session));
                Assert.Equal((CodingError.Truncated, n), (error, (int)input.Length));
                Assert.Empty(ReadAll(input).Frames);
            }
        }
    }

    [Fact]
    public void SizesAboveTheLimitsAreRefusedBeforeAnythingIsAllocated()
    {
        void Refused(Frame frame, FrameLimits limits)
        {
            var input = new ReadOnlySequence<byte>(Bytes(frame));
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.False(Frame.TryDecode(ref input, out _, out var error, limits));
            Assert.Equal(CodingError.LimitExceeded, error);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
        }
        var frame = Message(Symbols(300));
        Refused(frame, new FrameLimits { MaxPayload = 50 });
        Refused(frame, new FrameLimits { MaxSymbols = 299 });
        Refused(frame, new FrameLimits { MaxElements = 299 });
        Refused(frame, new FrameLimits { MaxRank = 1 });
        Refused(frame, new FrameLimits { MaxHeader = 42 });
        Refused(frame with { Shape = [int.MaxValue, int.MaxValue, int.MaxValue] }, FrameLimits.Default);
        Refused(frame with { Shape = [0, int.MaxValue, int.MaxValue] }, FrameLimits.Default);
        Assert.Throws<CodingException>(() => Bytes(frame with { Shape = [-1] }));
        Assert.Throws<CodingException>(() => Bytes(frame with { Fields = [new FrameField(3, new byte[70_000])] }));
    }

    [Fact]
    public void UnknownOptionalFieldsAreKept_CriticalOnesRefused()
    {
        var frame = Message(Symbols(10)) with { Fields = [new(FrameField.Note, "a note"u8.ToArray()), new(77, new byte[200]), new(FrameField.Samples, new byte[4])] };
        var input = new ReadOnlySequence<byte>(Bytes(frame));
        Assert.True(Frame.TryDecode(ref input, out var back, out _));
        AssertSame(frame, back);

        var critical = frame with { Fields = [new(128, default)] };
        input = new ReadOnlySequence<byte>([.. Bytes(critical), .. Bytes(frame)]);
        Assert.False(Frame.TryDecode(ref input, out _, out var error));
        Assert.Equal(CodingError.UnsupportedVersion, error);
        Assert.True(Frame.TryDecode(ref input, out _, out _)); // the one after it
    }

    [Theory]
    [InlineData(0, 0x41, CodingError.BadMagic)]
    [InlineData(1, 0x41, CodingError.BadMagic)]
    [InlineData(2, 0x21, CodingError.UnsupportedVersion)] // a later major version
    [InlineData(2, 0x13, CodingError.UnsupportedVersion)] // an unknown kind
    [InlineData(2, 0x1F, CodingError.UnsupportedVersion)] // an unknown coder of small frames
    [InlineData(3, 0x01, CodingError.None)]               // an optional flag
    [InlineData(3, 0x10, CodingError.UnsupportedVersion)] // a flag that must be understood
    [InlineData(4, 0x10, CodingError.InvalidHeader)]      // a header shorter than its fixed part
    [InlineData(6, 0x09, CodingError.InvalidHeader)]      // an unknown coder
    [InlineData(7, 0x03, CodingError.InvalidHeader)]      // three lanes
    public void EveryHeaderFieldIsChecked(int at, byte value, CodingError expected)
    {
        var bytes = Bytes(Message(Symbols(300), CoderKind.Rans64));
        bytes[at] = value;
        Checksum(bytes);
        var input = new ReadOnlySequence<byte>(bytes);
        Frame.TryDecode(ref input, out _, out var error);
        Assert.Equal(expected, error);
    }

    [Fact]
    public void SmallFramesNeedTheirOwnSession()
    {
        var bytes = Bytes(Message(Symbols(30)), small: true);
        CodingError Error(Frame? session)
        {
            var input = new ReadOnlySequence<byte>(bytes);
            Frame.TryDecode(ref input, out _, out var error, session: session);
            return error;
        }
        Assert.Equal(CodingError.None, Error(Session));
        Assert.Equal(CodingError.MissingSession, Error(null));
        foreach (var other in new[] { Session with { ModelDigest = 1 }, Session with { TableDigest = 1 }, Session with { Quantizer = 1 }, Session with { Shape = [300] } })
            Assert.Equal(CodingError.DigestMismatch, Error(other));
        Assert.Throws<CodingException>(() => Bytes(Message(Symbols(30)) with { Quantizer = 9 }, small: true));
    }

    [Fact]
    public void SmallFramesCostAtMostSixteenBytesMoreThanTheIdeal()
    {
        foreach (var n in new[] { 0, 1, 10, 64, 300, 768, 1000 })
        {
            var symbols = Symbols(n);
            var meter = new CostMeter();
            meter.Write(symbols, Table);
            Assert.InRange(Bytes(Message(symbols), small: true).Length, 12, meter.Cost.Value / 8 + 16);
        }
    }

    [Fact]
    public void ALowRateLatentIsAQuarterSmallerThanBrotli()
    {
        // 768 symbols of exp(-|k| / 0.5): a 12x8x8 latent at 1.2 bits a symbol.
        var table = FrequencyTable.FromPmf([.. Enumerable.Range(-20, 41).Select(k => Math.Exp(-Math.Abs(k) / 0.5))], first: -20, precision: 16, everySymbol: true);
        var random = new RandomStream(23);
        var symbols = new int[768];
        for (var i = 0; i < symbols.Length; i++) symbols[i] = table.Decoding.Slots[random.NextInt(65536)];
        var writer = new MessageWriter();
        writer.Write(symbols, table);
        var session = Session with { Shape = [12, 8, 8] };
        var to = new ArrayBufferWriter<byte>();
        (session with { Kind = FrameKind.Data, Payload = writer.Finish() }).WriteSmallTo(to, session);
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Optimal, true)) brotli.Write([.. symbols.Select(s => (byte)s)]);
        Assert.InRange(to.WrittenCount, 1, .75 * packed.Length);
    }

    [Fact]
    public void DigestsOfOtherModelsAreNamed()
    {
        Session.Require(Session.ModelDigest, Session.TableDigest);
        Assert.Equal(CodingError.DigestMismatch, Assert.Throws<CodingException>(() => Session.Require(1, Session.TableDigest)).Code);
        Assert.Contains("tables", Assert.Throws<CodingException>(() => Session.Require(Session.ModelDigest, 1)).Message);
    }

    [Fact]
    public void Checksum_IsTheStandardOne_ByHardwareAndByDefinition()
    {
        Assert.Equal(0xE3069283, Crc32C.Of("123456789"u8));
        var random = new RandomStream(29);
        for (var n = 0; n < 100; n++)
        {
            var bytes = new byte[n];
            for (var i = 0; i < n; i++) bytes[i] = (byte)random.NextUInt32();
            var expected = uint.MaxValue;
            foreach (var b in bytes)
            {
                expected ^= b;
                for (var k = 0; k < 8; k++) expected = (expected >> 1) ^ (0x82F63B78 & (uint)-(int)(expected & 1));
            }
            Assert.Equal(~expected, Crc32C.Of(bytes));
            var pieces = new Crc32C();
            pieces.Add(Sequence(bytes[..(n / 3)], bytes[(n / 3)..]));
            Assert.Equal(~expected, pieces.Value);
        }
    }
}
