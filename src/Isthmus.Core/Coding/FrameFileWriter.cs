using System.Buffers;

namespace Isthmus.Coding;

/// <summary>
/// Writes an <c>.isth</c> file or a whole stream: a session record, messages numbered from 0 (as small frames where they fit),
/// and an end record with their number. It does not own the stream.
/// </summary>
public sealed class FrameFileWriter
{
    private readonly Stream _stream;
    private readonly Frame _session;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private uint _count;
    private bool _completed;

    /// <summary>Begins a file by writing the session record.</summary>
    /// <param name="stream">Where to; written only forwards.</param>
    /// <param name="session">Model, tables, shape, quantiser and optional fields of the file; its kind is set to Session.</param>
    public FrameFileWriter(Stream stream, Frame session)
    {
        (_stream, _session) = (stream, session with { Kind = FrameKind.Session, Sequence = 0 });
        _session.WriteTo(_buffer);
        Flush();
    }

    /// <summary>How many bytes have been written, headers and checksums included: the bill, in bytes.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Adds a message of the session's shape and quantiser.</summary>
    public void Append(CodedPayload payload) => Append(_session with { Kind = FrameKind.Data, Payload = payload, Fields = [] });

    /// <summary>Adds a message with a shape, quantiser or fields of its own; kind and sequence are set here.</summary>
    /// <exception cref="InvalidOperationException">The file was completed.</exception>
    public void Append(Frame frame)
    {
        if (_completed) throw new InvalidOperationException("FrameFileWriter.Append after Complete");
        frame = frame with { Kind = FrameKind.Data, Sequence = _count++ };
        if (frame.FitsSmall(_session)) frame.WriteSmallTo(_buffer, _session);
        else frame.WriteTo(_buffer);
        Flush();
    }

    /// <summary>Writes the end record; a file without one reads as truncated. Once is enough.</summary>
    public void Complete()
    {
        if (_completed) return;
        _completed = true;
        new Frame { Kind = FrameKind.End, Sequence = _count, ModelDigest = _session.ModelDigest, TableDigest = _session.TableDigest }.WriteTo(_buffer);
        Flush();
        _stream.Flush();
    }

    private void Flush()
    {
        _stream.Write(_buffer.WrittenSpan);
        BytesWritten += _buffer.WrittenCount;
        _buffer.ResetWrittenCount();
    }
}
