using System.Buffers;
using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Tests.Coding;

/// <summary>What readers make of damaged and hostile bytes.</summary>
public partial class FrameTest
{
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

    internal static byte[] Damage(byte[] original, RandomStream random)
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
    public void HeadersNestedInsideDamageCostLinearTime()
    {
        // 20,000 sound headers, each claiming a megabyte that fails its checksum: reading all of each would be 20 GB.
        var header = Bytes(Message([]) with { Payload = new CodedPayload(CoderKind.Stored, 1, 0, new byte[1 << 20]) })[..44];
        var bytes = new byte[header.Length * 20_000 + (1 << 20)];
        for (var i = 0; i < 20_000; i++) header.CopyTo(bytes, i * header.Length);
        var (frames, errors) = ReadAll(new ReadOnlySequence<byte>(bytes));
        Assert.Empty(frames);
        Assert.InRange(errors.Count, 1, 200);
    }
}
