using System.Buffers.Binary;
using System.IO.Compression;

namespace Isthmus.Data;

/// <summary>
/// A gzip file of one or several members, unpacked; when its end is reached, the check sum and the length of its last eight bytes are
/// compared (RFC 1952, section 2.3.1). .NET's own stream compares those of the members before, but takes a file whose end was cut off for a
/// whole one.
/// </summary>
internal sealed class GzipInput : ReadOnlyStream
{
    private readonly FileStream _file;
    private readonly GZipStream _inner;
    private readonly byte[] _trailer = new byte[8];
    private uint _crc;
    private long _length;
    private bool _ended;

    public GzipInput(FileStream file)
    {
        if (file.Length < 18) throw new EndOfStreamException("a gzip file has at least 18 bytes");
        file.Position = file.Length - _trailer.Length;
        file.ReadExactly(_trailer);
        file.Position = 0;
        _file = file;
        _inner = new GZipStream(file, CompressionMode.Decompress);
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = _inner.Read(buffer, offset, count);
        _crc = Crc32.Append(_crc, buffer.AsSpan(offset, read));
        _length += read;
        if (read == 0 && count > 0 && !_ended)
        {
            _ended = true;
            var (crc, length) = (BinaryPrimitives.ReadUInt32LittleEndian(_trailer), BinaryPrimitives.ReadUInt32LittleEndian(_trailer.AsSpan(4)));
            if ((_crc != crc || (uint)_length != length) && !LastMemberFits(crc, length))
                throw new InvalidDataException("the check sum of the gzip file does not fit");
        }
        return read;
    }

    // The last eight bytes are about the last member only: it is unpacked once more where the file has several.
    private bool LastMemberFits(uint crc, uint length)
    {
        if (length == 0 || length >= _length) return false;
        _file.Position = 0;
        using var again = new GZipStream(_file, CompressionMode.Decompress, leaveOpen: true);
        var buffer = new byte[1 << 16];
        var before = _length - length;
        uint sum = 0;
        for (int read; (read = again.Read(buffer)) > 0;)
        {
            var skip = (int)Math.Min(before, read);
            before -= skip;
            sum = Crc32.Append(sum, buffer.AsSpan(skip, read - skip));
        }
        return sum == crc;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }
}
