using System.Buffers;

namespace Isthmus.Coding;

/// <summary>
/// Reads what <see cref="FrameFileWriter"/> wrote, and nothing else: damage, a missing or repeated message and a missing end
/// are errors that name the message and its place. Memory stays below the limits. It does not own the stream.
/// </summary>
public sealed class FrameFileReader
{
    private readonly Stream _stream;
    private readonly FrameLimits _limits;
    private byte[] _buffer = new byte[4096];
    private int _start, _end;
    private long _consumed;
    private uint _next;
    private bool _completed;

    /// <summary>Opens a file by reading its session record.</summary>
    /// <param name="stream">Where from; read only forwards.</param>
    /// <param name="limits">What is accepted; null for <see cref="FrameLimits.Default"/>.</param>
    /// <exception cref="CodingException">The stream does not begin with a sound session record.</exception>
    public FrameFileReader(Stream stream, FrameLimits? limits = null)
    {
        (_stream, _limits) = (stream, limits ?? FrameLimits.Default);
        var first = ReadRecord("the session record", null);
        Session = first.Kind == FrameKind.Session ? first : throw new CodingException(CodingError.InvalidHeader, $"the file begins with a record of kind {first.Kind}; a session record is required");
    }

    /// <summary>The session record: model, tables, shape, quantiser and optional fields of the file.</summary>
    public Frame Session { get; }

    /// <summary>The next message with its full sequence number, or null after the last one.</summary>
    /// <exception cref="CodingException">Damage, a missing message, a missing end, or bytes after it.</exception>
    public Frame? ReadNext()
    {
        if (_completed) return null;
        var frame = ReadRecord($"message {_next}", Session);
        if (frame.Kind == FrameKind.Session) throw new CodingException(CodingError.InvalidHeader, $"a second session record at byte {_consumed}");
        if (frame.Kind == FrameKind.End)
        {
            if (frame.Sequence != _next) throw new CodingException(CodingError.CorruptPayload, $"the file ends after {_next} messages and says {frame.Sequence}");
            if (_start < _end || Fill()) throw new CodingException(CodingError.CorruptPayload, $"bytes after the end record at byte {_consumed}");
            _completed = true;
            return null;
        }
        if ((byte)frame.Sequence != (byte)_next) throw new CodingException(CodingError.CorruptPayload, $"message {_next} is missing: number {frame.Sequence} stands in its place");
        return frame with { Sequence = _next++ };
    }

    private Frame ReadRecord(string what, Frame? session)
    {
        while (true)
        {
            var input = new ReadOnlySequence<byte>(_buffer, _start, _end - _start);
            if (Frame.TryDecode(ref input, out var frame, out var error, _limits, session))
            {
                _consumed += _end - _start - input.Length;
                _start = _end - (int)input.Length;
                return frame;
            }
            if (error != CodingError.Truncated || !Fill()) throw new CodingException(error, $"{what} at byte {_consumed} cannot be read: {error}");
        }
    }

    // Gets more bytes; the buffer grows with what has really arrived, so a header's claim alone takes no memory.
    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length) Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, 2L * _buffer.Length));
        if (_end == _buffer.Length) throw new CodingException(CodingError.LimitExceeded, $"the record at byte {_consumed} is longer than {Array.MaxLength} bytes");
        var got = _stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += got;
        return got > 0;
    }
}
