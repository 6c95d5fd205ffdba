using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Isthmus.Coding;

/// <summary>The bytes of records, as <c>docs/formats.md</c> describes them.</summary>
internal static class FrameCodec
{
    public const byte Magic0 = 0xA7, Magic1 = 0x49; // not ASCII, so that text is no record
    public const int Version = 1, FixedHeader = 38, SmallHeader = 8;
    private const int SmallKinds = 8; // kinds 8 + coder are small frames

    public static int Write(Frame frame, IBufferWriter<byte> output)
    {
        var header = Header(frame);
        var crc = new Crc32C();
        crc.Add(header[..^4]); // without its own check: the checksum of bytes and their checksum is the same for all
        crc.Add(frame.Payload.Bytes.Span);
        return Emit(output, header, frame.Payload.Bytes.Span, crc.Value);
    }

    public static int WriteSmall(Frame frame, Frame session, IBufferWriter<byte> output)
    {
        if (!frame.FitsSmall(session)) throw new CodingException(CodingError.InvalidHeader, "the frame cannot be a small frame of this session", "write it with its full header");
        var hash = SessionHash(session);
        var header = new ByteSink();
        header.U8(Magic0);
        header.U8(Magic1);
        header.U8((byte)((Version << 4) | (SmallKinds + (int)frame.Payload.Coder)));
        header.U8((byte)frame.Sequence);
        header.U16((ushort)hash);
        header.U16((ushort)frame.Payload.Bytes.Length);
        return Emit(output, header.Written, frame.Payload.Bytes.Span, SmallChecksum(hash, header.Written, new ReadOnlySequence<byte>(frame.Payload.Bytes)));
    }

    /// <summary>As <see cref="Frame.TryDecode"/>. Where a header is sound and its payload is not, bytes may have changed, and the
    /// whole record is passed over, or bytes may be missing, and the next record begins inside its length: it is the former
    /// where a record follows in its place, or where the caller has no time for a search.</summary>
    public static bool TryRead(ref ReadOnlySequence<byte> input, [NotNullWhen(true)] out Frame? frame, out CodingError error, FrameLimits limits, Frame? session, bool search)
    {
        error = Read(input, out frame, out var length, limits, session);
        if (frame is not null) input = input.Slice(length);
        else if (error != CodingError.Truncated) input = length > 0 && (!search || BeginsRecord(input.Slice(length)) == true) ? input.Slice(length) : Resynchronize(input);
        return frame is not null;
    }

    /// <summary>The input from the next place after its first byte where a record may begin.</summary>
    public static ReadOnlySequence<byte> Resynchronize(ReadOnlySequence<byte> input)
    {
        while (input.Length > 1)
        {
            input = input.Slice(1);
            if (input.PositionOf(Magic0) is not { } at) break;
            input = input.Slice(at);
            if (BeginsRecord(input) != false) return input;
        }
        return input.Slice(input.End);
    }

    // Whether the bytes begin with the magic; null where they are too few to tell.
    private static bool? BeginsRecord(in ReadOnlySequence<byte> input)
    {
        Span<byte> start = stackalloc byte[2];
        if (input.Length < 2) return null;
        input.Slice(0, 2).CopyTo(start);
        return start[0] == Magic0 && start[1] == Magic1;
    }

    private static ReadOnlySpan<byte> Header(Frame frame)
    {
        var to = new ByteSink();
        to.U8(Magic0);
        to.U8(Magic1);
        to.U8((byte)((Version << 4) | (int)frame.Kind));
        to.U8(0); // flags
        var variable = new ByteSink();
        foreach (var size in frame.Shape) variable.Varint((uint)ArgumentSize(size));
        foreach (var field in frame.Fields)
        {
            variable.U8(field.Tag);
            variable.Varint((uint)field.Value.Length);
            variable.Bytes(field.Value.Span);
        }
        var length = FixedHeader + variable.Written.Length + 4;
        if (length > ushort.MaxValue || frame.Shape.Count > byte.MaxValue) throw new CodingException(CodingError.InvalidHeader, $"a header of {length} bytes and {frame.Shape.Count} dimensions; at most 65535 and 255 can be written");
        to.U16((ushort)length);
        to.U8((byte)frame.Payload.Coder);
        to.U8((byte)frame.Payload.Lanes);
        to.U32(frame.Sequence);
        to.U32((uint)frame.Payload.Bytes.Length);
        to.U32((uint)frame.Payload.Symbols);
        to.U64(frame.ModelDigest);
        to.U64(frame.TableDigest);
        to.U8(frame.Quantizer);
        to.U8((byte)frame.Shape.Count);
        to.Bytes(variable.Written);
        to.U32(Crc32C.Of(to.Written));
        return to.Written;
    }

    private static int ArgumentSize(int size) => size >= 0 ? size : throw new CodingException(CodingError.InvalidHeader, $"a dimension of {size}; 0 or more is required");

    // length: how much to skip where the header is sound and only the rest is not; 0 where a new beginning must be sought.
    private static CodingError Read(in ReadOnlySequence<byte> input, out Frame? frame, out long length, FrameLimits limits, Frame? session)
    {
        (frame, length) = (null, 0);
        Span<byte> start = stackalloc byte[SmallHeader];
        var have = (int)Math.Min(input.Length, SmallHeader);
        input.Slice(0, have).CopyTo(start);
        if (have > 0 && start[0] != Magic0 || have > 1 && start[1] != Magic1) return CodingError.BadMagic;
        if (have < 3) return CodingError.Truncated;
        if (start[2] >> 4 != Version) return CodingError.UnsupportedVersion;
        var kind = start[2] & 15;
        if (kind >= SmallKinds) return ReadSmall(input, start[..have], kind - SmallKinds, out frame, out length, limits, session);
        if (kind > (int)FrameKind.End) return CodingError.UnsupportedVersion;
        return ReadFull(input, start[..have], out frame, out length, limits);
    }

    private static CodingError ReadFull(in ReadOnlySequence<byte> input, ReadOnlySpan<byte> start, out Frame? frame, out long length, FrameLimits limits)
    {
        (frame, length) = (null, 0);
        if (start.Length < 6) return CodingError.Truncated;
        var size = new ByteCursor(start[4..]).U16();
        if (size < FixedHeader + 4) return CodingError.InvalidHeader;
        if (size > limits.MaxHeader) return CodingError.LimitExceeded;
        if (input.Length < size) return CodingError.Truncated;
        var header = input.Slice(0, size).ToArray();
        if (Crc32C.Of(header.AsSpan(0, size - 4)) != new ByteCursor(header.AsSpan(size - 4)).U32()) return CodingError.ChecksumMismatch;
        var error = ParseHeader(header, out var parsed, out var payload, limits);
        if (error == CodingError.LimitExceeded || parsed is null) return error;
        var total = size + payload + 4L;
        if (input.Length < total) return CodingError.Truncated;
        length = total; // the header is sound, so its length is true
        var crc = new Crc32C();
        crc.Add(header.AsSpan(0, size - 4));
        crc.Add(input.Slice(size, payload));
        if (crc.Value != Checksum(input, size + payload)) return CodingError.ChecksumMismatch;
        if (error != CodingError.None) return error;
        frame = parsed with { Payload = parsed.Payload with { Bytes = input.Slice(size, payload).ToArray() } };
        return CodingError.None;
    }

    private static CodingError ParseHeader(byte[] header, out Frame? frame, out long payload, FrameLimits limits)
    {
        (frame, payload) = (null, 0);
        var from = new ByteCursor(header.AsSpan(0, header.Length - 4));
        from.Bytes(2);
        var kind = (FrameKind)(from.U8() & 15);
        var flags = from.U8();
        from.U16();
        var (coder, lanes) = ((CoderKind)from.U8(), from.U8());
        var sequence = from.U32();
        payload = from.U32();
        var symbols = from.U32();
        var (model, tables) = (from.U64(), from.U64());
        var quantizer = from.U8();
        var rank = from.U8();
        if (payload > limits.MaxPayload || rank > limits.MaxRank || symbols > (uint)limits.MaxSymbols && symbols != uint.MaxValue) return CodingError.LimitExceeded;
        var shape = new int[rank];
        var elements = 1L;
        for (var i = 0; i < rank; i++)
        {
            var dimension = from.Varint();
            if (dimension > int.MaxValue || dimension > 0 && elements > limits.MaxElements / dimension) return CodingError.LimitExceeded;
            shape[i] = (int)dimension;
            elements *= Math.Max(1, dimension); // a dimension of zero hides no product of the others
        }
        var fields = new List<FrameField>();
        var critical = false;
        while (from.Left > 0 && !from.Failed)
        {
            var tag = from.U8();
            var value = from.Bytes(from.Varint());
            critical |= tag >= 128;
            fields.Add(new FrameField(tag, value.ToArray()));
        }
        if (from.Failed || kind != FrameKind.Data && payload > 0) return CodingError.InvalidHeader;
        frame = new Frame
        {
            Kind = kind,
            ModelDigest = model,
            TableDigest = tables,
            Shape = shape,
            Quantizer = quantizer,
            Sequence = sequence,
            Fields = fields,
            Payload = new CodedPayload(coder, lanes, (int)symbols, ReadOnlyMemory<byte>.Empty),
        };
        if (critical || flags >= 16) return CodingError.UnsupportedVersion; // the upper four flags must be understood
        return CodedPayload.IsLaneCount(coder, lanes) ? CodingError.None : CodingError.InvalidHeader;
    }

    private static CodingError ReadSmall(in ReadOnlySequence<byte> input, ReadOnlySpan<byte> header, int coder, out Frame? frame, out long length, FrameLimits limits, Frame? session)
    {
        (frame, length) = (null, 0);
        if (!CodedPayload.IsLaneCount((CoderKind)coder, 1)) return CodingError.UnsupportedVersion;
        if (header.Length < SmallHeader) return CodingError.Truncated;
        var from = new ByteCursor(header[3..]);
        var (sequence, tag, payload) = (from.U8(), from.U16(), from.U16());
        if (payload > limits.MaxPayload) return CodingError.LimitExceeded;
        if (session is null) return CodingError.MissingSession;
        var hash = SessionHash(session);
        if (tag != (ushort)hash) return CodingError.DigestMismatch;
        if (input.Length < SmallHeader + payload + 4) return CodingError.Truncated;
        var body = input.Slice(SmallHeader, payload);
        if (SmallChecksum(hash, header, body) != Checksum(input, SmallHeader + payload)) return CodingError.ChecksumMismatch;
        frame = session with { Kind = FrameKind.Data, Sequence = sequence, Fields = [], Payload = new CodedPayload((CoderKind)coder, 1, -1, body.ToArray()) };
        length = SmallHeader + payload + 4;
        return CodingError.None;
    }

    // The session's constants are not on the wire again: a tag of 16 bits tells most mix-ups, the checksum all others.
    private static ulong SessionHash(Frame session)
    {
        var hash = new StableHash();
        hash.Add(session.ModelDigest);
        hash.Add(session.TableDigest);
        hash.Add(session.Quantizer);
        hash.Add((uint)session.Shape.Count);
        foreach (var size in session.Shape) hash.Add((uint)size);
        return hash.Value;
    }

    private static uint SmallChecksum(ulong session, ReadOnlySpan<byte> header, in ReadOnlySequence<byte> payload)
    {
        Span<byte> hash = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(hash, session);
        var crc = new Crc32C();
        crc.Add(hash);
        crc.Add(header);
        crc.Add(payload);
        return crc.Value;
    }

    private static uint Checksum(in ReadOnlySequence<byte> input, long at)
    {
        Span<byte> bytes = stackalloc byte[4];
        input.Slice(at, 4).CopyTo(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private static int Emit(IBufferWriter<byte> output, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, uint checksum)
    {
        output.Write(header);
        output.Write(payload);
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(4), checksum);
        output.Advance(4);
        return header.Length + payload.Length + 4;
    }
}
