using System.Buffers.Binary;
using System.IO.Compression;

namespace Isthmus.Data;

/// <summary>
/// A gzip file of one member, unpacked; when its end is reached, the check sum and the length of its last eight bytes are compared
/// (RFC 1952, section 2.3.1). .NET's own stream takes a file whose end was cut off for a whole one.
/// </summary>
internal sealed class GzipInput : ReadOnlyStream
{
    private readonly GZipStream _inner;
    private readonly byte[] _trailer = new byte[8];
    private uint _crc, _length;
    private bool _ended;

    public GzipInput(FileStream file)
    {
        if (file.Length < 18) throw new EndOfStreamException("a gzip file has at least 18 bytes");
        file.Position = file.Length - _trailer.Length;
        file.ReadExactly(_trailer);
        file.Position = 0;
        _inner = new GZipStream(file, CompressionMode.Decompress);
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = _inner.Read(buffer, offset, count);
        _crc = Crc32.Append(_crc, buffer.AsSpan(offset, read));
        _length += (uint)read;
        if (read == 0 && count > 0 && !_ended)
        {
            _ended = true;
            if (_crc != BinaryPrimitives.ReadUInt32LittleEndian(_trailer) || _length != BinaryPrimitives.ReadUInt32LittleEndian(_trailer.AsSpan(4)))
                throw new InvalidDataException("the check sum of the gzip file does not fit");
        }
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }
}
