using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Isthmus.Coding;

/// <summary>What a record of the format is. The numbers are on the wire.</summary>
public enum FrameKind
{
    /// <summary>Opens a stream or file: the constants that its small frames leave out. No payload.</summary>
    Session = 0,
    /// <summary>A message.</summary>
    Data = 1,
    /// <summary>Closes a file: <see cref="Frame.Sequence"/> is the number of messages. No payload.</summary>
    End = 2,
}

/// <summary>
/// One self-describing record: what was coded, with which model and tables, how, and a checksum over everything. Immutable. The
/// bytes are described one by one in <c>docs/formats.md</c>.
/// </summary>
public sealed record Frame
{
    /// <summary>The most that a small frame adds to its payload: 12 bytes.</summary>
    public const int SmallOverhead = FrameCodec.SmallHeader + 4;

    /// <summary>What the record is.</summary>
    public FrameKind Kind { get; init; } = FrameKind.Data;

    /// <summary>64 bits that name the model.</summary>
    public ulong ModelDigest { get; init; }

    /// <summary>64 bits that name the tables, as <see cref="TableSet.Digest"/>.</summary>
    public ulong TableDigest { get; init; }

    /// <summary>The shape of the message's tensor, outermost dimension first; empty for a scalar. Each dimension is 0..2^31−1.</summary>
    public IReadOnlyList<int> Shape { get; init; } = [];

    /// <summary>Which quantiser made the symbols: a number that the model defines, 0..255.</summary>
    public byte Quantizer { get; init; }

    /// <summary>The number of the frame in its stream, from 0. Small frames carry it modulo 256.</summary>
    public uint Sequence { get; init; }

    /// <summary>The coded message.</summary>
    public CodedPayload Payload { get; init; } = Empty;

    /// <summary>Optional fields, known or not, in the order of the bytes.</summary>
    public IReadOnlyList<FrameField> Fields { get; init; } = [];

    private static CodedPayload Empty { get; } = new(CoderKind.Stored, 1, 0, ReadOnlyMemory<byte>.Empty);

    /// <summary>Writes the record with its full header.</summary>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="CodingException">The header would be longer than 65,535 bytes, or a field cannot be expressed.</exception>
    public int WriteTo(IBufferWriter<byte> output) => FrameCodec.Write(this, output);

    /// <summary>Writes the record as a small frame, <see cref="SmallOverhead"/> bytes more than its payload. The reader must have
    /// seen the session record, and digests, shape and quantiser must be the session's.</summary>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="CodingException">It does not fit (see <see cref="FitsSmall"/>).</exception>
    public int WriteSmallTo(IBufferWriter<byte> output, Frame session) => FrameCodec.WriteSmall(this, session, output);

    /// <summary>Whether the record can be a small frame of a session: a message with the session's constants, one lane, no
    /// fields, and a payload of at most 65,535 bytes.</summary>
    public bool FitsSmall(Frame session) => Kind == FrameKind.Data && session.Kind == FrameKind.Session && Payload.Lanes == 1 && Fields.Count == 0
        && Payload.Bytes.Length <= ushort.MaxValue && Quantizer == session.Quantizer && ModelDigest == session.ModelDigest
        && TableDigest == session.TableDigest && Shape.SequenceEqual(session.Shape);

    /// <summary>
    /// Decodes the record at the beginning of <paramref name="input"/> and moves the input past it. It never throws, whatever the
    /// bytes. On <see cref="CodingError.Truncated"/> the input stays where it is: call again with more bytes. On every other error
    /// the input moves to the next place where a record may begin, so that one damaged record costs no other: call again.
    /// </summary>
    /// <param name="input">The bytes received so far, in any number of pieces.</param>
    /// <param name="frame">The record.</param>
    /// <param name="error">What was wrong; None on success.</param>
    /// <param name="limits">What is accepted; null for <see cref="FrameLimits.Default"/>.</param>
    /// <param name="session">The session record that small frames refer to, where there was one.</param>
    /// <returns>Whether a record was decoded.</returns>
    public static bool TryDecode(ref ReadOnlySequence<byte> input, [NotNullWhen(true)] out Frame? frame, out CodingError error, FrameLimits? limits = null, Frame? session = null) =>
        FrameCodec.TryRead(ref input, out frame, out error, limits ?? FrameLimits.Default, session, search: true);

    /// <summary>Refuses the frame unless it was made with this model and these tables.</summary>
    /// <exception cref="CodingException">Another model or other tables (DigestMismatch).</exception>
    public void Require(ulong modelDigest, ulong tableDigest)
    {
        if (ModelDigest != modelDigest) throw new CodingException(CodingError.DigestMismatch, $"coded with model {ModelDigest:x16}, not {modelDigest:x16}", "decode with the model that encoded");
        if (TableDigest != tableDigest) throw new CodingException(CodingError.DigestMismatch, $"coded with tables {TableDigest:x16}, not {tableDigest:x16}", "decode with the model file that encoded");
    }
}
