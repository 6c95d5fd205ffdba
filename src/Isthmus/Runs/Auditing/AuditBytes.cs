namespace Isthmus.Runs;

/// <summary>A line of a file, as bytes.</summary>
/// <param name="Bytes">Without the line end; null of one that is too long.</param>
/// <param name="Ended">Whether a line end follows.</param>
/// <param name="End">Where the next line begins.</param>
internal readonly record struct AuditBytes(byte[]? Bytes, bool Ended, long End)
{
    /// <summary>The lines of a stream, one after another; what is too long is passed over, not held.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="longest">The longest line that is held.</param>
    /// <param name="most">At most so many bytes are read.</param>
    public static IEnumerable<AuditBytes> Of(Stream stream, int longest, long most = long.MaxValue)
    {
        var buffer = new byte[1 << 16];
        using var line = new MemoryStream();
        var (tooLong, open, done) = (false, false, 0L);
        for (var read = Read(); read > 0; read = Read())
        {
            for (var at = 0; at < read;)
            {
                var end = Array.IndexOf(buffer, (byte)'\n', at, read - at);
                var count = (end < 0 ? read : end) - at;
                tooLong |= line.Length + count > longest;
                if (!tooLong) line.Write(buffer, at, count);
                open = end < 0;
                at += count + 1;
                if (open) continue;
                yield return new AuditBytes(tooLong ? null : line.ToArray(), true, done + at);
                line.SetLength(0);
                tooLong = false;
            }
            done += read;
        }
        if (open) yield return new AuditBytes(tooLong ? null : line.ToArray(), false, done);

        int Read() => stream.Read(buffer, 0, (int)Math.Min(buffer.Length, most - done));
    }
}
