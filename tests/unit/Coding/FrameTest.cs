using System.Buffers;
using System.IO.Compression;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

public class FrameTest
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EverySingleBitFlipOfTwoHundredBytesIsAnError_AndTheNextFrameDecodes(bool small)
    {
        var n = 0;
        while (Bytes(Message(Symbols(n)), small).Length < 200) n++;
        var good = Bytes(Message(Symbols(50, 2)) with { Sequence = 1 }, small);
        var bytes = Bytes(Message(Symbols(n)), small);
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            var wrong = bytes.ToArray();
            wrong[bit / 8] ^= (byte)(1 << (bit % 8));
            var (frames, errors) = ReadAll(new ReadOnlySequence<byte>([.. wrong, .. good]));
            Assert.NotEmpty(errors);
            Assert.Equal(1u, Assert.Single(frames).Sequence);
            Assert.Equal(Symbols(50, 2), Decode(frames[0], 50));
        }
    }

    [Fact]
    public void DamageSplitAtEveryByteGivesTheSameAnswer()
    {
        byte[] bytes = [0xA7, 0x49, 0xA7, .. Bytes(Message(Symbols(20)) with { Sequence = 4 }), .. Bytes(Message(Symbols(20)) with { Sequence = 5 }, small: true), 0xA7, .. Bytes(Message(Symbols(20)) with { Sequence = 6 }), 0xA7, 0x49];
        bytes[60] ^= 4; // inside the first payload
        var whole = ReadAll(Sequence(bytes));
        Assert.Equal([5u, 6u], whole.Frames.Select(f => f.Sequence));
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var (frames, errors) = ReadAll(Sequence(bytes[..cut], [], bytes[cut..]));
            Assert.Equal(whole.Errors, errors);
            Assert.Equal([5u, 6u], frames.Select(f => f.Sequence));
        }
    }

    [Fact]
    public void MutatedFramesAreNeverWrong() => Mutate(2000);

    [Fact]
    [Trait("Category", "Slow")]
    public void AMillionMutatedFramesAreNeverWrong() => Mutate(1_000_000);

    private static void Mutate(int rounds)
    {
        var random = new RandomStream(17);
        byte[][] originals = [Bytes(Message(Symbols(40))), Bytes(Message(Symbols(40)), true), Bytes(Message(Symbols(300), CoderKind.Rans64)), Bytes(Message(Symbols(300), CoderKind.Stored), true)];
        var good = Bytes(Message(Symbols(20, 2)) with { Sequence = 1 });
        var goodSymbols = Symbols(20, 2);
        for (var round = 0; round < rounds; round++)
        {
            var original = originals[round % originals.Length];
            var wrong = Damage(original, random);
            if (wrong.AsSpan().SequenceEqual(original)) continue;
            var (frames, _) = ReadAll(new ReadOnlySequence<byte>([.. wrong, .. good]));
            Assert.True(frames.Any(frame => frame.Sequence == 1), $"round {round}: {Convert.ToHexString(wrong)} hides {Convert.ToHexString(good)}");
            foreach (var frame in frames)
            {
                if (frame.Sequence == 1) Assert.Equal(goodSymbols, Decode(frame, 20));
                else Assert.True(wrong.AsSpan().IndexOf(original) >= 0); // only an insertion before or after leaves the frame whole
            }
        }
    }

    private static byte[] Damage(byte[] original, RandomStream random)
    {
        List<byte> bytes = [.. original];
        for (var edits = 1 + random.NextInt(3); edits > 0; edits--)
        {
            var at = random.NextInt(bytes.Count);
            switch (random.NextInt(5))
            {
                case 0: bytes[at] ^= (byte)(1 << random.NextInt(8)); break;
                case 1: bytes[at] = (byte)random.NextUInt32(); break;
                case 2: bytes.Insert(at, (byte)random.NextUInt32()); break;
                case 3: bytes.RemoveRange(at, Math.Min(bytes.Count - at, bytes.Count - 1)); if (bytes.Count == 0) bytes.Add(0); break;
                default: for (var i = at; i < Math.Min(bytes.Count, at + 16); i++) bytes[i] = (byte)random.NextUInt32(); break;
            }
        }
        return [.. bytes];
    }

    [Fact]
    public void HostileFramesWithRightChecksums_GiveErrorsOrSymbolsOfTheTable_InBoundedMemory()
    {
        var random = new RandomStream(19);
        var limits = new FrameLimits { MaxPayload = 1 << 16, MaxSymbols = 1000, MaxElements = 1000 };
        byte[][] originals = [Bytes(Message(Symbols(40))), Bytes(Message(Symbols(300), CoderKind.Rans64)), Bytes(Message(Symbols(300), CoderKind.Rans32)), Bytes(Message(Symbols(300), CoderKind.Stored))];
        var (decoded, refused) = (0, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 4000; round++)
        {
            var wrong = originals[round % originals.Length].ToArray();
            for (var edits = 1 + random.NextInt(3); edits > 0; edits--) wrong[3 + random.NextInt(wrong.Length - 3)] = (byte)random.NextUInt32();
            Checksum(wrong);
            var input = new ReadOnlySequence<byte>(wrong);
            if (!Frame.TryDecode(ref input, out var frame, out _, limits))
            {
                refused++;
                continue;
            }
            try
            {
                var reader = frame.Payload.Open();
                for (var i = 0; i < 2000; i++)
                    if (Table.Frequency(reader.Read(Table)) == 0) Assert.Fail("a symbol that the table does not hold");
            }
            catch (CodingException) { }
            decoded++;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000_000); // 25 kB a frame, exceptions included
        Assert.True(decoded > 500 && refused > 500);
    }

    // Makes both checksums right where the header's length allows.
    private static void Checksum(byte[] bytes)
    {
        var size = BitConverter.ToUInt16(bytes, 4);
        if (size < 8 || size > bytes.Length - 4) return;
        var crc = new Crc32C();
        crc.Add(bytes.AsSpan(0, size - 4));
        BitConverter.TryWriteBytes(bytes.AsSpan(size - 4), crc.Value);
        crc.Add(bytes.AsSpan(size, bytes.Length - size - 4));
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), crc.Value);
    }

    [Fact]
    public void AHeaderIsBoundToItsPayload()
    {
        // Bytes lost between two frames must not join the header of one to the payload of the other.
        var (a, b) = (Message(Symbols(40), CoderKind.Stored), Message(Symbols(40, 2), CoderKind.Stored) with { Sequence = 1 });
        var (first, second) = (Bytes(a), Bytes(b));
        var header = first.Length - 4 - a.Payload.Bytes.Length;
        var (frames, errors) = ReadAll(new ReadOnlySequence<byte>([.. first[..header], .. second[header..]]));
        Assert.Empty(frames);
        Assert.Contains(CodingError.ChecksumMismatch, errors);
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
    public void HeadersNestedInsideDamageCostLinearTime()
    {
        // 20,000 sound headers, each claiming a megabyte that fails its checksum: reading all of each would be 20 GB.
        var header = Bytes(Message([]) with { Payload = new CodedPayload(CoderKind.Stored, 1, 0, new byte[1 << 20]) })[..44];
        var bytes = new byte[header.Length * 20_000 + (1 << 20)];
        for (var i = 0; i < 20_000; i++) header.CopyTo(bytes, i * header.Length);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var (frames, errors) = ReadAll(new ReadOnlySequence<byte>(bytes));
        Assert.Empty(frames);
        Assert.NotEmpty(errors);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 1);
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
