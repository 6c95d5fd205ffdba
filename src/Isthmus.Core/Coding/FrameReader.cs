using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Isthmus.Coding;

/// <summary>
/// Reads records from a stream that may lose or damage bytes: it remembers the session record, skips what is damaged and finds
/// the next record. Differs from <see cref="FrameFileReader"/>, which accepts no damage. Not thread-safe.
/// </summary>
/// <param name="limits">What is accepted; null for <see cref="FrameLimits.Default"/>.</param>
public sealed class FrameReader(FrameLimits? limits = null)
{
    private readonly FrameLimits _limits = limits ?? FrameLimits.Default;
    private long _patience = FirstPatience;

    // Bytes that may be searched a second time: hostile records nested in each other must not take quadratic time.
    private const long FirstPatience = 1 << 22, PatiencePerByte = 4;

    /// <summary>The session record that small frames refer to: the last one read, or one that both sides agreed on.</summary>
    public Frame? Session { get; set; }

    /// <summary>How many errors have been skipped.</summary>
    public long Errors { get; private set; }

    /// <summary>Reads the next record and moves the input past it. When it returns false with Truncated and the stream has not
    /// ended, come back with more bytes after the input's start; on other errors call again at once: the input has moved on.</summary>
    /// <param name="input">The bytes received and not yet used.</param>
    /// <param name="ended">Whether no more bytes will come; an unfinished record is then an error like others and is skipped.</param>
    /// <param name="frame">The record; session and end records are returned too.</param>
    /// <param name="error">What was wrong; None on success, and Truncated with an empty input at the end.</param>
    public bool TryRead(ref ReadOnlySequence<byte> input, bool ended, [NotNullWhen(true)] out Frame? frame, out CodingError error)
    {
        var before = input.Length;
        var decoded = FrameCodec.TryRead(ref input, out frame, out error, _limits, Session, search: _patience > 0);
        var passed = before - input.Length;
        _patience = Math.Min(FirstPatience, _patience + PatiencePerByte * passed);
        if (error == CodingError.ChecksumMismatch) _patience -= Math.Min(before, _limits.MaxPayload);
        if (decoded)
        {
            if (frame!.Kind == FrameKind.Session) Session = frame;
            return true;
        }
        if (error == CodingError.Truncated && (!ended || input.IsEmpty)) return false;
        if (error == CodingError.Truncated) input = FrameCodec.Resynchronize(input);
        Errors++;
        return false;
    }
}
