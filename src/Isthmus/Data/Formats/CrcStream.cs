namespace Isthmus.Data;

/// <summary>Sums up what is read through it.</summary>
internal sealed class CrcStream(Stream inner) : ReadOnlyStream
{
    /// <summary>The check value of all bytes so far.</summary>
    public uint Crc { get; private set; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        Crc = Crc32.Append(Crc, buffer.AsSpan(offset, read));
        return read;
    }
}
