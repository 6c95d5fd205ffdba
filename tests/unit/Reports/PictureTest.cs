using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Isthmus.Reports;

namespace Isthmus.Tests.Reports;

public class PictureTest
{
    [Fact]
    public void Png_HoldsThePixels()
    {
        byte[] pixels = [.. Enumerable.Range(0, 5 * 3 * 3).Select(i => (byte)(i * 5))];
        var (header, data) = Read(new Picture(5, 3, 3, pixels).ToPng());
        Assert.Equal((5, 3), (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))));
        Assert.Equal([8, 2, 0, 0, 0], header[8..]);
        for (var y = 0; y < 3; y++)
        {
            Assert.Equal(0, data[y * 16]);
            Assert.Equal(pixels[(y * 15)..((y + 1) * 15)], data[((y * 16) + 1)..((y + 1) * 16)]);
        }
    }

    [Fact]
    public void FromPlanes_CutsAndInterleaves()
    {
        var (header, data) = Read(Picture.FromPlanes([0, 1, -3, 9, 0.5f, float.NaN], 3, 1, 2).ToPng());
        Assert.Equal(2, header[9]);
        Assert.Equal([0, 0, 0, 128, 255, 255, 0], data); // a filter byte, then red, green, blue of two pixels
    }

    // A small reader that checks every chunk with another implementation of the check: gzip's.
    private static (byte[] Header, byte[] Data) Read(byte[] png)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        var (header, data, at) = (Array.Empty<byte>(), Array.Empty<byte>(), 8);
        while (at < png.Length)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            var (type, content) = (Encoding.ASCII.GetString(png, at + 4, 4), png[(at + 8)..(at + 8 + length)]);
            Assert.Equal(GzipCheck(png[(at + 4)..(at + 8 + length)]), BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)));
            if (type == "IHDR") header = content;
            if (type == "IDAT")
            {
                using var unpacked = new MemoryStream();
                using (var zlib = new ZLibStream(new MemoryStream(content), CompressionMode.Decompress)) zlib.CopyTo(unpacked);
                data = unpacked.ToArray();
            }
            at += 12 + length;
        }
        return (header, data);
    }

    private static uint GzipCheck(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(packed.ToArray().AsSpan()[^8..]);
    }
}
